//! The head of a request: its parameters.

use kit::headers::Headers;
use kit::matching::split_query;

use crate::openapi::{self, Declared, Direction, Operation};
use crate::parameter::{Found, Location, Malformed, Pairs};
use crate::plan::DirectionTerms;
use crate::schema::Tape;
use crate::violation::{Place, Violation, keyword};

use super::tally::{Skipped, Tally};

/// What the parameters of a request are held to.
pub(super) struct Parameters<'a> {
    pub(super) contract: &'a openapi::Contract,
    pub(super) operation: &'a Operation,
    pub(super) terms: &'a DirectionTerms,
}

impl Parameters<'_> {
    /// Holds all parameters of a request to their declarations.
    pub(super) fn check(
        &self,
        target: &str,
        captures: &openapi::Captures<'_>,
        headers: &Headers,
        tally: &mut Tally,
    ) {
        self.path(captures, tally);
        self.query(target, tally);
        self.header(headers, tally);
        self.cookies(headers, tally);
    }

    fn path(&self, captures: &openapi::Captures<'_>, tally: &mut Tally) {
        for declared in self.operation.parameters_in(Location::Path) {
            let name = declared.parameter.name.as_str();
            // A parameter that its path has no variable for is told where the contract is read.
            if let Some((_, raw)) = captures.iter().find(|(own, _)| *own == name) {
                self.judge(declared, declared.parameter.in_path(raw), tally);
            }
        }
    }

    fn query(&self, target: &str, tally: &mut Tally) {
        let query = split_query(target).1.trim_start_matches('?');
        let query = query.split('#').next().unwrap_or_default();
        let mut whole = self.operation.parameters_in(Location::QueryString);
        if let Some(declared) = whole.next() {
            let found = declared.parameter.in_query_string(query);
            return self.judge(declared, found, tally);
        }
        let pairs = match Pairs::query(query) {
            Ok(pairs) => pairs,
            Err(malformed) => return tally.reject(unreadable(Place::Query, malformed)),
        };
        let claims = |name: &str| self.operation.claims(Location::Query, name);
        for declared in self.operation.parameters_in(Location::Query) {
            let found = declared.parameter.in_query(&pairs, &claims);
            self.judge(declared, found, tally);
        }
        let is_declared = |name: &str| {
            let mut all = self.operation.parameters_in(Location::Query);
            all.any(|own| own.parameter.owns(name))
        };
        // The name is the client's, so it is not told.
        if pairs.names().any(|name| !is_declared(name)) {
            let violation = Violation {
                place: Place::Query,
                ..Violation::in_body(
                    "",
                    keyword::UNDECLARED,
                    "has a parameter that is not declared",
                )
            };
            tally.judge(violation, self.terms.undeclared);
        }
    }

    fn header(&self, headers: &Headers, tally: &mut Tally) {
        for declared in self.operation.parameters_in(Location::Header) {
            // The proxy has all names in lower case.
            let name = declared.parameter.name.to_ascii_lowercase();
            let found = declared.parameter.in_header(headers.get_all(&name));
            self.judge(declared, found, tally);
        }
    }

    fn cookies(&self, headers: &Headers, tally: &mut Tally) {
        let mut declared = self.operation.parameters_in(Location::Cookie).peekable();
        if declared.peek().is_none() {
            return;
        }
        let cookies = match Pairs::cookies(headers.get_all("cookie")) {
            Ok(cookies) => cookies,
            Err(malformed) => return tally.reject(unreadable(Place::Cookie, malformed)),
        };
        let claims = |name: &str| self.operation.claims(Location::Cookie, name);
        for declared in declared {
            let found = declared.parameter.in_cookies(&cookies, &claims);
            self.judge(declared, found, tally);
        }
    }

    fn judge(&self, declared: &Declared, found: Result<Found, Malformed>, tally: &mut Tally) {
        let judge = Judge {
            contract: self.contract,
            direction: Direction::Request,
            terms: self.terms,
        };
        judge.judge(declared, found, tally);
    }
}

/// Holds the header fields of a response to their declarations.
pub(super) fn response_fields(
    contract: &openapi::Contract,
    declared: &[impl AsRef<Declared>],
    terms: &DirectionTerms,
    headers: &Headers,
    tally: &mut Tally,
) {
    let judge = Judge {
        contract,
        direction: Direction::Response,
        terms,
    };
    for declared in declared {
        let declared = declared.as_ref();
        let name = declared.parameter.name.to_ascii_lowercase();
        let found = declared.parameter.in_header(headers.get_all(&name));
        judge.judge(declared, found, tally);
    }
}

/// Holds single values to their schemas.
struct Judge<'a> {
    contract: &'a openapi::Contract,
    direction: Direction,
    terms: &'a DirectionTerms,
}

impl Judge<'_> {
    fn judge(&self, declared: &Declared, found: Result<Found, Malformed>, tally: &mut Tally) {
        let parameter = &declared.parameter;
        let place = Place::from(parameter.location);
        let value = match found {
            Ok(Found::Value(value)) => value,
            Ok(Found::Empty) => return,
            Ok(Found::Absent) => {
                if parameter.required {
                    let missing = Violation::in_body("", keyword::REQUIRED, "must be there");
                    tally.reject(missing.at(place, &parameter.name));
                }
                return;
            }
            Err(malformed) => {
                return tally.reject(unreadable(place, malformed).at(place, &parameter.name));
            }
        };
        let Some(schema) = &declared.schema else {
            return;
        };
        let compiled = self
            .contract
            .schema(schema, self.direction, self.terms.hidden);
        let (Some(compiled), Ok(tape)) = (compiled, Tape::of(&value)) else {
            return tally.skip(Skipped::Contract);
        };
        for violation in compiled.schema.check(&tape, tally.left()) {
            tally.reject(violation.at(place, &parameter.name));
        }
    }
}

fn unreadable(place: Place, malformed: Malformed) -> Violation {
    Violation {
        place,
        ..Violation::in_body("", keyword::MALFORMED, malformed.detail())
    }
}
