//! A filter that does nothing: the baseline of the benchmark.
//!
//! It is built on the bare SDK, so that what Treaty's own shell costs stands in the difference.
#![cfg(feature = "module")]
#![allow(
    missing_docs,
    reason = "The SDK's macro makes one function, without any."
)]

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

struct Root;
struct Stream;

impl Context for Root {}

impl RootContext for Root {
    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Context for Stream {}

impl HttpContext for Stream {}

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}
