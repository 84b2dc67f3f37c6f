//! Istio without a cluster: its judgement of manifests, its discovery server, and a proxy that takes
//! everything from it.

mod discovery;
mod judge;
mod loopback;
mod mesh_control;
mod proxy;

pub use discovery::{Discovery, ProxyStatus, Refused, Status, TypeStatus};
pub use judge::{Judgement, judge};
pub use loopback::loopback_of_its_own;
pub use proxy::{IstioProxy, ProxyKind};
