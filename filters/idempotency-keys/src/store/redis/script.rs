//! Commands as Lua scripts of Redis, and what their replies mean.
//!
//! `EVAL` carries the script each time: it has a hundred octets, and `EVALSHA` would need a second
//! round trip after every restart. No script writes before all its reads, so one that fails has
//! changed nothing.

use std::time::Duration;

use super::refusal::refusal;
use super::value::{Encoding, digits};
use crate::store::{Answer, Failure, Fence, Token};

/// A command on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    /// Writes the value if there is none, or answers with the one that there is.
    Claim {
        token: Token,
        value: Vec<u8>,
        ttl: Duration,
    },
    /// Writes the value if there is none, or one of either token.
    Replace {
        fence: Token,
        token: Token,
        value: Vec<u8>,
        ttl: Duration,
    },
    /// Removes the value if it is of this token.
    Release { fence: Token },
}

/// A script with its one key and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Eval<'a> {
    pub(super) script: &'static str,
    pub(super) key: &'a str,
    pub(super) arguments: Vec<Vec<u8>>,
}

/// What Redis replied to a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// A number.
    Integer(i64),
    /// A value.
    Value(Vec<u8>),
    /// An error, such as `OOM command not allowed`.
    Error(String),
}

/// The value that stands, or 1.
const CLAIM: &str = "\
local v = redis.call('GET', KEYS[1]) \
if v then return v end \
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) \
return 1";

/// 1, or 0 where the value is another owner's. Its own new token counts as well as the fence: that
/// is this very command, sent again.
const REPLACE: &str = "\
local t = redis.call('GETRANGE', KEYS[1], 0, 15) \
if t ~= '' and t ~= ARGV[1] and t ~= ARGV[2] then return 0 end \
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) \
return 1";

/// 1, or 0 where the value is another owner's.
const RELEASE: &str = "\
local t = redis.call('GETRANGE', KEYS[1], 0, 15) \
if t == '' then return 1 end \
if t ~= ARGV[1] then return 0 end \
return redis.call('DEL', KEYS[1])";

/// The longest time to live, about ten years; Redis adds it to its clock and refuses what
/// overflows.
const MAX_TTL: Duration = Duration::from_hours(87_600);

impl Work {
    /// The script that does it.
    pub(super) fn eval<'a>(&self, key: &'a str) -> Eval<'a> {
        let (script, arguments) = match self {
            Self::Claim { value, ttl, .. } => (CLAIM, vec![value.clone(), millis(*ttl)]),
            Self::Replace {
                fence,
                token,
                value,
                ttl,
            } => {
                let arguments = vec![
                    digits(*fence).into_bytes(),
                    digits(*token).into_bytes(),
                    value.clone(),
                    millis(*ttl),
                ];
                (REPLACE, arguments)
            }
            Self::Release { fence } => (RELEASE, vec![digits(*fence).into_bytes()]),
        };
        Eval {
            script,
            key,
            arguments,
        }
    }

    /// What a reply to the script says.
    pub(super) fn answer(&self, reply: Reply, encoding: Encoding) -> Result<Answer, Failure> {
        match (self, reply) {
            (_, Reply::Error(text)) => Err(refusal(&text)),
            (Self::Claim { token, .. }, Reply::Integer(1)) => {
                Ok(Answer::Claimed(Fence::Token(*token)))
            }
            (Self::Claim { token, .. }, Reply::Value(value)) => {
                let (owner, record) = encoding.read(&value).ok_or(Failure::Malformed)?;
                let fence = Fence::Token(owner);
                // Tokens are random: this is what the same claim wrote when its answer was lost.
                Ok(if owner == *token {
                    Answer::Claimed(fence)
                } else {
                    Answer::Exists { record, fence }
                })
            }
            (Self::Replace { token, .. }, Reply::Integer(1)) => {
                Ok(Answer::Replaced(Fence::Token(*token)))
            }
            (Self::Release { .. }, Reply::Integer(1)) => Ok(Answer::Released),
            (Self::Replace { .. } | Self::Release { .. }, Reply::Integer(0)) => Ok(Answer::Lost),
            _ => Err(Failure::Malformed),
        }
    }
}

/// The milliseconds of `PX`, which must not be 0.
fn millis(ttl: Duration) -> Vec<u8> {
    let millis = ttl.min(MAX_TTL).as_millis().max(1);
    millis.to_string().into_bytes()
}
