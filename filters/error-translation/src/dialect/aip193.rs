//! `google.rpc.Status` as JSON: under `error` as AIP-193 has it, or bare as Envoy's transcoder
//! writes it.

use kit::problem::Code;
use kit::problem::google_rpc::Any;
use serde_json::{Map, Value};

use super::Dialect;
use crate::failure::Failure;
use crate::rpc::{details, json};

/// Reads either form.
///
/// `{"error": {"code": 429, "message", "status": "RESOURCE_EXHAUSTED", "details"}}` needs the message
/// and the name of a code, or an HTTP status beside `status` or `details`. `{"code": 8, "message",
/// "details"}` needs all three, because many services have a `code`, and its code is that of gRPC.
pub(super) fn read(document: &Value) -> Option<Failure> {
    let error = document.get("error").and_then(Value::as_object);
    match error {
        Some(error) => enveloped(error),
        None => bare(document.as_object()?),
    }
}

/// AIP-193: `code` is an HTTP status here.
fn enveloped(error: &Map<String, Value>) -> Option<Failure> {
    let message = error.get("message")?.as_str()?;
    let status = error.get("status").and_then(Value::as_str);
    let found = error.get("details").and_then(Value::as_array);
    let code = status
        .and_then(Code::from_name)
        .filter(|code| *code != Code::Ok);
    let has_http_status = number(error, 100..=599).is_some();
    if code.is_none() && !(has_http_status && (status.is_some() || found.is_some())) {
        return None;
    }
    let mut failure = failure(code, message, found);
    // What Google's services sent before there was `details`, and send still.
    if let Some(errors) = error.get("errors").filter(|errors| errors.is_array()) {
        let extension = failure.extensions.entry("errors");
        extension.or_insert_with(|| errors.clone());
    }
    Some(failure)
}

/// The JSON mapping of proto3: `code` is the number of the enum here.
fn bare(status: &Map<String, Value>) -> Option<Failure> {
    let code = Code::from_number(number(status, 1..=16)?)?;
    let message = status.get("message")?.as_str()?;
    let found = status.get("details")?.as_array()?;
    Some(failure(Some(code), message, Some(found)))
}

fn failure(code: Option<Code>, message: &str, found: Option<&Vec<Value>>) -> Failure {
    let mut failure = Failure::of(Dialect::Aip193);
    failure.grpc = code;
    failure.detail = (!message.is_empty()).then(|| message.to_owned());
    let mut known: Vec<Any> = Vec::new();
    for detail in found
        .into_iter()
        .flatten()
        .filter(|detail| detail.is_object())
    {
        match json::from_json(detail) {
            Some(detail) => known.push(detail),
            None => details::note_other(&mut failure, detail.clone()),
        }
    }
    details::note(&mut failure, known);
    failure
}

fn number(members: &Map<String, Value>, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
    let number = u32::try_from(members.get("code")?.as_u64()?).ok()?;
    range.contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::samples;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn an_error_of_google_is_read_with_its_details() {
        let failure = read(&json!({"error": {
            "code": 429,
            "message": "The zone 'us-east1-a' does not have enough resources available.",
            "status": "RESOURCE_EXHAUSTED",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "RESOURCE_AVAILABILITY",
                    "domain": "compute.googleapis.com",
                    "metadata": {"zone": "us-east1-a"},
                },
                {
                    "@type": "type.googleapis.com/google.rpc.Help",
                    "links": [{"description": "More", "url": "https://cloud.google.com/x"}],
                },
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"},
            ],
        }}));
        let failure = failure.unwrap();
        assert_eq!(failure.dialect, Dialect::Aip193);
        assert_eq!(failure.grpc, Some(Code::ResourceExhausted));
        assert_eq!(failure.code.as_deref(), Some("RESOURCE_AVAILABILITY"));
        assert_eq!(failure.domain.as_deref(), Some("compute.googleapis.com"));
        assert_eq!(failure.retry_after, Some(2));
        assert_eq!(failure.links.len(), 1);
        assert_eq!(failure.details.len(), 3);
        let expected = json!({"metadata": {"zone": "us-east1-a"}});
        assert_eq!(Value::Object(failure.extensions), expected);
    }

    #[test]
    fn the_bare_status_of_a_transcoder_is_read_with_the_number_of_the_enum() {
        let status = samples::status();
        let failure = read(&json!({
            "code": 8,
            "message": status.message,
            "details": samples::details_as_json(),
        }));
        let failure = failure.unwrap();
        assert_eq!(failure.grpc, Some(Code::ResourceExhausted));
        assert_eq!(failure.detail, Some(status.message));
        assert_eq!(failure.code.as_deref(), Some("STOCK_OUT"));
        assert_eq!(failure.extensions["requestId"], "req-7");
        assert_eq!(failure.details.len(), 10);
    }

    #[test]
    fn what_is_for_developers_alone_is_not_even_kept() {
        for detail in [
            json!({"@type": "type.googleapis.com/google.rpc.DebugInfo", "detail": "secret"}),
            json!({"@type": "type.googleapis.com/google.rpc.DebugInfo", "stackEntries": "secret"}),
            json!({"@type": "x/google.rpc.DebugInfo", "value": "secret", "other": "secret"}),
            json!({"@type": "type.googleapis.com/google.rpc.RequestInfo", "servingData": "secret"}),
            json!({"@type": "type.googleapis.com/google.rpc.RequestInfo", "other": "secret"}),
        ] {
            let document = json!({"code": 13, "message": "Internal", "details": [detail]});
            let failure = read(&document).unwrap();
            assert!(!format!("{failure:?}").contains("secret"), "{document}");
        }
    }

    #[test]
    fn the_http_status_alone_tells_no_code_of_grpc() {
        let failure = read(&json!({"error": {"code": 404, "message": "gone", "details": []}}));
        assert_eq!(failure.unwrap().grpc, None);
        let failure = read(&json!({"error": {"code": 404, "message": "gone", "status": "ODD"}}));
        assert_eq!(failure.unwrap().grpc, None);
        let failure = read(&json!({"error": {"message": "gone", "status": "NOT_FOUND"}}));
        assert_eq!(failure.unwrap().grpc, Some(Code::NotFound));
    }

    #[test]
    fn details_of_other_types_are_kept() {
        let other = json!({"@type": "type.googleapis.com/acme.OutOfStock", "sku": "A-1"});
        let opaque = json!({"@type": "type.googleapis.com/acme.Other", "value": "CgNBLTE="});
        let untyped = json!({"sku": "A-1"});
        let failure = read(&json!({"error": {
            "message": "gone",
            "status": "NOT_FOUND",
            "details": [other, "text", opaque, 1, untyped],
        }}));
        let failure = failure.unwrap();
        let expected = json!([other, untyped, opaque]);
        assert_eq!(failure.extensions["details"], expected);
        let type_urls: Vec<&str> = failure.details.iter().map(|one| &*one.type_url).collect();
        assert_eq!(type_urls, ["type.googleapis.com/acme.Other"]);
    }

    #[test]
    fn the_errors_of_old_services_are_kept() {
        let errors = json!([{"domain": "global", "reason": "notFound", "message": "gone"}]);
        let failure = read(&json!({"error": {
            "code": 404, "message": "gone", "status": "NOT_FOUND", "errors": errors,
        }}));
        assert_eq!(failure.unwrap().extensions["errors"], errors);
    }

    #[test]
    fn other_documents_are_none_of_this_dialect() {
        for document in [
            json!({"error": {"code": 404, "message": "gone"}}),
            json!({"error": {"code": 404, "status": "NOT_FOUND"}}),
            json!({"error": {"code": "404", "message": "gone", "status": "Not Found"}}),
            json!({"error": {"code": 42, "message": "gone", "details": []}}),
            json!({"error": {"message": "fine", "status": "OK"}}),
            json!({"error": {"message": 1, "status": "NOT_FOUND"}}),
            json!({"error": "gone"}),
            json!({"error": {"code": 404, "reason": "Not Found", "description": "gone"}}),
            json!({"code": 5, "message": "gone"}),
            json!({"code": 0, "message": "", "details": []}),
            json!({"code": 17, "message": "gone", "details": []}),
            json!({"code": 404, "message": "gone", "details": []}),
            json!({"code": "5", "message": "gone", "details": []}),
            json!({"code": 5, "message": "gone", "details": {}}),
            json!({"code": 5.0, "message": "gone", "details": []}),
            json!({}),
            json!([]),
            json!(null),
        ] {
            assert_eq!(read(&document), None, "{document}");
        }
    }

    proptest! {
        #[test]
        fn no_code_is_too_strange(code in any::<i64>()) {
            read(&json!({"code": code, "message": "", "details": []}));
            read(&json!({"error": {"code": code, "message": "", "details": []}}));
        }
    }
}
