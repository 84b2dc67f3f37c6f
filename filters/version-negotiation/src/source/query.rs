//! A version in a query parameter.

use super::{Enough, Reader, Said};
use crate::fields;

pub(super) fn read(
    name: &str,
    reader: &Reader<'_>,
    hear: &mut dyn FnMut(Said) -> Enough,
) -> Enough {
    let target = reader.headers.get(fields::PATH).unwrap_or_default();
    let without_fragment = target.split(|byte| *byte == b'#').next();
    let query = without_fragment
        .unwrap_or_default()
        .splitn(2, |byte| *byte == b'?')
        .nth(1);
    let Some(query) = query else {
        return Enough::No;
    };
    for (own, value) in form_urlencoded::parse(query) {
        if own == name && hear(reader.said(value.as_bytes())) == Enough::Yes {
            return Enough::Yes;
        }
    }
    Enough::No
}
