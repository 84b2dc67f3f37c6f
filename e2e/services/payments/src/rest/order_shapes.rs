//! An order in the JSON of each version, exactly as the Go service writes it:
//! in version 1 a list without elements is null.

use serde::Serialize;

use crate::{ids::OrderId, orders::Order, version::ApiVersion};

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum OrderBody {
    V1(OrderV1),
    V2(OrderV2),
}

impl OrderBody {
    pub(super) fn new(version: ApiVersion, order: &'static Order) -> Self {
        match version {
            ApiVersion::V1 => Self::V1(order.into()),
            ApiVersion::V2 => Self::V2(order.into()),
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum OrderList {
    V1 {
        orders: Option<Vec<OrderV1>>,
    },
    V2 {
        items: Vec<OrderV2>,
        /// Where the next page would begin: always empty, as there is one page.
        next: &'static str,
    },
}

impl OrderList {
    pub(super) fn new(version: ApiVersion, orders: &'static [Order]) -> Self {
        match version {
            ApiVersion::V1 => Self::V1 {
                orders: (!orders.is_empty()).then(|| orders.iter().map(Into::into).collect()),
            },
            ApiVersion::V2 => Self::V2 {
                items: orders.iter().map(Into::into).collect(),
                next: "",
            },
        }
    }
}

#[derive(Serialize)]
pub(super) struct OrderV1 {
    id: OrderId,
    amount_minor: i64,
    currency: &'static str,
    lines: Option<&'static [&'static str]>,
}

impl From<&'static Order> for OrderV1 {
    fn from(order: &'static Order) -> Self {
        Self {
            id: order.id,
            amount_minor: order.amount_minor,
            currency: order.currency,
            lines: (!order.lines.is_empty()).then_some(order.lines),
        }
    }
}

#[derive(Serialize)]
pub(super) struct OrderV2 {
    id: String,
    total: Money,
    lines: &'static [&'static str],
    state: &'static str,
}

#[derive(Serialize)]
struct Money {
    currency: &'static str,
    minor_units: i64,
}

impl From<&'static Order> for OrderV2 {
    fn from(order: &'static Order) -> Self {
        Self {
            id: order.id.to_string(),
            total: Money {
                currency: order.currency,
                minor_units: order.amount_minor,
            },
            lines: order.lines,
            state: order.state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders;

    fn shown(version: ApiVersion) -> String {
        let order = orders::find(OrderId(2)).unwrap();
        serde_json::to_string(&OrderBody::new(version, order)).unwrap()
    }

    #[test]
    fn each_version_has_the_shape_of_the_go_service() {
        assert_eq!(
            shown(ApiVersion::V1),
            r#"{"id":2,"amount_minor":990,"currency":"USD","lines":null}"#
        );
        assert_eq!(
            shown(ApiVersion::V2),
            r#"{"id":"2","total":{"currency":"USD","minor_units":990},"lines":[],"state":"open"}"#
        );
    }

    #[test]
    fn an_empty_list_is_null_in_the_first_version_only() {
        let empty = |version| serde_json::to_string(&OrderList::new(version, &[])).unwrap();
        assert_eq!(empty(ApiVersion::V1), r#"{"orders":null}"#);
        assert_eq!(empty(ApiVersion::V2), r#"{"items":[],"next":""}"#);
    }
}
