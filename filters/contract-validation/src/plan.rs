//! What a checked policy holds.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use kit::filter::Form;
use kit::matching::Match;
use kit::policy::Mode;

use crate::json_schema::JsonSchemas;
use crate::openapi::{self, Hidden};
use crate::portability::Kind;
use crate::protobuf;

/// A policy that loads cannot fail later.
pub struct Policy {
    /// The rules that are in force, in order; none where the policy is off.
    pub(crate) rules: Vec<Rule>,
    /// How contents are waited for; `None` where no rule needs one.
    pub(crate) form: Option<Form>,
    /// The kinds of violations that this VM has logged.
    pub(crate) logged: RefCell<BTreeSet<String>>,
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

/// What is done with the exchanges of one rule.
pub(crate) struct Plan {
    /// The contract, under its name in the policy.
    pub(crate) contract: Rc<NamedContract>,
    /// What the path of a request begins with before the paths of the contract; the longest first,
    /// none with a slash at its end. Never empty: without any it is one empty text.
    pub(crate) base_paths: Vec<String>,
    /// What operations are held to that have no terms of their own.
    pub(crate) terms: Terms,
    /// What single operations are held to, by their name ([`name`](openapi::Operation::name), or the path
    /// of an RPC method).
    pub(crate) operations: BTreeMap<String, Rc<Terms>>,
    /// What becomes of a request whose path the contract does not know.
    pub(crate) unknown_path: Verdict,
    /// What becomes of a request whose path the contract knows with other methods only. For RPC it
    /// is a method that its service does not have.
    pub(crate) unknown_method: Verdict,
    /// The header field of an answer that tells, in report mode, how many violations there were.
    pub(crate) report_field: Option<String>,
    /// Where the type URIs of problems begin; `None` for Treaty's own.
    pub(crate) problem_base: Option<String>,
}

/// A contract, under the name by which rules use it.
pub(crate) struct NamedContract {
    /// The name, for metrics and for people.
    pub(crate) name: String,
    /// The contract.
    pub(crate) contract: Contract,
}

/// What a service published.
pub(crate) enum Contract {
    /// An `OpenAPI` document.
    OpenApi(openapi::Contract),
    /// A schema for each direction, without paths.
    JsonSchema(JsonSchemas),
    /// Protobuf descriptors.
    Protobuf(protobuf::Contract),
}

/// What an operation is held to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Terms {
    /// Its requests.
    pub(crate) request: DirectionTerms,
    /// Its responses.
    pub(crate) response: DirectionTerms,
}

/// What the messages of one direction are held to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DirectionTerms {
    /// How far; never further than the rule.
    pub(crate) mode: Mode,
    /// How many of the messages are looked at.
    pub(crate) sample: Share,
    /// The most octets of a content that are read.
    pub(crate) max_body: usize,
    /// What becomes of a content that is longer than that.
    pub(crate) over_cap: Unread,
    /// What becomes of a content whose coding (RFC 9110 section 8.4) is not read.
    pub(crate) coded: Unread,
    /// The deepest nesting of a JSON content, at most 128.
    pub(crate) max_depth: usize,
    /// How many violations of a message are told, at least one.
    pub(crate) max_violations: usize,
    /// What becomes of what the contract does not declare: for requests, parameters of the query;
    /// for responses, statuses.
    pub(crate) undeclared: Verdict,
    /// What becomes of fields that are unknown to the descriptors.
    pub(crate) unknown_fields: Verdict,
    /// What becomes of properties that are not for this direction (`readOnly` in requests,
    /// `writeOnly` in responses).
    pub(crate) hidden: Hidden,
    /// What becomes of what Go and Rust read differently.
    pub(crate) portability: PortabilityTerms,
}

/// What becomes of something that a policy may bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// It is no violation.
    Allow,
    /// It is told, and passes.
    Report,
    /// It is a violation like any other: refused where the terms are enforced.
    Reject,
}

/// What becomes of a content that cannot be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It passes unchecked, which is counted.
    Skip,
    /// It is a violation.
    Reject,
}

/// A share of messages, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share(pub(crate) u32);

impl Share {
    /// All of them.
    pub(crate) const ALL: Self = Self(1_000_000);

    /// Whether a message with this random number is one of them.
    pub(crate) fn takes(self, random: u64) -> bool {
        random % 1_000_000 < u64::from(self.0)
    }
}

/// What becomes of each kind of difference between readers; none that is not named is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PortabilityTerms {
    /// The kinds that are looked for.
    pub(crate) treatments: Vec<(Kind, Treatment)>,
    /// The digits of a second that timestamps may have, for [`Kind::TimestampPrecision`].
    pub(crate) second_digits: usize,
}

/// What becomes of a difference between readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// It is told, and passes.
    Report,
    /// It is a violation like any other.
    Reject,
    /// What can be repaired without changing what is meant is, and that is told; what cannot be is
    /// told, and passes.
    Repair,
}

impl PortabilityTerms {
    /// What becomes of a kind; `None` where it is not looked for.
    pub(crate) fn of(&self, kind: Kind) -> Option<Treatment> {
        let mut all = self.treatments.iter();
        all.find(|(own, _)| *own == kind)
            .map(|(_, treatment)| *treatment)
    }
}

impl Policy {
    /// A policy of these rules.
    pub(crate) fn new(rules: Vec<Rule>, form: Option<Form>) -> Self {
        Self {
            rules,
            form,
            logged: RefCell::default(),
        }
    }
}

impl Plan {
    /// The terms of an operation.
    pub(crate) fn terms(&self, operation: &str) -> &Terms {
        self.operations
            .get(operation)
            .map_or(&self.terms, AsRef::as_ref)
    }
}

impl Contract {
    /// Whether the contract has this name: a property, a field. What has not is what somebody sent.
    pub(crate) fn declares(&self, name: &str) -> bool {
        match self {
            Self::OpenApi(contract) => contract.declares(name),
            Self::JsonSchema(schemas) => schemas.declares(name),
            Self::Protobuf(contract) => contract.declares(name),
        }
    }
}
