//! The payments, kept in memory: a restart brings the seeded ones back.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Deserialize;

use crate::{
    errors::PaymentError,
    ids::{BEYOND_DOUBLE, OrderId, PaymentId},
};

#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    pub(crate) state: PaymentState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaymentState {
    Authorized,
    Captured,
}

impl PaymentState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Captured => "captured",
        }
    }
}

/// What a client sends to pay for an order, in both versions of the REST API.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NewPayment {
    pub(crate) order_id: OrderId,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    /// Whether to ask the orders service for the order before charging.
    #[serde(default)]
    pub(crate) verify_order: bool,
}

pub(crate) struct PaymentStore(Mutex<Ledger>);

struct Ledger {
    payments: BTreeMap<PaymentId, Payment>,
    last: PaymentId,
}

impl PaymentStore {
    /// Holds one payment for each order that the orders service starts with.
    pub(crate) fn seeded() -> Self {
        let payments = [
            (1, 1250, "EUR", PaymentState::Captured),
            (2, 990, "USD", PaymentState::Authorized),
            (BEYOND_DOUBLE, 129_900, "EUR", PaymentState::Captured),
        ]
        .map(|(number, amount_minor, currency, state)| Payment {
            id: PaymentId(number),
            order_id: OrderId(number),
            amount_minor,
            currency: currency.to_owned(),
            state,
        });
        Self(Mutex::new(Ledger {
            payments: payments.map(|payment| (payment.id, payment)).into(),
            last: PaymentId(2),
        }))
    }

    /// All payments, sorted by id.
    pub(crate) fn list(&self) -> Vec<Payment> {
        self.locked().payments.values().cloned().collect()
    }

    pub(crate) fn get(&self, id: PaymentId) -> Result<Payment, PaymentError> {
        self.locked()
            .payments
            .get(&id)
            .cloned()
            .ok_or(PaymentError::NotFound(id))
    }

    pub(crate) fn for_order(&self, order_id: OrderId) -> Result<Payment, PaymentError> {
        self.locked()
            .payments
            .values()
            .find(|payment| payment.order_id == order_id)
            .cloned()
            .ok_or(PaymentError::NotFoundForOrder(order_id))
    }

    pub(crate) fn create(&self, new: NewPayment) -> Payment {
        let mut ledger = self.locked();
        ledger.last.0 += 1;
        let payment = Payment {
            id: ledger.last,
            order_id: new.order_id,
            amount_minor: new.amount_minor,
            currency: new.currency,
            state: PaymentState::Authorized,
        };
        ledger.payments.insert(payment.id, payment.clone());
        payment
    }

    /// A poisoned lock is taken all the same: every change under it is whole,
    /// and one panicking handler must not fail all later requests.
    fn locked(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_payment_is_found_by_its_id_and_by_its_order() {
        let store = PaymentStore::seeded();
        let created = store.create(NewPayment {
            order_id: OrderId(77),
            amount_minor: 100,
            currency: "EUR".to_owned(),
            verify_order: false,
        });
        assert_eq!(created.id, PaymentId(3));
        assert_eq!(store.get(created.id).unwrap().order_id, OrderId(77));
        assert_eq!(store.for_order(OrderId(77)).unwrap().id, created.id);
    }

    #[test]
    fn an_unknown_payment_is_an_error() {
        let store = PaymentStore::seeded();
        assert!(matches!(
            store.get(PaymentId(404)),
            Err(PaymentError::NotFound(PaymentId(404)))
        ));
    }
}
