//! A call as every client can make it.

use serde_json::{Value, json};

/// A call of a method of the example services.
#[derive(Debug, Clone)]
pub struct Rpc {
    pub(super) path: String,
    pub(super) message: Value,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) authority: Option<String>,
}

impl Rpc {
    /// A call of a method, such as `/acme.orders.v2.Orders/Fail`, with an empty message. Whether it
    /// is a stream of answers, the proto says.
    pub fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            message: json!({}),
            metadata: Vec::new(),
            authority: None,
        }
    }

    /// Sends this message, in protobuf's JSON. Each client encodes it as its protocol says.
    #[must_use]
    pub fn message(mut self, message: Value) -> Self {
        self.message = message;
        self
    }

    /// Adds metadata to the request, as text.
    #[must_use]
    pub fn metadata(mut self, name: &str, value: &str) -> Self {
        self.metadata.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Asks for this host. connect-web cannot: `fetch` always names the address it connects to.
    #[must_use]
    pub fn authority(mut self, authority: &str) -> Self {
        self.authority = Some(authority.to_owned());
        self
    }
}
