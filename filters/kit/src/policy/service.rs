//! The services behind the mesh, as every policy may describe them.

use deserr::Deserr;

use super::finding::{Findings, child};
use super::value::{Name, Span};
use crate::matching::HostPattern;

/// One service. `policies/services.json` is the single source of these entries, and `treaty check`
/// refuses policies that disagree about one.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub struct Service {
    /// The name, by which rules refer to it.
    pub name: Name,
    /// The hosts under which it is asked for, as in `match.hosts`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub hosts: Vec<HostPattern>,
    /// The team that answers for it.
    pub owner: Option<String>,
    /// The language that it runs in; settings by runtime apply to it.
    pub runtime: Option<Runtime>,
    /// The versions of its API that exist, oldest first.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub versions: Vec<Name>,
    /// How long it may take to answer.
    pub deadline: Option<Span>,
}

crate::object_value!(Service {
    name: required "name",
    hosts: list "hosts",
    owner: optional "owner",
    runtime: optional "runtime",
    versions: list "versions",
    deadline: optional "deadline",
});

/// The language that a service runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub enum Runtime {
    /// Go.
    Go,
    /// Rust.
    Rust,
    /// Anything else.
    Other,
}

impl Runtime {
    /// The language's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::Rust => "Rust",
            Self::Other => "other",
        }
    }
}

/// Finds fault with services that share a name.
pub fn check_services(services: &[Service], findings: &mut Findings) {
    for (index, service) in services.iter().enumerate() {
        let before = services.iter().take(index);
        if before.into_iter().any(|other| other.name == service.name) {
            findings.add(
                child(&child("/services", index), "name"),
                "is the name of an earlier service; names must differ",
            );
        }
    }
}
