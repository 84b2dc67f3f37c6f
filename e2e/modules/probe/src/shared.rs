//! What the probe does with shared data, told in one word or number.

use kit::exchange::Exchange;
use kit::shared::{IF_ABSENT, SharedWrite};

/// Writes a value if there is none.
pub(crate) fn create(name: &str, x: &mut Exchange<'_>) -> String {
    told(x.write_shared(name, b"1", Some(IF_ABSENT))).into()
}

/// Adds one to a value, however many others do so at the same time, and tells the sum.
pub(crate) fn add(name: &str, x: &mut Exchange<'_>) -> String {
    loop {
        let known = x.read_shared(name);
        let value = known.value.unwrap_or_default();
        let sum: u32 = String::from_utf8_lossy(&value).parse().unwrap_or_default();
        let sum = sum.saturating_add(1).to_string();
        match x.write_shared(name, sum.as_bytes(), Some(known.cas.unwrap_or(IF_ABSENT))) {
            SharedWrite::Written => return sum,
            SharedWrite::Mismatch => {}
            SharedWrite::Refused => return "refused".into(),
        }
    }
}

/// Writes a value in any case, and once more as if nobody had.
pub(crate) fn stale(name: &str, x: &mut Exchange<'_>) -> String {
    let before = x.read_shared(name).cas;
    let first = x.write_shared(name, b"1", None);
    let second = x.write_shared(name, b"2", before.or(Some(IF_ABSENT)));
    format!("{} {}", told(first), told(second))
}

fn told(write: SharedWrite) -> &'static str {
    match write {
        SharedWrite::Written => "written",
        SharedWrite::Mismatch => "mismatch",
        SharedWrite::Refused => "refused",
    }
}
