//! The message of one direction, from its head to its end.

use kit::body::{Body, Size};
use kit::exchange::Exchange;
use kit::policy::Mode;
use kit::protocol::Client;

use crate::json_schema::JsonSchemas;
use crate::openapi::{self, Captures, Direction, Operation};
use crate::plan::{Contract, DirectionTerms, Plan};
use crate::refusal::{Offer, Reason};
use crate::violation::{Place, Violation, keyword};

use super::content;
use super::expected::{self, Arriving, Expected};
use super::head::{self, Parameters};
use super::messages::Call;
use super::subject::Subject;
use super::tally::{Skipped, Tally};

/// The message of one direction.
pub(super) struct Side {
    pub(super) direction: Direction,
    /// What was found in it.
    pub(super) tally: Tally,
    /// What is still to come of it.
    pub(super) expected: Expected,
    /// What a client may send instead of what is refused.
    pub(super) offers: Vec<Offer>,
    mode: Mode,
}

/// What a request says of itself in its head.
pub(super) struct Asked<'a> {
    pub(super) target: &'a str,
    /// What the variables of its path stand for.
    pub(super) captures: &'a Captures<'a>,
    pub(super) client: &'a Client,
}

impl Side {
    pub(super) fn new(direction: Direction, terms: &DirectionTerms) -> Self {
        Self {
            direction,
            tally: Tally::new(terms),
            expected: Expected::Nothing,
            offers: Vec::new(),
            mode: terms.mode,
        }
    }

    /// Whether the message is refused for what was found so far.
    pub(super) fn is_refused(&self) -> bool {
        self.mode == Mode::Enforce && self.tally.is_rejected()
    }

    /// Looks at the head of a request.
    pub(super) fn request_head(
        &mut self,
        plan: &Plan,
        subject: &Subject,
        asked: &Asked<'_>,
        x: &Exchange<'_>,
    ) {
        let terms = &plan.terms(subject.name()).request;
        match (subject, &plan.contract.contract) {
            (Subject::Operation(operation), Contract::OpenApi(contract)) => {
                let parameters = Parameters {
                    contract,
                    operation,
                    terms,
                };
                parameters.check(asked.target, asked.captures, x.headers(), &mut self.tally);
                self.operation_request(contract, operation, terms, x);
            }
            (Subject::Schemas, Contract::JsonSchema(schemas)) => {
                self.schema_request(schemas, terms, x);
            }
            (Subject::Call(method), Contract::Protobuf(contract)) => {
                let client = asked.client;
                let call = Call {
                    method,
                    client,
                    terms,
                };
                self.expected = call.request(contract, asked.target, &mut self.tally, x);
            }
            (Subject::Unknown(unknown), _) => {
                self.tally.skip(Skipped::Unknown);
                self.tally.judge(unknown.violation.clone(), unknown.verdict);
                self.offers.extend(unknown.offer.clone());
            }
            // A subject is found in its own contract.
            _ => {}
        }
    }

    /// Looks at the head of a response. `is_head` says whether the request was `HEAD`.
    pub(super) fn response_head(
        &mut self,
        plan: &Plan,
        subject: &Subject,
        client: &Client,
        is_head: bool,
        x: &Exchange<'_>,
    ) {
        let terms = &plan.terms(subject.name()).response;
        let status = Status::of(x, is_head);
        match (subject, &plan.contract.contract) {
            (Subject::Operation(operation), Contract::OpenApi(contract)) => {
                self.operation_response(contract, operation, status, terms, x);
            }
            (Subject::Schemas, Contract::JsonSchema(schemas)) => {
                self.schema_response(schemas, status, terms, x);
            }
            (Subject::Call(method), Contract::Protobuf(contract)) => {
                // The head of a stream has gone on before its messages come, so nothing can be put
                // in their place.
                if method.server_streaming && self.mode == Mode::Enforce {
                    self.mode = Mode::Report;
                }
                let call = Call {
                    method,
                    client,
                    terms,
                };
                self.expected = call.response(contract, &mut self.tally, x);
            }
            _ => {}
        }
    }

    /// Looks at a part of the content.
    pub(super) fn part(
        &mut self,
        plan: &Plan,
        body: &mut Body,
        terms: &DirectionTerms,
        x: &mut Exchange<'_>,
    ) {
        if body.size() == Size::NotHeld {
            return content::too_large(terms, &mut self.tally);
        }
        let is_last = body.size() == Size::Last;
        match &mut self.expected {
            Expected::Nothing => {}
            Expected::Octets(octets) => {
                octets.part(body.bytes().len(), is_last, &mut self.tally);
            }
            Expected::Content(content) => {
                let repaired = content.check(body.bytes(), terms, &mut self.tally);
                if let Some(repaired) = repaired
                    && forget_digests(x)
                {
                    self.tally.repair();
                    body.replace(repaired);
                }
            }
            Expected::Messages(messages) => {
                if let Contract::Protobuf(contract) = &plan.contract.contract {
                    messages.part(contract, body.bytes(), is_last, terms, &mut self.tally);
                }
            }
        }
    }

    fn operation_request(
        &mut self,
        contract: &openapi::Contract,
        operation: &Operation,
        terms: &DirectionTerms,
        x: &Exchange<'_>,
    ) {
        let Some(body) = &operation.body else {
            return;
        };
        if self.is_missing(body.required, x) || body.content.is_empty() {
            return;
        }
        let ranges: Vec<&str> = body
            .content
            .0
            .iter()
            .map(|own| own.range.as_str())
            .collect();
        self.offer_media_types(&ranges.join(", "), x);
        let arriving = self.arriving(terms, body.required, x);
        self.expected = arriving.of_media_types(contract, &body.content, &mut self.tally);
    }

    fn operation_response(
        &mut self,
        contract: &openapi::Contract,
        operation: &Operation,
        status: Status,
        terms: &DirectionTerms,
        x: &Exchange<'_>,
    ) {
        let Some(response) = operation.responses.find(status.code) else {
            return self.undeclared_status(operation, terms);
        };
        let headers = x.headers();
        head::response_fields(contract, &response.headers, terms, headers, &mut self.tally);
        if response.content.is_empty() || status.is_bare {
            return;
        }
        if status.is_partial {
            return self.tally.skip(Skipped::Contract);
        }
        let required = !expected::may_be_empty(&response.content, headers);
        if self.is_missing(required, x) {
            return;
        }
        let arriving = self.arriving(terms, required, x);
        self.expected = arriving.of_media_types(contract, &response.content, &mut self.tally);
    }

    fn schema_request(&mut self, schemas: &JsonSchemas, terms: &DirectionTerms, x: &Exchange<'_>) {
        let Some(schema) = &schemas.request else {
            return;
        };
        let required = has_content(x);
        if self.is_missing(required, x) {
            return;
        }
        self.offer_media_types("application/json", x);
        let arriving = self.arriving(terms, required, x);
        self.expected = arriving.of_json(schema, &mut self.tally);
    }

    fn schema_response(
        &mut self,
        schemas: &JsonSchemas,
        status: Status,
        terms: &DirectionTerms,
        x: &Exchange<'_>,
    ) {
        let Some(schema) = &schemas.response else {
            return;
        };
        if !matches!(status.code, 200..=299) || status.is_bare || self.is_missing(true, x) {
            return;
        }
        let arriving = self.arriving(terms, true, x);
        self.expected = arriving.of_json(schema, &mut self.tally);
    }

    /// Whether there is no content, which is a violation where there has to be one.
    fn is_missing(&mut self, required: bool, x: &Exchange<'_>) -> bool {
        let is_missing = expected::is_empty(x);
        if is_missing && required {
            content::missing(&mut self.tally);
        }
        is_missing
    }

    fn arriving<'a>(
        &self,
        terms: &'a DirectionTerms,
        required: bool,
        x: &'a Exchange<'_>,
    ) -> Arriving<'a> {
        Arriving {
            direction: self.direction,
            terms,
            headers: x.headers(),
            required,
        }
    }

    /// RFC 9110 sections 15.5.16 and 12.5.3, and for `PATCH` RFC 5789 section 2.2.
    fn offer_media_types(&mut self, ranges: &str, x: &Exchange<'_>) {
        let mut offer = |reason, field, value: &str| {
            self.offers.push(Offer {
                reason,
                field,
                value: value.to_owned(),
            });
        };
        offer(Reason::MediaType, "accept", ranges);
        if x.headers().text(":method") == Some("PATCH") {
            offer(Reason::MediaType, "accept-patch", ranges);
        }
        offer(Reason::ContentCoding, "accept-encoding", "gzip, identity");
    }

    fn undeclared_status(&mut self, operation: &Operation, terms: &DirectionTerms) {
        if operation.responses.is_empty() {
            return self.tally.skip(Skipped::Contract);
        }
        let violation = Violation {
            place: Place::Status,
            ..Violation::in_body(
                "",
                keyword::UNDECLARED,
                "must be one of the statuses that are declared",
            )
        };
        self.tally.judge(violation, terms.undeclared);
    }
}

/// The status of a response.
#[derive(Debug, Clone, Copy)]
struct Status {
    code: u16,
    /// Whether the response has no content whatever its head says (RFC 9110 sections 9.3.2, 15.2,
    /// 15.3.5, 15.3.6 and 15.4.5).
    is_bare: bool,
    /// Whether the content is not the whole of what the contract describes: a range of it (RFC 9110
    /// section 15.3.7), or what has changed (RFC 3229 section 10.4.1).
    is_partial: bool,
}

impl Status {
    fn of(x: &Exchange<'_>, is_head: bool) -> Self {
        let text = x.headers().text(":status");
        let code = text.and_then(|text| text.parse().ok()).unwrap_or_default();
        Self {
            code,
            is_bare: is_head || matches!(code, 100..=199 | 204 | 205 | 304),
            is_partial: matches!(code, 206 | 226),
        }
    }
}

/// What no longer holds once a content has changed (RFC 9530 sections 2 and 3, and what they replace).
/// An entity tag does: what is repaired depends on what was there alone.
const DIGESTS: [&str; 4] = ["content-digest", "content-md5", "digest", "repr-digest"];

/// Takes the digests of a content away; false where there are some and the head has gone.
fn forget_digests(x: &mut Exchange<'_>) -> bool {
    let has_some = DIGESTS.iter().any(|name| x.headers().contains(name));
    if !has_some {
        return true;
    }
    let Some(headers) = x.headers_mut() else {
        return false;
    };
    for name in DIGESTS {
        headers.remove(name);
    }
    true
}

/// Whether a request's method gives a meaning to a content (RFC 9110 sections 9.3.1 to 9.3.8).
fn has_content(x: &Exchange<'_>) -> bool {
    !matches!(
        x.headers().text(":method"),
        Some("GET" | "HEAD" | "DELETE" | "OPTIONS" | "TRACE" | "CONNECT")
    )
}
