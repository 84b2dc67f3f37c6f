//! Which protocol the client speaks: it decides the shape of every answer.

use crate::headers::Headers;

/// The protocol of a request.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Plain HTTP.
    #[default]
    Http,
    /// gRPC over HTTP/2.
    Grpc,
    /// gRPC-Web.
    GrpcWeb {
        /// Whether bodies are base64 (`application/grpc-web-text`).
        text: bool,
    },
    /// A unary call of the Connect protocol: plain HTTP with errors of its own.
    ConnectUnary,
    /// A streaming call of the Connect protocol.
    ConnectStream,
}

/// What an answer must know of its client, kept from the request head.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Client {
    /// The protocol that the client speaks.
    pub protocol: Protocol,
    /// The content type that an RPC answer must state: the client's own flavour, in lower case and
    /// without parameters. `None` where the protocol or the proxy fixes it.
    pub(crate) content_type: Option<String>,
}

impl Client {
    /// Reads a request head.
    pub fn of(headers: &Headers) -> Self {
        let content_type = headers.get("content-type").unwrap_or_default();
        // A streaming Connect call states the Connect version too, so the media type comes first.
        Self::of_rpc(content_type).unwrap_or_else(|| {
            let protocol = if is_connect_unary(headers) {
                Protocol::ConnectUnary
            } else {
                Protocol::Http
            };
            Self {
                protocol,
                content_type: None,
            }
        })
    }

    /// The client behind a media type that only an RPC protocol uses.
    fn of_rpc(content_type: &[u8]) -> Option<Self> {
        let media_type = media_type(content_type)?;
        let (application, subtype) = media_type.split_once('/')?;
        if !application.eq_ignore_ascii_case("application") {
            return None;
        }
        let (base, codec) = subtype.split_once('+').unwrap_or((subtype, ""));
        let is = |name: &str| base.eq_ignore_ascii_case(name);
        let protocol = if is("grpc") {
            Protocol::Grpc
        } else if is("grpc-web") {
            Protocol::GrpcWeb { text: false }
        } else if is("grpc-web-text") {
            Protocol::GrpcWeb { text: true }
        } else if is("connect") && !codec.is_empty() {
            Protocol::ConnectStream
        } else {
            return None;
        };
        let content_type = match protocol {
            Protocol::Grpc if is_grpc_to_a_proxy(content_type) => None,
            Protocol::Grpc => Some("application/grpc".to_owned()),
            _ => Some(media_type.to_ascii_lowercase()),
        };
        Some(Self {
            protocol,
            content_type,
        })
    }
}

/// The type and subtype of a `content-type`, if they are visible ASCII.
fn media_type(content_type: &[u8]) -> Option<&str> {
    let media_type = content_type.split(|byte| *byte == b';').next()?;
    let media_type = media_type.trim_ascii();
    media_type
        .iter()
        .all(u8::is_ascii_graphic)
        .then(|| std::str::from_utf8(media_type).ok())?
}

/// Whether a proxy sees gRPC too, and so gives its own replies the shape of gRPC. Envoy takes one
/// spelling alone: no parameters, no upper case.
fn is_grpc_to_a_proxy(content_type: &[u8]) -> bool {
    matches!(
        content_type.strip_prefix(b"application/grpc"),
        Some([] | [b'+', ..])
    )
}

fn is_connect_unary(headers: &Headers) -> bool {
    headers.get("connect-protocol-version") == Some(b"1")
        || (headers.get(":method") == Some(b"GET")
            && headers.get(":path").is_some_and(asks_for_connect))
}

/// Whether the query of a path holds `connect=v1`.
fn asks_for_connect(path: &[u8]) -> bool {
    let query = path.splitn(2, |byte| *byte == b'?').nth(1);
    query
        .unwrap_or_default()
        .split(|byte| *byte == b'&')
        .any(|parameter| parameter == b"connect=v1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn client(content_type: &str) -> (Protocol, Option<String>) {
        let client = Client::of(&Headers::from_pairs([("content-type", content_type)]));
        (client.protocol, client.content_type)
    }

    fn protocol(pairs: &[(&str, &str)]) -> Protocol {
        Client::of(&Headers::from_pairs(pairs.iter().copied())).protocol
    }

    #[test]
    fn grpc_in_the_spelling_of_the_proxy_leaves_the_content_type_to_it() {
        for content_type in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc+",
            "application/grpc+proto; a=b",
        ] {
            assert_eq!(
                client(content_type),
                (Protocol::Grpc, None),
                "{content_type}"
            );
        }
    }

    #[test]
    fn grpc_that_the_proxy_does_not_see_states_its_content_type() {
        let expected = (Protocol::Grpc, Some("application/grpc".to_owned()));
        for content_type in [
            "Application/GRPC",
            "application/grpc;charset=utf-8",
            "application/GRPC+json",
        ] {
            assert_eq!(client(content_type), expected, "{content_type}");
        }
    }

    #[test]
    fn grpc_web_keeps_its_flavour() {
        for (content_type, text, stated) in [
            ("application/grpc-web", false, "application/grpc-web"),
            (
                "application/grpc-web+proto",
                false,
                "application/grpc-web+proto",
            ),
            (
                "application/grpc-web+JSON;a=b",
                false,
                "application/grpc-web+json",
            ),
            (
                "application/grpc-web-text",
                true,
                "application/grpc-web-text",
            ),
            (
                "APPLICATION/grpc-web-text+proto",
                true,
                "application/grpc-web-text+proto",
            ),
        ] {
            let expected = (Protocol::GrpcWeb { text }, Some(stated.to_owned()));
            assert_eq!(client(content_type), expected, "{content_type}");
        }
    }

    #[test]
    fn connect_streams_keep_their_codec() {
        let expected = (
            Protocol::ConnectStream,
            Some("application/connect+proto".to_owned()),
        );
        assert_eq!(client("application/connect+proto"), expected);
        assert_eq!(client("Application/Connect+Proto; a=b"), expected);
        let with_version = [
            ("content-type", "application/connect+json"),
            ("connect-protocol-version", "1"),
        ];
        assert_eq!(protocol(&with_version), Protocol::ConnectStream);
    }

    #[test]
    fn connect_unary_says_its_version_in_a_header_or_in_the_query_of_a_get() {
        let get = |path| protocol(&[(":method", "GET"), (":path", path)]);
        assert_eq!(
            protocol(&[("connect-protocol-version", "1")]),
            Protocol::ConnectUnary
        );
        assert_eq!(get("/a.B/C?connect=v1"), Protocol::ConnectUnary);
        assert_eq!(
            get("/a.B/C?message=%7B%7D&connect=v1&x"),
            Protocol::ConnectUnary
        );
        assert_eq!(
            protocol(&[("connect-protocol-version", "2")]),
            Protocol::Http
        );
        assert_eq!(get("/a.B/C?connect=v10"), Protocol::Http);
        assert_eq!(get("/a.B/C&connect=v1"), Protocol::Http);
        let post = [(":method", "POST"), (":path", "/a.B/C?connect=v1")];
        assert_eq!(protocol(&post), Protocol::Http);
    }

    #[test]
    fn everything_else_is_http() {
        for content_type in [
            "",
            ";",
            "application/json",
            "application/grpcx",
            "application/grpc-webs",
            "application/connect",
            "application/connect+",
            "text/grpc",
            "application/grpc, application/grpc",
            "application/ grpc",
        ] {
            assert_eq!(
                client(content_type),
                (Protocol::Http, None),
                "{content_type}"
            );
        }
        assert_eq!(protocol(&[]), Protocol::Http);
    }

    #[test]
    fn a_content_type_need_not_be_utf8() {
        let of =
            |value: &[u8]| Client::of(&Headers::from_pairs([("content-type", value)])).protocol;
        assert_eq!(of(b"application/grpc-web+\xff"), Protocol::Http);
        assert_eq!(
            of(b"application/grpc-web; a=\xff"),
            Protocol::GrpcWeb { text: false }
        );
    }

    proptest! {
        #[test]
        fn no_head_is_too_strange(
            content_type in prop::collection::vec(any::<u8>(), 0..64),
            path in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let pairs = [(":method", b"GET".to_vec()), (":path", path), ("content-type", content_type)];
            Client::of(&Headers::from_pairs(pairs));
        }

        #[test]
        fn what_is_stated_is_fit_for_a_header(tail in prop::collection::vec(any::<u8>(), 0..16)) {
            let value = [b"application/grpc-web+".to_vec(), tail].concat();
            let stated = Client::of(&Headers::from_pairs([("content-type", value)])).content_type;
            prop_assert!(stated.is_none_or(|text| text.bytes().all(|byte| byte.is_ascii_graphic())));
        }
    }
}
