//! A version in the package of a gRPC service: `/acme.orders.v2.Orders/GetOrder`.

use std::str::FromStr;

use super::{Enough, Reader, Said};
use crate::fields;
use crate::version::is_meant_as_version;

/// A package with its version left open, such as `acme.orders.v{version}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackageTemplate {
    prefix: String,
    suffix: String,
}

pub(super) fn read(
    template: &PackageTemplate,
    reader: &Reader<'_>,
    hear: &mut dyn FnMut(Said) -> Enough,
) -> Enough {
    let target = reader.headers.get(fields::PATH).unwrap_or_default();
    match template.version(target) {
        Some(value) => hear(reader.said(value.as_bytes())),
        None => Enough::No,
    }
}

impl PackageTemplate {
    /// The text that stands in place of the version in the path of a call.
    fn version<'a>(&self, target: &'a [u8]) -> Option<&'a str> {
        let target = std::str::from_utf8(target).ok()?;
        let (service, _method) = target.strip_prefix('/')?.split_once('/')?;
        let (package, _name) = service.rsplit_once('.')?;
        let version = package
            .strip_prefix(self.prefix.as_str())?
            .strip_suffix(self.suffix.as_str())?;
        (is_meant_as_version(version) && !version.contains('.')).then_some(version)
    }
}

impl FromStr for PackageTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected a package with `{version}`, such as \"acme.orders.v{version}\"";
        let (prefix, suffix) = text.split_once("{version}").ok_or(expected)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "._".contains(c);
        if !prefix.chars().chain(suffix.chars()).all(fits) {
            return Err(expected.into());
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
        })
    }
}
