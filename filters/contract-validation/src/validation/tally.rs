//! What was found in one message.

use crate::plan::{DirectionTerms, Verdict};
use crate::violation::Violation;

/// The violations of one message: at most as many as the policy says of those that it is refused for,
/// and as many of those that are only told, so that neither hides the other.
#[derive(Debug)]
pub(super) struct Tally {
    told: Vec<(Violation, Verdict)>,
    most: usize,
    /// How many of them others know of.
    known: usize,
    /// What was not looked at, and why; the last one counts.
    skipped: Option<Skipped>,
    is_repaired: bool,
}

/// Why a message, or a part of it, passed unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skipped {
    /// It is not one of the sample.
    Sample,
    /// The contract does not know what it is for.
    Unknown,
    /// Its content is longer than the policy reads, or has no end.
    Size,
    /// Its content has a coding that is not read.
    Coding,
    /// The contract does not say what it has to be, or in a way that cannot be checked.
    Contract,
}

impl Skipped {
    /// The outcome, as metrics have it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Sample => "not_sampled",
            Self::Unknown => "unknown",
            Self::Size => "skipped_size",
            Self::Coding => "skipped_coding",
            Self::Contract => "skipped_contract",
        }
    }
}

impl Tally {
    /// A tally under these terms.
    pub(super) fn new(terms: &DirectionTerms) -> Self {
        Self {
            told: Vec::new(),
            most: terms.max_violations,
            known: 0,
            skipped: None,
            is_repaired: false,
        }
    }

    /// A violation that the message is refused for, where the terms are enforced.
    pub(super) fn reject(&mut self, violation: Violation) {
        self.add(violation, Verdict::Reject);
    }

    /// A violation that is told, and passes.
    pub(super) fn report(&mut self, violation: Violation) {
        self.add(violation, Verdict::Report);
    }

    /// Something that the policy has a verdict on.
    pub(super) fn judge(&mut self, violation: Violation, verdict: Verdict) {
        if verdict != Verdict::Allow {
            self.add(violation, verdict);
        }
    }

    /// Notes that something was not looked at.
    pub(super) fn skip(&mut self, why: Skipped) {
        self.skipped = Some(why);
    }

    /// Notes that the content was repaired.
    pub(super) fn repair(&mut self) {
        self.is_repaired = true;
    }

    /// How many more violations that the message is refused for are told.
    pub(super) fn left(&self) -> usize {
        self.left_of(Verdict::Reject)
    }

    /// Whether there is anything that the message is refused for.
    pub(super) fn is_rejected(&self) -> bool {
        self.told.iter().any(|(_, own)| *own == Verdict::Reject)
    }

    /// Whether the message is refused for this keyword.
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.rejected().iter().any(|own| own.keyword == keyword)
    }

    /// All that is told.
    pub(super) fn all(&self) -> impl Iterator<Item = &Violation> {
        self.told.iter().map(|(violation, _)| violation)
    }

    /// What was found since it was last asked for.
    pub(super) fn take_untold(&mut self) -> impl Iterator<Item = &Violation> {
        let known = std::mem::replace(&mut self.known, self.told.len());
        self.all().skip(known)
    }

    /// What the message is refused for; none where it may pass.
    pub(super) fn rejected(&self) -> Vec<&Violation> {
        let all = self.told.iter();
        all.filter(|(_, verdict)| *verdict == Verdict::Reject)
            .map(|(violation, _)| violation)
            .collect()
    }

    /// What became of the message, as metrics have it, where it was not refused.
    pub(super) fn outcome(&self) -> &'static str {
        match self.skipped {
            _ if self.is_repaired => "repaired",
            Some(Skipped::Unknown) => Skipped::Unknown.as_str(),
            _ if !self.told.is_empty() => "invalid",
            Some(skipped) => skipped.as_str(),
            None => "valid",
        }
    }

    fn add(&mut self, violation: Violation, verdict: Verdict) {
        if self.left_of(verdict) > 0 {
            self.told.push((violation, verdict));
        }
    }

    fn left_of(&self, verdict: Verdict) -> usize {
        let told = self.told.iter().filter(|(_, own)| *own == verdict);
        self.most.saturating_sub(told.count())
    }
}
