//! Carries out what the machine decides about one keyed request.

use kit::body::{Access, Body, BodyNeed, Size};
use kit::call::{CallId, CallResult};
use kit::exchange::Exchange;
use kit::filter::Flow;

use super::dialogue::Dialogue;
use super::request::{Asked, Keyed};
use super::response::{self, Framing};
use super::{reply, tell_outcome, tell_refusal};
use crate::machine::{
    Content, Effect, Ending, Event, Machine, Occurrence, Origin, ResponseHead, Step, Verdict,
};
use crate::record::{Capture, CaptureTerms, NotKept};
use crate::refusal::Reason;
use crate::store::Token;
use crate::{facts, fields, machine, metrics};

/// One keyed request.
pub(super) struct Guarding {
    asked: Asked,
    machine: Machine,
    dialogue: Dialogue,
    /// The answer, as far as it is taken down.
    capture: Option<Capture>,
    capture_terms: CaptureTerms,
    framing: Framing,
    /// Whether the request has been let go, or answered.
    decided: bool,
    /// Whether it goes without a claim, because the store is in trouble.
    unguarded: bool,
}

impl Guarding {
    pub(super) fn new(asked: Asked, keyed: Keyed, x: &Exchange<'_>) -> Self {
        let finished = asked.finished();
        let mut capture_terms = asked.plan.capture.clone();
        // What cannot be given again need not be kept.
        capture_terms.body &= finished == machine::Finished::Replay;
        Self {
            machine: Machine::new(machine::Keyed {
                token: Token(x.random()),
                fingerprint: keyed.fingerprint,
                finished,
            }),
            dialogue: Dialogue::new(keyed, &asked, finished),
            capture: None,
            capture_terms,
            framing: Framing::Plain,
            decided: false,
            unguarded: false,
            asked,
        }
    }

    /// Lets the machine know what has happened; the last decision counts. Where nothing has, what is
    /// held stays held.
    pub(super) fn on(
        &mut self,
        events: impl IntoIterator<Item = Event>,
        x: &mut Exchange<'_>,
    ) -> Flow {
        let mut verdict = self.machine.verdict();
        for event in events {
            let step = self.machine.on(event, &self.asked.plan.terms, x.now());
            verdict = self.carry_out(step, x);
        }
        if self.machine.is_silent() {
            self.dialogue.forget_written();
        }
        if !self.machine.is_capturing() {
            self.capture = None;
        }
        self.flow(verdict, x)
    }

    /// The store has answered a call.
    pub(super) fn store_called(
        &mut self,
        id: CallId,
        result: CallResult,
        x: &mut Exchange<'_>,
    ) -> Flow {
        let answer = self.dialogue.called(id, result, x);
        self.on(answer, x)
    }

    /// The head of the response has come.
    pub(super) fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        if self.unguarded
            && self.asked.plan.terms.is_enforced()
            && let Some(headers) = x.headers_mut()
        {
            headers.set(fields::IDEMPOTENCY, fields::UNGUARDED);
        }
        if self.machine.is_silent() {
            return Flow::Continue;
        }
        let (origin, framing) = response::origin(self.asked.client.protocol, x);
        let content = response::content(&framing, x);
        self.framing = framing;
        let not_kept = match origin {
            Origin::Upstream(_) => self.start_capture(x),
            Origin::AfterSend | Origin::NeverSent => None,
        };
        let head = |content| Event::ResponseHead(ResponseHead { origin, content });
        if !matches!(content, Content::None) {
            x.need_body(BodyNeed {
                access: Access::Tee,
                replaces: false,
            });
        }
        let Some(why) = not_kept else {
            return self.on([head(content)], x);
        };
        let lost = Event::NotCaptured(why);
        match content {
            // That it is not kept has to be known before its end.
            Content::None => {
                let end = Event::ResponseBody {
                    octets: 0,
                    is_last: true,
                };
                self.on([head(Content::UntilEnd), lost, end], x)
            }
            _ => self.on([head(content), lost], x),
        }
    }

    /// A part of the response's content has come.
    pub(super) fn response_body(&mut self, body: &Body, x: &mut Exchange<'_>) -> Flow {
        let mut not_kept = None;
        if let Some(capture) = &mut self.capture {
            capture.part(body.bytes());
            not_kept = capture.not_kept();
        }
        let lost = not_kept.map(Event::NotCaptured);
        let is_last = body.size() == Size::Last;
        let part = self.framing.part(body.bytes(), is_last);
        self.on(lost.into_iter().chain(part.into_iter().flatten()), x)
    }

    /// The trailers of the response have come.
    pub(super) fn response_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        if !matches!(self.framing, Framing::Grpc) {
            return self.on([], x);
        }
        let grpc_status = response::grpc_status(x.trailers());
        self.on([Event::ResponseTrailers { grpc_status }], x)
    }

    /// Takes down the head of an answer; says why it cannot be kept, if that is known already.
    fn start_capture(&mut self, x: &Exchange<'_>) -> Option<NotKept> {
        let sealing = self.asked.plan.sealing.as_ref();
        if sealing.is_some_and(|keys| !keys.can_seal()) {
            return Some(NotKept::NoKey);
        }
        let capture = Capture::start(x.headers(), &self.capture_terms);
        let not_kept = capture.not_kept();
        self.capture = Some(capture);
        not_kept
    }

    /// Carries out a step, and those that follow from it at once.
    fn carry_out(&mut self, mut step: Step, x: &mut Exchange<'_>) -> Verdict {
        loop {
            let mut answer = None;
            for effect in step.effects {
                match effect {
                    Effect::Count(occurrence) => self.tell(occurrence, x),
                    Effect::WakeAfter(after) => x.wake_after(after),
                    Effect::Ask {
                        attempt,
                        ask,
                        outlives,
                    } => {
                        let capture = &mut self.capture;
                        answer = self.dialogue.ask(attempt, ask, outlives, capture, x);
                    }
                }
            }
            let Some(event) = answer else {
                return step.verdict;
            };
            step = self.machine.on(event, &self.asked.plan.terms, x.now());
        }
    }

    fn flow(&mut self, verdict: Verdict, x: &mut Exchange<'_>) -> Flow {
        if verdict == Verdict::Hold {
            return Flow::Wait;
        }
        let was_decided = std::mem::replace(&mut self.decided, true);
        let asked = &self.asked;
        match verdict {
            Verdict::Refuse(refusal) => reply(Reason::KeyLife(refusal), &asked.plan, &asked.client),
            Verdict::Replay => {
                if let Some(reply) = self.dialogue.replay(x.now()) {
                    Flow::Reply(Box::new(reply))
                } else {
                    // The machine replays only what was read, so this does not happen.
                    let refusal = machine::Refusal::StoreUnavailable;
                    reply(Reason::KeyLife(refusal), &asked.plan, &asked.client)
                }
            }
            Verdict::Go | Verdict::Hold => {
                if !was_decided {
                    self.let_go(x);
                }
                Flow::Continue
            }
        }
    }

    /// The request goes to the upstream, which is told how.
    fn let_go(&mut self, x: &mut Exchange<'_>) {
        let plan = &self.asked.plan;
        if !plan.terms.is_enforced() {
            return;
        }
        if !self.unguarded && plan.retries.is_none() && !x.headers().contains(fields::IDEMPOTENCY) {
            return;
        }
        let Some(headers) = x.headers_mut() else {
            return;
        };
        if self.unguarded {
            headers.set(fields::IDEMPOTENCY, fields::UNGUARDED);
        } else {
            headers.remove(fields::IDEMPOTENCY);
        }
        if let Some(retries) = plan.retries {
            headers.set(fields::RETRY_ON, fields::NEVER_SENT);
            headers.set(fields::MAX_RETRIES, retries.to_string());
        }
    }

    fn tell(&mut self, occurrence: Occurrence, x: &mut Exchange<'_>) {
        let plan = &self.asked.plan;
        match occurrence {
            Occurrence::Claimed => tell_outcome("claimed", plan, x),
            Occurrence::Replayed if plan.terms.is_enforced() => tell_outcome("replayed", plan, x),
            Occurrence::Replayed => tell_outcome("would_replay", plan, x),
            Occurrence::Refused(refusal) => tell_refusal(Reason::KeyLife(refusal), plan, x),
            Occurrence::Unguarded => {
                self.unguarded = true;
                tell_outcome("unguarded", plan, x);
            }
            Occurrence::Ended(ending) => self.tell_end(end_name(ending), x),
            Occurrence::ClaimLost => {
                x.log(&format!(
                    "treaty: idempotency-keys: a claim of `{}` was somebody else's when its \
                     request had ended: it may have run twice. Raise `claimTtl`.",
                    plan.label
                ));
                self.tell_end("claim_lost", x);
            }
            Occurrence::EndLost(_) => {
                x.log(&format!(
                    "treaty: idempotency-keys: the store `{}` did not take the end of a key of \
                     `{}`: duplicates are told that it is on its way until its claim ends.",
                    plan.store.name, plan.label
                ));
                self.tell_end("end_lost", x);
            }
            Occurrence::ClaimLeft => self.tell_end("claim_left", x),
            Occurrence::StoreFailed(failure) => {
                x.count(
                    &metrics::STORE_FAILURES,
                    &[&plan.store.name, failure.name()],
                );
            }
        }
    }

    fn tell_end(&self, end: &str, x: &mut Exchange<'_>) {
        x.tell(&facts::END, end);
        x.count(&metrics::ENDS, &[&self.asked.plan.label, end]);
    }
}

/// How a key ended, for metrics.
fn end_name(ending: Ending) -> &'static str {
    match ending {
        Ending::Kept => "kept",
        Ending::NotKept(why) => why.name(),
        Ending::Unknown => "unknown",
        Ending::Released => "released",
    }
}
