use serde_json::{Value, json};

use super::{Answer, Proxy, policy};

fn versions() -> Value {
    json!([
        {
            "version": "1",
            "deprecation": "2026-02-01T00:00:00Z",
            "sunset": "2026-06-01T00:00:00Z",
            "links": {
                "deprecation": "https://docs.example.com/v1",
                "sunset": "https://docs.example.com/end",
                "successor": "https://api.example.com/v2"
            },
            "brownouts": [{ "from": "2026-05-01T00:00:00Z", "until": "2026-05-01T01:00:00Z" }]
        },
        { "version": "2" },
        { "version": "3", "state": "preview" }
    ])
}

fn settings() -> Value {
    json!({
        "scheme": "integer",
        "sources": [
            { "from": "header", "name": "api-version" },
            { "from": "mediaType", "parameter": "version", "in": ["accept"] }
        ],
        "versions": versions()
    })
}

fn one(now: &str) -> Answer {
    Proxy::new(policy(settings()))
        .at(now)
        .get("/a", &[("api-version", "1")])
}

#[test]
fn the_state_follows_from_the_dates() {
    for (now, state, outcome) in [
        ("2026-01-31T23:59:59Z", "current", "served"),
        ("2026-02-01T00:00:00Z", "deprecated", "served"),
        ("2026-04-30T23:59:59Z", "deprecated", "served"),
        ("2026-05-01T00:00:00Z", "deprecated", "brownout"),
        ("2026-05-01T00:59:59Z", "deprecated", "brownout"),
        ("2026-05-01T01:00:00Z", "deprecated", "served"),
        ("2026-06-01T00:00:00Z", "retired", "retired_version"),
    ] {
        let answer = one(now);
        assert_eq!(answer.fact("treaty.version_state"), state, "{now}");
        assert_eq!(answer.fact("treaty.version_outcome"), outcome, "{now}");
        assert_eq!(answer.fact("treaty.version"), "1", "{now}");
    }
}

#[test]
fn responses_tell_the_life_of_their_version() {
    let answer = one("2026-01-01T00:00:00Z");
    assert_eq!(answer.got("x-treaty-version").unwrap(), "1");
    assert_eq!(answer.got("deprecation").unwrap(), "@1769904000");
    assert_eq!(
        answer.got("sunset").unwrap(),
        "Mon, 01 Jun 2026 00:00:00 GMT"
    );
    assert_eq!(
        answer.got("link").unwrap(),
        "<https://docs.example.com/v1>; rel=\"deprecation\"; type=\"text/html\", \
         <https://docs.example.com/end>; rel=\"sunset\", \
         <https://api.example.com/v2>; rel=\"successor-version\""
    );
    assert_eq!(answer.got("vary").unwrap(), "api-version, Accept");
    let answer = Proxy::new(policy(settings())).get("/a", &[("api-version", "2")]);
    assert_eq!(answer.got("x-treaty-version").unwrap(), "2");
    for name in ["deprecation", "sunset", "link"] {
        assert_eq!(answer.got(name), None, "{name}");
    }
}

#[test]
fn what_the_origin_says_stays() {
    let proxy = Proxy::new(policy(settings()));
    let response = [
        ("deprecation", "@1"),
        ("sunset", "Thu, 01 Jan 1970 00:00:02 GMT"),
        ("link", "<https://a>; rel=\"next\""),
        ("vary", "Origin, ACCEPT"),
        ("x-treaty-version", "9"),
    ];
    let answer = proxy.exchange(b"/a", &[("api-version", "1")], &response);
    assert_eq!(answer.got("deprecation").unwrap(), "@1");
    assert_eq!(
        answer.got("sunset").unwrap(),
        "Thu, 01 Jan 1970 00:00:02 GMT"
    );
    assert!(
        answer
            .got("link")
            .unwrap()
            .starts_with("<https://a>; rel=\"next\", <https://docs")
    );
    assert_eq!(answer.got("vary").unwrap(), "Origin, ACCEPT, api-version");
    assert_eq!(answer.got("x-treaty-version").unwrap(), "1");
    let answer = proxy.exchange(b"/a", &[("api-version", "1")], &[("vary", "*")]);
    assert_eq!(answer.got("vary").unwrap(), "*");
    let all = [("vary", "accept"), ("vary", "API-Version")];
    let answer = proxy.exchange(b"/a", &[("api-version", "2")], &all);
    assert_eq!(
        answer.response.get_all("vary").count(),
        2,
        "nothing was missing"
    );
}

#[test]
fn a_retired_version_is_refused_with_its_successor() {
    let answer = one("2026-07-01T00:00:00Z");
    let reply = answer.reply.as_ref().unwrap();
    assert_eq!(reply.status, 410);
    assert_eq!(
        answer.problem(),
        json!({
            "type": "https://treaty.dev/problems/version-negotiation/retired-version",
            "title": "Retired API version",
            "status": 410,
            "detail": "This API version is no longer served.",
            "supportedVersions": ["2"]
        })
    );
    assert_eq!(
        answer.got("link").unwrap(),
        "<https://api.example.com/v2>; rel=\"successor-version\""
    );
}

#[test]
fn a_brownout_says_when_it_ends() {
    let answer = one("2026-05-01T00:59:30Z");
    assert_eq!(answer.got("retry-after").unwrap(), "30");
    assert_eq!(answer.problem()["supportedVersions"], json!(["1", "2"]));
    let mut with_status = settings();
    with_status["refusals"] = json!({ "brownout": 503 });
    let proxy = Proxy::new(policy(with_status)).at("2026-05-01T00:00:00Z");
    let answer = proxy.get("/a", &[("api-version", "1")]);
    assert_eq!(answer.reply.unwrap().status, 503);
}

#[test]
fn a_retired_version_may_still_be_served() {
    let mut own = settings();
    own["versions"][0]["afterSunset"] = json!("serve");
    let proxy = Proxy::new(policy(own)).at("2026-07-01T00:00:00Z");
    let answer = proxy.get("/a", &[("api-version", "1")]);
    assert_eq!(answer.version(), "1");
    assert_eq!(answer.fact("treaty.version_state"), "retired");
}

#[test]
fn whoever_takes_several_versions_gets_one_that_is_not_gone() {
    let proxy = Proxy::new(policy(settings())).at("2026-07-01T00:00:00Z");
    let version = |accept: &str| proxy.get("/a", &[("accept", accept)]).version();
    assert_eq!(version("a/b;version=1, a/b;version=2;q=0.1"), "2");
    assert_eq!(version("a/b;version=1, a/b;q=0.1"), "2");
    assert_eq!(version("a/b;version=1, a/b;version=9"), "!retired_version");
}

#[test]
fn an_owner_sees_who_still_calls_a_deprecated_version() {
    let mut own = settings();
    own["consumer"] = json!({ "from": "header", "name": "x-consumer" });
    let proxy = Proxy::new(policy(own)).at("2026-03-01T00:00:00Z");
    let answer = proxy.get("/a", &[("api-version", "1"), ("x-consumer", "shop;a=b")]);
    assert_eq!(
        answer.counts,
        [
            "treaty_version_requests;service=all;version=1;state=deprecated;outcome=served",
            "treaty_version_deprecated_use;service=all;version=1;consumer=shop_a_b",
        ]
    );
    assert_eq!(proxy.get("/a", &[("api-version", "2")]).counts.len(), 1);
}

#[test]
fn the_default_is_never_in_preview_or_retired() {
    let of = |default: Value, now: &str| {
        let mut own = settings();
        own["default"] = default;
        Proxy::new(policy(own)).at(now).get("/a", &[]).version()
    };
    let (before, after) = ("2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z");
    assert_eq!(of(json!({ "use": "newest" }), before), "2");
    assert_eq!(of(json!({ "use": "oldest" }), before), "1");
    assert_eq!(of(json!({ "use": "oldest" }), after), "2");
    assert_eq!(of(json!({ "use": "version", "version": "3" }), before), "3");
    assert_eq!(of(json!({ "use": "refuse" }), before), "!version_required");
}

#[test]
fn report_changes_nothing_and_tells_what_would_have_been() {
    let mut document = policy(settings());
    document["mode"] = json!("report");
    let proxy = Proxy::new(document).at("2026-07-01T00:00:00Z");
    let sent = [("api-version", "1"), ("x-treaty-version", "7")];
    let answer = proxy.get("/a", &sent);
    assert_eq!(answer.edits, 0);
    assert_eq!(answer.sent("x-treaty-version").unwrap(), "7");
    assert_eq!(
        answer.fact("treaty.version_outcome"),
        "would_refuse_retired_version"
    );
    assert_eq!(
        answer.fact("treaty.refusal"),
        "version_negotiation.retired_version"
    );
    let answer = proxy.get("/a", &[]);
    assert_eq!(answer.edits, 0);
    assert_eq!(answer.fact("treaty.version_outcome"), "would_serve");
    assert_eq!(
        answer.counts,
        ["treaty_version_requests;service=all;version=2;state=current;outcome=would_serve"]
    );
}

#[test]
fn off_does_nothing() {
    for (mode, rule) in [("off", "enforce"), ("enforce", "off")] {
        let mut document = policy(settings());
        document["mode"] = json!(mode);
        document["rules"][0]["mode"] = json!(rule);
        let answer = Proxy::new(document).get("/a", &[("api-version", "x")]);
        assert_eq!(answer.edits, 0);
        assert!(answer.facts.is_empty());
        assert!(answer.counts.is_empty());
    }
}

#[test]
fn every_refusal_has_its_status_and_its_code() {
    let proxy = Proxy::new(policy(settings())).at("2026-07-01T00:00:00Z");
    for (name, value, status, code) in [
        ("api-version", "x", 400, "3"),
        ("api-version", "9", 404, "12"),
        ("api-version", "1, 2", 400, "3"),
        ("api-version", "1", 410, "12"),
        ("accept", "a/b;version=9", 406, "12"),
    ] {
        let answer = proxy.get("/a", &[(name, value)]);
        assert_eq!(answer.reply.as_ref().unwrap().status, status, "{value}");
        assert!(
            !answer
                .problem()
                .to_string()
                .contains(&format!("\"{value}\"")),
            "{value}"
        );
        let grpc = [(name, value), ("content-type", "application/grpc")];
        let reply = proxy.get("/a", &grpc).reply.unwrap();
        assert_eq!(reply.grpc.unwrap().code.to_string(), code, "{value}");
    }
}

#[test]
fn the_policy_may_choose_the_status() {
    let mut own = settings();
    own["refusals"] = json!({ "unknownVersion": 400, "malformedVersion": 404 });
    let mut document = policy(own);
    document["problemBase"] = json!("https://errors.example.com");
    let proxy = Proxy::new(document);
    let answer = proxy.get("/a", &[("api-version", "9")]);
    assert_eq!(answer.reply.as_ref().unwrap().status, 400);
    assert_eq!(
        answer.problem()["type"],
        "https://errors.example.com/version-negotiation/unknown-version"
    );
    assert_eq!(
        proxy
            .get("/a", &[("api-version", "x")])
            .reply
            .unwrap()
            .status,
        404
    );
}
