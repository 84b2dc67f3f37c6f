//! The errors that unary calls of the Connect protocol have as their content.

use serde_json::Value;

use crate::failure::Failure;
use crate::rpc::connect_error;

/// Only a code that Connect knows makes it one, because many services have a `code`.
pub(super) fn read(document: &Value) -> Option<Failure> {
    connect_error::read(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::problem::Code;
    use serde_json::json;

    #[test]
    fn other_documents_with_a_code_are_none_of_this_dialect() {
        let failure = read(&json!({"code": "not_found", "message": "gone"}));
        assert_eq!(failure.unwrap().grpc, Some(Code::NotFound));
        assert_eq!(
            read(&json!({"code": "out_of_stock", "message": "gone"})),
            None
        );
    }
}
