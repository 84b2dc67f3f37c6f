//! The error of the Connect protocol: the content of a unary call, and a member of the message that
//! ends a stream.

use kit::problem::Code;
use kit::problem::google_rpc::{Any, TYPE_URL_PREFIX};
use serde_json::Value;

use super::{decode_base64, details};
use crate::dialect::Dialect;
use crate::failure::Failure;

/// Reads `{"code": "unavailable", "message", "details": [{"type", "value"}]}`; `None` without a code
/// that Connect knows. The `debug` of a detail is for developers and is passed over, and so is a
/// detail that cannot be read.
pub(crate) fn read(error: &Value) -> Option<Failure> {
    let code = Code::from_connect_name(error.get("code")?.as_str()?)?;
    Some(failure(code, error))
}

/// Reads an error that is one by its place, so that one without a code that Connect knows is
/// [`Code::Unknown`], as it is to clients.
pub(crate) fn read_any(error: &Value) -> Failure {
    read(error).unwrap_or_else(|| failure(Code::Unknown, error))
}

fn failure(code: Code, error: &Value) -> Failure {
    let mut failure = Failure::of(Dialect::Connect);
    failure.grpc = Some(code);
    let message = error.get("message").and_then(Value::as_str);
    failure.detail = message
        .filter(|message| !message.is_empty())
        .map(str::to_owned);
    let found = error.get("details").and_then(Value::as_array);
    let found = found.into_iter().flatten().filter_map(detail_of_json);
    details::note(&mut failure, found.collect());
    failure
}

/// Connect leaves out where types live; what has it all the same keeps it.
fn detail_of_json(detail: &Value) -> Option<Any> {
    let name = detail.get("type")?.as_str()?;
    let type_url = if name.contains('/') {
        name.to_owned()
    } else {
        format!("{TYPE_URL_PREFIX}{name}")
    };
    let value = decode_base64(detail.get("value")?.as_str()?.as_bytes())?;
    Some(Any { type_url, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn an_error_is_read_with_its_details() {
        // From the Connect protocol's own description.
        let failure = read(&json!({
            "code": "unavailable",
            "message": "overloaded: back off and retry",
            "details": [{
                "type": "google.rpc.RetryInfo",
                "value": "CgIIPA",
                "debug": {"retryDelay": "60s"},
            }],
        }));
        let expected = Failure {
            grpc: Some(Code::Unavailable),
            detail: Some("overloaded: back off and retry".to_owned()),
            retry_after: Some(60),
            details: vec![Any {
                type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
                value: b"\x0a\x02\x08\x3c".to_vec(),
            }],
            ..Failure::of(Dialect::Connect)
        };
        assert_eq!(failure, Some(expected));
    }

    #[test]
    fn only_a_code_that_connect_knows_makes_it_an_error_of_connect() {
        for code in ["canceled", "unknown", "not_found", "unauthenticated"] {
            let failure = read(&json!({"code": code})).unwrap();
            assert_eq!(failure.grpc, Code::from_connect_name(code));
        }
        for error in [
            json!({}),
            json!({"code": null}),
            json!({"code": 5}),
            json!({"code": "ok"}),
            json!({"code": "cancelled"}),
            json!({"code": "NOT_FOUND"}),
            json!({"code": "insufficient_funds", "message": "no"}),
            json!(["unavailable"]),
            json!("unavailable"),
        ] {
            assert_eq!(read(&error), None, "{error}");
            assert_eq!(read_any(&error).grpc, Some(Code::Unknown), "{error}");
        }
    }

    #[test]
    fn details_that_are_none_are_passed_over() {
        let failure = read(&json!({
            "code": "internal",
            "message": 7,
            "details": [
                1,
                {"type": "a.B"},
                {"type": 1, "value": "AA"},
                {"type": "a.B", "value": "no base64"},
                {"type": "example.com/a.B", "value": "AA=="},
            ],
        }));
        let failure = failure.unwrap();
        assert_eq!(failure.detail, None);
        let type_urls: Vec<&str> = failure.details.iter().map(|one| &*one.type_url).collect();
        assert_eq!(type_urls, ["example.com/a.B"]);
    }

    proptest! {
        #[test]
        fn no_detail_is_too_strange(name in ".{0,8}", value in ".{0,8}") {
            read(&json!({"code": "internal", "details": [{"type": name, "value": value}]}));
        }
    }
}
