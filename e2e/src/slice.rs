//! Which of the policies' cases go through a control plane.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};
use treaty::case::{Case, CaseFile, ExpectedUpstream, Subject};
use treaty::registry::NAMES;

use crate::replay::Outcome;
use crate::report::Report;
use crate::repository::root;

/// Header fields that the listeners of a control plane write themselves, whatever a filter or a
/// service says.
const WRITTEN_BY_LISTENERS: &[&str] = &[
    "server",
    "x-envoy-",
    "x-forwarded-",
    "x-request-id",
    "forwarded",
];

/// The cases of one filter, and why the others do not run.
#[derive(Debug)]
pub struct Slice {
    /// The filter.
    pub filter: &'static str,
    /// The cases.
    pub cases: Vec<Case>,
    /// How many others there are, by the reason.
    pub left_out: BTreeMap<&'static str, usize>,
}

/// A slice of every filter's cases of at most this size, and the environment that all of them need.
///
/// Of the cases that policies in this form can show (`held` or `streamed`), those at equal distances
/// in the order of their files: so every file has its share, and nobody chose.
pub fn slices(form: &str, size: usize) -> (Vec<Slice>, BTreeMap<String, String>) {
    let mut environment = BTreeMap::new();
    let slice = |filter: &&'static str| Slice::of(filter, form, size, &mut environment);
    let slices = NAMES.iter().map(slice).collect();
    (slices, environment)
}

/// What the cases run, each once.
pub fn subjects(slices: &[Slice]) -> Vec<&Subject> {
    let mut subjects = Vec::new();
    for case in slices.iter().flat_map(|slice| &slice.cases) {
        if !subjects.contains(&&case.subject) {
            subjects.push(&case.subject);
        }
    }
    subjects
}

impl Slice {
    /// Tells what became of its cases.
    pub fn tell(&self, report: &Report, what: &str, outcome: &Outcome) {
        for failure in &outcome.failures {
            let mismatches = failure.mismatches.iter();
            let mismatches = mismatches.map(|mismatch| format!("\n  {mismatch}"));
            report.fail(
                &format!("{what}: {}", failure.case),
                &mismatches.collect::<String>(),
            );
        }
        let left_out = self.left_out.iter();
        let left_out: Vec<String> = left_out
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        report.hold(
            &format!(
                "{what}: {} cases (left out: {})",
                outcome.passed,
                left_out.join(", ")
            ),
            outcome.passed,
        );
    }

    fn of(
        filter: &'static str,
        form: &str,
        size: usize,
        environment: &mut BTreeMap<String, String>,
    ) -> Self {
        let mut left_out = BTreeMap::new();
        let mut shown = Vec::new();
        for case in cases(filter) {
            match why_not(&case, form).or_else(|| clash(&case, environment)) {
                Some(reason) => *left_out.entry(reason).or_default() += 1,
                None => shown.push(case),
            }
        }
        let of = shown.len();
        let size = size.min(of);
        let is_chosen = |index: usize| (index * size) / of != ((index + 1) * size) / of;
        let chosen = shown
            .into_iter()
            .enumerate()
            .filter(|(index, _)| is_chosen(*index));
        let cases: Vec<Case> = chosen.map(|(_, case)| case).collect();
        left_out.insert("between those that were taken", of - cases.len());
        Self {
            filter,
            cases,
            left_out,
        }
    }
}

/// The cases of a filter, in the order of their files.
fn cases(filter: &str) -> Vec<Case> {
    let folder = root().join("policies").join(filter).join("cases");
    let entries = folder.read_dir().expect("the folder of the cases");
    let mut files: Vec<PathBuf> = entries.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let load = |file: &PathBuf| CaseFile::load(file).unwrap_or_else(|errors| panic!("{errors}"));
    files.iter().flat_map(|file| load(file).cases).collect()
}

/// Why a case cannot be shown in this form.
fn why_not(case: &Case, form: &str) -> Option<&'static str> {
    let Subject::Filter { policy, .. } = &case.subject else {
        return Some("for several filters in one module");
    };
    let said = policy.value().get("form");
    if case.native_because.is_some() {
        return Some("that only a native run shows");
    }
    if said.is_some_and(|said| *said != json!(form)) {
        return Some("for the other form of holding heads");
    }
    if case
        .exchanges()
        .any(|(_, step)| !step.properties.is_empty())
    {
        return Some("with a property that no resource sets");
    }
    if case
        .exchanges()
        .any(|(_, step)| !is_normal(&step.request.path.0))
    {
        return Some("with a path that listeners normalise");
    }
    if case
        .exchanges()
        .any(|(_, step)| is_about_listeners(&step.expect))
    {
        return Some("about a header field that listeners write");
    }
    None
}

/// Whether `normalize_path` and `merge_slashes`, which are defaults of control planes, leave a path
/// as it is.
fn is_normal(path: &[u8]) -> bool {
    let path = String::from_utf8_lossy(path);
    let path = path.split('?').next().unwrap_or_default();
    !path.contains("/.") && !path.contains("//") && !path.contains(['%', '\\'])
}

fn is_about_listeners(expect: &treaty::case::Expect) -> bool {
    let upstream = match &expect.upstream {
        Some(ExpectedUpstream::Request(request)) => Some(&request.headers),
        _ => None,
    };
    let response = expect.response.as_ref().map(|response| &response.headers);
    let mut names = upstream
        .into_iter()
        .chain(response)
        .flat_map(|fields| &fields.0)
        .map(|(name, _)| name);
    names.any(|name| WRITTEN_BY_LISTENERS.iter().any(|own| name.starts_with(own)))
}

/// One proxy has one environment: a case whose secrets contradict those of a case before it is left
/// out, and so is one that is about a secret that is missing.
fn clash(case: &Case, environment: &mut BTreeMap<String, String>) -> Option<&'static str> {
    let own: BTreeMap<String, String> = case
        .subject
        .configuration()
        .environment()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let asked = secrets_of(case.subject.configuration().value());
    if asked.iter().any(|name| !own.contains_key(name)) {
        return Some("about a secret that the proxy does not have");
    }
    if own
        .iter()
        .any(|(name, value)| environment.get(name).is_some_and(|known| known != value))
    {
        return Some("with another secret under the same name");
    }
    environment.extend(own);
    None
}

/// The names of the environment variables that a policy asks for.
pub fn secrets_of(policy: &Value) -> BTreeSet<String> {
    match policy {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("env", Value::String(variable)) => BTreeSet::from([variable.clone()]),
                _ => secrets_of(value),
            })
            .collect(),
        Value::Array(elements) => elements.iter().flat_map(secrets_of).collect(),
        _ => BTreeSet::new(),
    }
}
