//! What a case expects. Only what is named is compared.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde_json::Value;

use super::octets::{Octets, field_values};

/// The expectations of a case.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// What the upstream sees.
    pub upstream: Option<ExpectedUpstream>,
    /// What the client gets.
    pub response: Option<ExpectedResponse>,
    /// What is told about the exchange; null for what must not be told.
    pub facts: BTreeMap<String, Option<String>>,
    /// By how much each metric is counted, by its full name with labels.
    pub metrics: BTreeMap<String, u64>,
    /// The response code details of a reply.
    pub details: Option<String>,
}

/// What the upstream sees.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectedUpstream {
    /// Nothing: the request must not reach it. Written `none`.
    Nothing,
    /// A request.
    Request(ExpectedRequest),
}

/// A request as the upstream sees it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedRequest {
    /// The method.
    pub method: Option<String>,
    /// The host.
    pub authority: Option<Octets>,
    /// The path with its query.
    pub path: Option<Octets>,
    /// The header fields.
    pub headers: ExpectedFields,
    /// The whole content.
    pub body: Option<Octets>,
    /// A part of the content, which is JSON.
    pub json: Option<Value>,
    /// The trailer fields.
    pub trailers: ExpectedFields,
}

/// A response as the client gets it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedResponse {
    /// The status code.
    pub status: Option<u16>,
    /// The header fields.
    pub headers: ExpectedFields,
    /// The whole content.
    pub body: Option<Octets>,
    /// A part of the content, which is JSON: of an object the members named, of a list every
    /// element, numbers by their value.
    pub json: Option<Value>,
    /// The trailer fields.
    pub trailers: ExpectedFields,
}

/// Header fields by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectedFields(pub Vec<(String, ExpectedValues)>);

/// The values of one header field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedValues {
    /// The name must not be there. Written null.
    Absent,
    /// Exactly these values, in this order.
    Exactly(Vec<Vec<u8>>),
}

impl Expect {
    /// Whether nothing at all is expected.
    pub fn is_empty(&self) -> bool {
        let names_nothing = match &self.upstream {
            None => true,
            Some(ExpectedUpstream::Nothing) => false,
            Some(ExpectedUpstream::Request(request)) => *request == ExpectedRequest::default(),
        };
        names_nothing
            && self
                .response
                .as_ref()
                .is_none_or(|response| *response == ExpectedResponse::default())
            && self.facts.is_empty()
            && self.metrics.is_empty()
            && self.details.is_none()
    }
}

impl<'de> Deserialize<'de> for ExpectedFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = field_values(deserializer)?.into_iter();
        let expected = fields.map(|(name, values)| match values.0 {
            None => (name, ExpectedValues::Absent),
            Some(values) => (name, ExpectedValues::Exactly(values)),
        });
        Ok(Self(expected.collect()))
    }
}

impl<'de> Deserialize<'de> for ExpectedUpstream {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UpstreamVisitor)
    }
}

struct UpstreamVisitor;

impl<'de> Visitor<'de> for UpstreamVisitor {
    type Value = ExpectedUpstream;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`none`, or an object that says what the upstream sees")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ExpectedUpstream, E> {
        match text {
            "none" => Ok(ExpectedUpstream::Nothing),
            other => Err(E::invalid_value(Unexpected::Str(other), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ExpectedUpstream, A::Error> {
        ExpectedRequest::deserialize(MapAccessDeserializer::new(map)).map(ExpectedUpstream::Request)
    }
}
