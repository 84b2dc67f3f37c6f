//! `e2e/docker-compose.yaml`, brought up by Docker and asked from outside: `make compose-test`.
//!
//! - `composed`: what Docker runs, and where it is asked.
//! - `edge`: what the proxy does for its clients.
//! - `watching`: what Prometheus and Grafana have of it.
//!
//! Each check is named by the fact that it holds; they run in this order, because what is watched is
//! what was asked before, and what outlives the proxy is asked for when it has ended.

mod composed;
mod edge;
mod watching;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use composed::Composed;

type Check = (&'static str, fn(&Composed));

const CHECKS: [Check; 14] = [
    (
        "each version of an API has its service",
        edge::versions_are_routed,
    ),
    (
        "a client of the old version is told so",
        edge::the_old_version_is_deprecated,
    ),
    (
        "a version that nobody knows is refused",
        edge::unknown_versions_are_refused,
    ),
    (
        "a call over gRPC goes where its package says",
        edge::grpc_is_routed,
    ),
    (
        "an error in bare text becomes a problem",
        edge::errors_are_translated,
    ),
    (
        "what nobody answers is answered by the catalogue",
        edge::failures_are_degraded,
    ),
    (
        "a request that breaks its contract is told every place",
        edge::violations_are_told,
    ),
    (
        "an answer that breaks its contract is withheld",
        edge::bad_answers_are_withheld,
    ),
    (
        "a payment that is sent twice is charged once",
        edge::duplicates_are_replayed,
    ),
    (
        "the access log says what was called",
        edge::calls_are_logged,
    ),
    (
        "Prometheus has metrics of every filter",
        watching::every_filter_is_counted,
    ),
    ("every rule is evaluated", watching::rules_are_evaluated),
    (
        "every query of the dashboard is answered",
        watching::the_dashboard_is_answered,
    ),
    (
        "the answer to a payment outlives the proxy",
        edge::replays_outlive_the_proxy,
    ),
];

/// Only where there is a Grafana.
const WITH_GRAFANA: [Check; 1] = [(
    "Grafana shows the dashboard, and its data source answers",
    watching::grafana_shows_the_dashboard,
)];

fn main() -> ExitCode {
    let composed = match Composed::up() {
        Ok(composed) => composed,
        Err(reason) => {
            eprintln!("{reason}");
            println!("0 passed, {} failed", CHECKS.len());
            return ExitCode::FAILURE;
        }
    };
    let mut checks = CHECKS.to_vec();
    if composed.grafana.is_some() {
        checks.extend(WITH_GRAFANA);
    } else {
        println!("without Grafana: `cargo test -p e2e --test observability` holds its dashboard");
    }
    let mut failed = 0;
    for (fact, check) in &checks {
        let held = catch_unwind(AssertUnwindSafe(|| check(&composed))).is_ok();
        println!("{} {fact}", if held { "ok    " } else { "FAILED" });
        failed += usize::from(!held);
    }
    if failed > 0 {
        composed.print_logs();
    }
    composed.down();
    println!("{} passed, {failed} failed", checks.len() - failed);
    ExitCode::from(u8::from(failed > 0))
}
