//! The message of the frame that ends a stream of the Connect protocol: `{"error", "metadata"}`.

use serde_json::Value;

use super::connect_error;
use crate::failure::Failure;

/// The error that the message tells and the whole document, from which [`write`] makes the message
/// anew; `None` where it tells of success or is none that can be read.
pub(crate) fn read(message: &[u8]) -> Option<(Failure, Value)> {
    let document: Value = serde_json::from_slice(message).ok()?;
    let error = document.get("error").filter(|error| error.is_object())?;
    Some((connect_error::read_any(error), document))
}

/// The message with another error. The metadata and whatever else it has stay.
pub(crate) fn write(mut document: Value, error: Value) -> Vec<u8> {
    if let Some(members) = document.as_object_mut() {
        members.insert("error".to_owned(), error);
    }
    serde_json::to_vec(&document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::problem::Code;
    use proptest::prelude::*;
    use serde_json::json;

    fn read_json(message: &Value) -> Option<(Failure, Value)> {
        read(message.to_string().as_bytes())
    }

    #[test]
    fn success_is_no_failure() {
        for message in [
            json!({}),
            json!({"metadata": {"a": ["b"]}}),
            json!({"error": null}),
            json!({"error": "text"}),
            json!([]),
        ] {
            assert_eq!(read_json(&message), None, "{message}");
        }
        assert_eq!(read(b""), None);
        assert_eq!(read(b"{\"error\":{"), None);
        assert_eq!(read(b"\xff"), None);
    }

    #[test]
    fn an_error_is_one_whatever_its_code() {
        let code = |message: Value| read_json(&message).unwrap().0.grpc;
        assert_eq!(
            code(json!({"error": {"code": "not_found"}})),
            Some(Code::NotFound)
        );
        for error in [json!({}), json!({"code": null}), json!({"code": "odd"})] {
            assert_eq!(code(json!({"error": error})), Some(Code::Unknown));
        }
    }

    #[test]
    fn metadata_and_whatever_else_there_is_stay() {
        let message = json!({
            "error": {"code": "internal", "message": "panic"},
            "metadata": {"x-a": ["1", "2"]},
            "new": 1,
        });
        let (failure, document) = read_json(&message).unwrap();
        assert_eq!(failure.detail.as_deref(), Some("panic"));
        let written = write(document, json!({"code": "internal"}));
        let expected = json!({
            "error": {"code": "internal"},
            "metadata": {"x-a": ["1", "2"]},
            "new": 1,
        });
        assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn no_octets_are_too_strange(message in prop::collection::vec(any::<u8>(), 0..32)) {
            read(&message);
        }
    }
}
