//! The rules of `buf.validate` (protovalidate, <https://protovalidate.com>) that need no CEL.

mod evaluation;
mod form;
mod range;
mod reader;
mod test;

use std::borrow::Cow;

use super::types::{Exclusive, MessageType};
use test::Test;

pub(super) use evaluation::evaluate;
pub(super) use reader::{MessageRules, Place, Subject};

/// What is asked of a field, of the elements of a list, or of the keys or the values of a map.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// Whether it has to be there; where it has no presence, whether it may not be zero.
    required: bool,
    ignore: Ignore,
    checks: Vec<Check>,
    /// What is asked of each element of a list or value of a map.
    elements: Option<Box<Rules>>,
    /// What is asked of each key of a map.
    keys: Option<Box<Rules>>,
}

/// When rules are not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Ignore {
    #[default]
    Never,
    IfZero,
    Always,
}

/// One rule.
#[derive(Debug)]
struct Check {
    /// Its name, such as `string.min_len`.
    id: Cow<'static, str>,
    /// What it asks for. All of it stands in the descriptors.
    detail: String,
    test: Test,
}

impl Rules {
    /// Whether there is anything to look at.
    pub(super) fn ask_nothing(&self) -> bool {
        !self.required && self.checks.is_empty() && self.elements.is_none() && self.keys.is_none()
    }

    /// Whether nothing of the field is looked at, the messages in it included.
    pub(super) fn ignore_all(&self) -> bool {
        self.ignore == Ignore::Always
    }

    /// Whether single elements are looked at.
    pub(super) fn look_at_elements(&self) -> bool {
        let are_compared = self.checks.iter().any(|check| check.test == Test::Unique);
        are_compared || self.elements.is_some()
    }

    /// Members of a set of which one at most may be there are looked at only if they are.
    pub(super) fn exempt_zero(&mut self) {
        if self.ignore == Ignore::Never {
            self.ignore = Ignore::IfZero;
        }
    }
}

impl Exclusive {
    /// The set of these fields; the names that the message does not have are handed back.
    pub(super) fn of(
        message: &MessageType,
        names: &[String],
        required: bool,
    ) -> Result<Self, String> {
        let number = |name: &String| {
            let mut fields = message.fields.iter();
            let field = fields.find(|field| *field.name == **name);
            field.map(|field| field.number).ok_or_else(|| name.clone())
        };
        let fields = names.iter().map(number).collect::<Result<_, _>>()?;
        let names = names.join("`, `");
        let detail = if required {
            format!("must have exactly one of `{names}`")
        } else {
            format!("must have at most one of `{names}`")
        };
        Ok(Self {
            fields,
            required,
            detail,
        })
    }
}
