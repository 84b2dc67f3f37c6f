use super::*;
use crate::openapi::Json;
use proptest::prelude::*;
use serde_json::json;

/// What a schema without references declares.
fn shape(schema: &Value) -> Shape {
    let schema = Json::of(schema).expect("a value");
    Shape::of(schema.root(), &|_| None)
}

/// A parameter `color` of the style, declared by a schema.
fn parameter(style: &str, explode: bool, location: Location, schema: &Value) -> Parameter {
    let style = Style::named(style).expect("a style");
    let shape = shape(schema);
    assert_eq!(style.fault(location, explode, &shape), None);
    Parameter {
        name: "color".to_owned(),
        location,
        required: false,
        serialization: Serialization::Styled(Styled {
            style,
            explode,
            allow_empty: false,
            shape,
        }),
    }
}

fn read(parameter: &Parameter, raw: &str) -> Result<Found, Malformed> {
    let none = |_: &str| false;
    match parameter.location {
        Location::Path => parameter.in_path(raw),
        Location::Query => parameter.in_query(&Pairs::query(raw)?, &none),
        Location::QueryString => parameter.in_query_string(raw),
        Location::Header => parameter.in_header([raw.as_bytes()]),
        Location::Cookie => parameter.in_cookies(&Pairs::cookies([raw.as_bytes()])?, &none),
    }
}

fn string() -> Value {
    json!({"type": "string"})
}

fn array() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

fn object() -> Value {
    json!({"type": "object", "additionalProperties": {"type": "integer"}})
}

/// OAS 3.2.0 section 4.12.2.4, Style Examples: the empty string, a string, an array and an object;
/// empty where the standard says n/a.
const EXAMPLES: [(&str, bool, &str, [&str; 4]); 15] = [
    (
        "matrix",
        false,
        "path",
        [
            ";color",
            ";color=blue",
            ";color=blue,black,brown",
            ";color=R,100,G,200,B,150",
        ],
    ),
    (
        "matrix",
        true,
        "path",
        [
            ";color",
            ";color=blue",
            ";color=blue;color=black;color=brown",
            ";R=100;G=200;B=150",
        ],
    ),
    (
        "label",
        false,
        "path",
        [".", ".blue", ".blue,black,brown", ".R,100,G,200,B,150"],
    ),
    (
        "label",
        true,
        "path",
        [".", ".blue", ".blue.black.brown", ".R=100.G=200.B=150"],
    ),
    (
        "simple",
        false,
        "path",
        ["", "blue", "blue,black,brown", "R,100,G,200,B,150"],
    ),
    (
        "simple",
        true,
        "path",
        ["", "blue", "blue,black,brown", "R=100,G=200,B=150"],
    ),
    (
        "simple",
        false,
        "header",
        ["", "blue", "blue,black,brown", "R,100,G,200,B,150"],
    ),
    (
        "simple",
        true,
        "header",
        ["", "blue", "blue,black,brown", "R=100,G=200,B=150"],
    ),
    (
        "form",
        false,
        "query",
        [
            "color=",
            "color=blue",
            "color=blue,black,brown",
            "color=R,100,G,200,B,150",
        ],
    ),
    (
        "form",
        true,
        "query",
        [
            "color=",
            "color=blue",
            "color=blue&color=black&color=brown",
            "R=100&G=200&B=150",
        ],
    ),
    (
        "spaceDelimited",
        false,
        "query",
        [
            "-",
            "-",
            "color=blue%20black%20brown",
            "color=R%20100%20G%20200%20B%20150",
        ],
    ),
    (
        "pipeDelimited",
        false,
        "query",
        [
            "-",
            "-",
            "color=blue%7Cblack%7Cbrown",
            "color=R%7C100%7CG%7C200%7CB%7C150",
        ],
    ),
    (
        "deepObject",
        true,
        "query",
        [
            "-",
            "-",
            "-",
            "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150",
        ],
    ),
    (
        "cookie",
        false,
        "cookie",
        [
            "color=",
            "color=blue",
            "color=blue,black,brown",
            "color=R,100,G,200,B,150",
        ],
    ),
    (
        "cookie",
        true,
        "cookie",
        [
            "color=",
            "color=blue",
            "color=blue; color=black; color=brown",
            "R=100; G=200; B=150",
        ],
    ),
];

#[test]
fn the_examples_of_the_standard_are_read() {
    let values = [
        (string(), json!("")),
        (string(), json!("blue")),
        (array(), json!(["blue", "black", "brown"])),
        (object(), json!({"R": 100, "G": 200, "B": 150})),
    ];
    for (style, explode, location, texts) in EXAMPLES {
        let location = Location::named(location).expect("a location");
        for (text, (schema, value)) in texts.into_iter().zip(&values) {
            if text == "-" {
                let shape = shape(schema);
                let style = Style::named(style).expect("a style");
                assert!(style.fault(location, explode, &shape).is_some());
                continue;
            }
            let parameter = parameter(style, explode, location, schema);
            let found = read(&parameter, text);
            assert_eq!(
                found,
                Ok(Found::Value(value.clone())),
                "{style} {explode} {text}"
            );
        }
    }
}

#[test]
fn what_clients_send_in_place_of_the_examples_is_read() {
    for (style, text) in [
        ("pipeDelimited", "color=blue|black|brown"),
        ("pipeDelimited", "color=blue%7cblack|brown"),
        ("spaceDelimited", "color=blue+black%20brown"),
        ("form", "x=1&color=blue,black,brown&y"),
    ] {
        let parameter = parameter(style, false, Location::Query, &array());
        let expected = json!(["blue", "black", "brown"]);
        assert_eq!(read(&parameter, text), Ok(Found::Value(expected)), "{text}");
    }
    let deep = parameter("deepObject", false, Location::Query, &object());
    let found = read(&deep, "color[R]=100");
    assert_eq!(found, Ok(Found::Value(json!({"R": 100}))));
}

#[test]
fn a_text_has_the_type_that_is_declared_and_no_other() {
    for (schema, text, value) in [
        (json!({"type": "integer"}), "5", json!(5)),
        (json!({"type": "integer"}), "-5", json!(-5)),
        (json!({"type": "integer"}), "5.0", json!("5.0")),
        (json!({"type": "integer"}), "1e2", json!("1e2")),
        (json!({"type": "integer"}), "007", json!("007")),
        (json!({"type": "integer"}), "-", json!("-")),
        (json!({"type": "integer"}), "", json!("")),
        (json!({"type": "integer"}), "%205", json!(" 5")),
        (json!({"type": "integer"}), "5+", json!("5 ")),
        (json!({"type": "integer"}), "%2B5", json!("+5")),
        (
            json!({"type": "integer"}),
            "9007199254740993",
            json!(9_007_199_254_740_993_u64),
        ),
        (json!({"type": "number"}), "5.5", json!(5.5)),
        (json!({"type": "number"}), "1e2", json!(100.0)),
        (json!({"type": "number"}), "1e999", json!("1e999")),
        (json!({"type": "number"}), "NaN", json!("NaN")),
        (json!({"type": "number"}), ".5", json!(".5")),
        (json!({"type": "boolean"}), "true", json!(true)),
        (json!({"type": "boolean"}), "TRUE", json!("TRUE")),
        (json!({"type": "boolean"}), "1", json!("1")),
        (json!({"type": ["integer", "null"]}), "", json!(null)),
        (
            json!({"type": "integer", "nullable": true}),
            "null",
            json!(null),
        ),
        (json!({"nullable": true}), "null", json!("null")),
        (json!({"type": ["integer", "boolean"]}), "true", json!(true)),
        (json!({"type": ["string", "integer"]}), "5", json!("5")),
        (
            json!({"oneOf": [{"type": "integer"}, {"type": "string"}]}),
            "5",
            json!("5"),
        ),
        (
            json!({"oneOf": [{"type": "integer"}, {"type": "boolean"}]}),
            "5",
            json!(5),
        ),
        (json!({"anyOf": [{"type": "integer"}, {}]}), "5", json!("5")),
        (
            json!({"allOf": [{"type": "integer"}, {"minimum": 1}]}),
            "5",
            json!(5),
        ),
        (
            json!({"allOf": [{"type": "number"}, {"type": "integer"}]}),
            "5",
            json!(5),
        ),
        (json!({"enum": [1, 2, 3]}), "2", json!(2)),
        (json!({"enum": [1, "a"]}), "1", json!("1")),
        (json!({"const": true}), "true", json!(true)),
        (json!({"minimum": 1}), "5", json!("5")),
        (json!({}), "5", json!("5")),
        (json!(true), "5", json!("5")),
        (
            json!({"type": ["string", "array"], "items": {"type": "string"}}),
            "a,b",
            json!("a,b"),
        ),
        (
            json!({"type": "array", "items": {"type": "integer"}}),
            "5",
            json!([5]),
        ),
        (
            json!({"type": "array", "items": {"type": "integer"}}),
            "",
            json!([""]),
        ),
        (
            json!({"type": ["array", "null"], "items": {"type": "integer"}}),
            "5",
            json!([5]),
        ),
        (json!({"items": {"type": "boolean"}}), "true", json!([true])),
    ] {
        let parameter = parameter("form", true, Location::Query, &schema);
        let found = read(&parameter, &format!("color={text}"));
        assert_eq!(found, Ok(Found::Value(value)), "{schema} {text}");
    }
}

#[test]
fn a_name_that_may_stand_once_or_several_times_is_read_as_it_stands() {
    let schema = json!({"oneOf": [{"type": "string"}, array()]});
    let parameter = parameter("form", true, Location::Query, &schema);
    let found = read(&parameter, "color=a&color=b");
    assert_eq!(found, Ok(Found::Value(json!(["a", "b"]))));
    assert_eq!(read(&parameter, "color=a"), Ok(Found::Value(json!("a"))));
}

#[test]
fn what_readers_disagree_about_is_malformed() {
    for (style, explode, schema, text, expected) in [
        (
            "form",
            true,
            string(),
            "color=a&color=b",
            Malformed::Repeated,
        ),
        (
            "form",
            false,
            array(),
            "color=a&color=b",
            Malformed::Repeated,
        ),
        ("form", true, object(), "R=1&R=2", Malformed::Repeated),
        (
            "form",
            false,
            object(),
            "color=R,1,R,2",
            Malformed::Repeated,
        ),
        ("form", false, object(), "color=R,1,G", Malformed::Members),
        (
            "form",
            true,
            string(),
            "color=%zz",
            Malformed::PercentEncoding,
        ),
        (
            "form",
            true,
            string(),
            "color=%4",
            Malformed::PercentEncoding,
        ),
        (
            "form",
            true,
            string(),
            "color=100%",
            Malformed::PercentEncoding,
        ),
        ("form", true, string(), "%=1", Malformed::PercentEncoding),
        ("form", true, string(), "color=%ff", Malformed::NotUtf8),
        (
            "deepObject",
            true,
            object(),
            "color[R][x]=1",
            Malformed::Members,
        ),
        (
            "deepObject",
            true,
            object(),
            "color[R]=1&color[R]=2",
            Malformed::Repeated,
        ),
    ] {
        let parameter = parameter(style, explode, Location::Query, &schema);
        assert_eq!(read(&parameter, text), Err(expected), "{style} {text}");
    }
    for (style, explode, schema, text, expected) in [
        ("matrix", false, string(), "blue", Malformed::Style),
        ("matrix", false, string(), ";colour=blue", Malformed::Style),
        (
            "matrix",
            true,
            array(),
            ";color=blue;colour=black",
            Malformed::Style,
        ),
        ("label", false, string(), "blue", Malformed::Style),
        ("simple", true, object(), "R,100", Malformed::Members),
        ("simple", false, string(), "%e2%28%a1", Malformed::NotUtf8),
    ] {
        let parameter = parameter(style, explode, Location::Path, &schema);
        assert_eq!(read(&parameter, text), Err(expected), "{style} {text}");
    }
}

#[test]
fn an_encoded_delimiter_is_no_delimiter() {
    let schema = array();
    let query = parameter("form", false, Location::Query, &schema);
    let found = read(&query, "color=a%2Cb,c");
    assert_eq!(found, Ok(Found::Value(json!(["a,b", "c"]))));
    let path = parameter("label", true, Location::Path, &schema);
    let found = read(&path, ".a%2Eb.c");
    assert_eq!(found, Ok(Found::Value(json!(["a.b", "c"]))));
}

#[test]
fn a_plus_is_a_space_in_queries_alone() {
    let query = parameter("form", true, Location::Query, &string());
    assert_eq!(
        read(&query, "color=a+b%2B"),
        Ok(Found::Value(json!("a b+")))
    );
    let path = parameter("simple", false, Location::Path, &string());
    assert_eq!(read(&path, "a+b"), Ok(Found::Value(json!("a+b"))));
}

#[test]
fn members_that_stand_alone_leave_others_theirs() {
    let parameter = parameter("form", true, Location::Query, &object());
    let query = Pairs::query("R=1&limit=2").expect("a query");
    let found = parameter.in_query(&query, &|name| name == "limit");
    assert_eq!(found, Ok(Found::Value(json!({"R": 1}))));
    let found = parameter.in_query(&Pairs::query("limit=2").expect("a query"), &|_| true);
    assert_eq!(found, Ok(Found::Absent));
}

#[test]
fn lines_of_a_list_are_one_list_and_other_headers_have_one_line() {
    let list = parameter("simple", false, Location::Header, &array());
    let found = list.in_header([&b"a , b"[..], b"c%20"]);
    assert_eq!(found, Ok(Found::Value(json!(["a", "b", "c%20"]))));
    assert_eq!(list.in_header([&b""[..]]), Ok(Found::Value(json!([]))));
    let one = parameter("simple", false, Location::Header, &string());
    assert_eq!(
        one.in_header([&b"a, b"[..]]),
        Ok(Found::Value(json!("a, b")))
    );
    assert_eq!(one.in_header([&b"a"[..], b"b"]), Err(Malformed::Repeated));
    assert_eq!(one.in_header([&b"\xff"[..]]), Err(Malformed::NotUtf8));
    assert_eq!(one.in_header([]), Ok(Found::Absent));
}

#[test]
fn cookies_come_in_one_line_or_in_several() {
    let one = parameter("form", false, Location::Cookie, &string());
    for lines in [
        vec![&b"a=1; color=x=%20"[..]],
        vec![b"a=1", b"color=x=%20; b=2"],
    ] {
        let cookies = Pairs::cookies(lines).expect("cookies");
        let found = one.in_cookies(&cookies, &|_| false);
        assert_eq!(found, Ok(Found::Value(json!("x= "))));
    }
    let plain = parameter("cookie", true, Location::Cookie, &string());
    assert_eq!(read(&plain, "color=%20"), Ok(Found::Value(json!("%20"))));
}

#[test]
fn an_empty_value_that_is_allowed_is_not_judged() {
    let mut parameter = parameter("form", true, Location::Query, &json!({"type": "integer"}));
    if let Serialization::Styled(styled) = &mut parameter.serialization {
        styled.allow_empty = true;
    }
    assert_eq!(read(&parameter, "color"), Ok(Found::Empty));
    assert_eq!(read(&parameter, ""), Ok(Found::Absent));
}

#[test]
fn content_is_read_by_its_media_type() {
    let of = |location, serialization| Parameter {
        name: "color".to_owned(),
        location,
        required: false,
        serialization,
    };
    let json_query = of(Location::Query, Serialization::Json);
    let found = read(&json_query, "color=%7B%22R%22%3A100%7D");
    assert_eq!(found, Ok(Found::Value(json!({"R": 100}))));
    assert_eq!(read(&json_query, "color=%7B"), Err(Malformed::NotJson));
    assert_eq!(
        read(&json_query, "color=1&color=2"),
        Err(Malformed::Repeated)
    );
    let whole = of(Location::QueryString, Serialization::Json);
    let found = read(&whole, "%7B%22numbers%22%3A%5B1%2C2%5D%7D");
    assert_eq!(found, Ok(Found::Value(json!({"numbers": [1, 2]}))));
    assert_eq!(read(&whole, ""), Ok(Found::Absent));
    let text = of(Location::Header, Serialization::Text);
    assert_eq!(read(&text, "5"), Ok(Found::Value(json!("5"))));
}

#[test]
fn a_form_is_an_object() {
    let mut limit = parameter("form", true, Location::Query, &json!({"type": "integer"}));
    limit.name = "limit".to_owned();
    let tags = parameter("form", true, Location::Query, &array());
    let form = Form {
        fields: vec![limit, tags],
        others: None,
    };
    let expected = json!({"limit": 5, "color": ["a"], "x": "1", "y": ["1", "2"]});
    assert_eq!(form.read("limit=5&color=a&x=1&y=1&y=2"), Ok(expected));
    let form = Form {
        fields: vec![],
        others: Some(shape(&json!({"type": "integer"}))),
    };
    assert_eq!(form.read("a=1&b=x"), Ok(json!({"a": 1, "b": "x"})));
}

#[test]
fn a_form_of_many_names_is_read_in_linear_time() {
    let mut body = String::new();
    for name in 0..100_000 {
        body.extend(["n", &name.to_string(), "=&"]);
    }
    let form = Form {
        fields: vec![],
        others: None,
    };
    let started = std::time::Instant::now();
    assert!(form.read(&body).is_ok());
    assert!(started.elapsed().as_secs() < 10);
}

#[test]
fn combinations_without_a_meaning_are_found() {
    let nested = json!({"type": "object", "properties": {"a": {"type": "object"}}});
    let arrays = json!({"type": "array", "items": array()});
    for (style, explode, location, schema) in [
        ("deepObject", true, Location::Query, &nested),
        ("form", false, Location::Query, &nested),
        ("form", true, Location::Query, &arrays),
        ("spaceDelimited", true, Location::Query, &array()),
        ("pipeDelimited", true, Location::Query, &array()),
        ("pipeDelimited", false, Location::Query, &string()),
        ("deepObject", true, Location::Query, &array()),
        ("matrix", false, Location::Query, &string()),
        ("form", true, Location::Path, &string()),
        ("form", false, Location::Header, &string()),
        ("cookie", true, Location::Query, &string()),
        ("form", true, Location::Cookie, &array()),
    ] {
        let style = Style::named(style).expect("a style");
        let shape = shape(schema);
        assert!(
            style.fault(location, explode, &shape).is_some(),
            "{style:?} {explode} {schema}"
        );
    }
}

#[test]
fn a_schema_that_holds_itself_is_a_shape() {
    let of = |schema: Value| {
        let schema = Json::of(&schema).expect("a value");
        Shape::of(schema.root(), &|_| Some(schema.root()))
    };
    assert!(of(json!({"type": "array", "items": {"$ref": "#"}})).is_array());
    assert!(of(json!({"$ref": "#"})).is_scalar());
}

/// RFC 6570 section 3.2.1: everything but the unreserved characters is encoded.
fn encode(text: &str) -> String {
    let encoded = text.bytes().map(|octet| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
            char::from(octet).to_string()
        }
        _ => format!("%{octet:02X}"),
    });
    encoded.collect()
}

/// What RFC 6570 section 3.2 makes of a list or an associative array named `color`.
fn expand(style: &str, explode: bool, parts: &[(Option<String>, String)]) -> String {
    let (first, between, names) = match style {
        "matrix" => (";", ";", true),
        "label" => (".", ".", false),
        "simple" => ("", ",", false),
        _ => ("", "&", true),
    };
    if explode {
        let parts = parts.iter().map(|(name, value)| match name {
            Some(name) => format!("{}={}", encode(name), encode(value)),
            None if names => format!("color={}", encode(value)),
            None => encode(value),
        });
        return format!("{first}{}", parts.collect::<Vec<_>>().join(between));
    }
    let parts = parts.iter().map(|(name, value)| match name {
        Some(name) => format!("{},{}", encode(name), encode(value)),
        None => encode(value),
    });
    let list = parts.collect::<Vec<_>>().join(",");
    let name = if names { "color=" } else { "" };
    format!("{first}{name}{list}")
}

fn style() -> impl Strategy<Value = (&'static str, Location)> {
    prop::sample::select(vec![
        ("matrix", Location::Path),
        ("label", Location::Path),
        ("simple", Location::Path),
        ("form", Location::Query),
    ])
}

proptest! {
    #[test]
    fn what_rfc_6570_expands_is_read_back(
        (style, location) in style(),
        explode: bool,
        items in prop::collection::vec(".{0,8}", 1..5),
    ) {
        let parts: Vec<_> = items.iter().map(|item| (None, item.clone())).collect();
        let text = expand(style, explode, &parts);
        let parameter = parameter(style, explode, location, &array());
        prop_assert_eq!(read(&parameter, &text), Ok(Found::Value(json!(items))));
    }

    #[test]
    fn the_members_that_rfc_6570_expands_are_read_back(
        (style, location) in style(),
        explode: bool,
        members in prop::collection::btree_map(".{1,8}", any::<i64>(), 1..5),
    ) {
        let parts: Vec<_> = members
            .iter()
            .map(|(name, value)| (Some(name.clone()), value.to_string()))
            .collect();
        let text = expand(style, explode, &parts);
        let parameter = parameter(style, explode, location, &object());
        prop_assert_eq!(read(&parameter, &text), Ok(Found::Value(json!(members))));
    }

    #[test]
    fn a_string_is_read_back(text in ".{0,20}", (style, location) in style(), explode: bool) {
        let raw = expand(style, explode, &[(None, text.clone())]);
        let parameter = parameter(style, explode, location, &string());
        prop_assert_eq!(read(&parameter, &raw), Ok(Found::Value(json!(text))));
    }

    #[test]
    fn nothing_panics(
        text in "[;.,=&%+|\\[\\]a-cR0-9 -]{0,24}|.{0,16}",
        (style, explode, location, _) in prop::sample::select(EXAMPLES.to_vec()),
        schema in prop::sample::select(vec![string(), array(), object()]),
    ) {
        let parameter = Parameter {
            name: "color".to_owned(),
            location: Location::named(location).expect("a location"),
            required: false,
            serialization: Serialization::Styled(Styled {
                style: Style::named(style).expect("a style"),
                explode,
                allow_empty: false,
                shape: shape(&schema),
            }),
        };
        let _ = read(&parameter, &text);
    }
}
