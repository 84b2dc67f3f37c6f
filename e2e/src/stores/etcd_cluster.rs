//! Three nodes of etcd.

use std::time::Duration;

use super::etcd::{Etcd, EtcdOptions, EtcdVersion, Node};
use super::record::Record;
use crate::config::{Cluster, Config, Store};
use crate::poll::poll;

const ELECTED_WITHIN: Duration = Duration::from_secs(30);

/// Three nodes of etcd that agree with each other: the fewest that outlive the loss of one.
#[derive(Debug)]
pub struct EtcdCluster {
    nodes: Vec<Etcd>,
}

impl EtcdCluster {
    /// Starts the nodes and waits until all of them serve.
    pub fn start(version: EtcdVersion) -> Self {
        let nodes = ["one", "two", "three"].map(Node::new);
        let options = EtcdOptions::new(version);
        let start = |node| Etcd::node(&options, node, &nodes);
        let mut nodes: Vec<_> = nodes.iter().map(start).collect();
        nodes.iter_mut().for_each(Etcd::wait_until_ready);
        Self { nodes }
    }

    /// Kills the node that leads. The others elect a new one after about a second, and nothing can
    /// be written until then.
    pub fn kill_leader(&mut self) {
        let leader = poll(ELECTED_WITHIN, || self.nodes.iter().position(Etcd::leads));
        let leader = leader.unwrap_or_else(|| panic!("no leader within {ELECTED_WITHIN:?}"));
        // It may not come back, so it is dropped, which kills it.
        self.nodes.remove(leader);
    }

    /// The records whose names start like this, by name, as a majority has them.
    pub fn records(&self, prefix: &str) -> Vec<Record> {
        self.nodes[0].records(prefix)
    }
}

impl Store for EtcdCluster {
    /// The cluster has the nodes that there are now; who is killed later stays in it.
    fn join(&self, config: Config, name: &str) -> Config {
        let addresses: Vec<_> = self.nodes.iter().map(Etcd::address).collect();
        config.cluster(Cluster::etcd(name, &addresses))
    }
}
