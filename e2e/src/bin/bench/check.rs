//! That each case does its work: what does nothing is fast.
//!
//! One request per listener carries a header field that leads it to a route of its own. That route
//! tells in the response what the upstream would have seen and what the access log would have said;
//! the requests that are measured do not take it.

use std::time::Duration;

use e2e::{Envoy, Route, parse_response, raw};
use serde_json::json;

use crate::Result;
use crate::case::{Case, DIRECT, PROXIED};

const MARK: &str = "x-bench-check";

/// The facts of a request that is served.
const FACTS: [&str; 6] = [
    "service",
    "version_requested",
    "version",
    "version_source",
    "version_state",
    "version_outcome",
];

/// The fields of the response that a case may have made, besides those of the telling route.
const WATCHED: [&str; 5] = ["deprecation", "sunset", "link", "vary", "x-treaty-version"];

/// What `policy.json` makes of the response, field by field.
pub(crate) const RESPONSE_FIELDS: [&str; 5] = [
    "deprecation: @1704067200",
    "sunset: Thu, 01 Jan 2099 00:00:00 GMT",
    "link: <https://example.com/deprecation>; rel=\"deprecation\"; type=\"text/html\", \
     </v2>; rel=\"successor-version\"",
    "vary: api-version",
    "x-treaty-version: 1",
];

/// The facts about the request, except for what became of it.
const TOLD: [&str; 5] = [
    "x-fact-service: orders",
    "x-fact-version_requested: 1",
    "x-fact-version: 1",
    "x-fact-version_source: path",
    "x-fact-version_state: deprecated",
];

/// All that `policy.json` asks for.
pub(crate) fn full_work() -> Vec<&'static str> {
    let upstream = [
        "x-seen-path: /orders/42",
        "x-seen-version: 1",
        // The hash of the empty node id.
        "x-seen-hops: p51d8e999;n=1",
        "x-fact-version_outcome: served",
    ];
    [&RESPONSE_FIELDS[..], &TOLD, &upstream].concat()
}

/// In report mode nothing changes, and the facts tell what would have been done.
pub(crate) fn reported_work() -> Vec<&'static str> {
    let upstream = [
        "x-seen-path: /v1/orders/42",
        "x-fact-version_outcome: would_serve",
    ];
    [&TOLD[..], &upstream].concat()
}

/// The fields alone.
pub(crate) fn constants() -> Vec<&'static str> {
    let upstream = ["x-seen-path: /v1/orders/42", "x-seen-version: 1"];
    [&RESPONSE_FIELDS[..], &upstream].concat()
}

/// The route for checks: it answers as the given one does, and tells what it knows.
pub(crate) fn telling(route: Route) -> Route {
    let facts = FACTS.iter().flat_map(|fact| {
        [
            format!("%FILTER_STATE(wasm.treaty.{fact}:PLAIN)%"),
            format!("%DYNAMIC_METADATA(treaty:{fact})%"),
        ]
        .map(|value| (format!("x-fact-{fact}"), value))
    });
    let request = [
        ("path", ":path"),
        ("version", "x-treaty-version"),
        ("hops", "x-treaty-hops"),
    ]
    .map(|(what, field)| (format!("x-seen-{what}"), format!("%REQ({field})%")));
    let told: Vec<_> = request
        .into_iter()
        .chain(facts)
        .map(|(key, value)| json!({"header": {"key": key, "value": value}}))
        .collect();
    route
        .when_header(MARK, "1")
        .with(json!({"response_headers_to_add": told}))
}

/// Asks once at each listener and compares.
pub(crate) fn check(case: &Case, envoy: &Envoy) -> Result<()> {
    let request = case.request(&format!("{MARK}: 1\r\nconnection: close\r\n"));
    for listener in [DIRECT, PROXIED] {
        let octets = raw(envoy.address(listener), &request, Duration::from_secs(10));
        let done = work_in(&octets).ok_or_else(|| {
            format!(
                "{}, {listener}: not an answer with status 200: {}",
                case.name,
                octets.escape_ascii()
            )
        })?;
        let mut expected: Vec<_> = case.work.iter().flat_map(|field| split(field)).collect();
        expected.sort();
        if done != expected {
            return Err(format!(
                "{}, {listener}: not the work that is to be measured\n  expected:\n{}\n  found:\n{}",
                case.name,
                lines(&expected),
                lines(&done)
            )
            .into());
        }
    }
    let counted = envoy
        .counters()
        .iter()
        .any(|(name, value)| name.contains("treaty_version_requests") && *value > 0);
    if counted == case.counts {
        return Ok(());
    }
    Err(format!("{}: counts its requests: {counted}", case.name).into())
}

/// The watched fields of an answer, sorted; `None` without an answer with status 200.
fn work_in(octets: &[u8]) -> Option<Vec<String>> {
    let response = parse_response(octets).filter(|response| response.status == 200)?;
    let mut work: Vec<_> = response
        .headers
        .iter()
        .filter(|(name, _)| {
            WATCHED.contains(&name.as_str())
                || name.starts_with("x-seen-")
                || name.starts_with("x-fact-")
        })
        // What is not there is told as nothing or as a hyphen.
        .filter(|(_, value)| !matches!(value.as_slice(), b"" | b"-"))
        .flat_map(|(name, value)| split(&format!("{name}: {}", String::from_utf8_lossy(value))))
        .collect();
    work.sort();
    Some(work)
}

/// One line for each link of a list: whether they stand in one field or in several is the same.
fn split(field: &str) -> Vec<String> {
    match field.strip_prefix("link: ") {
        Some(links) => links
            .split(", ")
            .map(|link| format!("link: {link}"))
            .collect(),
        None => vec![field.to_owned()],
    }
}

fn lines(fields: &[String]) -> String {
    let lines: Vec<_> = fields.iter().map(|field| format!("    {field}")).collect();
    lines.join("\n")
}
