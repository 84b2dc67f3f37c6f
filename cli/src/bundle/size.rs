//! How large a policy is, and what Kubernetes takes.

use std::fmt;

use serde_json::Value;

/// What is to carry a policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// A manifest that `kubectl apply` sends. It keeps the whole of it in an annotation, too.
    #[default]
    Annotation,
    /// A manifest that is applied by the server, or created.
    Object,
    /// A file that no Kubernetes sees.
    File,
}

impl Target {
    /// The most octets that it takes.
    fn most(self) -> Option<usize> {
        match self {
            // `TotalAnnotationSizeLimitB` of Kubernetes.
            Self::Annotation => Some(256 * 1024),
            // `--max-request-bytes` of etcd, unless it is set.
            Self::Object => Some(1536 * 1024),
            Self::File => None,
        }
    }
}

/// How large something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Size {
    /// A contract.
    Contract {
        /// Its name.
        name: String,
        /// Its octets as it was found.
        before: usize,
        /// Its octets in the policy.
        after: usize,
    },
    /// The policy.
    Policy {
        /// Its octets.
        len: usize,
        /// Its octets as a text in a JSON manifest, which is how `kubectl` keeps it.
        in_manifest: usize,
        /// What is to carry it.
        target: Target,
    },
}

impl Size {
    pub(super) fn of_contract(name: String, before: usize, after: usize) -> Self {
        Self::Contract {
            name,
            before,
            after,
        }
    }

    pub(super) fn of_policy(text: &str, target: Target) -> Self {
        Self::Policy {
            len: text.len(),
            in_manifest: Value::from(text).to_string().len(),
            target,
        }
    }

    /// What is wrong with the size, and what helps.
    pub(super) fn fault(&self, is_packed: bool) -> Option<String> {
        let Self::Policy {
            in_manifest,
            target,
            ..
        } = self
        else {
            return None;
        };
        let most = target.most().filter(|most| in_manifest > most)?;
        let takes = match target {
            Target::Annotation => "Kubernetes takes in annotations, where `kubectl apply` keeps it",
            Target::Object | Target::File => "Kubernetes takes in an object",
        };
        let mut helps = Vec::new();
        if !is_packed {
            helps.push("pack the contracts with --packed");
        }
        let fits_object = Target::Object
            .most()
            .is_some_and(|most| *in_manifest <= most);
        if *target == Target::Annotation && fits_object {
            helps.push(
                "apply the manifest with `kubectl apply --server-side` and say --target object",
            );
        }
        helps.push("take out of the contract what no client of this policy uses");
        Some(format!(
            "has {in_manifest} octets as a text in a manifest, more than the {most} that {takes}; {}",
            helps.join(", or ")
        ))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contract {
                name,
                before,
                after,
            } => write!(f, "contract {name}: {after} octets, of {before}"),
            Self::Policy {
                len,
                in_manifest,
                target,
            } => {
                write!(
                    f,
                    "policy: {len} octets, {in_manifest} as a text in a manifest"
                )?;
                match target.most() {
                    Some(most) => write!(f, ", of {most}"),
                    None => Ok(()),
                }
            }
        }
    }
}
