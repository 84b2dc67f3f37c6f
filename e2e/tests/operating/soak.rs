//! Mixed traffic at a fixed rate: after it the counters add up to what the clients counted, and the
//! memory is where it was.

use std::env;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{Envoy, Options, WasmFilter};
use serde_json::{Value, json};
use treaty::registry::NAMES;

use crate::suite::{edge, of_metric, policy, sum};
use crate::traffic::{Counts, IN_ROUND, Kind, Pace, Traffic};

/// Requests of `make soak`, unless `TREATY_SOAK_REQUESTS` says another number, and of every run.
const MANY: u64 = 2_000_000;
const FEW: u64 = 20_000;

/// Requests a second that `make soak` asks for; what the machine does not bear is made up for later.
const RATE: u64 = 3000;

const CLIENTS: u64 = 16;

/// How long the last counts may take to arrive.
const SETTLED: Duration = Duration::from_secs(10);

/// How often the memory is weighed.
const POINTS: u64 = 20;

/// How many mebibytes of memory the last quarter may have more than the second: V8 takes and gives
/// back pages.
const FLAT: f64 = 2.0;

#[test]
fn after_twenty_thousand_requests_the_counters_add_up() {
    let envoy = start();
    let pace = Pace {
        first_round: 0,
        most: FEW,
        rate: None,
    };
    let counts = Traffic::paced(envoy.address("edge"), CLIENTS, pace).wait();
    assert_counters_add_up(&envoy, &counts);
}

#[test]
#[ignore = "many minutes: `make soak`"]
fn soak_with_two_million_requests_of_every_kind() {
    let many = env::var("TREATY_SOAK_REQUESTS").map_or(MANY, |many| many.parse().unwrap());
    let envoy = start();
    let begun = Instant::now();
    let (mut counts, mut weights) = (Counts::new(), Vec::new());
    println!("{:>10} {:>10} {:>8}", "requests", "seconds", "MiB");
    for point in 0..POINTS {
        let most = (many / POINTS).next_multiple_of(IN_ROUND);
        let pace = Pace {
            first_round: point * most / IN_ROUND,
            most,
            rate: Some(RATE),
        };
        let traffic = Traffic::paced(envoy.address("edge"), CLIENTS, pace);
        for (kind, count) in traffic.wait() {
            *counts.entry(kind).or_default() += count;
        }
        weights.push(mebibytes(&envoy));
        let sent: u64 = counts.values().sum();
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{sent:>10} {seconds:>10.0} {:>8.1}",
            weights[weights.len() - 1]
        );
    }
    println!("{counts:?}");
    assert_counters_add_up(&envoy, &counts);
    let quarter = weights.len() / 4;
    let second = mean(&weights[quarter..2 * quarter]);
    let last = mean(&weights[3 * quarter..]);
    println!("memory: {second:.1} MiB in the second quarter, {last:.1} MiB in the last");
    assert!(last - second <= FLAT, "{weights:?} MiB");
}

/// All five filters in one module, as `envoy-configs/all-filters.yaml` has them.
fn start() -> Envoy {
    let policies = NAMES.map(|filter| (filter.to_owned(), policy(filter, "soak")));
    let policies: Value = serde_json::Map::from_iter(policies).into();
    let bundle = json!({"version": 1, "filters": policies}).to_string();
    let filter = WasmFilter::new("all-filters")
        .policy(&bundle)
        .holding_heads();
    let options = Options {
        concurrency: 2,
        ..Options::default()
    };
    Envoy::start(edge([filter.into()]), &options).unwrap()
}

/// Holds what the filters and Envoy have counted to what the clients have. Each answer was judged
/// already, so a 5xx is what a service answered and no filter's.
fn assert_counters_add_up(envoy: &Envoy, counts: &Counts) {
    use Kind::{Breaking, Duplicate, Failing, Gone, Invalid, Paid, Served, Unkeyed};
    let of = |kinds: &[Kind]| -> u64 { kinds.iter().map(|kind| counts[kind]).sum() };
    let all: u64 = counts.values().sum();
    let is = |metric: &str, labels: &[(&str, &str)], expected: u64| {
        // What happens at the end of a stream is counted after the client has its answer.
        let begun = Instant::now();
        while sum(envoy, metric, labels) < expected && begun.elapsed() < SETTLED {
            thread::sleep(Duration::from_millis(20));
        }
        let found = sum(envoy, metric, labels);
        let all = of_metric(envoy, metric);
        assert_eq!(found, expected, "{metric} {labels:?} of {all:#?}");
    };
    is("treaty_requests", &[], all);
    is(
        "treaty_requests",
        &[("status_class", "2xx")],
        of(&[Served, Breaking, Paid, Duplicate]),
    );
    is(
        "treaty_requests",
        &[("status_class", "4xx")],
        of(&[Gone, Invalid, Unkeyed]),
    );
    is(
        "treaty_requests",
        &[("status_class", "5xx")],
        of(&[Failing]),
    );
    is("treaty_errors", &[("source", "upstream")], of(&[Failing]));
    is("treaty_version_requests", &[], all);
    is(
        "treaty_version_requests",
        &[("outcome", "unknown_version")],
        of(&[Gone]),
    );
    let request = ("direction", "request");
    let response = ("direction", "response");
    is("treaty_contract_messages", &[request], all - of(&[Gone]));
    is(
        "treaty_contract_messages",
        &[request, ("outcome", "refused")],
        of(&[Invalid]),
    );
    is(
        "treaty_contract_messages",
        &[response, ("outcome", "invalid")],
        of(&[Breaking]),
    );
    is(
        "treaty_idempotency_requests",
        &[("outcome", "claimed")],
        of(&[Paid]),
    );
    is(
        "treaty_idempotency_requests",
        &[("outcome", "replayed")],
        of(&[Duplicate]),
    );
    is(
        "treaty_idempotency_requests",
        &[("outcome", "key_missing")],
        of(&[Unkeyed]),
    );
    is("treaty_idempotency_ends", &[("end", "kept")], of(&[Paid]));
    let counters = envoy.counters();
    assert_eq!(counters["http.edge.downstream_rq_5xx"], of(&[Failing]));
    let reloads = |name: &str| name.starts_with("wasm.") && name.contains("vm_reload");
    let reloads = counters.iter().filter(|(name, _)| reloads(name));
    assert_eq!(reloads.map(|(_, value)| value).sum::<u64>(), 0);
}

/// The resident memory of a proxy.
fn mebibytes(envoy: &Envoy) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", envoy.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes: f64 = line
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    kibibytes / 1024.0
}

fn mean(weights: &[f64]) -> f64 {
    let count = u32::try_from(weights.len()).unwrap();
    weights.iter().sum::<f64>() / f64::from(count)
}
