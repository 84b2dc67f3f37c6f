//! Holds a message that was read against what its descriptors ask for.

use std::borrow::Cow;

use super::test::Tested;
use super::{Check, Ignore, Rules};
use crate::protobuf::report::{Path, Report};
use crate::protobuf::types::{Cardinality, Exclusive, Field, Kind, MessageType, Types, WellKnown};
use crate::protobuf::value::{List, Message, Scalar, Value};

/// Tells what of a message is missing, or is not as rules ask.
pub(in crate::protobuf) fn evaluate(
    types: &Types,
    message: &MessageType,
    value: &Message<'_>,
    report: &mut Report,
) {
    let mut evaluation = Evaluation { types, report };
    evaluation.message(message, value, &Path::ROOT);
}

struct Evaluation<'c, 'r> {
    types: &'c Types,
    report: &'r mut Report,
}

const MISSING: &str = "must be there";

impl Evaluation<'_, '_> {
    fn message(&mut self, message: &MessageType, value: &Message<'_>, path: &Path<'_>) {
        if !message.is_ruled {
            return;
        }
        for field in message.fields.iter().filter(|field| field.is_ruled()) {
            self.field(field, value.get(field.number), &path.field(field));
        }
        for (place, oneof) in message.oneofs.iter().enumerate() {
            let mut fields = message.fields.iter();
            let is_set =
                |field: &Field| field.oneof == Some(place) && value.get(field.number).is_some();
            if oneof.required && !fields.any(is_set) {
                self.report
                    .add(&path.name(&oneof.name), "required", MISSING);
            }
        }
        for exclusive in &message.exclusive {
            self.exclusive(exclusive, message, value, path);
        }
    }

    fn exclusive(
        &mut self,
        exclusive: &Exclusive,
        message: &MessageType,
        value: &Message<'_>,
        path: &Path<'_>,
    ) {
        let is_set = |number: &&u32| {
            let field = message.field(**number);
            field.is_some_and(|field| has(field, value.get(field.number)))
        };
        let set = exclusive.fields.iter().filter(is_set).count();
        if set > 1 || (set == 0 && exclusive.required) {
            self.report
                .add(path, "message.oneof", exclusive.detail.clone());
        }
    }

    fn field(&mut self, field: &Field, value: Option<&Value<'_>>, path: &Path<'_>) {
        let is_there = has(field, value);
        if field.cardinality == Cardinality::Required && value.is_none() {
            self.report.add(path, "required", MISSING);
            return;
        }
        let none = Rules::default();
        let rules = field.rules.as_deref().unwrap_or(&none);
        if rules.ignore == Ignore::Always {
            return;
        }
        if rules.required && !is_there {
            let detail = if field.has_presence {
                MISSING
            } else {
                "must not be zero or empty"
            };
            self.report.add(path, "required", detail);
            return;
        }
        if !is_there && (field.has_presence || rules.ignore == Ignore::IfZero) {
            return;
        }
        match value {
            Some(value) => self.value(field.kind, rules, value, path),
            None if field.cardinality == Cardinality::Repeated => {
                self.checks(&rules.checks, Tested::List(&List::default()), path);
            }
            None if field.cardinality == Cardinality::Map => {
                self.checks(&rules.checks, Tested::Map(0), path);
            }
            None => {
                if let Some(zero) = Scalar::zero(field.kind) {
                    self.checks(&rules.checks, Tested::Scalar(&zero), path);
                }
            }
        }
    }

    fn value(&mut self, kind: Kind, rules: &Rules, value: &Value<'_>, path: &Path<'_>) {
        match value {
            Value::Scalar(scalar) => self.checks(&rules.checks, Tested::Scalar(scalar), path),
            Value::Message(message) => self.nested(kind, rules, message, path),
            Value::List(list) => {
                self.checks(&rules.checks, Tested::List(list), path);
                for (index, element) in list.elements.iter().enumerate() {
                    self.element(kind, rules.elements.as_deref(), element, &path.index(index));
                }
            }
            Value::Map(map) => {
                self.checks(&rules.checks, Tested::Map(map.len()), path);
                let Some((key, value)) = kind.message().and_then(|id| self.types.entry(id)) else {
                    return;
                };
                for (own_key, own_value) in map {
                    let path = path.entry();
                    if let Some(rules) = &rules.keys {
                        let own_key = Value::Scalar(own_key.clone().into());
                        self.element(key.kind, Some(rules), &own_key, &path);
                    }
                    self.element(value.kind, rules.elements.as_deref(), own_value, &path);
                }
            }
        }
    }

    fn element(&mut self, kind: Kind, rules: Option<&Rules>, value: &Value<'_>, path: &Path<'_>) {
        let none = Rules::default();
        let rules = rules.unwrap_or(&none);
        match rules.ignore {
            Ignore::Always => {}
            Ignore::IfZero if value.is_zero() => {}
            _ => self.value(kind, rules, value, path),
        }
    }

    fn nested(&mut self, kind: Kind, rules: &Rules, message: &Message<'_>, path: &Path<'_>) {
        let Some(own) = kind.message().and_then(|id| self.types.message(id)) else {
            return;
        };
        match own.well_known {
            Some(WellKnown::Wrapper(kind)) => {
                let zero = Scalar::zero(kind);
                if let Some(scalar) = scalar(message, 1).or(zero.as_ref()) {
                    self.checks(&rules.checks, Tested::Scalar(scalar), path);
                }
            }
            Some(WellKnown::Any) => {
                let none = Scalar::Text(Cow::Borrowed(""));
                let type_url = scalar(message, 1).unwrap_or(&none);
                self.checks(&rules.checks, Tested::Scalar(type_url), path);
            }
            Some(WellKnown::Duration | WellKnown::Timestamp) => {
                let nanoseconds = Scalar::Integer(nanoseconds(message));
                self.checks(&rules.checks, Tested::Scalar(&nanoseconds), path);
            }
            Some(WellKnown::FieldMask) => {
                self.checks(&rules.checks, Tested::Paths(&paths(message)), path);
            }
            _ => {}
        }
        self.message(own, message, path);
    }

    fn checks(&mut self, checks: &[Check], tested: Tested<'_>, path: &Path<'_>) {
        for check in checks {
            if !check.test.is_met(tested, self.types) {
                self.report
                    .add(path, check.id.clone(), check.detail.clone());
            }
        }
    }
}

/// Whether a field is set; without presence, whether it is not zero.
fn has(field: &Field, value: Option<&Value<'_>>) -> bool {
    value.is_some_and(|value| field.has_presence || !value.is_zero())
}

fn scalar<'v, 'a>(message: &'v Message<'a>, number: u32) -> Option<&'v Scalar<'a>> {
    match message.get(number) {
        Some(Value::Scalar(scalar)) => Some(scalar),
        _ => None,
    }
}

/// A duration or a timestamp.
fn nanoseconds(message: &Message<'_>) -> i128 {
    let integer = |number| match scalar(message, number) {
        Some(Scalar::Integer(value)) => *value,
        _ => 0,
    };
    integer(1) * 1_000_000_000 + integer(2)
}

/// The paths of a `google.protobuf.FieldMask`.
fn paths<'v>(message: &'v Message<'_>) -> Vec<Cow<'v, str>> {
    let Some(Value::List(list)) = message.get(1) else {
        return Vec::new();
    };
    let path = |element: &'v Value<'_>| match element {
        Value::Scalar(Scalar::Text(path)) => Some(Cow::Borrowed(&**path)),
        _ => None,
    };
    list.elements.iter().filter_map(path).collect()
}
