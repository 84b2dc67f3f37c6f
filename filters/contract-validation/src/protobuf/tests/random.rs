//! Random messages of any type.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "Any number will do."
)]

use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};

/// The message that a seed stands for.
pub(super) fn message(descriptor: &MessageDescriptor, seed: u64) -> DynamicMessage {
    Random(seed | 1).message(descriptor, 3)
}

/// Xorshift: what matters is that a seed stands for one message.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn message(&mut self, descriptor: &MessageDescriptor, depth: usize) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        match descriptor.full_name() {
            "google.protobuf.Timestamp" => {
                message.set_field_by_number(1, Value::I64(self.below(200_000_000_000) as i64));
                message.set_field_by_number(2, Value::I32(self.below(1_000_000_000) as i32));
            }
            "google.protobuf.Duration" => {
                let sign = if self.below(2) == 0 { 1 } else { -1 };
                message
                    .set_field_by_number(1, Value::I64(sign * self.below(315_576_000_000) as i64));
                message.set_field_by_number(
                    2,
                    Value::I32(sign as i32 * self.below(1_000_000_000) as i32),
                );
            }
            "google.protobuf.FieldMask" => {
                let paths = ["a", "b.c_d", "e_f"].map(|path| Value::String(path.to_owned()));
                message.set_field_by_number(1, Value::List(paths.to_vec()));
            }
            "google.protobuf.Any" => {
                let inner = descriptor
                    .parent_pool()
                    .get_message_by_name(super::RICH)
                    .unwrap();
                let inner = self.message(&inner, 0);
                let url = format!("type.googleapis.com/{}", super::RICH);
                message.set_field_by_number(1, Value::String(url));
                let octets = prost::Message::encode_to_vec(&inner);
                message.set_field_by_number(2, Value::Bytes(octets.into()));
            }
            "google.protobuf.Value" => {
                let number = 1 + self.below(4) as u32;
                let value = match number {
                    1 => Value::EnumNumber(0),
                    2 => Value::F64(self.below(1000) as f64 / 8.0),
                    3 => Value::String(self.text()),
                    _ => Value::Bool(true),
                };
                message.set_field_by_number(number, value);
            }
            _ => {
                for field in descriptor.fields() {
                    if self.below(3) == 0 && (depth > 0 || field.kind().as_message().is_none()) {
                        let value = self.field(&field, depth);
                        message.set_field(&field, value);
                    }
                }
            }
        }
        message
    }

    fn field(&mut self, field: &FieldDescriptor, depth: usize) -> Value {
        if field.is_map() {
            let entry = field.kind().as_message().unwrap().clone();
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            let entries = (0..self.below(3)).map(|_| {
                let own_key: MapKey = self.value(&key.kind(), 0).into_map_key().unwrap();
                (own_key, self.value(&value.kind(), depth))
            });
            return Value::Map(entries.collect());
        }
        if field.cardinality() == Cardinality::Repeated {
            let count = self.below(3);
            return Value::List(
                (0..count)
                    .map(|_| self.value(&field.kind(), depth))
                    .collect(),
            );
        }
        self.value(&field.kind(), depth)
    }

    fn value(&mut self, kind: &Kind, depth: usize) -> Value {
        let bits = self.next() >> self.below(64);
        match kind {
            Kind::Double => Value::F64(f64::from_bits(bits)),
            Kind::Float => Value::F32(f32::from_bits(bits as u32)),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(bits as i32),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(bits as i64),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(bits as u32),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(bits),
            Kind::Bool => Value::Bool(bits.is_multiple_of(2)),
            Kind::String => Value::String(self.text()),
            Kind::Bytes => Value::Bytes(bits.to_le_bytes().to_vec().into()),
            Kind::Enum(_) => Value::EnumNumber([0, 1, -2, 9][(bits % 4) as usize]),
            Kind::Message(inner) => Value::Message(self.message(inner, depth.saturating_sub(1))),
        }
    }

    fn text(&mut self) -> String {
        ["", "a", "naïve \"text\"\n", "漢字", "\u{1f600}"][self.below(5) as usize].to_owned()
    }
}
