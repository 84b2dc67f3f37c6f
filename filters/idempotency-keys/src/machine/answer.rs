//! How far the answer to the request has come, and how it will end the key.

use super::event::{Content, Origin, ResponseHead};
use super::terms::{Ending, Status, Terms};
use crate::record::NotKept;

/// The answer, as its parts pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Answer {
    /// Nothing of it has come.
    #[default]
    Awaited,
    /// Its head has come.
    Passing(Passing),
    /// It is over, and the key ends like this.
    Over(Ending),
}

/// An answer whose head has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Passing {
    /// How the key ends if nothing comes between; `None` until the status has come.
    ending: Option<Ending>,
    /// Why the answer cannot be kept, if it cannot.
    not_kept: Option<NotKept>,
    /// The content that has passed, in octets.
    passed: u64,
    /// The content after which the client takes the response as complete, in octets.
    announced: Option<u64>,
}

impl Answer {
    /// The head has come.
    pub(super) fn head(&mut self, head: ResponseHead, terms: &Terms) {
        if *self != Self::Awaited {
            return;
        }
        let ending = match head.origin {
            Origin::Upstream(status) => terms.endings.of(status),
            // It may have been carried out. A free key would let it be carried out again.
            Origin::AfterSend => Some(Ending::Unknown),
            Origin::NeverSent => Some(Ending::Released),
        };
        let passing = Passing {
            ending,
            not_kept: None,
            passed: 0,
            announced: match head.content {
                Content::Octets(octets) => Some(octets),
                Content::None | Content::UntilEnd | Content::Endless => None,
            },
        };
        *self = match head.content {
            Content::None => passing.end(),
            // It may go on for longer than any claim.
            Content::Endless => passing.not_kept(NotKept::Endless).end(),
            Content::Octets(_) | Content::UntilEnd => passing.up_to(0, false),
        };
    }

    /// The answer cannot be taken down.
    pub(super) fn not_captured(&mut self, why: NotKept) {
        if let Self::Passing(passing) = *self {
            *self = Self::Passing(passing.not_kept(why));
        }
    }

    /// A part of the content has come.
    pub(super) fn body(&mut self, octets: u64, is_last: bool) {
        if let Self::Passing(passing) = *self {
            *self = passing.up_to(octets, is_last);
        }
    }

    /// The trailers have come.
    pub(super) fn trailers(&mut self, grpc_status: Option<u32>, terms: &Terms) {
        if let Self::Passing(mut passing) = *self {
            if let (None, Some(code)) = (passing.ending, grpc_status) {
                passing.ending = terms.endings.of(Status::Grpc(code));
            }
            *self = passing.end();
        }
    }

    /// Nothing more will come.
    pub(super) fn cut_off(&mut self) {
        *self = match *self {
            Self::Over(ending) => Self::Over(ending),
            // A status that frees the key does so however the rest of the answer fares.
            Self::Passing(Passing {
                ending: Some(Ending::Released),
                ..
            }) => Self::Over(Ending::Released),
            Self::Awaited | Self::Passing(_) => Self::Over(Ending::Unknown),
        };
    }

    /// How the key ends, once the answer is over.
    pub(super) fn ending(self) -> Option<Ending> {
        match self {
            Self::Over(ending) => Some(ending),
            Self::Awaited | Self::Passing(_) => None,
        }
    }

    /// Whether the content that has passed so far has to be kept.
    pub(super) fn is_captured(self) -> bool {
        match self {
            Self::Awaited => false,
            Self::Passing(passing) => {
                passing.not_kept.is_none() && matches!(passing.ending, None | Some(Ending::Kept))
            }
            Self::Over(ending) => ending == Ending::Kept,
        }
    }
}

impl Passing {
    fn up_to(mut self, octets: u64, is_last: bool) -> Answer {
        self.passed = self.passed.saturating_add(octets);
        if is_last || self.announced.is_some_and(|all| self.passed >= all) {
            return self.end();
        }
        Answer::Passing(self)
    }

    fn not_kept(self, why: NotKept) -> Self {
        let not_kept = self.not_kept.or(Some(why));
        Self { not_kept, ..self }
    }

    /// What has no status to its end is no answer.
    fn end(self) -> Answer {
        Answer::Over(match (self.ending, self.not_kept) {
            (Some(Ending::Kept), Some(why)) => Ending::NotKept(why),
            (Some(ending), _) => ending,
            (None, _) => Ending::Unknown,
        })
    }
}
