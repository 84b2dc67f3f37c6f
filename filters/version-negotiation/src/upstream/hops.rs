//! How often a request has passed which proxy's filter: `x-treaty-hops`, a list of tokens with a
//! parameter (RFC 9651 sections 3.1 and 3.1.2), such as `p1a2b3c4d;n=2, p99aa00ff;n=1`.
//!
//! The field is no secret and no credential: whoever forges it only ends the own request early.

use kit::exchange::Exchange;
use xxhash_rust::xxh64::xxh64;

/// The most proxies that are kept; those that were passed longest ago are forgotten first.
const LIMIT: usize = 64;

/// The proxies that a request has passed, longest ago first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hops(Vec<(String, u32)>);

/// The name of this proxy: `p` (a token begins with a letter) and 8 hexadecimal digits of the hash
/// of its node id.
pub(crate) fn proxy_id(x: &Exchange<'_>) -> String {
    let node = x.property(&["node", "id"]).unwrap_or_default();
    format!("p{:08x}", xxh64(&node, 0) & 0xffff_ffff)
}

impl Hops {
    /// Reads the field. One that is not as expected counts as absent (RFC 9651 section 4.2).
    pub(crate) fn parse(value: &[u8]) -> Self {
        let items = value.split(|byte| *byte == b',');
        let hops: Option<Vec<_>> = items.map(parse_item).collect();
        Self(hops.unwrap_or_default())
    }

    /// How often the request has passed a proxy.
    pub(crate) fn of(&self, id: &str) -> u32 {
        self.0
            .iter()
            .find(|(own, _)| own == id)
            .map_or(0, |(_, count)| *count)
    }

    /// The field after one more passage.
    pub(crate) fn with_one_more(mut self, id: &str) -> String {
        let count = self.of(id).saturating_add(1);
        self.0.retain(|(own, _)| own != id);
        self.0.push((id.to_owned(), count));
        let forgotten = self.0.len().saturating_sub(LIMIT);
        let items: Vec<String> = self
            .0
            .iter()
            .skip(forgotten)
            .map(|(id, count)| format!("{id};n={count}"))
            .collect();
        items.join(", ")
    }
}

fn parse_item(item: &[u8]) -> Option<(String, u32)> {
    let item = std::str::from_utf8(item).ok()?.trim_matches([' ', '\t']);
    let (id, count) = item.split_once(";n=")?;
    let digits = id.strip_prefix('p')?;
    let is_id = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_count = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    (is_id && is_count).then(|| Some((id.to_owned(), count.parse().ok()?)))?
}
