//! The result, as Markdown.

use std::fmt::Write as _;

use crate::Args;
use crate::case::{
    self, BUFFERED, CHECKED, EMPTY, FULL, HELD, LUA, LUA_BODY, LUA_TAGGED, LUA_TRANSLATED, NAIVE,
    NO_FILTER, PARAMETERS, PASSED, Pair, TAGGED, TRACED, TRANSLATED, UNBOUND, UNKEYED,
    UNKEYED_ELSEWHERE, UNMATCHED, UNTAGGED,
};
use crate::footprint::{self, Footprint};
use crate::latency::Latency;
use crate::rig::Rig;
use crate::stats::{Samples, Spread};

/// The pairs that were measured, once for each origin of the answers.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) direct: Vec<Samples>,
    pub(crate) upstream: Vec<Samples>,
    pub(crate) latency: Option<Latency>,
}

/// The largest module that an aim allows, in octets.
const LARGEST: u64 = 300_000;

/// The same for the module with the engine of schemas.
const LARGEST_OF_CONTRACTS: u64 = 1_500_000;

/// How many pairs of transactions a guard by etcd may add to a request.
const DEAREST: f64 = 1.3;

/// How many times longer than with the empty filter a start may take.
const SLOWEST: f64 = 3.0;

impl Measured {
    fn find<'a>(&self, samples: &'a [Samples], base: &str, case: &str) -> Option<&'a Samples> {
        let found = |pair: &Pair| pair.base == base && pair.case == case;
        let samples = samples.get(self.pairs.iter().position(found)?)?;
        (!samples.is_empty()).then_some(samples)
    }

    /// The three cells of a case for one origin.
    fn cells(&self, samples: &[Samples], case: &str) -> Option<String> {
        let found = self.find(samples, NO_FILTER, case)?;
        let ratio = found.ratio();
        // Both against no filter, because few cases are held against the empty filter directly.
        let to_empty = self
            .find(samples, NO_FILTER, EMPTY)
            .map_or("not run".to_owned(), |empty| {
                format!("{:.2}", ratio.median / empty.ratio().median)
            });
        let extra = found.extra_when_quiet();
        Some(format!("{} | {to_empty} | {extra:+.1}", shown(ratio)))
    }

    fn base(&self, samples: &[Samples]) -> Option<Spread> {
        let mut paired = self.pairs.iter().zip(samples);
        let (_, first) =
            paired.find(|(pair, samples)| pair.base == NO_FILTER && !samples.is_empty())?;
        Some(first.base())
    }
}

/// How it was measured, and what the figures mean.
pub(crate) fn head(rig: &Rig, args: &Args) -> String {
    format!(
        "Envoy {}, `--concurrency 1`, on a machine with {} cores; {}. GET with 11 header \
         fields over 16 connections, POST without content where keys are and with 2 KB where contents are; {} rounds \
         of {} requests with a direct response, {} with an upstream.\n\
         **Only the ratios count**: the times depend on the machine and its neighbours. A ratio is \
         the median over pairs of slices (in brackets the middle half); \"+ µs\" compares the \
         quietest tenths.\n",
        rig.version,
        rig.cores,
        rig.placement,
        args.rounds,
        args.slice,
        args.upstream_rounds(),
    )
}

/// The cost of every case.
pub(crate) fn costs(measured: &Measured) -> String {
    let mut text =
        "| Envoy CPU per request | direct response: × no filter | × empty filter | + µs \
                    | upstream: × no filter | × empty filter | + µs |\n\
                    |---|---|---|---|---|---|---|\n"
            .to_owned();
    let [direct, upstream] = [&measured.direct, &measured.upstream].map(|samples| {
        let base = measured.base(samples);
        base.map_or(String::new(), |base| format!("1 ({:.1} µs)", base.median))
    });
    let _ = writeln!(text, "| {NO_FILTER} | {direct} | | | {upstream} | | |");
    for case in case::all() {
        let cells = |samples| measured.cells(samples, case.name);
        let (direct, upstream) = (cells(&measured.direct), cells(&measured.upstream));
        if direct.is_none() && upstream.is_none() {
            continue;
        }
        let [direct, upstream] =
            [direct, upstream].map(|cells| cells.unwrap_or("it cannot | | ".to_owned()));
        let _ = writeln!(text, "| {} | {direct} | {upstream} |", case.name);
    }
    text
}

/// What was aimed at, and what came of it. The costs are held against each other directly here,
/// slice by slice.
pub(crate) fn aims(measured: &Measured, footprints: &[Footprint]) -> String {
    let mut text = String::new();
    for (what, base, case, aim) in [
        (
            "no rule matches ÷ empty filter",
            EMPTY,
            UNMATCHED,
            Some(1.15),
        ),
        ("full work ÷ Lua", LUA, FULL, Some(1.0)),
        ("full work ÷ empty filter", EMPTY, FULL, None),
        (
            "a 200 passing through ÷ empty filter",
            EMPTY,
            PASSED,
            Some(1.2),
        ),
        ("a 500 translated ÷ Lua", LUA_TRANSLATED, TRANSLATED, None),
        (
            "telemetry-tagging, no rule matches ÷ empty filter",
            EMPTY,
            UNTAGGED,
            Some(1.15),
        ),
        (
            "trace context only ÷ empty filter",
            EMPTY,
            TRACED,
            Some(1.2),
        ),
        ("ten tags ÷ Lua", LUA_TAGGED, TAGGED, Some(1.0)),
        ("ten tags ÷ empty filter", EMPTY, TAGGED, None),
        ("no key ÷ empty filter", EMPTY, UNKEYED, Some(1.15)),
        (
            "no key in a field of the policy's own ÷ empty filter",
            EMPTY,
            UNKEYED_ELSEWHERE,
            None,
        ),
        (
            "contract-validation, no rule matches ÷ empty filter",
            EMPTY,
            UNBOUND,
            Some(1.15),
        ),
        ("six parameters ÷ empty filter", EMPTY, PARAMETERS, None),
        (
            "only waiting for 2 KB ÷ buffer filter",
            BUFFERED,
            HELD,
            None,
        ),
        ("Lua body() ÷ buffer filter", BUFFERED, LUA_BODY, None),
        ("naive validation ÷ buffer filter", BUFFERED, NAIVE, None),
        (
            "a content of 2 KB ÷ buffer filter",
            BUFFERED,
            CHECKED,
            Some(1.75),
        ),
        ("a content of 2 KB ÷ naive validation", NAIVE, CHECKED, None),
    ] {
        let ratio = |samples| Some(measured.find(samples, base, case)?.ratio());
        if let (Some(direct), Some(upstream)) = (ratio(&measured.direct), ratio(&measured.upstream))
        {
            let (limit, reached) = match aim {
                Some(aim) => (format!(" ≤ {aim:.2}"), verdict(direct.median <= aim)),
                None => (String::new(), ""),
            };
            let _ = writeln!(
                text,
                "| {what}{limit} | {} | {} | {reached} |",
                shown(direct),
                shown(upstream)
            );
        }
    }
    if let Some(latency) = &measured.latency {
        text.push_str(&aim_of_latency(latency));
    }
    text.push_str(&aims_of_modules(footprints));
    text.push_str(&aims_of_contracts(footprints));
    if text.is_empty() {
        return text;
    }
    format!("| aim | direct response | upstream | reached |\n|---|---|---|---|\n{text}")
}

fn aim_of_latency(latency: &Latency) -> String {
    let Latency {
        plain,
        keyed,
        transactions,
    } = latency;
    let ratio = latency.ratio();
    format!(
        "| what a new key in etcd adds to a request ÷ two transactions of etcd's own client \
         ≤ {DEAREST} | | {ratio:.2} (({keyed:.0} − {plain:.0}) ÷ {transactions:.0} µs) | {} |\n",
        verdict(ratio <= DEAREST)
    )
}

fn aims_of_modules(footprints: &[Footprint]) -> String {
    let footprint = |name: &str| footprints.iter().find(|print| print.name == name);
    let mut text = String::new();
    let Some(empty) = footprint(footprint::EMPTY) else {
        return text;
    };
    for filter in footprint::FILTERS.into_iter().filter_map(footprint) {
        let name = filter.name;
        let size = filter.size.unwrap_or_default();
        let start = filter.start.median / empty.start.median;
        let _ = writeln!(
            text,
            "| {name}: module ≤ {} kB | {} kB | | {} |\n\
             | {name}: start ÷ start with the empty filter ≤ {SLOWEST:.0} | {start:.2} | | {} |",
            LARGEST / 1000,
            size.div_ceil(1000),
            verdict(size <= LARGEST),
            verdict(start <= SLOWEST)
        );
    }
    text
}

/// The module of contract-validation is large, so its aims are beside what anybody would build first.
fn aims_of_contracts(footprints: &[Footprint]) -> String {
    let footprint = |name: &str| footprints.iter().find(|print| print.name == name);
    let [Some(none), Some(naive), Some(small), Some(large)] = [
        footprint::NO_FILTER,
        footprint::NAIVE,
        footprint::CONTRACT,
        footprint::LARGE_CONTRACT,
    ]
    .map(footprint) else {
        return String::new();
    };
    let size = small.size.unwrap_or_default();
    let by_naive = small.start.median / naive.start.median;
    let by_small = large.start.median / small.start.median;
    let memory = small.memory.median - none.memory.median;
    let name = small.name;
    format!(
        "| {name}: module ≤ {} kB | {} kB | | {} |\n\
         | {name}: start ÷ start with naive validation ≤ 0.35 | {by_naive:.2} | | {} |\n\
         | {name}: start with GitHub's contract ÷ with a small one ≤ 2 | {by_small:.2} | | {} |\n\
         | {name}: memory beyond that without a filter ≤ 50 MiB | {memory:.0} MiB | | {} |\n",
        LARGEST_OF_CONTRACTS / 1000,
        size.div_ceil(1000),
        verdict(size <= LARGEST_OF_CONTRACTS),
        verdict(by_naive <= 0.35),
        verdict(by_small <= 2.0),
        verdict(memory <= 50.0)
    )
}

/// Sizes, starts, memory.
pub(crate) fn footprints(footprints: &[Footprint]) -> String {
    if footprints.is_empty() {
        return String::new();
    }
    let mut text =
        "| | module, octets | Envoy's start, s | Envoy's memory, MiB |\n|---|---|---|---|\n"
            .to_owned();
    for print in footprints {
        let size = print.size.map(|size| size.to_string()).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {size} | {:.2} | {:.0} |",
            print.name, print.start.median, print.memory.median
        );
    }
    text
}

fn shown(spread: Spread) -> String {
    let Spread {
        median,
        quarter,
        three_quarters,
    } = spread;
    format!("{median:.2} ({quarter:.2}–{three_quarters:.2})")
}

fn verdict(reached: bool) -> &'static str {
    if reached { "yes" } else { "**no**" }
}
