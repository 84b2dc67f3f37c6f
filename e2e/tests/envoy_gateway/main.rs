//! Envoy Gateway without a cluster: what is shipped for it, and cases of every filter, through Envoy
//! Gateway itself and an Envoy that it starts.
//!
//! `make test-envoy-gateway` runs it, in a network of its own. It is no test of cargo's harness,
//! because its checks share one Envoy Gateway: it closes with the line `N passed, N failed`.

mod cases;
mod changes;
mod fresh;
mod manifest;
mod shipped;
mod world;

use std::process::ExitCode;

use e2e::{AccessLog, Report, log_format, slices};
use treaty::case::Case;
use world::World;

/// How many cases of each filter run: each policy is a VM of its own, and a Gateway has at most 64
/// listeners.
const SLICE: usize = 12;

fn main() -> ExitCode {
    let report = Report::default();
    let (slices, mut secrets) = slices("streamed", SLICE);
    secrets.extend(shipped::secrets());
    let cases: Vec<&Case> = slices.iter().flat_map(|slice| &slice.cases).collect();
    let mut log = AccessLog::new();
    let world = World::start(&log, &log_format(&cases), secrets);
    let starts = report.check("Envoy Gateway starts a proxy", || world.listen());
    if starts.is_none() {
        return report.conclude();
    }
    cases::check(&report, &world, &mut log, &slices);
    shipped::check(&report, &world);
    changes::check(&report, &world);
    fresh::check(&report, &world, &mut log);
    report.conclude()
}
