//! Dialects that a policy declares by JSON Pointer.

use kit::policy::value::Pointer;
use serde_json::Value;

use super::{Dialect, value, violation};
use crate::failure::{Failure, Violation};

/// A dialect of the policy: where in a JSON document what stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnDialect {
    /// The name, none of the built-in ones.
    pub(crate) name: String,
    /// What must stand in a document of this dialect, and not be `null`. Where nothing must, no
    /// document is of the dialect.
    pub(crate) present: Vec<Pointer>,
    /// The service's own code, a string or a number.
    pub(crate) code: Option<Pointer>,
    /// The kind in a few words.
    pub(crate) title: Option<Pointer>,
    /// What happened this time.
    pub(crate) detail: Option<Pointer>,
    /// The type URI.
    pub(crate) type_uri: Option<Pointer>,
    /// The URI of this occurrence.
    pub(crate) instance: Option<Pointer>,
    /// After how many seconds another try may succeed, a number or the text of one.
    pub(crate) retry_after: Option<Pointer>,
    /// What is wrong with which part of the request.
    pub(crate) violations: Option<OwnViolations>,
    /// What is kept as extensions, by the names that it gets.
    pub(crate) extensions: Vec<(String, Pointer)>,
}

/// Where a dialect of the policy lists what is wrong with parts of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnViolations {
    /// The list. The other pointers start at an element of it.
    pub(crate) list: Pointer,
    /// Where in the content, as a JSON Pointer.
    pub(crate) pointer: Option<Pointer>,
    /// The name of the field, the parameter or the header field.
    pub(crate) field: Option<Pointer>,
    /// What is wrong. Without it the element itself is the text.
    pub(crate) detail: Option<Pointer>,
    /// Why, in a vocabulary that machines know.
    pub(crate) code: Option<Pointer>,
}

impl OwnDialect {
    /// Reads a document; `None` where it is not of this dialect. A value of the wrong type is as
    /// if it were absent.
    pub(super) fn read(&self, document: &Value) -> Option<Failure> {
        let stands = |pointer: &Pointer| pointer.find(document).is_some_and(|it| !it.is_null());
        if self.present.is_empty() || !self.present.iter().all(stands) {
            return None;
        }
        let text = |pointer| find(pointer, document, value::text);
        let mut failure = Failure {
            code: find(self.code.as_ref(), document, value::code),
            title: text(self.title.as_ref()),
            detail: text(self.detail.as_ref()),
            type_uri: text(self.type_uri.as_ref()),
            instance: text(self.instance.as_ref()),
            retry_after: find(self.retry_after.as_ref(), document, value::seconds),
            violations: self
                .violations
                .as_ref()
                .map(|own| own.read(document))
                .unwrap_or_default(),
            ..Failure::of(Dialect::Own(self.name.clone()))
        };
        for (name, pointer) in &self.extensions {
            if let Some(value) = pointer.find(document) {
                value::keep(&mut failure, name, value);
            }
        }
        Some(failure)
    }
}

impl OwnViolations {
    fn read(&self, document: &Value) -> Vec<Violation> {
        let list = self.list.find(document).and_then(Value::as_array);
        let elements = list.into_iter().flatten();
        elements
            .filter_map(|element| self.violation(element))
            .take(violation::VIOLATIONS)
            .collect()
    }

    /// Without a text the code stands for it; without either nothing is said.
    fn violation(&self, element: &Value) -> Option<Violation> {
        let code = find(self.code.as_ref(), element, value::code);
        let detail = match &self.detail {
            Some(pointer) => find(Some(pointer), element, value::text),
            None => value::text(element),
        };
        Some(Violation {
            place: None,
            pointer: find(self.pointer.as_ref(), element, value::text)
                .and_then(|text| violation::pointer(&text)),
            field: find(self.field.as_ref(), element, value::text),
            detail: detail.or_else(|| code.clone())?,
            code,
        })
    }
}

fn find<T>(
    pointer: Option<&Pointer>,
    value: &Value,
    read: impl Fn(&Value) -> Option<T>,
) -> Option<T> {
    read(pointer?.find(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Pointer {
        text.parse().unwrap()
    }

    fn acme() -> OwnDialect {
        OwnDialect {
            name: "acme".to_owned(),
            present: vec![at("/fault/code")],
            code: Some(at("/fault/code")),
            title: Some(at("/fault/kind")),
            detail: Some(at("/fault/text")),
            type_uri: Some(at("/fault/doc")),
            instance: Some(at("/fault/id")),
            retry_after: Some(at("/fault/wait")),
            violations: Some(OwnViolations {
                list: at("/fault/fields"),
                pointer: Some(at("/at")),
                field: Some(at("/name")),
                detail: Some(at("/why")),
                code: Some(at("/rule")),
            }),
            extensions: vec![
                ("ticket".to_owned(), at("/fault/ref")),
                ("nothing".to_owned(), at("/fault/none")),
            ],
        }
    }

    #[test]
    fn everything_is_found_where_the_policy_says() {
        let document = json!({"fault": {
            "code": 17, "kind": "Broken", "text": "It broke.", "doc": "https://acme.test/17",
            "id": "urn:x:1", "wait": "2.5", "ref": {"id": 9}, "none": null,
            "fields": [
                {"at": "#/a%20b", "name": "a", "why": "too long", "rule": "max"},
                {"rule": "min"}, {"name": "says nothing"}, 5
            ]
        }});
        let failure = acme().read(&document).unwrap();
        assert_eq!(failure.dialect, Dialect::Own("acme".to_owned()));
        assert_eq!(failure.code.as_deref(), Some("17"));
        assert_eq!(failure.title.as_deref(), Some("Broken"));
        assert_eq!(failure.detail.as_deref(), Some("It broke."));
        assert_eq!(failure.type_uri.as_deref(), Some("https://acme.test/17"));
        assert_eq!(failure.instance.as_deref(), Some("urn:x:1"));
        assert_eq!(failure.retry_after, Some(3));
        assert_eq!(
            Value::Object(failure.extensions),
            json!({"ticket": {"id": 9}})
        );
        let expected = [
            Violation {
                place: None,
                pointer: Some("/a b".to_owned()),
                field: Some("a".to_owned()),
                detail: "too long".to_owned(),
                code: Some("max".to_owned()),
            },
            Violation {
                detail: "min".to_owned(),
                code: Some("min".to_owned()),
                ..Violation::default()
            },
        ];
        assert_eq!(failure.violations, expected);
    }

    #[test]
    fn a_document_without_what_must_be_there_is_not_of_the_dialect() {
        for document in [json!({}), json!({"fault": {"code": null}}), json!([1])] {
            assert!(acme().read(&document).is_none(), "{document}");
        }
        let mut nothing_present = acme();
        nothing_present.present.clear();
        assert!(
            nothing_present
                .read(&json!({"fault": {"code": 1}}))
                .is_none()
        );
    }

    #[test]
    fn values_of_the_wrong_type_are_as_if_absent() {
        let document = json!({"fault": {
            "code": ["x"], "kind": 1, "text": {}, "doc": false, "wait": [], "fields": {}
        }});
        let failure = acme().read(&document).unwrap();
        assert_eq!(failure, Failure::of(Dialect::Own("acme".to_owned())));
    }

    #[test]
    fn the_elements_of_a_list_may_be_texts() {
        let mut dialect = acme();
        dialect.violations = Some(OwnViolations {
            list: at("/fault/fields"),
            pointer: None,
            field: None,
            detail: None,
            code: None,
        });
        let document = json!({"fault": {"code": 1, "fields": ["a is bad", "", 3]}});
        let violations = dialect.read(&document).unwrap().violations;
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].detail, "a is bad");
    }
}
