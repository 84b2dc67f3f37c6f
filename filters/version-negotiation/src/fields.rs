//! The header fields that the filter owns, and those of the standards that it writes.

/// The version that was resolved: to the upstream, and with the response to the client.
pub const VERSION: &str = "x-treaty-version";

/// The implementation of the version that the request is for.
pub const VARIANT: &str = "x-treaty-variant";

/// The feature flags that are on, as a list.
pub const FLAGS: &str = "x-treaty-flags";

/// How often each proxy's filter has rewritten the request.
pub const HOPS: &str = "x-treaty-hops";

/// All that the filter owns in requests.
pub const OWNED: [&str; 4] = [VERSION, VARIANT, FLAGS, HOPS];

/// RFC 9745.
pub const DEPRECATION: &str = "deprecation";

/// RFC 8594.
pub const SUNSET: &str = "sunset";

/// RFC 8288.
pub const LINK: &str = "link";

/// RFC 9110 section 12.5.5.
pub const VARY: &str = "vary";

/// RFC 9110 section 12.5.1.
pub const ACCEPT: &str = "accept";

/// RFC 9110 section 8.3.
pub const CONTENT_TYPE: &str = "content-type";

/// RFC 6265 section 5.4.
pub const COOKIE: &str = "cookie";

/// The request target, as HTTP/2 names it.
pub const PATH: &str = ":path";
