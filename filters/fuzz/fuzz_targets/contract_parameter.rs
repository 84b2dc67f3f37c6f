//! A parameter in every style and shape, and octets in its place: nothing panics, the value has the
//! shape that its style can make, and a text that was encoded comes back.

#![no_main]

use arbitrary::Arbitrary;
use contract_validation::openapi::Json;
use contract_validation::parameter::{
    Form, Found, Location, Malformed, Pairs, Parameter, Serialization, Shape, Style, Styled,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

#[derive(Debug, Arbitrary)]
struct Input {
    style: u8,
    explode: bool,
    allow_empty: bool,
    shape: u8,
    name: u8,
    text: String,
    lines: Vec<Vec<u8>>,
}

const NAMES: [&str; 5] = ["id", "filter", "a[b]", "\u{e4}", "x-y.z~"];

impl Input {
    fn styled(&self) -> Styled {
        let name = Style::NAMES[usize::from(self.style) % Style::NAMES.len()];
        Styled {
            style: Style::named(name).expect("one of the names"),
            explode: self.explode,
            allow_empty: self.allow_empty,
            shape: shape(&self.schema()),
        }
    }

    fn schema(&self) -> Value {
        let scalar = match self.shape >> 4 & 3 {
            0 => json!({"type": "string"}),
            1 => json!({"type": "integer"}),
            2 => json!({"type": ["boolean", "null"]}),
            _ => json!(true),
        };
        match self.shape & 3 {
            0 => scalar,
            1 => json!({"type": "array", "items": scalar}),
            2 => json!({"type": "object", "properties": {"R": scalar, "G": scalar}}),
            _ => json!({"type": "object", "additionalProperties": scalar}),
        }
    }

    fn parameter(&self, location: Location, serialization: Serialization) -> Parameter {
        Parameter {
            name: NAMES[usize::from(self.name) % NAMES.len()].to_owned(),
            location,
            required: false,
            serialization,
        }
    }
}

fn shape(schema: &Value) -> Shape {
    let json = Json::of(schema).expect("a small value");
    Shape::of(json.root(), &|_| None)
}

/// A text as a client encodes what is not unreserved (RFC 3986 section 2.3).
fn encoded(text: &str) -> String {
    let encode = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(octet).to_string(),
        _ => format!("%{octet:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Whether a value is what its shape can be read as: a text of its own, or what is declared.
fn check(found: &Result<Found, Malformed>, shape: &Shape) {
    match found {
        Ok(Found::Value(Value::Object(_))) => assert!(!shape.is_array()),
        Ok(Found::Value(Value::Array(_))) => assert!(!shape.is_object()),
        Ok(_) => {}
        Err(fault) => assert!(!fault.detail().is_empty()),
    }
}

fn check_read(input: &Input, styled: &Styled) {
    let lines = || input.lines.iter().map(Vec::as_slice);
    let parameter = |location| input.parameter(location, Serialization::Styled(styled.clone()));
    // A contract in which the style is not defined there does not load.
    let check = |location, found: Result<Found, Malformed>| {
        let fault = styled.style.fault(location, styled.explode, &styled.shape);
        if fault.is_none() {
            check(&found, &styled.shape);
        }
    };
    let path = parameter(Location::Path).in_path(&input.text);
    check(Location::Path, path);
    let header = parameter(Location::Header).in_header(lines());
    check(Location::Header, header);
    for claims in [false, true] {
        if let Ok(query) = Pairs::query(&input.text) {
            let found = parameter(Location::Query).in_query(&query, &|_| claims);
            check(Location::Query, found);
        }
        if let Ok(cookies) = Pairs::cookies(lines()) {
            let found = parameter(Location::Cookie).in_cookies(&cookies, &|_| claims);
            check(Location::Cookie, found);
        }
    }
    let form = Form {
        fields: vec![parameter(Location::Query)],
        others: Some(Shape::anything()),
    };
    if let Ok(value) = form.read(&input.text) {
        assert!(value.is_object());
    }
    for serialization in [
        Serialization::Json,
        Serialization::Text,
        Serialization::Undefined,
        Serialization::Form(form),
    ] {
        let parameter = input.parameter(Location::QueryString, serialization);
        let _ = parameter.in_query_string(&input.text);
        let _ = parameter.in_path(&input.text);
        let _ = parameter.in_header(lines());
    }
}

/// Text is text, whatever is in it.
fn check_text(input: &Input) {
    let text = |style, explode| {
        Serialization::Styled(Styled {
            style,
            explode,
            allow_empty: false,
            shape: shape(&json!({"type": "string"})),
        })
    };
    let is_text = Ok(Found::Value(Value::from(input.text.as_str())));
    let raw = encoded(&input.text);
    let path = input.parameter(Location::Path, text(Style::Simple, input.explode));
    assert_eq!(path.in_path(&raw), is_text);
    let query = input.parameter(Location::Query, text(Style::Form, input.explode));
    let pair = format!("other=1&{}={raw}&&more", encoded(&query.name));
    let pairs = Pairs::query(&pair).expect("it is encoded well");
    assert_eq!(query.in_query(&pairs, &|_| false), is_text);
    let twice = format!("{pair}&{pair}");
    let pairs = Pairs::query(&twice).expect("it is encoded well");
    assert_eq!(query.in_query(&pairs, &|_| false), Err(Malformed::Repeated));
}

fuzz_target!(|input: Input| {
    check_read(&input, &input.styled());
    check_text(&input);
});
