//! What becomes of a request.

use std::time::SystemTime;

use kit::bundle::Bundle;

use crate::case::{Fields, Observed, Step};
use crate::native;

/// What becomes of a request behind the filters of one module.
pub(super) enum Outcome {
    /// It comes to an end.
    Seen(Box<Seen>),
    /// It hangs on the answer to this call.
    Open(String),
}

/// What was seen of a request from its beginning to its end.
pub(super) struct Seen {
    /// All that was seen.
    pub(super) observed: Observed,
    /// The header fields that the filters took out of the request.
    pub(super) gone: Fields,
    /// Those that they put into it.
    pub(super) new: Fields,
}

impl Outcome {
    /// Lets the request pass, now.
    pub(super) fn of(bundle: &Bundle, step: &Step) -> Self {
        match native::pass(bundle, step, SystemTime::now()) {
            Ok(observed) => Self::Seen(Box::new(Seen::of(observed, &step.request.headers.0))),
            Err(mismatch) => Self::Open(mismatch.got),
        }
    }
}

impl Seen {
    fn of(observed: Observed, sent: &Fields) -> Self {
        let mut gone = sent.clone();
        let mut new = Fields::new();
        for field in observed.upstream.iter().flat_map(|seen| &seen.headers) {
            match gone.iter().position(|sent| sent == field) {
                Some(at) => drop(gone.remove(at)),
                None => new.push(field.clone()),
            }
        }
        Self {
            observed,
            gone,
            new,
        }
    }
}
