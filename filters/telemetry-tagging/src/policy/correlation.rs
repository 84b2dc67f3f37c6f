//! The id that a person quotes.

use kit::object_value;
use kit::policy::value::FieldName;
use kit::policy::{Findings, child};

use super::writable;
use crate::correlation::{MAX_OCTETS, Made};
use crate::plan::Correlation;

/// The id that a person quotes who asks about a request.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Correlation", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct CorrelationEntry {
    /// The header field, in requests and responses.
    header: FieldName,
    /// Whether an id that came is taken, if it is one line of letters, digits and `-._~:/+=`;
    /// `true` without it.
    accept: Option<bool>,
    /// The most octets of an id that is taken; 128 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 8, max = 256)))]
    max_length: Option<u16>,
    /// How one is made where none is taken; none is without it.
    make: Option<Made>,
    /// Whether the client gets it with the response; `true` without it.
    respond: Option<bool>,
}

object_value!(CorrelationEntry {
    header: required "header",
    accept: optional "accept",
    max_length: optional "maxLength",
    make: optional "make",
    respond: optional "respond",
});

/// Checks what stands at `at`.
pub(super) fn check(own: &CorrelationEntry, at: &str, findings: &mut Findings) -> Correlation {
    writable::check(own.header.as_str(), child(at, "header"), findings);
    let accepts = own.accept.unwrap_or(true);
    let max_octets = own.max_length.map_or(MAX_OCTETS, usize::from);
    if !(8..=256).contains(&max_octets) {
        findings.add(child(at, "maxLength"), "expected 8 to 256 octets");
    }
    if !accepts && own.make.is_none() {
        findings.add(at, "takes no id and makes none; expected `make`");
    }
    Correlation {
        header: own.header.0.clone(),
        accepts,
        max_octets,
        made: own.make,
        responds: own.respond.unwrap_or(true),
    }
}
