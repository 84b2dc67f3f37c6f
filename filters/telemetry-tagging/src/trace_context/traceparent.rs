//! `traceparent` (Trace Context Level 2 section 3.2), read strictly and written as version 00.

use super::hex;
use super::id::{SpanId, TraceId};
use super::span_context::SpanContext;

/// The octets of version 00, and the first ones of every later version.
const LENGTH: usize = 55;

/// Section 3.2.2.5.1.
const SAMPLED: u128 = 0x01;

/// Section 3.2.2.5.2.
const RANDOM: u128 = 0x02;

/// Why a `traceparent` says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    /// There is more than one line, so that nobody can tell which counts.
    Duplicated,
    /// The version is not two lower-case digits and a dash, or it is `ff` (section 3.2.2.1).
    Version,
    /// The length is not that of version 00, or what follows the first 55 octets of a later version
    /// does not begin with a dash (section 3.2.4).
    Length,
    /// The trace id is not 32 lower-case digits, or is zero (section 3.2.2.3).
    TraceId,
    /// The parent id is not 16 lower-case digits, or is zero (section 3.2.2.4).
    ParentId,
    /// The flags are not two lower-case digits (section 3.2.2.5).
    Flags,
}

impl Defect {
    /// The name, as access logs have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Duplicated => "duplicated",
            Self::Version => "version",
            Self::Length => "length",
            Self::TraceId => "trace_id",
            Self::ParentId => "parent_id",
            Self::Flags => "flags",
        }
    }
}

/// What the lines of a request say; `None` where there are none.
pub(super) fn read(lines: &[&[u8]]) -> Option<Result<SpanContext, Defect>> {
    match lines {
        [] => None,
        [line] => Some(parse(line)),
        // The field is no list, so RFC 9110 section 5.3 allows one line only.
        [_, ..] => Some(Err(Defect::Duplicated)),
    }
}

/// Reads one line. Flags that the standard does not know are forgotten (section 3.2.2.5.3), and so
/// is what a later version says beyond the first 55 octets (section 3.2.4).
pub(super) fn parse(line: &[u8]) -> Result<SpanContext, Defect> {
    // Whitespace around a field value is no part of it (RFC 9110 section 5.5).
    let line = line.trim_ascii();
    let version = version(line)?;
    let (head, rest) = line.split_at_checked(LENGTH).ok_or(Defect::Length)?;
    let ends_well = match version {
        0 => rest.is_empty(),
        _ => rest.first().is_none_or(|octet| *octet == b'-'),
    };
    if !ends_well {
        return Err(Defect::Length);
    }
    let mut fields = head.split(|octet| *octet == b'-').skip(1);
    let mut field = |length, defect| {
        let digits = fields.next().filter(|digits| digits.len() == length);
        digits.and_then(hex::lower).ok_or(defect)
    };
    let trace_id = field(32, Defect::TraceId)?;
    let span_id = field(16, Defect::ParentId)?;
    let flags = field(2, Defect::Flags)?;
    let span_id = u64::try_from(span_id).map_err(|_| Defect::ParentId)?;
    Ok(SpanContext {
        trace_id: TraceId::new(trace_id).ok_or(Defect::TraceId)?,
        span_id: SpanId::new(span_id).ok_or(Defect::ParentId)?,
        sampled: flags & SAMPLED != 0,
        random: flags & RANDOM != 0,
    })
}

/// Whether a line is just what would be written for what it says.
pub(super) fn is_canonical(line: &[u8], context: &SpanContext) -> bool {
    // Its ids were read as lower-case digits of these lengths, so that only one line has them.
    let line = line.trim_ascii();
    let flags = [
        b'0',
        b'0' + u8::from(context.sampled) + 2 * u8::from(context.random),
    ];
    line.len() == LENGTH && line.starts_with(b"00-") && line.ends_with(&flags)
}

/// Writes version 00, the highest that is known here (section 3.2.4).
pub(super) fn write(context: &SpanContext) -> Vec<u8> {
    let sampled = if context.sampled { SAMPLED } else { 0 };
    let random = if context.random { RANDOM } else { 0 };
    let SpanContext {
        trace_id, span_id, ..
    } = context;
    format!("00-{trace_id}-{span_id}-{:02x}", sampled | random).into_bytes()
}

/// Section 3.2.4: what does not begin with two digits and a dash has no version.
fn version(line: &[u8]) -> Result<u128, Defect> {
    let digits = match line {
        [high, low, b'-', ..] => [*high, *low],
        _ => return Err(Defect::Version),
    };
    match hex::lower(&digits) {
        None | Some(0xff) => Err(Defect::Version),
        Some(version) => Ok(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn with(version: &str, flags: &str) -> String {
        let ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
        format!("{version}-{ids}-{flags}")
    }

    #[test]
    fn the_example_of_the_standard_is_read_and_written() {
        let context = parse(LINE.as_bytes()).unwrap();
        assert_eq!(
            context.trace_id.number(),
            0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736
        );
        assert_eq!(context.span_id.number(), 0x00f0_67aa_0ba9_02b7);
        assert!(context.sampled && !context.random);
        assert_eq!(write(&context), LINE.as_bytes());
        assert!(is_canonical(LINE.as_bytes(), &context));
    }

    #[test]
    fn the_flags_sampled_and_random_are_kept_and_unknown_ones_cleared() {
        for (flags, written) in [
            ("00", "00"),
            ("01", "01"),
            ("02", "02"),
            ("03", "03"),
            ("04", "00"),
            ("ff", "03"),
            ("09", "01"),
            ("fe", "02"),
        ] {
            let context = parse(with("00", flags).as_bytes()).unwrap();
            assert_eq!(write(&context), with("00", written).as_bytes(), "{flags}");
        }
    }

    #[test]
    fn letters_are_lower_case_in_every_field() {
        let bad = [
            (LINE.replace("4bf9", "4Bf9"), Defect::TraceId),
            (LINE.replace("67aa", "67Aa"), Defect::ParentId),
            (with("00", "0A"), Defect::Flags),
            (with("0A", "01"), Defect::Version),
        ];
        for (line, defect) in bad {
            assert_eq!(parse(line.as_bytes()), Err(defect), "{line}");
        }
    }

    #[test]
    fn version_ff_is_forbidden_whatever_follows() {
        for line in [with("ff", "01"), with("ff", "01-more"), "ff-".to_owned()] {
            assert_eq!(parse(line.as_bytes()), Err(Defect::Version), "{line}");
        }
        assert!(parse(with("fe", "01").as_bytes()).is_ok());
    }

    #[test]
    fn version_00_has_exactly_55_octets() {
        for flags in ["01-", "01-more", "01.", "011", "0", "01 x"] {
            let line = with("00", flags);
            assert_eq!(parse(line.as_bytes()), Err(Defect::Length), "{line}");
        }
    }

    #[test]
    fn a_later_version_is_read_by_its_first_55_octets() {
        for flags in ["01", "01-", "01-what-the-future-will-be-like", "01-\u{fc}"] {
            let line = with("cc", flags);
            let context = parse(line.as_bytes()).unwrap();
            assert_eq!(write(&context), LINE.as_bytes(), "{line}");
        }
        for flags in ["01.what", "01x", "0"] {
            let line = with("cc", flags);
            assert_eq!(parse(line.as_bytes()), Err(Defect::Length), "{line}");
        }
    }

    #[test]
    fn unknown_flags_of_a_later_version_are_cleared() {
        let context = parse(with("01", "ff-x").as_bytes()).unwrap();
        assert_eq!(write(&context), with("00", "03").as_bytes());
    }

    #[test]
    fn ids_of_zeros_are_invalid() {
        let no_trace = format!("00-{:032}-00f067aa0ba902b7-01", 0);
        assert_eq!(parse(no_trace.as_bytes()), Err(Defect::TraceId));
        let no_parent = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{:016}-01", 0);
        assert_eq!(parse(no_parent.as_bytes()), Err(Defect::ParentId));
        assert!(parse(LINE.replace("-01", "-00").as_bytes()).is_ok());
    }

    #[test]
    fn dashes_stand_in_their_places() {
        // The same length, but a digit has moved from one field to another.
        for line in [
            "00-4bf92f3577b34da6a3ce929d0e0e47360-0f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-701",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01-",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        ] {
            assert_eq!(line.len(), LENGTH);
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn several_lines_are_invalid_even_if_they_agree() {
        let line = LINE.as_bytes();
        assert_eq!(read(&[]), None);
        assert!(read(&[line]).unwrap().is_ok());
        assert_eq!(read(&[line, line]), Some(Err(Defect::Duplicated)));
        assert_eq!(read(&[line, b""]), Some(Err(Defect::Duplicated)));
    }

    #[test]
    fn lines_that_proxies_joined_are_invalid() {
        let joined = format!("{LINE}, {LINE}");
        assert_eq!(parse(joined.as_bytes()), Err(Defect::Length));
        assert_eq!(parse(b""), Err(Defect::Version));
    }

    #[test]
    fn whitespace_around_the_value_is_not_part_of_it() {
        let line = format!("\t {LINE} \t");
        let context = parse(line.as_bytes()).unwrap();
        assert!(is_canonical(line.as_bytes(), &context));
    }
}
