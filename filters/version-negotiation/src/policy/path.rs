//! What happens to the path of a request that is served.

use kit::matching::PathTemplate;
use kit::policy::{Findings, child, did_you_mean};
use kit::{object_value, tagged_value};

use super::settings::Layers;
use super::versions::NothingElse;
use crate::catalog::Catalog;
use crate::source::{Source, VARIABLE};
use crate::upstream::{Rewrite, Strip, UpstreamPath};

/// What happens to the path of a request that is served. The query always stays.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(tag = "do", rename_all = "camelCase")
)]
pub(super) enum UpstreamPathEntry {
    /// It stays.
    Keep(NothingElse),
    /// The segment that holds the version goes. A path without a version loses none.
    Strip(NothingElse),
    /// It is written anew.
    Rewrite(RewriteEntry),
}

tagged_value!(UpstreamPathEntry, "do", {
    "keep" => Keep,
    "strip" => Strip,
    "rewrite" => Rewrite,
});

/// How a path is written anew.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct RewriteEntry {
    /// The path as it came; without it, the path source that matches.
    from: Option<PathTemplate>,
    /// The path for the upstream, with variables of `from`, `{version}` for the version that was
    /// resolved, and `**`.
    to: PathTemplate,
}

object_value!(RewriteEntry {
    from: optional "from",
    to: required "to",
});

/// Checks what happens to the path under a rule.
pub(super) fn check(
    layers: &Layers<'_>,
    sources: &[Source],
    catalog: &Catalog,
    findings: &mut Findings,
) -> UpstreamPath {
    let Some(placed) = layers.pick("upstreamPath", |settings| settings.upstream_path.as_ref())
    else {
        return UpstreamPath::Keep;
    };
    let templates: Vec<PathTemplate> = sources
        .iter()
        .filter_map(|source| match source {
            Source::Path(template) => Some(template.clone()),
            _ => None,
        })
        .collect();
    match placed.value {
        UpstreamPathEntry::Keep(_) => UpstreamPath::Keep,
        UpstreamPathEntry::Strip(_) => {
            if templates.is_empty() {
                let message = "`strip` needs a source `path`, which says where the version stands";
                findings.add(placed.at, message);
            }
            UpstreamPath::Strip(templates.into_iter().map(Strip::new).collect())
        }
        UpstreamPathEntry::Rewrite(own) => {
            let from = match &own.from {
                Some(from) => vec![from.clone()],
                None => templates,
            };
            if from.is_empty() {
                findings.add(
                    placed.at.clone(),
                    "`rewrite` needs `from`, or a source `path`",
                );
            }
            let at = child(&placed.at, "to");
            let rewrite = |from| Rewrite::new(from, own.to.clone());
            let rewrites: Vec<Rewrite> = from.into_iter().map(rewrite).collect();
            for rewrite in &rewrites {
                check_rewrite(rewrite, catalog, &at, findings);
            }
            UpstreamPath::Rewrite(rewrites)
        }
    }
}

fn check_rewrite(rewrite: &Rewrite, catalog: &Catalog, at: &str, findings: &mut Findings) {
    let known: Vec<&str> = rewrite.from.variables().chain([VARIABLE]).collect();
    for name in rewrite.to.variables().filter(|name| !known.contains(name)) {
        let hint = did_you_mean(name, known.iter().copied());
        findings.add(at, format!("`{{{name}}}` is no variable of `from`{hint}"));
    }
    if rewrite.to.is_open() && !rewrite.from.is_open() {
        findings.add(
            at,
            "ends in `**`, but `from` does not, so it stands for nothing",
        );
    }
    if catalog
        .iter()
        .any(|listed| rewrite.leads_back(&listed.label))
    {
        let message = "leads back to itself: the path that it makes would be written anew again";
        findings.add(at, message);
    }
}
