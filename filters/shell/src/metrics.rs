//! Metrics of this VM: each label set is defined once, on first use, and their number is capped.

use std::cell::RefCell;
use std::collections::HashMap;

use kit::metric::{Metric, MetricKind, OVERFLOW};

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
    sets: HashMap<(&'static str, Room), usize>,
    /// Scratch space, so that counting allocates nothing.
    name: String,
}

/// What a number of label sets is counted for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Room {
    /// Sets with every label.
    All,
    /// Sets in which the labels that a policy has added have given way.
    WithoutAdded,
}

/// Records an amount under a label set. What the proxy refuses is lost: a metric is never in the
/// way of traffic.
pub(crate) fn record(metric: &Metric, labels: &[&str], amount: i64) {
    REGISTRY.with(|registry| {
        // Nothing in here calls back, so the registry is free.
        if let Ok(mut registry) = registry.try_borrow_mut() {
            registry.record(metric, labels, amount);
        }
    });
}

impl Registry {
    fn record(&mut self, metric: &Metric, labels: &[&str], amount: i64) {
        let mut name = std::mem::take(&mut self.name);
        metric.write_name(labels, &mut name);
        let id = match self.ids.get(&name) {
            Some(id) => *id,
            None => self.define_capped(metric, labels, &mut name),
        };
        self.name = name;
        if let Some(id) = id {
            record_by_id(metric.kind, id, amount);
        }
    }

    /// Defines a new label set, or falls back to one that takes what is over the cap: first without
    /// the labels that a policy has added, then without any. Each of the two has the cap once more,
    /// so that what a client can bring into a label takes no room from what it cannot.
    fn define_capped(
        &mut self,
        metric: &Metric,
        labels: &[&str],
        name: &mut String,
    ) -> Option<u32> {
        if self.takes_room(metric, Room::All) {
            return self.define(metric.kind, name);
        }
        if metric.name != OVERFLOW.name {
            OVERFLOW.write_name(&[metric.name], name);
            if let Some(id) = self.known(OVERFLOW.kind, name) {
                record_by_id(OVERFLOW.kind, id, 1);
            }
        }
        if let Some(fewer) = metric.without_added(labels) {
            metric.write_name(&fewer, name);
            if let Some(id) = self.ids.get(name) {
                return *id;
            }
            if self.takes_room(metric, Room::WithoutAdded) {
                return self.define(metric.kind, name);
            }
        }
        metric.write_name(&metric.others(), name);
        self.known(metric.kind, name)
    }

    fn takes_room(&mut self, metric: &Metric, room: Room) -> bool {
        let sets = self.sets.entry((metric.name, room)).or_default();
        let is_room = *sets < metric.most_sets;
        *sets += usize::from(is_room);
        is_room
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
            MetricKind::Gauge | MetricKind::Level => MetricType::Gauge,
            MetricKind::Histogram => MetricType::Histogram,
        };
        let id = ffi::define_metric(kind, name).ok();
        self.ids.insert(name.to_owned(), id);
        id
    }
}

fn record_by_id(kind: MetricKind, id: u32, amount: i64) {
    let _ = match kind {
        // The proxy refuses an increment of nothing, and counters only go up.
        MetricKind::Counter if amount <= 0 => Ok(()),
        MetricKind::Counter | MetricKind::Level => ffi::increment_metric(id, amount),
        MetricKind::Gauge | MetricKind::Histogram => {
            ffi::record_metric(id, u64::try_from(amount).unwrap_or_default())
        }
    };
}
