//! The settings that each layer of the document may give.

use kit::object_value;
use kit::policy::value::Name;

use super::base_path::BasePath;
use super::direction::DirectionEntry;
use super::operation::OperationEntry;
use super::verdict::VerdictEntry;

/// The layers that one rule has.
pub(super) type Layers<'a> = kit::policy::Layers<'a, Settings>;

/// Settings. A later layer overrides an earlier one field by field, those of `request` and
/// `response` as well: `defaults`, then `runtimes`, then `serviceSettings`, then the rule.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct Settings {
    /// The name of the contract; without it the only one.
    pub(super) contract: Option<Name>,
    /// What paths begin with before the paths of the contract; without it the paths of its
    /// `servers`. The empty one is a path of the contract alone. For `openapi`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(super) base_paths: Option<Vec<BasePath>>,
    /// What requests are held to.
    pub(super) request: Option<DirectionEntry>,
    /// What responses are held to.
    pub(super) response: Option<DirectionEntry>,
    /// What becomes of a request whose path the contract does not know; `report` without it. For
    /// `openapi` and `protobuf`.
    pub(super) unknown_path: Option<VerdictEntry>,
    /// What becomes of a request whose path the contract knows with other methods only, or whose
    /// RPC method its service does not have; `report` without it. For `openapi` and `protobuf`.
    pub(super) unknown_method: Option<VerdictEntry>,
    /// What single operations are held to. The strongest layer that has any counts as a whole. For
    /// `openapi` and `protobuf`.
    pub(super) operations: Option<Vec<OperationEntry>>,
    /// Whether an answer tells in `x-treaty-contract-violations`, in mode `report`, how many
    /// violations there were; false without it.
    pub(super) report_header: Option<bool>,
}

object_value!(Settings {
    contract: optional "contract",
    base_paths: optional_list "basePaths",
    request: optional "request",
    response: optional "response",
    unknown_path: optional "unknownPath",
    unknown_method: optional "unknownMethod",
    operations: optional_list "operations",
    report_header: optional "reportHeader",
});
