//! Records in etcd.

use kit::object_value;
use kit::policy::value::{Line, Name};
use kit::policy::{Findings, child};

use super::Timeout;
use super::address::{Authority, Prefix};
use super::password::{Passwords, SecretEntry};
use crate::plan::NamedStore;
use crate::store::{Etcd, EtcdSettings, Store, User};

/// Records in etcd, by gRPC.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "EtcdStore", deny_unknown_fields)
)]
pub(in crate::policy) struct EtcdEntry {
    /// The name, by which rules refer to it.
    name: Name,
    /// How long each call may take; `250ms` without it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Timeout>"))]
    timeout: Timeout,
    /// The proxy's cluster, which speaks HTTP/2.
    cluster: Line,
    /// The host that is asked; the name of the cluster without it.
    authority: Option<Authority>,
    /// What the names of all records start with; `treaty/idempotency/` without it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Prefix>"))]
    prefix: Prefix,
    /// Who asks, where etcd wants to know.
    user: Option<UserEntry>,
}

object_value!(EtcdEntry {
    name: required "name",
    timeout: defaulted "timeout",
    cluster: required "cluster",
    authority: optional "authority",
    prefix: defaulted "prefix",
    user: optional "user",
});

/// A user of etcd.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "EtcdUser", deny_unknown_fields)
)]
struct UserEntry {
    /// The name.
    name: Line,
    /// The password.
    password: SecretEntry,
}

object_value!(UserEntry {
    name: required "name",
    password: required "password",
});

/// The most octets of the message in which the proxy is told of a cluster and an authority, each of
/// which has two more: the interface to the proxy takes its length in one octet of ASCII.
const MOST_OCTETS: usize = 127;

impl EtcdEntry {
    /// The store, ready to use.
    pub(super) fn check(
        &self,
        at: &str,
        passwords: &mut Passwords<'_>,
        findings: &mut Findings,
    ) -> NamedStore {
        let authority = self.authority.as_ref().map_or("", |own| own.0.as_str());
        let framed = |text: &str| match text.len() {
            0 => 0,
            length => length.saturating_add(2),
        };
        if framed(self.cluster.as_str()).saturating_add(framed(authority)) > MOST_OCTETS {
            findings.add(
                child(at, "cluster"),
                "is too long for a gRPC call of the proxy; expected at most 123 octets together \
                 with `authority`",
            );
        }
        let name = &self.name.0;
        NamedStore {
            name: name.clone(),
            timeout: self.timeout.0,
            store: Store::Etcd(Etcd::new(EtcdSettings {
                cluster: self.cluster.0.clone(),
                authority: authority.to_owned(),
                prefix: self.prefix.0.clone(),
                user: self.user.as_ref().map(|user| User {
                    name: user.name.0.clone(),
                    password: passwords.read(name, &user.password),
                }),
            })),
        }
    }
}
