//! Named checks outside of cargo's harness, and how many of them hold.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What became of the checks. They may come from several threads.
#[derive(Debug, Default)]
pub struct Report {
    passed: AtomicUsize,
    failed: AtomicUsize,
}

impl Report {
    /// Runs a check, which panics where the fact does not hold; tells what it returned.
    pub fn check<T>(&self, fact: &str, check: impl FnOnce() -> T) -> Option<T> {
        match catch_unwind(AssertUnwindSafe(check)) {
            Ok(value) => {
                self.hold(fact, 1);
                Some(value)
            }
            Err(panic) => {
                self.fail(fact, reason(panic.as_ref()));
                None
            }
        }
    }

    /// Several checks of one kind hold.
    pub fn hold(&self, fact: &str, checks: usize) {
        self.passed.fetch_add(checks, Ordering::Relaxed);
        println!("ok {fact}");
    }

    /// A check does not hold.
    pub fn fail(&self, fact: &str, reason: &str) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        println!("FAILED {fact}: {reason}");
    }

    /// Closes with one line and the exit code that goes with it. That nothing ran is a failure.
    pub fn conclude(&self) -> ExitCode {
        let passed = self.passed.load(Ordering::Relaxed);
        let failed = self.failed.load(Ordering::Relaxed);
        println!("{passed} passed, {failed} failed");
        if failed == 0 && passed > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

fn reason(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked")
}
