//! Whole numbers with bounds.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kit::policy::{Findings, pointer};

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounded<const LEAST: usize, const MOST: usize>(usize);

impl<const LEAST: usize, const MOST: usize> Bounded<LEAST, MOST> {
    /// The number.
    pub(super) fn get(self) -> usize {
        self.0
    }
}

impl<const LEAST: usize, const MOST: usize> Deserr<Findings> for Bounded<LEAST, MOST> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        let number = match value {
            Value::Integer(number) => usize::try_from(number).ok(),
            _ => None,
        };
        let fits = |number: &usize| (LEAST..=MOST).contains(number);
        number.filter(fits).map(Self).ok_or_else(|| {
            let message = format!("expected a whole number from {LEAST} to {MOST}");
            Findings::one(pointer(location), message)
        })
    }
}

#[cfg(feature = "schema")]
impl<const LEAST: usize, const MOST: usize> schemars::JsonSchema for Bounded<LEAST, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("From{LEAST}To{MOST}").into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }
}
