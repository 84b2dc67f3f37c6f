//! The metadata of a call as the service saw it, for Echo to answer with.

use tonic::metadata::{KeyAndValueRef, MetadataMap};

/// Lists the metadata sorted by name; values of one name keep their order, and
/// those of "-bin" metadata are decoded.
pub(super) fn metadata(arrived: &MetadataMap) -> Vec<(String, Vec<u8>)> {
    let mut list: Vec<_> = arrived
        .iter()
        .map(|entry| match entry {
            KeyAndValueRef::Ascii(name, value) => {
                (name.to_string(), value.as_encoded_bytes().to_vec())
            }
            KeyAndValueRef::Binary(name, value) => {
                let value = value.to_bytes().map_or_else(
                    |_| value.as_encoded_bytes().to_vec(),
                    |decoded| decoded.to_vec(),
                );
                (name.to_string(), value)
            }
        })
        .collect();
    list.sort_by(|(a, _), (b, _)| a.cmp(b));
    list
}

#[cfg(test)]
mod tests {
    use tonic::metadata::MetadataValue;

    use super::*;

    #[test]
    fn binary_metadata_is_decoded() {
        let mut arrived = MetadataMap::new();
        arrived.insert_bin("x-trace-bin", MetadataValue::from_bytes(&[0, 255]));
        arrived.insert("x-a", MetadataValue::from_static("1"));
        assert_eq!(
            metadata(&arrived),
            [
                ("x-a".to_owned(), b"1".to_vec()),
                ("x-trace-bin".to_owned(), vec![0, 255]),
            ]
        );
    }
}
