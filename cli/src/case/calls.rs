//! The answers to a filter's call-outs, in the order in which it makes them.

use kit::call::GrpcFailure;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::octets::{FieldMap, Octets, from_hex};

/// The answer to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAnswer {
    /// The cluster that must have been asked; any where none is said.
    pub cluster: Option<String>,
    /// What it answers.
    pub answer: Answer,
}

/// What a called service answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP answer.
    Http {
        /// The status code.
        status: u16,
        /// The header fields.
        headers: FieldMap,
        /// The content.
        body: Octets,
    },
    /// A gRPC answer: the message, or a status other than 0.
    Grpc(Result<Vec<u8>, GrpcFailure>),
    /// None: the call is reset.
    Failed,
}

impl<'de> Deserialize<'de> for CallAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(deserializer)?;
        let cluster = raw.cluster.clone();
        let answer = raw.answer().ok_or_else(|| {
            D::Error::custom(
                "expected an answer with `status`, one with `grpc_status`, where a `message_hex` goes \
                 with 0 and a `grpc_message` with the others, or `fail: true` alone",
            )
        })?;
        Ok(Self { cluster, answer })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    cluster: Option<String>,
    status: Option<u16>,
    headers: Option<FieldMap>,
    body: Option<Octets>,
    grpc_status: Option<u32>,
    grpc_message: Option<String>,
    message_hex: Option<String>,
    #[serde(default)]
    fail: bool,
}

impl Raw {
    fn answer(self) -> Option<Answer> {
        let is_http = self.status.is_some() || self.headers.is_some() || self.body.is_some();
        let is_grpc =
            self.grpc_status.is_some() || self.grpc_message.is_some() || self.message_hex.is_some();
        match (is_http, is_grpc, self.fail) {
            (true, false, false) => Some(Answer::Http {
                status: self.status?,
                headers: self.headers.unwrap_or_default(),
                body: self.body.unwrap_or_default(),
            }),
            (false, true, false) => {
                match (self.grpc_status?, self.message_hex, self.grpc_message) {
                    (0, message, None) => Some(Ok(from_hex(&message.unwrap_or_default())?)),
                    (1.., None, text) => {
                        let text = text.unwrap_or_default();
                        Some(Err(GrpcFailure::new(self.grpc_status?, text.as_bytes())))
                    }
                    _ => None,
                }
                .map(Answer::Grpc)
            }
            (false, false, true) => Some(Answer::Failed),
            _ => None,
        }
    }
}
