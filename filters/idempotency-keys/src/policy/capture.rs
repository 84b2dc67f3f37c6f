//! What of an answer is kept.

use kit::policy::Findings;

use super::settings::Layers;
use crate::plan::NamedStore;
use crate::record::CaptureTerms;

/// The most octets of an answer that is kept, unless a policy says otherwise.
const MAX_ANSWER: usize = 64 * 1024;

/// A store that takes less than this is a mistake.
const MIN_ANSWER: usize = 1024;

/// What a record has beside its answer: its head, and what sealing adds.
const FRAME: usize = 1024;

/// What of the answers to the rule at `rule_at` is kept.
pub(super) fn check(
    rule_at: &str,
    layers: &Layers<'_>,
    store: Option<&NamedStore>,
    findings: &mut Findings,
) -> CaptureTerms {
    let max_octets = max_answer(rule_at, layers, store, findings);
    let dropped = layers.pick("dropHeaders", |own| own.drop_headers.as_ref());
    CaptureTerms {
        max_octets,
        body: stores_body(layers),
        dropped: dropped.map(|own| own.value.clone()).unwrap_or_default(),
    }
}

/// The most octets of an answer. Unless it is said, it is no more than the store takes.
fn max_answer(
    rule_at: &str,
    layers: &Layers<'_>,
    store: Option<&NamedStore>,
    findings: &mut Findings,
) -> usize {
    let said = layers.pick("maxAnswer", |own| own.max_answer.as_ref());
    let most = store.and_then(|own| own.store.max_record());
    let room = most.map_or(usize::MAX, |most| most.saturating_sub(FRAME));
    let wanted = said.as_ref().map_or(MIN_ANSWER, |own| own.value.0);
    if wanted > room {
        let (needed, most) = (wanted.saturating_add(FRAME), most.unwrap_or_default());
        findings.add(
            said.as_ref().map_or_else(|| rule_at.to_owned(), |own| own.at.clone()),
            format!(
                "needs records of up to {needed} octets, and those of the store have up to {most}; \
                 expected a smaller `maxAnswer`, or a store that takes more (`local`: more `size` or \
                 fewer `keys`; Redis: an HTTP front)"
            ),
        );
    }
    said.map_or(MAX_ANSWER.min(room), |own| own.value.0)
}

/// Whether contents are kept.
pub(super) fn stores_body(layers: &Layers<'_>) -> bool {
    layers
        .pick("storeBody", |own| own.store_body.as_ref())
        .is_none_or(|own| *own.value)
}
