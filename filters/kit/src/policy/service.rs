//! The services behind the mesh, as every policy may describe them.

use deserr::Deserr;

use super::finding::{Findings, child};
use super::value::{Name, Span};
use crate::matching::HostPattern;

/// One service. `policies/services.json` is the single source of these entries, and `treaty check`
/// refuses policies that disagree about one.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = Findings, rename_all = camelCase, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub struct Service {
    /// The name, by which rules refer to it.
    pub name: Name,
    /// The hosts under which it is asked for, as in `match.hosts`.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub hosts: Vec<HostPattern>,
    /// The team that answers for it.
    #[deserr(default)]
    pub owner: Option<String>,
    /// The language that it runs in; settings by runtime apply to it.
    #[deserr(default)]
    pub runtime: Option<Runtime>,
    /// The versions of its API that exist, oldest first.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub versions: Vec<Name>,
    /// How long it may take to answer.
    #[deserr(default)]
    pub deadline: Option<Span>,
}

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
