//! The messages of `google.rpc` that tell machines about an error in gRPC and Connect.
//!
//! Field numbers are those of `google/rpc/status.proto` and `google/rpc/error_details.proto`. A map
//! is on the wire a list of messages with a key and a value, and is declared as such.

use prost::Message;

/// What precedes the full name of a message in the type URL of an [`Any`].
pub const TYPE_URL_PREFIX: &str = "type.googleapis.com/";

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    /// The number of the code.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// The message for developers.
    #[prost(string, tag = "2")]
    pub message: String,
    /// What tells more, each of its own type.
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Any {
    /// A URL whose last segment is the full name of the message.
    #[prost(string, tag = "1")]
    pub type_url: String,
    /// The message, encoded.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

impl Any {
    /// Packs a message under its full name, such as `google.rpc.ErrorInfo`.
    pub fn pack(name: &str, message: &impl Message) -> Self {
        Self {
            type_url: format!("{TYPE_URL_PREFIX}{name}"),
            value: message.encode_to_vec(),
        }
    }

    /// The full name of the message.
    pub fn name(&self) -> &str {
        self.type_url
            .rsplit_once('/')
            .map_or(self.type_url.as_str(), |(_, name)| name)
    }
}

/// `google.rpc.ErrorInfo`: why, in a vocabulary that machines know.
#[derive(Clone, PartialEq, Message)]
pub struct ErrorInfo {
    /// The reason, at most 63 characters of `UPPER_SNAKE_CASE`.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// Who gives the reason its meaning.
    #[prost(string, tag = "2")]
    pub domain: String,
    /// More about this occurrence.
    #[prost(message, repeated, tag = "3")]
    pub metadata: Vec<Entry>,
}

impl ErrorInfo {
    /// The full name of the message.
    pub const NAME: &'static str = "google.rpc.ErrorInfo";
}

/// One entry of a map of strings.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Entry {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// `google.rpc.RetryInfo`: when another try may succeed.
#[derive(Clone, PartialEq, Message)]
pub struct RetryInfo {
    /// How long to wait.
    #[prost(message, optional, tag = "1")]
    pub retry_delay: Option<Duration>,
}

impl RetryInfo {
    /// The full name of the message.
    pub const NAME: &'static str = "google.rpc.RetryInfo";
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Message)]
pub struct Duration {
    /// Whole seconds.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Billionths of a second, of the same sign.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl Duration {
    /// Whole seconds, rounded up, because a client that comes too early has come in vain.
    pub fn seconds_rounded_up(self) -> u32 {
        let seconds = self.seconds.saturating_add((self.nanos > 0).into());
        u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
    }
}

/// `google.rpc.DebugInfo`: what is for developers of the service alone and never leaves the mesh.
#[derive(Clone, PartialEq, Message)]
pub struct DebugInfo {
    /// The stack, entry by entry.
    #[prost(string, repeated, tag = "1")]
    pub stack_entries: Vec<String>,
    /// More.
    #[prost(string, tag = "2")]
    pub detail: String,
}

impl DebugInfo {
    /// The full name of the message.
    pub const NAME: &'static str = "google.rpc.DebugInfo";
}

/// `google.rpc.Help`: where more is to be read.
#[derive(Clone, PartialEq, Message)]
pub struct Help {
    /// The links.
    #[prost(message, repeated, tag = "1")]
    pub links: Vec<HelpLink>,
}

impl Help {
    /// The full name of the message.
    pub const NAME: &'static str = "google.rpc.Help";
}

/// `google.rpc.Help.Link`.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct HelpLink {
    /// What is to be found there.
    #[prost(string, tag = "1")]
    pub description: String,
    /// Where.
    #[prost(string, tag = "2")]
    pub url: String,
}

/// `google.rpc.RequestInfo`: the number under which the service knows the request.
#[derive(Clone, PartialEq, Message)]
pub struct RequestInfo {
    /// The number.
    #[prost(string, tag = "1")]
    pub request_id: String,
    /// What served the request, which may hold a stack and never leaves the mesh.
    #[prost(string, tag = "2")]
    pub serving_data: String,
}

impl RequestInfo {
    /// The full name of the message.
    pub const NAME: &'static str = "google.rpc.RequestInfo";
}

/// `google.rpc.BadRequest`: what is wrong with which field.
#[derive(Clone, PartialEq, Message)]
pub struct BadRequest {
    /// The fields.
    #[prost(message, repeated, tag = "1")]
    pub field_violations: Vec<FieldViolation>,
}

impl BadRequest {
    /// The full name of the message.
    pub const NAME: &'static str = "google.rpc.BadRequest";
}

/// `google.rpc.BadRequest.FieldViolation`.
#[derive(Clone, PartialEq, Message)]
pub struct FieldViolation {
    /// The path of the field, with dots.
    #[prost(string, tag = "1")]
    pub field: String,
    /// What is wrong.
    #[prost(string, tag = "2")]
    pub description: String,
    /// Why, in a vocabulary that machines know.
    #[prost(string, tag = "3")]
    pub reason: String,
    /// The description in the language of the user.
    #[prost(message, optional, tag = "4")]
    pub localized_message: Option<LocalizedMessage>,
}

/// `google.rpc.LocalizedMessage`: the message in the language of the user.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct LocalizedMessage {
    /// The language tag (BCP 47).
    #[prost(string, tag = "1")]
    pub locale: String,
    /// The message.
    #[prost(string, tag = "2")]
    pub message: String,
}

impl LocalizedMessage {
    /// The full name of the message.
    pub const NAME: &'static str = "google.rpc.LocalizedMessage";
}

/// `google.rpc.PreconditionFailure`: what must hold first.
#[derive(Clone, PartialEq, Message)]
pub struct PreconditionFailure {
    /// What does not hold.
    #[prost(message, repeated, tag = "1")]
    pub violations: Vec<PreconditionViolation>,
}

impl PreconditionFailure {
    /// The full name of the message.
    pub const NAME: &'static str = "google.rpc.PreconditionFailure";
}

/// `google.rpc.PreconditionFailure.Violation`.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct PreconditionViolation {
    /// The kind of the precondition, such as `TOS`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// What it is about.
    #[prost(string, tag = "2")]
    pub subject: String,
    /// What is wrong and what to do.
    #[prost(string, tag = "3")]
    pub description: String,
}

/// `google.rpc.QuotaFailure`: which quota is used up.
#[derive(Clone, PartialEq, Message)]
pub struct QuotaFailure {
    /// The quotas.
    #[prost(message, repeated, tag = "1")]
    pub violations: Vec<QuotaViolation>,
}

impl QuotaFailure {
    /// The full name of the message.
    pub const NAME: &'static str = "google.rpc.QuotaFailure";
}

/// `google.rpc.QuotaFailure.Violation`.
#[derive(Clone, PartialEq, Message)]
pub struct QuotaViolation {
    /// Whose quota.
    #[prost(string, tag = "1")]
    pub subject: String,
    /// What is wrong and what to do.
    #[prost(string, tag = "2")]
    pub description: String,
    /// The service whose quota it is.
    #[prost(string, tag = "3")]
    pub api_service: String,
    /// What is counted.
    #[prost(string, tag = "4")]
    pub quota_metric: String,
    /// Which limit it is.
    #[prost(string, tag = "5")]
    pub quota_id: String,
    /// What the limit is for.
    #[prost(message, repeated, tag = "6")]
    pub quota_dimensions: Vec<Entry>,
    /// The limit.
    #[prost(int64, tag = "7")]
    pub quota_value: i64,
    /// The limit that is to come, where one is.
    #[prost(int64, optional, tag = "8")]
    pub future_quota_value: Option<i64>,
}

/// `google.rpc.ResourceInfo`: which resource was asked for.
#[derive(Clone, PartialEq, Message)]
pub struct ResourceInfo {
    /// The kind of the resource.
    #[prost(string, tag = "1")]
    pub resource_type: String,
    /// Its name.
    #[prost(string, tag = "2")]
    pub resource_name: String,
    /// Whose it is.
    #[prost(string, tag = "3")]
    pub owner: String,
    /// What went wrong with it.
    #[prost(string, tag = "4")]
    pub description: String,
}

impl ResourceInfo {
    /// The full name of the message.
    pub const NAME: &'static str = "google.rpc.ResourceInfo";
}
