//! The two API versions that the service answers side by side.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};

/// Names the version that a version-less path asks for.
pub(crate) const ASKED_VERSION: HeaderName = HeaderName::from_static("x-treaty-version");

/// Names the version that a response is written in.
pub(crate) const ANSWERED_VERSION: HeaderName = HeaderName::from_static("x-service-version");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiVersion {
    V1,
    V2,
}

impl ApiVersion {
    pub(crate) const NEWEST: Self = Self::V2;

    /// Reads the major part of the version header; the newest version answers a
    /// request without one.
    pub(crate) fn asked_by(headers: &HeaderMap) -> Result<Self, UnknownVersion> {
        let Some(asked) = headers.get(ASKED_VERSION) else {
            return Ok(Self::NEWEST);
        };
        let asked = String::from_utf8_lossy(asked.as_bytes());
        match asked.split('.').next() {
            Some("1") => Ok(Self::V1),
            Some("2") => Ok(Self::V2),
            _ => Err(UnknownVersion(asked.into_owned())),
        }
    }

    pub(crate) fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::V1 => "1",
            Self::V2 => "2",
        })
    }
}

/// The version header names a version that was never published.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown version: {0}")]
pub(crate) struct UnknownVersion(String);

impl IntoResponse for UnknownVersion {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.to_string()).into_response()
    }
}

/// Answers `routes` in one version, or in the version that the header asks for
/// when none is pinned.
///
/// Handlers find the version in the request's extensions, so that one handler
/// serves `/v1`, `/v2` and the version-less paths.
pub(crate) fn versioned<S>(routes: Router<S>, pinned: Option<ApiVersion>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes.route_layer(middleware::from_fn_with_state(pinned, choose_version))
}

async fn choose_version(
    State(pinned): State<Option<ApiVersion>>,
    mut request: Request,
    next: Next,
) -> Result<Response, UnknownVersion> {
    let version = match pinned {
        Some(version) => version,
        None => ApiVersion::asked_by(request.headers())?,
    };
    request.extensions_mut().insert(version);
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(ANSWERED_VERSION, version.header_value());
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(version: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ASKED_VERSION, HeaderValue::from_static(version))])
    }

    #[test]
    fn the_major_part_decides() {
        assert_eq!(ApiVersion::asked_by(&asking("1")), Ok(ApiVersion::V1));
        assert_eq!(ApiVersion::asked_by(&asking("1.4.2")), Ok(ApiVersion::V1));
        assert_eq!(ApiVersion::asked_by(&asking("2.0")), Ok(ApiVersion::V2));
    }

    #[test]
    fn the_newest_answers_a_request_without_the_header() {
        let answered = ApiVersion::asked_by(&HeaderMap::new());
        assert_eq!(answered, Ok(ApiVersion::NEWEST));
    }

    #[test]
    fn an_unpublished_version_is_refused() {
        let answered = ApiVersion::asked_by(&asking("17"));
        assert_eq!(answered, Err(UnknownVersion("17".to_owned())));
    }
}
