use proptest::prelude::*;

use super::*;

fn operation(methods: &[&str], route: &str) -> Operation {
    Operation {
        route: route.parse().unwrap(),
        methods: methods.iter().map(|name| name.parse().unwrap()).collect(),
        id: None,
    }
}

fn operations(entries: &[(&[&str], &str)]) -> Operations {
    let mut operations = Operations::default();
    for (methods, route) in entries {
        operations.add(operation(methods, route)).unwrap();
    }
    operations
}

/// The operations for GET with these templates.
fn routes(routes: &[&str]) -> Operations {
    let entries: Vec<(&[&str], &str)> = routes.iter().map(|route| (&["GET"][..], *route)).collect();
    operations(&entries)
}

fn route<'a>(operations: &'a Operations, method: &str, target: &str) -> Option<&'a str> {
    let place = operations.find(method, target)?.place;
    Some(operations.get(place)?.route.as_str())
}

#[test]
fn a_path_is_told_as_its_template_and_without_its_query() {
    let own = routes(&["/orders", "/orders/{id}", "/orders/{id}/items/{item}"]);
    for (target, expected) in [
        ("/orders", "/orders"),
        ("/orders?id=7", "/orders"),
        ("/orders/7?a=/b", "/orders/{id}"),
        ("/orders/7#x", "/orders/{id}"),
        ("/orders/7/items/8", "/orders/{id}/items/{item}"),
        ("/%6Frders/%37", "/orders/{id}"),
        ("/orders/a%2Fb", "/orders/{id}"),
    ] {
        assert_eq!(route(&own, "GET", target), Some(expected), "{target}");
    }
    for target in [
        "",
        "*",
        "/",
        "orders",
        "/orders/",
        "/orders/7/",
        "/orders/7/items",
        "/Orders",
        "/orders/..",
        "/orders/%2e",
        "//orders",
    ] {
        assert_eq!(route(&own, "GET", target), None, "{target}");
    }
}

#[test]
fn the_variables_of_the_template_are_captured() {
    let own = routes(&["/orders/{id}/v{version}"]);
    let found = own.find("GET", "/orders/a%20b/v2?x=1").unwrap();
    assert_eq!(found.captures.get("id"), Some("a%20b"));
    assert_eq!(found.captures.get("version"), Some("2"));
}

#[test]
fn the_most_concrete_template_counts_whatever_the_order() {
    let mut templates = [
        "/**",
        "/{a}",
        "/v{a}",
        "/v{a}.json",
        "/orders",
        "/orders/**",
        "/orders/{a}/**",
        "/orders/{a}",
        "/orders/mine",
        "/{a}/mine",
        "/",
        "/orders/{a}/items",
    ];
    for _ in 0..2 {
        let own = routes(&templates);
        for (target, expected) in [
            ("/", "/"),
            ("/x", "/{a}"),
            ("/v1", "/v{a}"),
            ("/v", "/{a}"),
            ("/v1.json", "/v{a}.json"),
            ("/orders", "/orders"),
            ("/orders/", "/orders/**"),
            ("/orders/7", "/orders/{a}"),
            ("/orders/mine", "/orders/mine"),
            ("/orders/7/items", "/orders/{a}/items"),
            ("/orders/7/notes", "/orders/{a}/**"),
            ("/payments/mine", "/{a}/mine"),
            ("/payments/7", "/**"),
        ] {
            assert_eq!(route(&own, "GET", target), Some(expected), "{target}");
        }
        templates.reverse();
    }
}

#[test]
fn a_template_that_leads_nowhere_gives_way_to_a_less_concrete_one() {
    let own = routes(&["/orders/mine/open", "/orders/{id}/paid", "/{a}/mine/late"]);
    assert_eq!(
        route(&own, "GET", "/orders/mine/paid"),
        Some("/orders/{id}/paid")
    );
    assert_eq!(
        route(&own, "GET", "/orders/mine/late"),
        Some("/{a}/mine/late")
    );
}

#[test]
fn a_template_without_the_method_is_passed_over() {
    let own = operations(&[
        (&["POST"], "/orders/search"),
        (&["GET", "DELETE"], "/orders/{id}"),
        (&[], "/**"),
    ]);
    assert_eq!(
        route(&own, "POST", "/orders/search"),
        Some("/orders/search")
    );
    assert_eq!(
        route(&own, "DELETE", "/orders/search"),
        Some("/orders/{id}")
    );
    assert_eq!(route(&own, "PATCH", "/orders/7"), Some("/**"));
    assert_eq!(route(&own, "get", "/orders/7"), Some("/**"));
}

#[test]
fn an_operation_that_names_the_method_comes_before_one_for_any() {
    let mut own = Operations::default();
    own.add(operation(&[], "/orders")).unwrap();
    own.add(operation(&["GET"], "/orders")).unwrap();
    own.add(operation(&["POST"], "/orders")).unwrap();
    let place = |method| own.find(method, "/orders").unwrap().place;
    assert_eq!([place("GET"), place("POST"), place("PUT")], [1, 2, 0]);
}

#[test]
fn head_is_answered_by_the_operation_for_get_unless_it_has_its_own() {
    let own = operations(&[
        (&[], "/a"),
        (&["GET"], "/a"),
        (&["GET"], "/b"),
        (&["HEAD"], "/b"),
        (&["POST"], "/c"),
    ]);
    let place = |target| own.find("HEAD", target).map(|found| found.place);
    assert_eq!(
        [place("/a"), place("/b"), place("/c")],
        [Some(1), Some(3), None]
    );
}

#[test]
fn an_operation_for_requests_that_are_taken_is_never_found() {
    let mut own = operations(&[
        (&["GET", "PUT"], "/orders/{id}"),
        (&["POST"], "/orders/{id}"),
    ]);
    let same = operation(&["DELETE", "POST"], "/orders/{id}");
    assert_eq!(own.add(same), Err(Conflict::SameRequests(1)));
    assert_eq!(
        own.find("DELETE", "/orders/7").map(|found| found.place),
        None
    );
    own.add(operation(&[], "/orders/{id}")).unwrap();
    let any = operation(&[], "/orders/{id}");
    assert_eq!(own.add(any), Err(Conflict::SameRequests(3)));
}

#[test]
fn a_path_has_one_spelling_for_all_methods() {
    let mut own = routes(&["/orders/{id}", "/items/**"]);
    let other_name = operation(&["PUT"], "/orders/{order}");
    assert_eq!(own.add(other_name), Err(Conflict::OtherSpelling(0)));
    let encoded = operation(&["PUT"], "/%6Frders/{id}");
    assert_eq!(own.add(encoded), Err(Conflict::OtherSpelling(0)));
    assert_eq!(own.add(operation(&["PUT"], "/items")), Ok(()));
    assert_eq!(own.add(operation(&["PUT"], "/v{id}/items")), Ok(()));
    assert_eq!(own.add(operation(&["PUT"], "/{id}/items")), Ok(()));
}

#[test]
fn a_method_is_known_where_an_operation_names_it() {
    let own = operations(&[(&["PURGE"], "/cache/**")]);
    assert_eq!(own.method(b"GET"), Some("GET"));
    assert_eq!(own.method(b"PURGE"), Some("PURGE"));
    assert_eq!(own.method(b"PROPFIND"), None);
}

#[test]
fn only_a_template_without_variables_is_one_path() {
    for (route, expected) in [
        ("/acme.orders.v1.Orders/GetOrder", true),
        ("/", true),
        ("/acme.orders.v1.Orders/{method}", false),
        ("/acme.orders.v1.Orders/**", false),
    ] {
        assert_eq!(operation(&[], route).is_one_path(), expected, "{route}");
    }
}

/// 4,000 operations below one segment, as generated clients have them.
fn many() -> Operations {
    let mut own = Operations::default();
    for service in 0..1_000 {
        for template in ["", "/{id}", "/{id}/items", "/{id}/items/{item}"] {
            own.add(operation(
                &["GET"],
                &format!("/api/service-{service}{template}"),
            ))
            .unwrap();
        }
    }
    own
}

/// How often a lookup looks at what ends at a node, found or not.
fn looks(own: &Operations, target: &str) -> usize {
    let mut looks = 0;
    own.index.find(target, &mut |places| {
        looks += 1;
        places.first().copied()
    });
    looks
}

#[test]
fn a_lookup_among_thousands_of_operations_looks_at_few() {
    let own = many();
    assert_eq!(
        route(&own, "GET", "/api/service-999/7"),
        Some("/api/service-999/{id}")
    );
    assert_eq!(looks(&own, "/api/service-999/7/items/8?x=1"), 1);
    assert!(looks(&own, "/api/service-999/7/items/8/9") <= 8);
    assert!(looks(&own, "/api/service-999/7/notes") <= 8);
    assert!(looks(&own, "/none") <= 2);
}

#[test]
fn a_path_is_followed_no_deeper_than_templates_go() {
    let own = routes(&["/{a}/{b}/c", "/a/{b}/{c}", "/{a}/a/{c}", "/a/**"]);
    let target = "/a".repeat(500_000);
    assert_eq!(route(&own, "GET", &target), Some("/a/**"));
    // Every way down three segments, and the `**` behind the first.
    assert!(looks(&own, &target) <= 16);
}

fn any_segment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "a", "b", "%61", "v{x}", "{y}", "{z}.a", "v{w}a"])
}

fn any_route() -> impl Strategy<Value = String> {
    (prop::collection::vec(any_segment(), 0..4), any::<bool>()).prop_map(|(segments, open)| {
        let mut segments = segments;
        segments.dedup_by(|a, b| a.contains('{') && a == b);
        format!("/{}{}", segments.join("/"), if open { "/**" } else { "" })
    })
}

fn any_target() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec![
        "", "a", "b", "v", "va", "vba", "b.a", "..", "%61", "c",
    ]);
    prop::collection::vec(segment, 0..5).prop_map(|segments| format!("/{}?a/b", segments.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Trying all templates says what there is to be found; the tree must not find less, nor
    /// anything less concrete.
    #[test]
    fn the_tree_finds_what_trying_all_finds(
        routes in prop::collection::vec(any_route(), 1..8),
        target in any_target(),
    ) {
        let mut own = Operations::default();
        let mut added = Vec::new();
        for route in &routes {
            let Ok(template) = route.parse::<PathTemplate>() else { continue };
            let operation = Operation { route: template.clone(), methods: Vec::new(), id: None };
            if own.add(operation).is_ok() {
                added.push(template);
            }
        }
        let matching: Vec<&PathTemplate> = added.iter().filter(|own| own.matches(&target)).collect();
        let found = own.find("GET", &target).and_then(|found| own.get(found.place));
        prop_assert_eq!(found.is_some(), !matching.is_empty(), "{:?}", matching);
        if let Some(found) = found {
            prop_assert!(found.route.matches(&target));
            for other in matching {
                let is_wider = found.route.covers(other) && !other.covers(&found.route);
                prop_assert!(!is_wider, "{} before {}", found.route.as_str(), other.as_str());
            }
        }
    }

    #[test]
    fn no_target_makes_a_lookup_panic(method in ".{0,8}", target in "(/(\\.|%2e|[a-c%?#{}]){0,4}){0,6}|.{0,60}") {
        let own = routes(&["/**", "/{a}/b", "/a{b}/{c}d/**", "/a/{b}"]);
        let _ = own.find(&method, &target);
        let _ = own.method(method.as_bytes());
    }

    #[test]
    fn the_order_in_which_operations_are_added_does_not_count(
        routes in prop::collection::hash_set(any_route(), 1..8),
        target in any_target(),
    ) {
        let mut templates: Vec<PathTemplate> = routes.iter().filter_map(|route| route.parse().ok()).collect();
        // Of templates for the same paths only one can be there, and the first is.
        templates.sort_by_key(PathTemplate::shape);
        templates.dedup_by_key(|template| template.shape());
        let all = |templates: &[PathTemplate]| {
            let mut own = Operations::default();
            for route in templates {
                own.add(Operation { route: route.clone(), methods: Vec::new(), id: None }).unwrap();
            }
            route(&own, "GET", &target).map(str::to_owned)
        };
        let forwards = all(&templates);
        templates.reverse();
        prop_assert_eq!(forwards, all(&templates));
    }
}
