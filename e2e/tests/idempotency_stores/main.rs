//! The stores of `idempotency-keys` against real servers: what each of them promises, and what it
//! says when a server is slow, full, forbidding or gone.
//!
//! The filter's own code decides what is asked and what an answer means. An Envoy carries the calls,
//! through the clusters that a policy would name.
//!
//! - `carrier`: the Envoy that carries calls; `member`: one proxy of a fleet, as the store sees it.
//! - `contract`: what every store promises.
//! - `etcd`, `etcd_access`, `etcd_cluster`: one node, users and TLS, three nodes.
//! - `redis`, `redis_access`: Redis and Valkey, through the tunnel and through HTTP fronts.

mod carrier;
mod contract;
mod etcd;
mod etcd_access;
mod etcd_cluster;
mod member;
mod redis;
mod redis_access;
