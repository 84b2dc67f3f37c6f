//! The probe's upkeep: it asks the cluster `/upkeep` at every tick.

use std::fmt;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use kit::call::{Call, CallId, CallResult};
use kit::filter::Upkeep;

use crate::{Policy, http_call};

/// What the upkeep has done.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    ticks: u32,
    answers: u32,
    last: Option<CallResult>,
}

/// The upkeep of a policy.
pub(crate) struct Keeper(pub(crate) Rc<Policy>);

const UPKEEP: CallId = CallId(9);

impl Upkeep for Keeper {
    fn period(&self) -> Duration {
        Duration::from_millis(self.0.settings.upkeep.into())
    }

    fn tick(&mut self, _: SystemTime, _: u64) -> Option<Call> {
        self.0.kept.borrow_mut().ticks += 1;
        Some(http_call(UPKEEP, &self.0.settings.cluster, "/upkeep"))
    }

    fn answered(&mut self, id: CallId, result: CallResult) {
        let mut kept = self.0.kept.borrow_mut();
        kept.answers += u32::from(id == UPKEEP);
        kept.last = Some(result);
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ticks, answers, .. } = self;
        write!(f, "ticks={ticks} answers={answers} last=")?;
        match &self.last {
            None => f.write_str("none"),
            Some(CallResult::Http { status, .. }) => write!(f, "{status}"),
            Some(CallResult::Grpc(_)) => f.write_str("grpc"),
            Some(CallResult::Failed(failure)) => write!(f, "{failure:?}"),
        }
    }
}
