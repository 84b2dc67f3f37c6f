//! Tells which policy is in force, and which were refused.

use kit::bundle::Member;
use kit::metric::{Metric, MetricKind};
use kit::off::Off;
use kit::policy::Findings;

use crate::ffi::{self, LogLevel};
use crate::metrics;

/// 1 for the policy in force, 0 for those before it.
const POLICY_INFO: Metric = Metric::new(
    "treaty_policy_info",
    MetricKind::Gauge,
    &["plugin", "filter", "revision", "digest"],
);

/// 1 for each service that the policy in force switches off, 0 for those that were and are not.
const POLICY_OFF: Metric = Metric::new(
    "treaty_policy_off",
    MetricKind::Gauge,
    &["plugin", "filter", "service"],
);

/// How many configurations were refused.
const POLICY_REJECTED: Metric =
    Metric::new("treaty_policy_rejected", MetricKind::Counter, &["filter"]);

/// A policy came into force in this VM.
///
/// Each worker has a VM of its own and loads the policy for itself. What the first of them finds is
/// left in shared data, so that a change is logged once, with the revision before it, also after a
/// VM was reloaded.
pub(crate) fn accepted(member: &Member) {
    let plugin = ffi::property(&["plugin_name"]).unwrap_or_default();
    let told = Told {
        plugin: &String::from_utf8_lossy(&plugin),
        filter: member.name,
    };
    let (revision, digest) = (member.document.revision(), member.document.digest());
    let off = member.policy.off().into_iter().flat_map(Off::services);
    let off = off.collect::<Vec<_>>().join(",");
    let key = format!("treaty/policy/{}/{}", told.plugin, told.filter);
    let now = format!("{revision}\n{digest}\n{off}");
    let (before, cas) = ffi::shared_data(&key).unwrap_or_default();
    let before = String::from_utf8_lossy(&before);
    if before == now {
        told.info(revision, &digest, 1);
        return told.off(&off, 1);
    }
    if ffi::set_shared_data(&key, now.as_bytes(), cas).is_err() {
        // Another worker was faster and tells.
        return;
    }
    let change = match before.split_once('\n') {
        Some((old_revision, rest)) => {
            // A module from before there was `off` has left none.
            let (old_digest, old_off) = rest.split_once('\n').unwrap_or((rest, ""));
            told.info(old_revision, old_digest, 0);
            told.off(old_off, 0);
            let old_revision = name(old_revision);
            format!(" in place of revision {old_revision} ({old_digest})")
        }
        None => String::new(),
    };
    told.info(revision, &digest, 1);
    told.off(&off, 1);
    let but = match off.as_str() {
        "" => String::new(),
        off => format!(", and is switched off for {off}"),
    };
    ffi::log(
        LogLevel::Info,
        &format!(
            "treaty: {}: policy revision {} ({digest}) is in force{change}{but}",
            told.filter,
            name(revision)
        ),
    );
}

/// What metrics tell of a filter of a plugin.
struct Told<'a> {
    plugin: &'a str,
    filter: &'a str,
}

impl Told<'_> {
    fn info(&self, revision: &str, digest: &str, in_force: i64) {
        let labels = [self.plugin, self.filter, revision, digest];
        metrics::record(&POLICY_INFO, &labels, in_force);
    }

    /// `services` are names with commas between them.
    fn off(&self, services: &str, is_off: i64) {
        for service in services.split(',').filter(|name| !name.is_empty()) {
            let labels = [self.plugin, self.filter, service];
            metrics::record(&POLICY_OFF, &labels, is_off);
        }
    }
}

fn name(revision: &str) -> &str {
    match revision {
        "" => "without a name",
        revision => revision,
    }
}

/// A configuration was refused; the proxy keeps the one before it.
pub(crate) fn rejected(filter: &str, findings: &Findings) {
    metrics::record(&POLICY_REJECTED, &[filter], 1);
    for finding in &findings.0 {
        ffi::log(
            LogLevel::Error,
            &format!("treaty: {filter}: the policy is refused: {finding}"),
        );
    }
}
