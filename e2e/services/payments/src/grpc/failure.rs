//! The status that a Fail call asks for.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Two of the details are for the client. The third, `DebugInfo`, is for the
/// team alone, and shows it with an internal address.
pub(super) fn asked(code: i32, message: &str, with_details: bool) -> Status {
    let code = Code::from_i32(code);
    if code == Code::Ok {
        return Status::invalid_argument("OK is not a code to fail with");
    }
    if !with_details {
        return Status::new(code, message);
    }
    let mut details = ErrorDetails::new();
    details
        .set_error_info(
            "PAYMENT_STORE_UNAVAILABLE",
            "payments.acme.example",
            HashMap::from([("store".to_owned(), "payments".to_owned())]),
        )
        .set_retry_info(Some(Duration::from_secs(2)))
        .set_debug_info(
            vec![
                "payments::store::PaymentStore::get at src/store.rs:42".to_owned(),
                "payments::grpc::v1::get_payment at src/grpc/v1.rs:17".to_owned(),
            ],
            "error connecting to postgres://payments@10.0.3.9:5432/payments",
        );
    Status::with_error_details(code, message, details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_attached_when_asked_for() {
        let status = asked(14, "store is down", true);
        assert_eq!(status.code(), Code::Unavailable);
        let details = status.get_error_details();
        assert!(details.debug_info().is_some());
        assert!(details.error_info().is_some());
        assert!(asked(14, "store is down", false).details().is_empty());
    }

    #[test]
    fn success_is_no_failure() {
        assert_eq!(asked(0, "", false).code(), Code::InvalidArgument);
    }
}
