//! The header fields of a kept answer.

use kit::headers::Headers;
use kit::policy::value::FieldName;

/// Names and values, in order.
pub(super) type Fields = Vec<(String, Vec<u8>)>;

/// The most fields of one message that is kept. Envoy takes 100 of an upstream unless told otherwise.
pub(super) const MAX_FIELDS: usize = 256;

/// What is said of one connection or one message alone, and so is not true of its replay.
///
/// - `proxy-*`, `keep-alive`, `te`, `trailer`, `transfer-encoding`, `upgrade`: the hop's (RFC 9110
///   sections 7.6.1, 11.7, 6.6.2).
/// - `content-length`: whoever sends the replay knows it.
/// - `date`, `server`: who sends the replay, and when.
/// - `set-cookie`: a session may have ended since, and its cookie must not come back.
/// - The others name the exchange, so that two of them would be one in traces and logs.
const NEVER: [&str; 25] = [
    "b3",
    "baggage",
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-connection",
    "request-id",
    "server",
    "server-timing",
    "set-cookie",
    "te",
    "traceparent",
    "traceresponse",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "uber-trace-id",
    "upgrade",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
    "x-request-id",
];

/// How names begin that are never kept: Envoy's own, and those of traces.
const NEVER_PREFIXES: [&str; 4] = ["x-envoy-", "x-b3-", "x-datadog-", "x-ot-span-"];

/// What describes a content (RFC 9110 section 8, RFC 9530), and so is kept only with it.
const OF_CONTENT: [&str; 9] = [
    "accept-ranges",
    "content-digest",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-range",
    "content-type",
    "repr-digest",
];

/// The fields of a message that are kept.
///
/// `dropped` is what the policy leaves out beside what is never kept; without its content, what
/// describes it is left out too.
pub(super) fn kept(headers: &Headers, dropped: &[FieldName], with_content: bool) -> Fields {
    let of_connection = connection_options(headers);
    let is_kept = |name: &str| {
        !name.starts_with(':')
            && !NEVER.contains(&name)
            && !NEVER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            && (with_content || !OF_CONTENT.contains(&name))
            && !dropped.iter().any(|dropped| dropped.as_str() == name)
            && !of_connection.iter().any(|option| option == name)
    };
    let field = |(name, value): (&[u8], &[u8])| {
        let name = std::str::from_utf8(name).ok()?;
        let fits = is_kept(name) && is_name(name) && is_value(value);
        fits.then(|| (name.to_owned(), value.to_vec()))
    };
    headers.iter().filter_map(field).collect()
}

/// The octets that fields take in a record.
pub(super) fn size(fields: &Fields) -> usize {
    let sizes = fields
        .iter()
        .map(|(name, value)| name.len().saturating_add(value.len()));
    sizes.fold(0, |sum, size| sum.saturating_add(size).saturating_add(2))
}

/// Writes fields as lines, such as `etag:"a"`, each ended by a line feed.
pub(super) fn write(fields: &Fields) -> Vec<u8> {
    let mut lines = Vec::with_capacity(size(fields));
    for (name, value) in fields {
        lines.extend_from_slice(name.as_bytes());
        lines.push(b':');
        lines.extend_from_slice(value);
        lines.push(b'\n');
    }
    lines
}

/// Reads what [`write`] has written; `None` for anything that a message must not have, because a
/// store is not trusted with what is told to clients.
pub(super) fn read(lines: &[u8]) -> Option<Fields> {
    let Some(lines) = lines.strip_suffix(b"\n") else {
        return lines.is_empty().then(Vec::new);
    };
    let mut fields = Vec::new();
    for line in lines.split(|octet| *octet == b'\n') {
        let colon = line.iter().position(|octet| *octet == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let name = std::str::from_utf8(name).ok()?;
        let value = value.strip_prefix(b":")?;
        if fields.len() == MAX_FIELDS || !is_name(name) || !is_value(value) {
            return None;
        }
        fields.push((name.to_owned(), value.to_vec()));
    }
    Some(fields)
}

/// The fields that belong to the connection, because it says so (RFC 9110 section 7.6.1).
fn connection_options(headers: &Headers) -> Vec<String> {
    let options = headers.combined("connection").unwrap_or_default();
    let options = String::from_utf8_lossy(&options);
    options
        .split(',')
        .map(|option| option.trim().to_ascii_lowercase())
        .collect()
}

/// A field name (RFC 9110 section 5.1) in lower case.
fn is_name(name: &str) -> bool {
    let is_token = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    !name.is_empty()
        && name
            .bytes()
            .all(|octet| is_token(octet) && !octet.is_ascii_uppercase())
}

/// A field value (RFC 9110 section 5.5): what ends a line stands in none.
fn is_value(value: &[u8]) -> bool {
    value
        .iter()
        .all(|octet| !matches!(octet, b'\0' | b'\r' | b'\n'))
}
