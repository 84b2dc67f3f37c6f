//! The only crate that talks to the proxy: it runs kit's pipeline behind proxy-wasm.
//!
//! A filter's module is its crate with the feature `module`, whose one line calls
//! [`export_filter!`]; a bundle's calls [`export_bundle!`].
//!
//! - `ffi`: the host calls, fallible.
//! - `wire`: header maps as the host serialises them.
//! - `root`: one plugin configuration, its policies, timers and calls that outlive exchanges.
//! - `stream`: one exchange; callbacks become events.
//! - `proxy`: kit's `Host`, made of host calls.
//! - `upkeep`: what a filter does between exchanges.
//! - `calls`: call-outs, checked before the SDK sends them.
//! - `metrics`, `audit`: what is counted, and which policy is in force.
//! - `random`: random bits.

mod audit;
mod calls;
mod ffi;
mod metrics;
mod proxy;
mod random;
mod root;
mod stream;
mod upkeep;
mod wire;

use kit::filter::Registration;
use proxy_wasm::types::LogLevel;

#[doc(hidden)]
pub use kit::filter as __filter;
#[doc(hidden)]
pub use proxy_wasm as __proxy_wasm;

/// What a module runs.
#[derive(Clone, Copy)]
pub enum Module {
    /// One filter; the configuration is its policy.
    One(Registration),
    /// Several filters, outermost first; the configuration names each with its policy.
    Bundle(&'static [Registration]),
}

/// Makes a module of one filter.
#[macro_export]
macro_rules! export_filter {
    ($filter:ty) => {
        $crate::__export! {
            $crate::Module::One($crate::__filter::Registration::of::<$filter>())
        }
    };
}

/// Makes a module of several filters, named outermost first.
#[macro_export]
macro_rules! export_bundle {
    ($($filter:ty),+ $(,)?) => {
        $crate::__export! {
            $crate::Module::Bundle(
                &const { [$($crate::__filter::Registration::of::<$filter>()),+] },
            )
        }
    };
}

/// The one function that a proxy looks for. It stands in a module of its own, because the SDK's
/// macro gives it no documentation.
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($module:expr) => {
        #[allow(missing_docs, unreachable_pub, reason = "The SDK's macro makes it so.")]
        mod exported {
            #[allow(unused_imports, reason = "A filter may be named by its whole path.")]
            use super::*;

            $crate::__proxy_wasm::main! {{
                $crate::start(|context| $crate::root(context, $module));
            }}
        }
    };
}

/// Registers a module with the SDK; called once, when a VM starts.
pub fn start(root: proxy_wasm::types::NewRootContext) {
    // It installs the hook that logs the text of a panic, should there ever be one.
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(root);
}

/// A plugin configuration of this module.
pub fn root(context: u32, module: Module) -> Box<dyn proxy_wasm::traits::RootContext> {
    Box::new(root::Root::new(context, module))
}
