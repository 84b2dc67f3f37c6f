//! Records in Redis or Valkey, from Redis 6.2 on.
//!
//! Every command is one Lua script, which Redis runs as a whole. There are three ways to it, and
//! the same scripts take each: the proxy's own tunnel, and two kinds of HTTP front.
//!
//! Redis copies to its replicas later than it answers. A failover may lose what was written last,
//! and with it a claim; where that must not be, use etcd.

mod front;
mod refusal;
mod resp;
mod rest;
mod script;
mod tunnel;
mod value;
mod webdis;

use kit::call::{CallFailure, CallRequest, CallResult};

pub(crate) use self::front::{Front, HttpFront};
use self::script::{Reply, Work};
pub(crate) use self::tunnel::Tunnel;
use self::value::Encoding;
use super::attempt::Attempts;
use super::{Answer, Ask, Command, Failure, Fence, Next, StoreKey};

/// Where Redis is, and how to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedisSettings {
    /// The proxy's cluster.
    pub(crate) cluster: String,
    /// The host that is asked; a tunnel shows it to the proxy alone.
    pub(crate) authority: String,
    /// What the names of all records start with.
    pub(crate) prefix: String,
    /// The way to it.
    pub(crate) front: Front,
}

/// Records in Redis.
#[derive(Debug)]
pub(crate) struct Redis {
    settings: RedisSettings,
}

/// A command that is under way.
#[derive(Debug)]
pub(crate) struct Pending {
    key: String,
    work: Work,
    attempts: Attempts,
}

impl Redis {
    /// Records in the Redis of these settings.
    pub(crate) const fn new(settings: RedisSettings) -> Self {
        Self { settings }
    }

    /// The octets of the largest record that comes back whole, where the way to Redis sets a limit.
    pub(crate) const fn max_record(&self) -> Option<usize> {
        match self.settings.front {
            Front::Tunnel(_) => Some(tunnel::MAX_RECORD),
            Front::Webdis(_) | Front::Rest(_) => None,
        }
    }

    /// Starts a command.
    pub(crate) fn begin(&self, command: Command) -> Next<Pending> {
        let encoding = self.encoding();
        let (key, work, attempts) = match command {
            Command::Claim {
                key,
                token,
                record,
                ttl,
                ..
            } => {
                let value = encoding.value(token, &record);
                (key, Work::Claim { token, value, ttl }, Attempts::TWO)
            }
            Command::Replace {
                key,
                fence: Fence::Token(fence),
                token,
                record,
                ttl,
                ..
            } => {
                let work = Work::Replace {
                    fence,
                    token,
                    value: encoding.value(token, &record),
                    ttl,
                };
                (key, work, Attempts::ONE)
            }
            Command::Release {
                key,
                fence: Fence::Token(fence),
            } => (key, Work::Release { fence }, Attempts::ONE),
            // The fence of another store is none that holds here.
            Command::Replace { .. } | Command::Release { .. } => return Next::Done(Answer::Lost),
        };
        let key = self.name(&key);
        self.ask(Pending {
            key,
            work,
            attempts,
        })
    }

    /// Goes on with a command.
    pub(crate) fn next(&self, mut pending: Pending, result: CallResult) -> Next<Pending> {
        let reply = self.reply(result);
        let answer = reply.and_then(|reply| pending.work.answer(reply, self.encoding()));
        let failure = match answer {
            Ok(answer) => return Next::Done(answer),
            Err(failure) => failure,
        };
        match pending.attempts.failed(failure) {
            Some(answer) => Next::Done(answer),
            None => self.ask(pending),
        }
    }

    fn ask(&self, pending: Pending) -> Next<Pending> {
        let eval = pending.work.eval(&pending.key);
        let call = match &self.settings.front {
            Front::Tunnel(tunnel) => tunnel.call(&eval),
            Front::Webdis(front) => webdis::call(front, &eval),
            Front::Rest(front) => rest::call(front, &eval),
        };
        let call = CallRequest::Http(call.to(&self.settings.cluster, &self.settings.authority));
        Next::Ask(pending, Ask::Call(call))
    }

    fn reply(&self, result: CallResult) -> Result<Reply, Failure> {
        let (status, body) = match result {
            CallResult::Http { status, body, .. } => (status, body),
            CallResult::Failed(CallFailure::NotSent) => return Err(Failure::NotSent),
            CallResult::Failed(CallFailure::Reset) => return Err(Failure::Unreachable),
            CallResult::Grpc(_) => return Err(Failure::Unknown),
        };
        match &self.settings.front {
            Front::Tunnel(tunnel) => {
                front::served(status)?;
                tunnel.reply(&body)
            }
            Front::Webdis(_) => {
                front::served(status)?;
                webdis::reply(&body)
            }
            Front::Rest(_) => rest::reply(status, &body),
        }
    }

    /// HTTP fronts speak JSON, which is text.
    fn encoding(&self) -> Encoding {
        match self.settings.front {
            Front::Tunnel(_) => Encoding::Binary,
            Front::Webdis(_) | Front::Rest(_) => Encoding::Text,
        }
    }

    fn name(&self, key: &StoreKey) -> String {
        format!("{}{}", self.settings.prefix, key.hex())
    }
}

#[cfg(test)]
mod tests;
