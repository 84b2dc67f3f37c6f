//! What Envoy's OpenTelemetry tracer makes of a `traceparent`, where it owns the trace context.
//!
//! The tracer reads the request before any filter does and writes its own context after them all, so
//! that what a filter writes lasts only where the tracer could not read what came: then it makes no
//! span and writes nothing. Of what it could read it forgets the random flag, and no filter before it
//! can help that. Measured with Envoy 1.40.

/// Whether the tracer takes a line up, and so writes over whatever a filter makes of it.
///
/// It takes any version, `ff` too, with capitals and unknown flags, if only there are 55 octets with
/// fields of the right lengths, all of them hexadecimal, and no id is all zeros.
pub(super) fn takes(line: &[u8]) -> bool {
    let fields: Vec<&[u8]> = line.splitn(5, |octet| *octet == b'-').collect();
    match fields.as_slice() {
        [version, trace_id, parent_id, flags] => {
            is_hex(version, 2) && is_id(trace_id, 32) && is_id(parent_id, 16) && is_hex(flags, 2)
        }
        _ => false,
    }
}

fn is_hex(digits: &[u8], length: usize) -> bool {
    digits.len() == length && digits.iter().all(u8::is_ascii_hexdigit)
}

fn is_id(digits: &[u8], length: usize) -> bool {
    is_hex(digits, length) && digits.iter().any(|digit| *digit != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: &str = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

    #[test]
    fn whatever_has_the_shape_is_taken() {
        for (version, flags) in [("00", "01"), ("ff", "01"), ("cc", "ff"), ("0A", "F3")] {
            let line = format!("{version}-{IDS}-{flags}");
            assert!(takes(line.as_bytes()), "{line}");
        }
        assert!(takes(format!("00-{}-01", IDS.to_uppercase()).as_bytes()));
    }

    #[test]
    fn what_has_another_shape_is_left_to_filters() {
        let zero_trace = format!("00-{:032}-00f067aa0ba902b7-01", 0);
        let zero_parent = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{:016}-01", 0);
        for line in [
            String::new(),
            "garbage".to_owned(),
            format!("00-{IDS}-.0"),
            format!("cc-{IDS}-01-what"),
            format!("00-{IDS}"),
            zero_trace,
            zero_parent,
        ] {
            assert!(!takes(line.as_bytes()), "{line}");
        }
    }
}
