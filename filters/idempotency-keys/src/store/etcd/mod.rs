//! Records in etcd, by gRPC: consistent across a fleet, and the default for one.
//!
//! A claim is one transaction, and `mod_revision` fences out late owners.

mod ahead;
mod lease;
mod messages;
mod refusal;
mod txn;

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use kit::call::{CallRequest, CallResult, GrpcCall};
use prost::Message;

use self::ahead::Ahead;
use self::lease::{Buckets, Lease};
use self::messages::{AuthenticateRequest, AuthenticateResponse, LeaseGrantRequest};
use self::refusal::{Refusal, outcome};
use self::txn::Work;
use super::attempt::Attempts;
use super::{Answer, Ask, Command, Failure, Fence, Next, Secret, StoreKey};

/// Where etcd is, and how to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EtcdSettings {
    /// The proxy's cluster, with HTTP/2.
    pub(crate) cluster: String,
    /// The host that is asked; empty for the name of the cluster.
    pub(crate) authority: String,
    /// What the names of all records start with.
    pub(crate) prefix: String,
    /// Who asks, where etcd wants to know.
    pub(crate) user: Option<User>,
}

/// A user of etcd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// The name.
    pub(crate) name: String,
    /// The password.
    pub(crate) password: Secret,
}

/// Records in etcd.
#[derive(Debug)]
pub(crate) struct Etcd {
    settings: EtcdSettings,
    session: RefCell<Session>,
}

/// What is learnt on the way, and serves all commands.
#[derive(Debug, Default)]
struct Session {
    /// The token that etcd gave for the password.
    token: Option<Secret>,
    /// When it was asked for last between requests.
    asked: Option<SystemTime>,
    ahead: Ahead,
}

/// A command that is under way.
#[derive(Debug)]
pub(crate) struct Pending {
    work: Work,
    /// The lease of what is written; `None` where nothing is.
    lease: Option<Lease>,
    step: Step,
    /// Whether the lease was granted on the way.
    granted: bool,
    /// Whether the password was sent on the way.
    authenticated: bool,
    attempts: Attempts,
}

/// What a command waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Authenticating,
    Granting,
    Writing,
}

/// What is done between requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upkeep {
    /// A token is fetched.
    Authenticate,
    /// A lease is granted ahead.
    Grant,
}

impl Etcd {
    /// Records in the etcd of these settings.
    pub(crate) fn new(settings: EtcdSettings) -> Self {
        Self {
            settings,
            session: RefCell::default(),
        }
    }

    /// Starts a command.
    pub(crate) fn begin(&self, command: Command, now: SystemTime) -> Next<Pending> {
        let (work, ttl, attempts) = match command {
            Command::Claim {
                key,
                token,
                record,
                ttl,
                ..
            } => {
                let (key, value) = (self.name(&key), token.before(&record));
                (Work::Claim { key, value }, Some(ttl), Attempts::TWO)
            }
            Command::Replace {
                key,
                fence: Fence::Revision(revision),
                token,
                record,
                ttl,
                ..
            } => {
                let work = Work::Replace {
                    key: self.name(&key),
                    value: token.before(&record),
                    revision,
                };
                (work, Some(ttl), Attempts::ONE)
            }
            Command::Release {
                key,
                fence: Fence::Revision(revision),
            } => {
                let key = self.name(&key);
                (Work::Release { key, revision }, None, Attempts::ONE)
            }
            // The fence of another store is none that holds here.
            Command::Replace { .. } | Command::Release { .. } => return Next::Done(Answer::Lost),
        };
        self.start(Pending {
            work,
            lease: ttl.map(|ttl| self.lease(ttl, now)),
            step: Step::Writing,
            granted: false,
            authenticated: false,
            attempts,
        })
    }

    /// Goes on with a command.
    pub(crate) fn next(&self, pending: Pending, result: CallResult) -> Next<Pending> {
        match outcome(result) {
            Ok(message) => self.go_on(pending, &message),
            Err(refusal) => self.refused(pending, refusal),
        }
    }

    /// What is to be done between requests: a token before the first of them needs it, and the
    /// leases of the next bucket.
    pub(crate) fn tick(&self, now: SystemTime, random: u64) -> Option<(Upkeep, CallRequest)> {
        if self.lacks_token() {
            let is_due = self.session.try_borrow_mut().ok()?.asks(now);
            let call = is_due.then(|| self.authenticate())??;
            return Some((Upkeep::Authenticate, call));
        }
        let due = {
            let mut session = self.session.try_borrow_mut().ok()?;
            session.ahead.due(&self.settings.prefix, now, random)
        };
        Some((Upkeep::Grant, self.grant(due?)))
    }

    /// Takes the result of what [`Etcd::tick`] asked. What failed is made up for by the first
    /// command that needs it.
    pub(crate) fn ticked(&self, upkeep: Upkeep, result: CallResult) {
        match (upkeep, outcome(result)) {
            (Upkeep::Authenticate, Ok(message)) => {
                self.keep_token(&message);
            }
            (_, Err(Refusal::LoggedOut)) => self.forget_token(),
            _ => {}
        }
    }

    fn go_on(&self, mut pending: Pending, message: &[u8]) -> Next<Pending> {
        match pending.step {
            Step::Writing => Next::Done(pending.work.answer(message)),
            Step::Granting => self.write_under_lease(pending),
            Step::Authenticating if self.keep_token(message) => {
                pending.authenticated = true;
                self.write(pending)
            }
            Step::Authenticating => self.failed(pending, Failure::Malformed),
        }
    }

    /// A refusal of etcd: what can be put right is, once.
    fn refused(&self, pending: Pending, refusal: Refusal) -> Next<Pending> {
        match (pending.step, refusal) {
            (Step::Writing, Refusal::NoLease) if !pending.granted => self.ask_grant(pending),
            // Another proxy was quicker.
            (Step::Granting, Refusal::LeaseExists) => self.write_under_lease(pending),
            (Step::Writing | Step::Granting, Refusal::LoggedOut)
                if self.settings.user.is_some() && !pending.authenticated =>
            {
                self.forget_token();
                self.start(pending)
            }
            (_, refusal) => self.failed(pending, refusal.failure()),
        }
    }

    /// A failure: the answer, or another attempt.
    fn failed(&self, mut pending: Pending, failure: Failure) -> Next<Pending> {
        match pending.attempts.failed(failure) {
            Some(answer) => Next::Done(answer),
            None => self.start(pending),
        }
    }

    /// Writes, or first authenticates where there is no token.
    fn start(&self, mut pending: Pending) -> Next<Pending> {
        if pending.authenticated || !self.lacks_token() {
            return self.write(pending);
        }
        let Some(call) = self.authenticate() else {
            return self.write(pending);
        };
        pending.step = Step::Authenticating;
        Next::Ask(pending, Ask::Call(call))
    }

    fn write(&self, mut pending: Pending) -> Next<Pending> {
        pending.step = Step::Writing;
        let lease = pending.lease.map_or(0, |lease| lease.id);
        let message = pending.work.message(lease);
        Next::Ask(pending, Ask::Call(self.call(KV, "Txn", message)))
    }

    fn write_under_lease(&self, mut pending: Pending) -> Next<Pending> {
        pending.granted = true;
        self.write(pending)
    }

    fn ask_grant(&self, mut pending: Pending) -> Next<Pending> {
        let Some(lease) = pending.lease else {
            return self.failed(pending, Failure::Unready);
        };
        pending.step = Step::Granting;
        Next::Ask(pending, Ask::Call(self.grant(lease)))
    }

    fn grant(&self, lease: Lease) -> CallRequest {
        let request = LeaseGrantRequest {
            ttl: lease.granted_seconds,
            id: lease.id,
        };
        self.call(LEASE, "LeaseGrant", request.encode_to_vec())
    }

    fn authenticate(&self) -> Option<CallRequest> {
        let user = self.settings.user.as_ref()?;
        let request = AuthenticateRequest {
            name: user.name.clone(),
            password: user.password.expose().to_owned(),
        };
        Some(self.call(AUTH, "Authenticate", request.encode_to_vec()))
    }

    fn call(&self, service: &str, method: &str, message: Vec<u8>) -> CallRequest {
        let session = self.session.try_borrow().ok();
        let token = session.as_ref().and_then(|session| session.token.as_ref());
        let token = token.filter(|_| service != AUTH);
        let metadata = token.map(|token| (TOKEN.to_owned(), token.expose().as_bytes().to_vec()));
        CallRequest::Grpc(GrpcCall {
            cluster: self.settings.cluster.clone(),
            authority: self.settings.authority.clone(),
            service: service.to_owned(),
            method: method.to_owned(),
            metadata: metadata.into_iter().collect(),
            message,
        })
    }

    fn lease(&self, ttl: Duration, now: SystemTime) -> Lease {
        let buckets = Buckets::of(ttl);
        if let Ok(mut session) = self.session.try_borrow_mut() {
            session.ahead.used(buckets, now);
        }
        buckets.lease(&self.settings.prefix, buckets.at(now))
    }

    fn name(&self, key: &StoreKey) -> Vec<u8> {
        format!("{}{}", self.settings.prefix, key.hex()).into_bytes()
    }

    fn lacks_token(&self) -> bool {
        let session = self.session.try_borrow();
        self.settings.user.is_some() && session.is_ok_and(|session| session.token.is_none())
    }

    /// Keeps the token of an answer; `false` where there is none that metadata can carry.
    fn keep_token(&self, message: &[u8]) -> bool {
        let token = AuthenticateResponse::decode(message).map(|answer| answer.token);
        let token = token.ok().filter(|token| is_metadata(token));
        let Some(token) = token else {
            return false;
        };
        if let Ok(mut session) = self.session.try_borrow_mut() {
            session.token = Some(Secret::new(token));
        }
        true
    }

    fn forget_token(&self) {
        if let Ok(mut session) = self.session.try_borrow_mut() {
            session.token = None;
        }
    }
}

impl Session {
    /// Whether a token is to be asked for now, which is then taken note of. A clock that was set
    /// back asks at once.
    fn asks(&mut self, now: SystemTime) -> bool {
        let since = self.asked.and_then(|asked| now.duration_since(asked).ok());
        let is_due = since.is_none_or(|since| since >= ASK_AGAIN);
        if is_due {
            self.asked = Some(now);
        }
        is_due
    }
}

/// How long after one login between requests the next one comes: etcd spends some 100 ms of CPU on
/// each password (bcrypt).
const ASK_AGAIN: Duration = Duration::from_secs(5);

const KV: &str = "etcdserverpb.KV";
const LEASE: &str = "etcdserverpb.Lease";
const AUTH: &str = "etcdserverpb.Auth";
/// The metadata that carries the token (`rpctypes.TokenFieldNameGRPC`).
const TOKEN: &str = "token";

/// Whether a text can stand in metadata: visible ASCII, as tokens of etcd are.
fn is_metadata(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|octet| octet.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
