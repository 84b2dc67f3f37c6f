//! What holds in every order of events, and what is caught when a rule is broken.

use std::time::Duration;

use kit::policy::Mode;

use super::explore::{Counterexample, explore};
use super::flaw::Flaw;
use super::promise::Broken;
use super::store::Fencing;
use super::world::Setup;
use crate::machine::{Ending, Endings, OnClaimExpired, StoreTrouble, Terms, Tries, WaitForFirst};

const CLAIM_TTL: u64 = 10;
const RETENTION: u64 = 100;

fn terms() -> Terms {
    Terms {
        mode: Mode::Enforce,
        revision: 1,
        claim_ttl: Duration::from_secs(CLAIM_TTL),
        retention: Duration::from_secs(RETENTION),
        unknown_for: Duration::from_secs(RETENTION),
        on_claim_expired: OnClaimExpired::Unknown,
        store_trouble: StoreTrouble::Closed,
        wait_for_first: None,
        endings: Endings {
            success: Ending::Kept,
            redirection: Ending::Kept,
            client_error: Ending::Kept,
            server_error: Ending::Unknown,
            statuses: Vec::new(),
        },
        tries: Tries {
            background: 3,
            rest: Duration::ZERO,
        },
    }
}

fn waiting(terms: Terms) -> Terms {
    let wait = WaitForFirst {
        limit: Duration::from_secs(2),
        every: Duration::from_secs(1),
    };
    Terms {
        wait_for_first: Some(wait),
        ..terms
    }
}

fn reexecuting(terms: Terms) -> Terms {
    Terms {
        on_claim_expired: OnClaimExpired::Reexecute,
        ..terms
    }
}

/// Two requests, and nothing goes wrong but what clients, upstreams and orders of events do.
fn calm() -> Setup {
    Setup {
        terms: terms(),
        requests: 2,
        last_differs: false,
        fencing: Fencing::Revision,
        content: 2,
        is_announced: false,
        repeats_claims: false,
        faults: 0,
        aborts: None,
        crashes: 0,
        jumps: 0,
        spans: vec![CLAIM_TTL + 1, RETENTION + 1],
        flaw: Flaw::None,
    }
}

fn with_fault() -> Setup {
    Setup {
        faults: 1,
        ..calm()
    }
}

fn with_crash() -> Setup {
    Setup {
        crashes: 1,
        ..calm()
    }
}

fn with_jump() -> Setup {
    Setup { jumps: 1, ..calm() }
}

fn by_token(setup: Setup) -> Setup {
    Setup {
        fencing: Fencing::Token,
        ..setup
    }
}

fn under(terms: Terms, setup: Setup) -> Setup {
    Setup { terms, ..setup }
}

/// Holds that no promise is broken in any order of events.
#[allow(
    clippy::print_stdout,
    reason = "The numbers are what a run is judged by."
)]
fn holds(name: &str, setups: impl IntoIterator<Item = Setup>) {
    let mut states = 0;
    for (number, setup) in setups.into_iter().enumerate() {
        match explore(&setup) {
            Ok(explored) => {
                assert!(
                    explored.at_rest > 0,
                    "{name} {number}: nothing comes to rest"
                );
                states += explored.states;
            }
            Err(Counterexample { broken, actions }) => {
                panic!("{name} {number}: {broken:?} after {actions:#?}")
            }
        }
    }
    println!("{name}: {states} states");
}

/// Holds that a broken rule breaks this promise. That the same setup holds without the flaw is shown
/// by the tests above.
fn is_caught(flaw: Flaw, setup: Setup, broken: Broken) {
    let found = explore(&Setup { flaw, ..setup });
    let found = found.expect_err("it is not caught");
    assert_eq!(found.broken, broken, "{:#?}", found.actions);
}

#[test]
fn one_runs_whatever_clients_and_upstreams_do() {
    let announced = Setup {
        is_announced: true,
        ..calm()
    };
    let waiting = under(waiting(terms()), calm());
    holds("calm", [calm(), by_token(calm()), announced, waiting]);
}

#[test]
fn one_runs_when_a_command_is_lost_or_late() {
    holds("faults", [with_fault(), by_token(with_fault())]);
}

#[test]
fn one_runs_when_the_store_repeats_a_claim_by_itself() {
    let repeating = Setup {
        repeats_claims: true,
        ..with_fault()
    };
    holds("repeated claims", [repeating]);
}

#[test]
fn one_runs_when_a_proxy_dies() {
    let reexecuting = under(reexecuting(terms()), with_crash());
    holds("crashes", [with_crash(), reexecuting]);
}

#[test]
fn one_runs_when_the_clock_passes_a_claim_or_a_retention() {
    holds("jumps", [with_jump()]);
}

#[test]
fn one_runs_within_a_claim_where_expiry_frees_the_key() {
    let past_the_claim = Setup {
        spans: vec![CLAIM_TTL + 1],
        ..with_jump()
    };
    holds("reexecute", [under(reexecuting(terms()), past_the_claim)]);
}

#[test]
fn a_duplicate_that_waits_ends_when_a_proxy_dies() {
    holds("waiting", [under(waiting(terms()), with_crash())]);
}

#[test]
fn an_open_policy_runs_one_while_the_store_is_well() {
    let open = Terms {
        store_trouble: StoreTrouble::Open,
        ..terms()
    };
    holds(
        "open",
        [under(open.clone(), with_fault()), under(open, with_crash())],
    );
}

#[test]
fn another_request_under_the_same_key_never_gets_its_answer() {
    let differing = |setup| Setup {
        last_differs: true,
        ..setup
    };
    holds("fingerprints", [differing(calm()), differing(with_crash())]);
}

#[test]
fn report_mode_changes_nothing() {
    let report = Terms {
        mode: Mode::Report,
        ..terms()
    };
    holds(
        "report",
        [
            under(report.clone(), with_fault()),
            under(report, with_crash()),
        ],
    );
}

#[test]
fn three_requests_share_one_run() {
    let three = Setup {
        requests: 3,
        aborts: Some(1),
        ..calm()
    };
    holds("three", [by_token(three)]);
}

#[test]
fn a_machine_that_releases_when_the_client_is_gone_is_caught() {
    is_caught(
        Flaw::ReleasesWhenClientIsGone,
        calm(),
        Broken::TwoExecutions,
    );
}

#[test]
fn a_machine_that_releases_on_a_local_reply_is_caught() {
    is_caught(Flaw::ReleasesOnLocalReply, calm(), Broken::TwoExecutions);
}

#[test]
fn a_store_that_writes_without_a_fence_is_caught() {
    is_caught(
        Flaw::WritesWithoutFence,
        under(reexecuting(terms()), with_jump()),
        Broken::OverwroteAnother,
    );
}

#[test]
fn a_store_that_claims_in_two_steps_is_caught() {
    is_caught(Flaw::ClaimsInTwoSteps, calm(), Broken::TwoExecutions);
}

#[test]
fn a_machine_that_lets_the_last_part_go_is_caught() {
    is_caught(Flaw::LetsTheLastPartGo, calm(), Broken::NotReplayed);
}

#[test]
fn a_machine_that_lets_the_store_forget_claims_is_caught() {
    is_caught(Flaw::ForgetsClaims, with_jump(), Broken::TwoExecutions);
}

#[test]
fn a_machine_that_leaves_claims_behind_is_caught() {
    let mut setup = with_fault();
    setup.terms.tries.background = 0;
    is_caught(Flaw::None, setup, Broken::BarredForNothing);
}

#[test]
fn a_store_that_forgets_tokens_is_caught() {
    let setup = Setup {
        repeats_claims: true,
        ..with_fault()
    };
    is_caught(Flaw::ForgetsTokens, setup, Broken::BarredForNothing);
}

#[test]
fn a_machine_that_goes_without_an_answer_is_caught() {
    is_caught(Flaw::GoesWithoutAnswer, with_fault(), Broken::WithoutClaim);
}

#[test]
fn a_machine_that_ignores_fingerprints_is_caught() {
    let setup = Setup {
        last_differs: true,
        ..calm()
    };
    is_caught(Flaw::IgnoresFingerprints, setup, Broken::OtherAnswer);
}

#[test]
fn a_machine_that_replays_what_is_not_done_is_caught() {
    is_caught(Flaw::ReplaysWhatIsNotDone, calm(), Broken::OtherAnswer);
}

#[test]
fn a_machine_that_changes_its_mind_is_caught() {
    is_caught(Flaw::ChangesItsMind, with_fault(), Broken::TwoExecutions);
}

#[test]
fn a_machine_that_holds_in_report_mode_is_caught() {
    let report = Terms {
        mode: Mode::Report,
        ..terms()
    };
    is_caught(
        Flaw::HoldsInReport,
        under(report, calm()),
        Broken::ReportInterfered,
    );
}

#[test]
#[ignore = "millions of states: some minutes"]
fn one_runs_when_several_things_go_wrong_at_once() {
    let several = |faults, crashes, jumps| Setup {
        faults,
        crashes,
        jumps,
        ..calm()
    };
    holds("waiting", [under(waiting(terms()), with_fault())]);
    let setups = [
        several(2, 0, 0),
        several(1, 1, 0),
        several(1, 0, 1),
        several(0, 1, 1),
    ];
    holds("several", setups.clone());
    holds("several by token", setups.clone().map(by_token));
    holds(
        "several, waiting",
        setups.clone().map(|setup| under(waiting(terms()), setup)),
    );
    holds(
        "several, reexecute",
        setups.map(|setup| under(reexecuting(terms()), setup)),
    );
}

#[test]
#[ignore = "millions of states: some minutes"]
fn three_requests_share_one_run_when_something_goes_wrong() {
    let three = |setup| Setup {
        requests: 3,
        ..by_token(setup)
    };
    holds("three", [three(calm()), three(with_crash())]);
    let one_abort = |setup| Setup {
        aborts: Some(1),
        ..three(setup)
    };
    holds(
        "three, one abort",
        [with_jump(), with_fault()].map(one_abort),
    );
}
