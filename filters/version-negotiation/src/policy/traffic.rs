//! Who gets what.

use std::rc::Rc;

use kit::policy::value::{FieldName, Name, Percent};
use kit::policy::{Findings, child};
use kit::{object_value, tagged_value};

use super::entry;
use super::settings::Layers;
use super::versions::{NothingElse, find};
use crate::catalog::{Catalog, Listed};
use crate::traffic::{Canary, ConsumerSource, Flag, KeySource, WHOLE, When};
use crate::version::Scheme;

/// What tells who asks.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(tag = "from", rename_all = "camelCase")
)]
pub(super) enum ConsumerEntry {
    /// A header field, set by whatever authenticates.
    Header(FieldEntry),
    /// A property of the proxy, such as the URI of the peer's certificate.
    Property(PropertyEntry),
}

tagged_value!(ConsumerEntry, "from", {
    "header" => Header,
    "property" => Property,
});

/// What requests are told apart by.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(tag = "from", rename_all = "camelCase")
)]
pub(super) enum KeyEntry {
    /// The consumer.
    Consumer(NothingElse),
    /// A header field.
    Header(FieldEntry),
    /// A cookie.
    Cookie(CookieEntry),
    /// A property of the proxy.
    Property(PropertyEntry),
}

tagged_value!(KeyEntry, "from", {
    "consumer" => Consumer,
    "header" => Header,
    "cookie" => Cookie,
    "property" => Property,
});

/// A header field.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct FieldEntry {
    /// The name of the field.
    name: FieldName,
}

object_value!(FieldEntry {
    name: required "name",
});

/// A cookie.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct CookieEntry {
    /// The name of the cookie.
    name: String,
}

object_value!(CookieEntry {
    name: required "name",
});

/// A property of the proxy.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct PropertyEntry {
    /// The path of the property, such as `["connection", "uri_san_peer_certificate"]`.
    path: Vec<String>,
}

object_value!(PropertyEntry {
    path: required_list "path",
});

/// The version of some consumers, where they name none.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct PinEntry {
    /// The consumers.
    consumers: Vec<String>,
    /// The version that they get; one of `versions`.
    version: String,
}

object_value!(PinEntry {
    consumers: required_list "consumers",
    version: required "version",
});

/// A share of one version's requests that goes to another one.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct CanaryEntry {
    /// The version that is moved on from.
    from: String,
    /// The version that is moved on to.
    to: String,
    /// The share that is moved on.
    percent: Percent,
    /// Which requests are moved on.
    #[cfg_attr(feature = "schema", schemars(default))]
    when: When,
}

object_value!(CanaryEntry {
    from: required "from",
    to: required "to",
    percent: required "percent",
    when: defaulted "when",
});

/// A feature flag. It is on when every condition that is given holds.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct FlagEntry {
    /// The name of the flag.
    name: Name,
    /// The versions that it is for; all without it.
    #[cfg_attr(feature = "schema", schemars(default))]
    versions: Vec<String>,
    /// The consumers that it is for; all without it.
    #[cfg_attr(feature = "schema", schemars(default))]
    consumers: Vec<String>,
    /// The share of requests that it is for; all without it.
    percent: Option<Percent>,
}

object_value!(FlagEntry {
    name: required "name",
    versions: list "versions",
    consumers: list "consumers",
    percent: optional "percent",
});

/// Who gets what, ready to use.
pub(super) struct Traffic {
    pub(super) consumer: Option<ConsumerSource>,
    pub(super) pins: Vec<(String, Rc<Listed>)>,
    pub(super) keys: Vec<KeySource>,
    pub(super) canaries: Vec<Canary>,
    pub(super) flags: Vec<Flag>,
}

const NO_CONSUMER: &str = "needs `consumer`, which says who asks";

/// Checks who gets what under a rule.
pub(super) fn check(
    layers: &Layers<'_>,
    catalog: &Catalog,
    scheme: Scheme,
    findings: &mut Findings,
) -> Traffic {
    let mut references = References {
        catalog,
        scheme,
        findings,
    };
    let consumer = layers
        .pick("consumer", |settings| settings.consumer.as_ref())
        .map(|placed| match placed.value {
            ConsumerEntry::Header(field) => ConsumerSource::Header(field.name.clone()),
            ConsumerEntry::Property(property) => {
                ConsumerSource::Property(references.property(property, &placed.at))
            }
        });
    let knows = consumer.is_some();
    Traffic {
        pins: references.pins(layers, knows),
        keys: references.keys(layers, knows),
        canaries: references.canaries(layers),
        flags: references.flags(layers, knows),
        consumer,
    }
}

struct References<'a> {
    catalog: &'a Catalog,
    scheme: Scheme,
    findings: &'a mut Findings,
}

impl References<'_> {
    fn version(&mut self, text: &str, at: &str) -> Option<Rc<Listed>> {
        find(text, at, self.catalog, self.scheme, self.findings).map(Rc::clone)
    }

    fn property(&mut self, own: &PropertyEntry, at: &str) -> Vec<String> {
        if own.path.is_empty() || own.path.iter().any(String::is_empty) {
            let message = "expected the path of a property, such as [\"request\", \"id\"]";
            self.findings.add(child(at, "path"), message);
        }
        own.path.clone()
    }

    fn pins(&mut self, layers: &Layers<'_>, knows: bool) -> Vec<(String, Rc<Listed>)> {
        let Some(placed) = layers.pick("pins", |settings| settings.pins.as_ref()) else {
            return Vec::new();
        };
        if !knows && !placed.value.is_empty() {
            self.findings.add(placed.at.clone(), NO_CONSUMER);
        }
        let mut pins: Vec<(String, Rc<Listed>)> = Vec::new();
        for (index, pin) in placed.value.iter().enumerate() {
            let at = entry(&placed.at, index);
            let version = self.version(&pin.version, &child(&at, "version"));
            let consumers = child(&at, "consumers");
            if pin.consumers.is_empty() {
                self.findings
                    .add(consumers.clone(), "expected at least one consumer");
            }
            for (index, consumer) in pin.consumers.iter().enumerate() {
                // The list is kept in order, so that a request finds its pin by halving it.
                match (
                    pins.binary_search_by(|(own, _)| own.cmp(consumer)),
                    &version,
                ) {
                    (Ok(_), _) => {
                        let message = "has a pin already; a consumer has one";
                        self.findings.add(entry(&consumers, index), message);
                    }
                    (Err(place), Some(version)) => {
                        pins.insert(place, (consumer.clone(), Rc::clone(version)));
                    }
                    (Err(_), None) => {}
                }
            }
        }
        pins
    }

    fn keys(&mut self, layers: &Layers<'_>, knows: bool) -> Vec<KeySource> {
        let Some(placed) = layers.pick("canaryKey", |settings| settings.canary_key.as_ref()) else {
            return if knows {
                vec![KeySource::Consumer]
            } else {
                Vec::new()
            };
        };
        let mut keys = Vec::new();
        for (index, key) in placed.value.iter().enumerate() {
            let at = entry(&placed.at, index);
            keys.push(match key {
                KeyEntry::Consumer(_) => {
                    if !knows {
                        self.findings.add(at, NO_CONSUMER);
                    }
                    KeySource::Consumer
                }
                KeyEntry::Header(field) => KeySource::Header(field.name.clone()),
                KeyEntry::Cookie(cookie) => {
                    if cookie.name.parse::<FieldName>().is_err() {
                        let message = "expected the name of a cookie, such as \"session\"";
                        self.findings.add(child(&at, "name"), message);
                    }
                    KeySource::Cookie(cookie.name.clone())
                }
                KeyEntry::Property(property) => KeySource::Property(self.property(property, &at)),
            });
        }
        keys
    }

    fn canaries(&mut self, layers: &Layers<'_>) -> Vec<Canary> {
        let Some(placed) = layers.pick("canaries", |settings| settings.canaries.as_ref()) else {
            return Vec::new();
        };
        let mut canaries: Vec<Canary> = Vec::new();
        for (index, canary) in placed.value.iter().enumerate() {
            let at = entry(&placed.at, index);
            let from = self.version(&canary.from, &child(&at, "from"));
            let to = self.version(&canary.to, &child(&at, "to"));
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            if leads_to(&to, &from, &canaries) {
                let message = "leads back to the version that it comes from";
                self.findings.add(child(&at, "to"), message);
                continue;
            }
            // Shares of one version follow each other, so that no key is in two of them.
            let start = canaries
                .iter()
                .filter(|earlier| Rc::ptr_eq(&earlier.from, &from))
                .map(|earlier| earlier.places.end)
                .max()
                .unwrap_or_default();
            let end = start.saturating_add(canary.percent.basis_points());
            if end > WHOLE {
                let message = "brings what is moved on from this version over 100 percent";
                self.findings.add(child(&at, "percent"), message);
            }
            canaries.push(Canary {
                from,
                to,
                places: start..end,
                when: canary.when,
            });
        }
        canaries
    }

    fn flags(&mut self, layers: &Layers<'_>, knows: bool) -> Vec<Flag> {
        let Some(placed) = layers.pick("flags", |settings| settings.flags.as_ref()) else {
            return Vec::new();
        };
        let mut flags: Vec<Flag> = Vec::new();
        for (index, flag) in placed.value.iter().enumerate() {
            let at = entry(&placed.at, index);
            if flags.iter().any(|earlier| earlier.name == flag.name.0) {
                let message = "is the name of an earlier flag; names must differ";
                self.findings.add(child(&at, "name"), message);
            }
            if matches!(flag.name.as_str(), "version" | "variant") {
                let message =
                    "is what the shares of canaries and variants go by; name it otherwise";
                self.findings.add(child(&at, "name"), message);
            }
            if !knows && !flag.consumers.is_empty() {
                self.findings.add(child(&at, "consumers"), NO_CONSUMER);
            }
            let versions = child(&at, "versions");
            let versions = flag
                .versions
                .iter()
                .enumerate()
                .filter_map(|(index, text)| {
                    let listed = self.version(text, &entry(&versions, index))?;
                    Some(listed.version.clone())
                });
            flags.push(Flag {
                versions: versions.collect(),
                name: flag.name.0.clone(),
                consumers: flag.consumers.clone(),
                share: flag.percent.map(Percent::basis_points),
            });
        }
        flags
    }
}

/// Whether canaries lead from one version to another, also over others.
fn leads_to(from: &Rc<Listed>, to: &Rc<Listed>, canaries: &[Canary]) -> bool {
    if Rc::ptr_eq(from, to) {
        return true;
    }
    // The canaries up to here lead to no version twice, so this ends.
    canaries
        .iter()
        .filter(|canary| Rc::ptr_eq(&canary.from, from))
        .any(|canary| leads_to(&canary.to, to, canaries))
}
