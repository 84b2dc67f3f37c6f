//! Speaks to the store for the machine: records go out, and what comes back is read.

use std::rc::Rc;
use std::time::SystemTime;

use kit::call::{Call, CallId, CallResult};
use kit::exchange::Exchange;
use kit::reply::Reply;
use kit::shared::SharedWrite;

use super::request::{Asked, Keyed};
use crate::fingerprint::Comparison;
use crate::machine::{self, Attempt, Event, Finished, StoreAnswer};
use crate::metrics;
use crate::plan::Plan;
use crate::record::{self, Answer, Capture, Head, Record, State};
use crate::seal;
use crate::store::{self, Command, Failure, Next, Pending, Store, Told};

/// What goes on between one keyed request and its store.
pub(super) struct Dialogue {
    plan: Rc<Plan>,
    keyed: Keyed,
    finished: Finished,
    under_way: Option<UnderWay>,
    /// The record that was written last, with its octets: a repeated one has to be the same, or a
    /// store could not know it again.
    written: Option<(Head, Vec<u8>)>,
    /// The answer that is to be replayed.
    found: Option<(Head, Answer)>,
}

/// A command that waits for a call.
struct UnderWay {
    asked: AskedOf,
    pending: Pending,
}

/// A command, apart from what the store knows of it.
#[derive(Clone, Copy)]
struct AskedOf {
    attempt: Attempt,
    name: &'static str,
    since: SystemTime,
    outlives: bool,
}

impl Dialogue {
    pub(super) fn new(keyed: Keyed, asked: &Asked, finished: Finished) -> Self {
        Self {
            plan: Rc::clone(&asked.plan),
            keyed,
            finished,
            under_way: None,
            written: None,
            found: None,
        }
    }

    /// Asks the store for what the machine wants. The answer is there at once, or comes by
    /// [`Dialogue::called`].
    pub(super) fn ask(
        &mut self,
        attempt: Attempt,
        ask: machine::Ask,
        outlives: bool,
        capture: &mut Option<Capture>,
        x: &mut Exchange<'_>,
    ) -> Option<Event> {
        let asked = AskedOf {
            attempt,
            name: name(&ask),
            since: x.now(),
            outlives,
        };
        let Some(command) = self.command(ask, capture, x) else {
            // There is no answer to be kept after all, which the machine knows how to end.
            let answer = StoreAnswer::Failed(Failure::TooLarge);
            return Some(Event::Store { attempt, answer });
        };
        let next = self.store().begin(command, asked.since);
        self.drive(asked, next, x)
    }

    /// A call of the store has ended. Those of a command that nobody waits for any more are ignored.
    pub(super) fn called(
        &mut self,
        id: CallId,
        result: CallResult,
        x: &mut Exchange<'_>,
    ) -> Option<Event> {
        let under_way = self
            .under_way
            .take_if(|own| own.asked.attempt == Attempt(id.0))?;
        let next = self.store().next(under_way.pending, Told::Call(result));
        self.drive(under_way.asked, next, x)
    }

    /// The answer that the store has shown, for a duplicate.
    pub(super) fn replay(&mut self, now: SystemTime) -> Option<Reply> {
        let (head, answer) = self.found.take()?;
        Some(answer.replay(head.finished.unwrap_or(head.created), head.expires, now))
    }

    /// Nothing will be written again.
    pub(super) fn forget_written(&mut self) {
        self.written = None;
    }

    fn store(&self) -> &Store {
        &self.plan.store.store
    }

    /// What the machine asks, as the store understands it; `None` where the answer to be kept is
    /// not there.
    fn command(
        &mut self,
        ask: machine::Ask,
        capture: &mut Option<Capture>,
        x: &Exchange<'_>,
    ) -> Option<Command> {
        let Keyed { key, tenant, .. } = self.keyed;
        Some(match ask {
            machine::Ask::Claim { head, ttl } => Command::Claim {
                key,
                token: head.token,
                tenant,
                record: record::encode(&head),
                ttl,
            },
            machine::Ask::Replace { fence, head, ttl } => Command::Replace {
                key,
                fence,
                token: head.token,
                record: self.record(&head, capture, x)?,
                ttl,
                finished: matches!(head.state, State::Done | State::NotKept(_)),
            },
            machine::Ask::Release { fence } => Command::Release { key, fence },
        })
    }

    /// The octets of a record.
    fn record(
        &mut self,
        head: &Head,
        capture: &mut Option<Capture>,
        x: &Exchange<'_>,
    ) -> Option<Vec<u8>> {
        if let Some((_, octets)) = self.written.as_ref().filter(|(own, _)| own == head) {
            return Some(octets.clone());
        }
        let octets = if head.state == State::Done {
            let answer = capture.take()?.finish().ok()?;
            match &self.plan.sealing {
                None => record::encode_done(head, &answer),
                Some(keys) => {
                    let nonce = seal::nonce([x.random(), x.random()]);
                    record::encode_sealed(head, &answer, &self.keyed.key, keys, nonce)?
                }
            }
        } else {
            record::encode(head)
        };
        self.written = Some((*head, octets.clone()));
        Some(octets)
    }

    /// Goes on as far as the store can without a call.
    fn drive(&mut self, asked: AskedOf, mut next: Next, x: &mut Exchange<'_>) -> Option<Event> {
        loop {
            let (pending, told) = match next {
                Next::Done(answer) => return Some(self.answered(asked, answer, x)),
                Next::Ask(pending, store::Ask::Call(request)) => {
                    x.call(Call {
                        id: CallId(asked.attempt.0),
                        request,
                        timeout: self.plan.store.timeout,
                        outlives: asked.outlives,
                    });
                    self.under_way = Some(UnderWay { asked, pending });
                    return None;
                }
                Next::Ask(pending, store::Ask::Read(name)) => {
                    let read = x.read_shared(&name);
                    let told = Told::Read {
                        value: read.value,
                        cas: read.cas,
                    };
                    (pending, told)
                }
                Next::Ask(pending, store::Ask::Write { name, value, cas }) => {
                    match x.write_shared(&name, &value, Some(cas)) {
                        SharedWrite::Written => (pending, Told::Written),
                        SharedWrite::Mismatch => (pending, Told::Mismatch),
                        SharedWrite::Refused => {
                            let failed = store::Answer::Failed(Failure::Unknown);
                            return Some(self.answered(asked, failed, x));
                        }
                    }
                }
            };
            next = self.store().next(pending, told);
        }
    }

    /// The store has answered.
    fn answered(&mut self, asked: AskedOf, answer: store::Answer, x: &mut Exchange<'_>) -> Event {
        self.count(asked, &answer, x);
        let answer = match answer {
            store::Answer::Claimed(fence) => StoreAnswer::Claimed(fence),
            store::Answer::Exists { record, .. } => self.read(&record, x),
            store::Answer::Replaced(_) => StoreAnswer::Replaced,
            store::Answer::Released => StoreAnswer::Released,
            store::Answer::Lost => StoreAnswer::Lost,
            store::Answer::Failed(failure) => StoreAnswer::Failed(failure),
        };
        Event::Store {
            attempt: asked.attempt,
            answer,
        }
    }

    /// Reads another request's record, and its answer if that is to be replayed: what does not open
    /// is trouble of the store, and has to be known before anything is decided.
    fn read(&mut self, octets: &[u8], x: &mut Exchange<'_>) -> StoreAnswer {
        let read = Record::decode(octets).and_then(|record| {
            let head = record.head;
            if self.replays(&head) {
                let answer = record.answer(&self.keyed.key, self.plan.sealing.as_deref())?;
                self.found = Some((head, answer));
            }
            Ok(head)
        });
        match read {
            Ok(head) => StoreAnswer::Exists(head),
            Err(why) => {
                let labels = [self.plan.store.name.as_str(), why.name()];
                x.count(&metrics::STORE_FAILURES, &labels);
                StoreAnswer::Unreadable
            }
        }
    }

    fn replays(&self, head: &Head) -> bool {
        head.state == State::Done
            && self.finished == Finished::Replay
            && self.plan.terms.is_enforced()
            && head.fingerprint.compare(&self.keyed.fingerprint) != Comparison::Other
    }

    fn count(&self, asked: AskedOf, answer: &store::Answer, x: &mut Exchange<'_>) {
        let name = self.plan.store.name.as_str();
        let took = x.now().duration_since(asked.since).unwrap_or_default();
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        x.record(&metrics::STORE_TIME, &[name, asked.name], took);
        if let Store::Local(local) = self.store() {
            let evicted = local.take_evicted();
            if evicted > 0 {
                x.record(&metrics::EVICTIONS, &[name], evicted.into());
            }
        }
        if let (store::Answer::Replaced(_), Some((head, octets))) = (answer, &self.written)
            && head.state == State::Done
        {
            x.record(&metrics::KEPT_BYTES, &[name], octets.len() as u64);
        }
    }
}

/// The label of a command.
fn name(ask: &machine::Ask) -> &'static str {
    match ask {
        machine::Ask::Claim { .. } => "claim",
        machine::Ask::Replace { .. } => "end",
        machine::Ask::Release { .. } => "release",
    }
}
