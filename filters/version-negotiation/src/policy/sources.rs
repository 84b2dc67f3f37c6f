//! Where requests name their version.

use kit::matching::PathTemplate;
use kit::policy::value::FieldName;
use kit::policy::{Findings, Placed, child};
use kit::{object_value, tagged_value};

use super::entry;
use super::rule::is_owned;
use crate::source::{Carrier, MediaTypeForm, Source, VARIABLE};

/// A place where requests may name their version.
#[derive(Debug, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(tag = "from", rename_all = "camelCase")
)]
pub(super) enum SourceEntry {
    /// A segment of the path.
    Path(PathEntry),
    /// A header field.
    Header(HeaderEntry),
    /// A query parameter.
    Query(QueryEntry),
    /// The media types of the request.
    MediaType(MediaTypeEntry),
    /// The package of a gRPC service.
    GrpcPackage(GrpcPackageEntry),
}

tagged_value!(SourceEntry, "from", {
    "path" => Path,
    "header" => Header,
    "query" => Query,
    "mediaType" => MediaType,
    "grpcPackage" => GrpcPackage,
});

/// A segment of the path.
#[derive(Debug, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct PathEntry {
    /// The template that tells which segment, such as `/v{version}/orders/**`.
    template: PathTemplate,
}

object_value!(PathEntry {
    template: required "template",
});

/// A header field.
#[derive(Debug, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct HeaderEntry {
    /// The name of the field, such as `api-version`.
    name: FieldName,
}

object_value!(HeaderEntry {
    name: required "name",
});

/// A query parameter.
#[derive(Debug, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct QueryEntry {
    /// The name of the parameter, such as `version`.
    name: String,
}

object_value!(QueryEntry {
    name: required "name",
});

/// The media types of the request; either `parameter` or `vendor`.
#[derive(Debug, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct MediaTypeEntry {
    /// The parameter that holds the version, as in `application/json;version=2`.
    parameter: Option<String>,
    /// The vendor's media type, such as `application/vnd.acme.v{version}+json`.
    vendor: Option<String>,
    /// The fields that are read; both without it.
    #[cfg_attr(feature = "schema", schemars(rename = "in"))]
    carriers: Option<Vec<Carrier>>,
}

object_value!(MediaTypeEntry {
    parameter: optional "parameter",
    vendor: optional "vendor",
    carriers: optional_list "in",
});

/// The package of a gRPC service.
#[derive(Debug, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct GrpcPackageEntry {
    /// The package, such as `acme.orders.v{version}`.
    template: String,
}

object_value!(GrpcPackageEntry {
    template: required "template",
});

/// Checks the sources of a rule.
pub(super) fn check(placed: &Placed<'_, Vec<SourceEntry>>, findings: &mut Findings) -> Vec<Source> {
    if placed.value.is_empty() {
        findings.add(placed.at.clone(), "expected at least one source");
    }
    let mut sources = Vec::new();
    for (index, own) in placed.value.iter().enumerate() {
        let at = entry(&placed.at, index);
        if placed
            .value
            .iter()
            .take(index)
            .any(|earlier| earlier == own)
        {
            findings.add(at, "is there twice; keep the one that comes first");
            continue;
        }
        sources.extend(check_one(own, &at, findings));
    }
    sources
}

fn check_one(own: &SourceEntry, at: &str, findings: &mut Findings) -> Option<Source> {
    match own {
        SourceEntry::Path(PathEntry { template }) => {
            if !template.variables().any(|name| name == VARIABLE) {
                let message = "has no `{version}`, so it can name none";
                findings.add(child(at, "template"), message);
            }
            Some(Source::Path(template.clone()))
        }
        SourceEntry::Header(HeaderEntry { name }) => {
            if is_owned(name.as_str()) {
                let message = "is a name that Treaty's filters own; `trustPreviousHop` reads it";
                findings.add(child(at, "name"), message);
            }
            Some(Source::Header(name.clone()))
        }
        SourceEntry::Query(QueryEntry { name }) => {
            if name.is_empty() {
                let message = "expected the name of a query parameter, such as \"version\"";
                findings.add(child(at, "name"), message);
            }
            Some(Source::Query(name.clone()))
        }
        SourceEntry::MediaType(media_type) => check_media_type(media_type, at, findings),
        SourceEntry::GrpcPackage(GrpcPackageEntry { template }) => {
            read(template, &child(at, "template"), findings).map(Source::GrpcPackage)
        }
    }
}

fn check_media_type(own: &MediaTypeEntry, at: &str, findings: &mut Findings) -> Option<Source> {
    let carriers = match &own.carriers {
        Some(carriers) => carriers.clone(),
        None => vec![Carrier::Accept, Carrier::ContentType],
    };
    if carriers.is_empty() {
        let message = "expected one or both of `accept` and `contentType`";
        findings.add(child(at, "in"), message);
    }
    let form = match (&own.parameter, &own.vendor) {
        (Some(parameter), None) => {
            if !is_parameter(parameter) {
                let message = "expected the name of a parameter, such as \"version\" (not \"q\")";
                findings.add(child(at, "parameter"), message);
            }
            Some(MediaTypeForm::Parameter(parameter.clone()))
        }
        (None, Some(vendor)) => {
            read(vendor, &child(at, "vendor"), findings).map(MediaTypeForm::Vendor)
        }
        _ => {
            findings.add(at, "expected exactly one of `parameter` and `vendor`");
            None
        }
    };
    form.map(|form| Source::MediaType(form, carriers))
}

/// A token; `q` is the weight of a range and can be no other parameter (RFC 9110 section 12.5.1).
fn is_parameter(name: &str) -> bool {
    name.parse::<FieldName>().is_ok() && !name.eq_ignore_ascii_case("q")
}

fn read<T: std::str::FromStr<Err = String>>(
    text: &str,
    at: &str,
    findings: &mut Findings,
) -> Option<T> {
    match text.parse() {
        Ok(value) => Some(value),
        Err(message) => {
            findings.add(at, message);
            None
        }
    }
}
