//! Records in the data that the VMs of one proxy share: right within one process, and gone with it.
//!
//! The proxy never gives up the name of a shared value, so a value for each key would fill its
//! memory. There is a fixed number of values instead, each a *set* of a few records with their full
//! keys. A set changes as a whole, by compare-and-swap, and a key has one set alone: with several
//! places for a key, two owners could each find another one free.
//!
//! Reads and writes of shared data are calls of the proxy that answer at once, so a command never
//! waits. Where another VM wrote in between, it reads again.

mod limits;
mod set;

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use self::limits::Limits;
use self::set::{Entry, Set, millis};
use super::{Answer, Ask, Command, Failure, Fence, Next, Told};

/// The number of a write that creates. The proxy creates an absent value whatever the number is,
/// and takes one that is not 0 as what an existing value must have. Numbers count up from 1 with
/// each write, so this one is not reached.
const CREATE: u32 = u32::MAX;

/// How often a command starts again because another VM wrote first. Each time, another command went
/// through, so only a proxy with more workers than this could use it up at once.
const MAX_RETRIES: u8 = 64;

/// The version of what sets are written as. It is part of their names, so that a filter never reads
/// what another version wrote.
const FORMAT: &str = "1";

/// How much is kept, and what gives way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalSettings {
    /// What tells these records from those of other policies.
    pub(crate) name: String,
    /// How many keys may be live at once.
    pub(crate) keys: u32,
    /// How many octets all records may have together, with 57 more for each.
    pub(crate) octets: u64,
    /// What happens where there is no room.
    pub(crate) when_full: WhenFull,
    /// The part that one tenant may fill, in hundredths. A tenant that has less than this in the
    /// whole may still find its part of one set full.
    pub(crate) tenant_percent: u8,
}

/// What happens where there is no room for a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// It is refused.
    Refuse,
    /// The finished record that ends first gives way. A duplicate of that one would run again.
    Evict,
}

/// Records in shared data.
#[derive(Debug)]
pub(crate) struct Local {
    name: String,
    limits: Limits,
    evicted: Cell<u32>,
}

/// A command that is under way.
#[derive(Debug)]
pub(crate) struct Pending {
    command: Command,
    /// The time since the epoch.
    now: Duration,
    retries: u8,
    /// What it comes to once the set is written; `None` while it is read.
    change: Option<Change>,
}

/// What a command makes of a set that is to be written.
#[derive(Debug)]
struct Change {
    answer: Answer,
    evicted: u32,
}

impl Local {
    /// Records within these settings.
    pub(crate) fn new(settings: LocalSettings) -> Self {
        Self {
            limits: Limits::of(&settings),
            name: settings.name,
            evicted: Cell::new(0),
        }
    }

    /// The octets of the largest record that can be kept. A policy that keeps longer answers needs
    /// more octets, or fewer keys.
    pub(crate) fn max_record(&self) -> usize {
        self.limits.max_entry().saturating_sub(Entry::FRAME)
    }

    /// How many records gave way since this was asked last.
    pub(crate) fn take_evicted(&self) -> u32 {
        self.evicted.take()
    }

    /// Starts a command.
    pub(crate) fn begin(&self, command: Command, now: SystemTime) -> Next<Pending> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH);
        self.read(Pending {
            command,
            now: now.unwrap_or_default(),
            retries: 0,
            change: None,
        })
    }

    /// Goes on with a command.
    pub(crate) fn next(&self, mut pending: Pending, told: Told) -> Next<Pending> {
        match (told, pending.change.take()) {
            (Told::Read { value, cas }, None) => {
                self.write(pending, &value.unwrap_or_default(), cas)
            }
            (Told::Written, Some(change)) => {
                let evicted = self.evicted.get().saturating_add(change.evicted);
                self.evicted.set(evicted);
                Next::Done(change.answer)
            }
            (Told::Mismatch, Some(_)) if pending.retries < MAX_RETRIES => {
                pending.retries = pending.retries.saturating_add(1);
                self.read(pending)
            }
            (Told::Mismatch, Some(_)) => Next::Done(Answer::Failed(Failure::Unready)),
            // Nobody tells a store what it did not ask.
            _ => Next::Done(Answer::Failed(Failure::Unknown)),
        }
    }

    fn read(&self, pending: Pending) -> Next<Pending> {
        let name = self.set_of(&pending.command);
        Next::Ask(pending, Ask::Read(name))
    }

    /// Writes the set as the command makes it, or answers where it stays as it is.
    fn write(&self, mut pending: Pending, value: &[u8], cas: Option<u32>) -> Next<Pending> {
        let Some(mut set) = Set::read(value, pending.now) else {
            return Next::Done(Answer::Failed(Failure::Malformed));
        };
        match self.change(&pending.command, pending.now, &mut set) {
            Err(answer) => Next::Done(answer),
            Ok(change) => {
                let write = Ask::Write {
                    name: self.set_of(&pending.command),
                    value: set.write(),
                    cas: cas.filter(|cas| *cas != 0).unwrap_or(CREATE),
                };
                pending.change = Some(change);
                Next::Ask(pending, write)
            }
        }
    }

    /// Carries a command out on a set.
    ///
    /// # Errors
    /// The answer, where the set stays as it is.
    fn change<'a>(
        &self,
        command: &'a Command,
        now: Duration,
        set: &mut Set<'a>,
    ) -> Result<Change, Answer> {
        let stands = set.get(command.key()).copied();
        match command {
            Command::Claim {
                key,
                token,
                tenant,
                record,
                ttl,
            } => {
                let fence = Fence::Token(*token);
                match stands {
                    // This very claim, sent again.
                    Some(entry) if entry.token == *token => return Err(Answer::Claimed(fence)),
                    Some(entry) => return Err(entry.exists()),
                    None => {}
                }
                let entry = Entry {
                    key: *key,
                    token: *token,
                    expires: millis(now.saturating_add(*ttl)),
                    tenant: tenant.map_or(0, |tenant| tenant.0),
                    finished: false,
                    record,
                };
                self.insert(set, entry, Answer::Claimed(fence))
            }
            Command::Replace {
                key,
                fence: Fence::Token(fence),
                token,
                record,
                ttl,
                finished,
            } => {
                let is_ours = |owner| owner == *fence || owner == *token;
                if stands.is_some_and(|entry| !is_ours(entry.token)) {
                    return Err(Answer::Lost);
                }
                let entry = Entry {
                    key: *key,
                    token: *token,
                    expires: millis(now.saturating_add(*ttl)),
                    tenant: stands.map_or(0, |entry| entry.tenant),
                    finished: *finished,
                    record,
                };
                self.insert(set, entry, Answer::Replaced(Fence::Token(*token)))
            }
            Command::Release {
                key,
                fence: Fence::Token(fence),
            } => match stands {
                None => Err(Answer::Released),
                Some(entry) if entry.token == *fence => {
                    set.remove(key);
                    Ok(Change {
                        answer: Answer::Released,
                        evicted: 0,
                    })
                }
                Some(_) => Err(Answer::Lost),
            },
            // The fence of another store is none that holds here.
            Command::Replace { .. } | Command::Release { .. } => Err(Answer::Lost),
        }
    }

    fn insert<'a>(
        &self,
        set: &mut Set<'a>,
        entry: Entry<'a>,
        answer: Answer,
    ) -> Result<Change, Answer> {
        if entry.length() > self.limits.max_entry() {
            return Err(Answer::Failed(Failure::TooLarge));
        }
        let evicted = self.limits.insert(set, entry);
        let evicted = evicted.ok_or(Answer::Failed(Failure::Full))?;
        Ok(Change { answer, evicted })
    }

    /// The name of the value that holds the set of a command's key.
    fn set_of(&self, command: &Command) -> String {
        let set = command.key().slot(self.limits.sets);
        format!("treaty/idempotency-keys/{FORMAT}/{}/{set}", self.name)
    }
}

impl Entry<'_> {
    fn exists(&self) -> Answer {
        Answer::Exists {
            record: self.record.to_vec(),
            fence: Fence::Token(self.token),
        }
    }
}

#[cfg(test)]
mod tests;
