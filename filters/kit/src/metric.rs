//! What is counted.
//!
//! proxy-wasm metrics have no labels, so a label set becomes part of the name:
//! `treaty_version_requests;service=orders;version=2`. Envoy's `stats_tags` turn it back into labels
//! (`envoy-configs/` carries the block). A label set is defined once, on first use, and their
//! number is capped, because the proxy never frees one.

/// One metric and the names of its labels.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name; it starts with `treaty_` and carries its unit where it has one.
    pub name: &'static str,
    /// What is done with an amount.
    pub kind: MetricKind,
    /// The labels, in order.
    pub labels: &'static [&'static str],
}

/// What is done with an amount that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// It is added.
    Counter,
    /// It replaces the value.
    Gauge,
    /// It is one sample of a distribution.
    Histogram,
}

/// The most label sets that one metric may have in one VM. Beyond it every value of a new set is
/// [`OTHER`].
pub const LABEL_SETS: usize = 500;

/// The value of every label of the set that takes what is over the cap.
pub const OTHER: &str = "_other";

/// How often a label set was over the cap, by metric.
pub const OVERFLOW: Metric = Metric {
    name: "treaty_metric_overflow",
    kind: MetricKind::Counter,
    labels: &["metric"],
};

impl Metric {
    /// Writes the name that this label set has in the proxy into `buffer`, which is emptied first.
    ///
    /// Octets that separate names (`;`, `=`, white space and control characters) become `_`; an
    /// empty value is `-`.
    pub fn write_name(&self, values: &[&str], buffer: &mut String) {
        buffer.clear();
        buffer.push_str(self.name);
        for (label, value) in self.labels.iter().zip(values) {
            buffer.push(';');
            buffer.push_str(label);
            buffer.push('=');
            let value = if value.is_empty() { "-" } else { value };
            // This runs for every request: mostly a value can be taken as it is.
            if value
                .bytes()
                .all(|b| b.is_ascii_graphic() && !separates(b.into()))
            {
                buffer.push_str(value);
            } else {
                buffer.extend(value.chars().map(|c| if separates(c) { '_' } else { c }));
            }
        }
    }
}

/// Whether a character would part names, or cannot stand in one.
fn separates(c: char) -> bool {
    matches!(c, ';' | '=' | ',') || c.is_whitespace() || c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_values_cannot_make_new_labels() {
        let metric = Metric {
            name: "treaty_x",
            kind: MetricKind::Counter,
            labels: &["a", "b"],
        };
        let mut name = String::from("old");
        metric.write_name(&["1;b=2", ""], &mut name);
        assert_eq!(name, "treaty_x;a=1_b_2;b=-");
    }
}
