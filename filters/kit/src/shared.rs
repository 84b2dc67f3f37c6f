//! Data that all VMs of one proxy share: what one worker writes, every other one reads.
//!
//! A value is a string of octets under a name, with a number that changes with every write. There is
//! no lock and nothing is ever removed: who needs either makes it of compare-and-swap and of the
//! values themselves. The data end with the proxy.

use std::collections::BTreeMap;

/// What stands under a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SharedValue {
    /// The octets; `None` where nobody has written any.
    pub value: Option<Vec<u8>>,
    /// The number of the value, for the write that is to replace just this one; never 0.
    pub cas: Option<u32>,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum SharedWrite {
    /// The value stands.
    Written,
    /// There is a value, and it has another number; nothing was changed.
    Mismatch,
    /// The proxy would not write; nothing was changed.
    Refused,
}

/// The number with which a value is written only where there is none.
///
/// A name without a value takes every number, so one that no value has meets none. Numbers count up
/// from 1: after four billion writes to one proxy this one would be met.
pub const IF_ABSENT: u32 = u32::MAX;

/// Shared data in memory, as a proxy keeps them, for hosts without a proxy.
#[derive(Debug, Clone, Default)]
pub struct SharedData {
    values: BTreeMap<String, (Vec<u8>, u32)>,
    writes: u32,
}

impl SharedData {
    /// What stands under a name.
    pub fn read(&self, name: &str) -> SharedValue {
        match self.values.get(name) {
            None => SharedValue::default(),
            Some((value, cas)) => SharedValue {
                value: Some(value.clone()),
                cas: Some(*cas),
            },
        }
    }

    /// Writes a value: in any case without a number or with 0, else only in place of the value that
    /// has it, or of none.
    pub fn write(&mut self, name: &str, value: &[u8], cas: Option<u32>) -> SharedWrite {
        let wanted = cas.filter(|cas| *cas != 0);
        let known = self.values.get(name).map(|(_, cas)| *cas);
        if known.is_some() && wanted.is_some() && known != wanted {
            return SharedWrite::Mismatch;
        }
        // One count for all names, which leaves 0 out.
        self.writes = self.writes.checked_add(1).unwrap_or(1);
        self.values
            .insert(name.to_owned(), (value.to_vec(), self.writes));
        SharedWrite::Written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_created_once() {
        let mut data = SharedData::default();
        assert_eq!(data.read("a"), SharedValue::default());
        assert_eq!(
            data.write("a", b"mine", Some(IF_ABSENT)),
            SharedWrite::Written
        );
        assert_eq!(
            data.write("a", b"yours", Some(IF_ABSENT)),
            SharedWrite::Mismatch
        );
        assert_eq!(data.read("a").value.unwrap(), b"mine");
        assert_eq!(
            data.write("b", b"yours", Some(IF_ABSENT)),
            SharedWrite::Written
        );
    }

    #[test]
    fn a_number_is_good_for_one_write() {
        let mut data = SharedData::default();
        let _ = data.write("a", b"1", None);
        let cas = data.read("a").cas;
        assert!(cas.is_some_and(|cas| cas != 0));
        assert_eq!(data.write("a", b"2", cas), SharedWrite::Written);
        assert_eq!(data.write("a", b"3", cas), SharedWrite::Mismatch);
        assert_eq!(data.read("a").value.unwrap(), b"2");
    }

    #[test]
    fn without_a_number_a_value_is_written_in_any_case() {
        let mut data = SharedData::default();
        for cas in [None, Some(0)] {
            assert_eq!(data.write("a", b"", cas), SharedWrite::Written);
        }
        assert_eq!(data.read("a").value.unwrap(), b"", "empty, but there");
    }

    #[test]
    fn a_name_without_a_value_takes_every_number() {
        let mut data = SharedData::default();
        assert_eq!(data.write("a", b"", Some(5)), SharedWrite::Written);
    }
}
