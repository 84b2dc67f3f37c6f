//! One proxy of a fleet, as a store sees it.

use std::cell::RefCell;
use std::time::Duration;

use idempotency_keys::live::{Answer, Fence, Store};
use kit::call::{CallRequest, CallResult};

use crate::carrier::Carrier;

/// Long enough for every test.
pub(crate) const MINUTE: Duration = Duration::from_mins(1);

/// One proxy of a fleet: it has the store's sessions to itself, and shares the records with others.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    store: Store,
    carrier: &'a Carrier,
    /// The methods of the calls that were carried, or `POST`.
    calls: RefCell<Vec<String>>,
}

impl<'a> Member<'a> {
    pub(crate) fn new(store: Store, carrier: &'a Carrier) -> Self {
        Self {
            store,
            carrier,
            calls: RefCell::default(),
        }
    }

    /// Claims a key for a minute, with a record that says whose it is.
    pub(crate) fn claim(&self, number: u8, token: u64) -> Answer {
        self.claim_for(MINUTE, number, token)
    }

    /// Claims a key for so long.
    pub(crate) fn claim_for(&self, ttl: Duration, number: u8, token: u64) -> Answer {
        let carry = &mut |call| self.carry(call);
        self.store
            .claim(key(number), token, &record(token), ttl, carry)
    }

    /// Claims a key; panics where it is not to be had.
    pub(crate) fn own(&self, number: u8, token: u64) -> Fence {
        match self.claim(number, token) {
            Answer::Claimed(fence) => fence,
            other => panic!("{number} is not claimed but {other:?}"),
        }
    }

    /// Replaces a record.
    pub(crate) fn replace(&self, number: u8, fence: Fence, token: u64, record: &[u8]) -> Answer {
        let carry = &mut |call| self.carry(call);
        self.store
            .replace(key(number), (fence, token), record, MINUTE, carry)
    }

    /// Releases a record.
    pub(crate) fn release(&self, number: u8, fence: Fence) -> Answer {
        let carry = &mut |call| self.carry(call);
        self.store.release(key(number), fence, carry)
    }

    /// Does what is to be done between requests.
    pub(crate) fn tick(&self, random: u64) -> bool {
        self.store.tick(random, &mut |call| self.carry(call))
    }

    /// The calls since they were last taken.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        self.calls.take()
    }

    fn carry(&self, call: CallRequest) -> CallResult {
        self.calls.borrow_mut().push(match &call {
            CallRequest::Http(call) => call.method.clone(),
            CallRequest::Grpc(call) => call.method.clone(),
        });
        self.carrier.carry(call)
    }
}

/// What a claim writes: every octet there is, and whose it is.
pub(crate) fn record(token: u64) -> Vec<u8> {
    (0..=255).chain(token.to_be_bytes()).collect()
}

const fn key(number: u8) -> [u8; 32] {
    [number; 32]
}
