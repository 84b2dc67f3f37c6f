//! `treaty render`: what of a policy has to stand in the proxy's own configuration, because no filter
//! is there to see it.

mod layout;

use std::fs;
use std::path::Path;

use error_translation::{ErrorTranslation, local_reply_config};
use kit::filter::Filter;
use kit::policy::{Document, Findings};

use crate::check::FileFinding;
use layout::lay_out;

/// The `local_reply_config` of Envoy's HTTP connection manager that goes with a policy of
/// error-translation, as JSON, which is YAML too.
///
/// # Errors
/// Every mistake of the policy.
pub fn local_replies(policy: &Path) -> Result<String, Vec<FileFinding>> {
    let text =
        fs::read(policy).map_err(|error| Findings::one("", format!("cannot be read: {error}")));
    text.and_then(|text| Document::parse(&text))
        .and_then(|document| ErrorTranslation::load(&document))
        .map(|loaded| lay_out(&local_reply_config(&loaded)))
        .map_err(|findings| FileFinding::all(policy, "", findings))
}
