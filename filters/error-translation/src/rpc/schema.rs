//! What the ten messages of `google/rpc/error_details.proto` consist of, so that one walk cleans
//! them all and another gives them as JSON.

use kit::problem::google_rpc::{
    BadRequest, DebugInfo, ErrorInfo, Help, LocalizedMessage, PreconditionFailure, QuotaFailure,
    RequestInfo, ResourceInfo, RetryInfo,
};

/// A type of messages.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MessageType {
    /// The full name.
    pub(super) name: &'static str,
    /// The fields that are known.
    pub(super) fields: &'static [Field],
}

/// A field of a type of messages.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// The number on the wire.
    pub(super) number: u32,
    /// The name in JSON.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
}

/// What a field holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string.
    Text,
    /// A string that says nothing where it stands alone, such as the key of an entry.
    Label,
    /// What is for developers of the service alone and never leaves the mesh.
    Withheld,
    /// A whole number, which JSON has as a string.
    Int64,
    /// A `google.protobuf.Duration`, which JSON has as a string such as `1.500s`.
    Duration,
    /// One message.
    One(&'static MessageType),
    /// A list of messages.
    Many(&'static MessageType),
    /// A map of strings: on the wire a list of [`ENTRY`].
    Map,
}

impl MessageType {
    /// The field with this number.
    pub(super) fn field(&self, number: u32) -> Option<&Field> {
        self.fields.iter().find(|field| field.number == number)
    }
}

/// The type with this full name, if it is one of the ten.
pub(super) fn find(name: &str) -> Option<&'static MessageType> {
    ALL.into_iter().find(|kind| kind.name == name)
}

/// One entry of a map of strings.
pub(super) static ENTRY: MessageType = MessageType {
    name: "",
    fields: &[field(1, "key", Kind::Label), field(2, "value", Kind::Text)],
};

/// Every type of the file.
pub(super) static ALL: [&MessageType; 10] = [
    &ERROR_INFO,
    &RETRY_INFO,
    &DEBUG_INFO,
    &QUOTA_FAILURE,
    &PRECONDITION_FAILURE,
    &BAD_REQUEST,
    &REQUEST_INFO,
    &RESOURCE_INFO,
    &HELP,
    &LOCALIZED_MESSAGE,
];

static ERROR_INFO: MessageType = MessageType {
    name: ErrorInfo::NAME,
    fields: &[
        field(1, "reason", Kind::Text),
        field(2, "domain", Kind::Label),
        field(3, "metadata", Kind::Map),
    ],
};

static RETRY_INFO: MessageType = MessageType {
    name: RetryInfo::NAME,
    fields: &[field(1, "retryDelay", Kind::Duration)],
};

static DEBUG_INFO: MessageType = MessageType {
    name: DebugInfo::NAME,
    fields: &[
        field(1, "stackEntries", Kind::Withheld),
        field(2, "detail", Kind::Withheld),
    ],
};

static QUOTA_FAILURE: MessageType = MessageType {
    name: QuotaFailure::NAME,
    fields: &[field(1, "violations", Kind::Many(&QUOTA_VIOLATION))],
};

static QUOTA_VIOLATION: MessageType = MessageType {
    name: "",
    fields: &[
        field(1, "subject", Kind::Text),
        field(2, "description", Kind::Text),
        field(3, "apiService", Kind::Text),
        field(4, "quotaMetric", Kind::Text),
        field(5, "quotaId", Kind::Text),
        field(6, "quotaDimensions", Kind::Map),
        field(7, "quotaValue", Kind::Int64),
        field(8, "futureQuotaValue", Kind::Int64),
    ],
};

static PRECONDITION_FAILURE: MessageType = MessageType {
    name: PreconditionFailure::NAME,
    fields: &[field(1, "violations", Kind::Many(&PRECONDITION_VIOLATION))],
};

static PRECONDITION_VIOLATION: MessageType = MessageType {
    name: "",
    fields: &[
        field(1, "type", Kind::Text),
        field(2, "subject", Kind::Text),
        field(3, "description", Kind::Text),
    ],
};

static BAD_REQUEST: MessageType = MessageType {
    name: BadRequest::NAME,
    fields: &[field(1, "fieldViolations", Kind::Many(&FIELD_VIOLATION))],
};

static FIELD_VIOLATION: MessageType = MessageType {
    name: "",
    fields: &[
        field(1, "field", Kind::Text),
        field(2, "description", Kind::Text),
        field(3, "reason", Kind::Text),
        field(4, "localizedMessage", Kind::One(&LOCALIZED_MESSAGE)),
    ],
};

static REQUEST_INFO: MessageType = MessageType {
    name: RequestInfo::NAME,
    fields: &[
        field(1, "requestId", Kind::Text),
        field(2, "servingData", Kind::Withheld),
    ],
};

static RESOURCE_INFO: MessageType = MessageType {
    name: ResourceInfo::NAME,
    fields: &[
        field(1, "resourceType", Kind::Text),
        field(2, "resourceName", Kind::Text),
        field(3, "owner", Kind::Text),
        field(4, "description", Kind::Text),
    ],
};

static HELP: MessageType = MessageType {
    name: Help::NAME,
    fields: &[field(1, "links", Kind::Many(&HELP_LINK))],
};

static HELP_LINK: MessageType = MessageType {
    name: "",
    fields: &[
        field(1, "description", Kind::Label),
        field(2, "url", Kind::Text),
    ],
};

static LOCALIZED_MESSAGE: MessageType = MessageType {
    name: LocalizedMessage::NAME,
    fields: &[
        field(1, "locale", Kind::Label),
        field(2, "message", Kind::Text),
    ],
};

const fn field(number: u32, name: &'static str, kind: Kind) -> Field {
    Field { number, name, kind }
}
