//! Shapes of errors that a policy declares by JSON Pointer.

use std::str::FromStr;

use kit::policy::value::Pointer;
use kit::policy::{Findings, child};
use kit::{object_value, string_value};

use super::extension::Extensions;
use crate::dialect::{Dialect, OwnDialect, OwnViolations};

/// A shape of errors in JSON. It is tried before those that are built in.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Dialect", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct DialectEntry {
    /// Its name, which none of the built-in ones has.
    name: OwnName,
    /// Places that all must be there for a document to be of this dialect.
    present: Vec<Pointer>,
    /// Where the service's own code for the error is.
    code: Option<Pointer>,
    /// Where the kind of the error in a few words is.
    title: Option<Pointer>,
    /// Where it says what happened this time.
    detail: Option<Pointer>,
    /// Where the type URI is.
    #[cfg_attr(feature = "schema", schemars(rename = "type"))]
    type_uri: Option<Pointer>,
    /// Where the URI of the occurrence is.
    instance: Option<Pointer>,
    /// Where the number of seconds is after which another try may succeed.
    retry_after: Option<Pointer>,
    /// Where it says what is wrong with which part of the request.
    violations: Option<ViolationsEntry>,
    /// Extension members, and where their values are.
    #[cfg_attr(feature = "schema", schemars(default))]
    extensions: Extensions<Pointer>,
}

object_value!(DialectEntry {
    name: required "name",
    present: required_list "present",
    code: optional "code",
    title: optional "title",
    detail: optional "detail",
    type_uri: optional "type",
    instance: optional "instance",
    retry_after: optional "retryAfter",
    violations: optional "violations",
    extensions: defaulted "extensions",
});

/// Where a document says what is wrong with which part of the request.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Violations", deny_unknown_fields)
)]
struct ViolationsEntry {
    /// Where their list is.
    list: Pointer,
    /// Where, in an element of the list, the JSON Pointer of the part is.
    pointer: Option<Pointer>,
    /// Where, in an element of the list, the name of the part is.
    field: Option<Pointer>,
    /// Where, in an element of the list, it says what is wrong.
    detail: Option<Pointer>,
    /// Where, in an element of the list, the code for what is wrong is.
    code: Option<Pointer>,
}

object_value!(ViolationsEntry {
    list: required "list",
    pointer: optional "pointer",
    field: optional "field",
    detail: optional "detail",
    code: optional "code",
});

/// The name of a dialect, in camelCase as the built-in ones.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OwnName(String);

impl FromStr for OwnName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        if !begins || text.len() > 64 || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err("expected a name of 1 to 64 letters and digits in camelCase".into());
        }
        if Dialect::from_name(text).is_some() {
            return Err("is the name of a dialect that is built in; expected another one".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(OwnName, {
    "type": "string",
    "description": "A name of 1 to 64 letters and digits in camelCase.",
    "pattern": "^[a-z][A-Za-z0-9]{0,63}$",
    "not": { "enum": Dialect::NAMES }
});

/// Checks the dialects.
pub(super) fn check(own: &[DialectEntry], findings: &mut Findings) -> Vec<OwnDialect> {
    for (index, entry) in own.iter().enumerate() {
        let at = child("/dialects", index);
        let mut earlier = own.iter().take(index);
        if earlier.any(|other| other.name == entry.name) {
            let message = "is the name of an earlier dialect; names must differ";
            findings.add(child(&at, "name"), message);
        }
        entry.check(&at, findings);
    }
    own.iter().map(DialectEntry::dialect).collect()
}

impl DialectEntry {
    fn check(&self, at: &str, findings: &mut Findings) {
        let present = child(at, "present");
        if self.present.is_empty() {
            let message = "expected at least one place by which the dialect is told from others";
            findings.add(&present, message);
        }
        for (index, pointer) in self.present.iter().enumerate() {
            if pointer.as_str().is_empty() {
                let message = "is the whole document, which is always there";
                findings.add(child(&present, index), message);
            } else if self.present.iter().take(index).any(|own| own == pointer) {
                findings.add(child(&present, index), "is there twice");
            }
        }
        let says_nothing = |own: &ViolationsEntry| own.says_nothing();
        if self.violations.as_ref().is_some_and(says_nothing) {
            let message = "reads nothing of an element; expected at least one of `pointer`, \
                           `field`, `detail` and `code`";
            findings.add(child(at, "violations"), message);
        }
        self.extensions.check(&child(at, "extensions"), findings);
        if self.reads_nothing() {
            findings.add(
                at,
                "reads nothing; expected at least one member beside `present`",
            );
        }
    }

    fn reads_nothing(&self) -> bool {
        self.code.is_none()
            && self.title.is_none()
            && self.detail.is_none()
            && self.type_uri.is_none()
            && self.instance.is_none()
            && self.retry_after.is_none()
            && self.violations.is_none()
            && self.extensions.0.is_empty()
    }

    fn dialect(&self) -> OwnDialect {
        OwnDialect {
            name: self.name.0.clone(),
            present: self.present.clone(),
            code: self.code.clone(),
            title: self.title.clone(),
            detail: self.detail.clone(),
            type_uri: self.type_uri.clone(),
            instance: self.instance.clone(),
            retry_after: self.retry_after.clone(),
            violations: self.violations.as_ref().map(ViolationsEntry::violations),
            extensions: self.extensions.0.clone(),
        }
    }
}

impl ViolationsEntry {
    fn says_nothing(&self) -> bool {
        self.pointer.is_none()
            && self.field.is_none()
            && self.detail.is_none()
            && self.code.is_none()
    }

    fn violations(&self) -> OwnViolations {
        OwnViolations {
            list: self.list.clone(),
            pointer: self.pointer.clone(),
            field: self.field.clone(),
            detail: self.detail.clone(),
            code: self.code.clone(),
        }
    }
}
