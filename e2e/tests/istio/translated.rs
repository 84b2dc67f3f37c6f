//! Cases of every filter, through what Istio makes of their policies.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use e2e::{AccessLog, Report, Setup, Site, Slice, replay_at, subjects};
use treaty::case::{Case, Subject};

use crate::manifest::Manifest;
use crate::proxy::Proxy;
use crate::surroundings::port;

/// Runs the slices at one proxy, which has a port for each policy.
pub(crate) fn check(report: &Report, proxy: &Proxy, log: &mut AccessLog, slices: &[Slice]) {
    let subjects = subjects(slices);
    let numbered = subjects.iter().enumerate();
    let manifests: Vec<Manifest> = numbered
        .map(|(index, subject)| manifest(proxy, index, subject))
        .collect();
    let what = format!(
        "{proxy}: {} policies are translated and taken",
        manifests.len()
    );
    let taken = report.check(&what, || proxy.enforce(manifests.len(), &manifests));
    if taken.is_none() {
        return;
    }
    let ports = Ports { proxy, subjects };
    for slice in slices {
        let cases: Vec<&Case> = slice.cases.iter().collect();
        let outcome = replay_at(&ports, &proxy.upstream, log, &cases);
        slice.tell(report, &format!("{proxy}: {}", slice.filter), &outcome);
    }
}

fn manifest(proxy: &Proxy, index: usize, subject: &Subject) -> Manifest {
    let Subject::Filter {
        name: filter,
        policy,
    } = subject
    else {
        panic!("a bundle is in no slice");
    };
    let name = format!("case-{index}");
    let policy = policy.value().to_string();
    proxy.manifest(&name, filter, &policy).at_port(port(index))
}

/// A proxy with a port for each policy.
struct Ports<'a> {
    proxy: &'a Proxy,
    subjects: Vec<&'a Subject>,
}

impl Site for Ports<'_> {
    fn address(&self, setup: &Setup) -> SocketAddr {
        let index = self
            .subjects
            .iter()
            .position(|known| **known == setup.subject);
        self.proxy
            .workload
            .at(index.expect("every policy has a port"))
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        self.proxy.counters()
    }
}
