//! A checked policy: for each rule, all that an answer needs, ready to use.

use std::rc::Rc;

use kit::exchange::Exchange;
use kit::filter::Form;
use kit::matching::Match;
use kit::policy::Mode;

use crate::catalog::Catalog;
use crate::dialect::OwnDialect;
use crate::redaction::Redactor;
use crate::representation::Format;
use crate::sanitation::InternalHeaders;
use crate::template::Template;

/// A policy that loaded. What it holds cannot fail later.
#[derive(Debug)]
pub struct Policy {
    /// The rules, of which the first that matches counts. There are none where the policy is off.
    pub(crate) rules: Vec<Rule>,
    pub(crate) form: Form,
    pub(crate) catalog: Catalog,
    /// The dialects that the policy declares.
    pub(crate) dialects: Vec<OwnDialect>,
    pub(crate) redactor: Redactor,
    /// Where the type URIs of Treaty's own problems begin.
    pub(crate) problem_base: Option<String>,
}

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) matches: Match,
    pub(crate) mode: Mode,
    pub(crate) plan: Rc<Plan>,
}

/// What a rule does with the answers to its requests.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The name of the service, if the rule has one.
    pub(crate) service: Option<String>,
    /// What stands for the service in metrics: its name, else that of the rule.
    pub(crate) label: String,
    /// The most octets of an error's content that are read.
    pub(crate) cap: usize,
    pub(crate) over_cap: OverCap,
    /// The formats for clients of plain HTTP; never none, the first one unless `Accept` prefers
    /// another.
    pub(crate) formats: Vec<Format>,
    /// Whether the answers are GraphQL, whose errors stay in its own form and come with 200 too.
    pub(crate) graphql: bool,
    pub(crate) internal_headers: InternalHeaders,
    /// Whether `Accept-Encoding` is withheld from the upstream, so that its errors can be read.
    pub(crate) withholds_accept_encoding: bool,
    pub(crate) keep_detail: KeepDetail,
    /// What identifies the occurrence; `None` where nothing is to.
    pub(crate) instance: Option<Template>,
    /// Links that every problem carries.
    pub(crate) links: Vec<LinkTemplate>,
    /// How many octets of a redacted original go to the proxy's log; 0 for none.
    pub(crate) log_original: usize,
}

/// What happens to an error whose content is longer than the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum OverCap {
    /// It passes as it is, as far as it can still: in the streamed form a length that is not
    /// announced is seen only after the head has gone.
    #[default]
    Leave,
    /// Its content is put away unread, and the problem says what the status says.
    Replace,
}

/// Whose words reach the client as the detail of a problem. They are redacted in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum KeepDetail {
    /// Every service's.
    Always,
    /// Those of client errors, and of server errors whose shape has a place for words to clients.
    /// Bare text of a server error was rarely written for them.
    #[default]
    Structured,
    /// Those of client errors alone.
    ClientErrors,
    /// Nobody's.
    Never,
}

/// A link whose target may hold values of the occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkTemplate {
    /// What it is to the problem, such as `help`.
    pub(crate) rel: String,
    pub(crate) href: Template,
}

impl Policy {
    /// The rule for a request, and its place among the rules; none where it is off.
    pub(crate) fn rule_for(&self, x: &Exchange<'_>) -> Option<(usize, &Rule)> {
        let mut rules = self.rules.iter().enumerate();
        rules
            .find(|(_, rule)| rule.matches.matches(x))
            .filter(|(_, rule)| rule.mode != Mode::Off)
    }
}

impl Rule {
    /// Whether what the policy says is done, or only told.
    pub(crate) fn is_enforced(&self) -> bool {
        self.mode == Mode::Enforce
    }

    /// Whether fields of every answer are for the inside of the mesh alone.
    pub(crate) fn sanitises(&self) -> bool {
        self.is_enforced() && !self.plan.internal_headers.is_empty()
    }
}
