//! One rule: its layers are merged, and the outcome is checked as a whole.

use std::rc::Rc;

use kit::policy::{Findings, RuleEntry, child};

use super::contract::Kind;
use super::settings::{Layers, Settings};
use super::suitability::Suitability;
use super::terms::Ground;
use super::verdict::VerdictEntry;
use super::{Surroundings, base_path, operation};
use crate::plan::{Plan, Rule, Verdict};

/// The header field of an answer that tells how many violations there were.
const REPORT_FIELD: &str = "x-treaty-contract-violations";

/// Checks a rule with all that it gets from the layers above it.
pub(super) fn check(
    surroundings: &Surroundings<'_>,
    rule: &RuleEntry<Settings>,
    index: usize,
    suitability: &mut Suitability,
    findings: &mut Findings,
) -> Option<Rule> {
    let scope = surroundings.document.scope();
    let layers = scope.layers(index);
    let mode = surroundings.document.mode.of_rule(rule.mode);
    let at = child("/rules", index);
    let read = surroundings.contracts.of_rule(&at, &layers, findings);
    let kind = read.and_then(|read| read.kind);
    let ground = Ground {
        form: surroundings.document.form(),
        mode,
        kind,
        layers: &layers,
    };
    let terms = ground.terms(None, suitability, findings);
    let unknown_path = unknown(
        &layers,
        "unknownPath",
        |own| own.unknown_path.as_ref(),
        kind,
        suitability,
    );
    let unknown_method = unknown(
        &layers,
        "unknownMethod",
        |own| own.unknown_method.as_ref(),
        kind,
        suitability,
    );
    let contract = Rc::clone(read?.contract.as_ref()?);
    let operations = operation::check(&ground, &contract.contract, suitability, findings);
    let base_paths = base_path::check(&layers, kind, &contract.contract, suitability, findings);
    let tells = layers.pick("reportHeader", |own| own.report_header.as_ref());
    let problem_base = surroundings.document.problem_base.as_ref();
    Some(Rule {
        matches: scope.match_of(rule),
        mode,
        plan: Rc::new(Plan {
            contract,
            base_paths,
            terms,
            operations,
            unknown_path,
            unknown_method,
            report_field: tells
                .is_some_and(|own| *own.value)
                .then(|| REPORT_FIELD.to_owned()),
            problem_base: problem_base.map(|base| base.0.clone()),
        }),
    })
}

/// What becomes of a request that leads to no operation. Schemas alone have none.
fn unknown<'a>(
    layers: &Layers<'a>,
    name: &str,
    get: impl Fn(&'a Settings) -> Option<&'a VerdictEntry>,
    kind: Option<Kind>,
    suitability: &mut Suitability,
) -> Verdict {
    let said = layers.pick(name, get);
    if let Some(said) = &said {
        suitability.note(&said.at, kind, &[Kind::OpenApi, Kind::Protobuf]);
    }
    said.map_or(Verdict::Report, |own| (*own.value).into())
}
