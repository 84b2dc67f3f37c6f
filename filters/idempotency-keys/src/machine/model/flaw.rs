//! Designs that are known to be wrong, as changes at the machine's border.

use crate::machine::{Ask, Effect, Event, Keyed, Origin, Step, StoreAnswer, Verdict};
use crate::record::{Head, State};

/// A rule that is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Flaw {
    /// No rule is broken.
    None,
    /// A client that goes away frees its key.
    ReleasesWhenClientIsGone,
    /// Any answer that the proxy makes frees the key.
    ReleasesOnLocalReply,
    /// The record is written whoever owns the claim.
    WritesWithoutFence,
    /// The key is read, and then claimed in a second step.
    ClaimsInTwoSteps,
    /// The last part of an answer goes on before the store has confirmed.
    LetsTheLastPartGo,
    /// The store forgets a claim when its time is over, though its outcome is unknown then.
    ForgetsClaims,
    /// A claim that is repeated is not known again.
    ForgetsTokens,
    /// A request goes when its claim was not answered.
    GoesWithoutAnswer,
    /// A duplicate is answered without a look at what it asks.
    IgnoresFingerprints,
    /// A duplicate gets an answer also where the record is not done.
    ReplaysWhatIsNotDone,
    /// A command that is repeated ends the key in another way than before.
    ChangesItsMind,
    /// Report mode holds requests.
    HoldsInReport,
}

impl Flaw {
    /// The event, as a machine with this flaw takes it.
    pub(super) fn distort_event(self, event: Event, own: Keyed) -> Event {
        match (self, event) {
            (Self::ReleasesOnLocalReply, Event::ResponseHead(mut head)) => {
                if head.origin == Origin::AfterSend {
                    head.origin = Origin::NeverSent;
                }
                Event::ResponseHead(head)
            }
            (Self::ReplaysWhatIsNotDone, Event::Store { attempt, answer }) => Event::Store {
                attempt,
                answer: map_record(answer, |head| head.state = State::Done),
            },
            (Self::IgnoresFingerprints, Event::Store { attempt, answer }) => Event::Store {
                attempt,
                answer: map_record(answer, |head| head.fingerprint = own.fingerprint),
            },
            (_, event) => event,
        }
    }

    /// The step, as a machine with this flaw takes it.
    pub(super) fn distort_step(self, event: Event, mut step: Step) -> Step {
        let is_last = matches!(event, Event::ResponseBody { is_last: true, .. });
        match self {
            Self::LetsTheLastPartGo if is_last => step.verdict = Verdict::Go,
            Self::HoldsInReport if event == Event::Keyed => step.verdict = Verdict::Hold,
            Self::GoesWithoutAnswer if matches!(step.verdict, Verdict::Refuse(_)) => {
                if let Event::Store { answer, .. } = event
                    && matches!(answer, StoreAnswer::Failed(_))
                {
                    step.verdict = Verdict::Go;
                }
            }
            _ => {}
        }
        for effect in &mut step.effects {
            if let Effect::Ask { ask, .. } = effect {
                *ask = self.distort_ask(event, *ask);
            }
        }
        step
    }

    fn distort_ask(self, event: Event, ask: Ask) -> Ask {
        match (self, ask) {
            (Self::ReleasesWhenClientIsGone, Ask::Replace { fence, head, .. })
                if event == Event::End && head.state == State::Unknown =>
            {
                Ask::Release { fence }
            }
            (Self::ChangesItsMind, Ask::Replace { fence, .. }) if event == Event::Timer => {
                Ask::Release { fence }
            }
            (Self::ForgetsClaims, Ask::Claim { head, .. }) => Ask::Claim {
                head,
                ttl: head
                    .claim_ends
                    .duration_since(head.created)
                    .unwrap_or_default(),
            },
            (_, ask) => ask,
        }
    }
}

fn map_record(answer: StoreAnswer, change: impl FnOnce(&mut Head)) -> StoreAnswer {
    match answer {
        StoreAnswer::Exists(mut head) => {
            change(&mut head);
            StoreAnswer::Exists(head)
        }
        other => other,
    }
}
