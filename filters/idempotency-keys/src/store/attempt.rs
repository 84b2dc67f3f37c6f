//! A claim whose outcome is unknown is sent once more.

use super::{Answer, Failure};

/// How often a command was sent, and what the first failure left open.
///
/// A claim that went unanswered may stand in the store, and would then keep everybody out until it
/// expires, its own owner too. Sent again with the same token, it finds itself there. Other
/// commands are not sent again here: nobody waits for them longer than for one time-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempts {
    may_repeat: bool,
    open: Option<Failure>,
}

impl Attempts {
    /// Of a command that is sent once.
    pub(crate) const ONE: Self = Self {
        may_repeat: false,
        open: None,
    };
    /// Of a command that is sent once more where its outcome is unknown.
    pub(crate) const TWO: Self = Self {
        may_repeat: true,
        open: None,
    };

    /// Takes a failure: `None` where the command is to be sent again.
    ///
    /// The second failure does not end the doubt that the first one left, so the first is told.
    pub(crate) fn failed(&mut self, failure: Failure) -> Option<Answer> {
        // An answer that cannot be read will not read better a second time.
        let repeats = failure.leaves_open() && failure != Failure::Malformed;
        if self.may_repeat && repeats {
            self.may_repeat = false;
            self.open = Some(failure);
            return None;
        }
        Some(Answer::Failed(self.open.unwrap_or(failure)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_is_tried_once_more() {
        let mut attempts = Attempts::TWO;
        assert_eq!(attempts.failed(Failure::TimedOut), None);
        let last = attempts.failed(Failure::Unreachable);
        assert_eq!(last, Some(Answer::Failed(Failure::TimedOut)));
    }

    #[test]
    fn a_refusal_after_a_doubt_does_not_end_the_doubt() {
        let mut attempts = Attempts::TWO;
        assert_eq!(attempts.failed(Failure::Unreachable), None);
        let last = attempts.failed(Failure::NotSent);
        assert_eq!(last, Some(Answer::Failed(Failure::Unreachable)));
    }

    #[test]
    fn what_surely_failed_is_not_tried_again() {
        for failure in [Failure::NotSent, Failure::Denied, Failure::Malformed] {
            let mut attempts = Attempts::TWO;
            let told = attempts.failed(failure);
            assert_eq!(told, Some(Answer::Failed(failure)));
        }
    }

    #[test]
    fn other_commands_are_sent_once() {
        let mut attempts = Attempts::ONE;
        let told = attempts.failed(Failure::TimedOut);
        assert_eq!(told, Some(Answer::Failed(Failure::TimedOut)));
    }
}
