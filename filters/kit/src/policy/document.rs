//! A policy document as it comes: JSON text, wrapped or not, from Envoy, Istio or a file.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::environment::Environment;
use super::finding::{Findings, child};
use super::structure;

/// The newest format of policy documents that this build reads.
pub const FORMAT: u64 = 1;

/// A parsed document, not yet held to any filter's rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    value: Value,
    environment: Environment,
}

impl Document {
    /// Parses JSON text, or a `google.protobuf.Struct` in its own encoding, as Envoy hands over a
    /// configuration of that type.
    ///
    /// `{"policyJson": "…"}` is unwrapped: Istio hands a `pluginConfig` over as a protobuf Struct,
    /// whose numbers are doubles, and a policy that needs exact integers travels as text. For the
    /// same reason a number without a fraction counts as an integer.
    ///
    /// # Errors
    /// Text that is not JSON, and every name that stands twice in one object.
    pub fn parse(text: &[u8]) -> Result<Self, Findings> {
        if text.iter().all(u8::is_ascii_whitespace) {
            return Err(Findings::one(
                "",
                "the configuration is empty; expected a policy document",
            ));
        }
        let value = match structure::decode(text) {
            Some(value) => value,
            None => parse_value(text)?,
        };
        match value.get("policyJson") {
            None => Ok(Self::from_value(value)),
            Some(Value::String(inner)) if value.as_object().is_some_and(|map| map.len() == 1) => {
                parse_value(inner.as_bytes()).map(Self::from_value)
            }
            Some(_) => Err(Findings::one(
                "/policyJson",
                "expected a string that holds the whole policy, with nothing beside it",
            )),
        }
    }

    /// A document from a value that was read elsewhere, such as one filter's part of a bundle.
    pub fn from_value(value: Value) -> Self {
        Self {
            value,
            environment: Environment::default(),
        }
    }

    /// The document with the environment from which its secrets come.
    #[must_use]
    pub fn with_environment(self, environment: Environment) -> Self {
        Self {
            environment,
            ..self
        }
    }

    /// The environment from which secrets come; nothing is set in it unless somebody gave one.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Reads the document as `T`, every mistake at once.
    ///
    /// # Errors
    /// What `T` finds fault with, and a format version that this build does not know.
    pub fn read<T: deserr::Deserr<Findings>>(&self) -> Result<T, Findings> {
        self.check_version()?;
        deserr::deserialize(self.value.clone())
    }

    /// The `revision` that the author gave the document; empty where there is none.
    pub fn revision(&self) -> &str {
        self.value
            .get("revision")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// 16 hexadecimal digits that differ where documents do, whatever the order of their names and
    /// their white space. They tell revisions apart; they are no proof against forgery.
    pub fn digest(&self) -> String {
        let hash = xxhash_rust::xxh64::xxh64(self.value.to_string().as_bytes(), 0);
        format!("{hash:016x}")
    }

    /// Holds the format version to the one that this build reads.
    ///
    /// # Errors
    /// A document without a version, or with another one.
    pub fn check_version(&self) -> Result<(), Findings> {
        match self.value.get("version").map(Value::as_u64) {
            Some(Some(FORMAT)) => Ok(()),
            Some(_) => Err(Findings::one(
                "/version",
                format!("expected {FORMAT}, the only format version that this build reads"),
            )),
            None if self.value.is_object() => Err(Findings::one(
                "",
                format!("`version` is missing; expected `\"version\": {FORMAT}`"),
            )),
            None => Err(Findings::one("", "expected an object")),
        }
    }
}

fn parse_value(text: &[u8]) -> Result<Value, Findings> {
    let mut findings = Findings::new();
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Reader {
        pointer: String::new(),
        findings: &mut findings,
    }
    .deserialize(&mut reader)
    .and_then(|value| reader.end().map(|()| value))
    .map_err(|error| {
        Findings::one(
            "",
            format!(
                "is not JSON: {} at line {} column {}",
                category(&error),
                error.line(),
                error.column()
            ),
        )
    })?;
    findings.or(value)
}

fn category(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Io => "it cannot be read",
        _ => "there is a mistake",
    }
}

/// Reads a value like `serde_json` does, but notes names that stand twice, which it would drop.
struct Reader<'a> {
    pointer: String,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn at(&mut self, token: impl fmt::Display) -> Reader<'_> {
        Reader {
            pointer: child(&self.pointer, token),
            findings: self.findings,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        whole(value)
            .or_else(|| Number::from_f64(value))
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that JSON cannot carry"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.at(list.len()))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.at(&name))?;
            if map.contains_key(&name) {
                let at = child(&self.pointer, &name);
                self.findings
                    .add(at, "stands twice in this object; keep one of them");
            }
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

/// An integer that came as a double, where a double can carry it exactly.
pub(super) fn whole(value: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() != 0.0 || value.abs() > EXACT {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "The value is whole and within the integers that a double carries exactly."
    )]
    Some(Number::from(value as i64))
}
