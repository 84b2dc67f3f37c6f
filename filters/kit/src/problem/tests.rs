use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use proptest::prelude::*;
use prost::Message;
use serde_json::json;

use super::google_rpc::{BadRequest, ErrorInfo, Help, HelpLink, RetryInfo, Status};
use super::*;
use crate::headers::Headers;
use crate::reply::GrpcStatus;

static UNKNOWN_VERSION: ProblemType = ProblemType {
    filter: "version-negotiation",
    reason: "unknown_version",
    title: "Unknown API version",
    status: 400,
    grpc: Code::InvalidArgument,
};

fn sample() -> Problem {
    Problem::new(&UNKNOWN_VERSION)
        .detail("There is no version 9.")
        .extension("requested", "9")
        .extension("supported", json!(["1", "2"]))
        .extension("attempt", 3)
        .link("help", "https://docs.example.com/versions")
        .retry_after(30)
}

fn client(content_type: &str) -> Client {
    Client::of(&Headers::from_pairs([("content-type", content_type)]))
}

fn connect_unary() -> Client {
    Client::of(&Headers::from_pairs([("connect-protocol-version", "1")]))
}

fn text<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply
        .header(name)
        .map(|value| std::str::from_utf8(value).unwrap())
}

fn status_of(reply: &Reply) -> Status {
    let encoded = reply.header("grpc-status-details-bin").unwrap();
    Status::decode(STANDARD_NO_PAD.decode(encoded).unwrap().as_slice()).unwrap()
}

fn value_of(status: &Status, name: &str) -> Vec<u8> {
    let type_url = format!("type.googleapis.com/{name}");
    let mut found = status.details.iter().filter(|any| any.type_url == type_url);
    let value = found.next().unwrap().value.clone();
    assert_eq!(found.next(), None, "{name} stands there twice");
    value
}

#[test]
fn a_kind_has_one_name_in_every_dress() {
    let uri = |base| UNKNOWN_VERSION.uri(base);
    assert_eq!(
        uri(None),
        "https://treaty.dev/problems/version-negotiation/unknown-version"
    );
    let own = "https://errors.example.com/version-negotiation/unknown-version";
    assert_eq!(uri(Some("https://errors.example.com")), own);
    assert_eq!(uri(Some("https://errors.example.com/")), own);
    assert_eq!(
        UNKNOWN_VERSION.details(),
        "treaty.version_negotiation.unknown_version"
    );
}

#[test]
fn http_gets_a_problem_document() {
    let reply = sample().instance("urn:uuid:1").reply(&Client::default());
    assert_eq!(reply.status, 400);
    assert_eq!(reply.details, "treaty.version_negotiation.unknown_version");
    assert_eq!(reply.grpc, None);
    assert_eq!(
        String::from_utf8(reply.body.clone()).unwrap(),
        concat!(
            r#"{"type":"https://treaty.dev/problems/version-negotiation/unknown-version","#,
            r#""title":"Unknown API version","status":400,"detail":"There is no version 9.","#,
            r#""instance":"urn:uuid:1","attempt":3,"requested":"9","supported":["1","2"]}"#
        )
    );
    assert_eq!(
        text(&reply, "content-type"),
        Some("application/problem+json")
    );
    assert_eq!(text(&reply, "cache-control"), Some("no-store"));
    assert_eq!(text(&reply, "retry-after"), Some("30"));
    assert_eq!(
        text(&reply, "link"),
        Some(r#"<https://docs.example.com/versions>; rel="help""#)
    );
}

#[test]
fn members_that_are_not_set_are_not_there() {
    let reply = Problem::new(&UNKNOWN_VERSION).reply(&Client::default());
    let document: Value = serde_json::from_slice(&reply.body).unwrap();
    let mut names: Vec<_> = document.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["status", "title", "type"]);
    assert_eq!(reply.header("retry-after"), None);
    assert_eq!(reply.header("link"), None);
}

#[test]
fn a_policy_may_change_the_status_and_where_types_live() {
    let problem = sample()
        .status(404)
        .type_uri(UNKNOWN_VERSION.uri(Some("https://e.example")));
    let reply = problem.reply(&Client::default());
    let document: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(reply.status, 404);
    assert_eq!(document["status"], 404);
    assert_eq!(
        document["type"],
        "https://e.example/version-negotiation/unknown-version"
    );
    assert_eq!(problem.reply(&connect_unary()).status, 400);
}

#[test]
fn callers_add_fields_and_decide_on_caching() {
    let problem = sample()
        .header("cache-control", "max-age=60")
        .header("accept", "application/json");
    for client in [Client::default(), connect_unary()] {
        let reply = problem.reply(&client);
        let caching = reply
            .headers
            .iter()
            .filter(|(name, _)| name == "cache-control");
        assert_eq!(caching.count(), 1);
        assert_eq!(text(&reply, "cache-control"), Some("max-age=60"));
        assert_eq!(text(&reply, "accept"), Some("application/json"));
    }
    for content_type in [
        "application/grpc",
        "application/grpc-web",
        "application/connect+json",
    ] {
        let reply = problem.reply(&client(content_type));
        assert_eq!(
            text(&reply, "accept"),
            Some("application/json"),
            "{content_type}"
        );
    }
}

#[test]
fn links_cannot_break_out_of_their_field() {
    let reply = sample()
        .link("up", "https://e.example/ä>; rel=\"x\"\r\nx: %20")
        .reply(&Client::default());
    let links: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| name == "link")
        .collect();
    assert_eq!(links.len(), 2);
    assert_eq!(
        String::from_utf8_lossy(&links[1].1),
        r#"<https://e.example/%C3%A4%3E;%20rel=%22x%22%0D%0Ax:%20%20>; rel="up""#
    );
}

#[test]
fn grpc_gets_a_status_and_its_details() {
    let reply = sample().reply(&client("application/grpc+proto"));
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body, b"");
    assert_eq!(
        reply.grpc,
        Some(GrpcStatus {
            code: 3,
            message: "There is no version 9.".to_owned()
        })
    );
    let names: Vec<_> = reply.headers.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["grpc-status-details-bin"]);

    let status = status_of(&reply);
    assert_eq!(
        (status.code, status.message.as_str()),
        (3, "There is no version 9.")
    );
    assert_eq!(status.details.len(), 3);
    let info = ErrorInfo::decode(value_of(&status, "google.rpc.ErrorInfo").as_slice()).unwrap();
    assert_eq!(info.reason, "UNKNOWN_VERSION");
    assert_eq!(info.domain, "treaty.dev");
    let metadata: Vec<_> = info
        .metadata
        .iter()
        .map(|entry| (entry.key.as_str(), entry.value.as_str()))
        .collect();
    assert_eq!(
        metadata,
        [
            ("attempt", "3"),
            ("requested", "9"),
            ("supported", r#"["1","2"]"#)
        ]
    );
    let retry = RetryInfo::decode(value_of(&status, "google.rpc.RetryInfo").as_slice()).unwrap();
    assert_eq!(retry.retry_delay.unwrap().seconds, 30);
    let help = Help::decode(value_of(&status, "google.rpc.Help").as_slice()).unwrap();
    let link = HelpLink {
        description: "help".to_owned(),
        url: "https://docs.example.com/versions".to_owned(),
    };
    assert_eq!(help.links, [link]);
}

#[test]
fn grpc_details_have_no_more_than_there_is_to_say() {
    let reply = Problem::new(&UNKNOWN_VERSION).reply(&client("application/grpc"));
    let status = status_of(&reply);
    assert_eq!(status.details.len(), 1);
    assert_eq!(status.message, "Unknown API version");
    value_of(&status, "google.rpc.ErrorInfo");
}

#[test]
fn several_links_are_one_detail() {
    let problem = sample().link("successor-version", "https://docs.example.com/2");
    let status = status_of(&problem.reply(&client("application/grpc")));
    let help = Help::decode(value_of(&status, "google.rpc.Help").as_slice()).unwrap();
    assert_eq!(help.links.len(), 2);
}

#[test]
fn violations_are_a_bad_request_and_no_metadata() {
    let errors = json!([
        {"pointer": "#/lines/0/a~1b%20c", "detail": "is unknown", "code": "UNKNOWN_SKU"},
        {"field": "page", "in": "query", "detail": "is no number"},
        {"field": "page"},
        {"pointer": "#", "detail": "is too long", "keyword": "maxLength"},
        {"pointer": "#/id", "detail": "is too short", "keyword": "string.min_len"},
    ]);
    let problem = sample().extension("errors", errors);
    let violations = problem.violations();
    assert_eq!(violations[0].pointer.as_deref(), Some("/lines/0/a~1b c"));
    assert_eq!(violations[1].place, Some("query"));

    let status = status_of(&problem.reply(&client("application/grpc")));
    let info = ErrorInfo::decode(&*value_of(&status, ErrorInfo::NAME)).unwrap();
    assert!(info.metadata.iter().all(|entry| entry.key != "errors"));
    let request = BadRequest::decode(&*value_of(&status, BadRequest::NAME)).unwrap();
    let fields: Vec<_> = request
        .field_violations
        .iter()
        .map(|own| [&*own.field, &*own.description, &*own.reason])
        .collect();
    assert_eq!(
        fields,
        [
            ["lines.0.a/b c", "is unknown", "UNKNOWN_SKU"],
            ["page", "is no number", ""],
            ["page", "", ""],
            ["", "is too long", "MAX_LENGTH"],
            ["id", "is too short", "STRING_MIN_LEN"],
        ]
    );
}

#[test]
fn errors_of_another_shape_are_metadata() {
    for errors in [
        json!(["a"]),
        json!([]),
        json!({"a": "b"}),
        json!([{}]),
        json!([{"detail": 1}]),
        json!([{"detail": "d", "other": "o"}]),
        json!([{"detail": "d", "pointer": "a.b"}]),
        json!([{"detail": "d"}, "e"]),
    ] {
        let problem = sample().extension("errors", errors.clone());
        assert_eq!(problem.violations(), []);
        let details = problem.status_details();
        assert!(
            details
                .iter()
                .all(|detail| detail.name() != BadRequest::NAME)
        );
        let status = status_of(&problem.reply(&client("application/grpc")));
        let info = ErrorInfo::decode(&*value_of(&status, ErrorInfo::NAME)).unwrap();
        let own = info.metadata.iter().find(|entry| entry.key == "errors");
        assert_eq!(own.unwrap().value, errors.to_string());
    }
}

#[test]
fn grpc_metadata_stay_under_the_limit_of_clients() {
    let problem = Problem::new(&UNKNOWN_VERSION)
        .detail("ä".repeat(5000))
        .extension("violations", "x".repeat(10_000));
    let reply = problem.reply(&client("application/grpc; charset=utf-8"));
    let size: usize = reply
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.len() + 32)
        .sum();
    assert!(size < 8192, "{size}");
    let status = status_of(&reply);
    assert_eq!(status.message, "ä".repeat(512));
    let info = ErrorInfo::decode(value_of(&status, "google.rpc.ErrorInfo").as_slice()).unwrap();
    assert_eq!(info.reason, "UNKNOWN_VERSION");
    assert!(info.metadata.is_empty());
}

#[test]
fn grpc_web_gets_its_trailers_as_a_frame_in_its_own_flavour() {
    for content_type in ["application/grpc-web+proto", "application/grpc-web-text"] {
        let reply = sample().detail("100 % schön").reply(&client(content_type));
        assert_eq!((reply.status, reply.grpc.clone()), (200, None));
        assert_eq!(text(&reply, "content-type"), Some(content_type));
        assert_eq!(text(&reply, "grpc-status"), None);
        let frame = if content_type.ends_with("text") {
            STANDARD.decode(&reply.body).unwrap()
        } else {
            reply.body.clone()
        };
        assert_eq!(frame[0], 0x80);
        let len = u32::from_be_bytes(frame[1..5].try_into().unwrap());
        assert_eq!(frame.len() - 5, usize::try_from(len).unwrap());
        let trailers = std::str::from_utf8(&frame[5..]).unwrap();
        let lines: Vec<&str> = trailers.split_terminator("\r\n").collect();
        assert_eq!(
            lines[..2],
            ["grpc-status: 3", "grpc-message: 100 %25 sch%C3%B6n"]
        );
        let details = lines[2].strip_prefix("grpc-status-details-bin: ").unwrap();
        let status = Status::decode(STANDARD_NO_PAD.decode(details).unwrap().as_slice()).unwrap();
        assert_eq!(status.message, "100 % schön");
    }
}

#[test]
fn grpc_that_the_proxy_does_not_see_gets_its_trailers_from_us() {
    let reply = sample().reply(&client("application/grpc; charset=utf-8"));
    assert_eq!(reply.grpc, None);
    assert_eq!(text(&reply, "content-type"), Some("application/grpc"));
    assert_eq!(text(&reply, "grpc-status"), Some("3"));
}

#[test]
fn connect_gets_its_error_as_json() {
    let reply = sample().reply(&connect_unary());
    assert_eq!(reply.status, 400);
    assert_eq!(reply.grpc, None);
    assert_eq!(text(&reply, "content-type"), Some("application/json"));
    assert_eq!(text(&reply, "retry-after"), Some("30"));
    let error: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_connect_error(&error);
}

#[test]
fn connect_takes_the_status_of_the_code() {
    static GONE: ProblemType = ProblemType {
        filter: "a",
        reason: "gone",
        title: "Gone",
        status: 410,
        grpc: Code::Cancelled,
    };
    let reply = Problem::new(&GONE).reply(&connect_unary());
    assert_eq!(reply.status, 499);
    let error: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(error["code"], "canceled");
    assert_eq!(error["message"], "Gone");
}

#[test]
fn connect_streams_end_with_one_frame() {
    let reply = sample().reply(&client("application/connect+proto"));
    assert_eq!(reply.status, 200);
    assert_eq!(
        text(&reply, "content-type"),
        Some("application/connect+proto")
    );
    let (head, message) = reply.body.split_at(5);
    assert_eq!(head[0], 0x02);
    let len = u32::from_be_bytes(head[1..].try_into().unwrap());
    assert_eq!(len as usize, message.len());
    let end: Value = serde_json::from_slice(message).unwrap();
    assert_connect_error(&end["error"]);
}

fn assert_connect_error(error: &Value) {
    assert_eq!(error["code"], "invalid_argument");
    assert_eq!(error["message"], "There is no version 9.");
    let details = error["details"].as_array().unwrap();
    let types: Vec<_> = details.iter().map(|detail| &detail["type"]).collect();
    assert_eq!(
        types,
        [
            "google.rpc.ErrorInfo",
            "google.rpc.RetryInfo",
            "google.rpc.Help"
        ]
    );
    let info = STANDARD_NO_PAD
        .decode(details[0]["value"].as_str().unwrap())
        .unwrap();
    assert_eq!(
        ErrorInfo::decode(info.as_slice()).unwrap().reason,
        "UNKNOWN_VERSION"
    );
}

#[test]
fn grpc_messages_are_encoded_as_the_specification_says() {
    for (message, encoded) in [
        ("", ""),
        (" !\"#$&'()~}", " !\"#$&'()~}"),
        ("50% off", "50%25 off"),
        ("a\nb\u{7f}", "a%0Ab%7F"),
        ("ä☃🦀", "%C3%A4%E2%98%83%F0%9F%A6%80"),
    ] {
        assert_eq!(encode_grpc_message(message), encoded);
    }
}

proptest! {
    #[test]
    fn encoded_messages_are_fit_for_a_header_and_can_be_read_again(message in any::<String>()) {
        let encoded = encode_grpc_message(&message);
        prop_assert!(encoded.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        let decoded = percent_encoding::percent_decode_str(&encoded).decode_utf8().unwrap();
        prop_assert_eq!(decoded, message);
    }

    #[test]
    fn any_text_makes_a_sound_reply_in_any_protocol(
        content_type in prop_oneof![
            Just(b"application/json".to_vec()),
            Just(b"application/grpc".to_vec()),
            Just(b"application/grpc-web".to_vec()),
            Just(b"application/connect+json".to_vec()),
            prop::collection::vec(any::<u8>(), 0..32),
        ],
        text in any::<String>(),
    ) {
        let client = Client::of(&Headers::from_pairs([("content-type", content_type)]));
        let reply = Problem::new(&UNKNOWN_VERSION)
            .detail(&*text)
            .instance(&*text)
            .extension("requested", &*text)
            .link("help", &*text)
            .reply(&client);
        let visible = |byte: &u8| (0x20..=0x7e).contains(byte);
        prop_assert!(reply.headers.iter().all(|(_, value)| value.iter().all(visible)));
        if client.protocol == Protocol::Http {
            let document: Value = serde_json::from_slice(&reply.body).unwrap();
            prop_assert_eq!(document["requested"].as_str(), Some(text.as_str()));
        }
    }
}
