//! Objects of a policy, read member by member.
//!
//! `deserr` can derive this too, but what it derives for one object of a dozen members weighs some
//! 50 KB in a module, and the proxy compiles every octet of it before its listener answers.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, Sequence, Value, ValueKind,
    ValuePointerRef,
};

use super::finding::{Findings, pointer};

/// The members of an object that were not read yet, and what was found so far.
pub struct Members<'a, V: IntoValue> {
    map: V::Map,
    location: ValuePointerRef<'a>,
    findings: Findings,
}

impl<'a, V: IntoValue> Members<'a, V> {
    /// Opens an object.
    ///
    /// # Errors
    /// A value of another kind.
    pub fn open(value: Value<V>, location: ValuePointerRef<'a>) -> Result<Self, Findings> {
        match value {
            Value::Map(map) => Ok(Self {
                map,
                location,
                findings: Findings::new(),
            }),
            other => Err(wrong_kind(other, &[ValueKind::Map], location)),
        }
    }

    /// A member that must be there.
    pub fn required<T: Deserr<Findings>>(&mut self, name: &'static str) -> Option<T> {
        match self.take(name) {
            None | Some(Value::Null) => {
                self.missing(name);
                None
            }
            Some(value) => self.read(name, value),
        }
    }

    /// A member that may be there.
    pub fn optional<T: Deserr<Findings>>(&mut self, name: &'static str) -> Option<T> {
        let value = self.take(name)?;
        self.read(name, value)
    }

    /// A member that has a default.
    pub fn defaulted<T: Deserr<Findings> + Default>(&mut self, name: &'static str) -> T {
        self.optional(name).unwrap_or_default()
    }

    /// A list that may be there.
    pub fn optional_list<T: Deserr<Findings>>(&mut self, name: &'static str) -> Option<Vec<T>> {
        let value = self.take(name)?;
        let location = self.location.push_key(name);
        match value {
            Value::Null => None,
            Value::Sequence(items) => {
                let mut list = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    let read =
                        T::deserialize_from_value(item.into_value(), location.push_index(index));
                    match read {
                        Ok(item) => list.push(item),
                        Err(found) => self.findings.0.extend(found.0),
                    }
                }
                Some(list)
            }
            other => {
                let found = wrong_kind(other, &[ValueKind::Sequence], location);
                self.findings.0.extend(found.0);
                None
            }
        }
    }

    /// A list that is empty where it is not there.
    pub fn list<T: Deserr<Findings>>(&mut self, name: &'static str) -> Vec<T> {
        self.optional_list(name).unwrap_or_default()
    }

    /// A list that must be there.
    pub fn required_list<T: Deserr<Findings>>(&mut self, name: &'static str) -> Option<Vec<T>> {
        let before = self.findings.0.len();
        let list = self.optional_list(name);
        if list.is_none() && self.findings.0.len() == before {
            self.missing(name);
        }
        list
    }

    /// Every member that was not read yet, by its name.
    ///
    /// # Errors
    /// All that was found.
    pub fn all<T: Deserr<Findings>>(self) -> Result<Vec<(String, T)>, Findings> {
        let mut findings = self.findings;
        let mut all = Vec::new();
        for (name, value) in self.map.into_iter() {
            let location = self.location.push_key(&name);
            match T::deserialize_from_value(value.into_value(), location) {
                Ok(value) => all.push((name, value)),
                Err(found) => findings.0.extend(found.0),
            }
        }
        findings.or(all)
    }

    /// Closes the object.
    ///
    /// # Errors
    /// All that was found, and every member that is none of `names`.
    pub fn close(self, names: &'static [&'static str]) -> Result<(), Findings> {
        let mut findings = self.findings;
        for (key, _) in self.map.into_iter() {
            let error = ErrorKind::UnknownKey {
                key: &key,
                accepted: names,
            };
            findings =
                deserr::take_cf_content(Findings::error::<V>(Some(findings), error, self.location));
        }
        findings.or(())
    }

    fn missing(&mut self, name: &str) {
        let message = format!("`{name}` is missing");
        self.findings.add(pointer(self.location), message);
    }

    fn take(&mut self, name: &str) -> Option<Value<V>> {
        Map::remove(&mut self.map, name).map(IntoValue::into_value)
    }

    fn read<T: Deserr<Findings>>(&mut self, name: &str, value: Value<V>) -> Option<T> {
        if matches!(value, Value::Null) {
            return None;
        }
        match T::deserialize_from_value(value, self.location.push_key(name)) {
            Ok(value) => Some(value),
            Err(found) => {
                self.findings.0.extend(found.0);
                None
            }
        }
    }
}

pub(super) fn wrong_kind<V: IntoValue>(
    actual: Value<V>,
    accepted: &[ValueKind],
    location: ValuePointerRef<'_>,
) -> Findings {
    let error = ErrorKind::IncorrectValueKind { actual, accepted };
    deserr::take_cf_content(Findings::error::<V>(None, error, location))
}

/// Declares how a struct is read from an object: for each field the way (`required`, `optional`,
/// `defaulted`, `required_list`, `optional_list` or `list`) and the name of the member. A member
/// that is none of these is found fault with. The type may have one parameter, the type of a part.
#[macro_export]
macro_rules! object_value {
    ($name:ident $(<$part:ident>)? { $($field:ident: $way:ident $member:literal),* $(,)? }) => {
        impl $(<$part>)? ::deserr::Deserr<$crate::policy::Findings> for $name $(<$part>)?
        $(where $part: ::deserr::Deserr<$crate::policy::Findings> + Default)?
        {
            fn deserialize_from_value<V: ::deserr::IntoValue>(
                value: ::deserr::Value<V>,
                location: ::deserr::ValuePointerRef<'_>,
            ) -> Result<Self, $crate::policy::Findings> {
                #[allow(unused_mut, reason = "An object may have no members.")]
                let mut members = $crate::policy::value::Members::open(value, location)?;
                $(let $field = members.$way($member);)*
                members.close(&[$($member),*])?;
                $($crate::object_value!(@there $way $field);)*
                Ok(Self { $($field),* })
            }
        }
    };
    // What must be there and is not was found fault with when the object was closed.
    (@there required $field:ident) => {
        let Some($field) = $field else {
            return Err($crate::policy::Findings::new());
        };
    };
    (@there required_list $field:ident) => { $crate::object_value!(@there required $field); };
    (@there $way:ident $field:ident) => {};
}
