//! What stores want to have done between requests, so that no request has to wait for it.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use kit::call::{Call, CallId, CallResult};
use kit::filter::Upkeep;

use crate::plan::{NamedStore, Policy};
use crate::store::{self, Store};

/// How often stores are asked. Leases of etcd are granted well before they are needed.
const PERIOD: Duration = Duration::from_millis(500);

/// Asks the stores of a policy in turn.
pub(crate) struct StoreUpkeep {
    stores: Vec<Rc<NamedStore>>,
    /// The store that is asked first the next time.
    turn: usize,
    /// The number of the next call.
    next: u32,
    /// What is under way, by the number of its call, and the place of its store.
    under_way: Vec<(CallId, usize, store::Upkeep)>,
}

impl StoreUpkeep {
    /// The upkeep of a policy; `None` where no store has any.
    pub(crate) fn of(policy: &Policy) -> Option<Self> {
        let mut stores = policy.stores.clone();
        stores.retain(|own| matches!(own.store, Store::Etcd(_)));
        (!stores.is_empty()).then_some(Self {
            stores,
            turn: 0,
            next: 0,
            under_way: Vec::new(),
        })
    }
}

impl Upkeep for StoreUpkeep {
    fn period(&self) -> Duration {
        PERIOD
    }

    fn tick(&mut self, now: SystemTime, random: u64) -> Option<Call> {
        let places = (self.turn..self.stores.len()).chain(0..self.turn);
        for place in places {
            let Some(own) = self.stores.get(place) else {
                continue;
            };
            if let Some((upkeep, request)) = own.store.tick(now, random) {
                let id = CallId(self.next);
                self.next = self.next.wrapping_add(1);
                self.turn = (place + 1) % self.stores.len();
                self.under_way.push((id, place, upkeep));
                return Some(Call {
                    id,
                    request,
                    timeout: own.timeout,
                    outlives: true,
                });
            }
        }
        None
    }

    fn answered(&mut self, id: CallId, result: CallResult) {
        let at = self.under_way.iter().position(|(own, ..)| *own == id);
        let Some((_, place, upkeep)) = at.map(|at| self.under_way.swap_remove(at)) else {
            return;
        };
        if let Some(own) = self.stores.get(place) {
            own.store.ticked(upkeep, result);
        }
    }
}
