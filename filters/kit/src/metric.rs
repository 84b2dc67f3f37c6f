//! What is counted.
//!
//! proxy-wasm metrics have no labels, so a label set becomes part of the name:
//! `treaty_version_requests;service=orders;version=2`. Envoy's `stats_tags` turn it back into labels
//! (`envoy-configs/` carries the block). A label set is defined once, on first use, and their
//! number is capped, because the proxy never frees one.

/// One metric and the names of its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// The name; it starts with `treaty_` and carries its unit where it has one.
    pub name: &'static str,
    /// What is done with an amount.
    pub kind: MetricKind,
    /// The labels, in order.
    pub labels: &'static [&'static str],
    /// Labels that a policy has added to those, in order.
    pub added: Vec<String>,
    /// The most label sets that the metric may have in one VM.
    pub most_sets: usize,
}

/// What is done with an amount that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// It is added.
    Counter,
    /// It replaces the value.
    Gauge,
    /// It is added to a gauge that all VMs of the proxy share, or taken from it.
    Level,
    /// It is one sample of a distribution.
    Histogram,
}

/// The most label sets that one metric may have in one VM, unless a policy says otherwise.
pub const LABEL_SETS: usize = 500;

/// The value of a label whose own would be one set too many.
pub const OTHER: &str = "_other";

/// How often a label set was over the cap, by metric.
pub const OVERFLOW: Metric =
    Metric::new("treaty_metric_overflow", MetricKind::Counter, &["metric"]);

impl Metric {
    /// A metric.
    pub const fn new(
        name: &'static str,
        kind: MetricKind,
        labels: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            kind,
            labels,
            added: Vec::new(),
            most_sets: LABEL_SETS,
        }
    }

    /// The metric with labels of a policy behind its own.
    #[must_use]
    pub fn with_labels(mut self, added: Vec<String>) -> Self {
        self.added = added;
        self
    }

    /// The metric with another number of label sets.
    #[must_use]
    pub const fn with_most_sets(mut self, most_sets: usize) -> Self {
        self.most_sets = most_sets;
        self
    }

    /// The values of a label set in which those that a policy has added give way; `None` where it
    /// has added none. What is left is bounded by what the filter itself lets be a label.
    pub fn without_added<'v>(&self, values: &[&'v str]) -> Option<Vec<&'v str>> {
        if self.added.is_empty() {
            return None;
        }
        let own = values.iter().copied().take(self.labels.len());
        Some(own.chain(self.added.iter().map(|_| OTHER)).collect())
    }

    /// A label set that takes what is over the cap.
    pub fn others(&self) -> Vec<&'static str> {
        vec![OTHER; self.labels.len() + self.added.len()]
    }

    /// Writes the name that this label set has in the proxy into `buffer`, which is emptied first.
    ///
    /// Octets that separate names (`;`, `=`, white space and control characters) become `_`; an
    /// empty value is `-`.
    pub fn write_name(&self, values: &[&str], buffer: &mut String) {
        buffer.clear();
        buffer.push_str(self.name);
        let labels = self.labels.iter().copied();
        let added = self.added.iter().map(String::as_str);
        for (label, value) in labels.chain(added).zip(values) {
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
        let metric = Metric::new("treaty_x", MetricKind::Counter, &["a", "b"]);
        let mut name = String::from("old");
        metric.write_name(&["1;b=2", ""], &mut name);
        assert_eq!(name, "treaty_x;a=1_b_2;b=-");
    }

    #[test]
    fn labels_of_a_policy_stand_behind_those_of_the_filter_and_give_way_first() {
        let metric = Metric::new("treaty_x", MetricKind::Counter, &["a"])
            .with_labels(vec!["tenant".to_owned()]);
        let mut name = String::new();
        metric.write_name(&["1", "acme"], &mut name);
        assert_eq!(name, "treaty_x;a=1;tenant=acme");
        let fewer = metric.without_added(&["1", "acme"]);
        assert_eq!(fewer.as_deref(), Some(&["1", OTHER][..]));
        assert_eq!(metric.others(), [OTHER, OTHER]);
    }
}
