//! A door to the stores alone, for tests that drive them against real servers.
//!
//! Whoever drives a store carries its calls out, and says what came of them.

use std::time::{Duration, SystemTime};

use kit::call::{CallRequest, CallResult};

use crate::store::{
    self, Ask, Command, Etcd, EtcdSettings, Front, HttpFront, Next, Redis, RedisSettings, Secret,
    StoreKey, Token, Told, Tunnel, User,
};

/// A store, as one proxy has it.
#[derive(Debug)]
pub struct Store(store::Store);

/// What still has to hold for a write to count; opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence(store::Fence);

/// What a store answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// There was no record, and now there is this owner's.
    Claimed(Fence),
    /// There is a record already.
    Exists {
        /// What was written.
        record: Vec<u8>,
        /// What must hold for a write in its place.
        fence: Fence,
    },
    /// The record was written.
    Replaced(Fence),
    /// The record is gone.
    Released,
    /// The record is another owner's.
    Lost,
    /// There is no answer: the name of the failure, as metrics have it.
    Failed(&'static str),
}

/// The way to Redis.
#[derive(Debug, Clone)]
pub enum Way {
    /// The proxy's own tunnel.
    Tunnel {
        /// Who asks, where it is not the default user.
        user: Option<String>,
        /// The password.
        password: Option<String>,
        /// The number of the database.
        database: u32,
    },
    /// Webdis.
    Webdis {
        /// The value of `authorization`.
        authorization: Option<String>,
    },
    /// The REST protocol of Upstash.
    Rest {
        /// The value of `authorization`.
        authorization: Option<String>,
    },
}

impl Store {
    /// etcd behind a cluster of the proxy. A user is a name and a password.
    pub fn etcd(cluster: &str, prefix: &str, user: Option<(&str, &str)>) -> Self {
        Self(store::Store::Etcd(Etcd::new(EtcdSettings {
            cluster: cluster.to_owned(),
            authority: String::new(),
            prefix: prefix.to_owned(),
            user: user.map(|(name, password)| User {
                name: name.to_owned(),
                password: Secret::new(password.to_owned()),
            }),
        })))
    }

    /// Redis behind a cluster of the proxy.
    pub fn redis(cluster: &str, prefix: &str, way: Way) -> Self {
        Self(store::Store::Redis(Redis::new(RedisSettings {
            cluster: cluster.to_owned(),
            authority: cluster.to_owned(),
            prefix: prefix.to_owned(),
            front: way.front(),
        })))
    }

    /// Writes a record if there is none.
    pub fn claim(
        &self,
        key: [u8; 32],
        token: u64,
        record: &[u8],
        ttl: Duration,
        carry: &mut dyn FnMut(CallRequest) -> CallResult,
    ) -> Answer {
        let command = Command::Claim {
            key: StoreKey::new(key),
            token: Token(token),
            tenant: None,
            record: record.to_vec(),
            ttl,
        };
        self.run(command, carry)
    }

    /// Writes a record in place of the one that the fence is of, or of none.
    pub fn replace(
        &self,
        key: [u8; 32],
        (fence, token): (Fence, u64),
        record: &[u8],
        ttl: Duration,
        carry: &mut dyn FnMut(CallRequest) -> CallResult,
    ) -> Answer {
        let command = Command::Replace {
            key: StoreKey::new(key),
            fence: fence.0,
            token: Token(token),
            record: record.to_vec(),
            ttl,
            finished: true,
        };
        self.run(command, carry)
    }

    /// Removes the record that the fence is of.
    pub fn release(
        &self,
        key: [u8; 32],
        fence: Fence,
        carry: &mut dyn FnMut(CallRequest) -> CallResult,
    ) -> Answer {
        let command = Command::Release {
            key: StoreKey::new(key),
            fence: fence.0,
        };
        self.run(command, carry)
    }

    /// Does what the store wants to have done between requests; `false` where it is nothing.
    pub fn tick(&self, random: u64, carry: &mut dyn FnMut(CallRequest) -> CallResult) -> bool {
        let Some((upkeep, call)) = self.0.tick(SystemTime::now(), random) else {
            return false;
        };
        self.0.ticked(upkeep, carry(call));
        true
    }

    fn run(&self, command: Command, carry: &mut dyn FnMut(CallRequest) -> CallResult) -> Answer {
        let mut next = self.0.begin(command, SystemTime::now());
        loop {
            next = match next {
                Next::Done(answer) => return answer.into(),
                Next::Ask(pending, Ask::Call(call)) => {
                    self.0.next(pending, Told::Call(carry(call)))
                }
                // Only the local store has shared data, and it is not among these.
                Next::Ask(_, Ask::Read(_) | Ask::Write { .. }) => {
                    return Answer::Failed(store::Failure::Unknown.name());
                }
            };
        }
    }
}

impl Way {
    fn front(self) -> Front {
        let path = "/".to_owned();
        let http = |authorization: Option<String>| HttpFront {
            path: "/".to_owned(),
            authorization: authorization.map(Secret::new),
        };
        match self {
            Self::Tunnel {
                user,
                password,
                database,
            } => Front::Tunnel(Tunnel {
                path,
                user,
                password: password.map(Secret::new),
                database,
            }),
            Self::Webdis { authorization } => Front::Webdis(http(authorization)),
            Self::Rest { authorization } => Front::Rest(http(authorization)),
        }
    }
}

impl From<store::Answer> for Answer {
    fn from(answer: store::Answer) -> Self {
        match answer {
            store::Answer::Claimed(fence) => Self::Claimed(Fence(fence)),
            store::Answer::Exists { record, fence } => Self::Exists {
                record,
                fence: Fence(fence),
            },
            store::Answer::Replaced(fence) => Self::Replaced(Fence(fence)),
            store::Answer::Released => Self::Released,
            store::Answer::Lost => Self::Lost,
            store::Answer::Failed(failure) => Self::Failed(failure.name()),
        }
    }
}
