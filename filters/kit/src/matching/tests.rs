use super::path::split_query;
use super::*;

fn host(text: &str) -> HostPattern {
    text.parse().unwrap()
}

fn path(text: &str) -> PathTemplate {
    text.parse().unwrap()
}

#[test]
fn hosts_match_without_case_and_port() {
    assert!(host("orders.example.com").matches("Orders.Example.com:8443"));
    assert!(!host("orders.example.com").matches("x.orders.example.com"));
    assert!(host("[::1]").matches("[::1]:80"));
}

#[test]
fn a_wildcard_needs_a_label_before_it() {
    assert!(host("*.example.com").matches("a.b.example.com"));
    assert!(!host("*.example.com").matches("example.com"));
    assert!(!host("*.example.com").matches(".example.co"));
    assert!(host("*").matches("anything"));
}

#[test]
fn hosts_that_no_request_can_have_are_refused() {
    for bad in ["", "a:80", "https://a", "a.*.b", "*a", "a b"] {
        assert!(bad.parse::<HostPattern>().is_err(), "{bad}");
    }
}

#[test]
fn variables_stand_for_one_segment() {
    let template = path("/v{version}/orders/{id}");
    let captures = template.capture("/v1.2/orders/7?x=/v9").unwrap();
    assert_eq!(captures.get("version"), Some("1.2"));
    assert_eq!(captures.get("id"), Some("7"));
    assert!(!template.matches("/v1/orders"));
    assert!(!template.matches("/v1/orders/7/lines"));
    assert!(!template.matches("/v/orders/7"));
    assert!(!template.matches("/1/orders/7"));
}

#[test]
fn an_open_template_takes_any_rest() {
    let template = path("/files/**");
    for target in ["/files", "/files/", "/files/a/b", "/files?x"] {
        assert!(template.matches(target), "{target}");
    }
    assert!(!template.matches("/file"));
    assert!(path("/**").matches("/"));
    assert!(path("/").matches("/"));
    assert!(!path("/").matches("/x"));
}

#[test]
fn dot_segments_match_nothing_even_encoded() {
    let template = path("/v{version}/**");
    for target in ["/v1/../v2", "/v1/a/%2e%2E/b", "/v1/./a", "/../v1"] {
        assert!(!template.matches(target), "{target}");
    }
    assert!(template.matches("/v1/..a"));
}

#[test]
fn encoded_octets_that_need_no_encoding_count_as_themselves() {
    assert!(path("/orders").matches("/%6Frders"));
    assert!(path("/%76{n}").matches("/v1"));
    assert_eq!(path("/v{n}").capture("/v%31").unwrap().get("n"), Some("1"));
    assert!(!path("/a/b").matches("/a%2Fb"));
    assert!(path("/{x}").matches("/%"));
    assert!(path("/{x}").matches("/%zz"));
    assert!(path("/{x}").matches("/%é"));
}

#[test]
fn a_template_renders_what_it_captured() {
    let template = path("/v{version}/orders/**");
    let mut captures = template.capture("/v1/orders/7/a%20b").unwrap();
    assert_eq!(template.render(&captures).unwrap(), "/v1/orders/7/a%20b");
    captures.set("version", "2");
    assert_eq!(template.render(&captures).unwrap(), "/v2/orders/7/a%20b");
    assert_eq!(
        template.without("version").render(&captures).unwrap(),
        "/orders/7/a%20b"
    );
    for target in ["/v1/orders", "/v1/orders/", "/v1/orders//a"] {
        let captures = template.capture(target).unwrap();
        assert_eq!(template.render(&captures).unwrap(), target);
    }
    let root = path("/v{version}/**");
    let strip = |target| {
        let captures = root.capture(target).unwrap();
        root.without("version").render(&captures).unwrap()
    };
    assert_eq!((strip("/v1").as_str(), strip("/v1/").as_str()), ("/", "/"));
}

#[test]
fn templates_that_cannot_be_meant_are_refused() {
    for bad in [
        "", "orders", "/a//{", "/{a}{b}", "/**/a", "/a**", "/{}", "/..", "/{a}/{a}", "/a?b",
    ] {
        assert!(bad.parse::<PathTemplate>().is_err(), "{bad}");
    }
}

#[test]
fn a_rule_after_one_that_takes_everything_is_covered() {
    let all = Match::default();
    let hosts = |names: &[&str]| Match {
        hosts: names.iter().map(|name| host(name)).collect(),
        ..Match::default()
    };
    let paths = |names: &[&str]| Match {
        paths: names.iter().map(|name| path(name)).collect(),
        ..Match::default()
    };
    assert!(all.covers(&hosts(&["a"])));
    assert!(!hosts(&["a"]).covers(&all));
    assert!(hosts(&["*.b", "c"]).covers(&hosts(&["a.b", "c"])));
    assert!(!hosts(&["a.b"]).covers(&hosts(&["*.b"])));
    assert!(paths(&["/v{x}/**"]).covers(&paths(&["/v1/orders", "/v{y}/a/**"])));
    assert!(!paths(&["/v{x}/a"]).covers(&paths(&["/v{x}/**"])));
}

#[test]
fn a_query_starts_at_the_first_question_mark() {
    assert_eq!(split_query("/a?b?c"), ("/a", "?b?c"));
    assert_eq!(split_query("/a"), ("/a", ""));
}

proptest::proptest! {
    #[test]
    fn no_request_target_makes_a_template_panic(target in ".{0,60}") {
        for template in ["/", "/**", "/v{a}/x{b}y/**", "/{a}"] {
            let template = path(template);
            if let Some(captures) = template.capture(&target) {
                proptest::prop_assert!(template.render(&captures).is_some());
            }
        }
    }

    #[test]
    fn no_text_makes_parsing_panic(text in ".{0,40}") {
        let _ = text.parse::<PathTemplate>();
        let _ = text.parse::<HostPattern>();
    }
}
