//! The serialised form of header maps in proxy-wasm: a count, the lengths, then names and values,
//! each with a NUL behind it. Numbers are little-endian, 32 bits wide.

use kit::headers::{Headers, Span};

/// Reads a map. Octets that do not follow the form give the pairs before them.
pub(crate) fn read(wire: Vec<u8>) -> Headers {
    let spans = spans(&wire);
    Headers::from_wire(wire, spans)
}

/// Writes a map.
pub(crate) fn write<'a>(pairs: &[(&'a str, &'a [u8])]) -> Vec<u8> {
    let texts: usize = pairs
        .iter()
        .map(|(name, value)| name.len() + value.len() + 2)
        .sum();
    let mut wire = Vec::with_capacity(4 + pairs.len() * 8 + texts);
    push(&mut wire, pairs.len());
    for (name, value) in pairs {
        push(&mut wire, name.len());
        push(&mut wire, value.len());
    }
    for (name, value) in pairs {
        wire.extend_from_slice(name.as_bytes());
        wire.push(0);
        wire.extend_from_slice(value);
        wire.push(0);
    }
    wire
}

fn spans(wire: &[u8]) -> Vec<Span> {
    let Some(count) = number(wire, 0) else {
        return Vec::new();
    };
    // A count that the buffer cannot hold ends at the first missing length.
    let mut spans = Vec::with_capacity(count.min(wire.len() / 10));
    let mut text = count.saturating_mul(8).saturating_add(4);
    for index in 0..count {
        let at = 4 + index * 8;
        let (Some(name), Some(value)) = (number(wire, at), number(wire, at + 4)) else {
            break;
        };
        let name_end = text.saturating_add(name);
        let value_start = name_end.saturating_add(1);
        let value_end = value_start.saturating_add(value);
        if value_end > wire.len() {
            break;
        }
        spans.push(Span {
            name: text..name_end,
            value: value_start..value_end,
        });
        text = value_end + 1;
    }
    spans
}

fn number(wire: &[u8], at: usize) -> Option<usize> {
    let bytes = wire.get(at..at.checked_add(4)?)?;
    let number = u32::from_le_bytes(bytes.try_into().ok()?);
    usize::try_from(number).ok()
}

fn push(wire: &mut Vec<u8>, number: usize) {
    // Nothing that this module writes is larger than 4 GiB: that is all its memory.
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    wire.extend_from_slice(&number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let wire = write(&[("a", &[0xff, 0]), ("", b""), ("bc", b"d")]);
        let headers = read(wire);
        let pairs: Vec<_> = headers.iter().collect();
        assert_eq!(
            pairs,
            [
                (&b"a"[..], &[0xff, 0][..]),
                (&b""[..], &b""[..]),
                (&b"bc"[..], &b"d"[..])
            ]
        );
    }

    #[test]
    fn a_buffer_cut_anywhere_gives_what_is_whole() {
        let wire = write(&[("name", b"value"), ("other", b"thing")]);
        for len in 0..wire.len() {
            let headers = read(wire[..len].to_vec());
            assert!(headers.iter().count() <= 2);
        }
    }

    #[test]
    fn lengths_beyond_all_memory_are_refused() {
        let mut wire = vec![0xff; 4];
        wire.extend([0xff; 64]);
        assert_eq!(read(wire).iter().count(), 0);
    }
}
