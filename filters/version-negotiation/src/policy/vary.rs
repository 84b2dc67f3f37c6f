//! The request fields that an answer depends on (RFC 9110 section 12.5.5).

use std::borrow::Cow;

use super::traffic::Traffic;
use crate::catalog::Catalog;
use crate::source::{Carrier, Source};
use crate::traffic::{ConsumerSource, KeySource};

/// The names for `Vary`: of the sources, and of what pins and shares go by.
pub(super) fn names(
    sources: &[Source],
    traffic: &Traffic,
    catalog: &Catalog,
) -> Vec<Cow<'static, str>> {
    let keys = if has_shares(traffic, catalog) {
        traffic.keys.as_slice()
    } else {
        &[]
    };
    let mut names = Vec::new();
    for source in sources {
        add_source(source, &mut names);
    }
    if needs_consumer(traffic, keys)
        && let Some(ConsumerSource::Header(name)) = &traffic.consumer
    {
        add(&mut names, name.0.clone());
    }
    for key in keys {
        match key {
            KeySource::Header(name) => add(&mut names, name.0.clone()),
            KeySource::Cookie(_) => add(&mut names, "Cookie"),
            KeySource::Consumer | KeySource::Property(_) => {}
        }
    }
    names
}

fn add_source(source: &Source, names: &mut Vec<Cow<'static, str>>) {
    match source {
        Source::Header(name) => add(names, name.0.clone()),
        Source::MediaType(_, carriers) => {
            for carrier in carriers {
                match carrier {
                    Carrier::Accept => add(names, "Accept"),
                    Carrier::ContentType => add(names, "Content-Type"),
                }
            }
        }
        // The path and the query are part of the URI, by which caches tell answers apart anyway.
        Source::Path(_) | Source::Query(_) | Source::GrpcPackage(_) => {}
    }
}

fn add(names: &mut Vec<Cow<'static, str>>, name: impl Into<Cow<'static, str>>) {
    let name = name.into();
    if !names.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
        names.push(name);
    }
}

/// Whether anything goes by the key of a request.
fn has_shares(traffic: &Traffic, catalog: &Catalog) -> bool {
    !traffic.canaries.is_empty()
        || traffic.flags.iter().any(|flag| flag.share.is_some())
        || catalog.iter().any(|listed| !listed.variants.is_empty())
}

fn needs_consumer(traffic: &Traffic, keys: &[KeySource]) -> bool {
    !traffic.pins.is_empty()
        || traffic.flags.iter().any(|flag| !flag.consumers.is_empty())
        || keys.iter().any(|key| matches!(key, KeySource::Consumer))
}
