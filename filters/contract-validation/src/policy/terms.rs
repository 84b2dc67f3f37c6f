//! What messages are held to, with all layers merged.

use kit::filter::Form;
use kit::policy::{Findings, Mode, Placed};

use super::contract::Kind;
use super::direction::DirectionLayers;
use super::operation::OperationEntry;
use super::settings::Layers;
use super::suitability::Suitability;
use crate::openapi::{Direction, Hidden};
use crate::plan::{DirectionTerms, PortabilityTerms, Share, Terms, Unread, Verdict};

/// How many responses are looked at, unless a policy says otherwise: a service that breaks its
/// contract does so often.
const RESPONSE_SAMPLE: Share = Share(100_000);

/// The most octets of a content, unless a policy says otherwise.
const MAX_BODY: usize = 256 * 1024;

/// The deepest nesting of a content, unless a policy says otherwise.
const MAX_DEPTH: usize = 64;

/// How many violations of a message are told, unless a policy says otherwise.
const MAX_VIOLATIONS: usize = 16;

/// A rule, as far as the terms of its operations depend on it.
pub(super) struct Ground<'a> {
    /// How contents are waited for.
    pub(super) form: Form,
    /// How far the rule is in force.
    pub(super) mode: Mode,
    /// The kind of its contract, where that is known.
    pub(super) kind: Option<Kind>,
    /// Its layers.
    pub(super) layers: &'a Layers<'a>,
}

impl Ground<'_> {
    /// The terms of an operation, or of all that have none of their own.
    pub(super) fn terms(
        &self,
        operation: Option<&Placed<'_, OperationEntry>>,
        suitability: &mut Suitability,
        findings: &mut Findings,
    ) -> Terms {
        let of = |direction| DirectionLayers {
            direction,
            layers: self.layers,
            operation,
        };
        let (request, response) = (of(Direction::Request), of(Direction::Response));
        let request_mode = request.mode().map_or(self.mode, |own| *own.value);
        let response_mode = self.response_mode(&response, findings);
        Terms {
            request: self.of_direction(&request, at_most(self.mode, request_mode), suitability),
            response: self.of_direction(&response, response_mode, suitability),
        }
    }

    /// How far responses are in force: they report unless more is asked for.
    fn response_mode(&self, own: &DirectionLayers<'_>, findings: &mut Findings) -> Mode {
        let Some(said) = own.mode() else {
            return at_most(self.mode, Mode::Report);
        };
        let mode = at_most(self.mode, *said.value);
        if mode == Mode::Enforce && self.form == Form::Streamed {
            findings.add(
                said.at,
                "cannot be kept in the form `streamed`, in which the head of an answer has gone \
                 before its content is read; expected `report`, or the form `held`",
            );
        }
        mode
    }

    fn of_direction(
        &self,
        own: &DirectionLayers<'_>,
        mode: Mode,
        suitability: &mut Suitability,
    ) -> DirectionTerms {
        let standard = standard(own.direction, mode);
        let mut suited = |at: &str, kinds| suitability.note(at, self.kind, kinds);
        DirectionTerms {
            mode,
            sample: own
                .pick("sample", |own| own.sample.as_ref())
                .map_or(standard.sample, |own| own.value.0),
            max_body: own
                .pick("maxBody", |own| own.max_body.as_ref())
                .map_or(MAX_BODY, |own| own.value.0),
            over_cap: own
                .pick("overCap", |own| own.over_cap.as_ref())
                .map_or(standard.over_cap, |own| (*own.value).into()),
            coded: own
                .pick("coded", |own| own.coded.as_ref())
                .map_or(Unread::Skip, |own| (*own.value).into()),
            max_depth: own
                .pick("maxDepth", |own| own.max_depth.as_ref())
                .map_or(MAX_DEPTH, |own| own.value.get()),
            max_violations: own
                .pick("maxViolations", |own| own.max_violations.as_ref())
                .map_or(MAX_VIOLATIONS, |own| own.value.get()),
            undeclared: own
                .pick("undeclared", |own| own.undeclared.as_ref())
                .inspect(|own| suited(&own.at, &[Kind::OpenApi]))
                .map_or(standard.undeclared, |own| (*own.value).into()),
            unknown_fields: own
                .pick("unknownFields", |own| own.unknown_fields.as_ref())
                .inspect(|own| suited(&own.at, &[Kind::Protobuf]))
                .map_or(Verdict::Allow, |own| (*own.value).into()),
            hidden: own
                .pick("hidden", |own| own.hidden.as_ref())
                .inspect(|own| suited(&own.at, &[Kind::OpenApi]))
                .map_or(Hidden::Allowed, |own| (*own.value).into()),
            portability: own
                .pick("portability", |own| own.portability.as_ref())
                .inspect(|own| suited(&own.at, &[Kind::OpenApi, Kind::JsonSchema]))
                .map_or_else(PortabilityTerms::default, |own| own.value.0.clone()),
        }
    }
}

/// What differs between the directions where a policy says nothing: a request is what the service
/// has to be spared, and an answer is waited for.
struct Standard {
    sample: Share,
    over_cap: Unread,
    undeclared: Verdict,
}

fn standard(direction: Direction, mode: Mode) -> Standard {
    match direction {
        Direction::Request => Standard {
            sample: Share::ALL,
            over_cap: Unread::Reject,
            undeclared: Verdict::Allow,
        },
        Direction::Response => Standard {
            // What is refused or repaired may not depend on chance.
            sample: if mode == Mode::Enforce {
                Share::ALL
            } else {
                RESPONSE_SAMPLE
            },
            over_cap: Unread::Skip,
            undeclared: Verdict::Report,
        },
    }
}

/// The mode of a part of a rule, which goes no further than the rule does.
fn at_most(rule: Mode, own: Mode) -> Mode {
    match (rule, own) {
        (Mode::Off, _) | (_, Mode::Off) => Mode::Off,
        (Mode::Report, _) | (_, Mode::Report) => Mode::Report,
        (Mode::Enforce, Mode::Enforce) => Mode::Enforce,
    }
}
