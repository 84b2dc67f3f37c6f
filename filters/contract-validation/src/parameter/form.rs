//! Forms: `application/x-www-form-urlencoded` in bodies, and in the whole query.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Found, Malformed, Pairs, Parameter, Shape};

/// The fields of a form, each of which is written like a parameter of a query (OAS 3.2.0 section
/// 4.15, Encoding Object).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The declared fields.
    pub fields: Vec<Parameter>,
    /// How fields that are not declared are read; `None` where they stay text.
    pub others: Option<Shape>,
}

impl Form {
    /// The form as an object. A field that is not declared is a member all the same, an array where
    /// it stands several times: the schema says whether there may be others.
    pub fn read(&self, raw: &str) -> Result<Value, Malformed> {
        let pairs = Pairs::query(raw)?;
        let claims = |name: &str| self.fields.iter().any(|field| field.name == name);
        let mut members = Map::new();
        for field in &self.fields {
            match field.in_query(&pairs, &claims)? {
                Found::Absent => {}
                Found::Empty => {
                    members.insert(field.name.clone(), Value::from(""));
                }
                Found::Value(value) => {
                    members.insert(field.name.clone(), value);
                }
            }
        }
        // Grouped at once: a body may hold a hundred thousand names.
        let mut others: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, raw) in pairs.iter() {
            if !self.fields.iter().any(|field| field.owns(name)) {
                others.entry(name).or_default().push(raw);
            }
        }
        let anything = Shape::anything();
        let shape = self.others.as_ref().unwrap_or(&anything);
        let item = shape.items().unwrap_or(shape);
        for (name, raws) in others {
            let texts = raws.iter().map(|raw| pairs.decode(raw));
            let texts: Vec<_> = texts.collect::<Result<_, _>>()?;
            let value = match texts.as_slice() {
                [text] if !shape.is_array() => shape.scalar(text),
                texts => texts.iter().map(|text| item.scalar(text)).collect(),
            };
            members.insert(name.to_owned(), value);
        }
        Ok(Value::Object(members))
    }
}
