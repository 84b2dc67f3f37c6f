//! Cookies: `Cookie: sid=…; theme=dark`.

use std::ops::Range;

use super::value::{Value, is_placeholder};
use crate::scan::{Place, Rule, Sign, prefix, run};

pub(super) const SIGNS: &[Sign<Rule>] = &[Sign::in_any_case("cookie", cookie)];

/// What `Cookie` and `Set-Cookie` hold (RFC 6265 section 4), to the end of the line.
fn cookie(place: Place<'_>) -> Option<Range<usize>> {
    let value = Value::after_name(place)?;
    let line = value.seen(&|b| value.is_line(b));
    let name = prefix(line, run(line, |b| b.is_ascii_graphic() && b != b'='));
    let first = line.get(name.len()..)?.strip_prefix('=')?;
    let said = !name.is_empty() && !is_placeholder(first);
    said.then(|| value.whole(&|b| value.is_line(b)))
}
