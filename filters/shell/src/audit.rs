//! Tells which policy is in force, and which were refused.

use kit::bundle::Member;
use kit::metric::{Metric, MetricKind};
use kit::policy::Findings;

use crate::ffi::{self, LogLevel};
use crate::metrics;

/// 1 for the policy in force, 0 for those before it.
const POLICY_INFO: Metric = Metric::new(
    "treaty_policy_info",
    MetricKind::Gauge,
    &["plugin", "filter", "revision", "digest"],
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
    let filter = member.name;
    let plugin = ffi::property(&["plugin_name"]).unwrap_or_default();
    let plugin = String::from_utf8_lossy(&plugin);
    let (revision, digest) = (member.document.revision(), member.document.digest());
    let key = format!("treaty/policy/{plugin}/{filter}");
    let now = format!("{revision}\n{digest}");
    let (before, cas) = ffi::shared_data(&key).unwrap_or_default();
    let before = String::from_utf8_lossy(&before);
    let name = |revision: &str| match revision {
        "" => "without a name".to_owned(),
        revision => revision.to_owned(),
    };
    if before == now {
        return metrics::record(&POLICY_INFO, &[&plugin, filter, revision, &digest], 1);
    }
    if ffi::set_shared_data(&key, now.as_bytes(), cas).is_err() {
        // Another worker was faster and tells.
        return;
    }
    let change = match before.split_once('\n') {
        None => String::new(),
        Some((old_revision, old_digest)) => {
            metrics::record(
                &POLICY_INFO,
                &[&plugin, filter, old_revision, old_digest],
                0,
            );
            format!(
                " in place of revision {} ({old_digest})",
                name(old_revision)
            )
        }
    };
    metrics::record(&POLICY_INFO, &[&plugin, filter, revision, &digest], 1);
    ffi::log(
        LogLevel::Info,
        &format!(
            "treaty: {filter}: policy revision {} ({digest}) is in force{change}",
            name(revision)
        ),
    );
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
