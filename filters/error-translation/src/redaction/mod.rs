//! What must never leave the mesh is found in texts and taken out.
//!
//! A text is looked at in a few passes, each in linear time: one for fixed words (`kit::scan`), one
//! for the shapes of lines (`withheld::frame`) and one for the shapes of words (`masked::word`).

mod control;
mod kind;
mod masked;
mod member;
mod own;
mod source;
mod withheld;

use std::borrow::Cow;
use std::fmt;

use kit::scan::prefix;
use kit::secret;
use serde_json::{Map, Value};

pub(crate) use kind::{Found, Kind, Kinds};
pub(crate) use own::{Action, MAX_PATTERNS, OwnPattern};

use masked::{Masked, mask};
use withheld::Withheld;

/// What a policy says about redaction.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What is looked for of what is built in.
    pub(crate) kinds: Kinds,
    /// What is looked for beside it: at most `MAX_PATTERNS`.
    pub(crate) own: Vec<OwnPattern>,
}

impl Default for Settings {
    /// Everything that is built in.
    fn default() -> Self {
        Self {
            kinds: Kinds::all(),
            own: Vec::new(),
        }
    }
}

/// Takes out of texts what must not leave the mesh.
pub(crate) struct Redactor {
    kinds: Kinds,
    withheld: Withheld,
    masked: Masked,
    own: Vec<OwnPattern>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor")
            .field("kinds", &self.kinds)
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}

/// How often a text is looked at again after something was masked, so that what leaves is a text in
/// which nothing is found any more. One that does not come to rest is withheld.
const ROUNDS: usize = 4;

/// The longest text that is looked at for the log, in octets.
const LONGEST_IN_LOG: usize = 64 << 10;

impl Redactor {
    /// Looks for what the settings say.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            kinds: settings.kinds,
            withheld: Withheld::new(settings.kinds),
            masked: Masked::new(settings.kinds),
            own: settings.own,
        }
    }

    /// What may leave of a text: nothing of it (a trace, SQL), or the text as it was or masked,
    /// without control characters but line feeds and tabs.
    ///
    /// What was cleaned once stays as it is when it is cleaned again.
    pub(crate) fn clean<'t>(&self, text: &'t str, found: &mut Found) -> Option<Cow<'t, str>> {
        let mut text = control::without(text);
        for _ in 0..ROUNDS {
            if self.is_withheld(&text, found) {
                return None;
            }
            let places = self.masked.find(&text);
            found.insert_all(places.kinds());
            let mut places = places.into_ranges();
            for pattern in self.own(Action::Mask) {
                let own = pattern.places(&text);
                if own.as_ref().is_none_or(|own| !own.is_empty()) {
                    found.insert_own(&pattern.name);
                }
                places.extend(own?);
            }
            if places.is_empty() {
                return Some(text);
            }
            text = Cow::Owned(mask(&text, places));
        }
        None
    }

    /// Cleans the texts of a document in place. What may not leave is taken out of lists and
    /// objects; so are members that are named as secrets or as what is meant for developers.
    ///
    /// The depth is bounded by that of `serde_json`'s reader.
    pub(crate) fn clean_value(&self, value: &mut Value, found: &mut Found) {
        if !self.stays(value, found) {
            *value = Value::Null;
        }
    }

    /// What may leave of a text that stands under a name in a map, or under none.
    pub(crate) fn clean_member(
        &self,
        name: Option<&str>,
        text: &str,
        found: &mut Found,
    ) -> Option<String> {
        let Some(name) = name else {
            return self.clean(text, found).map(Cow::into_owned);
        };
        let mut members = Map::from_iter([(name.to_owned(), text.into())]);
        self.clean_members(&mut members, found);
        match members.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// A text for operators: secrets are masked whatever the policy looks for, and its own patterns
    /// too; traces, paths and hosts are kept. It has one line of at most `max` octets: line feeds
    /// and tabs are escaped, other control characters removed, because they could split a secret.
    pub(crate) fn for_log(&self, text: &str, max: usize) -> String {
        let mut text = control::without(prefix(text, LONGEST_IN_LOG));
        for _ in 0..ROUNDS {
            let mut places = secret::find(&text);
            for pattern in &self.own {
                // A text full of it is one place.
                match pattern.places(&text) {
                    Some(own) => places.extend(own),
                    None => places.push(0..text.len()),
                }
            }
            if places.is_empty() {
                break;
            }
            text = Cow::Owned(mask(&text, places));
        }
        control::escaped(&text, max)
    }

    fn is_withheld(&self, text: &str, found: &mut Found) -> bool {
        if let Some(kind) = self.withheld.find(text) {
            found.insert(kind);
            return true;
        }
        let own = self.own(Action::Withhold).find(|own| own.is_in(text));
        if let Some(own) = own {
            found.insert_own(&own.name);
        }
        own.is_some()
    }

    /// The policy's own patterns of an action.
    fn own(&self, action: Action) -> impl Iterator<Item = &OwnPattern> {
        self.own
            .iter()
            .filter(move |pattern| pattern.action == action)
    }

    /// Cleans a value, and says whether anything of it may leave.
    fn stays(&self, value: &mut Value, found: &mut Found) -> bool {
        match value {
            Value::String(text) => match self.clean(text, found) {
                None => return false,
                Some(Cow::Owned(clean)) => *text = clean,
                Some(Cow::Borrowed(_)) => {}
            },
            Value::Array(values) => values.retain_mut(|value| self.stays(value, found)),
            Value::Object(members) => self.clean_members(members, found),
            _ => {}
        }
        true
    }

    fn clean_members(&self, members: &mut Map<String, Value>, found: &mut Found) {
        members.retain(|name, value| {
            if let Some(kind) = member::kind(name, value).filter(|kind| self.kinds.contains(*kind))
            {
                found.insert(kind);
                // It goes in any case; what it holds is told as well.
                self.stays(value, found);
                return false;
            }
            // A name that would have to be masked is none that a client can know.
            let is_clean = self.clean(name, found).as_deref() == Some(name);
            is_clean && self.stays(value, found)
        });
    }
}

#[cfg(test)]
mod tests;
