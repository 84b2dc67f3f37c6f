//! What the errors of Redis mean.

use crate::store::Failure;

/// What an error says, by the word that it starts with.
///
/// Redis 6.2 wraps an error that comes up in a script in one of its own (`ERR Error running script
/// …: @user_script:1: -OOM command not allowed`), so the word is looked for behind that too. HTTP
/// fronts hand the text on as it is.
pub(super) fn refusal(text: &str) -> Failure {
    let word = |text: &str| CODES.iter().find(|(code, _)| starts_with_word(text, code));
    let wrapped = || {
        text.match_indices(" -")
            .find_map(|(at, _)| word(text.get(at.saturating_add(2)..)?))
    };
    if let Some((_, failure)) = word(text).or_else(wrapped) {
        return *failure;
    }
    let says = |sign: &str| text.contains(sign);
    match () {
        // "ERR invalid password" of Redis before 6, "ERR AUTH <password> called without any
        // password configured".
        () if says("invalid password") || says("without any password") => Failure::Denied,
        () if says("max number of clients") => Failure::Unready,
        () => Failure::Unknown,
    }
}

/// The first words of errors that a script or the commands before it can meet. After each of them
/// nothing was written.
const CODES: [(&str, Failure); 15] = [
    ("OOM", Failure::Full),
    ("NOAUTH", Failure::Denied),
    ("WRONGPASS", Failure::Denied),
    ("NOPERM", Failure::Denied),
    ("READONLY", Failure::Unready),
    ("LOADING", Failure::Unready),
    ("BUSY", Failure::Unready),
    ("MASTERDOWN", Failure::Unready),
    ("MISCONF", Failure::Unready),
    ("NOREPLICAS", Failure::Unready),
    ("CLUSTERDOWN", Failure::Unready),
    ("MOVED", Failure::Unready),
    ("ASK", Failure::Unready),
    ("TRYAGAIN", Failure::Unready),
    // Another kind of value stands there, which no claim has written.
    ("WRONGTYPE", Failure::Malformed),
];

fn starts_with_word(text: &str, word: &str) -> bool {
    let rest = text.strip_prefix(word);
    rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_known_by_their_first_word() {
        for (text, failure) in [
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                Failure::Full,
            ),
            ("NOAUTH Authentication required.", Failure::Denied),
            (
                "WRONGPASS invalid username-password pair or user is disabled.",
                Failure::Denied,
            ),
            (
                "READONLY You can't write against a read only replica.",
                Failure::Unready,
            ),
            (
                "LOADING Redis is loading the dataset in memory",
                Failure::Unready,
            ),
            ("BUSY Redis is busy running a script.", Failure::Unready),
            ("MOVED 1234 127.0.0.1:7001", Failure::Unready),
            ("ERR invalid password", Failure::Denied),
            ("ERR max number of clients reached", Failure::Unready),
            ("ERR unknown command 'EVAL'", Failure::Unknown),
            ("BUSYKEY Target key name already exists.", Failure::Unknown),
            ("", Failure::Unknown),
        ] {
            assert_eq!(refusal(text), failure, "{text}");
        }
    }

    #[test]
    fn an_error_within_a_script_is_known_behind_the_wrapping_of_older_servers() {
        let text = "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: \
            -OOM command not allowed when used memory > 'maxmemory'.";
        assert_eq!(refusal(text), Failure::Full);
    }
}
