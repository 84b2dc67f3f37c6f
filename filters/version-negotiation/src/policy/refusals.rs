//! The HTTP status codes of refusals.

use deserr::Deserr;
use kit::object_value;
use kit::policy::Findings;

use super::settings::Layers;
use crate::refusal::Statuses;

/// The HTTP status codes of refusals. gRPC and Connect clients get codes of their own.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct RefusalsEntry {
    /// What should be a version is none of the scheme; 400 without it.
    malformed_version: Option<Status>,
    /// There is no such version; 404 without it.
    unknown_version: Option<Status>,
    /// The request names two different versions; 400 without it.
    conflicting_versions: Option<Status>,
    /// `Accept` allows only versions that there are not; 406 without it.
    not_acceptable: Option<Status>,
    /// The request names no version and must; 400 without it.
    version_required: Option<Status>,
    /// The version is gone; 410 without it.
    retired_version: Option<Status>,
    /// The version is in a planned brownout; 410 without it.
    brownout: Option<BrownoutStatus>,
}

object_value!(RefusalsEntry {
    malformed_version: optional "malformedVersion",
    unknown_version: optional "unknownVersion",
    conflicting_versions: optional "conflictingVersions",
    not_acceptable: optional "notAcceptable",
    version_required: optional "versionRequired",
    retired_version: optional "retiredVersion",
    brownout: optional "brownout",
});

/// The status of a refusal: 400, 404, 406 or 410.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = Findings, try_from(u16) = Status::check -> String)]
struct Status(u16);

/// The status of a brownout: 400, 404, 406, 410 or 503.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = Findings, try_from(u16) = BrownoutStatus::check -> String)]
struct BrownoutStatus(u16);

/// The status codes of a rule.
pub(super) fn check(layers: &Layers<'_>) -> Statuses {
    let placed = layers.pick("refusals", |settings| settings.refusals.as_ref());
    let Some(own) = placed.map(|placed| placed.value) else {
        return Statuses::default();
    };
    let status = |status: Option<Status>| status.map(|status| status.0);
    Statuses {
        malformed_version: status(own.malformed_version),
        unknown_version: status(own.unknown_version),
        conflicting_versions: status(own.conflicting_versions),
        not_acceptable: status(own.not_acceptable),
        version_required: status(own.version_required),
        retired_version: status(own.retired_version),
        brownout: own.brownout.map(|status| status.0),
    }
}

impl Status {
    fn check(status: u16) -> Result<Self, String> {
        match status {
            400 | 404 | 406 | 410 => Ok(Self(status)),
            _ => Err("expected one of 400, 404, 406 or 410".into()),
        }
    }
}

impl BrownoutStatus {
    fn check(status: u16) -> Result<Self, String> {
        match status {
            400 | 404 | 406 | 410 | 503 => Ok(Self(status)),
            _ => Err("expected one of 400, 404, 406, 410 or 503".into()),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Status {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Status".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "enum": [400, 404, 406, 410] })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for BrownoutStatus {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BrownoutStatus".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "enum": [400, 404, 406, 410, 503] })
    }
}
