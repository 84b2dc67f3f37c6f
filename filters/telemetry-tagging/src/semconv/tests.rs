use kit::protocol::Protocol;
use proptest::prelude::*;

use super::*;

const TARGET: &str = "/acme.orders.v1.Orders/GetOrder";

fn texts<'a>(attributes: &'a [Attribute<'_>]) -> Vec<(&'static str, &'a str)> {
    attributes
        .iter()
        .map(|(name, value)| (*name, value.as_ref()))
        .collect()
}

fn get(route: Option<&str>) -> Request<'_> {
    Request {
        method: b"GET",
        known_method: Some("GET"),
        route,
        rpc: None,
    }
}

fn call(protocol: Protocol, is_known: bool) -> RpcCall {
    RpcCall::of(protocol, TARGET, is_known).unwrap()
}

fn post(rpc: &RpcCall) -> Request<'_> {
    Request {
        method: b"POST",
        known_method: Some("POST"),
        route: None,
        rpc: Some(rpc),
    }
}

fn ended(status: u16, grpc: Option<u8>) -> Outcome {
    Outcome {
        status: Some(status),
        grpc,
        is_complete: true,
    }
}

#[test]
fn a_plain_request_is_told_by_method_and_route() {
    let request = get(Some("/orders/{id}"));
    let stable = Semconv::Stable.request_attributes(&request);
    let method = ("http.request.method", "GET");
    let route = ("http.route", "/orders/{id}");
    assert_eq!(texts(&stable), [method, route]);
    let old = Semconv::Old.request_attributes(&request);
    assert_eq!(texts(&old), [("http.method", "GET"), route]);
    let dup = Semconv::Dup.request_attributes(&request);
    assert_eq!(texts(&dup), [method, route, ("http.method", "GET")]);
}

#[test]
fn a_path_without_a_template_has_no_route() {
    let told = Semconv::Stable.request_attributes(&get(None));
    assert_eq!(texts(&told), [("http.request.method", "GET")]);
}

#[test]
fn a_method_that_is_not_known_is_other_with_its_original() {
    let request = Request {
        method: b"get",
        known_method: None,
        route: None,
        rpc: None,
    };
    let told = Semconv::Stable.request_attributes(&request);
    let original = ("http.request.method_original", "get");
    assert_eq!(texts(&told), [("http.request.method", "_OTHER"), original]);
    let told = Semconv::Old.request_attributes(&request);
    assert_eq!(texts(&told), [("http.method", "_OTHER")]);
    let told = Semconv::Stable.request_attributes(&Request {
        method: b"a@b",
        ..request
    });
    assert_eq!(texts(&told), [("http.request.method", "_OTHER")]);
}

#[test]
fn a_known_call_is_told_in_full_and_by_the_old_names_in_parts() {
    let call = call(Protocol::ConnectUnary, true);
    let told = Semconv::Stable.request_attributes(&post(&call));
    assert_eq!(
        texts(&told),
        [
            ("http.request.method", "POST"),
            ("rpc.system.name", "connectrpc"),
            ("rpc.method", "acme.orders.v1.Orders/GetOrder"),
        ]
    );
    let told = Semconv::Old.request_attributes(&post(&call));
    assert_eq!(
        texts(&told),
        [
            ("http.method", "POST"),
            ("rpc.system", "connect_rpc"),
            ("rpc.service", "acme.orders.v1.Orders"),
            ("rpc.method", "GetOrder"),
        ]
    );
}

#[test]
fn where_both_have_a_name_it_means_what_it_means_now() {
    let call = call(Protocol::Grpc, true);
    let told = Semconv::Dup.request_attributes(&post(&call));
    assert_eq!(
        texts(&told),
        [
            ("http.request.method", "POST"),
            ("rpc.system.name", "grpc"),
            ("rpc.method", "acme.orders.v1.Orders/GetOrder"),
            ("http.method", "POST"),
            ("rpc.system", "grpc"),
            ("rpc.service", "acme.orders.v1.Orders"),
        ]
    );
}

#[test]
fn a_call_that_is_not_known_is_other_and_only_the_stable_names_have_its_original() {
    let call = call(Protocol::Grpc, false);
    let told = Semconv::Stable.request_attributes(&post(&call));
    assert_eq!(
        texts(&told).get(2..),
        Some(
            &[
                ("rpc.method", "_OTHER"),
                ("rpc.method_original", "acme.orders.v1.Orders/GetOrder"),
            ][..]
        )
    );
    let told = Semconv::Old.request_attributes(&post(&call));
    assert_eq!(
        texts(&told).get(2..),
        Some(&[("rpc.service", "_OTHER"), ("rpc.method", "_OTHER")][..])
    );
}

#[test]
fn a_status_of_grpc_is_a_name_and_by_the_old_name_a_number() {
    let call = call(Protocol::Grpc, true);
    let outcome = ended(200, Some(4));
    let name = ("rpc.status_code", "DEADLINE_EXCEEDED");
    let number = ("rpc.grpc.status_code", "4");
    let error = ("error.type", "DEADLINE_EXCEEDED");
    let told = |semconv: Semconv| semconv.response_attributes(outcome, Some(&call));
    assert_eq!(texts(&told(Semconv::Stable)), [name, error]);
    assert_eq!(texts(&told(Semconv::Old)), [number, error]);
    assert_eq!(texts(&told(Semconv::Dup)), [name, number, error]);
}

#[test]
fn success_has_a_status_and_no_error_type() {
    let call = call(Protocol::Grpc, true);
    let told = Semconv::Stable.response_attributes(ended(200, Some(0)), Some(&call));
    assert_eq!(texts(&told), [("rpc.status_code", "OK")]);
    assert_eq!(Semconv::Dup.response_attributes(ended(404, None), None), []);
}

#[test]
fn a_plain_answer_has_no_status_of_grpc() {
    let told = Semconv::Dup.response_attributes(ended(503, None), None);
    assert_eq!(texts(&told), [("error.type", "503")]);
    let connect = call(Protocol::ConnectUnary, true);
    let told = Semconv::Dup.response_attributes(ended(200, Some(5)), Some(&connect));
    assert_eq!(told, []);
}

proptest! {
    #[test]
    fn every_name_is_listed_and_told_at_most_once(
        method in prop::collection::vec(any::<u8>(), 0..40),
        target in "(/[a-zA-Z.]{0,5}){0,3}",
        [has_route, is_known, is_complete] in any::<[bool; 3]>(),
        status in any::<Option<u16>>(),
        grpc in any::<Option<u8>>(),
        which in 0..5_usize,
    ) {
        let protocols = [
            Protocol::Http,
            Protocol::Grpc,
            Protocol::GrpcWeb { text: false },
            Protocol::ConnectUnary,
            Protocol::ConnectStream,
        ];
        let rpc = RpcCall::of(protocols[which], &target, is_known);
        let request = Request {
            method: &method,
            known_method: method::known(&method),
            route: has_route.then_some("/orders"),
            rpc: rpc.as_ref(),
        };
        for semconv in [Semconv::Stable, Semconv::Old, Semconv::Dup] {
            let mut told = semconv.request_attributes(&request);
            told.extend(semconv.response_attributes(Outcome { status, grpc, is_complete }, rpc.as_ref()));
            let mut names: Vec<&str> = told.iter().map(|(name, _)| *name).collect();
            prop_assert!(names.iter().all(|name| semconv.names().contains(name)));
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names.len(), count);
        }
    }
}

#[test]
fn both_have_the_names_of_each() {
    let both = Semconv::Dup.names();
    for semconv in [Semconv::Stable, Semconv::Old] {
        assert!(
            semconv.names().iter().all(|name| both.contains(name)),
            "{semconv:?}"
        );
    }
}
