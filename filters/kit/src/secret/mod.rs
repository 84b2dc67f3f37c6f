//! Credentials in texts: tokens, keys, passwords, cookies.
//!
//! They are known by how they begin (`ghp_…`, `eyJ…`), by the name before them (`password=…`,
//! `Authorization: …`) or by where they stand in a URL. One pass over a text finds them all.
//!
//! After `=` whatever stands there is taken, and between quotes whatever is one word; after a bare
//! colon only what looks like a secret, so that "token: must not be empty" stays. What has neither a
//! known beginning nor a name before it is not found: the rest of a text has to stay readable.

mod authentication;
mod cookie;
mod issued;
mod jwt;
mod named;
mod pem;
mod userinfo;
mod value;

use std::ops::Range;
use std::sync::LazyLock;

use crate::scan::{Rule, Sign, Signs};

/// The places of credentials in a text, in octets: sorted, apart from each other and never within a
/// character.
///
/// The name before a credential is not a part of its place; the beginning of a token is. It takes
/// time linear in the text, however the text was made.
///
/// Where a place is replaced by a word in brackets, such as `[redacted]`, that word is not found
/// again. What stands next to it may then be, so a text that must be clean is looked at until
/// nothing is found.
pub fn find(text: &str) -> Vec<Range<usize>> {
    static SIGNS: LazyLock<Signs<(), Rule>> = LazyLock::new(|| Signs::new(signs(())));
    let mut places = Vec::new();
    SIGNS.find(text, &mut |(), range| add(&mut places, range));
    places
}

/// The signs of credentials, each group with a kind of the caller's, for those who look for more in
/// the same pass. Together they find what [`find`] does.
pub fn signs<K: Copy>(kind: K) -> impl Iterator<Item = (K, &'static [Sign<Rule>])> {
    [
        authentication::SIGNS,
        cookie::SIGNS,
        pem::SIGNS,
        named::SIGNS,
        userinfo::SIGNS,
        jwt::SIGNS,
        issued::SIGNS,
    ]
    .into_iter()
    .map(move |signs| (kind, signs))
}

/// Adds a place, which is made one with the last where they overlap or touch: a block in PEM may
/// begin in the value of a name. Places come in their order, because nothing is found before its sign.
fn add(places: &mut Vec<Range<usize>>, place: Range<usize>) {
    match places.last_mut() {
        Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
        _ => places.push(place),
    }
}

#[cfg(test)]
mod tests;
