//! Records in the memory that the workers of one proxy share.

use std::str::FromStr;
use std::time::Duration;

use deserr::Deserr;
use kit::policy::value::{Name, Octets};
use kit::policy::{Findings, child};
use kit::{object_value, string_value};

use crate::plan::NamedStore;
use crate::store::{Local, LocalSettings, Store, WhenFull};

/// How many keys are meant to be live at once, unless a policy says otherwise. With the standard
/// size there is room for an answer of the standard size under each.
const KEYS: u32 = 4_000;

/// How many octets all records may have, unless a policy says otherwise.
const SIZE: usize = 64 * 1024 * 1024;

/// Records in the memory that the workers of one proxy share.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "LocalStore", rename_all = "camelCase", deny_unknown_fields)
)]
pub(in crate::policy) struct LocalEntry {
    /// The name, by which rules refer to it, and by which records outlive a change of the policy as
    /// long as `keys` stays.
    name: Name,
    /// How many keys are meant to be live at once; 4000 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000_000)))]
    keys: Option<u32>,
    /// How many octets all records may have; `64MiB` without it. No record may have more than four
    /// times the part of `size` that each of the `keys` has.
    size: Option<Size>,
    /// What happens where there is no room; `refuse` without it.
    when_full: Option<WhenFullEntry>,
    /// The part of the store that one tenant may fill, in percent; 100 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    tenant_share: Option<u8>,
}

object_value!(LocalEntry {
    name: required "name",
    keys: optional "keys",
    size: optional "size",
    when_full: optional "whenFull",
    tenant_share: optional "tenantShare",
});

impl Default for LocalEntry {
    fn default() -> Self {
        Self {
            name: Name("local".to_owned()),
            keys: None,
            size: None,
            when_full: None,
            tenant_share: None,
        }
    }
}

/// How many octets all records may have.
#[derive(Debug)]
struct Size(usize);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse()? {
            Octets(octets @ 1_024..=1_073_741_824) => Ok(Self(octets)),
            Octets(_) => Err("expected a size from 1 KiB to 1 GiB".into()),
        }
    }
}

string_value!(Size, {
    "type": "string",
    "description": "A size with its unit from 1 KiB to 1 GiB, such as \"64MiB\".",
    "pattern": "^[0-9]+ ?([kKMG]i?)?B?$"
});

/// What happens where there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "WhenFull", rename_all = "camelCase")
)]
enum WhenFullEntry {
    /// A new key is refused, as while the store is in trouble.
    Refuse,
    /// The finished record that ends first gives way, and a duplicate of its request runs again.
    Evict,
}

impl LocalEntry {
    /// The store, ready to use.
    pub(super) fn check(&self, at: &str, findings: &mut Findings) -> NamedStore {
        let keys = self.keys.unwrap_or(KEYS);
        if !(1..=10_000_000).contains(&keys) {
            findings.add(child(at, "keys"), "expected 1 to 10000000 keys");
        }
        let tenant_percent = self.tenant_share.unwrap_or(100);
        if !(1..=100).contains(&tenant_percent) {
            findings.add(
                child(at, "tenantShare"),
                "expected a whole percentage from 1 to 100",
            );
        }
        let size = self.size.as_ref().map_or(SIZE, |own| own.0);
        NamedStore {
            name: self.name.0.clone(),
            // A command on shared memory never waits.
            timeout: Duration::ZERO,
            store: Store::Local(Local::new(LocalSettings {
                name: self.name.0.clone(),
                keys,
                octets: u64::try_from(size).unwrap_or(u64::MAX),
                when_full: match self.when_full {
                    None | Some(WhenFullEntry::Refuse) => WhenFull::Refuse,
                    Some(WhenFullEntry::Evict) => WhenFull::Evict,
                },
                tenant_percent,
            })),
        }
    }
}
