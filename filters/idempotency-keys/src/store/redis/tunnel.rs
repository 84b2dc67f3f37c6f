//! Redis through the proxy's own tunnel: the octets of RESP as the content of a `POST`.
//!
//! The proxy takes the HTTP off and opens a TCP connection for each call. `QUIT` at the end makes
//! Redis close it, which ends the answer: without it the call would last until its time-out.

use super::front::Post;
use super::resp::{self, Broken, command};
use super::script::{Eval, Reply};
use crate::store::{Failure, Secret};

/// The octets of the largest record that comes back whole.
///
/// The proxy ends its side of the connection with the request. Redis takes that for a client that
/// has gone, and drops what it cannot write in one go: 64 KiB, or what the socket takes.
pub(super) const MAX_RECORD: usize = 32 * 1024;

/// What Redis wants before a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tunnel {
    /// The path that the route of the tunnel matches.
    pub(crate) path: String,
    /// The name of a user (Redis 6 ACLs), where it is not the default one.
    pub(crate) user: Option<String>,
    /// The password.
    pub(crate) password: Option<Secret>,
    /// The number of the database.
    pub(crate) database: u32,
}

impl Tunnel {
    /// The commands of one connection: `AUTH`, `SELECT`, `EVAL` and `QUIT`, the first two only
    /// where they are needed.
    pub(super) fn call(&self, eval: &Eval<'_>) -> Post {
        let mut body = Vec::new();
        if let Some(password) = &self.password {
            let user = self.user.as_deref();
            let mut words = vec!["AUTH"];
            words.extend(user);
            words.push(password.expose());
            let words: Vec<&[u8]> = words.into_iter().map(str::as_bytes).collect();
            command(&mut body, &words);
        }
        if self.database != 0 {
            let database = self.database.to_string();
            command(&mut body, &[b"SELECT", database.as_bytes()]);
        }
        let mut words: Vec<&[u8]> =
            vec![b"EVAL", eval.script.as_bytes(), b"1", eval.key.as_bytes()];
        words.extend(eval.arguments.iter().map(Vec::as_slice));
        command(&mut body, &words);
        command(&mut body, &[b"QUIT"]);
        Post {
            path: self.path.clone(),
            headers: Vec::new(),
            body,
        }
    }

    /// The reply to the script.
    ///
    /// Where a command before it was refused, that is told. A script that ran all the same, under
    /// another user or in another database than was meant, leaves open what it did.
    pub(super) fn reply(&self, body: &[u8]) -> Result<Reply, Failure> {
        let (refused, rest) = self.before(body)?;
        let (reply, rest) = resp::read(rest).map_err(broken)?;
        // The connection may end before the reply to QUIT, and nothing may come after it.
        if !matches!(rest, b"" | b"+OK\r\n") {
            return Err(Failure::Malformed);
        }
        match (refused, reply) {
            (Some(refused), resp::Reply::Error(_)) => Ok(error(refused)),
            (Some(_), _) => Err(Failure::Unknown),
            (None, resp::Reply::Integer(number)) => Ok(Reply::Integer(number)),
            (None, resp::Reply::Bulk(Some(value))) => Ok(Reply::Value(value.to_vec())),
            (None, resp::Reply::Error(text)) => Ok(error(text)),
            (None, resp::Reply::Bulk(None) | resp::Reply::Simple(_)) => Err(Failure::Malformed),
        }
    }

    /// The first refusal of the commands before the script, and what follows their replies.
    fn before<'a>(&self, body: &'a [u8]) -> Result<(Option<&'a [u8]>, &'a [u8]), Failure> {
        let (mut refused, mut rest) = (None, body);
        for _ in 0..self.commands_before() {
            let (reply, next) = resp::read(rest).map_err(broken)?;
            match reply {
                resp::Reply::Simple(b"OK") => {}
                // A server with too many clients says so once, before it closes.
                resp::Reply::Error(text) if next.is_empty() => return Ok((Some(text), rest)),
                resp::Reply::Error(text) => refused = refused.or(Some(text)),
                _ => return Err(Failure::Malformed),
            }
            rest = next;
        }
        Ok((refused, rest))
    }

    fn commands_before(&self) -> usize {
        let authenticates = usize::from(self.password.is_some());
        let selects = usize::from(self.database != 0);
        authenticates.saturating_add(selects)
    }
}

fn error(text: &[u8]) -> Reply {
    Reply::Error(String::from_utf8_lossy(text).into_owned())
}

/// A connection that ends early is one that was lost.
const fn broken(why: Broken) -> Failure {
    match why {
        Broken::Early => Failure::Unreachable,
        Broken::Malformed => Failure::Malformed,
    }
}
