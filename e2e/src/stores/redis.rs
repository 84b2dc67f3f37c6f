//! A real Redis, or Valkey.

use std::net::SocketAddr;
use std::time::Duration;

use super::record::Record;
use super::resp::{Reply, ask};
use super::server::{Server, binary};
use crate::config::{Config, Store};
use crate::ports::reserve_address;

/// Which Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedisKind {
    /// Redis 6.2, the oldest that is supported.
    Redis,
    /// Valkey 9.
    Valkey,
}

/// A running Redis or Valkey.
///
/// Its data are on disk, so that a restart finds them; each write is there before it is answered.
#[derive(Debug)]
pub struct Redis {
    server: Server,
    door: Door,
}

/// How to ask a Redis.
#[derive(Debug, Clone)]
pub(super) struct Door {
    address: SocketAddr,
    password: Option<String>,
}

impl Door {
    /// Sends one command; `None` where there is no connection, or no reply.
    pub(super) fn ask(&self, words: &[impl AsRef<[u8]>]) -> Option<Reply> {
        ask(self.address, self.password.as_deref(), words)
    }
}

impl Redis {
    /// Starts a server that is open to everybody, and waits until it serves.
    pub fn start(kind: RedisKind) -> Self {
        Self::start_with(kind, None, &[])
    }

    /// Starts a server that wants this password of its default user, with more arguments, and waits
    /// until it serves.
    pub fn start_with(kind: RedisKind, password: Option<&str>, more: &[&str]) -> Self {
        // The bus of a cluster takes the port 10,000 above.
        let address = std::iter::repeat_with(reserve_address)
            .find(|address| address.port() < 55_000)
            .expect("an endless list");
        let port = address.port().to_string();
        let mut arguments = vec![
            ("--bind", "127.0.0.1"),
            ("--port", &port),
            ("--save", ""),
            ("--appendonly", "yes"),
            // What a killed process has written stays in the page cache, so no test needs the disk.
            ("--appendfsync", "no"),
        ];
        if let Some(password) = password {
            arguments.push(("--requirepass", password));
        }
        let arguments: Vec<_> = arguments
            .into_iter()
            .flat_map(|(name, value)| [name, value])
            .chain(more.iter().copied())
            .map(str::to_owned)
            .collect();
        let program = match kind {
            RedisKind::Redis => binary("REDIS_BIN", "redis-server"),
            RedisKind::Valkey => binary("VALKEY_BIN", "valkey-server"),
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let door = Door {
            address,
            password: password.map(str::to_owned),
        };
        let own = door.clone();
        let is_ready = move || own.ask(&["PING"]) == Some(Reply::Simple("PONG".to_owned()));
        let mut server = Server::start(program, folder, arguments, is_ready);
        server.wait_until_ready();
        Self { server, door }
    }

    /// Its process.
    pub fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    /// Where it listens, for what is no proxy: a replica.
    pub fn address(&self) -> SocketAddr {
        self.door.address
    }

    /// How to ask it.
    pub(super) fn door(&self) -> Door {
        self.door.clone()
    }

    /// The records whose names start like this, by name.
    pub fn records(&self, prefix: &str) -> Vec<Record> {
        let names = self.ask(&["KEYS", &format!("{prefix}*")]);
        let mut names = names
            .items()
            .into_iter()
            .map(Reply::bulk)
            .collect::<Vec<_>>();
        names.sort_unstable();
        names.iter().map(|name| self.record(name)).collect()
    }

    /// Sends one command, and says what was replied. It must serve.
    pub fn ask(&self, words: &[&str]) -> Reply {
        let reply = self.door.ask(words);
        reply.unwrap_or_else(|| panic!("no reply from {}", self.door.address))
    }

    fn record(&self, name: &[u8]) -> Record {
        let name = str::from_utf8(name).expect("names are text");
        let ends_in = self.ask(&["PTTL", name]).integer();
        Record {
            name: name.to_owned(),
            value: self.ask(&["GET", name]).bulk(),
            ends_in: ends_in.try_into().ok().map(Duration::from_millis),
        }
    }
}

impl Store for Redis {
    /// Through the proxy's own tunnel.
    fn join(&self, config: Config, name: &str) -> Config {
        config.redis_tunnel(name, self.address())
    }
}
