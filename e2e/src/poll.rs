//! Waiting for what happens in another process, which nobody announces.

use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(1);

/// Asks until there is an answer; `None` when there was none within the time.
pub(crate) fn poll<T>(within: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(INTERVAL);
    }
}
