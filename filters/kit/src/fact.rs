//! What filters tell each other, the access log, spans and metrics about an exchange.
//!
//! Within one module a fact is a value; between modules and towards logs it is filter state under
//! `wasm.<name of the fact>`. Each fact has one owner and a bound.

use std::borrow::Cow;

/// A name under which one filter tells one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The name, `treaty.` and the topic. Logs read it as `%FILTER_STATE(wasm.<name>:PLAIN)%`.
    pub name: Cow<'static, str>,
    /// The filter that alone may set it; `pipeline` for what the pipeline itself tells.
    pub owner: &'static str,
    /// The most octets of a value; a longer one is cut at a character.
    pub limit: usize,
}

/// The name of the service that an exchange is for.
pub const SERVICE: Fact = Fact::new("treaty.service", "version-negotiation", 64);

/// The version of the API that an exchange is for, as it was resolved.
pub const VERSION: Fact = Fact::new("treaty.version", "version-negotiation", 64);

/// Which filter answered in place of the upstream, and why: the response code details of its reply.
/// Unlike [`REFUSAL`] it is told only where that happened, and of a replay
/// ([`REPLAY`](crate::reply::REPLAY)) too, which refuses nothing.
pub const REPLY: Fact = Fact::new("treaty.reply", "pipeline", 96);

/// Why a filter refused an exchange, or would have in report mode: `<filter>.<reason>`.
pub const REFUSAL: Fact = Fact::new("treaty.refusal", "pipeline", 96);

/// The filters that left an exchange alone because its service is switched off ([`crate::off`]),
/// the outermost first, with commas between them.
pub const OFF: Fact = Fact::new("treaty.off", "pipeline", 128);

impl Fact {
    /// A fact. The bound keeps access logs and filter state small.
    pub const fn new(name: &'static str, owner: &'static str, limit: usize) -> Self {
        Self {
            name: Cow::Borrowed(name),
            owner,
            limit,
        }
    }

    /// A fact whose name comes from a policy.
    pub const fn named(name: String, owner: &'static str, limit: usize) -> Self {
        Self {
            name: Cow::Owned(name),
            owner,
            limit,
        }
    }

    pub(crate) fn cut<'a>(&self, value: &'a str) -> &'a str {
        value
            .get(..value.floor_char_boundary(self.limit))
            .unwrap_or(value)
    }
}

/// The facts of one exchange, as one module knows them.
#[derive(Debug, Default)]
pub struct Facts {
    told: Vec<(Cow<'static, str>, String)>,
}

impl Facts {
    /// What was told under this name.
    pub fn get(&self, fact: &Fact) -> Option<&str> {
        self.told
            .iter()
            .find(|(name, _)| *name == fact.name)
            .map(|(_, value)| value.as_str())
    }

    /// Every fact that was told, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.told
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// Notes a fact; says whether that changed anything.
    pub(crate) fn tell(&mut self, fact: &Fact, value: &str) -> bool {
        match self.told.iter_mut().find(|(name, _)| *name == fact.name) {
            Some((_, known)) if known == value => false,
            Some((_, known)) => {
                value.clone_into(known);
                true
            }
            None => {
                self.told.push((fact.name.clone(), value.to_owned()));
                true
            }
        }
    }
}
