//! Records in Redis or Valkey.

use kit::policy::value::{Line, Name};
use kit::policy::{Findings, child};
use kit::{object_value, tagged_value};

use super::Timeout;
use super::address::{Authority, Prefix, RequestPath, is_authority};
use super::password::{Passwords, SecretEntry};
use crate::plan::NamedStore;
use crate::store::{Front, HttpFront, Redis, RedisSettings, Secret, Store, Tunnel};

/// Records in Redis from 6.2 on, or in Valkey.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "RedisStore", deny_unknown_fields)
)]
pub(in crate::policy) struct RedisEntry {
    /// The name, by which rules refer to it.
    name: Name,
    /// How long each call may take; `250ms` without it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Timeout>"))]
    timeout: Timeout,
    /// The proxy's cluster.
    cluster: Line,
    /// The host that is asked; the name of the cluster without it.
    authority: Option<Authority>,
    /// What the names of all records start with; `treaty/idempotency/` without it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Prefix>"))]
    prefix: Prefix,
    /// The way to it.
    front: FrontEntry,
}

object_value!(RedisEntry {
    name: required "name",
    timeout: defaulted "timeout",
    cluster: required "cluster",
    authority: optional "authority",
    prefix: defaulted "prefix",
    front: required "front",
});

/// A way to Redis.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Front", tag = "type", rename_all = "camelCase")
)]
enum FrontEntry {
    /// The proxy's own tunnel: an internal listener that makes a TCP connection of each `POST`.
    Tunnel(TunnelEntry),
    /// Webdis.
    Webdis(WebdisEntry),
    /// The REST protocol of Upstash, which `serverless-redis-http` speaks too.
    Rest(RestEntry),
}

tagged_value!(FrontEntry, "type", {
    "tunnel" => Tunnel,
    "webdis" => Webdis,
    "rest" => Rest,
});

/// The proxy's own tunnel.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "RedisTunnel", deny_unknown_fields)
)]
struct TunnelEntry {
    /// The path that the route of the tunnel matches; `/` without it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RequestPath>"))]
    path: RequestPath,
    /// The name of a user, where it is not the default one.
    user: Option<Line>,
    /// The password.
    password: Option<SecretEntry>,
    /// The number of the database; 0 without it.
    #[cfg_attr(feature = "schema", schemars(default))]
    database: u16,
}

object_value!(TunnelEntry {
    path: defaulted "path",
    user: optional "user",
    password: optional "password",
    database: defaulted "database",
});

/// Webdis.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "WebdisFront", deny_unknown_fields)
)]
struct WebdisEntry {
    /// The path that commands are posted to; `/` without it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RequestPath>"))]
    path: RequestPath,
    /// The value of `authorization`, such as `Basic …`.
    authorization: Option<SecretEntry>,
}

object_value!(WebdisEntry {
    path: defaulted "path",
    authorization: optional "authorization",
});

/// The REST protocol of Upstash.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "RestFront", deny_unknown_fields)
)]
struct RestEntry {
    /// The path that commands are posted to; `/` without it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RequestPath>"))]
    path: RequestPath,
    /// The token, which is sent as `authorization: Bearer …`.
    token: Option<SecretEntry>,
}

object_value!(RestEntry {
    path: defaulted "path",
    token: optional "token",
});

impl RedisEntry {
    /// The store, ready to use.
    pub(super) fn check(
        &self,
        at: &str,
        passwords: &mut Passwords<'_>,
        findings: &mut Findings,
    ) -> NamedStore {
        NamedStore {
            name: self.name.0.clone(),
            timeout: self.timeout.0,
            store: Store::Redis(Redis::new(RedisSettings {
                cluster: self.cluster.0.clone(),
                authority: self.check_authority(at, findings),
                prefix: self.prefix.0.clone(),
                front: self.check_front(&child(at, "front"), passwords, findings),
            })),
        }
    }

    /// An HTTP request always has a host, and not every name of a cluster can be one.
    fn check_authority(&self, at: &str, findings: &mut Findings) -> String {
        if let Some(Authority(authority)) = &self.authority {
            return authority.clone();
        }
        if !is_authority(self.cluster.as_str()) {
            findings.add(
                child(at, "cluster"),
                "cannot be a host, as it would have to be without `authority`; expected \
                 `authority`",
            );
        }
        self.cluster.0.clone()
    }

    fn check_front(
        &self,
        at: &str,
        passwords: &mut Passwords<'_>,
        findings: &mut Findings,
    ) -> Front {
        let name = self.name.as_str();
        match &self.front {
            FrontEntry::Tunnel(own) => {
                if own.user.is_some() && own.password.is_none() {
                    findings.add(child(at, "user"), "is of no use without `password`");
                }
                let password = own.password.as_ref();
                Front::Tunnel(Tunnel {
                    path: own.path.0.clone(),
                    user: own.user.as_ref().map(|user| user.0.clone()),
                    password: password.map(|entry| passwords.read(name, entry)),
                    database: u32::from(own.database),
                })
            }
            FrontEntry::Webdis(own) => {
                let secret = own.authorization.as_ref();
                let secret = secret.and_then(|entry| passwords.read_for_field(name, entry));
                Front::Webdis(HttpFront {
                    path: own.path.0.clone(),
                    authorization: secret.map(Secret::new),
                })
            }
            FrontEntry::Rest(own) => {
                let token = own.token.as_ref();
                let token = token.and_then(|entry| passwords.read_for_field(name, entry));
                Front::Rest(HttpFront {
                    path: own.path.0.clone(),
                    authorization: token.map(|token| Secret::new(format!("Bearer {token}"))),
                })
            }
        }
    }
}
