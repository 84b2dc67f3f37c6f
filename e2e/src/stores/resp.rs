//! The protocol of Redis (RESP2), as far as tests speak it.
//!
//! <https://redis.io/docs/latest/develop/reference/protocol-spec/>

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::raw::raw;

const PATIENCE: Duration = Duration::from_secs(10);

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A status, such as `OK`.
    Simple(String),
    /// An error: a word in capitals, and a text.
    Error(String),
    /// A number.
    Integer(i64),
    /// A value; `None` where there is none.
    Bulk(Option<Vec<u8>>),
    /// Several replies.
    Array(Vec<Self>),
}

impl Reply {
    /// The number; panics where it is none.
    pub fn integer(self) -> i64 {
        match self {
            Self::Integer(number) => number,
            other => panic!("no number: {other:?}"),
        }
    }

    /// The value; panics where there is none.
    pub fn bulk(self) -> Vec<u8> {
        match self {
            Self::Bulk(Some(value)) => value,
            other => panic!("no value: {other:?}"),
        }
    }

    /// The replies; panics where it is no array.
    pub fn items(self) -> Vec<Self> {
        match self {
            Self::Array(items) => items,
            other => panic!("no array: {other:?}"),
        }
    }
}

/// Sends one command on a connection of its own; `None` where there is no connection, or no reply.
pub(super) fn ask(
    address: SocketAddr,
    password: Option<&str>,
    words: &[impl AsRef<[u8]>],
) -> Option<Reply> {
    let mut octets = Vec::new();
    if let Some(password) = password {
        write(&mut octets, &["AUTH", password]);
    }
    write(&mut octets, words);
    write(&mut octets, &["QUIT"]);
    TcpStream::connect(address).ok()?;
    let received = raw(address, &octets, PATIENCE);
    let mut rest = received.as_slice();
    if password.is_some() {
        read(&mut rest)?;
    }
    read(&mut rest)
}

fn write(octets: &mut Vec<u8>, words: &[impl AsRef<[u8]>]) {
    octets.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words.iter().map(AsRef::as_ref) {
        octets.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        octets.extend_from_slice(word);
        octets.extend_from_slice(b"\r\n");
    }
}

/// Takes one reply off what was received; `None` where it is not whole.
fn read(octets: &mut &[u8]) -> Option<Reply> {
    let line = take_line(octets)?;
    let (kind, text) = line.split_at_checked(1)?;
    let number = || text.parse().ok();
    Some(match kind {
        "+" => Reply::Simple(text.to_owned()),
        "-" => Reply::Error(text.to_owned()),
        ":" => Reply::Integer(number()?),
        "$" => Reply::Bulk(match usize::try_from(number()?) {
            Ok(length) => Some(take_value(octets, length)?),
            Err(_) => None,
        }),
        "*" => Reply::Array(
            (0..number()?)
                .map(|_| read(octets))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

fn take_line(octets: &mut &[u8]) -> Option<String> {
    let end = octets.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, rest) = octets.split_at(end);
    *octets = &rest[2..];
    Some(String::from_utf8_lossy(line).into_owned())
}

fn take_value(octets: &mut &[u8], length: usize) -> Option<Vec<u8>> {
    let (value, rest) = octets.split_at_checked(length)?;
    *octets = rest.strip_prefix(b"\r\n")?;
    Some(value.to_vec())
}
