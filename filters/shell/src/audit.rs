//! Tells which policy is in force, and which were refused.

use kit::bundle::Member;
use kit::metric::{Metric, MetricKind};
use kit::off::Off;
use kit::policy::Findings;

use crate::ffi::{self, LogLevel};
use crate::metrics;

/// 1 for each policy in force, 0 for those that were.
const POLICY_INFO: Metric = Metric::new(
    "treaty_policy_info",
    MetricKind::Gauge,
    &["plugin", "filter", "revision", "digest"],
);

/// 1 for each service that a policy in force switches off, 0 for those that were and are not.
const POLICY_OFF: Metric = Metric::new(
    "treaty_policy_off",
    MetricKind::Gauge,
    &["plugin", "filter", "digest", "service"],
);

/// How many configurations were refused.
const POLICY_REJECTED: Metric =
    Metric::new("treaty_policy_rejected", MetricKind::Counter, &["filter"]);

/// A policy came into force in this VM.
///
/// Each worker has a VM of its own and loads the policy for itself. What the first of them finds is
/// left in shared data, so that a change is logged once, with the revision before it, also after a
/// VM was reloaded.
pub(crate) fn accepted(member: &Member) -> InForce {
    let policy = InForce::of(member);
    policy.again();
    let key = policy.key();
    let now = policy.record();
    let (before, cas) = ffi::shared_data(&key).unwrap_or_default();
    if before == now.as_bytes() || ffi::set_shared_data(&key, now.as_bytes(), cas).is_err() {
        // Another worker was faster and logs it.
        return policy;
    }
    let before = String::from_utf8_lossy(&before);
    let change = match before.split_once('\n') {
        Some((revision, digest)) => {
            let revision = name(revision);
            format!(" in place of revision {revision} ({digest})")
        }
        None => String::new(),
    };
    let but = match policy.off.as_str() {
        "" => String::new(),
        off => format!(", and is switched off for {off}"),
    };
    ffi::log(
        LogLevel::Info,
        &format!(
            "treaty: {}: policy revision {} ({}) is in force{change}{but}",
            policy.filter,
            name(&policy.revision),
            policy.digest
        ),
    );
    policy
}

/// A policy that is in force, and what is told of it.
pub(crate) struct InForce {
    plugin: String,
    filter: &'static str,
    revision: String,
    digest: String,
    /// The services that it switches off, with commas between them.
    off: String,
}

impl InForce {
    /// It still is. To be said now and then: one gauge stands for every VM that runs the policy, and
    /// the end of one of them takes it down for all.
    pub(crate) fn again(&self) {
        self.tell(1);
    }

    /// It is in force no more in this VM.
    ///
    /// The policy that takes the place of another does not end it: as long as old connections are
    /// drained both are in force, and where the old one comes back meanwhile, the proxy goes on with
    /// it and configures nothing.
    pub(crate) fn ended(&self) {
        self.tell(0);
    }

    fn of(member: &Member) -> Self {
        let plugin = ffi::property(&["plugin_name"]).unwrap_or_default();
        let off = member.policy.off().into_iter().flat_map(Off::services);
        Self {
            plugin: String::from_utf8_lossy(&plugin).into_owned(),
            filter: member.name,
            revision: member.document.revision().to_owned(),
            digest: member.document.digest(),
            off: off.collect::<Vec<_>>().join(","),
        }
    }

    /// Where shared data have the policy of this plugin.
    fn key(&self) -> String {
        format!("treaty/policy/{}/{}", self.plugin, self.filter)
    }

    /// The policy as shared data have it.
    fn record(&self) -> String {
        format!("{}\n{}", self.revision, self.digest)
    }

    fn tell(&self, in_force: i64) {
        let labels = [&self.plugin, self.filter, &self.revision, &self.digest];
        metrics::record(&POLICY_INFO, &labels, in_force);
        for service in self.off.split(',').filter(|name| !name.is_empty()) {
            let labels = [&self.plugin, self.filter, &self.digest, service];
            metrics::record(&POLICY_OFF, &labels, in_force);
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
