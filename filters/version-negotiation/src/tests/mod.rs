//! The core behind kit's pipeline and a proxy in memory.

#![expect(
    clippy::needless_pass_by_value,
    reason = "Policies are written where they are used."
)]

mod proxy;

mod life;
mod sources;
mod strange;
mod upstream;
mod who;

use proxy::{Answer, Proxy, policy};

#[test]
fn the_policy_of_the_readme_does_what_it_says() {
    let readme = include_str!("../../README.md");
    let example = readme
        .split("```json")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let mut proxy = Proxy::new(serde_json::from_str(example).unwrap());
    let answer = proxy.get("/v1/orders/7", &[("api-version", "1")]);
    assert_eq!(answer.version(), "1");
    assert_eq!(answer.sent(":path").unwrap(), "/orders/7");
    assert_eq!(answer.got("deprecation").unwrap(), "@1769904000");
    let peer = "connection/uri_san_peer_certificate".to_owned();
    proxy
        .properties
        .insert(peer, b"spiffe://acme/shop".to_vec());
    assert_eq!(proxy.get("/orders/7", &[]).version(), "1");
}
