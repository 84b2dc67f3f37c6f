//! Which metrics and labels an expression of Prometheus asks for.
//!
//! This is no parser, promtool is: it takes an expression that is valid and finds the names in it.

use std::collections::BTreeSet;

/// What an expression asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The metrics.
    pub(crate) metrics: BTreeSet<String>,
    /// The labels that a metric is selected by.
    pub(crate) selected: BTreeSet<(String, String)>,
    /// The labels that series are grouped or matched by.
    pub(crate) grouped: BTreeSet<String>,
}

impl Asked {
    /// What an expression asks for.
    pub(crate) fn by(expression: &str) -> Self {
        let words = words(expression);
        let mut asked = Self::default();
        let mut metric = "";
        let mut place = Place::Expression;
        for (at, word) in words.iter().enumerate() {
            let next = words.get(at + 1).copied().unwrap_or_default();
            place = match (place, *word) {
                (Place::Expression, "{") => Place::Selector,
                (Place::Expression, "[") => Place::Range,
                (Place::Expression, word) if GROUPING.contains(&word) => Place::Grouping,
                (Place::Selector, "}") | (Place::Range, "]") | (Place::Grouping, ")") => {
                    Place::Expression
                }
                (place, _) => place,
            };
            if !is_name(word) || GROUPING.contains(word) {
                continue;
            }
            match place {
                Place::Expression if !is_called(next) && !OPERATORS.contains(word) => {
                    metric = *word;
                    asked.metrics.insert((*word).to_owned());
                }
                Place::Selector => {
                    asked
                        .selected
                        .insert((metric.to_owned(), (*word).to_owned()));
                }
                Place::Grouping => {
                    asked.grouped.insert((*word).to_owned());
                }
                Place::Expression | Place::Range => {}
            }
        }
        asked
    }
}

const GROUPING: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];
const OPERATORS: [&str; 5] = ["and", "or", "unless", "offset", "bool"];

/// Whether what stands before this word is a function or an aggregation, not a metric.
fn is_called(next: &str) -> bool {
    matches!(next, "(" | "by" | "without")
}

/// Where in an expression a word stands.
#[derive(Clone, Copy)]
enum Place {
    Expression,
    Selector,
    Range,
    Grouping,
}

/// Names, numbers and signs; what stands in quotes is left out.
fn words(expression: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => {
                let end = rest[1..].find(first).expect("the quote ends");
                rest = &rest[end + 2..];
                continue;
            }
            first if is_part(first) => rest.find(|c| !is_part(c)).unwrap_or(rest.len()),
            first => first.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        if !word.trim().is_empty() {
            words.push(word);
        }
        rest = after;
    }
    words
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.')
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

#[test]
fn an_expression_tells_its_metrics_and_labels() {
    let asked = Asked::by(
        r#"sum by (job, le) (rate(a_bucket{x=~"(y|z)", w!="on"}[5m])) / on () group_left () (14.4 * (1 - r:s))
        unless c offset 3m == 1 or d{}"#,
    );
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    assert_eq!(asked.metrics, set(&["a_bucket", "r:s", "c", "d"]));
    assert_eq!(asked.grouped, set(&["job", "le"]));
    let selected = |label: &str| ("a_bucket".to_owned(), label.to_owned());
    assert_eq!(asked.selected, [selected("w"), selected("x")].into());
}
