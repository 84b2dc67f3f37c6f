//! The versions that exist, and the one of requests that name none.

use std::rc::Rc;

use kit::policy::value::{Name, Percent, Timestamp, Uri};
use kit::policy::{Findings, Placed, child, did_you_mean, list};
use kit::{object_value, tagged_value};

use super::entry;
use super::settings::Layers;
use crate::advice::{Advice, Links};
use crate::catalog::{Catalog, Listed, Resolution};
use crate::life::{AfterSunset, Brownout, Life, State};
use crate::plan::Fallback;
use crate::traffic::{Variant, WHOLE};
use crate::version::Scheme;

/// A version that exists.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct VersionEntry {
    /// Its number, as the scheme has it.
    version: String,
    /// Where it stands in its life; without it, that follows from the dates.
    state: Option<State>,
    /// Since when, or from when on, it is deprecated.
    deprecation: Option<Timestamp>,
    /// When it ends; not before it is deprecated.
    sunset: Option<Timestamp>,
    /// What happens to requests for it once it is retired.
    #[cfg_attr(feature = "schema", schemars(default))]
    after_sunset: AfterSunset,
    /// Where clients read more.
    links: Option<LinksEntry>,
    /// Times in which it is refused, to rehearse its end.
    #[cfg_attr(feature = "schema", schemars(default))]
    brownouts: Vec<Brownout>,
    /// Implementations that share its requests; their shares add up to 100.
    #[cfg_attr(feature = "schema", schemars(default))]
    variants: Vec<VariantEntry>,
}

object_value!(VersionEntry {
    version: required "version",
    state: optional "state",
    deprecation: optional "deprecation",
    sunset: optional "sunset",
    after_sunset: defaulted "afterSunset",
    links: optional "links",
    brownouts: list "brownouts",
    variants: list "variants",
});

/// Where clients read more about a version.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
struct LinksEntry {
    /// About its deprecation, for humans.
    deprecation: Option<Uri>,
    /// About its end.
    sunset: Option<Uri>,
    /// The version to move to.
    successor: Option<Uri>,
}

object_value!(LinksEntry {
    deprecation: optional "deprecation",
    sunset: optional "sunset",
    successor: optional "successor",
});

/// One implementation of a version.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
struct VariantEntry {
    /// Its name, handed to the upstream in `x-treaty-variant`.
    name: Name,
    /// Its share of the version's requests.
    percent: Percent,
}

object_value!(VariantEntry {
    name: required "name",
    percent: required "percent",
});

/// The version of a request that names none.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(tag = "use", rename_all = "camelCase")
)]
pub(super) enum DefaultEntry {
    /// The newest that is neither in preview nor retired.
    Newest(NothingElse),
    /// The oldest that is neither in preview nor retired.
    Oldest(NothingElse),
    /// None: the request is refused.
    Refuse(NothingElse),
    /// This one.
    Version(NamedEntry),
}

tagged_value!(DefaultEntry, "use", {
    "newest" => Newest,
    "oldest" => Oldest,
    "refuse" => Refuse,
    "version" => Version,
});

/// Nothing more to say.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
pub(super) struct NothingElse {}

object_value!(NothingElse {});

/// A version by its name.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct NamedEntry {
    /// One of `versions`.
    version: String,
}

object_value!(NamedEntry {
    version: required "version",
});

/// Checks the versions of a rule.
pub(super) fn check(
    placed: &Placed<'_, Vec<VersionEntry>>,
    scheme: Scheme,
    resolution: Resolution,
    findings: &mut Findings,
) -> Catalog {
    if placed.value.is_empty() {
        findings.add(placed.at.clone(), "expected at least one version");
    }
    let mut versions: Vec<Listed> = Vec::new();
    for (index, own) in placed.value.iter().enumerate() {
        let at = entry(&placed.at, index);
        let life = check_life(own, &at, findings);
        let variants = check_variants(&own.variants, &child(&at, "variants"), findings);
        let Some(version) = scheme.parse(&own.version) else {
            findings.add(child(&at, "version"), scheme.expected());
            continue;
        };
        if versions.iter().any(|earlier| earlier.version == version) {
            let message = "is the version of an earlier entry; versions must differ";
            findings.add(child(&at, "version"), message);
            continue;
        }
        let advice = Advice::of(&life, &links(own));
        versions.push(Listed {
            label: version.to_string(),
            version,
            life,
            advice,
            variants,
        });
    }
    Catalog::new(versions, resolution)
}

/// Checks the version of requests that name none.
pub(super) fn check_default(
    layers: &Layers<'_>,
    catalog: &Catalog,
    scheme: Scheme,
    rule: &str,
    findings: &mut Findings,
) -> Option<Fallback> {
    let placed = layers.pick("default", |settings| settings.default.as_ref());
    let at = placed.as_ref().map_or(rule, |placed| placed.at.as_str());
    let fallback = match placed.as_ref().map(|placed| placed.value) {
        None | Some(DefaultEntry::Newest(_)) => Fallback::Newest,
        Some(DefaultEntry::Oldest(_)) => Fallback::Oldest,
        Some(DefaultEntry::Refuse(_)) => return Some(Fallback::Refuse),
        Some(DefaultEntry::Version(named)) => {
            let at = child(at, "version");
            let version = find(&named.version, &at, catalog, scheme, findings)?;
            return Some(Fallback::Version(Rc::clone(version)));
        }
    };
    let is_served =
        |listed: &Rc<Listed>| !listed.is_preview() && listed.life.declared != Some(State::Retired);
    if catalog.iter().next().is_some() && !catalog.iter().any(is_served) {
        let message = "every version is in preview or retired, so a request that names none gets \
                       none; expected another version or `default` `refuse` or `version`";
        findings.add(at, message);
    }
    Some(fallback)
}

/// The version that another part of the settings names.
pub(super) fn find<'c>(
    text: &str,
    at: &str,
    catalog: &'c Catalog,
    scheme: Scheme,
    findings: &mut Findings,
) -> Option<&'c Rc<Listed>> {
    let Some(version) = scheme.parse(text) else {
        findings.add(at, scheme.expected());
        return None;
    };
    match catalog.find(&version) {
        Some(listed) if listed.life.declared == Some(State::Retired) => {
            findings.add(at, "is retired; expected a version that is served");
            None
        }
        Some(listed) => Some(listed),
        None => {
            let known: Vec<&str> = catalog.iter().map(|listed| listed.label.as_str()).collect();
            // Any digit is near any other one, and the list is there anyway.
            let near = if text.len() > 2 {
                known.as_slice()
            } else {
                &[]
            };
            let hint = did_you_mean(text, near.iter().copied());
            let message = format!("is not one of `versions`; expected {}{hint}", list(&known));
            findings.add(at, message);
            None
        }
    }
}

fn check_life(own: &VersionEntry, at: &str, findings: &mut Findings) -> Life {
    if let (Some(deprecation), Some(sunset)) = (own.deprecation, own.sunset)
        && sunset < deprecation
    {
        let message = "is earlier than `deprecation`; a version is deprecated before it ends \
                       (RFC 9745 section 4)";
        findings.add(child(at, "sunset"), message);
    }
    match own.state {
        Some(State::Deprecated) if own.deprecation.is_none() => {
            let message = "needs `deprecation`: clients are told since when (RFC 9745 section 2.1)";
            findings.add(child(at, "state"), message);
        }
        Some(State::Current) if own.deprecation.is_some() || own.sunset.is_some() => {
            let message = "contradicts the dates; without `state` it follows from them";
            findings.add(child(at, "state"), message);
        }
        Some(State::Preview) if own.deprecation.is_some() => {
            let message = "contradicts `deprecation`; a preview ends without one";
            findings.add(child(at, "state"), message);
        }
        _ => {}
    }
    check_brownouts(own, &child(at, "brownouts"), findings);
    Life {
        declared: own.state,
        deprecation: own.deprecation,
        sunset: own.sunset,
        after_sunset: own.after_sunset,
        brownouts: own.brownouts.clone(),
    }
}

fn check_brownouts(own: &VersionEntry, at: &str, findings: &mut Findings) {
    for (index, brownout) in own.brownouts.iter().enumerate() {
        let overlaps =
            |earlier: &Brownout| brownout.from <= earlier.until && earlier.from <= brownout.until;
        if own.brownouts.iter().take(index).any(overlaps) {
            let message = "overlaps or follows on an earlier brownout; make one of the two";
            findings.add(entry(at, index), message);
        }
        let at = child(&entry(at, index), "until");
        if brownout.until <= brownout.from {
            findings.add(at, "is not later than `from`");
        } else if own.sunset.is_some_and(|sunset| brownout.until > sunset) {
            findings.add(at, "is later than `sunset`, and nothing ends twice");
        }
    }
}

fn check_variants(own: &[VariantEntry], at: &str, findings: &mut Findings) -> Vec<Variant> {
    let mut variants: Vec<Variant> = Vec::new();
    for (index, variant) in own.iter().enumerate() {
        if variants
            .iter()
            .any(|earlier| earlier.name == variant.name.0)
        {
            let message = "is the name of an earlier variant; names must differ";
            findings.add(child(&entry(at, index), "name"), message);
        }
        variants.push(Variant {
            name: variant.name.0.clone(),
            share: variant.percent.basis_points(),
        });
    }
    let whole: u32 = variants
        .iter()
        .map(|variant| u32::from(variant.share))
        .sum();
    if !variants.is_empty() && whole != u32::from(WHOLE) {
        findings.add(at, "the percentages must add up to 100");
    }
    variants
}

fn links(own: &VersionEntry) -> Links {
    match &own.links {
        None => Links::default(),
        Some(links) => Links {
            deprecation: links.deprecation.clone(),
            sunset: links.sunset.clone(),
            successor: links.successor.clone(),
        },
    }
}
