use kit::problem::{Code, Problem};
use proptest::prelude::*;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use serde_json::{Value, json};

use super::{Format, any_problem, any_text, sample, text};
use crate::dialect::{self, Content};

/// An element as a reader sees it.
#[derive(Debug, Default, PartialEq)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn leaf(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            children: Vec::new(),
        }
    }

    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Reads a document strictly: end tags are checked, and nothing may stand outside the root.
fn read(xml: &str) -> Element {
    let mut reader = Reader::from_str(xml);
    let mut open = vec![Element::default()];
    loop {
        let mut add = |text: &str| open.last_mut().unwrap().text.push_str(text);
        match reader.read_event().unwrap() {
            Event::Text(text) => add(&text.xml10_content().unwrap()),
            Event::GeneralRef(reference) => {
                let reference = format!("&{};", reference.decode().unwrap());
                add(&unescape(&reference).unwrap());
            }
            Event::Start(tag) => {
                let name = String::from_utf8(tag.name().as_ref().to_vec()).unwrap();
                open.push(Element::leaf(&name, ""));
            }
            Event::End(_) => {
                let closed = open.pop().unwrap();
                open.last_mut().unwrap().children.push(closed);
            }
            Event::Eof => break,
            Event::Decl(_) => {}
            other => panic!("{other:?}"),
        }
    }
    let mut around = open.pop().unwrap();
    assert!(open.is_empty() && around.text.trim().is_empty());
    assert_eq!(around.children.len(), 1);
    around.children.pop().unwrap()
}

fn extension(value: Value) -> String {
    let problem = Problem::untyped(400, "T", Code::InvalidArgument).extension("ext", value);
    let xml = text(Format::ProblemXml, &problem);
    let (_, rest) = xml.split_once("</status>").unwrap();
    rest.trim_end()
        .strip_suffix("</problem>")
        .unwrap()
        .to_owned()
}

#[test]
fn members_are_elements() {
    assert_eq!(
        text(Format::ProblemXml, &sample()),
        concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
            "<problem xmlns=\"urn:ietf:rfc:7807\">",
            "<type>https://errors.example.com/out-of-stock</type>",
            "<title>Out of stock</title><status>409</status>",
            "<detail>Only 2 of 5 are left.</detail><instance>urn:uuid:1</instance>",
            "<left>2</left><requestId>r-1</requestId><retryable>true</retryable>",
            "</problem>\n"
        )
    );
}

#[test]
fn arrays_have_items_and_objects_have_members() {
    let cases = [
        (
            json!(["a", 1, false]),
            "<ext><i>a</i><i>1</i><i>false</i></ext>",
        ),
        (
            json!({"b": {"c": 1.5}, "a": "x"}),
            "<ext><a>x</a><b><c>1.5</c></b></ext>",
        ),
        (
            json!([[1], {"a": 2}]),
            "<ext><i><i>1</i></i><i><a>2</a></i></ext>",
        ),
        // An item keeps the place of those behind it; a member that is null is as good as absent.
        (
            json!(["a", null, "b"]),
            "<ext><i>a</i><i></i><i>b</i></ext>",
        ),
        (json!({"a": null, "b": 1}), "<ext><b>1</b></ext>"),
        (json!(null), ""),
        (json!([]), "<ext></ext>"),
    ];
    for (value, expected) in cases {
        assert_eq!(extension(value), expected);
    }
}

#[test]
fn markup_in_texts_is_text() {
    assert_eq!(
        extension(json!("<i>&amp;</i> ]]> \"'")),
        "<ext>&lt;i&gt;&amp;amp;&lt;/i&gt; ]]&gt; \"'</ext>"
    );
    assert_eq!(extension(json!("a\r\nb\tc")), "<ext>a&#13;\nb\tc</ext>");
}

#[test]
fn characters_that_xml_cannot_carry_are_removed() {
    assert_eq!(
        extension(json!(
            "a\u{0}\u{8}\u{b}\u{1b}\u{1f}\u{fffe}\u{ffff}b\u{7f}\u{fffd}"
        )),
        "<ext>ab\u{7f}\u{fffd}</ext>"
    );
}

#[test]
fn a_member_whose_name_is_none_of_an_element_is_left_out() {
    let nested = json!({"1a": 1, "a b": 1, "a:b": 1, "": 1, "-a": 1, "<a": 1, "a-1.b": 1, "ä": 1});
    assert_eq!(extension(nested), "<ext><a-1.b>1</a-1.b><ä>1</ä></ext>");
    let mut problem = Problem::untyped(400, "T", Code::InvalidArgument);
    problem.extensions.insert("@type".to_owned(), 1.into());
    assert!(text(Format::ProblemXml, &problem).ends_with("</status></problem>\n"));
}

#[test]
fn what_is_nested_too_deeply_is_left_out() {
    let nested = (0..1000).fold(json!("deep"), |inner, _| json!([inner]));
    let xml = extension(nested);
    assert_eq!(xml.matches("<i>").count(), 64);
    assert!(!xml.contains("deep"));
}

#[test]
fn what_is_written_is_read_as_the_same_problem() {
    let problem = sample()
        .detail("a < b\r\n& \u{1}c")
        .extension(
            "errors",
            json!([{"detail": "is unknown", "pointer": "#/lines/0"}]),
        )
        .extension("list", json!(["a", "b"]));
    let failure = dialect::read(
        &Content {
            status: 409,
            content_type: Some(b"application/problem+xml"),
            body: &Format::ProblemXml.write(&problem),
        },
        &[],
    );
    assert_eq!(failure.type_uri.as_ref(), Some(&problem.type_uri));
    assert_eq!(failure.title.as_deref(), Some("Out of stock"));
    assert_eq!(failure.detail.as_deref(), Some("a < b\r\n& c"));
    assert_eq!(failure.instance.as_deref(), Some("urn:uuid:1"));
    assert_eq!(failure.violations.len(), 1);
    assert_eq!(failure.violations[0].pointer.as_deref(), Some("/lines/0"));
    assert_eq!(failure.extensions["list"], json!(["a", "b"]));
    // XML has no numbers.
    assert_eq!(failure.extensions["left"], "2");
}

proptest! {
    #[test]
    fn texts_are_read_as_they_were_written(title in any_text(), detail in "\\PC*|[\\x00-\\x7f]*") {
        let problem = Problem::untyped(400, title.clone(), Code::InvalidArgument)
            .detail(detail.clone())
            .extension("ext", detail.clone());
        let root = read(&text(Format::ProblemXml, &problem));
        let carried = |text: &str| -> String {
            let is_lost = |c: char| c.is_control() && c < ' ' && !"\t\n\r".contains(c)
                || "\u{fffe}\u{ffff}".contains(c);
            text.chars().filter(|c| !is_lost(*c)).collect()
        };
        prop_assert_eq!(&root.child("title").unwrap().text, &carried(&title));
        prop_assert_eq!(&root.child("ext").unwrap().text, &carried(&detail));
        let detail_of = root.child("detail").map(|child| child.text.clone());
        prop_assert_eq!(detail_of.unwrap_or_default(), carried(&detail));
    }

    #[test]
    fn whatever_a_problem_says_the_document_is_well_formed(problem in any_problem()) {
        let root = read(&text(Format::ProblemXml, &problem));
        prop_assert_eq!(&root.name, "problem");
        prop_assert_eq!(&root.text, "");
        prop_assert_eq!(&root.child("status").unwrap().text, &problem.status.to_string());
    }
}
