//! The read side of the orders service, rewritten in Rust: a migration between
//! languages is a canary too, and its two sides must answer alike.

use crate::ids::{BEYOND_DOUBLE, OrderId};

/// An order as the orders service starts with it.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) amount_minor: i64,
    pub(crate) currency: &'static str,
    pub(crate) lines: &'static [&'static str],
    pub(crate) state: &'static str,
}

static ORDERS: [Order; 3] = [
    Order {
        id: OrderId(1),
        amount_minor: 1250,
        currency: "EUR",
        lines: &["coffee beans", "filter paper"],
        state: "paid",
    },
    Order {
        id: OrderId(2),
        amount_minor: 990,
        currency: "USD",
        lines: &[],
        state: "open",
    },
    Order {
        id: OrderId(BEYOND_DOUBLE),
        amount_minor: 129_900,
        currency: "EUR",
        lines: &["espresso machine"],
        state: "paid",
    },
];

/// All orders, sorted by id.
pub(crate) fn list() -> &'static [Order] {
    &ORDERS
}

pub(crate) fn find(id: OrderId) -> Option<&'static Order> {
    ORDERS.iter().find(|order| order.id == id)
}
