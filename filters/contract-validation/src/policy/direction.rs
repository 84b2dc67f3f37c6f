//! What the messages of one direction are held to.

use kit::object_value;
use kit::policy::value::MaxBody;
use kit::policy::{Mode, Placed, child};

use super::bounded::Bounded;
use super::hidden::HiddenEntry;
use super::operation::OperationEntry;
use super::portability::PortabilityEntry;
use super::sample::Sample;
use super::settings::{Layers, Settings};
use super::unread::UnreadEntry;
use super::verdict::VerdictEntry;
use crate::openapi::Direction;

/// What the messages of one direction are held to.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Direction", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct DirectionEntry {
    /// How far, but never further than the rule; without it requests as far as the rule, and
    /// responses `report`.
    pub(super) mode: Option<Mode>,
    /// How many messages are looked at, in percent; without it 100, but 10 of responses that are not
    /// enforced.
    pub(super) sample: Option<Sample>,
    /// The most of a content that is read; `256KiB` without it.
    pub(super) max_body: Option<MaxBody>,
    /// What becomes of a content that is longer; without it requests `reject`, and responses `skip`.
    pub(super) over_cap: Option<UnreadEntry>,
    /// What becomes of a content with a coding that is not read, which is any but `gzip`; `skip`
    /// without it.
    pub(super) coded: Option<UnreadEntry>,
    /// The deepest nesting of a content; 64 without it.
    pub(super) max_depth: Option<Bounded<1, 128>>,
    /// How many violations of a message are told; 16 without it.
    pub(super) max_violations: Option<Bounded<1, 64>>,
    /// What becomes of what the contract does not declare: parameters of the query in requests,
    /// `allow` without it; statuses of responses, `report` without it. For `openapi`.
    pub(super) undeclared: Option<VerdictEntry>,
    /// What becomes of fields that the descriptors do not know; `allow` without it. For `protobuf`.
    pub(super) unknown_fields: Option<VerdictEntry>,
    /// What becomes of `readOnly` properties in requests and of `writeOnly` ones in responses;
    /// `allow` without it. For `openapi`.
    pub(super) hidden: Option<HiddenEntry>,
    /// What becomes of what services in other languages read differently; nothing is looked for
    /// without it. It counts as a whole. For `openapi` and `jsonSchema`.
    pub(super) portability: Option<PortabilityEntry>,
}

object_value!(DirectionEntry {
    mode: optional "mode",
    sample: optional "sample",
    max_body: optional "maxBody",
    over_cap: optional "overCap",
    coded: optional "coded",
    max_depth: optional "maxDepth",
    max_violations: optional "maxViolations",
    undeclared: optional "undeclared",
    unknown_fields: optional "unknownFields",
    hidden: optional "hidden",
    portability: optional "portability",
});

/// One direction of a rule: all that its layers say of it, and one operation over them.
pub(super) struct DirectionLayers<'a> {
    /// Which.
    pub(super) direction: Direction,
    /// The layers of the rule.
    pub(super) layers: &'a Layers<'a>,
    /// What is said of the operation.
    pub(super) operation: Option<&'a Placed<'a, OperationEntry>>,
}

impl<'a> DirectionLayers<'a> {
    /// What the strongest says that says anything. `name` is the setting's in the document.
    pub(super) fn pick<T>(
        &self,
        name: &str,
        get: impl Fn(&'a DirectionEntry) -> Option<&'a T>,
    ) -> Option<Placed<'a, T>> {
        self.pick_of_operation(name, &get)
            .or_else(|| self.pick_of_layers(name, &get))
    }

    /// How far the direction is in force. What an operation says for both directions is stronger
    /// than what its rule says of this one.
    pub(super) fn mode(&self) -> Option<Placed<'a, Mode>> {
        let get = |own: &'a DirectionEntry| own.mode.as_ref();
        let of_both = || {
            let operation = self.operation?;
            operation.value.mode.as_ref().map(|value| Placed {
                at: child(&operation.at, "mode"),
                value,
            })
        };
        self.pick_of_operation("mode", get)
            .or_else(of_both)
            .or_else(|| self.pick_of_layers("mode", get))
    }

    fn pick_of_operation<T>(
        &self,
        name: &str,
        get: impl Fn(&'a DirectionEntry) -> Option<&'a T>,
    ) -> Option<Placed<'a, T>> {
        let operation = self.operation?;
        let own = match self.direction {
            Direction::Request => operation.value.request.as_ref(),
            Direction::Response => operation.value.response.as_ref(),
        };
        get(own?).map(|value| Placed {
            at: child(&child(&operation.at, self.name()), name),
            value,
        })
    }

    fn pick_of_layers<T>(
        &self,
        name: &str,
        get: impl Fn(&'a DirectionEntry) -> Option<&'a T>,
    ) -> Option<Placed<'a, T>> {
        let own = |settings: &'a Settings| match self.direction {
            Direction::Request => settings.request.as_ref(),
            Direction::Response => settings.response.as_ref(),
        };
        let placed = self
            .layers
            .pick(self.name(), |settings| own(settings).and_then(&get))?;
        Some(Placed {
            at: child(&placed.at, name),
            ..placed
        })
    }

    fn name(&self) -> &'static str {
        match self.direction {
            Direction::Request => "request",
            Direction::Response => "response",
        }
    }
}
