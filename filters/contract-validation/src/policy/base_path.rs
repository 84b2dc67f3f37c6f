//! What paths begin with before the paths of a contract.

use std::str::FromStr;

use kit::policy::Findings;
use kit::string_value;

use super::contract::Kind;
use super::settings::Layers;
use super::suitability::Suitability;
use crate::plan::Contract;

/// What paths begin with, without a slash at its end; the empty text for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BasePath(String);

impl FromStr for BasePath {
    type Err = String;

    /// The characters of a path (RFC 3986 section 3.3).
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%/".contains(c);
        let starts = text.is_empty() || text.starts_with('/');
        if !starts || text.ends_with('/') || !text.chars().all(fits) {
            return Err(
                "expected a path without a slash at its end, such as \"/v1\", or \"\" for none"
                    .into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(BasePath, {
    "type": "string",
    "description": "A path without a slash at its end, such as \"/v1\"; \"\" for none.",
    "pattern": "^(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*[A-Za-z0-9._~!$&'()*+,;=:@%-])?$"
});

/// What paths begin with: what the policy says, else what the contract does. The longest come first,
/// so that `/v1/beta` is not taken for `/v1`.
pub(super) fn check(
    layers: &Layers<'_>,
    kind: Option<Kind>,
    contract: &Contract,
    suitability: &mut Suitability,
    findings: &mut Findings,
) -> Vec<String> {
    let said = layers.pick("basePaths", |own| own.base_paths.as_ref());
    if let Some(said) = &said {
        suitability.note(&said.at, kind, &[Kind::OpenApi]);
        if said.value.is_empty() {
            findings.add(
                said.at.clone(),
                "expected at least one path; `\"\"` is for none",
            );
        }
    }
    let mut paths: Vec<String> = match (said, contract) {
        (Some(said), _) => said.value.iter().map(|path| path.0.clone()).collect(),
        (None, Contract::OpenApi(contract)) => contract.base_paths().to_vec(),
        (None, _) => vec![String::new()],
    };
    paths.sort_unstable_by(|one, other| {
        let by_length = other.len().cmp(&one.len());
        by_length.then_with(|| one.cmp(other))
    });
    paths.dedup();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_begins_with_a_slash_and_ends_without_one() {
        for text in ["", "/v1", "/a/b", "/a%20b", "/~1"] {
            assert!(text.parse::<BasePath>().is_ok(), "{text}");
        }
        for text in [
            "/", "v1", "/v1/", "/v 1", "/v1?a", "/v1#a", "/{a}", "//h/", "/ä",
        ] {
            assert!(text.parse::<BasePath>().is_err(), "{text}");
        }
    }
}
