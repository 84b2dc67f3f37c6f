//! Each transition on its own. That the promises hold in every order is for `model`.

use std::time::{Duration, SystemTime};

use kit::policy::Mode;

use super::*;
use crate::fingerprint::Fingerprint;
use crate::record::{Head, NotKept, State};
use crate::store::{Failure, Fence};

const FENCE: Fence = Fence::Revision(7);
const REST: Duration = Duration::from_millis(250);

fn terms() -> Terms {
    Terms {
        mode: Mode::Enforce,
        revision: 9,
        claim_ttl: seconds(30),
        retention: seconds(86_400),
        unknown_for: seconds(86_400),
        on_claim_expired: OnClaimExpired::Unknown,
        store_trouble: StoreTrouble::Closed,
        wait_for_first: None,
        endings: Endings {
            success: Ending::Kept,
            redirection: Ending::Kept,
            client_error: Ending::Kept,
            server_error: Ending::Unknown,
            statuses: vec![(429, Ending::Released)],
        },
        tries: Tries {
            background: 2,
            rest: REST,
        },
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Fingerprints of the same parts.
fn fingerprint(octet: u8) -> Fingerprint {
    let mut octets = [0; 32];
    octets[31] = octet;
    Fingerprint(octets)
}

fn keyed() -> Keyed {
    Keyed {
        token: Token(1),
        fingerprint: fingerprint(1),
        finished: Finished::Replay,
    }
}

/// A machine and what it has asked for.
struct Bench {
    machine: Machine,
    terms: Terms,
    now: SystemTime,
    last: Step,
}

impl Bench {
    fn new(terms: Terms) -> Self {
        Self::of(keyed(), terms)
    }

    fn of(keyed: Keyed, terms: Terms) -> Self {
        let mut bench = Self {
            machine: Machine::new(keyed),
            terms,
            now: SystemTime::UNIX_EPOCH + seconds(1_000),
            last: Step::just(Verdict::Hold),
        };
        bench.on(Event::Keyed);
        bench
    }

    /// A bench whose request has been let go.
    fn owning(terms: Terms) -> Self {
        let mut bench = Self::new(terms);
        bench.answer(StoreAnswer::Claimed(FENCE));
        bench
    }

    fn on(&mut self, event: Event) -> Verdict {
        self.last = self.machine.on(event, &self.terms, self.now);
        self.last.verdict
    }

    /// The store answers the command that is out.
    fn answer(&mut self, answer: StoreAnswer) -> Verdict {
        let attempt = self.machine.attempt;
        self.on(Event::Store { attempt, answer })
    }

    fn fail(&mut self, failure: Failure) -> Verdict {
        self.answer(StoreAnswer::Failed(failure))
    }

    fn head(&mut self, origin: Origin, content: Content) -> Verdict {
        self.on(Event::ResponseHead(ResponseHead { origin, content }))
    }

    fn status(&mut self, status: u16) -> Verdict {
        self.head(Origin::Upstream(Status::Http(status)), Content::UntilEnd)
    }

    fn part(&mut self, octets: u64, is_last: bool) -> Verdict {
        self.on(Event::ResponseBody { octets, is_last })
    }

    fn ask(&self) -> Option<(Ask, bool)> {
        self.last.effects.iter().find_map(|effect| match effect {
            Effect::Ask { ask, outlives, .. } => Some((*ask, *outlives)),
            _ => None,
        })
    }

    /// The state that the last step writes.
    fn written(&self) -> Option<State> {
        match self.ask() {
            Some((Ask::Replace { head, .. }, _)) => Some(head.state),
            _ => None,
        }
    }

    fn releases(&self) -> bool {
        matches!(self.ask(), Some((Ask::Release { .. }, _)))
    }

    fn counts(&self, occurrence: Occurrence) -> bool {
        self.last.effects.contains(&Effect::Count(occurrence))
    }

    fn wakes_after(&self) -> Option<Duration> {
        self.last.effects.iter().find_map(|effect| match effect {
            Effect::WakeAfter(after) => Some(*after),
            _ => None,
        })
    }

    fn other(&self, state: State) -> Head {
        Head {
            state,
            token: Token(2),
            fingerprint: keyed().fingerprint,
            created: self.now,
            claim_ends: self.now + seconds(30),
            finished: (state != State::InFlight).then_some(self.now),
            expires: self.now + seconds(86_400),
            revision: 1,
        }
    }
}

fn waiting() -> Terms {
    Terms {
        wait_for_first: Some(WaitForFirst {
            limit: seconds(2),
            every: seconds(1),
        }),
        ..terms()
    }
}

fn open() -> Terms {
    Terms {
        store_trouble: StoreTrouble::Open,
        ..terms()
    }
}

fn report() -> Terms {
    Terms {
        mode: Mode::Report,
        ..terms()
    }
}

#[test]
fn a_request_is_held_until_its_claim_is_confirmed() {
    let mut bench = Bench::new(terms());
    assert_eq!(bench.last.verdict, Verdict::Hold);
    let Some((Ask::Claim { head, ttl }, outlives)) = bench.ask() else {
        panic!("no claim");
    };
    assert_eq!(head.state, State::InFlight);
    assert_eq!(head.claim_ends, bench.now + seconds(30));
    assert_eq!((ttl, outlives), (seconds(86_400), false));
    assert_eq!(bench.answer(StoreAnswer::Claimed(FENCE)), Verdict::Go);
    assert!(bench.counts(Occurrence::Claimed));
}

#[test]
fn the_store_forgets_a_claim_only_where_expiry_frees_the_key() {
    let bench = Bench::new(Terms {
        on_claim_expired: OnClaimExpired::Reexecute,
        ..terms()
    });
    assert!(matches!(bench.ask(), Some((Ask::Claim { ttl, .. }, _)) if ttl == seconds(30)));
}

#[test]
fn a_finished_key_is_replayed() {
    let mut bench = Bench::new(terms());
    let record = bench.other(State::Done);
    assert_eq!(bench.answer(StoreAnswer::Exists(record)), Verdict::Replay);
    assert!(bench.machine.is_silent());
}

#[test]
fn a_finished_key_is_refused_where_its_answer_cannot_be_given_again() {
    let grpc = Keyed {
        finished: Finished::Refuse,
        ..keyed()
    };
    let mut bench = Bench::of(grpc, terms());
    let record = bench.other(State::Done);
    let verdict = bench.answer(StoreAnswer::Exists(record));
    assert_eq!(verdict, Verdict::Refuse(Refusal::AlreadyDone));
}

#[test]
fn each_state_has_its_own_refusal() {
    for (state, refusal) in [
        (State::InFlight, Refusal::InFlight),
        (State::NotKept(NotKept::Status), Refusal::NotKept),
        (State::Unknown, Refusal::OutcomeUnknown),
    ] {
        let mut bench = Bench::new(terms());
        let record = bench.other(state);
        let verdict = bench.answer(StoreAnswer::Exists(record));
        assert_eq!(verdict, Verdict::Refuse(refusal));
        assert!(bench.counts(Occurrence::Refused(refusal)));
    }
}

#[test]
fn another_fingerprint_is_a_mismatch_in_every_state() {
    for state in [State::InFlight, State::Done, State::Unknown] {
        let mut bench = Bench::new(waiting());
        let record = Head {
            fingerprint: fingerprint(2),
            ..bench.other(state)
        };
        let verdict = bench.answer(StoreAnswer::Exists(record));
        assert_eq!(verdict, Verdict::Refuse(Refusal::Mismatch));
    }
}

#[test]
fn a_claim_past_its_time_is_an_unknown_outcome_unless_expiry_frees_the_key() {
    for (on_claim_expired, refusal) in [
        (OnClaimExpired::Unknown, Refusal::OutcomeUnknown),
        (OnClaimExpired::Reexecute, Refusal::InFlight),
    ] {
        let mut bench = Bench::new(Terms {
            on_claim_expired,
            ..terms()
        });
        let record = Head {
            claim_ends: bench.now,
            ..bench.other(State::InFlight)
        };
        let verdict = bench.answer(StoreAnswer::Exists(record));
        assert_eq!(verdict, Verdict::Refuse(refusal));
    }
}

#[test]
fn a_duplicate_waits_up_to_its_limit_and_looks_a_last_time_at_it() {
    let mut bench = Bench::new(waiting());
    let record = bench.other(State::InFlight);
    for _ in 0..2 {
        assert_eq!(bench.answer(StoreAnswer::Exists(record)), Verdict::Hold);
        assert_eq!(bench.wakes_after(), Some(seconds(1)));
        bench.now += seconds(1);
        assert_eq!(bench.on(Event::Timer), Verdict::Hold);
        assert!(matches!(bench.ask(), Some((Ask::Claim { .. }, false))));
    }
    let verdict = bench.answer(StoreAnswer::Exists(record));
    assert_eq!(verdict, Verdict::Refuse(Refusal::InFlight));
}

#[test]
fn a_duplicate_that_waits_takes_over_a_key_that_was_freed() {
    let mut bench = Bench::new(waiting());
    let record = bench.other(State::InFlight);
    bench.answer(StoreAnswer::Exists(record));
    bench.on(Event::Timer);
    assert_eq!(bench.answer(StoreAnswer::Claimed(FENCE)), Verdict::Go);
}

#[test]
fn a_duplicate_that_waits_wants_nothing_more_when_its_client_leaves() {
    let mut bench = Bench::new(waiting());
    let record = bench.other(State::InFlight);
    bench.answer(StoreAnswer::Exists(record));
    bench.on(Event::End);
    assert!(bench.machine.is_silent());
}

#[test]
fn a_closed_policy_refuses_while_the_store_is_in_trouble() {
    let mut bench = Bench::new(terms());
    let verdict = bench.fail(Failure::NotSent);
    assert_eq!(verdict, Verdict::Refuse(Refusal::StoreUnavailable));
    assert!(bench.counts(Occurrence::StoreFailed(Failure::NotSent)));
    assert!(bench.machine.is_silent());
}

#[test]
fn an_open_policy_lets_a_request_go_without_a_guard() {
    let mut bench = Bench::new(open());
    assert_eq!(bench.fail(Failure::TimedOut), Verdict::Go);
    assert!(bench.counts(Occurrence::Unguarded));
    bench.status(201);
    assert_eq!(bench.part(3, true), Verdict::Go);
    assert_eq!(bench.ask(), None);
}

#[test]
fn an_open_policy_never_lets_a_known_duplicate_go() {
    let mut bench = Bench::new(Terms {
        store_trouble: StoreTrouble::Open,
        ..waiting()
    });
    let record = bench.other(State::InFlight);
    bench.answer(StoreAnswer::Exists(record));
    bench.on(Event::Timer);
    let verdict = bench.fail(Failure::NotSent);
    assert_eq!(verdict, Verdict::Refuse(Refusal::InFlight));
}

#[test]
fn a_claim_that_may_stand_for_a_refused_request_is_taken_back() {
    let mut bench = Bench::new(terms());
    let verdict = bench.fail(Failure::TimedOut);
    assert_eq!(verdict, Verdict::Refuse(Refusal::StoreUnavailable));
    assert_eq!(bench.wakes_after(), Some(REST));
    bench.on(Event::End);
    assert_eq!(
        bench.wakes_after(),
        Some(REST),
        "timers end with the exchange"
    );
    bench.on(Event::Timer);
    assert!(matches!(bench.ask(), Some((Ask::Claim { .. }, true))));
    bench.answer(StoreAnswer::Claimed(FENCE));
    assert!(bench.releases());
    bench.answer(StoreAnswer::Released);
    assert!(bench.machine.is_silent());
}

#[test]
fn taking_a_claim_back_is_given_up_after_its_tries() {
    let mut bench = Bench::new(terms());
    bench.fail(Failure::TimedOut);
    bench.on(Event::Timer);
    bench.fail(Failure::TimedOut);
    assert_eq!(bench.wakes_after(), Some(REST * 2));
    bench.on(Event::Timer);
    bench.fail(Failure::NotSent);
    assert!(bench.counts(Occurrence::ClaimLeft));
    assert!(bench.machine.is_silent());
}

#[test]
fn a_claim_whose_client_has_gone_is_taken_back_at_once() {
    let mut bench = Bench::new(terms());
    bench.on(Event::End);
    assert!(matches!(bench.ask(), Some((Ask::Claim { .. }, true))));
    bench.answer(StoreAnswer::Claimed(FENCE));
    assert!(bench.releases());
}

#[test]
fn a_request_that_is_answered_while_it_is_held_frees_its_key() {
    let mut bench = Bench::new(terms());
    assert_eq!(bench.head(Origin::NeverSent, Content::None), Verdict::Go);
    bench.answer(StoreAnswer::Claimed(FENCE));
    assert!(bench.releases());
}

#[test]
fn the_last_part_waits_for_the_store() {
    let mut bench = Bench::owning(terms());
    assert_eq!(bench.status(201), Verdict::Go);
    assert_eq!(bench.part(3, false), Verdict::Go);
    assert_eq!(bench.part(3, true), Verdict::Hold);
    assert_eq!(bench.written(), Some(State::Done));
    assert!(bench.machine.is_capturing());
    assert_eq!(bench.answer(StoreAnswer::Replaced), Verdict::Go);
    assert!(bench.counts(Occurrence::Ended(Ending::Kept)));
    assert!(bench.machine.is_silent());
}

#[test]
fn a_content_with_a_length_is_over_with_its_last_octet() {
    let mut bench = Bench::owning(terms());
    let origin = Origin::Upstream(Status::Http(201));
    bench.head(origin, Content::Octets(6));
    assert_eq!(bench.part(5, false), Verdict::Go);
    assert_eq!(bench.part(1, false), Verdict::Hold);
    assert_eq!(bench.written(), Some(State::Done));
    assert_eq!(bench.part(0, true), Verdict::Hold);
    assert_eq!(bench.ask(), None, "it is written once");
    assert_eq!(bench.answer(StoreAnswer::Replaced), Verdict::Go);
}

#[test]
fn a_head_that_is_all_waits_itself() {
    for content in [Content::None, Content::Octets(0)] {
        let mut bench = Bench::owning(terms());
        let origin = Origin::Upstream(Status::Http(204));
        assert_eq!(bench.head(origin, content), Verdict::Hold);
        assert_eq!(bench.written(), Some(State::Done));
    }
}

#[test]
fn an_endless_answer_is_not_kept_and_not_held() {
    let mut bench = Bench::owning(terms());
    let origin = Origin::Upstream(Status::Http(200));
    assert_eq!(bench.head(origin, Content::Endless), Verdict::Go);
    assert_eq!(bench.written(), Some(State::NotKept(NotKept::Endless)));
    assert!(!bench.machine.is_capturing());
}

#[test]
fn a_status_ends_the_key_as_the_policy_says() {
    for (status, state) in [
        (200, Some(State::Done)),
        (302, Some(State::Done)),
        (404, Some(State::Done)),
        (503, Some(State::Unknown)),
        (429, None),
        (700, Some(State::Unknown)),
    ] {
        let mut bench = Bench::owning(terms());
        bench.status(status);
        bench.part(0, true);
        assert_eq!(bench.written(), state, "{status}");
        assert_eq!(bench.releases(), state.is_none(), "{status}");
    }
}

#[test]
fn grpc_tells_its_status_in_trailers() {
    for (code, state) in [
        (Some(0), State::Done),
        (Some(3), State::Done),
        (Some(14), State::Unknown),
        (Some(10), State::Unknown),
        (None, State::Unknown),
    ] {
        let mut bench = Bench::owning(terms());
        let origin = Origin::Upstream(Status::GrpcInTrailers);
        bench.head(origin, Content::UntilEnd);
        assert_eq!(bench.part(9, false), Verdict::Go);
        let trailers = Event::ResponseTrailers { grpc_status: code };
        assert_eq!(bench.on(trailers), Verdict::Hold);
        assert_eq!(bench.written(), Some(state), "{code:?}");
    }
}

#[test]
fn a_local_reply_frees_the_key_only_if_nothing_was_sent() {
    let mut bench = Bench::owning(terms());
    bench.head(Origin::NeverSent, Content::None);
    assert!(bench.releases());
    let mut bench = Bench::owning(terms());
    bench.head(Origin::AfterSend, Content::None);
    assert_eq!(bench.written(), Some(State::Unknown));
}

#[test]
fn what_ends_before_its_answer_is_over_is_unknown() {
    let mut bench = Bench::owning(terms());
    bench.on(Event::End);
    assert_eq!(bench.written(), Some(State::Unknown));
    let mut bench = Bench::owning(terms());
    bench.status(201);
    bench.part(3, false);
    bench.on(Event::End);
    assert_eq!(bench.written(), Some(State::Unknown));
    assert!(
        matches!(bench.ask(), Some((_, true))),
        "nobody is there to wait"
    );
}

#[test]
fn a_client_that_leaves_during_the_last_write_has_it_written_again_as_it_was() {
    let mut bench = Bench::owning(terms());
    bench.status(201);
    bench.part(3, true);
    let first = bench.ask();
    bench.now += seconds(1);
    bench.on(Event::End);
    let (ask, outlives) = bench.ask().unwrap();
    assert_eq!(Some((ask, false)), first, "the same write");
    assert!(outlives);
}

#[test]
fn an_end_that_fails_lets_the_answer_go_and_is_tried_again() {
    let mut bench = Bench::owning(terms());
    bench.status(201);
    bench.part(3, true);
    assert_eq!(bench.fail(Failure::TimedOut), Verdict::Go);
    assert_eq!(bench.wakes_after(), Some(REST));
    bench.on(Event::Timer);
    assert_eq!(bench.written(), Some(State::Done));
    bench.fail(Failure::Unready);
    assert_eq!(bench.wakes_after(), Some(REST * 2));
    bench.on(Event::Timer);
    bench.fail(Failure::Unready);
    assert!(bench.counts(Occurrence::EndLost(Ending::Kept)));
    assert!(bench.machine.is_silent());
}

#[test]
fn an_answer_that_the_store_has_no_room_for_is_not_kept() {
    for failure in [Failure::TooLarge, Failure::Full] {
        let mut bench = Bench::owning(terms());
        bench.status(201);
        bench.part(3, true);
        assert_eq!(bench.fail(failure), Verdict::Hold);
        assert_eq!(bench.written(), Some(State::NotKept(NotKept::TooLarge)));
        assert!(!bench.machine.is_capturing());
    }
}

#[test]
fn a_claim_that_another_request_has_now_is_counted_as_lost() {
    let mut bench = Bench::owning(terms());
    bench.status(201);
    bench.part(3, true);
    assert_eq!(bench.answer(StoreAnswer::Lost), Verdict::Go);
    assert!(bench.counts(Occurrence::ClaimLost));
}

#[test]
fn a_release_that_is_repeated_after_another_claim_has_lost_nothing() {
    let mut bench = Bench::owning(terms());
    bench.head(Origin::NeverSent, Content::None);
    bench.fail(Failure::TimedOut);
    bench.on(Event::Timer);
    bench.answer(StoreAnswer::Lost);
    assert!(bench.counts(Occurrence::Ended(Ending::Released)));
}

#[test]
fn an_answer_to_an_earlier_command_is_ignored() {
    let mut bench = Bench::new(terms());
    let early = Event::Store {
        attempt: Attempt(0),
        answer: StoreAnswer::Claimed(FENCE),
    };
    assert_eq!(bench.on(early), Verdict::Hold);
    assert_eq!(bench.answer(StoreAnswer::Claimed(FENCE)), Verdict::Go);
}

#[test]
fn an_answer_to_another_kind_of_command_is_trouble() {
    let mut bench = Bench::new(terms());
    let verdict = bench.answer(StoreAnswer::Replaced);
    assert_eq!(verdict, Verdict::Refuse(Refusal::StoreUnavailable));
}

#[test]
fn report_mode_claims_and_keeps_without_a_wait() {
    let mut bench = Bench::new(report());
    assert_eq!(bench.last.verdict, Verdict::Go);
    assert!(matches!(bench.ask(), Some((Ask::Claim { .. }, true))));
    bench.status(201);
    assert_eq!(bench.part(3, true), Verdict::Go);
    assert!(bench.machine.is_capturing());
    bench.on(Event::End);
    bench.answer(StoreAnswer::Claimed(FENCE));
    assert_eq!(
        bench.written(),
        Some(State::Done),
        "what ended before the claim"
    );
}

#[test]
fn report_mode_counts_what_it_would_have_done() {
    for (state, occurrence) in [
        (State::Done, Occurrence::Replayed),
        (State::InFlight, Occurrence::Refused(Refusal::InFlight)),
        (State::Unknown, Occurrence::Refused(Refusal::OutcomeUnknown)),
    ] {
        let mut bench = Bench::new(report());
        let record = bench.other(state);
        assert_eq!(bench.answer(StoreAnswer::Exists(record)), Verdict::Go);
        assert!(bench.counts(occurrence));
    }
    let mut bench = Bench::new(report());
    assert_eq!(bench.fail(Failure::TimedOut), Verdict::Go);
    assert!(bench.counts(Occurrence::Refused(Refusal::StoreUnavailable)));
}

#[test]
fn what_cannot_be_compared_is_the_same_request() {
    let mut bench = Bench::new(terms());
    let record = Head {
        fingerprint: Fingerprint([8; 32]),
        ..bench.other(State::Done)
    };
    assert_eq!(bench.answer(StoreAnswer::Exists(record)), Verdict::Replay);
}

#[test]
fn an_answer_that_cannot_be_taken_down_is_not_kept() {
    let mut bench = Bench::owning(terms());
    bench.status(201);
    assert!(bench.machine.is_capturing());
    bench.part(3, false);
    bench.on(Event::NotCaptured(NotKept::NoKey));
    assert!(!bench.machine.is_capturing());
    assert_eq!(bench.part(3, true), Verdict::Hold);
    assert_eq!(bench.written(), Some(State::NotKept(NotKept::NoKey)));
}

#[test]
fn a_record_that_cannot_be_read_lets_nothing_go() {
    for terms in [terms(), open()] {
        let mut bench = Bench::new(terms);
        let verdict = bench.answer(StoreAnswer::Unreadable);
        assert_eq!(verdict, Verdict::Refuse(Refusal::StoreUnavailable));
        assert!(bench.machine.is_silent(), "there is nothing to take back");
    }
}

#[test]
fn a_repeated_write_that_finds_another_owner_has_lost_its_claim() {
    let mut bench = Bench::owning(terms());
    bench.status(201);
    bench.part(3, true);
    bench.fail(Failure::TimedOut);
    bench.on(Event::Timer);
    bench.answer(StoreAnswer::Lost);
    assert!(bench.counts(Occurrence::ClaimLost));
}
