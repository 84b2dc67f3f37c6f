//! `map`: another text for each of some.

use std::collections::BTreeMap;

/// A table of texts.
#[derive(Debug)]
pub(crate) struct Map {
    table: BTreeMap<String, String>,
    other: Option<String>,
}

impl Map {
    /// A table from values to what stands for them, and what stands for every other value.
    pub(crate) fn new(
        table: impl IntoIterator<Item = (String, String)>,
        other: Option<String>,
    ) -> Self {
        let mut all = BTreeMap::new();
        for (from, to) in table {
            all.insert(from, to);
        }
        Self { table: all, other }
    }

    /// What stands for a value. Case counts.
    pub(super) fn get(&self, value: &str) -> Option<&str> {
        let found = self.table.get(value).or(self.other.as_ref());
        found.map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(other: Option<&str>) -> Map {
        let table = [("acme", "gold"), ("globex", "silver")];
        let table = table.map(|(from, to)| (from.to_owned(), to.to_owned()));
        Map::new(table, other.map(str::to_owned))
    }

    #[test]
    fn a_value_of_the_table_becomes_its_text() {
        assert_eq!(map(None).get("globex"), Some("silver"));
        assert_eq!(map(Some("none")).get("acme"), Some("gold"));
    }

    #[test]
    fn every_other_value_becomes_the_other_text_if_there_is_one() {
        for value in ["Acme", "acm", "acme ", "gold"] {
            assert_eq!(map(Some("none")).get(value), Some("none"), "{value}");
            assert_eq!(map(None).get(value), None, "{value}");
        }
    }
}
