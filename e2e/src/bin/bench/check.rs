//! That each case does its work: what does nothing is fast.
//!
//! One request per listener carries a header field that leads it to a route of its own. That route
//! tells in the response what the upstream would have seen and what the access log would have said;
//! the requests that are measured do not take it.

use std::time::Duration;

use e2e::{Envoy, Response, Route, parse_response, raw};
use serde_json::{Value, json};

use crate::Result;
use crate::case::{Case, PROXIED};
use crate::load::Request;

const MARK: &str = "x-bench-check";

const PATIENCE: Duration = Duration::from_secs(10);

/// The facts of a request. Who failed is not among them: it is not the same at both listeners.
const FACTS: [&str; 22] = [
    "service",
    "version_requested",
    "version",
    "version_source",
    "version_state",
    "version_outcome",
    "error_type",
    "error_dialect",
    "error_outcome",
    "trace_context",
    "idempotency_outcome",
    "contract_violations",
    "tag.tenant",
    "tag.plan",
    "tag.client",
    "tag.language",
    "tag.consumer",
    "tag.view",
    "tag.page",
    "tag.theme",
    "tag.order",
    "tag.region",
];

/// In what the filters count requests.
const METRICS: [&str; 5] = [REQUESTS, ERRORS, TRACES, KEYED, CONTRACTS];

pub(crate) const REQUESTS: &str = "treaty_version_requests";
pub(crate) const ERRORS: &str = "treaty_errors";
pub(crate) const TRACES: &str = "treaty_trace_context";
pub(crate) const CONTRACTS: &str = "treaty_contract_messages";
pub(crate) const KEYED: &str = "treaty_idempotency_requests";

/// The fields of the response that a case may have made, besides those of the telling route.
const WATCHED: [&str; 7] = [
    "deprecation",
    "sunset",
    "link",
    "vary",
    "x-treaty-version",
    "x-internal-host",
    "idempotent-replayed",
];

/// The field of a service that is not for clients.
pub(crate) const INTERNAL: &str = "x-internal-host: node-7";

/// The trace that the upstream is told of, where nobody changes it, and what is beside it.
pub(crate) const TRACE_SEEN: &str =
    "x-seen-trace: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const STATE_SEEN: &str = "x-seen-state: congo=t61rcWkgMzE,rojo=00f067aa0ba902b7";

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

/// The request is served as it is.
pub(crate) fn no_work() -> Vec<&'static str> {
    vec!["x-seen-path: /v1/orders/42", TRACE_SEEN, INTERNAL]
}

/// A field of the response is gone.
pub(crate) fn sanitised() -> Vec<&'static str> {
    vec!["x-seen-path: /v1/orders/42", TRACE_SEEN]
}

/// The trace goes on as it came.
pub(crate) fn trace_kept() -> Vec<&'static str> {
    [&no_work()[..], &[STATE_SEEN]].concat()
}

/// Of a `traceparent` of a later version, what version 00 knows goes on.
pub(crate) fn trace_mended() -> Vec<&'static str> {
    vec![
        "x-seen-path: /v1/orders/42",
        "x-seen-trace: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03",
        STATE_SEEN,
        "x-fact-trace_context: repaired",
        INTERNAL,
    ]
}

/// All that `tags.json` asks for.
pub(crate) fn ten_tags() -> Vec<&'static str> {
    vec![
        "x-seen-path: /v1/orders/42?view=Full&page=2&sort=-created",
        TRACE_SEEN,
        INTERNAL,
        "x-fact-tag.tenant: shop-eur",
        "x-fact-tag.plan: gold",
        "x-fact-tag.client: treaty-bench",
        "x-fact-tag.language: en",
        "x-fact-tag.consumer: shop",
        "x-fact-tag.view: full",
        "x-fact-tag.page: 2",
        "x-fact-tag.theme: dark",
        "x-fact-tag.order: 42",
        "x-fact-tag.region: eu-central",
    ]
}

/// A request whose key nobody had used.
pub(crate) fn claimed() -> Vec<&'static str> {
    [&no_work()[..], &["x-fact-idempotency_outcome: claimed"]].concat()
}

/// The answer to an earlier request.
pub(crate) fn replayed() -> Vec<&'static str> {
    let told = [
        "idempotent-replayed: true",
        "x-fact-idempotency_outcome: replayed",
    ];
    [&no_work()[..], &told].concat()
}

/// Six parameters are as the contract has them.
pub(crate) fn asked() -> Vec<&'static str> {
    vec![
        "x-seen-path: /v1/orders/42?view=Full&page=2&sort=-created",
        TRACE_SEEN,
        INTERNAL,
    ]
}

/// An answer is as the contract has it.
pub(crate) fn answered() -> Vec<&'static str> {
    vec!["x-seen-path: /v1/payments/latest", TRACE_SEEN]
}

/// The naive module refuses a content.
pub(crate) fn refused_naively() -> Vec<&'static str> {
    vec!["x-seen-path: /v1/payments", TRACE_SEEN, "status: 422"]
}

/// The contract refuses a content.
pub(crate) fn content_refused() -> Vec<&'static str> {
    vec![
        "x-seen-path: /v1/payments",
        TRACE_SEEN,
        "x-fact-contract_violations: request body type",
        "status: 422",
        "problem type: \"https://treaty.dev/problems/contract-validation/invalid-content\"",
        "problem title: \"The content breaks the contract\"",
        "problem status: 422",
        "problem detail: \"The content must be of type object.\"",
        "problem errors: [{\"detail\":\"must be of type object\",\"in\":\"body\",\
         \"keyword\":\"type\",\"pointer\":\"#\"}]",
    ]
}

/// The contract refuses two of six parameters.
pub(crate) fn parameters_refused() -> Vec<&'static str> {
    vec![
        "x-seen-path: /v1/orders/42?view=Full&page=2&sort=-created",
        TRACE_SEEN,
        "x-fact-contract_violations: request header maxLength, request cookie enum",
        "status: 400",
        "problem type: \"https://treaty.dev/problems/contract-validation/invalid-parameters\"",
        "problem title: \"The parameters break the contract\"",
        "problem status: 400",
        "problem detail: \"The header field `X-Plan` must be at most 8 characters long. There is one \
         more violation.\"",
        "problem errors: [{\"detail\":\"must be at most 8 characters long\",\"field\":\"X-Plan\",\
         \"in\":\"header\",\"keyword\":\"maxLength\"},{\"detail\":\"must be one of the values that are \
         declared\",\"field\":\"theme\",\"in\":\"cookie\",\"keyword\":\"enum\"}]",
    ]
}

/// All that `problem.json` asks for.
pub(crate) fn translated() -> Vec<&'static str> {
    vec![
        "x-seen-path: /v1/orders/broken",
        TRACE_SEEN,
        "status: 500",
        "problem type: \"https://example.com/problems/out-of-stock\"",
        "problem title: \"Out of stock\"",
        "problem status: 500",
        "problem detail: \"only 3 left of this book\"",
        "problem instance: \"urn:uuid:7f2c2c62-6d0e-4f5e-9a6e-0a3c5f1f6a11\"",
        "problem code: \"insufficient_stock\"",
        "problem requestId: \"7f2c2c62-6d0e-4f5e-9a6e-0a3c5f1f6a11\"",
        "problem service: \"orders\"",
        "problem traceId: \"4bf92f3577b34da6a3ce929d0e0e4736\"",
        "x-fact-error_type: out-of-stock",
        "x-fact-error_dialect: errorMember",
        "x-fact-error_outcome: translated",
    ]
}

/// What says the same of every 500, whatever the service said. It is Envoy's own answer, which the
/// filters further out do not see, the telling one among them.
pub(crate) fn one_for_all() -> Vec<&'static str> {
    vec![
        "status: 500",
        "problem type: \"https://example.com/problems/internal\"",
        "problem title: \"Internal Server Error\"",
        "problem status: 500",
        "problem detail: \"Something failed.\"",
        "problem requestId: \"7f2c2c62-6d0e-4f5e-9a6e-0a3c5f1f6a11\"",
    ]
}

/// The same where every filter sees it.
pub(crate) fn one_for_all_seen() -> Vec<&'static str> {
    let seen = ["x-seen-path: /v1/orders/broken", TRACE_SEEN];
    [&seen, &one_for_all()[..]].concat()
}

/// All that `policy.json` asks for.
pub(crate) fn full_work() -> Vec<&'static str> {
    let upstream = [
        "x-seen-path: /orders/42",
        TRACE_SEEN,
        "x-seen-version: 1",
        // The hash of the empty node id.
        "x-seen-hops: p51d8e999;n=1",
        "x-fact-version_outcome: served",
    ];
    [&RESPONSE_FIELDS[..], &TOLD, &upstream, &[INTERNAL]].concat()
}

/// In report mode nothing changes, and the facts tell what would have been done.
pub(crate) fn reported_work() -> Vec<&'static str> {
    let upstream = [
        "x-seen-path: /v1/orders/42",
        TRACE_SEEN,
        "x-fact-version_outcome: would_serve",
    ];
    [&TOLD[..], &upstream, &[INTERNAL]].concat()
}

/// The fields alone.
pub(crate) fn constants() -> Vec<&'static str> {
    let upstream = [
        "x-seen-path: /v1/orders/42",
        "x-seen-version: 1",
        TRACE_SEEN,
    ];
    [&RESPONSE_FIELDS[..], &upstream, &[INTERNAL]].concat()
}

/// The filter that tells, outermost so that it comes last. It is off but on the routes for checks.
pub(crate) fn teller() -> Value {
    json!({
        "name": TELLER,
        "disabled": true,
        "typed_config": {"@type": format!("{MUTATION}.HeaderMutation")},
    })
}

const TELLER: &str = "teller";

const MUTATION: &str = "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3";

/// The route for checks: it answers as the given one does, and the answer tells what is known.
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
        ("trace", "traceparent"),
        ("state", "tracestate"),
    ]
    .map(|(what, field)| (format!("x-seen-{what}"), format!("%REQ({field})%")));
    let told: Vec<_> = request
        .into_iter()
        .chain(facts)
        .map(|(key, value)| {
            json!({"append": {
                "header": {"key": key, "value": value},
                "append_action": "APPEND_IF_EXISTS_OR_ADD",
            }})
        })
        .collect();
    route
        .when_header(MARK, "1")
        .with(json!({"typed_per_filter_config": {TELLER: {
            "@type": format!("{MUTATION}.HeaderMutationPerRoute"),
            "mutations": {"response_mutations": told},
        }}}))
}

/// Asks once at each listener, for a proof once more, and compares.
pub(crate) fn check(case: &Case, envoy: &Envoy) -> Result<()> {
    let more = format!("{MARK}: 1\r\nconnection: close\r\n");
    if case.repeats {
        raw(
            envoy.address(PROXIED),
            case.request("connection: close\r\n").next(),
            PATIENCE,
        );
    }
    check_work(case, envoy, &mut case.request(&more), &case.work)?;
    if let Some(proof) = &case.proof {
        check_work(case, envoy, &mut case.request_of(proof, &more), &proof.work)?;
    }
    let counters = envoy.counters();
    for metric in METRICS {
        let mut counters = counters.iter();
        let counted = counters.any(|(name, value)| *value > 0 && name.contains(metric));
        if counted != (case.counts == Some(metric)) {
            return Err(format!("{}: counts in {metric}: {counted}", case.name).into());
        }
    }
    Ok(())
}

fn check_work(case: &Case, envoy: &Envoy, request: &mut Request, work: &[&str]) -> Result<()> {
    for origin in case.origins {
        let listener = origin.listener();
        let octets = raw(envoy.address(listener), request.next(), PATIENCE);
        let done = work_in(&octets).ok_or_else(|| {
            format!(
                "{}, {listener}: not an answer: {}",
                case.name,
                octets.escape_ascii()
            )
        })?;
        let mut expected: Vec<_> = work.iter().flat_map(|field| split(field)).collect();
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
    Ok(())
}

/// The watched fields of an answer and the members of a problem, sorted; `None` without an answer.
fn work_in(octets: &[u8]) -> Option<Vec<String>> {
    let response = parse_response(octets)?;
    let fields = response
        .headers
        .iter()
        .filter(|(name, _)| {
            WATCHED.contains(&name.as_str())
                || name.starts_with("x-seen-")
                || name.starts_with("x-fact-")
        })
        // What is not there is told as nothing or as a hyphen.
        .filter(|(_, value)| !matches!(value.as_slice(), b"" | b"-"))
        .flat_map(|(name, value)| split(&format!("{name}: {}", String::from_utf8_lossy(value))));
    let mut work: Vec<_> = fields.chain(failure_in(&response)).collect();
    work.sort();
    Some(work)
}

/// A line for the status of a failure, and one for each member of its problem.
fn failure_in(response: &Response) -> Vec<String> {
    if response.status == 200 {
        return Vec::new();
    }
    let mut lines = vec![format!("status: {}", response.status)];
    let is_problem = response.headers.text("content-type") == Some("application/problem+json");
    if is_problem && let Value::Object(members) = response.json() {
        let member = |(name, value)| format!("problem {name}: {value}");
        lines.extend(members.iter().map(member));
    }
    lines
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
