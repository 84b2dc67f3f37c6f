//! URLs: credentials in them, hosts inside, and connection strings.

use super::word::{Word, tokens};
use super::{MARK, Places, address, host};
use crate::redaction::kind::Kind;
use crate::redaction::sign::{prefix, run, run_back};

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
    let user = url.credentials(places);
    if is_connection(url.scheme) {
        return Some(url.connection(places));
    }
    if url.scheme.eq_ignore_ascii_case("file") {
        places.add(Kind::Path, url.start..url.end_without_stop());
    } else if let Some((kind, length)) = inside(url.authority.get(user..).unwrap_or("")) {
        let host = url.authority_start() + user;
        places.add(kind, host..host + length);
    }
    tokens(word, places);
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
    /// User information, host and port (RFC 3986 section 3.2). It may go on behind the word.
    authority: &'t str,
}

impl<'t> Url<'t> {
    fn of(word: Word<'t>) -> Option<Self> {
        let (before, _) = word.itself.split_once("://")?;
        let is_scheme = |b: u8| b.is_ascii_alphanumeric() || b"+.-".contains(&b);
        let (prefix, scheme) =
            before.split_at_checked(before.len() - run_back(before, is_scheme))?;
        let start = word.start + prefix.len();
        let rest = word.text.get(start + scheme.len() + "://".len()..)?;
        let is_authority = |b: u8| !b.is_ascii_whitespace() && !b"/?#\"'`<>\\(){}".contains(&b);
        Some(Self {
            word,
            prefix,
            scheme,
            start,
            authority: rest.get(..run(rest, is_authority))?,
        })
    }

    fn authority_start(&self) -> usize {
        self.start + self.scheme.len() + "://".len()
    }

    fn end(&self) -> usize {
        self.word.start + self.word.itself.len()
    }

    fn end_without_stop(&self) -> usize {
        self.word.start + self.word.itself.trim_end_matches(STOPS).len()
    }

    /// Masks the user information, and says how much of the authority it and its `@` are.
    fn credentials(&self, places: &mut Places) -> usize {
        let Some((user, _)) = self.authority.rsplit_once('@') else {
            return 0;
        };
        if user != MARK {
            let start = self.authority_start();
            places.add(Kind::Token, start..start + user.len());
        }
        user.len() + 1
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
