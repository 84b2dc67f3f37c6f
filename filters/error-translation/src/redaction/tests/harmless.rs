//! Texts that say to a client what it should know, and stay as they are.

use super::{clean, cleaned};

const TEXTS: &[&str] = &[
    "Order 42 not found",
    "record not found",
    "select an item from the list",
    "Please select items from inventory",
    "Select red, green or blue from the palette",
    "Select a size (S, M or L) from the menu",
    "SELECT A PLAN FROM THE LIST",
    "Update your payment method and set a default card",
    "You cannot delete from an archive that is closed",
    "Delete from the basket what you do not want",
    "Insert into the form what is asked for",
    "Where is my order? See the FAQ",
    "Drop table reservations 24 hours before",
    "See https://docs.example.com/errors/x",
    "See https://docs.example.com/home/app/src/errors.html for more.",
    "See https://docs.example.com:8443/var/log/guide?lang=en#top",
    "Use version 2.1.0.4",
    "Upgrade to version 10.0.2.1",
    "Deliver to 10 Downing Street",
    "/v1/orders/{id} needs If-Match",
    "/v1/orders/42",
    "No route matches /orders/42/items/7",
    "/users/42 and /home are the same resource",
    "/app/orders/42 was moved",
    "/src/550e8400-e29b-41d4-a716-446655440000 is gone",
    "#/errors/0/detail",
    "Send PATCH /v2/data/2026-11-21T10:00:00Z",
    "The Accept header must be application/json or text/html",
    "expected `,` or `}` at line 1 column 5",
    "invalid type: string \"a\", expected u64 at line 1 column 8",
    "Failed to parse the request body as JSON: total: expected value at line 1 column 10",
    "json: cannot unmarshal string into Go struct field Order.total of type int",
    "invalid character 'x' looking for beginning of value",
    "SyntaxError: Unexpected token } in JSON at position 5",
    "Unexpected token } in JSON at position 5",
    "2026-11-21T10:00:00Z",
    "The shop opens at 10:30:15 on Monday",
    "Closed at noon (10:30:15)",
    "550e8400-e29b-41d4-a716-446655440000",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "Request id: 7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 does not match",
    "Order ORD-2026-000042 is closed",
    "Invoice INV_20261121_0042 is not due",
    "Tracking number 1Z999AA10123456784 is unknown",
    "IBAN DE89370400440532013000 is not valid",
    "ETag \"33a64df551425fcc55e4d42a148795d9f25f89d4\" does not match",
    "sql: this field is unknown",
    "Failed to deserialize the JSON body into the target type: total: invalid type: string \"a\", expected u64 at line 1 column 12",
    "context deadline exceeded",
    "Path `/v1/usr/local` not found",
    "GET /orders?page=2&sort=created.desc is too broad",
    "Accepted: image/png, image/jpeg; up to 5 MB (5.242.880 bytes)",
    "amount must be >= 0.01 and <= 10.000,00",
    "The time zone Europe/Berlin is unknown; try UTC+01:00",
    "Phone +49 30 901820 is not valid",
    "MAC 00:1a:2b:3c:4d:5e is not registered",
    "Colour #ff00aa is not available",
    "Coupon SAVE-10-NOW and gift card 4242-1111 cannot be combined",
    "panic button is not available",
    "Do not panic, the order is safe",
    "thread 42 was closed by a moderator",
    "Stack trace collection is off",
    "Caused by insufficient funds",
    "Exception: deliveries on Sunday",
    "This is an exception to the rule",
    "OrderNotFoundException",
    "Error: Order 42 was not found",
    "Error 1042: the order is closed",
    "type.googleapis.com/acme.v1.OrderError",
    "Meet at async cafe (see map)",
    "at example.com (see the docs)",
    "... 3 more items",
    "# 1 in your list",
    "#1 priority is safety",
    "1: choose a plan",
    "Steps:\n1: choose a plan\n2: pay\n\tand wait",
    "Use `Option::None` where nothing is meant",
    "must match ^\\d{3}-\\w+$",
    "does not match the pattern \\d+\\.\\d+",
    "must match \"^[A-Z]:\\d$\"",
    "Node.js is not a supported client",
    "Upload report.py or main.go",
    "Ratio is 3:2 and 16:9",
    "Connect to the database of orders first",
    "connection to your bank failed",
    "lookup table is empty",
    "Webhook URL must not point to localhost",
    "host=api.example.com is not allowed",
    "Mail support@example.com",
    "error.internal",
    "8.8.8.8 is not on your allow list",
    "2001:db8::1 is not on your allow list",
    "Your address 203.0.113.7:443 was blocked",
    "std::io is no address, nor is a::b",
    "order:5432 not found",
    "red-green-blue is no colour",
    "customer-orders-2026-q4-final",
    "Bestellung 42 wurde nicht gefunden: Größe „XL“ fehlt",
    "注文42が見つかりません。もう一度お試しください。",
    "Заказ не найден",
    "Ξεπεράστηκε το όριο — δοκιμάστε ξανά",
    "لا يمكن العثور على الطلب",
    "50 % off 🎉",
    "rpc error: code = Unavailable desc = try again",
    "upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
    "no healthy upstream",
    "Rate limit of 100/min exceeded; retry in 30s",
    "Field 'items[0].price' must be > 0",
    "Key \"a\" is a duplicate",
    "a < b && c > d",
    "The relation between them does not exist",
    "Duplicate entry in your list",
    "[redacted]",
    "",
];

#[test]
fn ordinary_texts_stay_as_they_are() {
    let changed: Vec<_> = TEXTS
        .iter()
        .filter(|text| clean(text).as_deref() != Some(**text))
        .map(|text| (text, cleaned(text)))
        .collect();
    assert!(changed.is_empty(), "{changed:#?}");
}

#[test]
fn ordinary_texts_are_not_counted() {
    for text in TEXTS {
        assert!(cleaned(text).1.is_empty(), "{text}");
    }
}

#[test]
fn lines_and_tabs_stay() {
    assert_eq!(clean("a\n\tb").as_deref(), Some("a\n\tb"));
}

#[test]
fn control_characters_and_terminal_sequences_are_removed() {
    assert_eq!(
        clean("\u{1b}[1;31mred\u{1b}[0m\u{7} a\u{0}b\r\nc\rd\u{9b}").as_deref(),
        Some("red ab\nc\nd")
    );
}

#[test]
fn what_control_characters_hide_is_found() {
    assert_eq!(clean("pa\u{0}nic: boom"), None);
}
