//! A payment in the JSON of each version: number ids and flat amounts in the
//! first, string ids and money in the second.

use serde::Serialize;

use crate::{
    ids::{OrderId, PaymentId},
    store::Payment,
    version::ApiVersion,
};

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum PaymentBody {
    V1(PaymentV1),
    V2(PaymentV2),
}

impl PaymentBody {
    pub(super) fn new(version: ApiVersion, payment: Payment) -> Self {
        match version {
            ApiVersion::V1 => Self::V1(payment.into()),
            ApiVersion::V2 => Self::V2(payment.into()),
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum PaymentList {
    V1 {
        payments: Vec<PaymentV1>,
    },
    V2 {
        items: Vec<PaymentV2>,
        /// Where the next page would begin: always null, as there is one page.
        next: Option<String>,
    },
}

impl PaymentList {
    pub(super) fn new(version: ApiVersion, payments: Vec<Payment>) -> Self {
        match version {
            ApiVersion::V1 => Self::V1 {
                payments: payments.into_iter().map(Into::into).collect(),
            },
            ApiVersion::V2 => Self::V2 {
                items: payments.into_iter().map(Into::into).collect(),
                next: None,
            },
        }
    }
}

#[derive(Serialize)]
pub(super) struct PaymentV1 {
    id: PaymentId,
    order_id: OrderId,
    amount_minor: i64,
    currency: String,
    status: &'static str,
}

impl From<Payment> for PaymentV1 {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order_id,
            amount_minor: payment.amount_minor,
            currency: payment.currency,
            status: payment.state.name(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct PaymentV2 {
    id: String,
    order_id: String,
    amount: Money,
    state: &'static str,
}

#[derive(Serialize)]
struct Money {
    currency: String,
    minor_units: i64,
}

impl From<Payment> for PaymentV2 {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id.to_string(),
            order_id: payment.order_id.to_string(),
            amount: Money {
                currency: payment.currency,
                minor_units: payment.amount_minor,
            },
            state: payment.state.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::BEYOND_DOUBLE, store::PaymentStore};

    fn shown(version: ApiVersion) -> String {
        let payment = PaymentStore::seeded()
            .get(PaymentId(BEYOND_DOUBLE))
            .unwrap();
        serde_json::to_string(&PaymentBody::new(version, payment)).unwrap()
    }

    #[test]
    fn each_version_has_its_own_shape() {
        assert_eq!(
            shown(ApiVersion::V1),
            r#"{"id":9007199254740993,"order_id":9007199254740993,"amount_minor":129900,"currency":"EUR","status":"captured"}"#
        );
        assert_eq!(
            shown(ApiVersion::V2),
            r#"{"id":"9007199254740993","order_id":"9007199254740993","amount":{"currency":"EUR","minor_units":129900},"state":"captured"}"#
        );
    }

    #[test]
    fn an_empty_list_stays_a_list() {
        let empty = |version| serde_json::to_string(&PaymentList::new(version, vec![])).unwrap();
        assert_eq!(empty(ApiVersion::V1), r#"{"payments":[]}"#);
        assert_eq!(empty(ApiVersion::V2), r#"{"items":[],"next":null}"#);
    }
}
