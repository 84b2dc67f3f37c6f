//! Cases of every filter, through what Envoy Gateway makes of their policies.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use e2e::{AccessLog, Report, Setup, Site, Slice, replay_at, subjects};
use treaty::case::{Case, Subject};

use crate::manifest::Manifest;
use crate::world::{World, at};

/// Runs the slices, with a listener for each policy.
pub(crate) fn check(report: &Report, world: &World, log: &mut AccessLog, slices: &[Slice]) {
    let subjects = subjects(slices);
    let numbered = subjects.iter().enumerate();
    let manifests: Vec<Manifest> = numbered
        .map(|(index, subject)| manifest(world, index, subject))
        .collect();
    let fact = format!("{} policies are translated and taken", manifests.len());
    let taken = report.check(&fact, || world.enforce(manifests.len(), &manifests));
    if taken.is_none() {
        return;
    }
    let listeners = Listeners { world, subjects };
    for slice in slices {
        let cases: Vec<&Case> = slice.cases.iter().collect();
        let outcome = replay_at(&listeners, &world.upstream, log, &cases);
        slice.tell(report, slice.filter, &outcome);
    }
}

fn manifest(world: &World, index: usize, subject: &Subject) -> Manifest {
    let Subject::Filter { name, policy } = subject else {
        panic!("a bundle is in no slice");
    };
    Manifest::render(world, index, name, &policy.value().to_string())
}

/// A listener for each policy.
struct Listeners<'a> {
    world: &'a World,
    subjects: Vec<&'a Subject>,
}

impl Site for Listeners<'_> {
    fn address(&self, setup: &Setup) -> SocketAddr {
        let mut subjects = self.subjects.iter();
        let index = subjects.position(|known| **known == setup.subject);
        at(index.expect("every policy has a listener"))
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        self.world.counters()
    }
}
