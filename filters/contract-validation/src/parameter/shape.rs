//! What a schema declares a value to be, as far as a text can be read by it.

use serde_json::{Number, Value};

use crate::openapi::Node;

/// How many references and combinations are followed: a schema may hold itself.
const MAX_HOPS: usize = 16;

/// How many levels of items and members are looked at: no style has a way to write more.
const MAX_LEVELS: usize = 2;

/// The types that a schema declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    scalars: Scalars,
    array: Option<Box<Shape>>,
    object: Option<Box<Members>>,
}

/// The types without parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Scalars(u8);

impl Scalars {
    const NULL: Self = Self(1);
    const BOOLEAN: Self = Self(2);
    const INTEGER: Self = Self(4);
    const NUMBER: Self = Self(8);
    const STRING: Self = Self(16);
    const ALL: Self = Self(31);

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The types of both; an integer is a number.
    fn within(self, other: Self) -> Self {
        let mut common = self.0 & other.0;
        let integers = |one: Self, other: Self| one.has(Self::INTEGER) && other.has(Self::NUMBER);
        if integers(self, other) || integers(other, self) {
            common |= Self::INTEGER.0;
        }
        Self(common)
    }
}

/// The members of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Members {
    named: Vec<(String, Shape)>,
    /// The others; `None` where there may be none.
    others: Option<Shape>,
}

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// As one value.
    Scalar,
    /// As items, each of which has this shape.
    Array(&'a Shape),
    /// As members.
    Object,
}

impl Shape {
    /// Anything at all, which is read as text.
    pub fn anything() -> Self {
        Self {
            scalars: Scalars::ALL,
            array: None,
            object: None,
        }
    }

    /// What a schema declares. `resolve` follows a `$ref`; one that leads nowhere declares nothing.
    pub fn of<'a>(schema: Node<'a>, resolve: &dyn Fn(&'a str) -> Option<Node<'a>>) -> Self {
        declared(
            schema,
            resolve,
            Left {
                hops: MAX_HOPS,
                levels: MAX_LEVELS,
            },
        )
        .unwrap_or_else(Self::anything)
    }

    /// Whether the value is written as one, without items or members.
    pub fn is_scalar(&self) -> bool {
        self.kind() == Kind::Scalar
    }

    /// Whether it is an object and nothing else.
    pub fn is_object(&self) -> bool {
        self.kind() == Kind::Object
    }

    /// Whether it is an array and nothing else.
    pub fn is_array(&self) -> bool {
        matches!(self.kind(), Kind::Array(_))
    }

    /// Whether arrays or objects stand inside an array or object, for which no style has a way.
    pub fn nests(&self) -> bool {
        match (self.kind(), &self.object) {
            (Kind::Array(item), _) => !item.is_scalar(),
            (Kind::Object, Some(members)) => members
                .named
                .iter()
                .map(|(_, shape)| shape)
                .chain(&members.others)
                .any(|shape| !shape.is_scalar()),
            _ => false,
        }
    }

    pub(super) fn kind(&self) -> Kind<'_> {
        let nullable = self.scalars.0 & !Scalars::NULL.0 == 0;
        match (&self.array, &self.object) {
            (Some(item), None) if nullable => Kind::Array(item),
            (None, Some(_)) if nullable => Kind::Object,
            _ => Kind::Scalar,
        }
    }

    /// The shape of the items where a name may stand several times: an array, or one of several
    /// types of which an array is one.
    pub(super) fn items(&self) -> Option<&Self> {
        self.array.as_deref()
    }

    /// The shape of a member; `None` where the object has none of that name.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        let members = self.object.as_ref()?;
        let named = members.named.iter().find(|(own, _)| own == name);
        named.map(|(_, shape)| shape).or(members.others.as_ref())
    }

    /// The members that an object declares, and the shape of the others.
    pub fn members(&self) -> (&[(String, Self)], Option<&Self>) {
        match &self.object {
            Some(members) => (&members.named, members.others.as_ref()),
            None => (&[], None),
        }
    }

    /// Whether the object declares a member of that name.
    pub(super) fn declares(&self, name: &str) -> bool {
        let named = self.object.as_ref().map(|members| &members.named);
        named.is_some_and(|named| named.iter().any(|(own, _)| own == name))
    }

    /// The value of a text: the narrowest declared type that it is written as. Where a string is
    /// declared too, the text is ambiguous and stays a string.
    pub(super) fn scalar(&self, text: &str) -> Value {
        let types = self.scalars;
        if types.has(Scalars::STRING) {
            return Value::from(text);
        }
        let null = types.has(Scalars::NULL) && matches!(text, "" | "null");
        let boolean = types.has(Scalars::BOOLEAN) && matches!(text, "true" | "false");
        if null {
            Value::Null
        } else if boolean {
            Value::Bool(text == "true")
        } else {
            number(text, types).map_or_else(|| Value::from(text), Value::Number)
        }
    }
}

/// A number as JSON writes it (RFC 8259 section 6), so that `1e2`, `0x10` and `+5` are none where an
/// integer is declared: what one language reads another refuses.
fn number(text: &str, types: Scalars) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_integer = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    let wanted = types.has(Scalars::NUMBER) || (types.has(Scalars::INTEGER) && is_integer);
    let starts = digits.starts_with(|first: char| first.is_ascii_digit());
    let ends = text.ends_with(|last: char| last.is_ascii_digit());
    if !(wanted && starts && ends) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// How far a schema is still followed.
#[derive(Debug, Clone, Copy)]
struct Left {
    hops: usize,
    levels: usize,
}

/// What a schema declares; `None` for anything at all.
fn declared<'a>(
    schema: Node<'a>,
    resolve: &dyn Fn(&'a str) -> Option<Node<'a>>,
    left: Left,
) -> Option<Shape> {
    let left = Left {
        hops: left.hops.checked_sub(1)?,
        ..left
    };
    let all = |schemas: Node<'a>| {
        let schemas = schemas.items();
        let shapes = schemas.filter_map(|schema| declared(schema, resolve, left));
        shapes.reduce(Shape::within)
    };
    let any = |schemas: Node<'a>| {
        let schemas = schemas.items();
        let shapes: Option<Vec<Shape>> = schemas
            .map(|schema| declared(schema, resolve, left))
            .collect();
        shapes?.into_iter().reduce(Shape::or)
    };
    let referenced = schema.get("$ref").and_then(Node::as_str).and_then(resolve);
    [
        own(schema, resolve, left),
        referenced.and_then(|schema| declared(schema, resolve, left)),
        schema.get("allOf").and_then(all),
        schema.get("anyOf").and_then(any),
        schema.get("oneOf").and_then(any),
    ]
    .into_iter()
    .flatten()
    .reduce(Shape::within)
}

/// What a schema declares by its own `type`; where it has none, by its values, or by what it says of
/// items or members only.
fn own<'a>(
    schema: Node<'a>,
    resolve: &dyn Fn(&'a str) -> Option<Node<'a>>,
    left: Left,
) -> Option<Shape> {
    let mut shape = Shape {
        scalars: Scalars::default(),
        array: None,
        object: None,
    };
    let inner = |schema: Option<Node<'a>>| {
        let left = left.levels.checked_sub(1).map(|levels| Left {
            hops: MAX_HOPS,
            levels,
        });
        schema
            .zip(left)
            .and_then(|(schema, left)| declared(schema, resolve, left))
            .unwrap_or_else(Shape::anything)
    };
    let mut add = |name: &str| match name {
        "null" => shape.scalars = shape.scalars.with(Scalars::NULL),
        "boolean" => shape.scalars = shape.scalars.with(Scalars::BOOLEAN),
        "integer" => shape.scalars = shape.scalars.with(Scalars::INTEGER),
        "number" => shape.scalars = shape.scalars.with(Scalars::NUMBER),
        "string" => shape.scalars = shape.scalars.with(Scalars::STRING),
        "array" => shape.array = Some(Box::new(inner(schema.get("items")))),
        "object" => {
            let named = schema.get("properties").map(Node::members);
            let named = named.into_iter().flatten();
            let others = schema.get("additionalProperties");
            let is_closed = others.and_then(Node::as_bool) == Some(false);
            shape.object = Some(Box::new(Members {
                named: named
                    .map(|(name, schema)| (name.to_owned(), inner(Some(schema))))
                    .collect(),
                others: (!is_closed).then(|| inner(others)),
            }));
        }
        _ => {}
    };
    if let Some(types) = schema.get("type") {
        let names = types.as_str().into_iter();
        names
            .chain(types.items().filter_map(Node::as_str))
            .for_each(add);
    } else if let Some(value) = schema.get("const") {
        add(value.type_name());
    } else if let Some(values) = schema.get("enum") {
        values.items().map(Node::type_name).for_each(add);
    } else if schema.has("properties") {
        add("object");
    } else if schema.has("items") {
        add("array");
    } else {
        return None;
    }
    // OAS 3.0.4 section 4.7.24: `nullable` counts beside a `type` only.
    if schema.has("type") && schema.is_set("nullable") {
        shape.scalars = shape.scalars.with(Scalars::NULL);
    }
    Some(shape)
}

impl Shape {
    /// What both declare (`allOf`).
    fn within(self, other: Self) -> Self {
        let both = |(one, other): (Box<Self>, Box<Self>)| Box::new(one.within(*other));
        let members =
            |(one, other): (Box<Members>, Box<Members>)| Box::new(one.and(*other, Self::within));
        Self {
            scalars: self.scalars.within(other.scalars),
            array: self.array.zip(other.array).map(both),
            object: self.object.zip(other.object).map(members),
        }
    }

    /// What either declares (`anyOf`, `oneOf`).
    fn or(self, other: Self) -> Self {
        let items = |one: Box<Self>, other: Box<Self>| Box::new(one.or(*other));
        let members = |one: Box<Members>, other: Box<Members>| Box::new(one.and(*other, Self::or));
        Self {
            scalars: self.scalars.with(other.scalars),
            array: either(self.array, other.array, items),
            object: either(self.object, other.object, members),
        }
    }
}

impl Members {
    /// The members of both, those of one name joined.
    fn and(mut self, other: Self, join: fn(Shape, Shape) -> Shape) -> Self {
        for (name, shape) in other.named {
            match self.named.iter_mut().find(|(own, _)| *own == name) {
                Some((_, own)) => *own = join(own.clone(), shape),
                None => self.named.push((name, shape)),
            }
        }
        self.others = either(self.others, other.others, join);
        self
    }
}

fn either<T>(one: Option<T>, other: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(join(one, other)),
        (one, other) => one.or(other),
    }
}
