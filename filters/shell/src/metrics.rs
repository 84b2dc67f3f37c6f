//! Metrics of this VM: each label set is defined once, on first use, and their number is capped.

use std::cell::RefCell;
use std::collections::HashMap;

use kit::metric::{LABEL_SETS, Metric, MetricKind, OTHER, OVERFLOW};

use crate::ffi::{self, MetricType};

thread_local! {
    /// One registry for the whole VM: statics outlive a change of policy, as the proxy's own
    /// metrics do.
    static REGISTRY: RefCell<Registry> = RefCell::default();
}

#[derive(Default)]
struct Registry {
    /// The proxy's number of each metric by its full name; none where it would not define it.
    ids: HashMap<String, Option<u32>>,
    /// How many label sets each metric has.
    sets: HashMap<&'static str, usize>,
    /// Scratch space, so that counting allocates nothing.
    name: String,
}

/// Records an amount under a label set. What the proxy refuses is lost: a metric is never in the
/// way of traffic.
pub(crate) fn record(metric: &Metric, labels: &[&str], amount: u64) {
    REGISTRY.with(|registry| {
        // Nothing in here calls back, so the registry is free.
        if let Ok(mut registry) = registry.try_borrow_mut() {
            registry.record(metric, labels, amount);
        }
    });
}

impl Registry {
    fn record(&mut self, metric: &Metric, labels: &[&str], amount: u64) {
        let mut name = std::mem::take(&mut self.name);
        metric.write_name(labels, &mut name);
        let id = match self.ids.get(&name) {
            Some(id) => *id,
            None => self.define_capped(metric, &mut name),
        };
        self.name = name;
        if let Some(id) = id {
            record_by_id(metric.kind, id, amount);
        }
    }

    /// Defines a new label set, or falls back to the one that takes what is over the cap.
    fn define_capped(&mut self, metric: &Metric, name: &mut String) -> Option<u32> {
        let sets = self.sets.entry(metric.name).or_default();
        if *sets < LABEL_SETS {
            *sets += 1;
            return self.define(metric.kind, name);
        }
        if metric != &OVERFLOW {
            OVERFLOW.write_name(&[metric.name], name);
            if let Some(id) = self.known(OVERFLOW.kind, name) {
                record_by_id(OVERFLOW.kind, id, 1);
            }
        }
        let others = vec![OTHER; metric.labels.len()];
        metric.write_name(&others, name);
        self.known(metric.kind, name)
    }

    fn known(&mut self, kind: MetricKind, name: &str) -> Option<u32> {
        match self.ids.get(name) {
            Some(id) => *id,
            None => self.define(kind, name),
        }
    }

    fn define(&mut self, kind: MetricKind, name: &str) -> Option<u32> {
        let kind = match kind {
            MetricKind::Counter => MetricType::Counter,
            MetricKind::Gauge => MetricType::Gauge,
            MetricKind::Histogram => MetricType::Histogram,
        };
        let id = ffi::define_metric(kind, name).ok();
        self.ids.insert(name.to_owned(), id);
        id
    }
}

fn record_by_id(kind: MetricKind, id: u32, amount: u64) {
    let _ = match kind {
        // The proxy refuses an increment of nothing.
        MetricKind::Counter if amount == 0 => Ok(()),
        MetricKind::Counter => ffi::increment_metric(id, i64::try_from(amount).unwrap_or(i64::MAX)),
        MetricKind::Gauge | MetricKind::Histogram => ffi::record_metric(id, amount),
    };
}
