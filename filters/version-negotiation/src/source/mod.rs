//! Where a version stands in a request.

mod accept;
mod grpc_package;
mod header;
mod media_type;
mod path;
mod query;

use std::rc::Rc;
use std::time::SystemTime;

use kit::headers::Headers;
use kit::matching::PathTemplate;
use kit::policy::value::FieldName;

use crate::catalog::{Catalog, Listed};
use crate::version::{MAX_TEXT, Scheme, Version};

pub(crate) use grpc_package::PackageTemplate;
pub(crate) use media_type::{Carrier, MediaTypeForm};
pub(crate) use path::{VARIABLE, has_dot_segments, path_version};

/// One place to look for a version.
#[derive(Debug)]
pub(crate) enum Source {
    /// A segment of the path.
    Path(PathTemplate),
    /// A header field.
    Header(FieldName),
    /// A query parameter.
    Query(String),
    /// The media types of the request.
    MediaType(MediaTypeForm, Vec<Carrier>),
    /// The package of a gRPC service.
    GrpcPackage(PackageTemplate),
}

/// What came of looking: one thing that a place says about the version.
#[derive(Debug)]
pub(crate) enum Said {
    /// It names a version, whether it exists or not.
    Named(Version),
    /// It means a version, but not one of the scheme.
    Malformed,
    /// `Accept` allows only what does not exist; this is what it likes best.
    NotAcceptable(Version),
}

/// What a place is read with.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    /// The head of the request.
    pub(crate) headers: &'a Headers,
    /// The way versions are written.
    pub(crate) scheme: Scheme,
    /// The versions that exist.
    pub(crate) catalog: &'a Catalog,
    /// The time.
    pub(crate) now: SystemTime,
}

impl Source {
    /// Tells `hear` everything that the place says, until it has heard enough.
    pub(crate) fn read(&self, reader: &Reader<'_>, hear: &mut dyn FnMut(Said) -> Enough) -> Enough {
        match self {
            Self::Path(template) => path::read(template, reader, hear),
            Self::Header(name) => header::read(name.as_str(), reader, hear),
            Self::Query(name) => query::read(name, reader, hear),
            Self::MediaType(form, carriers) => media_type::read(form, carriers, reader, hear),
            Self::GrpcPackage(template) => grpc_package::read(template, reader, hear),
        }
    }

    /// The name of the kind, as it stands in policies and facts.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Path(_) => "path",
            Self::Header(_) => "header",
            Self::Query(_) => "query",
            Self::MediaType(..) => "mediaType",
            Self::GrpcPackage(_) => "grpcPackage",
        }
    }
}

/// Whether a listener has heard enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enough {
    /// Nothing that is still to come changes anything.
    Yes,
    /// Go on.
    No,
}

impl Reader<'_> {
    fn said(&self, value: &[u8]) -> Said {
        self.version(value).map_or(Said::Malformed, Said::Named)
    }

    fn version(&self, value: &[u8]) -> Option<Version> {
        // The length comes first, so that an absurd value costs nothing.
        if value.len() > MAX_TEXT {
            return None;
        }
        self.scheme.parse(std::str::from_utf8(value).ok()?)
    }

    fn resolve(&self, version: &Version) -> Option<&Rc<Listed>> {
        self.catalog.resolve(version, self.now)
    }
}

#[cfg(test)]
mod tests;
