//! Rules as they stand in the options of descriptors (buf/validate/validate.proto).

use std::borrow::Cow;
use std::fmt::Write;

use kit::policy::Findings;
use regex_lite::Regex;

use super::range::{Bound, Range};
use super::test::{Size, Test};
use super::{Check, Ignore, Rules, form};
use crate::protobuf::types::{Kind, WellKnown};
use crate::protobuf::value::Scalar;
use crate::protobuf::wire::{Malformed, Payload, Record, Records};

/// What rules are for.
#[derive(Debug, Clone, Copy)]
pub(in crate::protobuf) enum Subject {
    Value(Element),
    List(Element),
    Map { key: Element, value: Element },
}

/// The type of a value, and its well-known type where it is one.
pub(in crate::protobuf) type Element = (Kind, Option<WellKnown>);

/// Where rules stand, and what of them is not looked at.
#[derive(Debug)]
pub(in crate::protobuf) struct Place<'n> {
    /// The full name of the message, and of the field or the oneof in it.
    pub(in crate::protobuf) name: &'n str,
    pub(in crate::protobuf) notes: &'n mut Findings,
}

/// What is asked of a message.
#[derive(Debug, Default)]
pub(in crate::protobuf) struct MessageRules {
    /// The names of fields of which one at most may be there, and whether one has to be.
    pub(in crate::protobuf) exclusive: Vec<(Vec<String>, bool)>,
}

impl Place<'_> {
    /// Notes a rule that is not looked at.
    pub(in crate::protobuf) fn unchecked(&mut self, rule: &str, why: &str) {
        let message = format!("`{}`: the rule `{rule}` is not checked: {why}", self.name);
        self.notes.add("", message);
    }
}

const CEL: &str = "expressions in CEL are not evaluated";
const CLOCK: &str = "it depends on the time at which a message is read";
const ANOTHER_TYPE: &str = "the field has another type";
const UNKNOWN: &str = "it is not a rule of protovalidate that is known here";
const UNREADABLE: &str = "it cannot be read";

impl MessageRules {
    /// Reads `buf.validate.message`.
    pub(in crate::protobuf) fn read(octets: &[u8], place: &mut Place<'_>) -> Self {
        let mut rules = Self::default();
        let read = each(octets, |record| match (record.number, record.payload) {
            (3 | 5, _) => place.unchecked("cel", CEL),
            (4, Payload::Octets(octets)) => {
                let mut names = Vec::new();
                let mut required = false;
                let read = each(octets, |record| match (record.number, record.payload) {
                    (1, Payload::Octets(name)) => {
                        names.push(String::from_utf8_lossy(name).into_owned());
                    }
                    (2, payload) => required = is_true(payload),
                    _ => {}
                });
                match read {
                    Ok(()) => rules.exclusive.push((names, required)),
                    Err(_) => place.unchecked("oneof", UNREADABLE),
                }
            }
            // Rules were once switched off with this.
            (1, _) => place.unchecked("disabled", UNKNOWN),
            _ => place.unchecked("unknown", UNKNOWN),
        });
        if read.is_err() {
            place.unchecked("unknown", UNREADABLE);
        }
        rules
    }
}

impl Rules {
    /// Reads `buf.validate.field`.
    pub(in crate::protobuf) fn read(octets: &[u8], of: Subject, place: &mut Place<'_>) -> Self {
        let mut rules = Self::default();
        let mut typed: Vec<(u32, Vec<u8>)> = Vec::new();
        let read = each(octets, |record| match (record.number, record.payload) {
            (23 | 29, _) => place.unchecked("cel", CEL),
            (25, payload) => rules.required = is_true(payload),
            (27, Payload::Varint(ignore)) => {
                rules.ignore = match ignore {
                    1 => Ignore::IfZero,
                    3 => Ignore::Always,
                    _ => Ignore::Never,
                };
            }
            // One oneof: the last member counts, and one that comes in parts is merged.
            (number, Payload::Octets(octets)) if type_name(number).is_some() => {
                typed.retain(|(own, _)| *own == number);
                match typed.first_mut() {
                    Some((_, own)) => own.extend_from_slice(octets),
                    None => typed.push((number, octets.to_vec())),
                }
            }
            _ => place.unchecked("unknown", UNKNOWN),
        });
        let read = read.and_then(|()| {
            typed
                .iter()
                .try_for_each(|(number, octets)| rules.read_type(*number, octets, of, place))
        });
        if read.is_err() {
            place.unchecked("unknown", UNREADABLE);
        }
        rules
    }

    fn read_type(
        &mut self,
        number: u32,
        octets: &[u8],
        of: Subject,
        place: &mut Place<'_>,
    ) -> Result<(), Malformed> {
        let name = type_name(number).unwrap_or_default();
        match (of, number) {
            (Subject::List(element), 18) => self.read_list(octets, element, place),
            (Subject::Map { key, value }, 19) => self.read_map(octets, key, value, place),
            (Subject::Value(element), _) if type_number(element) == Some(number) => {
                self.read_value(name, octets, element, place)
            }
            _ => {
                place.unchecked(name, ANOTHER_TYPE);
                Ok(())
            }
        }
    }

    fn read_list(
        &mut self,
        octets: &[u8],
        element: Element,
        place: &mut Place<'_>,
    ) -> Result<(), Malformed> {
        let mut items = Vec::new();
        each(octets, |record| match (record.number, record.payload) {
            (1, Payload::Varint(least)) => {
                let detail = format!("must have at least {least} elements");
                self.add("repeated.min_items", detail, Test::Count(at_least(least)));
            }
            (2, Payload::Varint(most)) => {
                let detail = format!("must have at most {most} elements");
                self.add("repeated.max_items", detail, Test::Count(at_most(most)));
            }
            (3, payload) if is_true(payload) && element.0.message().is_some() => {
                place.unchecked("repeated.unique", "messages are not compared");
            }
            (3, payload) if is_true(payload) => {
                self.add(
                    "repeated.unique",
                    "must have no element twice",
                    Test::Unique,
                );
            }
            (4, Payload::Octets(octets)) => items.extend_from_slice(octets),
            (3, _) => {}
            _ => place.unchecked("repeated.unknown", UNKNOWN),
        })?;
        self.elements = Self::read_elements(&items, element, place);
        Ok(())
    }

    fn read_map(
        &mut self,
        octets: &[u8],
        key: Element,
        value: Element,
        place: &mut Place<'_>,
    ) -> Result<(), Malformed> {
        let mut keys = Vec::new();
        let mut values = Vec::new();
        each(octets, |record| match (record.number, record.payload) {
            (1, Payload::Varint(least)) => {
                let detail = format!("must have at least {least} entries");
                self.add("map.min_pairs", detail, Test::Count(at_least(least)));
            }
            (2, Payload::Varint(most)) => {
                let detail = format!("must have at most {most} entries");
                self.add("map.max_pairs", detail, Test::Count(at_most(most)));
            }
            (4, Payload::Octets(octets)) => keys.extend_from_slice(octets),
            (5, Payload::Octets(octets)) => values.extend_from_slice(octets),
            _ => place.unchecked("map.unknown", UNKNOWN),
        })?;
        self.keys = Self::read_elements(&keys, key, place);
        self.elements = Self::read_elements(&values, value, place);
        Ok(())
    }

    fn read_elements(octets: &[u8], element: Element, place: &mut Place<'_>) -> Option<Box<Self>> {
        let rules = Self::read(octets, Subject::Value(element), place);
        let says_something = !rules.ask_nothing() || rules.ignore_all();
        says_something.then(|| Box::new(rules))
    }

    fn read_value(
        &mut self,
        name: &'static str,
        octets: &[u8],
        (kind, well_known): Element,
        place: &mut Place<'_>,
    ) -> Result<(), Malformed> {
        match (kind, well_known) {
            (_, Some(WellKnown::Wrapper(kind))) => {
                self.read_value(name, octets, (kind, None), place)
            }
            (Kind::String, _) => self.read_text(octets, place),
            (Kind::Bytes, _) => self.read_octets(octets, place),
            (_, Some(WellKnown::FieldMask)) => self.read_paths(octets, place),
            _ => self.read_number(name, octets, (kind, well_known), place),
        }
    }

    /// Rules of numbers, and of what is compared as numbers are.
    fn read_number(
        &mut self,
        name: &'static str,
        octets: &[u8],
        element: Element,
        place: &mut Place<'_>,
    ) -> Result<(), Malformed> {
        let mut range = Bounds::default();
        let mut one_of = Vec::new();
        let mut none_of = Vec::new();
        each(octets, |record| {
            let rule = number_rule(element, record.number);
            let mut literals = literals(element, record.payload);
            match rule {
                "const" => {
                    if let Some(own) = literals.pop() {
                        let detail = format!("must be {}", shown(&own, element));
                        self.add(format!("{name}.const"), detail, Test::Equals(own));
                    }
                }
                "lt" | "lte" => range.high = literals.pop().map(|at| bound(at, rule)),
                "gt" | "gte" => range.low = literals.pop().map(|at| bound(at, rule)),
                "in" => one_of.append(&mut literals),
                "not_in" => none_of.append(&mut literals),
                "finite" if is_true(record.payload) => {
                    self.add(format!("{name}.finite"), "must be finite", Test::Finite);
                }
                "defined_only" if is_true(record.payload) => {
                    if let Kind::Enum(id) = element.0 {
                        let detail = "must be a declared value";
                        self.add("enum.defined_only", detail, Test::Defined(id));
                    }
                }
                "lt_now" | "gt_now" if !is_true(record.payload) => {}
                "lt_now" | "gt_now" | "within" => place.unchecked(&format!("{name}.{rule}"), CLOCK),
                "finite" | "defined_only" | "example" => {}
                _ => place.unchecked(&format!("{name}.unknown"), UNKNOWN),
            }
        })?;
        self.add_range(name, range, element);
        self.add_lists(name, one_of, none_of, element);
        Ok(())
    }

    fn read_text(&mut self, octets: &[u8], place: &mut Place<'_>) -> Result<(), Malformed> {
        let element = (Kind::String, None);
        let mut one_of = Vec::new();
        let mut none_of = Vec::new();
        let mut header = None;
        let mut is_strict = true;
        each(octets, |record| match (record.number, record.payload) {
            (2 | 3 | 4 | 5 | 19 | 20, Payload::Varint(size)) => {
                let (rule, size, unit) = match record.number {
                    2 => ("min_len", at_least(size), "characters"),
                    3 => ("max_len", at_most(size), "characters"),
                    19 => ("len", exactly(size), "characters"),
                    4 => ("min_bytes", at_least(size), "octets"),
                    5 => ("max_bytes", at_most(size), "octets"),
                    _ => ("len_bytes", exactly(size), "octets"),
                };
                let test = match unit {
                    "characters" => Test::Characters(size),
                    _ => Test::Octets(size),
                };
                self.add(format!("string.{rule}"), sized(size, unit), test);
            }
            (1, Payload::Octets(octets)) => {
                let own = text(octets);
                let detail = format!("must be {}", shown(&own, element));
                self.add("string.const", detail, Test::Equals(own));
            }
            (6, Payload::Octets(octets)) => self.add_pattern("string.pattern", octets, place),
            (7, Payload::Octets(octets)) => self.add_part("string.prefix", octets),
            (8, Payload::Octets(octets)) => self.add_part("string.suffix", octets),
            (9, Payload::Octets(octets)) => self.add_part("string.contains", octets),
            (23, Payload::Octets(octets)) => self.add_part("string.not_contains", octets),
            (10, Payload::Octets(octets)) => one_of.push(text(octets)),
            (11, Payload::Octets(octets)) => none_of.push(text(octets)),
            (24, Payload::Varint(form)) => header = Some(form),
            (25, payload) => is_strict = is_true(payload),
            (34, _) => {}
            (number, payload) => match text_form(number) {
                Some(_) if !is_true(payload) => {}
                Some((rule, what, test)) => self.add_form(rule, what, Test::Form(test)),
                None => place.unchecked("string.unknown", UNKNOWN),
            },
        })?;
        match header {
            Some(1) => {
                let test = if is_strict {
                    form::header_name
                } else {
                    form::loose_header
                };
                let rule = "string.well_known_regex.header_name";
                self.add_form(rule, "a field name of HTTP", Test::Form(test));
            }
            Some(2) => {
                let test = if is_strict {
                    form::header_value
                } else {
                    form::loose_header
                };
                let detail = "must be a field value of HTTP";
                self.add(
                    "string.well_known_regex.header_value",
                    detail,
                    Test::Form(test),
                );
            }
            _ => {}
        }
        self.add_lists("string", one_of, none_of, element);
        Ok(())
    }

    fn read_octets(&mut self, octets: &[u8], place: &mut Place<'_>) -> Result<(), Malformed> {
        let element = (Kind::Bytes, None);
        let mut one_of = Vec::new();
        let mut none_of = Vec::new();
        each(octets, |record| match (record.number, record.payload) {
            (2 | 3 | 13, Payload::Varint(size)) => {
                let (rule, size) = match record.number {
                    2 => ("bytes.min_len", at_least(size)),
                    3 => ("bytes.max_len", at_most(size)),
                    _ => ("bytes.len", exactly(size)),
                };
                self.add(rule, sized(size, "octets"), Test::Octets(size));
            }
            (1, Payload::Octets(octets)) => {
                let own = blob(octets);
                let detail = format!("must be {}", shown(&own, element));
                self.add("bytes.const", detail, Test::Equals(own));
            }
            (4, Payload::Octets(octets)) => self.add_pattern("bytes.pattern", octets, place),
            (5, Payload::Octets(octets)) => self.add_part("bytes.prefix", octets),
            (6, Payload::Octets(octets)) => self.add_part("bytes.suffix", octets),
            (7, Payload::Octets(octets)) => self.add_part("bytes.contains", octets),
            (8, Payload::Octets(octets)) => one_of.push(blob(octets)),
            (9, Payload::Octets(octets)) => none_of.push(blob(octets)),
            (10 | 11 | 12 | 15, payload) if !is_true(payload) => {}
            (10, _) => self.add_form("bytes.ip", "an IP address", Test::Lengths(&[4, 16])),
            (11, _) => self.add_form("bytes.ipv4", "an IPv4 address", Test::Lengths(&[4])),
            (12, _) => self.add_form("bytes.ipv6", "an IPv6 address", Test::Lengths(&[16])),
            (15, _) => self.add_form("bytes.uuid", "a UUID", Test::Lengths(&[16])),
            (14, _) => {}
            _ => place.unchecked("bytes.unknown", UNKNOWN),
        })?;
        self.add_lists("bytes", one_of, none_of, element);
        Ok(())
    }

    fn read_paths(&mut self, octets: &[u8], place: &mut Place<'_>) -> Result<(), Malformed> {
        let mut equal = None;
        let mut one_of = Vec::new();
        let mut none_of = Vec::new();
        let own = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        each(octets, |record| match (record.number, record.payload) {
            (1, Payload::Octets(octets)) => {
                let paths: &mut Vec<String> = equal.get_or_insert_default();
                let read = each(octets, |record| {
                    if let (1, Payload::Octets(octets)) = (record.number, record.payload) {
                        paths.push(own(octets));
                    }
                });
                if read.is_err() {
                    place.unchecked("field_mask.const", UNREADABLE);
                }
            }
            (2, Payload::Octets(octets)) => one_of.push(own(octets)),
            (3, Payload::Octets(octets)) => none_of.push(own(octets)),
            (4, _) => {}
            _ => place.unchecked("field_mask.unknown", UNKNOWN),
        })?;
        if let Some(paths) = equal {
            let detail = format!("must have the paths {}", listed(&paths));
            self.add("field_mask.const", detail, Test::PathsEqual(paths));
        }
        if !one_of.is_empty() {
            let detail = format!("must have no paths but {}", listed(&one_of));
            self.add("field_mask.in", detail, Test::PathsIn(one_of));
        }
        if !none_of.is_empty() {
            let detail = format!("must have none of the paths {}", listed(&none_of));
            self.add("field_mask.not_in", detail, Test::PathsNotIn(none_of));
        }
        Ok(())
    }

    fn add(&mut self, id: impl Into<Cow<'static, str>>, detail: impl Into<String>, test: Test) {
        self.checks.push(Check {
            id: id.into(),
            detail: detail.into(),
            test,
        });
    }

    /// A form, of which the empty value is none: that is a rule of its own.
    fn add_form(&mut self, rule: &'static str, what: &str, test: Test) {
        let detail = format!("must be {what}");
        self.add(rule, detail.clone(), test);
        self.add(format!("{rule}_empty"), detail, Test::NotEmpty);
        // A reference that is empty names the document that it is in.
        if rule == "string.uri_ref" {
            self.checks.pop();
        }
    }

    fn add_pattern(&mut self, rule: &'static str, octets: &[u8], place: &mut Place<'_>) {
        match std::str::from_utf8(octets).ok().map(Regex::new) {
            Some(Ok(pattern)) => {
                let detail = format!("must match the pattern `{}`", pattern.as_str());
                self.add(rule, detail, Test::Matches(pattern));
            }
            _ => place.unchecked(rule, "the engine here does not take the pattern"),
        }
    }

    fn add_part(&mut self, rule: &'static str, octets: &[u8]) {
        let own = octets.to_vec();
        let (how, test) = match rule.rsplit('.').next() {
            Some("prefix") => ("begin with", Test::Begins(own)),
            Some("suffix") => ("end with", Test::Ends(own)),
            Some("contains") => ("contain", Test::Contains(own)),
            _ => ("not contain", Test::Lacks(own)),
        };
        let part = if rule.starts_with("bytes") {
            blob(octets)
        } else {
            text(octets)
        };
        let detail = format!("must {how} {}", shown(&part, (Kind::Bytes, None)));
        self.add(rule, detail, test);
    }

    fn add_range(&mut self, name: &str, bounds: Bounds, element: Element) {
        let rules: Vec<&str> = [&bounds.low, &bounds.high]
            .into_iter()
            .flatten()
            .map(|(rule, _)| *rule)
            .collect();
        if rules.is_empty() {
            return;
        }
        let words: Vec<String> = [&bounds.low, &bounds.high]
            .into_iter()
            .flatten()
            .map(|(rule, bound)| format!("{} {}", word(rule), shown(&bound.at, element)))
            .collect();
        let range = Range {
            low: bounds.low.map(|(_, bound)| bound),
            high: bounds.high.map(|(_, bound)| bound),
        };
        let (suffix, between) = if range.is_outside() {
            ("_exclusive", " or ")
        } else {
            ("", " and ")
        };
        let id = format!("{name}.{}{suffix}", rules.join("_"));
        let detail = format!("must be {}", words.join(between));
        self.add(id, detail, Test::InRange(range));
    }

    fn add_lists(
        &mut self,
        name: &str,
        one_of: Vec<Scalar<'static>>,
        none_of: Vec<Scalar<'static>>,
        element: Element,
    ) {
        let show = |list: &[Scalar<'static>]| {
            let shown: Vec<String> = list.iter().map(|own| shown(own, element)).collect();
            listed(&shown)
        };
        if !one_of.is_empty() {
            let detail = format!("must be one of {}", show(&one_of));
            self.add(format!("{name}.in"), detail, Test::OneOf(one_of));
        }
        if !none_of.is_empty() {
            let detail = format!("must be none of {}", show(&none_of));
            self.add(format!("{name}.not_in"), detail, Test::NoneOf(none_of));
        }
    }
}

/// The bounds of a range, with the names of their rules.
#[derive(Default)]
struct Bounds {
    low: Option<(&'static str, Bound)>,
    high: Option<(&'static str, Bound)>,
}

fn bound(at: Scalar<'static>, rule: &'static str) -> (&'static str, Bound) {
    let included = rule.ends_with('e');
    (rule, Bound { at, included })
}

fn word(rule: &str) -> &'static str {
    match rule {
        "lt" => "less than",
        "lte" => "at most",
        "gt" => "more than",
        _ => "at least",
    }
}

fn each<'a>(octets: &'a [u8], mut then: impl FnMut(Record<'a>)) -> Result<(), Malformed> {
    let mut records = Records::of(octets);
    while let Some(record) = records.next()? {
        then(record);
    }
    Ok(())
}

fn is_true(payload: Payload<'_>) -> bool {
    matches!(payload, Payload::Varint(value) if value != 0)
}

fn at_least(least: u64) -> Size {
    Size {
        least,
        most: u64::MAX,
    }
}

fn at_most(most: u64) -> Size {
    Size { least: 0, most }
}

fn exactly(size: u64) -> Size {
    Size {
        least: size,
        most: size,
    }
}

fn sized(size: Size, unit: &str) -> String {
    match (size.least, size.most) {
        (least, u64::MAX) => format!("must have at least {least} {unit}"),
        (0, most) => format!("must have at most {most} {unit}"),
        (size, _) => format!("must have {size} {unit}"),
    }
}

fn text(octets: &[u8]) -> Scalar<'static> {
    Scalar::Text(String::from_utf8_lossy(octets).into_owned().into())
}

fn blob(octets: &[u8]) -> Scalar<'static> {
    Scalar::Octets(octets.to_vec().into())
}

/// A value of a rule, for people.
fn shown(value: &Scalar<'_>, (_, well_known): Element) -> String {
    match (value, well_known) {
        (Scalar::Integer(nanoseconds), Some(WellKnown::Duration)) => seconds(*nanoseconds),
        (Scalar::Integer(nanoseconds), Some(WellKnown::Timestamp)) => {
            format!("{} after 1970-01-01T00:00:00Z", seconds(*nanoseconds))
        }
        (Scalar::Integer(value), _) => value.to_string(),
        (Scalar::Real(value), _) => value.to_string(),
        (Scalar::Bool(value), _) => value.to_string(),
        (Scalar::Text(value), _) => format!("`{value}`"),
        (Scalar::Octets(value), _) => value.iter().fold("0x".to_owned(), |mut hex, octet| {
            let _ = write!(hex, "{octet:02x}");
            hex
        }),
    }
}

fn seconds(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let whole = nanoseconds.unsigned_abs() / 1_000_000_000;
    let part = format!("{:09}", nanoseconds.unsigned_abs() % 1_000_000_000);
    match part.trim_end_matches('0') {
        "" => format!("{sign}{whole} s"),
        part => format!("{sign}{whole}.{part} s"),
    }
}

/// So many of a list are told.
const MOST_LISTED: usize = 16;

fn listed(list: &[String]) -> String {
    let told = list.iter().take(MOST_LISTED).cloned().collect::<Vec<_>>();
    let more = if list.len() > MOST_LISTED {
        ", …"
    } else {
        ""
    };
    format!("{}{more}", told.join(", "))
}

/// The values that a payload is, of which there are several where it is packed.
fn literals((kind, well_known): Element, payload: Payload<'_>) -> Vec<Scalar<'static>> {
    match (kind, well_known, payload) {
        (_, Some(WellKnown::Duration | WellKnown::Timestamp), Payload::Octets(octets)) => {
            nanoseconds(octets).into_iter().collect()
        }
        (_, Some(WellKnown::Any), Payload::Octets(octets)) => vec![text(octets)],
        (_, _, Payload::Octets(octets)) => {
            let mut packed = Records::of(octets);
            let read = match kind {
                Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Records::packed_fixed64,
                Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Records::packed_fixed32,
                _ => Records::packed_varint,
            };
            let next = || packed.next_packed(read).ok().flatten();
            std::iter::from_fn(next)
                .filter_map(|payload| Scalar::number(kind, payload))
                .collect()
        }
        (_, _, payload) => Scalar::number(kind, payload).into_iter().collect(),
    }
}

/// A duration or a timestamp as nanoseconds.
fn nanoseconds(octets: &[u8]) -> Option<Scalar<'static>> {
    let mut seconds = 0_i128;
    let mut nanoseconds = 0_i128;
    each(octets, |record| {
        let kind = if record.number == 1 {
            Kind::Int64
        } else {
            Kind::Int32
        };
        match (record.number, Scalar::number(kind, record.payload)) {
            (1, Some(Scalar::Integer(value))) => seconds = value,
            (2, Some(Scalar::Integer(value))) => nanoseconds = value,
            _ => {}
        }
    })
    .ok()?;
    Some(Scalar::Integer(seconds * 1_000_000_000 + nanoseconds))
}

/// The number that the rules for a type have among the fields of `buf.validate.FieldRules`.
fn type_number((kind, well_known): Element) -> Option<u32> {
    Some(match (kind, well_known) {
        (_, Some(WellKnown::Wrapper(kind))) => return type_number((kind, None)),
        (_, Some(WellKnown::Any)) => 20,
        (_, Some(WellKnown::Duration)) => 21,
        (_, Some(WellKnown::Timestamp)) => 22,
        (_, Some(WellKnown::FieldMask)) => 28,
        (Kind::Float, _) => 1,
        (Kind::Double, _) => 2,
        (Kind::Int32, _) => 3,
        (Kind::Int64, _) => 4,
        (Kind::Uint32, _) => 5,
        (Kind::Uint64, _) => 6,
        (Kind::Sint32, _) => 7,
        (Kind::Sint64, _) => 8,
        (Kind::Fixed32, _) => 9,
        (Kind::Fixed64, _) => 10,
        (Kind::Sfixed32, _) => 11,
        (Kind::Sfixed64, _) => 12,
        (Kind::Bool, _) => 13,
        (Kind::String, _) => 14,
        (Kind::Bytes, _) => 15,
        (Kind::Enum(_), _) => 16,
        (Kind::Message(_) | Kind::Group(_), _) => return None,
    })
}

/// The fields of the oneof `type` of `buf.validate.FieldRules`.
fn type_name(number: u32) -> Option<&'static str> {
    Some(match number {
        1 => "float",
        2 => "double",
        3 => "int32",
        4 => "int64",
        5 => "uint32",
        6 => "uint64",
        7 => "sint32",
        8 => "sint64",
        9 => "fixed32",
        10 => "fixed64",
        11 => "sfixed32",
        12 => "sfixed64",
        13 => "bool",
        14 => "string",
        15 => "bytes",
        16 => "enum",
        18 => "repeated",
        19 => "map",
        20 => "any",
        21 => "duration",
        22 => "timestamp",
        28 => "field_mask",
        _ => return None,
    })
}

/// The name of a rule for numbers and what is like them.
fn number_rule((kind, well_known): Element, number: u32) -> &'static str {
    const NUMBER: [&str; 8] = ["", "const", "lt", "lte", "gt", "gte", "in", "not_in"];
    let plain = |number: u32| {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        NUMBER.get(place).copied().unwrap_or_default()
    };
    match (kind, well_known, number) {
        (_, Some(WellKnown::Any), 2 | 3) => plain(number + 4),
        (_, Some(WellKnown::Any), _) => "",
        (_, Some(WellKnown::Timestamp), 7) => "lt_now",
        (_, Some(WellKnown::Timestamp), 8) => "gt_now",
        (_, Some(WellKnown::Timestamp), 9) => "within",
        (_, Some(WellKnown::Timestamp), 10)
        | (_, Some(WellKnown::Duration), 9)
        | (Kind::Bool, None, 2)
        | (Kind::Enum(_), None, 5)
        | (Kind::Float | Kind::Double, None, 9) => "example",
        (_, Some(_), _) => plain(number.saturating_sub(1)),
        (Kind::Enum(_), _, 2) => "defined_only",
        (Kind::Enum(_), _, 3 | 4) => plain(number + 3),
        (Kind::Bool | Kind::Enum(_), _, 2..) => "",
        (Kind::Float | Kind::Double, _, 8) => "finite",
        (_, _, 8) => "example",
        _ => plain(number),
    }
}

type Form = fn(&str) -> bool;

/// The forms of texts: their rules, their names for people, and their tests.
fn text_form(number: u32) -> Option<(&'static str, &'static str, Form)> {
    Some(match number {
        12 => ("string.email", "an email address", form::email),
        13 => ("string.hostname", "a hostname", form::hostname),
        14 => ("string.ip", "an IP address", form::ip),
        15 => ("string.ipv4", "an IPv4 address", form::ipv4),
        16 => ("string.ipv6", "an IPv6 address", form::ipv6),
        17 => ("string.uri", "a URI", form::uri),
        18 => ("string.uri_ref", "a URI reference", form::uri_ref),
        21 => (
            "string.address",
            "a hostname or an IP address",
            form::address,
        ),
        22 => ("string.uuid", "a UUID", form::uuid),
        26 => (
            "string.ip_with_prefixlen",
            "an IP address with the length of a prefix",
            form::ip_with_prefixlen,
        ),
        27 => (
            "string.ipv4_with_prefixlen",
            "an IPv4 address with the length of a prefix",
            form::ipv4_with_prefixlen,
        ),
        28 => (
            "string.ipv6_with_prefixlen",
            "an IPv6 address with the length of a prefix",
            form::ipv6_with_prefixlen,
        ),
        29 => ("string.ip_prefix", "an IP prefix", form::ip_prefix),
        30 => ("string.ipv4_prefix", "an IPv4 prefix", form::ipv4_prefix),
        31 => ("string.ipv6_prefix", "an IPv6 prefix", form::ipv6_prefix),
        32 => (
            "string.host_and_port",
            "a host and a port",
            form::host_and_port,
        ),
        33 => ("string.tuuid", "a UUID without hyphens", form::tuuid),
        35 => ("string.ulid", "a ULID", form::ulid),
        37 => (
            "string.protobuf_fqn",
            "the full name of a type",
            form::protobuf_fqn,
        ),
        38 => (
            "string.protobuf_dot_fqn",
            "the full name of a type after a dot",
            form::protobuf_dot_fqn,
        ),
        _ => return None,
    })
}
