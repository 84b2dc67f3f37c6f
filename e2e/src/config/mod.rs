//! What Envoy is configured with: checked in, or composed for one test.

mod bootstrap;
mod cluster;
mod edit;
mod listener;
mod route;
mod store;
mod wasm_filter;

pub use bootstrap::Config;
pub use cluster::{Cluster, Protocol};
pub use listener::Listener;
pub use route::Route;
pub use store::Store;
pub use wasm_filter::WasmFilter;
