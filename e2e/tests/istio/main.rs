//! Istio without a cluster: what is shipped for it is judged as its API server would, translated by
//! its own discovery server, and driven through a real Envoy that takes everything from there.
//!
//! `make test-istio` runs it. It is no test of cargo's harness, because its checks share proxies and
//! are counted one by one: it closes with the line `N passed, N failed`. An argument such as
//! `wasm-plugin` or `wasm-plugin, gateway` leaves out the proxies of the others.

mod changes;
mod form;
mod fresh;
mod judged;
mod manifest;
mod proxy;
mod shipped;
mod surroundings;
mod translated;

use std::env;
use std::process::ExitCode;
use std::thread;

use e2e::{AccessLog, Report, log_format, slices};
use form::{Form, Placement};
use proxy::Proxy;
use treaty::case::Case;

/// How many cases of each filter run in each form at each place.
const SLICE: usize = 32;

fn main() -> ExitCode {
    let only = env::args().nth(1).unwrap_or_default();
    let report = Report::default();
    thread::scope(|scope| {
        scope.spawn(|| judged::check(&report));
        for form in Form::ALL {
            for placement in Placement::ALL {
                let what = format!("{form}, {placement}");
                if what.contains(&only) {
                    let report = &report;
                    scope.spawn(move || {
                        let fact = format!("{what}: a proxy goes through all of it");
                        report.check(&fact, || drive(report, form, placement));
                    });
                }
            }
        }
    });
    report.conclude()
}

/// Everything that is checked at one proxy.
fn drive(report: &Report, form: Form, placement: Placement) {
    let (slices, mut secrets) = slices(form.policy_form(), SLICE);
    secrets.extend(shipped::secrets(form, placement));
    let cases: Vec<&Case> = slices.iter().flat_map(|slice| &slice.cases).collect();
    let mut log = AccessLog::new();
    let mut fields = log_format(&cases);
    fields["flags"] = "%RESPONSE_FLAGS%".into();
    let proxy = Proxy::start(form, placement, &log, &fields, secrets);
    translated::check(report, &proxy, &mut log, &slices);
    shipped::check(report, &proxy);
    changes::check(report, &proxy);
    fresh::check(report, proxy);
}
