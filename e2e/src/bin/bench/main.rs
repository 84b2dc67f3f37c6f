//! What the filters cost: Envoy's CPU time per request, as ratios to no filter and to an empty one,
//! printed as Markdown. `e2e/BENCH.md` tells the method and how to read the result.

mod case;
mod check;
mod cpu;
mod footprint;
mod latency;
mod load;
mod report;
mod rig;
mod stats;
mod stores;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use crate::case::{Case, Pair};
use crate::report::Measured;
use crate::rig::{Origin, Rig};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measures Envoy's CPU time per request with and without the filters.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Args {
    /// How many pairs of slices each case gets; half as many in front of an upstream
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Requests in a slice
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    slice: u32,
    /// Requests that each case gets before it is measured
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    warm_up: u32,
    /// Only cases whose name contains this, without sizes, starts and memory
    #[arg(long)]
    filter: Option<String>,
}

impl Args {
    fn upstream_rounds(&self) -> u32 {
        self.rounds.div_ceil(2)
    }

    fn wants(&self, pair: &Pair) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|part| pair.case.contains(part))
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let pairs: Vec<Pair> = case::pairs()
        .into_iter()
        .filter(|pair| args.wants(pair))
        .collect();
    if pairs.is_empty() {
        let names: Vec<_> = case::all().iter().map(|case| case.name).collect();
        return Err(format!("no case matches; there are: {}", names.join("; ")).into());
    }
    let all = case::all();
    let cases: Vec<&Case> = all
        .iter()
        .filter(|case| {
            pairs
                .iter()
                .any(|pair| [pair.base, pair.case].contains(&case.name))
        })
        .collect();
    for module in cases.iter().filter_map(|case| case.module) {
        module.built()?;
    }
    // First, while this process and its children may run on every core.
    let footprints = if args.filter.is_some() {
        Vec::new()
    } else {
        footprint::measure()?
    };
    let mut rig = Rig::start(&cases)?;
    eprintln!("warming up");
    rig.warm_up(args.warm_up)?;
    let direct = rig.measure(&pairs, Origin::Direct, args.rounds, args.slice)?;
    let upstream = rig.measure(&pairs, Origin::Upstream, args.upstream_rounds(), args.slice)?;
    let latency = latency::measure(&mut rig, args.rounds)?;
    let measured = Measured {
        pairs,
        direct,
        upstream,
        latency,
    };
    let sections = [
        report::head(&rig, args),
        report::costs(&measured),
        report::aims(&measured, &footprints),
        report::footprints(&footprints),
    ];
    for section in sections.iter().filter(|section| !section.is_empty()) {
        println!("{section}");
    }
    Ok(())
}
