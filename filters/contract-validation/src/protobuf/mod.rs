//! Protobuf descriptors, and whether messages keep to them.
//!
//! - `descriptor`: descriptors as they are written; `descriptors`: how they become `types`;
//!   `features`: what syntaxes and editions make of them.
//! - `wire`, `binary`: the binary encoding; `json`: the JSON mapping. Both make a `value`.
//! - `rules`: what `buf.validate` asks of a value; `report`: what is told, and where.
//! - `frames`: the messages of a stream.

mod binary;
mod descriptor;
mod descriptors;
mod features;
mod frames;
mod json;
mod report;
mod rules;
mod types;
mod value;
mod wire;

use std::rc::Rc;

use kit::policy::Findings;
use prost::Message as _;

use crate::violation::Violation;
use descriptor::FileDescriptorSet;
use descriptors::Descriptors;
use report::Report;

pub use frames::{Frame, Frames, Framing};

/// What a set of descriptors says.
#[derive(Debug)]
pub struct Contract(Descriptors);

/// Which message of a [`Contract`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(usize);

/// A method of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// Its path, such as `/acme.orders.v1.Orders/Get`.
    pub path: String,
    /// What it takes.
    pub input: MessageId,
    /// What it answers.
    pub output: MessageId,
    /// Whether it takes more than one message.
    pub client_streaming: bool,
    /// Whether it answers more than one message.
    pub server_streaming: bool,
    /// Whether it is declared to have no side effects (`idempotency_level`). Connect has GET for
    /// such methods.
    pub no_side_effects: bool,
}

/// How a message is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The deepest nesting of messages; a message alone is one deep.
    pub depth: usize,
    /// How many violations are told.
    pub violations: usize,
    /// Whether fields that the descriptors do not know are told, as the keyword `unknownField`.
    pub unknown_fields: bool,
}

impl Contract {
    /// Reads a serialised `google.protobuf.FileDescriptorSet`.
    ///
    /// # Errors
    /// Every mistake in it; pointers are empty, and messages name the type.
    pub fn read(octets: &[u8]) -> Result<Self, Findings> {
        let set = FileDescriptorSet::decode(octets).map_err(|_| {
            let message = "is not a serialised `google.protobuf.FileDescriptorSet`";
            Findings::one("", message)
        })?;
        let descriptors = Descriptors::resolve(&set)?;
        match descriptors.services.values().map(Vec::len).sum() {
            0 => {
                let message = "has no service with a method; expected one at least";
                Err(Findings::one("", message))
            }
            1..=MOST_METHODS => Ok(Self(descriptors)),
            _ => {
                let message = format!("expected at most {MOST_METHODS} methods");
                Err(Findings::one("", message))
            }
        }
    }

    /// What the descriptors ask for that is not checked, such as rules in CEL: one finding each.
    pub fn notes(&self) -> &Findings {
        &self.0.notes
    }

    /// The method at a path.
    pub fn method(&self, path: &str) -> Option<&Rc<Method>> {
        let (service, _) = path.strip_prefix('/')?.split_once('/')?;
        let mut methods = self.0.services.get(service)?.iter();
        methods.find(|method| method.path == path)
    }

    /// Whether a service of that name is known, such as `acme.orders.v1.Orders`.
    pub fn has_service(&self, name: &str) -> bool {
        self.0.services.contains_key(name)
    }

    /// All methods, by their services, in the order in which these have them.
    pub fn methods(&self) -> impl Iterator<Item = &Method> {
        self.0.services.values().flatten().map(AsRef::as_ref)
    }

    /// The message of a full name, such as `acme.orders.v1.Order`.
    pub fn message(&self, name: &str) -> Option<MessageId> {
        let messages = &self.0.types.messages;
        let place = messages.iter().position(|own| own.name == name);
        place.map(MessageId)
    }

    /// Whether a message has a field of this name, in descriptors or in JSON.
    pub fn declares(&self, name: &str) -> bool {
        let mut messages = self.0.types.messages.iter();
        messages.any(|message| message.named(name).is_some())
    }

    /// What of a message in the binary encoding does not keep to its type.
    ///
    /// Keywords are `wire`, `depth`, `utf8`, `unknownField`, `enum` (a value that a closed
    /// enumeration does not declare), `required` and the names of the rules of `buf.validate`, such
    /// as `string.min_len`.
    pub fn check_binary(
        &self,
        message: MessageId,
        octets: &[u8],
        limits: Limits,
    ) -> Vec<Violation> {
        let types = &self.0.types;
        let Some(message) = types.message(message) else {
            return Vec::new();
        };
        let mut report = Report::new(limits.violations);
        if let Ok(value) = binary::read(types, message, octets, limits, &mut report) {
            rules::evaluate(types, message, &value, &mut report);
        }
        report.into_violations()
    }

    /// What of a message in the JSON mapping does not keep to its type.
    ///
    /// Keywords are those of the binary encoding and `type`, `oneof` (two members of one) and
    /// `duplicate` (one field twice).
    pub fn check_json(&self, message: MessageId, text: &[u8], limits: Limits) -> Vec<Violation> {
        let types = &self.0.types;
        let Some(message) = types.message(message) else {
            return Vec::new();
        };
        let mut report = Report::new(limits.violations);
        match json::Json::read(text) {
            Ok(json) => {
                let value = json::read(types, message, &json, limits, &mut report);
                rules::evaluate(types, message, &value, &mut report);
            }
            Err(json::Unreadable::Syntax) => {
                report.add(
                    &report::Path::ROOT,
                    "wire",
                    "must be one value of JSON, in UTF-8",
                );
            }
            Err(json::Unreadable::Depth) => {
                report.add(&report::Path::ROOT, "depth", "must not be nested so deeply");
            }
        }
        report.into_violations()
    }
}

/// The keyword of fields that the descriptors do not know.
pub const UNKNOWN_FIELD: &str = "unknownField";

/// The most methods of one set.
const MOST_METHODS: usize = 4096;

#[cfg(test)]
mod tests;
