//! Messages in the binary encoding: one walk over the wire, which keeps what rules look at.

use std::borrow::Cow;

use super::Limits;
use super::report::{Path, Report};
use super::types::{Cardinality, Field, Kind, MessageType, Types};
use super::value::{Message, Scalar, Value};
use super::wire::{Malformed, Payload, Record, Records};

/// A message could not be read to its end. The report says why.
#[derive(Debug)]
pub(super) struct Broken;

/// Reads a message, and tells what of it is not as its type says.
///
/// Of several members of a oneof the last one counts, and a message that comes in parts is merged:
/// that is how the encoding is defined, and no violation.
pub(super) fn read<'a>(
    types: &Types,
    message: &MessageType,
    octets: &'a [u8],
    limits: Limits,
    report: &mut Report,
) -> Result<Message<'a>, Broken> {
    let mut reader = Reader {
        types,
        unknown_fields: limits.unknown_fields,
        report,
    };
    let at = At {
        message,
        path: &Path::ROOT,
        depth: limits.depth,
        keeps: message.is_ruled,
    };
    let mut read = Message::default();
    reader.message(at, &mut Records::of(octets), None, &mut read)?;
    Ok(read)
}

struct Reader<'c, 'r> {
    types: &'c Types,
    unknown_fields: bool,
    report: &'r mut Report,
}

/// The message that is read.
#[derive(Clone, Copy)]
struct At<'p> {
    message: &'p MessageType,
    path: &'p Path<'p>,
    /// How deeply messages may be nested from here, this one included.
    depth: usize,
    /// Whether rules look at its values.
    keeps: bool,
}

impl At<'_> {
    fn keeps(self, field: &Field) -> bool {
        self.keeps && field.is_ruled()
    }
}

impl Reader<'_, '_> {
    /// Reads the fields of a message; up to the end of the group with that number, where it is one.
    fn message<'a>(
        &mut self,
        at: At<'_>,
        records: &mut Records<'a>,
        group: Option<u32>,
        into: &mut Message<'a>,
    ) -> Result<(), Broken> {
        let mut told_unknown = false;
        loop {
            if self.report.is_full() {
                // No more can be told, so no more needs to be read.
                return Err(Broken);
            }
            let record = match records.next() {
                Ok(Some(record)) => record,
                Ok(None) if group.is_none() => return Ok(()),
                Ok(None) => return Err(self.broken(at.path, Malformed::Octets)),
                Err(malformed) => return Err(self.broken(at.path, malformed)),
            };
            if matches!(record.payload, Payload::GroupEnd) {
                return if group == Some(record.number) {
                    Ok(())
                } else {
                    Err(self.broken(at.path, Malformed::Group))
                };
            }
            if let Some(field) = at.message.field(record.number) {
                self.field(at, field, record, records, into)?;
            } else {
                if self.unknown_fields && !told_unknown {
                    told_unknown = true;
                    self.report.add_unknown_field(at.path);
                }
                self.skip(at, record, records)?;
            }
        }
    }

    fn field<'a>(
        &mut self,
        at: At<'_>,
        field: &Field,
        record: Record<'a>,
        records: &mut Records<'a>,
        into: &mut Message<'a>,
    ) -> Result<(), Broken> {
        if field.oneof.is_some() && at.keeps(field) {
            clear_others(at.message, field, into);
        }
        match (field.kind, record.payload) {
            (Kind::Message(_), Payload::Octets(octets)) => {
                let mut inner = Records::of(octets);
                if field.cardinality == Cardinality::Map {
                    self.entry(at, field, &mut inner, into)
                } else {
                    self.nested(at, field, &mut inner, None, into)
                }
            }
            (Kind::Group(_), Payload::GroupStart) => {
                self.nested(at, field, records, Some(field.number), into)
            }
            (Kind::String | Kind::Bytes, Payload::Octets(octets)) => {
                self.octets(at, field, octets, into);
                Ok(())
            }
            (_, Payload::Octets(octets)) if field.cardinality == Cardinality::Repeated => {
                self.packed(at, field, record, octets, into)
            }
            (kind, payload) => match Scalar::number(kind, payload) {
                Some(scalar) => {
                    self.number(at, field, scalar, into);
                    Ok(())
                }
                None => self.mismatch(at, field, record, records),
            },
        }
    }

    /// A record whose wire type is not that of its field. Some readers take it for an unknown field,
    /// others refuse the message.
    fn mismatch<'a>(
        &mut self,
        at: At<'_>,
        field: &Field,
        record: Record<'a>,
        records: &mut Records<'a>,
    ) -> Result<(), Broken> {
        let detail = "must have the wire type of its declared type";
        self.report.add(&at.path.field(field), "wire", detail);
        self.skip(at, record, records)
    }

    fn skip<'a>(
        &mut self,
        at: At<'_>,
        record: Record<'a>,
        records: &mut Records<'a>,
    ) -> Result<(), Broken> {
        if !matches!(record.payload, Payload::GroupStart) {
            return Ok(());
        }
        // A group is a message too, so one that is not read may not be deeper than one that is.
        let depth = at.depth.saturating_sub(1);
        if depth == 0 {
            return Err(self.broken(at.path, Malformed::Depth));
        }
        let skipped = records.skip_group(record.number, depth);
        skipped.map_err(|malformed| self.broken(at.path, malformed))
    }

    fn octets<'a>(&mut self, at: At<'_>, field: &Field, octets: &'a [u8], into: &mut Message<'a>) {
        let scalar = match (field.kind, std::str::from_utf8(octets)) {
            (Kind::String, Ok(text)) => Scalar::Text(Cow::Borrowed(text)),
            (Kind::String, Err(_)) => {
                if field.utf8 {
                    self.told_at(at, field, into, "utf8", "must be UTF-8");
                }
                Scalar::Text(String::from_utf8_lossy(octets))
            }
            _ => Scalar::Octets(Cow::Borrowed(octets)),
        };
        put(at, field, Value::Scalar(scalar), into);
    }

    fn packed<'a>(
        &mut self,
        at: At<'_>,
        field: &Field,
        record: Record<'a>,
        octets: &'a [u8],
        into: &mut Message<'a>,
    ) -> Result<(), Broken> {
        let mut packed = Records::of(octets);
        let read = match field.kind {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Records::packed_fixed64,
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Records::packed_fixed32,
            // Messages whose wire type is the other one have no packed form.
            Kind::Message(_) | Kind::Group(_) => {
                return self.mismatch(at, field, record, &mut packed);
            }
            _ => Records::packed_varint,
        };
        loop {
            match packed.next_packed(read) {
                Ok(Some(payload)) => {
                    if let Some(scalar) = Scalar::number(field.kind, payload) {
                        self.number(at, field, scalar, into);
                    }
                }
                Ok(None) => return Ok(()),
                Err(malformed) => return Err(self.broken(&at.path.field(field), malformed)),
            }
        }
    }

    fn number<'a>(
        &mut self,
        at: At<'_>,
        field: &Field,
        scalar: Scalar<'a>,
        into: &mut Message<'a>,
    ) {
        if let (Kind::Enum(id), Scalar::Integer(value)) = (field.kind, &scalar)
            && let Some(enumeration) = self.types.enumeration(id)
            && enumeration.is_closed
            && !i32::try_from(*value).is_ok_and(|number| enumeration.has(number))
        {
            self.told_at(at, field, into, "enum", "must be a declared value");
        }
        put(at, field, Value::Scalar(scalar), into);
    }

    fn nested<'a>(
        &mut self,
        at: At<'_>,
        field: &Field,
        records: &mut Records<'a>,
        group: Option<u32>,
        into: &mut Message<'a>,
    ) -> Result<(), Broken> {
        let Some(message) = field.kind.message().and_then(|id| self.types.message(id)) else {
            return Ok(());
        };
        let field_path = at.path.field(field);
        let is_singular = field.cardinality != Cardinality::Repeated;
        let index = if is_singular { 0 } else { count(field, into) };
        let element_path = field_path.index(index);
        let path = if is_singular {
            &field_path
        } else {
            &element_path
        };
        if at.depth <= 1 {
            return Err(self.broken(path, Malformed::Depth));
        }
        let inner = At {
            message,
            path,
            depth: at.depth - 1,
            keeps: at.keeps(field) && (message.is_ruled || message.well_known.is_some()),
        };
        let mut read = if is_singular {
            into.take_message(field.number)
        } else {
            Message::default()
        };
        self.message(inner, records, group, &mut read)?;
        put(at, field, Value::Message(read), into);
        Ok(())
    }

    /// An entry of a map is a message with a key and a value; either may be missing, and is zero then.
    fn entry<'a>(
        &mut self,
        at: At<'_>,
        field: &Field,
        records: &mut Records<'a>,
        into: &mut Message<'a>,
    ) -> Result<(), Broken> {
        let Some(id) = field.kind.message() else {
            return Ok(());
        };
        let (Some(message), Some((key, value))) = (self.types.message(id), self.types.entry(id))
        else {
            return Ok(());
        };
        let field_path = at.path.field(field);
        let inner = At {
            message,
            path: &field_path.entry(),
            depth: at.depth,
            keeps: at.keeps(field),
        };
        let mut read = Message::default();
        self.message(inner, records, None, &mut read)?;
        if !at.keeps(field) {
            return Ok(());
        }
        let own_key = match read.take(key.number) {
            Some(Value::Scalar(scalar)) => scalar.key(),
            _ => Scalar::zero(key.kind).and_then(Scalar::key),
        };
        let own_value = read.take(value.number).unwrap_or_else(|| zero(value.kind));
        if let (Some(map), Some(own_key)) = (into.map(field.number), own_key) {
            map.insert(own_key, own_value);
        }
        Ok(())
    }

    /// Tells of a value that is about to be put.
    fn told_at(
        &mut self,
        at: At<'_>,
        field: &Field,
        into: &mut Message<'_>,
        keyword: &'static str,
        detail: &'static str,
    ) {
        let path = at.path.field(field);
        if field.cardinality == Cardinality::Repeated {
            let index = count(field, into);
            self.report.add(&path.index(index), keyword, detail);
        } else {
            self.report.add(&path, keyword, detail);
        }
    }

    fn broken(&mut self, path: &Path<'_>, malformed: Malformed) -> Broken {
        let (keyword, detail) = match malformed {
            Malformed::Octets => ("wire", "must be whole, in the binary encoding of protobuf"),
            Malformed::Group => ("wire", "must end the groups that it starts"),
            Malformed::Depth => ("depth", "must not be nested so deeply"),
        };
        self.report.add(path, keyword, detail);
        Broken
    }
}

/// What stands in a field without presence that is not there.
fn zero<'a>(kind: Kind) -> Value<'a> {
    Scalar::zero(kind).map_or_else(|| Value::Message(Message::default()), Value::Scalar)
}

/// Setting a member of a oneof clears the others.
fn clear_others(message: &MessageType, field: &Field, into: &mut Message<'_>) {
    let members = message.fields.iter().filter(|own| own.oneof == field.oneof);
    for other in members.filter(|own| own.number != field.number) {
        into.remove(other.number);
    }
}

/// How many elements a repeated field has so far.
fn count(field: &Field, into: &mut Message<'_>) -> usize {
    into.list(field.number).map_or(0, |list| list.count)
}

fn put<'a>(at: At<'_>, field: &Field, value: Value<'a>, into: &mut Message<'a>) {
    if field.cardinality != Cardinality::Repeated {
        if at.keeps(field) {
            into.set(field.number, value);
        }
    } else if let Some(list) = into.list(field.number) {
        // Elements are counted in any case: an error says which one it is in.
        list.count += 1;
        if at.keeps(field) && field.has_ruled_elements() {
            list.elements.push(value);
        }
    }
}
