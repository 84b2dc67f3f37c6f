//! Messages in the JSON mapping (<https://protobuf.dev/programming-guides/json/>).

mod scalar;
mod text;
mod well_known;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Limits;
use super::report::{Path, Report};
use super::types::{Cardinality, Field, Kind, MessageType, Types, WellKnown};
use super::value::{List, Message, Scalar, Value};

pub(super) use text::{Json, Unreadable};

/// Reads a message, and tells what of it is not as its type says. What is told of has no value.
pub(super) fn read<'a>(
    types: &Types,
    message: &MessageType,
    json: &'a Json<'_>,
    limits: Limits,
    report: &mut Report,
) -> Message<'a> {
    let mut reader = Reader {
        types,
        unknown_fields: limits.unknown_fields,
        report,
    };
    let at = At {
        path: &Path::ROOT,
        depth: limits.depth,
        keeps: message.is_ruled,
    };
    reader.message(at, message, json).unwrap_or_default()
}

struct Reader<'c, 'r> {
    types: &'c Types,
    unknown_fields: bool,
    report: &'r mut Report,
}

/// The value that is read.
#[derive(Clone, Copy)]
struct At<'p> {
    path: &'p Path<'p>,
    /// How deeply messages may be nested from here, this one included.
    depth: usize,
    /// Whether rules look at its values.
    keeps: bool,
}

/// What a member of an object comes to.
type Members<'a, 'j> = &'a [(Cow<'j, str>, Json<'j>)];

impl Reader<'_, '_> {
    fn message<'a>(
        &mut self,
        at: At<'_>,
        message: &MessageType,
        json: &'a Json<'_>,
    ) -> Option<Message<'a>> {
        if at.depth == 0 {
            self.report
                .add(at.path, "depth", "must not be nested so deeply");
            return None;
        }
        if let Some(well_known) = message.well_known.filter(|own| *own != WellKnown::Empty) {
            return self.well_known(at, well_known, json);
        }
        match json {
            Json::Object(members) => Some(self.members(at, message, members, None)),
            _ => self.mismatch(at.path, "must be an object"),
        }
    }

    /// Reads the fields of a message, but for the member of that name, which is none of them.
    fn members<'a>(
        &mut self,
        at: At<'_>,
        message: &MessageType,
        members: Members<'a, '_>,
        but: Option<&str>,
    ) -> Message<'a> {
        let mut read = Message::default();
        let mut seen = vec![false; message.fields.len()];
        let mut set_oneofs = vec![false; message.oneofs.len()];
        let mut told_unknown = false;
        for (name, json) in members.iter().filter(|(name, _)| Some(&**name) != but) {
            if self.report.is_full() {
                break;
            }
            let Some((place, field)) = message.named(name) else {
                if self.unknown_fields && !told_unknown {
                    told_unknown = true;
                    self.report.add_unknown_field(at.path);
                }
                continue;
            };
            let path = at.path.field(field);
            if seen
                .get_mut(place)
                .is_some_and(|seen| std::mem::replace(seen, true))
            {
                self.report.add(&path, "duplicate", "must be there once");
                continue;
            }
            if *json == Json::Null && !self.takes_null(field) {
                continue;
            }
            let oneof = field.oneof.and_then(|place| set_oneofs.get_mut(place));
            if oneof.is_some_and(|is_set| std::mem::replace(is_set, true)) {
                let detail = "must be the only member of its oneof";
                self.report.add(&path, "oneof", detail);
                continue;
            }
            let keeps = at.keeps && field.is_ruled();
            let value = self.field(
                At {
                    path: &path,
                    keeps,
                    ..at
                },
                field,
                json,
            );
            if let Some(value) = value.filter(|_| keeps) {
                read.set(field.number, value);
            }
        }
        read
    }

    /// Whether `null` is a value of a field, and not its absence.
    fn takes_null(&self, field: &Field) -> bool {
        match field.kind {
            _ if matches!(field.cardinality, Cardinality::Repeated | Cardinality::Map) => false,
            Kind::Enum(id) => {
                let own = self.types.enumeration(id);
                own.is_some_and(|own| own.name == NULL_VALUE)
            }
            kind => {
                let message = kind.message().and_then(|id| self.types.message(id));
                message.is_some_and(|own| own.well_known == Some(WellKnown::Value))
            }
        }
    }

    fn field<'a>(&mut self, at: At<'_>, field: &Field, json: &'a Json<'_>) -> Option<Value<'a>> {
        match (field.cardinality, json) {
            (Cardinality::Repeated, Json::Array(elements)) => {
                let mut list = List::default();
                let keeps = at.keeps && field.has_ruled_elements();
                for element in elements {
                    let path = at.path.index(list.count);
                    list.count += 1;
                    let value = self.value(
                        At {
                            path: &path,
                            keeps,
                            ..at
                        },
                        field.kind,
                        element,
                    );
                    if let Some(value) = value.filter(|_| keeps) {
                        list.elements.push(value);
                    }
                }
                Some(Value::List(list))
            }
            (Cardinality::Map, Json::Object(members)) => self.map(at, field, members),
            (Cardinality::Repeated, _) => self.mismatch(at.path, "must be an array"),
            (Cardinality::Map, _) => self.mismatch(at.path, "must be an object"),
            _ => self.value(at, field.kind, json),
        }
    }

    fn map<'a>(
        &mut self,
        at: At<'_>,
        field: &Field,
        members: Members<'a, '_>,
    ) -> Option<Value<'a>> {
        let (key, value) = field.kind.message().and_then(|id| self.types.entry(id))?;
        let mut map = BTreeMap::new();
        for (name, json) in members {
            let path = at.path.entry();
            let Some(own_key) = scalar::key(key.kind, name) else {
                self.mismatch::<()>(&path, "must have a key of the declared type");
                continue;
            };
            let own_value = self.value(At { path: &path, ..at }, value.kind, json);
            // What was told of has no value, but its key is there all the same.
            let own_value = own_value.unwrap_or(Value::Scalar(Scalar::Bool(false)));
            if map.insert(own_key, own_value).is_some() {
                self.report.add(&path, "duplicate", "must be there once");
            }
        }
        Some(Value::Map(map))
    }

    fn value<'a>(&mut self, at: At<'_>, kind: Kind, json: &'a Json<'_>) -> Option<Value<'a>> {
        if let Some(message) = kind.message().and_then(|id| self.types.message(id)) {
            let keeps = at.keeps && (message.is_ruled || message.well_known.is_some());
            let depth = at.depth.saturating_sub(1);
            let at = At { depth, keeps, ..at };
            return self.message(at, message, json).map(Value::Message);
        }
        if let Kind::Enum(id) = kind {
            let enumeration = self.types.enumeration(id)?;
            return match scalar::enumeration(enumeration, json) {
                Ok(number) => Some(Value::Scalar(Scalar::Integer(number.into()))),
                Err(scalar::NotOfEnum::Type) => {
                    self.mismatch(at.path, "must be the name or the number of a value")
                }
                Err(scalar::NotOfEnum::Value) => {
                    self.report.add(at.path, "enum", "must be a declared value");
                    None
                }
            };
        }
        match scalar::read(kind, json) {
            Some(scalar) => Some(Value::Scalar(scalar)),
            None => self.mismatch(at.path, scalar::expected(kind)),
        }
    }

    fn mismatch<T>(&mut self, path: &Path<'_>, detail: &'static str) -> Option<T> {
        self.report.add(path, "type", detail);
        None
    }
}

/// The enumeration whose one value is `null`.
const NULL_VALUE: &str = "google.protobuf.NullValue";
