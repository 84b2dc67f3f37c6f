//! Steps: what happens to a value between where it comes from and where it is told.
//!
//! An empty text is no value, wherever it turns up: no sink tells one from none.

mod bucket;
mod capture;
mod lower;
mod map;
mod pseudonymise;
mod truncate;

use std::borrow::Cow;

use crate::personal::{self, Keep, Kinds};

pub(crate) use bucket::{Bucket, label};
pub(crate) use capture::Capture;
pub(crate) use lower::lower;
pub(crate) use map::Map;
pub(crate) use pseudonymise::Pseudonymise;

/// One step.
#[derive(Debug)]
pub(crate) enum Step {
    /// A part of the value.
    Capture(Capture),
    /// Another text for each of some.
    Map(Map),
    /// The value in lower case.
    Lower,
    /// At most this many characters (Unicode scalar values) from the beginning.
    Truncate(usize),
    /// The label of the range that a number is in.
    Bucket(Bucket),
    /// This text, where there is no value.
    Default(String),
    /// The value without the personal data in it.
    Mask {
        /// What is looked for.
        kinds: Kinds,
        /// What stays of it.
        keep: Keep,
    },
    /// A keyed pseudonym in place of the value.
    Pseudonymise(Pseudonymise),
}

/// Why a step has no value to hand on, although it was given one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The pattern of a `capture` does not match, or takes nothing.
    NoMatch,
    /// The table of a `map` has no such text, and nothing for others.
    Unmapped,
    /// A `bucket` was given no number.
    NotANumber,
    /// A `capture` was given more than it looks at.
    TooLong,
    /// No key can be used: a value that was to be a pseudonym never goes on in clear.
    KeyMissing,
    /// The tag that salts a pseudonym has no value: without it, one person's pseudonyms in two
    /// tenants could be joined.
    SaltMissing,
}

impl Lost {
    /// The name, as metrics have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NoMatch => "no_match",
            Self::Unmapped => "unmapped",
            Self::NotANumber => "not_a_number",
            Self::TooLong => "too_long",
            Self::KeyMissing => "key_missing",
            Self::SaltMissing => "salt_missing",
        }
    }

    /// Whether a `default` may stand in: where the value did not fit, and nothing failed. A key that
    /// is missing would otherwise look as if nobody had been there.
    fn yields_to_default(self) -> bool {
        matches!(self, Self::NoMatch | Self::Unmapped | Self::NotANumber)
    }
}

/// A value on its way: there, not there, or lost.
type Passed<'a> = Result<Option<Cow<'a, str>>, Lost>;

/// The steps of a tag, in their order.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<Step>);

impl Steps {
    /// Steps in their order.
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// The same steps, which let no personal data of these kinds through: it is masked at the end,
    /// and before the first step after which nobody would recognise it, because that takes a part of
    /// it or its case. Where only texts of the policy and pseudonyms can come out, nothing is looked
    /// for.
    pub(crate) fn guarded(self, kinds: Kinds, keep: Keep) -> Self {
        if kinds.is_empty() || self.is_closed() {
            return self;
        }
        let mask = || Step::Mask { kinds, keep };
        let mut steps = self.0;
        if let Some(place) = steps.iter().position(Step::hides_what_it_is_given) {
            steps.insert(place, mask());
        }
        steps.push(mask());
        Self(steps)
    }

    /// Takes a value through the steps. `salt` gives the value of [`Self::salt`] and is asked only
    /// where that is needed; `found` gets the kinds of personal data that were masked.
    ///
    /// # Errors
    /// Why a step lost the value.
    pub(crate) fn apply(
        &self,
        value: Option<Cow<'_, str>>,
        salt: &dyn Fn() -> Option<String>,
        found: &mut Kinds,
    ) -> Result<Option<String>, Lost> {
        let value = run(&self.0, value, salt, found)?;
        Ok(value.map(Cow::into_owned))
    }

    /// The pseudonym of the same value under the previous key, while two are live; none where the
    /// steps make no pseudonym.
    pub(crate) fn previous(
        &self,
        value: Option<Cow<'_, str>>,
        salt: &dyn Fn() -> Option<String>,
    ) -> Option<String> {
        let (place, step) = self.pseudonymise()?;
        let key = step.ring().previous()?;
        // What is found in the value was told when the current pseudonym was made.
        let mut found = Kinds::default();
        let value = run(self.0.get(..place)?, value, salt, &mut found);
        step.under(key, &value.ok()??, salt).ok()
    }

    /// Whether a value stays as it came.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether [`Self::previous`] may have a pseudonym to give: the policy names a key before the
    /// current one, whether its variable is set or not.
    pub(crate) fn may_have_previous(&self) -> bool {
        let step = self.pseudonymise();
        step.is_some_and(|(_, step)| step.ring().has_previous())
    }

    /// The name of the tag whose value salts the pseudonym.
    pub(crate) fn salt(&self) -> Option<&str> {
        self.pseudonymise()?.1.salt()
    }

    /// Whether what comes out is one of a number of texts that the policy lists, a part of one, or a
    /// pseudonym, so that nothing needs to be looked for in it.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.iter().any(|step| match step {
            Step::Map(_) | Step::Bucket(_) | Step::Pseudonymise(_) => true,
            Step::Capture(_)
            | Step::Lower
            | Step::Truncate(_)
            | Step::Default(_)
            | Step::Mask { .. } => false,
        })
    }

    fn pseudonymise(&self) -> Option<(usize, &Pseudonymise)> {
        self.0
            .iter()
            .enumerate()
            .find_map(|(place, step)| match step {
                Step::Pseudonymise(step) => Some((place, step)),
                _ => None,
            })
    }
}

fn run<'a>(
    steps: &'a [Step],
    value: Option<Cow<'a, str>>,
    salt: &dyn Fn() -> Option<String>,
    found: &mut Kinds,
) -> Passed<'a> {
    let mut passed = Ok(value.filter(|value| !value.is_empty()));
    for step in steps {
        passed = match passed {
            Ok(Some(value)) => step.take(value, salt, found).map(Some),
            other => step.stand_in(other),
        };
    }
    passed
}

impl Step {
    /// Whether personal data may come out in a shape in which it is not found any more.
    fn hides_what_it_is_given(&self) -> bool {
        matches!(self, Self::Capture(_) | Self::Lower | Self::Truncate(_))
    }

    /// What becomes of a value, which is not empty; nor is what comes out.
    fn take<'a>(
        &'a self,
        value: Cow<'a, str>,
        salt: &dyn Fn() -> Option<String>,
        found: &mut Kinds,
    ) -> Result<Cow<'a, str>, Lost> {
        match self {
            Self::Capture(capture) => capture.take(value),
            Self::Map(map) => map.get(&value).map(Cow::Borrowed).ok_or(Lost::Unmapped),
            Self::Lower => Ok(lower(value)),
            Self::Truncate(length) => Ok(truncate::truncate(value, *length)),
            Self::Bucket(bucket) => {
                let label = bucket.label(&value).map(Cow::Borrowed);
                label.ok_or(Lost::NotANumber)
            }
            Self::Default(_) => Ok(value),
            Self::Mask { kinds, keep } => Ok(mask(value, *kinds, *keep, found)),
            Self::Pseudonymise(step) => step.current(&value, salt).map(Cow::Owned),
        }
    }

    /// What becomes of no value.
    fn stand_in<'a>(&'a self, none: Passed<'a>) -> Passed<'a> {
        match (self, none) {
            (Self::Default(text), Err(lost)) if lost.yields_to_default() => {
                Ok(Some(Cow::Borrowed(text)))
            }
            (Self::Default(text), Ok(None)) => Ok(Some(Cow::Borrowed(text))),
            (_, none) => none,
        }
    }
}

/// Masks a value, and keeps it as it is where there is nothing to mask.
fn mask<'a>(value: Cow<'a, str>, kinds: Kinds, keep: Keep, found: &mut Kinds) -> Cow<'a, str> {
    match personal::mask(&value, kinds, keep, found) {
        Cow::Borrowed(same) if same == value => value,
        masked => Cow::Owned(masked.into_owned()),
    }
}

#[cfg(test)]
mod tests;
