//! The runtime behind everything that looks blocking to a test.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{error::Elapsed, timeout};

/// One runtime for the whole process: it outlives each test, so that no connection dies with the
/// thread of the test that opened it.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("e2e")
            .enable_all()
            .build()
            .expect("a tokio runtime")
    });
    &RUNTIME
}

/// Blocks until a future is done or the time is over.
pub(crate) fn wait_for<T>(within: Duration, future: impl Future<Output = T>) -> Result<T, Elapsed> {
    runtime().block_on(async { timeout(within, future).await })
}
