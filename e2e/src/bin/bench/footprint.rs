//! What a module takes before the first request: its size, Envoy's start, Envoy's memory.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{Envoy, WasmFilter, root};
use serde_json::{Value, json};
use treaty::bundle::{Target, bundle};

use crate::Result;
use crate::case::{
    self, ALL_FILTERS, CONTRACT_VALIDATION, EMPTY_MODULE, ERROR_TRANSLATION, IDEMPOTENCY_KEYS,
    Module, NAIVE_VALIDATION, TELEMETRY_TAGGING, VERSION_NEGOTIATION,
};
use crate::rig::options;
use crate::stats::Spread;
use crate::stores::Keeper;

const STARTS: usize = 3;

/// After this time at rest the memory no longer changes.
const REST: Duration = Duration::from_secs(1);

/// The footprint of one filter.
#[derive(Debug)]
pub(crate) struct Footprint {
    pub(crate) name: &'static str,
    /// The octets of its module.
    pub(crate) size: Option<u64>,
    /// From spawn to ready, in seconds.
    pub(crate) start: Spread,
    /// What Envoy holds in memory after its start, in MiB.
    pub(crate) memory: Spread,
}

pub(crate) const NO_FILTER: &str = "no filter";
pub(crate) const EMPTY: &str = "empty wasm filter";
/// The modules of one filter, which the aims are about.
pub(crate) const FILTERS: [&str; 4] = [
    "version-negotiation",
    "error-translation",
    "telemetry-tagging",
    "idempotency-keys",
];
/// The aims of these are about one another.
pub(crate) const CONTRACT: &str = "contract-validation";
pub(crate) const LARGE_CONTRACT: &str =
    "contract-validation, GitHub's contract of 1,223 operations";
pub(crate) const NAIVE: &str = "naive validation";

const BUNDLE: &str = "all-filters";

/// A name, and which module it needs to run which filter.
type Subject = (&'static str, Option<(Module, WasmFilter)>);

/// Starts each of them some times, in turn.
pub(crate) fn measure() -> Result<Vec<Footprint>> {
    let [
        version_negotiation,
        error_translation,
        telemetry_tagging,
        idempotency_keys,
    ] = FILTERS;
    let subjects: [Subject; 10] = [
        (NO_FILTER, None),
        (EMPTY, Some((EMPTY_MODULE, case::empty()))),
        (
            version_negotiation,
            Some((VERSION_NEGOTIATION, case::version_negotiation("enforce"))),
        ),
        (
            error_translation,
            Some((
                ERROR_TRANSLATION,
                case::error_translation(&case::problem_policy()),
            )),
        ),
        (
            telemetry_tagging,
            Some((
                TELEMETRY_TAGGING,
                case::telemetry_tagging(&case::tags_policy()),
            )),
        ),
        (
            idempotency_keys,
            Some((
                IDEMPOTENCY_KEYS,
                case::idempotency_keys(&case::kept_policy(Keeper::Local)),
            )),
        ),
        (NAIVE, Some((NAIVE_VALIDATION, case::naive_validation()))),
        (
            CONTRACT,
            Some((
                CONTRACT_VALIDATION,
                case::contract_validation(&case::contract_policy()),
            )),
        ),
        (
            LARGE_CONTRACT,
            Some((
                CONTRACT_VALIDATION,
                case::contract_validation(&large_policy()?),
            )),
        ),
        (BUNDLE, Some((ALL_FILTERS, case::all_filters()))),
    ];
    let sizes = subjects
        .iter()
        .map(|(_, filter)| filter.as_ref().map(|(module, _)| size(*module)).transpose())
        .collect::<Result<Vec<_>>>()?;
    let mut starts = vec![Vec::new(); subjects.len()];
    let mut memories = starts.clone();
    for round in 1..=STARTS {
        eprintln!("start and memory: round {round} of {STARTS}");
        for ((subject, starts), memories) in subjects.iter().zip(&mut starts).zip(&mut memories) {
            let (start, memory) = start(subject)?;
            starts.push(start);
            memories.push(memory);
        }
    }
    let footprints = subjects.iter().zip(sizes).zip(starts).zip(memories);
    Ok(footprints
        .map(|((((name, _), size), starts), memories)| Footprint {
            name,
            size,
            start: Spread::of(starts),
            memory: Spread::of(memories),
        })
        .collect())
}

/// `contract.json` with the largest public document in the place of its own, as `treaty bundle` packs
/// it.
fn large_policy() -> Result<Value> {
    let document = root().join(".venv/contracts/openapi/octokit/api.github.com.json");
    if !document.is_file() {
        return Err(format!("{} is missing: run `make contracts`", document.display()).into());
    }
    let mut policy = case::contract_policy();
    policy["contracts"] = json!([{
        "name": "github",
        "contractFile": document,
        // The document breaks the standard in places.
        "undefined": "skip",
    }]);
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("policy.json");
    fs::write(&file, policy.to_string())?;
    let bundled = bundle(&file, true, Target::File)
        .map_err(|findings| format!("GitHub's contract: {findings:?}"))?;
    Ok(serde_json::from_str(&bundled.text)?)
}

/// Seconds from spawn to ready, and MiB a moment later.
fn start((name, filter): &Subject) -> Result<(f64, f64)> {
    // Nothing is asked, so nothing needs to listen there.
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let filter = filter.clone().map(|(_, filter)| filter.into());
    let config = case::config(filter.as_ref(), &json!({}), nobody);
    let spawned = Instant::now();
    let envoy = Envoy::start(config, &options()).map_err(|error| format!("{name}: {error}"))?;
    let start = spawned.elapsed().as_secs_f64();
    thread::sleep(REST);
    Ok((start, memory(envoy.pid())?))
}

/// The resident memory of a process, in MiB.
fn memory(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kibibytes: u32 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
        .ok_or("no VmRSS")?
        .parse()?;
    Ok(f64::from(kibibytes) / 1024.0)
}

fn size(module: Module) -> Result<u64> {
    Ok(fs::metadata(module.built()?)?.len())
}
