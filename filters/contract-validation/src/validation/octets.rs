//! A content of which only presence and length count: files, multipart, whatever is not read.

use kit::body::Access;
use kit::policy::Mode;
use serde_json::Value;

use crate::plan::DirectionTerms;
use crate::schema::Compiled;

use super::content;
use super::tally::Tally;

/// A content of which only presence and length count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Octets {
    /// How much of it has come.
    seen: usize,
    least: Option<usize>,
    most: Option<usize>,
    /// Whether there has to be one.
    required: bool,
}

impl Octets {
    /// What a schema says of a length: for octets, `minLength` and `maxLength` count these (OAS
    /// 3.0.4 section 4.7.14.2, "Considerations for File Uploads").
    pub(super) fn of(schema: Option<&Compiled>, required: bool) -> Self {
        let limit = |keyword: &str| {
            let number = entry(&schema?.source).get(keyword)?.as_u64()?;
            usize::try_from(number).ok()
        };
        Self {
            seen: 0,
            least: limit("minLength"),
            most: limit("maxLength"),
            required,
        }
    }

    /// Whether the contract says something of the length.
    pub(super) fn is_bounded(&self) -> bool {
        self.least.or(self.most).is_some()
    }

    /// Whether anything is to be found out of the content itself.
    pub(super) fn is_checked(&self) -> bool {
        self.required || self.is_bounded()
    }

    /// How the content is to come, if its head does not say how long it is. What is refused for its
    /// length has to be held until that is known.
    pub(super) fn access(&self, terms: &DirectionTerms) -> Access {
        if self.is_bounded() && terms.mode == Mode::Enforce {
            let cap = terms.max_body;
            return Access::Hold { cap };
        }
        Access::Tee
    }

    /// A part of the content has come.
    pub(super) fn part(&mut self, length: usize, is_last: bool, tally: &mut Tally) {
        let before = self.seen;
        self.seen = self.seen.saturating_add(length);
        match (self.least, self.most) {
            _ if is_last && self.seen == 0 && self.required => content::missing(tally),
            // Without a content there is none that is too short.
            _ if is_last && self.seen == 0 => {}
            // It is told once.
            (_, Some(most)) if self.seen > most && before <= most => {
                content::wrong_length("maxLength", most, tally);
            }
            (Some(least), _) if is_last && self.seen < least => {
                content::wrong_length("minLength", least, tally);
            }
            _ => {}
        }
    }
}

/// Where the references of a schema lead that is nothing but one.
fn entry(schema: &Value) -> &Value {
    let mut entry = schema;
    // Longer chains are read as schemas without a length.
    for _ in 0..8 {
        let reference = entry.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|own| schema.pointer(own.strip_prefix('#')?));
        match target {
            Some(target) => entry = target,
            None => break,
        }
    }
    entry
}
