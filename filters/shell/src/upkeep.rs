//! What a filter does between exchanges, and when it is next to do it.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use kit::call::{Call, CallId, CallResult};
use kit::filter::Upkeep;

use crate::proxy::time;
use crate::random::random;

/// The upkeep of one policy. Times are nanoseconds since 1970.
pub(crate) struct Keeper {
    upkeep: RefCell<Box<dyn Upkeep>>,
    due: Cell<u64>,
}

impl Keeper {
    /// An upkeep that is due at once.
    pub(crate) fn new(upkeep: Box<dyn Upkeep>) -> Self {
        Self {
            upkeep: RefCell::new(upkeep),
            due: Cell::new(0),
        }
    }

    /// When it is to tick.
    pub(crate) fn due(&self) -> u64 {
        self.due.get()
    }

    /// Ticks if it is due, and gives the call that it wants to have made.
    pub(crate) fn tick(&self, now: u64) -> Option<Call> {
        if now < self.due.get() {
            return None;
        }
        // Nothing in an upkeep calls back, so it is free.
        let mut upkeep = self.upkeep.try_borrow_mut().ok()?;
        let call = upkeep.tick(time(now), random());
        self.due.set(after(now, upkeep.period()));
        call
    }

    /// Gives it the result of a call.
    pub(crate) fn answered(&self, id: CallId, result: CallResult, now: u64) {
        if let Ok(mut upkeep) = self.upkeep.try_borrow_mut() {
            upkeep.answered(id, result);
            self.due
                .set(self.due.get().min(after(now, upkeep.period())));
        }
    }
}

/// The time after a period, which is at least a millisecond, so that the ticks have an end.
fn after(now: u64, period: Duration) -> u64 {
    let period = period.max(Duration::from_millis(1)).as_nanos();
    now.saturating_add(u64::try_from(period).unwrap_or(u64::MAX))
}
