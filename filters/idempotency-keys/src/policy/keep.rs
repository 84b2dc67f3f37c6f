//! Which answers are kept, by their status.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kit::object_value;
use kit::policy::value::Members;
use kit::policy::{Findings, child};

use super::settings::Layers;
use crate::machine::{Ending, Endings};
use crate::record::NotKept;

/// Which answers are kept, by their status. gRPC's codes count as the class that they amount to.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Keep", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct KeepEntry {
    /// 2xx, and gRPC's OK; `keep` without it.
    success: Option<EndingEntry>,
    /// 3xx; `keep` without it.
    redirection: Option<EndingEntry>,
    /// 4xx, and the codes of gRPC that blame the request; `keep` without it.
    client_error: Option<EndingEntry>,
    /// 5xx, and the other codes of gRPC; `unknown` without it, because the request may have been
    /// carried out.
    server_error: Option<EndingEntry>,
    /// Single HTTP statuses that differ from their class.
    #[cfg_attr(
        feature = "schema",
        schemars(default, with = "std::collections::BTreeMap<String, EndingEntry>")
    )]
    statuses: Statuses,
}

object_value!(KeepEntry {
    success: optional "success",
    redirection: optional "redirection",
    client_error: optional "clientError",
    server_error: optional "serverError",
    statuses: defaulted "statuses",
});

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Ending", rename_all = "camelCase")
)]
enum EndingEntry {
    /// The answer is kept, and duplicates get it.
    Keep,
    /// The answer is not kept, and duplicates are told that the request is done.
    DoNotKeep,
    /// Duplicates are told that nobody knows whether the request was carried out.
    Unknown,
    /// The key is free again, and the next request runs.
    Release,
}

/// Endings by status, as the document has them.
#[derive(Debug, Default)]
struct Statuses(Vec<(String, EndingEntry)>);

impl Deserr<Findings> for Statuses {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        Members::open(value, location)?.all().map(Self)
    }
}

/// How answers end the keys of a rule.
pub(super) fn check(layers: &Layers<'_>, findings: &mut Findings) -> Endings {
    let placed = layers.pick("keep", |own| own.keep.as_ref());
    let standard = KeepEntry::default();
    let (own, at) = placed.map_or((&standard, String::new()), |own| (own.value, own.at));
    check_carried_out(own.success, child(&at, "success"), findings);
    check_carried_out(own.redirection, child(&at, "redirection"), findings);
    let kept = |own: Option<EndingEntry>| own.map_or(Ending::Kept, EndingEntry::ending);
    Endings {
        success: kept(own.success),
        redirection: kept(own.redirection),
        client_error: kept(own.client_error),
        server_error: own
            .server_error
            .map_or(Ending::Unknown, EndingEntry::ending),
        statuses: own.statuses.check(&child(&at, "statuses"), findings),
    }
}

/// A key that is free after its request was carried out lets a duplicate run again.
fn check_carried_out(ending: Option<EndingEntry>, at: String, findings: &mut Findings) {
    if ending == Some(EndingEntry::Release) {
        findings.add(
            at,
            "would free the key of a request that was carried out; expected one of `keep`, \
             `doNotKeep` or `unknown`",
        );
    }
}

impl Statuses {
    fn check(&self, at: &str, findings: &mut Findings) -> Vec<(u16, Ending)> {
        let mut checked = Vec::new();
        for (name, ending) in &self.0 {
            let at = child(at, name);
            let Some(status) = status(name) else {
                findings.add(at, "expected an HTTP status from 200 to 599");
                continue;
            };
            if status < 400 {
                check_carried_out(Some(*ending), at, findings);
            }
            checked.push((status, ending.ending()));
        }
        checked
    }
}

/// A final status (RFC 9110 section 15), as it is written everywhere.
fn status(text: &str) -> Option<u16> {
    let is_plain = text.len() == 3 && text.bytes().all(|octet| octet.is_ascii_digit());
    let status = is_plain.then(|| text.parse().ok()).flatten();
    status.filter(|status| (200..=599).contains(status))
}

impl EndingEntry {
    fn ending(self) -> Ending {
        match self {
            Self::Keep => Ending::Kept,
            Self::DoNotKeep => Ending::NotKept(NotKept::Status),
            Self::Unknown => Ending::Unknown,
            Self::Release => Ending::Released,
        }
    }
}
