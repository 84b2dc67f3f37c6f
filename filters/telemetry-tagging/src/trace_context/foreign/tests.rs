use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const TRACE: u128 = 0x80f1_98ee_5634_3ba8_64fe_8b2a_57d3_eff7;
const SPAN: u64 = 0xe457_b5a2_e4d8_6bd1;

fn extract_from(format: Format, fields: &[(&'static str, &str)]) -> Option<Extracted> {
    let lookup = |name: &'static str| {
        let own = fields.iter().find(|(own, _)| *own == name)?;
        Some(own.1.as_bytes())
    };
    format.extract(&lookup)
}

fn one(format: Format, value: &str) -> Option<Extracted> {
    let name = format.fields().first().unwrap();
    extract_from(format, &[(name, value)])
}

fn ids(trace: u128, span: u64, sampled: Option<bool>) -> Extracted {
    Extracted {
        trace_id: Some(TraceId::new(trace).unwrap()),
        span_id: SpanId::new(span),
        sampled,
    }
}

fn state(sampled: bool) -> Extracted {
    Extracted {
        sampled: Some(sampled),
        ..Extracted::default()
    }
}

fn context(sampled: bool) -> SpanContext {
    SpanContext {
        trace_id: TraceId::new(TRACE).unwrap(),
        span_id: SpanId::new(SPAN).unwrap(),
        sampled,
        random: false,
    }
}

fn injected(format: Format, context: &SpanContext) -> Vec<(&'static str, String)> {
    let fields = format.inject(context).into_iter();
    fields
        .filter_map(|(name, value)| Some((name, String::from_utf8(value?).unwrap())))
        .collect()
}

#[test]
fn b3_in_one_field_names_ids_and_state() {
    let ids_text = "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1";
    for (rest, sampled) in [
        ("", None),
        ("-1", Some(true)),
        ("-0", Some(false)),
        ("-d", Some(true)),
        ("-1-05e3ac9a4f6e3b90", Some(true)),
    ] {
        let value = format!("{ids_text}{rest}");
        assert_eq!(
            one(Format::B3Single, &value),
            Some(ids(TRACE, SPAN, sampled)),
            "{value}"
        );
    }
}

#[test]
fn b3_in_one_field_may_be_the_state_alone() {
    assert_eq!(one(Format::B3Single, "0"), Some(state(false)));
    assert_eq!(one(Format::B3Single, "1"), Some(state(true)));
    assert_eq!(one(Format::B3Single, "d"), Some(state(true)));
}

#[test]
fn what_is_no_b3_says_nothing() {
    let trace = "80f198ee56343ba864fe8b2a57d3eff7";
    let span = "e457b5a2e4d86bd1";
    for value in [
        "",
        "x",
        "-",
        trace,
        &format!("{trace}-"),
        &format!("{trace}-{span}-"),
        &format!("{trace}-{span}-2"),
        &format!("{trace}-{span}-1-"),
        &format!("{trace}-{span}-1-05e3ac9a4f6e3b90-x"),
        &format!("{trace}f-{span}-1"),
        &format!("{trace}-{span}f-1"),
        &format!("{trace}-{}-1", &span[1..]),
        &format!("{}-{span}-1", &trace[1..]),
        &format!("{:032}-{span}-1", 0),
        &format!("{trace}-{:016}-1", 0),
        &format!("{}g-{span}-1", &trace[1..]),
    ] {
        assert_eq!(one(Format::B3Single, value), None, "{value}");
    }
}

#[test]
fn ids_of_64_bits_are_padded_on_the_left() {
    let low = 0x64fe_8b2a_57d3_eff7;
    assert_eq!(
        one(Format::B3Single, "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1"),
        Some(ids(low, SPAN, Some(true)))
    );
    assert_eq!(
        one(Format::Jaeger, "64fe8b2a57d3eff7:e457b5a2e4d86bd1:0:1"),
        Some(ids(low, SPAN, Some(true)))
    );
    let multi = [
        ("x-b3-traceid", "64fe8b2a57d3eff7"),
        ("x-b3-spanid", "e457b5a2e4d86bd1"),
    ];
    assert_eq!(
        extract_from(Format::B3Multi, &multi),
        Some(ids(low, SPAN, None))
    );
}

#[test]
fn b3_in_several_fields_names_ids_and_state() {
    let with = |more: &[(&'static str, &'static str)]| {
        let ids = [
            ("x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7"),
            ("x-b3-spanid", "e457b5a2e4d86bd1"),
            ("x-b3-parentspanid", "05e3ac9a4f6e3b90"),
        ];
        extract_from(Format::B3Multi, &[&ids, more].concat())
    };
    for (more, sampled) in [
        (&[][..], None),
        (&[("x-b3-sampled", "1")], Some(true)),
        (&[("x-b3-sampled", "0")], Some(false)),
        (&[("x-b3-sampled", "true")], Some(true)),
        (&[("x-b3-sampled", "false")], Some(false)),
        (&[("x-b3-sampled", "yes")], None),
        (&[("x-b3-flags", "1")], Some(true)),
        (&[("x-b3-flags", "1"), ("x-b3-sampled", "0")], Some(true)),
        (&[("x-b3-flags", "0"), ("x-b3-sampled", "0")], Some(false)),
    ] {
        assert_eq!(with(more), Some(ids(TRACE, SPAN, sampled)), "{more:?}");
    }
}

#[test]
fn b3_in_several_fields_needs_both_ids_or_the_state_alone() {
    let trace = ("x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7");
    let span = ("x-b3-spanid", "e457b5a2e4d86bd1");
    let sampled = ("x-b3-sampled", "0");
    assert_eq!(extract_from(Format::B3Multi, &[trace]), None);
    assert_eq!(extract_from(Format::B3Multi, &[span]), None);
    assert_eq!(
        extract_from(Format::B3Multi, &[trace, sampled]),
        Some(state(false))
    );
    assert_eq!(
        extract_from(Format::B3Multi, &[sampled]),
        Some(state(false))
    );
    assert_eq!(extract_from(Format::B3Multi, &[]), None);
}

#[test]
fn cloud_trace_writes_span_ids_in_decimal() {
    let trace = "000000000000007b00000000000001c8";
    let number = 0x7b << 64 | 0x1c8;
    for (rest, span, sampled) in [
        ("/789;o=1", 789, Some(true)),
        ("/789;o=0", 789, Some(false)),
        ("/789;o=3", 789, Some(true)),
        ("/789;o=2", 789, Some(false)),
        ("/789;o=", 789, None),
        ("/789", 789, None),
        ("/;o=1", 0, Some(true)),
        ("/;o=", 0, None),
        ("/", 0, None),
        (";o=1", 0, Some(true)),
        (";o=", 0, None),
        ("", 0, None),
        ("/0;o=1", 0, Some(true)),
        ("/18446744073709551615;o=1", u64::MAX, Some(true)),
    ] {
        let value = format!("{trace}{rest}");
        assert_eq!(
            one(Format::CloudTrace, &value),
            Some(ids(number, span, sampled)),
            "{value}"
        );
    }
    for value in [
        "/789;o=1",
        &format!("{trace}0/789"),
        &format!("{trace}/78a"),
        &format!("{trace}/+7"),
        &format!("{trace}/-7"),
        &format!("{trace}/18446744073709551616"),
        &format!("{trace}/789;o=x"),
        &format!("{trace}/789;x=1"),
        &format!("{:032}/789;o=1", 0),
    ] {
        assert_eq!(one(Format::CloudTrace, value), None, "{value}");
    }
}

#[test]
fn amazon_cuts_the_trace_id_in_two() {
    let trace = 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793;
    let span = 0x5399_5c3f_42cd_8ad8;
    let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
    for (rest, span, sampled) in [
        (";Parent=53995c3f42cd8ad8;Sampled=1", span, Some(true)),
        ("; Parent=53995c3f42cd8ad8 ; Sampled=0", span, Some(false)),
        (";Parent=53995c3f42cd8ad8;Sampled=?", span, None),
        (";Sampled=1", 0, Some(true)),
        ("", 0, None),
        (
            ";Parent=x;CalledFrom=app;Lineage=a87bd80c:1|68fd508a:5",
            0,
            None,
        ),
    ] {
        let value = format!("{root}{rest}");
        assert_eq!(
            one(Format::Amazon, &value),
            Some(ids(trace, span, sampled)),
            "{value}"
        );
    }
    let behind_balancers = format!("Self=1-67891234-12456789abcdef012345678;{root}");
    assert_eq!(
        one(Format::Amazon, &behind_balancers),
        Some(ids(trace, 0, None))
    );
    for value in [
        "",
        "Parent=53995c3f42cd8ad8;Sampled=1",
        "Self=1-5759e988-bd862e3fe1be46a994272793",
        "Root=2-5759e988-bd862e3fe1be46a994272793",
        "Root=1-5759e98-8bd862e3fe1be46a994272793",
        "Root=1-5759e98-bd862e3fe1be46a994272793",
        "Root=1-5759e988-bd862e3fe1be46a99427279",
        "Root=1-5759e988bd862e3fe1be46a994272793",
        "Root=1-00000000-000000000000000000000000",
        "Root=",
    ] {
        assert_eq!(one(Format::Amazon, value), None, "{value}");
    }
}

#[test]
fn jaeger_leaves_leading_zeros_out_and_may_be_percent_encoded() {
    for (value, trace, span, sampled) in [
        (
            "80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:0:1",
            TRACE,
            SPAN,
            true,
        ),
        (
            "80f198ee56343ba864fe8b2a57d3eff7%3Ae457b5a2e4d86bd1%3a0%3A1",
            TRACE,
            SPAN,
            true,
        ),
        ("abc:1f:0:0", 0xabc, 0x1f, false),
        ("abc:1f:ffffffffffffffff:01", 0xabc, 0x1f, true),
        ("abc:1f::2", 0xabc, 0x1f, true),
        ("abc:1f:0:3", 0xabc, 0x1f, true),
        ("abc:1f:0:8", 0xabc, 0x1f, false),
    ] {
        assert_eq!(
            one(Format::Jaeger, value),
            Some(ids(trace, span, Some(sampled))),
            "{value}"
        );
    }
    for value in [
        "",
        "abc:1f:0",
        "abc:1f:0:",
        "abc:1f:0:001",
        "abc:1f:0:1:1",
        "0:1f:0:1",
        "abc:0:0:1",
        "abc:10000000000000000:0:1",
        "abc:1f:x:1",
        "abc:1f:0:g",
        "%",
    ] {
        assert_eq!(one(Format::Jaeger, value), None, "{value}");
    }
}

#[test]
fn every_format_is_written_as_its_source_says() {
    let context = context(true);
    for (format, name, value) in [
        (
            Format::B3Single,
            "b3",
            "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1",
        ),
        (
            Format::CloudTrace,
            "x-cloud-trace-context",
            "80f198ee56343ba864fe8b2a57d3eff7/16453819474850114513;o=1",
        ),
        (
            Format::Amazon,
            "x-amzn-trace-id",
            "Root=1-80f198ee-56343ba864fe8b2a57d3eff7;Parent=e457b5a2e4d86bd1;Sampled=1",
        ),
        (
            Format::Jaeger,
            "uber-trace-id",
            "80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:0:1",
        ),
    ] {
        assert_eq!(injected(format, &context), [(name, value.to_owned())]);
    }
    assert_eq!(
        injected(Format::B3Multi, &context),
        [
            (
                "x-b3-traceid",
                "80f198ee56343ba864fe8b2a57d3eff7".to_owned()
            ),
            ("x-b3-spanid", "e457b5a2e4d86bd1".to_owned()),
            ("x-b3-sampled", "1".to_owned()),
        ]
    );
}

#[test]
fn writing_leaves_no_field_of_the_format_as_it_came() {
    for format in Format::ALL {
        let mut written: Vec<_> = format.inject(&context(true)).iter().map(|f| f.0).collect();
        let mut fields = format.fields().to_vec();
        written.sort_unstable();
        fields.sort_unstable();
        assert_eq!(written, fields);
    }
}

#[test]
fn the_first_format_that_names_a_trace_counts() {
    let lookup = |name: &'static str| {
        let value = match name {
            "b3" => "0",
            "uber-trace-id" => "abc:1f:0:1",
            "x-cloud-trace-context" => "80f198ee56343ba864fe8b2a57d3eff7/1;o=0",
            _ => return None,
        };
        Some(value.as_bytes())
    };
    assert_eq!(
        extract(&Format::ALL, &lookup),
        Some(ids(TRACE, 1, Some(false)))
    );
    let jaeger_first = [Format::Jaeger, Format::CloudTrace];
    assert_eq!(
        extract(&jaeger_first, &lookup),
        Some(ids(0xabc, 0x1f, Some(true)))
    );
    assert_eq!(
        extract(&[Format::Amazon, Format::B3Single], &lookup),
        Some(state(false))
    );
    assert_eq!(extract(&[], &lookup), None);
}

#[test]
fn the_first_format_that_says_whether_to_record_counts_where_none_names_a_trace() {
    let lookup = |name: &'static str| match name {
        "b3" => Some(&b"0"[..]),
        "x-b3-sampled" => Some(&b"1"[..]),
        _ => None,
    };
    let formats = [Format::B3Single, Format::B3Multi];
    assert_eq!(extract(&formats, &lookup), Some(state(false)));
}

#[test]
fn fields_of_64_kib_are_read_in_linear_time() {
    let size = 64 * 1024;
    let begin = Instant::now();
    for unit in [
        "a", "-", ":", ";", "=", "%3a", "Root=1-;", "/", ";o=", "0", " ",
    ] {
        let line = unit.repeat(size / unit.len());
        let _ = extract(&Format::ALL, &|_| Some(line.as_bytes()));
    }
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
}

proptest! {
    #[test]
    fn every_format_reads_what_it_writes(trace in 1_u128.., span in 1_u64.., sampled: bool) {
        let context = SpanContext {
            trace_id: TraceId::new(trace).unwrap(),
            span_id: SpanId::new(span).unwrap(),
            sampled,
            random: false,
        };
        for format in Format::ALL {
            let fields = injected(format, &context);
            let lookup = |name: &'static str| {
                let own = fields.iter().find(|(own, _)| *own == name)?;
                Some(own.1.as_bytes())
            };
            prop_assert_eq!(format.extract(&lookup), Some(ids(trace, span, Some(sampled))));
        }
    }

    #[test]
    fn no_octets_make_a_format_panic(value in prop::collection::vec(any::<u8>(), 0..120)) {
        for format in Format::ALL {
            let _ = format.extract(&|_| Some(&value));
        }
    }

    #[test]
    fn nothing_near_the_formats_makes_them_panic(value in "[0-9a-fRots=;:/%?d -]{0,90}") {
        for format in Format::ALL {
            let _ = format.extract(&|_| Some(value.as_bytes()));
        }
    }
}
