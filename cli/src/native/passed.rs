//! How far a message came, and what it was by then.

use kit::pipeline::Direction;
use kit::reply::Reply;

use super::parts::{Parts, announced};
use crate::case::{Fields, Mismatch, SeenRequest, SeenResponse};

/// How far a message came.
#[derive(Default)]
pub(super) struct Passed {
    /// The head, once it has gone on.
    pub(super) head: Option<Fields>,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Fields,
    /// Whether the last part that arrived was kept.
    pub(super) waits: bool,
    /// What ended the way of the message.
    pub(super) reply: Option<Reply>,
}

impl Passed {
    /// A message that meets nobody on its way.
    pub(super) fn of(parts: Parts) -> Self {
        Self {
            head: Some(parts.head),
            body: parts.body.into_iter().flatten().flatten().collect(),
            trailers: parts.trailers.unwrap_or_default(),
            ..Self::default()
        }
    }

    pub(super) fn seen_request(self) -> Option<SeenRequest> {
        let mut request = SeenRequest {
            body: self.body,
            trailers: self.trailers,
            ..SeenRequest::default()
        };
        for (name, value) in self.head? {
            match name.as_str() {
                ":method" => request.method = value,
                ":authority" => request.authority = value,
                ":path" => request.path = value,
                ":scheme" => {}
                _ => request.headers.push((name, value)),
            }
        }
        Some(request)
    }

    pub(super) fn seen_response(self) -> SeenResponse {
        let mut response = SeenResponse {
            body: self.body,
            trailers: self.trailers,
            ..SeenResponse::default()
        };
        for (name, value) in self.head.unwrap_or_default() {
            if name == ":status" {
                let status = std::str::from_utf8(&value).ok();
                response.status = status
                    .and_then(|text| text.parse().ok())
                    .unwrap_or_default();
            } else {
                response.headers.push((name, value));
            }
        }
        response
    }

    /// A message whose length is not the one that it announces would be cut off or never end.
    pub(super) fn check_length(&self, direction: Direction) -> Result<(), Mismatch> {
        let announced = self.head.as_ref().and_then(announced);
        match announced {
            Some(announced) if announced != self.body.len() => {
                let what = match direction {
                    Direction::Request => "upstream header content-length",
                    Direction::Response => "response header content-length",
                };
                let expected = format!("the length of the body, {}", self.body.len());
                Err(Mismatch::new(what, expected, announced.to_string()))
            }
            _ => Ok(()),
        }
    }
}
