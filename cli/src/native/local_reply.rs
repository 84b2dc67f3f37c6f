//! How Envoy makes a response out of a filter's reply (`Http::Utility::sendLocalReply`).

use kit::problem::encode_grpc_message;
use kit::reply::Reply;

use super::parts::Parts;
use crate::case::Fields;

/// What Envoy knows of the request when it answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client {
    is_grpc: bool,
    is_head: bool,
}

impl Client {
    pub(super) fn of(request_head: &Fields) -> Self {
        let value = |name: &str| {
            let found = request_head.iter().find(|(own, _)| own == name);
            found.map_or(&[][..], |(_, value)| value.as_slice())
        };
        Self {
            // Envoy takes one spelling alone for gRPC: no parameters, no upper case.
            is_grpc: matches!(
                value("content-type").strip_prefix(b"application/grpc"),
                Some([] | [b'+', ..])
            ),
            is_head: value(":method") == b"HEAD",
        }
    }

    /// The response.
    pub(super) fn response(self, reply: &Reply) -> Parts {
        // With a gRPC status the proxy takes the message in the place of the body.
        let body = match &reply.grpc {
            Some(grpc) => grpc.message.as_bytes(),
            None => reply.body.as_slice(),
        };
        if self.is_grpc {
            return trailers_only(reply, body);
        }
        let mut head = vec![(":status".to_owned(), reply.status.to_string().into_bytes())];
        head.extend(reply.headers.iter().cloned());
        head.retain(|(name, _)| name != "content-length");
        if body.is_empty() {
            head.retain(|(name, _)| name != "content-type");
        } else {
            head.push((
                "content-length".to_owned(),
                body.len().to_string().into_bytes(),
            ));
            if !head.iter().any(|(name, _)| name == "content-type") {
                head.push(("content-type".to_owned(), b"text/plain".to_vec()));
            }
        }
        let has_body = !body.is_empty() && !self.is_head;
        Parts {
            head,
            body: has_body.then(|| vec![body.to_vec()]),
            trailers: None,
            breaks: false,
        }
    }
}

fn trailers_only(reply: &Reply, message: &[u8]) -> Parts {
    let mut head = vec![(":status".to_owned(), b"200".to_vec())];
    head.extend(reply.headers.iter().cloned());
    let mut set = |name: &str, value: String| {
        head.retain(|(own, _)| own != name);
        head.push((name.to_owned(), value.into_bytes()));
    };
    let code = reply
        .grpc
        .as_ref()
        .map_or_else(|| grpc_status_of(reply.status), |grpc| grpc.code);
    set("content-type", "application/grpc".to_owned());
    set("grpc-status", code.to_string());
    if !message.is_empty() {
        set(
            "grpc-message",
            encode_grpc_message(&String::from_utf8_lossy(message)),
        );
    }
    Parts {
        head,
        body: None,
        trailers: None,
        breaks: false,
    }
}

/// Envoy's mapping, which is that of the gRPC documentation ("HTTP to gRPC Status Code Mapping").
fn grpc_status_of(status: u16) -> u8 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }
}
