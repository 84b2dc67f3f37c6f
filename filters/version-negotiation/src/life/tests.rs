use std::time::Duration;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn life(declared: Option<State>) -> Life {
    Life {
        declared,
        deprecation: Some(at("2026-02-01T00:00:00Z")),
        sunset: Some(at("2026-03-01T00:00:00Z")),
        ..Life::default()
    }
}

#[test]
fn without_a_state_the_dates_decide() {
    let state = |text: &str| life(None).state(at(text).0);
    assert_eq!(state("2026-01-31T23:59:59Z"), State::Current);
    assert_eq!(state("2026-02-01T00:00:00Z"), State::Deprecated);
    assert_eq!(state("2026-03-01T00:00:00Z"), State::Retired);
}

#[test]
fn a_sunset_that_has_passed_retires_whatever_is_declared() {
    let own = life(Some(State::Deprecated));
    assert_eq!(own.state(at("2026-01-01T00:00:00Z").0), State::Deprecated);
    assert_eq!(own.state(at("2026-03-01T00:00:00Z").0), State::Retired);
    let retired = life(Some(State::Retired));
    assert!(retired.is_gone(at("2026-01-01T00:00:00Z").0));
    let served = Life {
        after_sunset: AfterSunset::Serve,
        ..retired
    };
    assert!(!served.is_gone(at("2026-04-01T00:00:00Z").0));
}

#[test]
fn a_brownout_counts_its_seconds_up() {
    let brownout = Brownout {
        from: at("2026-01-01T00:00:00Z"),
        until: at("2026-01-01T00:01:00Z"),
    };
    let left = |millis: u64| brownout.seconds_left(brownout.from.0 + Duration::from_millis(millis));
    assert_eq!(left(0), 60);
    assert_eq!(left(1), 60);
    assert_eq!(left(59_001), 1);
    assert_eq!(left(60_000), 0);
    assert_eq!(left(90_000), 0);
}
