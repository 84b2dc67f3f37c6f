//! Where each filter stands in the chain, and what of a chain one module runs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use kit::filter::Form;

use super::RenderError;
use super::policy::{Policy, knows_form};
use super::secrets::secrets;
use crate::check::FileFinding;
use crate::registry::{ALL_FILTERS, FILTERS};

/// A place among the filters of the mesh, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Outside authentication.
    Outer,
    /// Between authentication and authorization.
    Middle,
    /// Behind authorization, right before the router.
    Inner,
}

impl Place {
    /// Every place.
    pub(crate) const ALL: [Self; 3] = [Self::Outer, Self::Middle, Self::Inner];

    /// That of a filter.
    pub(crate) fn of(filter: &str) -> Self {
        match filter {
            "telemetry-tagging" | "error-translation" => Self::Outer,
            "version-negotiation" => Self::Middle,
            _ => Self::Inner,
        }
    }

    /// Istio's name for it; none for the last one, which is Istio's default.
    pub(crate) fn phase(self) -> Option<&'static str> {
        match self {
            Self::Outer => Some("AUTHN"),
            Self::Middle => Some("AUTHZ"),
            Self::Inner => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Outer => "outer",
            Self::Middle => "middle",
            Self::Inner => "inner",
        }
    }
}

/// Why a filter stands where it does.
pub(super) fn reason(filter: &str) -> &'static str {
    match filter {
        "telemetry-tagging" => {
            "Outermost: it tells of every answer, those of authentication and authorization too."
        }
        "error-translation" => {
            "Outside authentication and authorization: a filter sees the replies of those behind it \
             alone."
        }
        "version-negotiation" => {
            "Behind authentication, whose claims it may ask for, and before authorization, which is \
             to see the path that it has rewritten."
        }
        "contract-validation" => {
            "Behind authorization: who may not call learns nothing of the contract, and what is \
             refused costs no check."
        }
        _ => {
            "Last before the router: what other filters refuse needs no key, and no answer is given \
             again to a caller whom nobody has authorised."
        }
    }
}

/// The place of a filter in the order of the chain.
pub(crate) fn rank(filter: &str) -> Option<usize> {
    FILTERS.iter().position(|own| own.name == filter)
}

/// What one manifest puts into the chain: a module and its configuration.
#[derive(Debug)]
pub(super) struct Plugin {
    /// The name of the module.
    pub(super) module: &'static str,
    /// What the names of its manifests end with.
    pub(super) name: String,
    /// The filters that it runs, outermost first.
    pub(super) filters: Vec<&'static str>,
    /// The policy, or a bundle of policies, as JSON text.
    pub(super) configuration: String,
    /// The environment variables that it needs.
    pub(super) environment: BTreeSet<String>,
    /// Whether heads can wait for contents.
    pub(super) waits: bool,
    /// The files that its policies were read from.
    pub(super) files: Vec<PathBuf>,
}

impl Plugin {
    /// The place of its outermost filter.
    pub(super) fn place(&self) -> Place {
        self.filters
            .first()
            .map_or(Place::Inner, |filter| Place::of(filter))
    }

    /// Why it stands there.
    pub(super) fn reasons(&self) -> impl Iterator<Item = &'static str> {
        self.filters.iter().map(|filter| reason(filter))
    }
}

/// A plugin for each policy, in the order of the chain.
///
/// # Errors
/// Every mistake of every policy, what the form cannot honour, and two policies for one filter.
pub(super) fn plugins(
    policies: &[Policy],
    form: Form,
    environment: &[String],
) -> Result<Vec<Plugin>, RenderError> {
    let policies = in_order(policies, form)?;
    let of_one = |policy: &Policy| Plugin {
        module: policy.filter(),
        name: policy.filter().to_owned(),
        filters: vec![policy.filter()],
        configuration: policy.text().to_owned(),
        environment: variables([policy], environment),
        waits: knows_form(policy.filter()),
        files: policy.file().map(PathBuf::from).into_iter().collect(),
    };
    Ok(policies.iter().map(of_one).collect())
}

/// The module with every filter, once for each of the groups that has a policy.
///
/// # Errors
/// As for [`plugins`].
pub(super) fn bundles(
    policies: &[Policy],
    form: Form,
    environment: &[String],
    groups: &[&[Place]],
) -> Result<Vec<Plugin>, RenderError> {
    let policies = in_order(policies, form)?;
    let bundle = |group: &&[Place]| {
        let belongs = |policy: &&Policy| group.contains(&Place::of(policy.filter()));
        let members: Vec<&Policy> = policies.iter().filter(belongs).collect();
        let place = group.first().filter(|_| !members.is_empty())?;
        let name = if groups.len() == 1 {
            ALL_FILTERS.to_owned()
        } else {
            format!("{ALL_FILTERS}-{}", place.name())
        };
        Some(Plugin {
            module: ALL_FILTERS,
            name,
            filters: members.iter().map(|policy| policy.filter()).collect(),
            configuration: bundled(&members),
            environment: variables(members.iter().copied(), environment),
            waits: members.iter().any(|policy| knows_form(policy.filter())),
            files: members
                .iter()
                .filter_map(|own| own.file())
                .map(PathBuf::from)
                .collect(),
        })
    };
    Ok(groups.iter().filter_map(bundle).collect())
}

/// The policies in a form, outermost first.
fn in_order(policies: &[Policy], form: Form) -> Result<Vec<Policy>, RenderError> {
    let mut formed = Vec::new();
    let mut findings = Vec::new();
    for policy in policies {
        match policy.in_form(form) {
            Ok(policy) => formed.push(policy),
            Err(found) => findings.extend(found),
        }
    }
    formed.sort_by_key(|policy| rank(policy.filter()));
    for pair in formed.windows(2) {
        if let [first, second] = pair
            && first.filter() == second.filter()
        {
            let message = format!(
                "is the second policy for {}; a proxy has one",
                first.filter()
            );
            findings.push(FileFinding::new(&second.place(), "", "", message));
        }
    }
    if findings.is_empty() {
        Ok(formed)
    } else {
        Err(RenderError::Policies(findings))
    }
}

fn variables<'a>(
    policies: impl IntoIterator<Item = &'a Policy>,
    further: &[String],
) -> BTreeSet<String> {
    let named = policies
        .into_iter()
        .flat_map(|policy| secrets(&policy.value()))
        .map(|secret| secret.name);
    named.chain(further.iter().cloned()).collect()
}

/// The configuration of the module that holds every filter.
fn bundled(policies: &[&Policy]) -> String {
    let member = |policy: &&Policy| {
        let text = policy.text().trim().replace('\n', "\n    ");
        format!("    \"{}\": {text}", policy.filter())
    };
    let members: Vec<String> = policies.iter().map(member).collect();
    let members = members.join(",\n");
    format!("{{\n  \"version\": 1,\n  \"filters\": {{\n{members}\n  }}\n}}\n")
}
