//! Where records are kept, behind one seam: commands go in, answers come out.
//!
//! A store is a state machine without I/O. [`Store::begin`] says what to ask first, and
//! [`Store::next`] takes what came back and asks on or answers. What is asked is a value ([`Ask`]):
//! a call to another service, or a read or a write of data that the VMs of one proxy share. So
//! every order of events can be tested, and the same code runs in a proxy and in memory.
//!
//! Every store promises the same:
//!
//! - [`Command::Claim`] succeeds for one owner alone, however many ask at once.
//! - A write counts only while its [`Fence`] holds, so a late owner cannot undo what a later one
//!   wrote.
//! - Every command may be sent again as it is: its token is random, so a store can tell that what
//!   stands there is what this very command wrote.

mod attempt;
mod command;
mod etcd;
mod failure;
mod key;
mod local;
mod redis;
mod secret;
mod token;

use std::time::SystemTime;

use kit::call::{CallRequest, CallResult};

pub(crate) use command::{Answer, Command, Fence, Tenant};
pub(crate) use etcd::{Etcd, EtcdSettings, Upkeep, User};
pub(crate) use failure::Failure;
pub(crate) use key::StoreKey;
pub(crate) use local::{Local, LocalSettings, WhenFull};
pub(crate) use redis::{Front, HttpFront, Redis, RedisSettings, Tunnel};
pub(crate) use secret::Secret;
pub(crate) use token::Token;

/// One of the stores that a policy can name.
#[derive(Debug)]
pub(crate) enum Store {
    /// Data that the VMs of one proxy share.
    Local(Local),
    /// An etcd cluster, by gRPC.
    Etcd(Etcd),
    /// Redis or Valkey, through the proxy's own tunnel or an HTTP front.
    Redis(Redis),
}

/// A command that is under way.
#[derive(Debug)]
pub(crate) enum Pending {
    /// In shared data.
    Local(local::Pending),
    /// In etcd.
    Etcd(Box<etcd::Pending>),
    /// In Redis.
    Redis(Box<redis::Pending>),
}

/// What a store asks of whoever runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Send this call. Each of them has the whole time-out of the store.
    Call(CallRequest),
    /// Read the value of this name in shared data.
    Read(String),
    /// Write a value of shared data, if it is still as it was read.
    Write {
        /// The name of the value.
        name: String,
        /// What to write.
        value: Vec<u8>,
        /// The compare-and-swap number that the value must still have.
        cas: u32,
    },
}

/// What became of an [`Ask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// The result of a call.
    Call(CallResult),
    /// What was read, and the compare-and-swap number of the value; `None` where there is none.
    Read {
        /// The value.
        value: Option<Vec<u8>>,
        /// Its number.
        cas: Option<u32>,
    },
    /// The value was written.
    Written,
    /// Somebody else wrote the value after it was read.
    Mismatch,
}

/// What a store does next.
#[derive(Debug)]
pub(crate) enum Next<P = Pending> {
    /// It asks something, and goes on with what is told.
    Ask(P, Ask),
    /// It has the answer.
    Done(Answer),
}

impl Store {
    /// Starts a command.
    pub(crate) fn begin(&self, command: Command, now: SystemTime) -> Next {
        match self {
            Self::Local(local) => local.begin(command, now).map(Pending::Local),
            Self::Etcd(etcd) => etcd.begin(command, now).map(etcd_pending),
            Self::Redis(redis) => redis.begin(command).map(redis_pending),
        }
    }

    /// Goes on with a command of this store.
    pub(crate) fn next(&self, pending: Pending, told: Told) -> Next {
        match (self, pending, told) {
            (Self::Local(local), Pending::Local(pending), told) => {
                local.next(pending, told).map(Pending::Local)
            }
            (Self::Etcd(etcd), Pending::Etcd(pending), Told::Call(result)) => {
                etcd.next(*pending, result).map(etcd_pending)
            }
            (Self::Redis(redis), Pending::Redis(pending), Told::Call(result)) => {
                redis.next(*pending, result).map(redis_pending)
            }
            // Nobody tells a store what it did not ask.
            _ => Next::Done(Answer::Failed(Failure::Unknown)),
        }
    }

    /// The octets of the largest record that can be kept and read again, where it is the filter's
    /// own way to the store that sets the limit.
    pub(crate) fn max_record(&self) -> Option<usize> {
        match self {
            Self::Local(local) => Some(local.max_record()),
            Self::Redis(redis) => redis.max_record(),
            Self::Etcd(_) => None,
        }
    }

    /// What the store wants to have done between requests, if anything; to be asked on every tick
    /// of a plugin configuration. The result goes to [`Store::ticked`].
    pub(crate) fn tick(&self, now: SystemTime, random: u64) -> Option<(Upkeep, CallRequest)> {
        match self {
            Self::Etcd(etcd) => etcd.tick(now, random),
            Self::Local(_) | Self::Redis(_) => None,
        }
    }

    /// Takes the result of what [`Store::tick`] asked.
    pub(crate) fn ticked(&self, upkeep: Upkeep, result: CallResult) {
        if let Self::Etcd(etcd) = self {
            etcd.ticked(upkeep, result);
        }
    }
}

impl<P> Next<P> {
    fn map<Q>(self, wrap: impl FnOnce(P) -> Q) -> Next<Q> {
        match self {
            Self::Ask(pending, ask) => Next::Ask(wrap(pending), ask),
            Self::Done(answer) => Next::Done(answer),
        }
    }
}

fn etcd_pending(pending: etcd::Pending) -> Pending {
    Pending::Etcd(Box::new(pending))
}

fn redis_pending(pending: redis::Pending) -> Pending {
    Pending::Redis(Box::new(pending))
}
