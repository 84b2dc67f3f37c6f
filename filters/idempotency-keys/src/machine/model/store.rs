//! A store as the machine may expect it to be: one head, atomic commands, a clock.

use super::flaw::Flaw;
use crate::machine::{Ask, StoreAnswer};
use crate::record::Head;
use crate::store::{Fence, Token};

/// What a store fences writes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fencing {
    /// The number of the last write, as etcd has it.
    Revision,
    /// The token in the head, as the scripts for Redis compare it.
    Token,
}

/// The store, as far as one key goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Store {
    kept: Option<Kept>,
    writes: i64,
}

/// A record that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Kept {
    pub(super) head: Head,
    /// The answer, where the record is done.
    pub(super) content: Option<Content>,
    written: i64,
    /// In seconds of the model's clock.
    gone: u64,
}

/// The content of an answer, as far as it is told apart: the request that it was made for, and how
/// much of it there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Content {
    pub(super) of: usize,
    pub(super) octets: u64,
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Outcome {
    pub(super) answer: StoreAnswer,
    /// The content of the record that is shown.
    pub(super) shown: Option<Content>,
    /// Whose record was written over or deleted.
    pub(super) replaced: Option<Token>,
}

impl Store {
    /// The head, if it is not forgotten at this time.
    pub(super) fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// Forgets what has expired.
    pub(super) fn forget_expired(&mut self, clock: u64) {
        self.kept = self.kept.filter(|kept| clock < kept.gone);
    }

    /// Whether a command could still change something now.
    pub(super) fn would_take(&self, ask: Ask) -> bool {
        match (ask, self.kept) {
            (Ask::Replace { fence, .. } | Ask::Release { fence }, Some(kept)) => match fence {
                Fence::Revision(written) => written == kept.written,
                Fence::Token(token) => token == kept.head.token,
            },
            (Ask::Claim { .. }, _) | (Ask::Replace { .. }, None) => true,
            (Ask::Release { .. }, None) => false,
        }
    }

    /// Carries out one command in one step.
    pub(super) fn carry_out(
        &mut self,
        ask: Ask,
        content: Option<Content>,
        clock: u64,
        fencing: Fencing,
        flaw: Flaw,
    ) -> Outcome {
        match ask {
            Ask::Claim { head, ttl } => match self.kept {
                // The same claim, sent again.
                Some(kept) if kept.head.token == head.token && flaw != Flaw::ForgetsTokens => {
                    Outcome {
                        answer: StoreAnswer::Claimed(fence(&kept, fencing)),
                        shown: None,
                        replaced: None,
                    }
                }
                Some(kept) => Outcome {
                    answer: StoreAnswer::Exists(kept.head),
                    shown: kept.content,
                    replaced: None,
                },
                None => self.write(head, None, clock + ttl.as_secs(), fencing),
            },
            Ask::Replace {
                fence: needed,
                head,
                ttl,
            } => self.fenced(needed, Some(head), fencing, flaw, |store| {
                store.write(head, content, clock + ttl.as_secs(), fencing);
                StoreAnswer::Replaced
            }),
            Ask::Release { fence: needed } => self.fenced(needed, None, fencing, flaw, |store| {
                store.kept = None;
                StoreAnswer::Released
            }),
        }
    }

    /// Writes whatever is there: what comes of a claim in two steps.
    pub(super) fn write(
        &mut self,
        head: Head,
        content: Option<Content>,
        gone: u64,
        fencing: Fencing,
    ) -> Outcome {
        self.writes += 1;
        let kept = Kept {
            head,
            content,
            written: self.writes,
            gone,
        };
        self.kept = Some(kept);
        Outcome {
            answer: StoreAnswer::Claimed(fence(&kept, fencing)),
            shown: None,
            replaced: None,
        }
    }

    /// Changes the record if the fence holds. Where nothing stands, there is nobody to be fenced out: a
    /// release is done, and an outcome that comes late spares a second run. Where what is wanted
    /// stands already, the same command was carried out before.
    fn fenced(
        &mut self,
        needed: Fence,
        wanted: Option<Head>,
        fencing: Fencing,
        flaw: Flaw,
        change: impl FnOnce(&mut Self) -> StoreAnswer,
    ) -> Outcome {
        let was = self.kept;
        let stands = was.is_some_and(|kept| Some(kept.head) == wanted);
        let holds = was.is_none_or(|kept| fence(&kept, fencing) == needed);
        let (answer, replaced) = if stands {
            (StoreAnswer::Replaced, None)
        } else if holds || flaw == Flaw::WritesWithoutFence {
            (change(self), was.map(|kept| kept.head.token))
        } else {
            (StoreAnswer::Lost, None)
        };
        Outcome {
            answer,
            shown: None,
            replaced,
        }
    }
}

fn fence(kept: &Kept, fencing: Fencing) -> Fence {
    match fencing {
        Fencing::Revision => Fence::Revision(kept.written),
        Fencing::Token => Fence::Token(kept.head.token),
    }
}
