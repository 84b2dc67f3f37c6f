//! Protobuf descriptors, and whether messages keep to them.

use std::rc::Rc;

use kit::policy::Findings;

use crate::violation::Violation;

/// What a set of descriptors says.
#[derive(Debug)]
pub struct Contract(Findings);

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
}

/// How a message is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The deepest nesting of messages.
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
        let _ = octets;
        Ok(Self(Findings::new()))
    }

    /// What the descriptors ask for that is not checked, such as rules in CEL: one finding each.
    pub fn notes(&self) -> &Findings {
        &self.0
    }

    /// The method at a path.
    pub fn method(&self, path: &str) -> Option<&Rc<Method>> {
        let _ = path;
        None
    }

    /// Whether a service of that name is known, such as `acme.orders.v1.Orders`.
    pub fn has_service(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// All methods, by their paths.
    pub fn methods(&self) -> impl Iterator<Item = &Method> {
        std::iter::empty()
    }

    /// What of a message in the binary encoding does not keep to its type.
    pub fn check_binary(
        &self,
        message: MessageId,
        octets: &[u8],
        limits: Limits,
    ) -> Vec<Violation> {
        let _ = (message, octets, limits);
        Vec::new()
    }

    /// What of a message in the JSON mapping does not keep to its type.
    pub fn check_json(&self, message: MessageId, text: &[u8], limits: Limits) -> Vec<Violation> {
        let _ = (message, text, limits);
        Vec::new()
    }
}

/// The keyword of fields that the descriptors do not know.
pub const UNKNOWN_FIELD: &str = "unknownField";

impl Contract {
    /// Whether a message has a field of this name.
    pub fn declares(&self, name: &str) -> bool {
        let _ = name;
        false
    }
}

/// How messages follow each other in a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// As in gRPC.
    Grpc,
    /// As in gRPC-Web, with trailers at the end.
    GrpcWeb {
        /// Whether all of it is base64.
        text: bool,
    },
    /// As in streams of Connect.
    Connect,
}

/// Finds the messages in a content as it passes.
#[derive(Debug)]
pub struct Frames;

/// What was found in a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A message.
    Message {
        /// Its octets.
        octets: Vec<u8>,
        /// Whether it has the coding of the call.
        compressed: bool,
    },
    /// A message that is longer than what is held; its octets are dropped.
    TooLarge,
    /// What ends the content: trailers of gRPC-Web, the end-of-stream message of Connect.
    End,
    /// This is no such content. Nothing more is found.
    Malformed,
}

impl Frames {
    /// A reader that holds at most `cap` octets of a message.
    pub fn new(framing: Framing, cap: usize) -> Self {
        let _ = (framing, cap);
        Self
    }

    /// A part of the content has come.
    pub fn feed(&mut self, octets: &[u8]) -> Vec<Frame> {
        let _ = octets;
        Vec::new()
    }

    /// Whether the content, if it ends here, ends within a message.
    pub fn is_broken_off(&self) -> bool {
        false
    }
}
