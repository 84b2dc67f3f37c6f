//! Tokens and keys that their issuers made to be known by how they begin.

use std::ops::Range;

use crate::scan::{Place, Rule, Sign, is_atom, prefix, run};

/// How they begin, and how many octets follow at least.
pub(super) const SIGNS: &[Sign<Rule>] = &[
    // AWS: access keys, long-lived and temporary.
    Sign::new("AKIA", issued::<16>),
    Sign::new("ASIA", issued::<16>),
    // GitHub and GitLab.
    Sign::new("ghp_", issued::<20>),
    Sign::new("gho_", issued::<20>),
    Sign::new("ghu_", issued::<20>),
    Sign::new("ghs_", issued::<20>),
    Sign::new("ghr_", issued::<20>),
    Sign::new("github_pat_", issued::<20>),
    Sign::new("glpat-", issued::<16>),
    // Slack.
    Sign::new("xoxa-", issued::<10>),
    Sign::new("xoxb-", issued::<10>),
    Sign::new("xoxp-", issued::<10>),
    Sign::new("xoxr-", issued::<10>),
    Sign::new("xoxs-", issued::<10>),
    Sign::new("xapp-", issued::<10>),
    // Stripe.
    Sign::new("sk_live_", issued::<8>),
    Sign::new("sk_test_", issued::<8>),
    Sign::new("rk_live_", issued::<8>),
    Sign::new("rk_test_", issued::<8>),
    Sign::new("pk_live_", issued::<8>),
    Sign::new("pk_test_", issued::<8>),
    Sign::new("whsec_", issued::<16>),
    // Anthropic and OpenAI.
    Sign::new("sk-", issued::<32>),
    Sign::new("sk-ant-", issued::<16>),
    Sign::new("sk-proj-", issued::<16>),
    // Google: API keys and OAuth 2.0 access tokens.
    Sign::new("AIza", issued::<30>),
    Sign::new("ya29.", issued::<20>),
    // Registries of packages.
    Sign::new("npm_", issued::<30>),
    Sign::new("pypi-", issued::<30>),
    // SendGrid, Vault, Shopify, DigitalOcean.
    Sign::new("SG.", issued::<32>),
    Sign::new("hvs.", issued::<20>),
    Sign::new("shpat_", issued::<20>),
    Sign::new("dop_v1_", issued::<32>),
];

/// A token after whose beginning at least so many octets follow, one of which is no small letter:
/// `sk-` and words with hyphens between them are a name.
fn issued<const LEAST: usize>(place: Place<'_>) -> Option<Range<usize>> {
    let token = atom(place)?;
    let rest = token.get(place.end - place.start..)?;
    let is_name = !rest
        .bytes()
        .any(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    (rest.len() >= LEAST && !is_name).then(|| place.start..place.start + token.len())
}

/// The atom that a sign begins, without the full stop or the dashes of a sentence; none where the
/// sign stands within one. So each octet is looked at for one place only.
pub(super) fn atom(place: Place<'_>) -> Option<&str> {
    if !place.opens_atom() {
        return None;
    }
    let text = place.text.get(place.start..)?;
    Some(prefix(text, run(text, is_atom)).trim_end_matches(['.', '-']))
}
