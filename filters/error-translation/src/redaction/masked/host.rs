//! Names of hosts inside.

use std::ops::Range;

use kit::scan::{Place, Rule, Sign, digits, is_atom, prefix, run, run_back, suffix};

/// What stands before the name of a host where a connection failed.
pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::in_any_case("dial tcp ", endpoint),
    Sign::in_any_case("dial tcp4 ", endpoint),
    Sign::in_any_case("dial tcp6 ", endpoint),
    Sign::in_any_case("dial udp ", endpoint),
    Sign::in_any_case("getaddrinfo enotfound ", endpoint),
    Sign::in_any_case("getaddrinfo eai_again ", endpoint),
    Sign::in_any_case("connect econnrefused ", endpoint),
    Sign::in_any_case("connect etimedout ", endpoint),
    Sign::in_any_case("could not resolve host: ", endpoint),
    Sign::in_any_case("unknownhostexception: ", endpoint),
    Sign::in_any_case("failed to resolve '", endpoint),
    Sign::in_any_case("server at \"", endpoint),
    Sign::in_any_case("host name \"", endpoint),
    Sign::in_any_case("server on '", endpoint),
    Sign::in_any_case("lookup ", lookup),
    Sign::in_any_case("connect to ", with_port),
    Sign::in_any_case("connecting to ", with_port),
    Sign::in_any_case("connection to ", with_port),
    Sign::in_any_case("connected to ", with_port),
    Sign::in_any_case("connect: ", with_port),
    Sign::in_any_case("host=", label),
    Sign::in_any_case("hostname=", label),
    Sign::in_any_case("server=", label),
    Sign::in_any_case("data source=", label),
    Sign::in_any_case("bootstrap.servers=", label),
    Sign::in_any_case("outbound|", cluster),
    Sign::in_any_case("inbound|", cluster),
    Sign::in_any_case("@tcp(", go_mysql),
    Sign::in_any_case("@unix(", go_mysql),
];

/// Endings of names that no public resolver knows: Kubernetes, RFC 6762 (`.local`), the `.internal`
/// that ICANN reserved, and what RFC 6762 appendix G lists; and names of managed databases.
const ENDINGS: [&str; 17] = [
    ".svc",
    ".local",
    ".internal",
    ".localdomain",
    ".localhost",
    ".lan",
    ".intra",
    ".intranet",
    ".corp",
    ".private",
    ".consul",
    ".home.arpa",
    ".pod",
    ".rds.amazonaws.com",
    ".cache.amazonaws.com",
    ".database.windows.net",
    ".in-addr.arpa",
];

/// First labels of names that are codes of errors, not hosts: `error.internal`.
const CODES: [&str; 4] = ["error", "errors", "err", "exception"];

/// The longest name (RFC 1035 section 2.3.4).
const LONGEST: usize = 253;

/// The length of the name of a host inside that a run of letters, digits, `.`, `_` and `-` is, with
/// the port that follows it in the text.
pub(super) fn find(text: &str, atom: &str) -> Option<usize> {
    let name = atom.trim_end_matches(['.', '-']);
    let port = port(text.get(name.len()..).unwrap_or(""));
    let is_local = name.eq_ignore_ascii_case("localhost") && port > 0;
    (is_local || is_inside(name)).then_some(name.len() + port)
}

/// Whether a name is one of a host inside, or of a pod.
pub(super) fn is_inside(name: &str) -> bool {
    if name.len() < 4 {
        return false;
    }
    let labels = name.trim_start_matches('.');
    if !name.contains('.') {
        return is_node(name) || is_pod(name);
    }
    let first = labels.split('.').next().unwrap_or("");
    let is_code = CODES.iter().any(|code| first.eq_ignore_ascii_case(code));
    let ends = ENDINGS
        .iter()
        .any(|ending| labels.len() > ending.len() && ends_fold(labels, ending));
    (ends && !is_code)
        || is_node(first)
        || is_pod(first)
        || labels == "kubernetes.default"
        || labels.contains(".svc.")
}

/// `ip-10-0-0-1`, as AWS names nodes.
fn is_node(label: &str) -> bool {
    label.strip_prefix("ip-").is_some_and(|numbers| {
        numbers.split('-').count() == 4
            && numbers
                .split('-')
                .all(|number| (1..=3).contains(&number.len()) && digits(number) == number.len())
    })
}

/// `orders-7d9f8b6c5d-x2x7k`: a Deployment's name, the hash of its template and five characters.
/// Kubernetes takes them from an alphabet without vowels, so that no word looks like them.
fn is_pod(label: &str) -> bool {
    let mut parts = label.rsplitn(3, '-');
    let (Some(id), Some(hash), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_safe = |part: &str| {
        part.bytes()
            .all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b))
    };
    id.len() == 5
        && (6..=10).contains(&hash.len())
        && is_safe(id)
        && is_safe(hash)
        && hash.bytes().any(|b| b.is_ascii_digit())
        && name.bytes().any(|b| b.is_ascii_lowercase())
}

/// The host that follows, and its port.
fn endpoint(place: Place<'_>) -> Option<Range<usize>> {
    let length = host_length(place.after());
    (length > 0).then(|| place.end..place.end + length)
}

/// "lookup orders-db on 10.96.0.10:53: no such host", but not "lookup table".
fn lookup(place: Place<'_>) -> Option<Range<usize>> {
    let range = endpoint(place)?;
    let rest = place.after().get(range.len()..)?;
    let failed = [
        ": no such host",
        ": i/o timeout",
        ": server misbehaving",
        ": Temporary failure",
    ]
    .iter()
    .any(|words| rest.starts_with(words));
    let server = rest
        .strip_prefix(" on ")
        .is_some_and(|rest| rest.starts_with('[') || digits(rest) > 0);
    (failed || server).then_some(range)
}

/// "connect to orders-db:5432", but not "connect to the database".
fn with_port(place: Place<'_>) -> Option<Range<usize>> {
    let after = place.after();
    let quote = after.len() - after.trim_start_matches(['"', '\'', '`']).len();
    let rest = after.get(quote..)?;
    let length = host_length(rest);
    let name = prefix(rest, length);
    (name.contains(':') && name.starts_with(|c: char| c.is_ascii_alphanumeric()))
        .then(|| place.end + quote..place.end + quote + length)
}

/// `host=db`: a name that is no public one, because it has no dot.
fn label(place: Place<'_>) -> Option<Range<usize>> {
    let after = place.after();
    let quote = after.len() - after.trim_start_matches(['"', '\'']).len();
    let rest = after.get(quote..)?;
    let length = host_length(rest);
    let name = prefix(rest, length).split(':').next().unwrap_or("");
    let fits = place.opens_word() && !name.is_empty() && !name.contains('.');
    fits.then(|| place.end + quote..place.end + quote + length)
}

/// `outbound|8080||orders.default.svc.cluster.local`, as Istio names clusters.
fn cluster(place: Place<'_>) -> Option<Range<usize>> {
    let after = place.after();
    let length = run(after, |b| is_atom(b) || b == b'|');
    let name = prefix(after, length).trim_end_matches('.');
    (place.opens_word() && name.contains('|')).then(|| place.start..place.end + name.len())
}

/// `orders:secret@tcp(db:3306)/orders`: a data source name of the Go driver for `MySQL`.
fn go_mysql(place: Place<'_>) -> Option<Range<usize>> {
    let before = suffix(place.text.get(..place.start)?, LONGEST);
    let user = run_back(before, |b| {
        !b.is_ascii_whitespace() && !b"\"'`[]<>".contains(&b)
    });
    let rest = place.text.get(place.end..)?;
    let after = run(rest, |b| {
        !b.is_ascii_whitespace() && !b"\"'`[]<>".contains(&b)
    });
    Some(place.start - user..place.end + after)
}

/// The length of a host and its port.
fn host_length(text: &str) -> usize {
    let name = prefix(text, run(text, is_atom)).trim_end_matches(['.', '-']);
    if name.is_empty() {
        return 0;
    }
    name.len() + port(text.get(name.len()..).unwrap_or(""))
}

/// The length of a port and its colon.
fn port(text: &str) -> usize {
    match text.strip_prefix(':').map_or(0, digits) {
        0 => 0,
        length => length + 1,
    }
}

fn ends_fold(name: &str, ending: &str) -> bool {
    name.len()
        .checked_sub(ending.len())
        .and_then(|at| name.as_bytes().get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(ending.as_bytes()))
}
