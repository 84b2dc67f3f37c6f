//! REST to gRPC, between the filters and the service.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use e2e::{Client, Request};
use prost::Message;
use prost_reflect::DescriptorPool;
use serde_json::{Value, json};

use crate::edge::{Edge, assert_problem, checked_in, filter};
use crate::grpc::{self, CreateOrderRequest, GetOrderRequest, Order};

const ORDERS: &str = "orders.example.com";
const TRANSCODER: &str = "envoy.filters.http.grpc_json_transcoder";

fn order(id: i64) -> Order {
    Order {
        id,
        amount_minor: 500,
        currency: "EUR".to_owned(),
        lines: vec!["book".to_owned()],
    }
}

/// In JSON an int64 is a text (`ProtoJSON`).
fn as_json(id: &str) -> Value {
    json!({"id": id, "amount_minor": "500", "currency": "EUR", "lines": ["book"]})
}

#[test]
fn a_client_of_rest_gets_what_a_service_of_grpc_answers() {
    Edge::in_turn(|edge| {
        edge.grpc.handle(|seen| {
            let asked: GetOrderRequest = grpc::read(seen);
            grpc::answer(&order(asked.id))
        });
        let response = edge.send(edge.get(ORDERS, "/v1/rpc/orders/7"));
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.json(), as_json("7"));
        let seen = edge.grpc.took();
        assert_eq!(seen[0].path, "/acme.orders.v1.Orders/GetOrder");
        assert_eq!(
            seen[0].headers.text("content-type"),
            Some("application/grpc")
        );
        // The version is that of the path of REST.
        assert_eq!(seen[0].headers.text("x-treaty-version"), Some("1"));
    });
}

#[test]
fn a_transcoded_answer_can_be_given_again_because_filters_see_rest() {
    Edge::in_turn(|edge| {
        edge.grpc.handle(|seen| {
            let asked: CreateOrderRequest = grpc::read(seen);
            assert_eq!((asked.amount_minor, &*asked.currency), (500, "EUR"));
            grpc::answer(&order(8))
        });
        let content = json!({"amount_minor": "500", "currency": "EUR", "lines": ["book"]});
        let post = || {
            edge.post(ORDERS, "/v1/rpc/orders", &content)
                .header("idempotency-key", "c7d7f3d2-0f1d-4b0f-8a5e-2f2b9c8d7e66")
        };
        assert_eq!(edge.send(post()).json(), as_json("8"));
        let again = edge.send(post());
        assert_eq!(again.headers.text("idempotent-replayed"), Some("true"));
        assert_eq!(again.headers.text("content-type"), Some("application/json"));
        assert_eq!(again.json(), as_json("8"));
        assert_eq!(edge.grpc.took().len(), 1);
    });
}

#[test]
fn an_error_of_grpc_is_a_problem_for_a_client_of_rest() {
    Edge::in_turn(|edge| {
        edge.grpc.answer(grpc::error("5", "there is no such order"));
        let response = edge.send(edge.get(ORDERS, "/v1/rpc/orders/9"));
        assert_problem(&response, 404, "");
        assert_eq!(response.json()["detail"], "there is no such order");
        assert!(!response.headers.has("grpc-status"));
    });
}

#[test]
fn what_breaks_the_contract_of_rest_claims_no_key_and_is_never_transcoded() {
    Edge::in_turn(|edge| {
        edge.grpc.answer(grpc::answer(&order(8)));
        let post = |amount: Value| {
            let content = json!({"amount_minor": amount, "currency": "EUR", "lines": []});
            edge.post(ORDERS, "/v1/rpc/orders", &content)
                .header("idempotency-key", "f1a2b3c4-d5e6-4788-99aa-bbccddeeff00")
        };
        let refused = edge.send(post(json!({"many": 5})));
        assert_problem(&refused, 422, "/contract-validation/invalid-content");
        assert!(edge.grpc.took().is_empty());
        let served = edge.send(post(json!("5")));
        assert_eq!(served.status, 200, "{}", served.text());
    });
}

#[test]
fn a_call_of_grpc_passes_as_it_is() {
    Edge::in_turn(|edge| {
        edge.grpc.answer(grpc::answer(&order(7)));
        let message = GetOrderRequest { id: 7 }.encode_to_vec();
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let content = [&[0], &length[..], &message].concat();
        let request = Request::post("/acme.orders.v1.Orders/GetOrder", content.clone())
            .authority("grpc.example.com")
            .header("authorization", edge.bearer("jane", "acme"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        let response = Client::http2(edge.envoy.address("edge")).send(request);
        assert_eq!(response.trailers.text("grpc-status"), Some("0"));
        assert_eq!(Order::decode(&response.body[5..]).unwrap(), order(7));
        assert_eq!(edge.grpc.took()[0].body, content);
    });
}

/// But for the rules of `google.api.http` they are those of the service.
#[test]
fn the_descriptors_of_the_config_are_those_of_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let credentials = e2e::Credentials::write(folder.path());
    let mut config: Value = checked_in(&credentials).into();
    let shipped = &filter(&mut config, TRANSCODER)["proto_descriptor_bin"];
    let shipped = BASE64.decode(shipped.as_str().unwrap()).unwrap();
    let shipped = DescriptorPool::decode(&shipped[..]).unwrap();
    let protos = e2e::root().join("e2e/services/proto");
    let compiled = protox::compile(["acme/orders/v1/orders.proto"], [protos]).unwrap();
    let compiled = DescriptorPool::from_file_descriptor_set(compiled).unwrap();
    let messages = |pool: &DescriptorPool| {
        let messages = pool.all_messages();
        let mut messages: Vec<String> = messages
            .map(|message| format!("{:?}", message.descriptor_proto()))
            .collect();
        messages.sort();
        messages
    };
    let methods = |pool: &DescriptorPool| {
        let service = pool.get_service_by_name("acme.orders.v1.Orders").unwrap();
        let methods = service.methods().map(|method| {
            let types = [method.input(), method.output()].map(|kind| kind.full_name().to_owned());
            (
                method.name().to_owned(),
                types,
                method.is_server_streaming(),
            )
        });
        methods.collect::<Vec<_>>()
    };
    assert_eq!(messages(&shipped), messages(&compiled));
    assert_eq!(methods(&shipped), methods(&compiled));
}
