//! How many messages are looked at.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kit::policy::{Findings, pointer};

use crate::plan::Share;

/// A share in percent, above 0 and with up to four decimals: one message in a million is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample(pub(super) Share);

impl Deserr<Findings> for Sample {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        #[expect(clippy::cast_precision_loss, reason = "Anything above 100 is refused.")]
        let percent = match value {
            Value::Integer(number) => number as f64,
            Value::Float(number) => number,
            _ => f64::NAN,
        };
        share(percent).map(Self).ok_or_else(|| {
            let message = "expected a percentage above 0, up to 100 and with at most four decimals; \
                           `\"mode\": \"off\"` looks at none";
            Findings::one(pointer(location), message)
        })
    }
}

/// A share of so many percent; `None` where it is out of range or too fine.
fn share(percent: f64) -> Option<Share> {
    let millionths = percent * 10_000.0;
    let is_whole = (millionths - millionths.round()).abs() < 1e-6;
    if !is_whole || !(1.0..=1_000_000.0).contains(&millionths.round()) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "It is between 1 and 1,000,000."
    )]
    Some(Share(millionths.round() as u32))
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Sample {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sample".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 100,
            "description": "A share in percent, above 0 and with at most four decimals."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_share_with_four_decimals_is_exact() {
        for millionths in 1..=1_000_000 {
            let percent = format!("{}.{:04}", millionths / 10_000, millionths % 10_000);
            let found = share(percent.parse().unwrap());
            assert_eq!(found, Some(Share(millionths)), "{percent}");
        }
    }

    #[test]
    fn what_is_finer_or_out_of_range_is_no_share() {
        let cases = [
            0.0,
            -0.0001,
            0.000_05,
            1.000_01,
            100.0001,
            f64::MAX,
            f64::INFINITY,
        ];
        for percent in cases {
            assert_eq!(share(percent), None, "{percent}");
        }
        assert_eq!(share(f64::NAN), None);
    }
}
