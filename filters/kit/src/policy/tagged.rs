//! Choices between shapes, told apart by the value of one member: `{"from": "header", …}`.

use deserr::{IntoValue, Map, Value, ValueKind, ValuePointerRef};

use super::finding::{Findings, did_you_mean, list, pointer};
use super::object::wrong_kind;

/// Takes the member that names the shape out of an object, and gives the place of the name among
/// `names` with the rest of the object.
///
/// # Errors
/// A value that is no object, has no such member, or names no shape.
pub fn take_tag<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    tag: &'static str,
    names: &[&str],
) -> Result<(usize, Value<V>), Findings> {
    let Value::Map(mut map) = value else {
        return Err(wrong_kind(value, &[ValueKind::Map], location));
    };
    let Some(name) = Map::remove(&mut map, tag) else {
        let message = format!("`{tag}` is missing; expected {}", list(names));
        return Err(Findings::one(pointer(location), message));
    };
    let location = location.push_key(tag);
    let name = match name.into_value() {
        Value::String(name) => name,
        other => return Err(wrong_kind(other, &[ValueKind::String], location)),
    };
    if let Some(place) = names.iter().position(|known| *known == name) {
        return Ok((place, Value::Map(map)));
    }
    let hint = did_you_mean(&name, names.iter().copied());
    let message = format!("expected {}{hint}", list(names));
    Err(Findings::one(pointer(location), message))
}

/// Declares how an enum whose variants each hold one shape is read: an object whose member `$tag`
/// names the variant, with the members of the shape beside it.
///
/// `deserr` can derive this too, but then a wrong name gets no list of valid ones.
#[macro_export]
macro_rules! tagged_value {
    ($name:ident, $tag:literal, { $($text:literal => $variant:ident),+ $(,)? }) => {
        impl ::deserr::Deserr<$crate::policy::Findings> for $name {
            fn deserialize_from_value<V: ::deserr::IntoValue>(
                value: ::deserr::Value<V>,
                location: ::deserr::ValuePointerRef<'_>,
            ) -> Result<Self, $crate::policy::Findings> {
                const NAMES: &[&str] = &[$($text),+];
                let (place, rest) =
                    $crate::policy::value::take_tag(value, location, $tag, NAMES)?;
                let name = NAMES.get(place).copied().unwrap_or_default();
                $(if name == $text {
                    return ::deserr::Deserr::deserialize_from_value(rest, location)
                        .map(Self::$variant);
                })+
                Err($crate::policy::Findings::new())
            }
        }
    };
}
