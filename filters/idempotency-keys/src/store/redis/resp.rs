//! RESP2, the protocol of Redis, as far as scripts and the commands around them need it.
//!
//! <https://redis.io/docs/latest/develop/reference/protocol-spec/>

/// Adds a command to a pipeline: an array of bulk strings, which may hold any octets.
pub(super) fn command(pipeline: &mut Vec<u8>, words: &[&[u8]]) {
    header(pipeline, b'*', words.len());
    for word in words {
        header(pipeline, b'$', word.len());
        pipeline.extend_from_slice(word);
        pipeline.extend_from_slice(b"\r\n");
    }
}

fn header(pipeline: &mut Vec<u8>, kind: u8, number: usize) {
    pipeline.push(kind);
    pipeline.extend_from_slice(number.to_string().as_bytes());
    pipeline.extend_from_slice(b"\r\n");
}

/// One reply. Arrays and what RESP3 adds are never asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply<'a> {
    /// `+OK`.
    Simple(&'a [u8]),
    /// `-ERR …`.
    Error(&'a [u8]),
    /// `:1`.
    Integer(i64),
    /// `$3`, or nothing for `$-1`.
    Bulk(Option<&'a [u8]>),
}

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The octets end before the reply does.
    Early,
    /// It is no reply.
    Malformed,
}

/// Reads the first reply, and gives what follows it.
pub(super) fn read(octets: &[u8]) -> Result<(Reply<'_>, &[u8]), Broken> {
    let (kind, rest) = octets.split_first().ok_or(Broken::Early)?;
    let (line, rest) = line(rest)?;
    match kind {
        b'+' => Ok((Reply::Simple(line), rest)),
        b'-' => Ok((Reply::Error(line), rest)),
        b':' => Ok((Reply::Integer(number(line)?), rest)),
        b'$' if line == b"-1" => Ok((Reply::Bulk(None), rest)),
        b'$' => {
            let length = usize::try_from(number(line)?).map_err(|_| Broken::Malformed)?;
            let (bulk, rest) = rest.split_at_checked(length).ok_or(Broken::Early)?;
            let rest = match rest {
                [b'\r', b'\n', rest @ ..] => rest,
                [] | [b'\r'] => return Err(Broken::Early),
                _ => return Err(Broken::Malformed),
            };
            Ok((Reply::Bulk(Some(bulk)), rest))
        }
        _ => Err(Broken::Malformed),
    }
}

/// The octets up to CR LF, neither of which stands in them.
fn line(octets: &[u8]) -> Result<(&[u8], &[u8]), Broken> {
    let end = octets
        .iter()
        .position(|octet| matches!(octet, b'\r' | b'\n'));
    let (line, rest) = octets
        .split_at_checked(end.ok_or(Broken::Early)?)
        .ok_or(Broken::Early)?;
    match rest {
        [b'\r', b'\n', rest @ ..] => Ok((line, rest)),
        [b'\r'] => Err(Broken::Early),
        _ => Err(Broken::Malformed),
    }
}

/// A number of digits, with `-` before it or not.
fn number(line: &[u8]) -> Result<i64, Broken> {
    let digits = line.strip_prefix(b"-").unwrap_or(line);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Broken::Malformed);
    }
    let text = str::from_utf8(line).map_err(|_| Broken::Malformed)?;
    text.parse().map_err(|_| Broken::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_command_says_the_length_of_each_word() {
        let mut pipeline = Vec::new();
        command(&mut pipeline, &[b"GET", b"a\r\nb", b""]);
        assert_eq!(pipeline, b"*3\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n$0\r\n\r\n");
    }

    #[test]
    fn replies_are_read_one_after_the_other() {
        let octets = b"+OK\r\n:-12\r\n$4\r\na\r\nb\r\n$-1\r\n-ERR no\r\n";
        let mut rest = octets.as_slice();
        for expected in [
            Reply::Simple(b"OK"),
            Reply::Integer(-12),
            Reply::Bulk(Some(b"a\r\nb")),
            Reply::Bulk(None),
            Reply::Error(b"ERR no"),
        ] {
            let (reply, next) = read(rest).unwrap();
            assert_eq!(reply, expected);
            rest = next;
        }
        assert_eq!(read(rest), Err(Broken::Early));
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for octets in [
            "OK\r\n",
            ":1x\r\n",
            ":\r\n",
            ":+1\r\n",
            ":99999999999999999999\r\n",
            "+O\nK\r\n",
            "+O\rK\r\n",
            "$-2\r\n",
            "$1\r\nab\r\n",
            "*1\r\n:1\r\n",
            "_\r\n",
        ] {
            assert_eq!(
                read(octets.as_bytes()),
                Err(Broken::Malformed),
                "{octets:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets: Vec<u8>) {
            if let Ok((_, rest)) = read(&octets) {
                prop_assert!(octets.ends_with(rest) && rest.len() < octets.len());
            }
        }

        #[test]
        fn a_reply_that_is_cut_is_early_and_never_another(bulk: Vec<u8>, cut: prop::sample::Index) {
            let mut whole = Vec::new();
            header(&mut whole, b'$', bulk.len());
            whole.extend_from_slice(&bulk);
            whole.extend_from_slice(b"\r\n");
            prop_assert_eq!(read(&whole), Ok((Reply::Bulk(Some(&bulk)), [].as_slice())));
            let cut = &whole[..cut.index(whole.len())];
            prop_assert_eq!(read(cut), Err(Broken::Early));
        }
    }
}
