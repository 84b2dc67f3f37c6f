//! The answers to a filter's call-outs, in the order in which it makes them.

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
    /// A gRPC answer: the message, or a status code other than 0.
    Grpc(Result<Vec<u8>, u32>),
    /// None: the call is reset.
    Failed,
}

impl<'de> Deserialize<'de> for CallAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(deserializer)?;
        let cluster = raw.cluster.clone();
        let answer = raw.answer().ok_or_else(|| {
            D::Error::custom(
                "expected an answer with `status`, one with `grpc_status`, or `fail: true` alone",
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
    message_hex: Option<String>,
    #[serde(default)]
    fail: bool,
}

impl Raw {
    fn answer(self) -> Option<Answer> {
        let is_http = self.status.is_some() || self.headers.is_some() || self.body.is_some();
        let is_grpc = self.grpc_status.is_some() || self.message_hex.is_some();
        match (is_http, is_grpc, self.fail) {
            (true, false, false) => Some(Answer::Http {
                status: self.status?,
                headers: self.headers.unwrap_or_default(),
                body: self.body.unwrap_or_default(),
            }),
            (false, true, false) => {
                let message = from_hex(&self.message_hex.unwrap_or_default())?;
                Some(Answer::Grpc(match self.grpc_status? {
                    0 => Ok(message),
                    code => Err(code),
                }))
            }
            (false, false, true) => Some(Answer::Failed),
            _ => None,
        }
    }
}
