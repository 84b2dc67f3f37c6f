//! Whether all policies say the same of a service.

use std::path::{Path, PathBuf};

use deserr::Deserr;
use kit::policy::{Document, Findings, Service, check_services, child};
use serde_json::Value;

use super::finding::FileFinding;

/// The services of one policy.
pub(super) struct Described {
    file: PathBuf,
    within: String,
    /// Each with its place in the policy.
    services: Vec<(String, Service)>,
    /// Whether it stands in the file that is the single source of services.
    is_source: bool,
}

/// A bare services block: `policies/services.json`.
#[derive(Deserr)]
#[deserr(error = Findings, rename_all = camelCase, deny_unknown_fields)]
struct Block {
    #[deserr(rename = "$schema", default)]
    #[expect(dead_code, reason = "Editors read it.")]
    schema: Option<String>,
    services: Vec<Service>,
}

impl Described {
    /// The services of a policy that loads, or of every policy of a bundle that loads.
    pub(super) fn by_policy(file: &Path, within: &str, policy: &Value) -> Self {
        let mut services = services_of(policy, "");
        if let Some(policies) = policy.get("filters").and_then(Value::as_object) {
            for (name, policy) in policies {
                services.extend(services_of(policy, &child("/filters", name)));
            }
        }
        Self {
            file: file.to_owned(),
            within: within.to_owned(),
            services,
            is_source: false,
        }
    }

    /// The services of a bare block.
    pub(super) fn by_block(file: &Path, document: &Document) -> Result<Self, Findings> {
        let block: Block = deserr::deserialize(document.value().clone())?;
        let mut findings = Findings::new();
        check_services(&block.services, &mut findings);
        let place = |(index, service)| (child("/services", index), service);
        findings.or(Self {
            file: file.to_owned(),
            within: String::new(),
            services: block.services.into_iter().enumerate().map(place).collect(),
            is_source: true,
        })
    }
}

/// Whether a file is a bare services block by its place.
pub(super) fn is_block(path: &Path) -> bool {
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let folder = std::fs::canonicalize(if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        &folder
    });
    path.file_name().is_some_and(|name| name == "services.json")
        && folder.is_ok_and(|folder| folder.file_name().is_some_and(|name| name == "policies"))
}

/// Finds policies that disagree. A part that one of them leaves out is no disagreement. The bare
/// block is right; without one, the policy that comes first is.
pub(super) fn disagreements(mut described: Vec<Described>) -> Vec<FileFinding> {
    described.sort_by_key(|described| !described.is_source);
    let mut known: Vec<(&Described, &str, &Service)> = Vec::new();
    let mut findings = Vec::new();
    for policy in &described {
        for (pointer, service) in &policy.services {
            let same_name = known
                .iter()
                .filter(|(_, _, other)| other.name == service.name);
            // A part that the first one leaves out may stand in a later one.
            let mut clash = same_name.map(|(by, at, other)| (by, at, parts_apart(service, other)));
            if let Some((by, at, parts)) = clash.find(|(_, _, parts)| !parts.is_empty()) {
                let message = format!(
                    "`{}` has other {} than in {}:{at}",
                    service.name.as_str(),
                    parts.join(" and "),
                    by.file.display(),
                );
                findings.push(FileFinding::new(
                    &policy.file,
                    &policy.within,
                    pointer,
                    message,
                ));
            } else {
                known.push((policy, pointer, service));
            }
        }
    }
    findings
}

fn services_of(policy: &Value, pointer: &str) -> Vec<(String, Service)> {
    let pointer = child(pointer, "services");
    let services = policy.get("services").and_then(Value::as_array);
    services
        .into_iter()
        .flatten()
        .enumerate()
        .filter_map(|(index, service)| {
            // The policy has loaded, so its services can be read.
            let service = deserr::deserialize::<Service, _, Findings>(service.clone()).ok()?;
            Some((child(&pointer, index), service))
        })
        .collect()
}

/// The parts that both describe, and differently.
fn parts_apart(one: &Service, other: &Service) -> Vec<&'static str> {
    let hosts = !one.hosts.is_empty()
        && !other.hosts.is_empty()
        && (one.hosts.len() != other.hosts.len()
            || !one.hosts.iter().all(|host| other.hosts.contains(host)));
    let versions =
        !one.versions.is_empty() && !other.versions.is_empty() && one.versions != other.versions;
    [
        ("hosts", hosts),
        ("owner", differ(one.owner.as_ref(), other.owner.as_ref())),
        (
            "runtime",
            differ(one.runtime.as_ref(), other.runtime.as_ref()),
        ),
        ("versions", versions),
        (
            "deadline",
            differ(one.deadline.as_ref(), other.deadline.as_ref()),
        ),
    ]
    .into_iter()
    .filter_map(|(part, differs)| differs.then_some(part))
    .collect()
}

fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}
