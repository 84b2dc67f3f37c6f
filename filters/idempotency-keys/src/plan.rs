//! What a checked policy holds.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use kit::exchange::Exchange;
use kit::filter::Form;
use kit::matching::{Match, PathTemplate};
use kit::policy::Mode;
use kit::policy::value::{FieldName, Pointer};

use crate::fingerprint::Fingerprinter;
use crate::idempotency_key::{IDEMPOTENCY_KEY, KeyTerms};
use crate::machine::Terms;
use crate::record::CaptureTerms;
use crate::rpc::Methods;
use crate::scope::ScopeTerms;
use crate::seal::SealingKeys;
use crate::store::Store;

/// A policy that loads cannot fail later.
pub struct Policy {
    /// The rules that are in force, in order; none where the policy is off.
    pub(crate) rules: Vec<Rule>,
    /// The stores that rules use.
    pub(crate) stores: Vec<Rc<NamedStore>>,
    /// How contents are waited for; `None` where no rule needs one.
    pub(crate) form: Option<Form>,
    /// What an operator has to be told once, such as keys that cannot be used.
    pub(crate) warnings: Cell<Vec<String>>,
    /// Whether a request without the standard field passes, whichever rule is for it. Then there is
    /// no need to find the rule.
    pub(crate) passes_without_key: bool,
}

/// Which requests are held to which plan.
pub(crate) struct Rule {
    /// Which requests it is for.
    pub(crate) matches: Match,
    /// How far it is in force.
    pub(crate) mode: Mode,
    /// What is done.
    pub(crate) plan: Rc<Plan>,
}

/// A store, under the name by which rules use it.
pub(crate) struct NamedStore {
    /// The name, for metrics.
    pub(crate) name: String,
    /// How long each of its calls may take.
    pub(crate) timeout: Duration,
    /// The store.
    pub(crate) store: Store,
}

/// What is done with the requests of one rule.
pub(crate) struct Plan {
    /// What stands for the service in metrics.
    pub(crate) label: String,
    /// The methods whose requests are keyed.
    pub(crate) methods: Vec<String>,
    /// The path templates of the rule, for scopes by template.
    pub(crate) templates: Vec<PathTemplate>,
    /// Where the key stands.
    pub(crate) source: KeySource,
    /// What the key must be like.
    pub(crate) key: KeyTerms,
    /// Whether a request without a key is refused.
    pub(crate) key_required: bool,
    /// Whose key it is.
    pub(crate) scope: ScopeTerms,
    /// What a request is told apart by.
    pub(crate) fingerprinter: Fingerprinter,
    /// The most octets of a request content that is waited for.
    pub(crate) max_request_body: usize,
    /// The life of a key.
    pub(crate) terms: Terms,
    /// What is kept of an answer.
    pub(crate) capture: CaptureTerms,
    /// Under which keys answers are sealed; `None` where they are kept in the clear.
    pub(crate) sealing: Option<Rc<SealingKeys>>,
    /// Where records are kept.
    pub(crate) store: Rc<NamedStore>,
    /// After how many seconds a duplicate of a request on its way may ask again.
    pub(crate) retry_after: u32,
    /// Which methods of RPC are unary, and what happens to a key on the others.
    pub(crate) rpc: Methods,
    /// How often the proxy may retry what was surely never sent; `None` leaves its retries alone.
    pub(crate) retries: Option<u32>,
    /// The field by which a mirrored request is known, beside its host.
    pub(crate) mirror_field: Option<FieldName>,
    /// Where the rules for keys are documented
    /// (draft-ietf-httpapi-idempotency-key-header-07 section 2.5).
    pub(crate) documentation: Option<String>,
    /// Where the type URIs of problems begin; `None` for Treaty's own.
    pub(crate) problem_base: Option<String>,
}

/// Where the key of a request stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// In a header field, which for gRPC is metadata.
    Field(FieldName),
    /// In the JSON content, such as the `request_id` of AIP-155.
    Content(Pointer),
    /// In the source and the id of an event.
    CloudEvent,
}

impl Policy {
    /// A policy of these rules.
    pub(crate) fn new(
        rules: Vec<Rule>,
        stores: Vec<Rc<NamedStore>>,
        form: Option<Form>,
        warnings: Vec<String>,
    ) -> Self {
        let is_standard = |plan: &Plan| matches!(&plan.source, KeySource::Field(name) if name.as_str() == IDEMPOTENCY_KEY);
        Self {
            passes_without_key: rules
                .iter()
                .all(|rule| is_standard(&rule.plan) && !rule.plan.key_required),
            rules,
            stores,
            form,
            warnings: warnings.into(),
        }
    }

    /// The plan for a request, by the first rule that is for it; `None` too where that one is off,
    /// or does not ask for keys with this method.
    pub(crate) fn plan_for(&self, x: &Exchange<'_>) -> Option<&Rc<Plan>> {
        let rule = self.rules.iter().find(|rule| rule.matches.matches(x))?;
        let method = x.peek_text(":method")?;
        let is_keyed = rule.plan.methods.iter().any(|own| own == method);
        (rule.mode != Mode::Off && is_keyed).then_some(&rule.plan)
    }
}

impl Plan {
    /// Whether a request is told only once its whole content is there.
    pub(crate) fn needs_content(&self) -> bool {
        matches!(self.source, KeySource::Content(_)) || self.fingerprinter.need_content()
    }
}
