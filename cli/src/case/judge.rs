//! Holds what was seen to what a case expects.

use kit::policy::child;
use serde_json::Value;

use super::expect::{
    Expect, ExpectedFields, ExpectedRequest, ExpectedResponse, ExpectedUpstream, ExpectedValues,
};
use super::mismatch::Mismatch;
use super::observed::{Fields, Observed, SeenRequest, SeenResponse};
use super::octets::Octets;

/// Every difference between what was expected and what was seen; none where all is as expected.
pub fn judge(expect: &Expect, observed: &Observed) -> Vec<Mismatch> {
    let mut judge = Judge::default();
    match (&expect.upstream, &observed.upstream) {
        (None, _) | (Some(ExpectedUpstream::Nothing), None) => {}
        (Some(ExpectedUpstream::Nothing), Some(seen)) => judge.differ(
            "upstream".to_owned(),
            "no request",
            format!("a request for {}", Octets(seen.path.clone())),
        ),
        (Some(ExpectedUpstream::Request(_)), None) => {
            let answer = match &observed.details {
                Some(details) => format!("none; a filter answered with {details}"),
                None => "none".to_owned(),
            };
            judge.differ("upstream".to_owned(), "a request", answer);
        }
        (Some(ExpectedUpstream::Request(expected)), Some(seen)) => judge.request(expected, seen),
    }
    if let Some(expected) = &expect.response {
        judge.response(expected, &observed.response);
    }
    for (name, expected) in &expect.facts {
        let got = observed.facts.get(name);
        if got != expected.as_ref() {
            judge.differ(format!("fact {name}"), text(expected.as_ref()), text(got));
        }
    }
    for (name, expected) in &expect.metrics {
        let got = observed.metrics.get(name).copied().unwrap_or_default();
        if got != *expected {
            let others = similar_metrics(name, observed);
            let got = format!("{got}{others}");
            judge.differ(format!("metric {name}"), expected.to_string(), got);
        }
    }
    if expect.details.is_some() && expect.details != observed.details {
        judge.differ(
            "response code details".to_owned(),
            text(expect.details.as_ref()),
            text(observed.details.as_ref()),
        );
    }
    judge.0
}

/// What was counted under the same name with other labels: mostly the label is what is wrong.
fn similar_metrics(name: &str, observed: &Observed) -> String {
    let base = |name: &str| name.split(';').next().unwrap_or_default().to_owned();
    let others: Vec<&str> = observed
        .metrics
        .keys()
        .filter(|other| base(other) == base(name) && *other != name)
        .map(String::as_str)
        .collect();
    if others.is_empty() {
        String::new()
    } else {
        format!(" (counted: {})", others.join(" "))
    }
}

fn text(value: Option<&String>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"))
}

#[derive(Default)]
struct Judge(Vec<Mismatch>);

impl Judge {
    fn differ(&mut self, what: String, expected: impl Into<String>, got: impl Into<String>) {
        self.0.push(Mismatch::new(what, expected, got));
    }

    fn request(&mut self, expected: &ExpectedRequest, seen: &SeenRequest) {
        let method = expected.method.as_deref().map(Octets::from);
        self.octets("upstream method", method.as_ref(), &seen.method);
        self.octets(
            "upstream authority",
            expected.authority.as_ref(),
            &seen.authority,
        );
        self.octets("upstream path", expected.path.as_ref(), &seen.path);
        self.fields("upstream header", &expected.headers, &seen.headers);
        self.body("upstream", expected.body.as_ref(), &seen.body);
        self.json("upstream", expected.json.as_ref(), &seen.body);
        self.fields("upstream trailer", &expected.trailers, &seen.trailers);
    }

    fn response(&mut self, expected: &ExpectedResponse, seen: &SeenResponse) {
        if let Some(status) = expected.status
            && status != seen.status
        {
            self.differ(
                "response status".to_owned(),
                status.to_string(),
                seen.status.to_string(),
            );
        }
        self.fields("response header", &expected.headers, &seen.headers);
        self.body("response", expected.body.as_ref(), &seen.body);
        self.json("response", expected.json.as_ref(), &seen.body);
        self.fields("response trailer", &expected.trailers, &seen.trailers);
    }

    fn octets(&mut self, what: &str, expected: Option<&Octets>, got: &[u8]) {
        if let Some(expected) = expected
            && expected.0 != got
        {
            let got = Octets(got.to_vec()).to_string();
            self.differ(what.to_owned(), expected.to_string(), got);
        }
    }

    fn fields(&mut self, what: &str, expected: &ExpectedFields, seen: &Fields) {
        for (name, values) in &expected.0 {
            let got: Vec<&[u8]> = seen
                .iter()
                .filter(|(own, _)| own == name)
                .map(|(_, value)| value.as_slice())
                .collect();
            let wanted: Vec<&[u8]> = match values {
                ExpectedValues::Absent => Vec::new(),
                ExpectedValues::Exactly(values) => values.iter().map(Vec::as_slice).collect(),
            };
            if wanted != got {
                self.differ(format!("{what} {name}"), list(&wanted), list(&got));
            }
        }
    }

    fn body(&mut self, of: &str, expected: Option<&Octets>, got: &[u8]) {
        let Some(expected) = expected.filter(|expected| expected.0 != got) else {
            return;
        };
        let what = format!("{of} body");
        match (std::str::from_utf8(&expected.0), std::str::from_utf8(got)) {
            // Without quotes and escapes a difference shows line by line.
            (Ok(wanted), Ok(got)) if wanted.contains('\n') || got.contains('\n') => {
                self.differ(what, wanted, got);
            }
            _ => self.octets(&what, Some(expected), got),
        }
    }

    fn json(&mut self, of: &str, expected: Option<&Value>, body: &[u8]) {
        let Some(expected) = expected else {
            return;
        };
        match serde_json::from_slice(body) {
            Ok(got) => self.subset(&format!("{of} json "), "", expected, &got),
            Err(_) => self.differ(
                format!("{of} json"),
                expected.to_string(),
                Octets(body.to_vec()).to_string(),
            ),
        }
    }

    fn subset(&mut self, what: &str, pointer: &str, expected: &Value, got: &Value) {
        match (expected, got) {
            (Value::Object(expected), Value::Object(got)) => {
                for (name, expected) in expected {
                    let below = child(pointer, name);
                    match got.get(name) {
                        Some(got) => self.subset(what, &below, expected, got),
                        None => {
                            self.differ(format!("{what}{below}"), expected.to_string(), "nothing");
                        }
                    }
                }
            }
            (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
                for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
                    self.subset(what, &child(pointer, index), expected, got);
                }
            }
            _ if is_same(expected, got) => {}
            _ => self.differ(
                format!("{what}{pointer}"),
                expected.to_string(),
                got.to_string(),
            ),
        }
    }
}

/// Numbers are the same by value: 1 and 1.0 are one number.
fn is_same(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::Number(expected), Value::Number(got)) if expected.is_f64() || got.is_f64() => {
            expected.as_f64() == got.as_f64()
        }
        _ => expected == got,
    }
}

fn list(values: &[&[u8]]) -> String {
    if values.is_empty() {
        return "nothing".to_owned();
    }
    let quoted: Vec<String> = values
        .iter()
        .map(|value| Octets(value.to_vec()).to_string())
        .collect();
    quoted.join(" and ")
}
