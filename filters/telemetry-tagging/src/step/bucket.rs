//! `bucket`: the range that a number is in.

/// Ranges of numbers, each with a label.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Each range's bound, which is not in it, and its label.
    below: Vec<(f64, String)>,
    /// The label from the last bound on.
    rest: String,
}

impl Bucket {
    /// Ranges by their upper bounds, which are finite and ascend, and the label from the last one
    /// on.
    pub(crate) fn new(below: Vec<(f64, String)>, rest: String) -> Self {
        Self { below, rest }
    }

    /// The label of a number as JSON writes it (RFC 8259 section 6); `None` for what is none, or is
    /// too large for a double.
    pub(super) fn label(&self, value: &str) -> Option<&str> {
        // RFC 8259 section 2 allows whitespace around a document, but here it is no part of a number.
        if value.contains(|c: char| c.is_ascii_whitespace()) {
            return None;
        }
        let number: f64 = serde_json::from_str(value).ok()?;
        let range = self.below.iter().find(|(bound, _)| number < *bound);
        Some(range.map_or(&self.rest, |(_, label)| label))
    }
}

/// A number as labels have it: the shortest one, without a fraction where it is whole.
pub(crate) fn label(number: f64) -> String {
    /// Up to here, every whole number is a double (2^53).
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "It is whole and small enough."
        )]
        let whole = number as i64;
        return whole.to_string();
    }
    serde_json::Number::from_f64(number).map_or_else(String::new, |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bucket(bounds: &[f64]) -> Bucket {
        let below = bounds.iter().map(|bound| (*bound, label(*bound)));
        Bucket::new(below.collect(), "rest".into())
    }

    #[test]
    fn a_bound_belongs_to_the_range_above_it() {
        let bucket = bucket(&[-1.5, 0.0, 10.0]);
        for (value, expected) in [
            ("-1e300", "-1.5"),
            ("-1.6", "-1.5"),
            ("-1.5", "0"),
            ("-0.0", "10"),
            ("0", "10"),
            ("9.999", "10"),
            ("10", "rest"),
            ("10.0", "rest"),
            ("1e1", "rest"),
            ("18446744073709551616", "rest"),
        ] {
            assert_eq!(bucket.label(value), Some(expected), "{value}");
        }
    }

    #[test]
    fn what_json_does_not_read_as_a_number_is_none() {
        for value in [
            "",
            "x",
            "NaN",
            "nan",
            "inf",
            "-Infinity",
            "+1",
            "007",
            ".5",
            "5.",
            "1_000",
            "1,5",
            "1 ",
            " 1",
            "\n1",
            "0x10",
            "1e999",
            "--1",
            "1e",
            "true",
            "null",
            "\"1\"",
            "[1]",
            "10ms",
            "१",
        ] {
            assert_eq!(bucket(&[10.0]).label(value), None, "{value:?}");
        }
    }

    #[test]
    fn labels_are_short() {
        for (number, expected) in [
            (10.0, "10"),
            (-10.0, "-10"),
            (-0.0, "0"),
            (0.5, "0.5"),
            (0.1, "0.1"),
            (1e15, "1000000000000000"),
            (1e21, "1e+21"),
        ] {
            assert_eq!(label(number), expected);
        }
    }

    proptest! {
        #[test]
        fn a_label_names_its_number(number in prop::num::f64::NORMAL | prop::num::f64::ZERO) {
            let read: f64 = label(number).parse().unwrap();
            prop_assert!(read.total_cmp(&number).is_eq() || number == 0.0);
        }

        #[test]
        fn a_number_is_in_the_first_range_that_it_is_below(
            number in -100_i32..100,
            bounds in prop::collection::btree_set(-100_i32..100, 1..8),
        ) {
            let doubles: Vec<f64> = bounds.iter().map(|bound| f64::from(*bound)).collect();
            let first = bounds.iter().find(|bound| number < **bound);
            let expected = first.map_or("rest".to_owned(), ToString::to_string);
            let bucket = bucket(&doubles);
            prop_assert_eq!(bucket.label(&number.to_string()), Some(expected.as_str()));
        }

        #[test]
        fn any_text_has_a_label_or_none(text in any::<String>()) {
            let _ = bucket(&[1.0]).label(&text);
        }
    }
}
