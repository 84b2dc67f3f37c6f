//! URLs: hosts inside, and connection strings. Credentials in them are signs of `kit::secret`.

use kit::scan::{Authority, prefix, run, run_back};

use super::word::Word;
use super::{Places, address, host};
use crate::redaction::kind::Kind;

/// Schemes whose URLs are connection strings, or name what is inside only.
const CONNECTIONS: [&str; 36] = [
    "postgres",
    "postgresql",
    "mysql",
    "mysqlx",
    "mariadb",
    "sqlserver",
    "mssql",
    "oracle",
    "sqlite",
    "sqlite3",
    "cockroachdb",
    "redis",
    "rediss",
    "redis-sentinel",
    "valkey",
    "mongodb",
    "mongodb+srv",
    "amqp",
    "amqps",
    "nats",
    "kafka",
    "pulsar",
    "mqtt",
    "mqtts",
    "cassandra",
    "clickhouse",
    "memcached",
    "couchbase",
    "neo4j",
    "bolt",
    "etcd",
    "ldap",
    "ldaps",
    "smb",
    "unix",
    "tcp",
];

/// What ends a sentence, or a clause, after a URL.
const STOPS: [char; 4] = ['.', ':', ',', ';'];

/// Notes what is masked in a word that is a URL, and says where it ends; none where it is no URL.
pub(super) fn find(word: Word<'_>, places: &mut Places) -> Option<usize> {
    let url = Url::of(word)?;
    if is_connection(url.scheme) {
        return Some(url.connection(places));
    }
    if url.scheme.eq_ignore_ascii_case("file") {
        places.add(Kind::Path, url.start..url.end_without_stop());
    } else if let Some((kind, length)) = inside(url.authority.host) {
        let host = url.host_start();
        places.add(kind, host..host + length);
    }
    Some(url.end())
}

/// A URL in a word, with what is needed of it.
struct Url<'t> {
    word: Word<'t>,
    /// What stands before the scheme in the word, such as `jdbc:`.
    prefix: &'t str,
    scheme: &'t str,
    /// Where the scheme begins in the text.
    start: usize,
    /// It may go on behind the word.
    authority: Authority<'t>,
}

impl<'t> Url<'t> {
    fn of(word: Word<'t>) -> Option<Self> {
        let (before, _) = word.itself.split_once("://")?;
        let is_scheme = |b: u8| b.is_ascii_alphanumeric() || b"+.-".contains(&b);
        let (prefix, scheme) =
            before.split_at_checked(before.len() - run_back(before, is_scheme))?;
        let start = word.start + prefix.len();
        let rest = word.text.get(start + scheme.len() + "://".len()..)?;
        Some(Self {
            word,
            prefix,
            scheme,
            start,
            authority: Authority::after_scheme(rest),
        })
    }

    fn host_start(&self) -> usize {
        let userinfo = self.authority.userinfo.map_or(0, |user| user.len() + 1);
        self.start + self.scheme.len() + "://".len() + userinfo
    }

    fn end(&self) -> usize {
        self.word.start + self.word.itself.len()
    }

    fn end_without_stop(&self) -> usize {
        self.word.start + self.word.itself.trim_end_matches(STOPS).len()
    }

    /// Masks a connection string, and says where it ends: passwords have commas and semicolons, and
    /// there may be several hosts.
    fn connection(&self, places: &mut Places) -> usize {
        let rest = self.word.text.get(self.start..).unwrap_or("");
        let is_part = |b: u8| !b.is_ascii_whitespace() && !b"\"'`<>)".contains(&b);
        let end = self.start
            + prefix(rest, run(rest, is_part))
                .trim_end_matches(STOPS)
                .len();
        let is_driver = self.prefix.eq_ignore_ascii_case("jdbc:");
        let start = if is_driver {
            self.word.start
        } else {
            self.start
        };
        places.add(Kind::Host, start..end);
        end
    }
}

/// Why a host and its port mean something inside only, and how long they are.
fn inside(authority: &str) -> Option<(Kind, usize)> {
    let authority = authority.trim_end_matches(STOPS);
    if let Some(literal) = authority.strip_prefix('[') {
        let address = literal.split(']').next().unwrap_or("");
        return address::is_inside(address).then_some((Kind::Address, authority.len()));
    }
    let name = authority.split(':').next().unwrap_or("");
    let name = name.trim_end_matches('.');
    if address::is_inside(name) {
        return Some((Kind::Address, authority.len()));
    }
    (is_label(name) || host::is_inside(name)).then_some((Kind::Host, authority.len()))
}

/// Whether a name has no dot: no public host is named so.
fn is_label(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    name.bytes().any(|b| b.is_ascii_alphabetic()) && name.bytes().all(fits)
}

fn is_connection(scheme: &str) -> bool {
    CONNECTIONS
        .iter()
        .any(|connection| scheme.eq_ignore_ascii_case(connection))
}
