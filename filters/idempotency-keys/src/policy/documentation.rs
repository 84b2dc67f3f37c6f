//! Where the rules for keys are documented.

use std::str::FromStr;

use kit::policy::value::{Uri, is_absolute};
use kit::string_value;

/// Where the rules for keys are documented, for clients
/// (draft-ietf-httpapi-idempotency-key-header-07 section 2.5).
#[derive(Debug)]
pub(super) struct Documentation(pub(super) String);

impl FromStr for Documentation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: Option<Uri> = text.parse().ok();
        let uri = uri.filter(|uri| is_absolute(uri.as_str()));
        let expected = "expected an absolute URI, such as \"https://api.example.com/docs/keys\"";
        uri.map(|uri| Self(uri.0))
            .ok_or_else(|| expected.to_owned())
    }
}

string_value!(Documentation, {
    "type": "string",
    "format": "uri",
    "description": "An absolute URI, such as \"https://api.example.com/docs/keys\".",
    "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:.+$"
});
