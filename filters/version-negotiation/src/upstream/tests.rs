use kit::matching::PathTemplate;
use proptest::prelude::*;

use super::*;

fn rewrite(from: &str, to: &str) -> Rewrite {
    let template = |text: &str| text.parse::<PathTemplate>().unwrap();
    Rewrite::new(template(from), template(to))
}

#[test]
fn a_rewrite_that_leads_back_is_found() {
    for (from, to, back) in [
        ("/v{version}/**", "/**", false),
        ("/v{version}/**", "/v{version}/**", false),
        ("/v{version}/**", "/v{version}/api/**", true),
        ("/orders/**", "/v{version}/orders/**", false),
        ("/{a}/{b}", "/{b}/{a}", true),
        ("/**", "/api/**", true),
        ("/**", "/api", false),
        ("/api/**", "/api/api/**", true),
    ] {
        assert_eq!(rewrite(from, to).leads_back("1"), back, "{from} to {to}");
    }
}

#[test]
fn hops_are_counted_for_each_proxy() {
    let hops = Hops::parse(b"p0000000a;n=2, p0000000b;n=1");
    assert_eq!(hops.of("p0000000a"), 2);
    assert_eq!(hops.of("p0000000c"), 0);
    assert_eq!(
        hops.with_one_more("p0000000a"),
        "p0000000b;n=1, p0000000a;n=3"
    );
}

#[test]
fn hops_that_are_no_hops_count_as_absent() {
    for value in [
        "",
        "p0000000a",
        "p0000000a;n=",
        "p0000000a;n=-1",
        "p0000000a;n=99999999999",
        "x0000000a;n=1",
        "p0000000a;n=1;m=2",
        "p0000000a;n=1,,p0000000b;n=1",
        "p0000000g;n=1",
        "p0000000a; n=1",
    ] {
        assert_eq!(Hops::parse(value.as_bytes()), Hops::default(), "{value}");
    }
}

#[test]
fn the_proxies_passed_longest_ago_are_forgotten() {
    let many: Vec<String> = (0..100).map(|index| format!("p{index:08x};n=1")).collect();
    let after = Hops::parse(many.join(",").as_bytes()).with_one_more("pffffffff");
    assert_eq!(after.split(',').count(), 64);
    assert!(after.ends_with("pffffffff;n=1"));
    assert!(!after.contains("p00000024;"));
}

proptest! {
    #[test]
    fn no_field_makes_hops_panic(value in prop::collection::vec(any::<u8>(), 0..60)) {
        let after = Hops::parse(&value).with_one_more("p00000000");
        prop_assert_eq!(Hops::parse(after.as_bytes()).with_one_more("p00000001").is_empty(), false);
    }
}
