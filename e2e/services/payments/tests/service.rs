//! The built service, asked over REST and gRPC as a client would.

mod running;

use hyper_util::client::legacy::Error as ClientError;
use serde_json::json;
use tonic::Code;
use tonic_types::StatusExt;

use crate::running::{Result, Service, proto};

#[tokio::test]
async fn both_versions_answer_in_their_own_shape() -> Result<()> {
    let service = Service::start(&[])?;
    let id = 9_007_199_254_740_993_i64;

    let v1 = service.get(&format!("/v1/payments/{id}"), &[]).await?;
    assert_eq!(v1.header("x-service-version"), "1");
    assert_eq!(v1.header("x-service"), "payments");
    assert_eq!(v1.header("server"), "payments/1.0 (rust)");
    assert_eq!(v1.json()?["id"], json!(id));

    let v2 = service.get(&format!("/payments/{id}"), &[]).await?;
    assert_eq!(v2.header("x-service-version"), "2");
    assert_eq!(v2.json()?["id"], json!(id.to_string()));

    let asked = [("x-treaty-version", "1.3")];
    let by_header = service.get("/payments/by-order/1", &asked).await?;
    assert_eq!(by_header.json()?["order_id"], json!(1));
    Ok(())
}

#[tokio::test]
async fn an_unknown_payment_is_text_then_json() -> Result<()> {
    let service = Service::start(&[])?;

    let v1 = service.get("/v1/payments/404", &[]).await?;
    assert_eq!(v1.status, 404);
    assert_eq!(v1.header("content-type"), "text/plain; charset=utf-8");

    let v2 = service.get("/v2/payments/404", &[]).await?;
    assert_eq!(v2.status, 404);
    assert_eq!(v2.json()?["code"], "payment_not_found");

    let no_route = service.get("/v1/nothing", &[]).await?;
    assert_eq!(no_route.status, 404);
    assert_eq!(no_route.header("x-service-version"), "");
    Ok(())
}

#[tokio::test]
async fn the_order_variant_names_itself() -> Result<()> {
    let service = Service::start(&[])?;
    let order = service.get("/v2/orders/1", &[]).await?;
    assert_eq!(order.header("x-service"), "orders-rust");
    assert_eq!(order.json()?["total"]["minor_units"], json!(1250));
    Ok(())
}

#[tokio::test]
async fn a_payment_is_counted_and_its_order_verified() -> Result<()> {
    let orders = Service::start(&[])?;
    let service = Service::start(&["--orders-http", &format!("http://{}", orders.http)])?;
    let headers = [("idempotency-key", "k1"), ("traceparent", "00-ab-cd-01")];

    let known =
        json!({"order_id": "1", "amount_minor": 5, "currency": "EUR", "verify_order": true});
    let made = service.post("/v2/payments", &known, &headers).await?;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("location"), "/v2/payments/3");

    let unknown =
        json!({"order_id": 9, "amount_minor": 5, "currency": "EUR", "verify_order": true});
    let refused = service.post("/v1/payments", &unknown, &headers).await?;
    assert_eq!(refused.status, 502);
    assert_eq!(refused.json()?["code"], "order_unverified");

    let count = service.get("/executions/k1", &[]).await?;
    assert_eq!(count.json()?, json!({"key": "k1", "count": 2}));
    Ok(())
}

#[tokio::test]
async fn a_trace_goes_on_and_is_in_the_log_of_both_services() -> Result<()> {
    let orders = Service::start(&[])?;
    let service = Service::start(&["--orders-http", &format!("http://{}", orders.http)])?;
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let payment =
        json!({"order_id": "1", "amount_minor": 5, "currency": "EUR", "verify_order": true});

    let made = service
        .post("/v2/payments", &payment, &[("traceparent", traceparent)])
        .await?;
    assert_eq!(made.status, 201);
    for (asked, path) in [(&service, "/v2/payments"), (&orders, "/v1/orders/1")] {
        let line = asked.logged()?;
        assert_eq!(line["path"], path);
        assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(line["span_id"], "b7ad6b7169203331");
    }

    let untraced = service.get("/healthz", &[]).await?;
    assert_eq!(untraced.status, 200);
    assert_eq!(service.logged()?["trace_id"], json!(null));
    Ok(())
}

#[tokio::test]
async fn json_that_is_no_payment_is_rejected_by_axum() -> Result<()> {
    let service = Service::start(&[])?;
    let rejected = service.post("/v2/payments", &json!({}), &[]).await?;
    assert_eq!(rejected.status, 422);
    assert!(rejected.text().contains("missing field `order_id`"));
    Ok(())
}

#[tokio::test]
async fn an_echo_shows_the_path_as_it_was_sent() -> Result<()> {
    let service = Service::start(&[])?;
    let echo = service
        .get(
            "/echo//a%2Fb?h=x-added:1&q=%7e",
            &[("x-echo-status", "418")],
        )
        .await?;
    assert_eq!(echo.status, 418);
    assert_eq!(echo.header("x-added"), "1");
    let shown = echo.json()?;
    assert_eq!(shown["path"], "/echo//a%2Fb");
    assert_eq!(shown["query"], "h=x-added:1&q=%7e");
    assert_eq!(shown["host"], service.http.to_string());
    Ok(())
}

#[tokio::test]
async fn an_answer_breaks_its_contract_as_asked() -> Result<()> {
    let service = Service::start(&[])?;
    let path = "/v1/payments/9007199254740993";
    let broken = async |way| service.get(path, &[("x-break", way)]).await;

    let missing = broken("missing-field").await?.json()?;
    assert_eq!(missing["amount_minor"], json!(null));
    assert_eq!(missing["id"], json!(9_007_199_254_740_993_i64));
    let wrong = broken("wrong-type").await?.json()?;
    assert_eq!(wrong["amount_minor"], json!(true));
    assert!(broken("truncated").await?.json().is_err());
    assert_eq!(broken("extra-status").await?.status, 203);
    let xml = broken("extra-media-type").await?;
    assert_eq!(xml.header("content-type"), "application/xml");
    let bad = broken("bad-header").await?;
    assert_eq!(bad.header("x-service-version"), "latest");
    let without = broken("missing-header").await?;
    assert_eq!(without.header("x-service-version"), "");
    Ok(())
}

#[tokio::test]
async fn events_are_server_sent() -> Result<()> {
    let service = Service::start(&[])?;
    let events = service.get("/v1/events?count=4&interval_ms=1", &[]).await?;
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert_eq!(events.text().matches("event: payment\n").count(), 4);
    Ok(())
}

#[tokio::test]
async fn a_panic_closes_the_connection_unless_recovered() -> Result<()> {
    let service = Service::start(&[])?;

    let recovered = service.get("/panic?recovered=1", &[]).await?;
    assert_eq!(recovered.status, 500);
    assert!(recovered.text().starts_with("panicked: ledger shard"));
    assert!(recovered.text().contains("Stack backtrace:\n   0: "));
    assert!(recovered.text().contains("payments::crash::now"));

    let std = service.get("/panic?recovered=1&shape=std", &[]).await?;
    assert!(std.text().starts_with("thread 'tokio-rt-worker' ("));
    let json = service.get("/panic?recovered=1&shape=json", &[]).await?;
    assert_eq!(json.json()?["code"], "panic");

    let died = service.get("/panic", &[]).await;
    assert!(died.is_err_and(|error| error.is::<ClientError>()));
    assert_eq!(service.get("/healthz", &[]).await?.text(), "ok");
    Ok(())
}

#[tokio::test]
async fn grpc_answers_like_rest() -> Result<()> {
    let service = Service::start(&[])?;
    let mut payments = service.grpc_v2().await?;

    let request = proto::v2::GetPaymentRequest {
        order_id: "1".to_owned(),
        ..Default::default()
    };
    let payment = payments.get_payment(request).await?;
    assert_eq!(
        payment
            .metadata()
            .get("x-service-version")
            .map(AsRef::as_ref),
        Some(&b"2"[..])
    );
    assert_eq!(payment.into_inner().id, "1");

    let request = proto::v2::WatchPaymentsRequest {
        count: 4,
        interval_ms: 1,
    };
    let mut stream = payments.watch_payments(request).await?.into_inner();
    let mut watched = 0;
    while stream.message().await?.is_some() {
        watched += 1;
    }
    assert_eq!(watched, 4);
    Ok(())
}

#[tokio::test]
async fn grpc_fails_as_asked() -> Result<()> {
    let service = Service::start(&[])?;
    let mut payments = service.grpc_v1().await?;

    let request = proto::v1::FailRequest {
        code: 14,
        message: "store is down".to_owned(),
        with_details: true,
    };
    let failed = payments.fail(request).await;
    let status = failed.err().ok_or("Fail succeeded")?;
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.get_error_details().debug_info().is_some());

    let crashed = payments.panic(proto::v1::PanicRequest {}).await;
    assert!(crashed.is_err());
    let after = payments
        .slow(proto::v1::SlowRequest { delay_ms: 1 })
        .await?;
    assert_eq!(after.into_inner().id, 1);
    Ok(())
}

#[tokio::test]
async fn sigterm_ends_the_service() -> Result<()> {
    let service = Service::start(&[])?;
    service.get("/healthz", &[]).await?;
    assert!(service.stop()?.success());
    Ok(())
}
