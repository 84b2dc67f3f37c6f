//! How an answer is taken down while it passes.

use kit::body::{announced_length, is_endless};
use kit::headers::Headers;
use kit::policy::value::FieldName;

use super::NotKept;
use super::answer::{Answer, is_final};
use super::fields::{self, MAX_FIELDS};

/// What of an answer is kept.
#[derive(Debug, Clone)]
pub(crate) struct CaptureTerms {
    /// The most octets of header fields and content together.
    pub(crate) max_octets: usize,
    /// Whether the content is kept.
    pub(crate) body: bool,
    /// The fields that are left out beside those that are never kept.
    pub(crate) dropped: Vec<FieldName>,
}

/// An answer that is being taken down. Its parts are copied as they pass, and none is held back.
#[derive(Debug)]
pub(crate) struct Capture {
    max_octets: usize,
    answer: Result<Answer, NotKept>,
}

impl Capture {
    /// Starts with the head of an answer whose status the policy keeps.
    pub(crate) fn start(headers: &Headers, terms: &CaptureTerms) -> Self {
        let mut capture = Self {
            max_octets: terms.max_octets,
            answer: Self::head(headers, terms),
        };
        capture.check_size();
        capture
    }

    /// Takes down a part of the content.
    pub(crate) fn part(&mut self, octets: &[u8]) {
        let Ok(answer) = &mut self.answer else {
            return;
        };
        let size = answer.size().saturating_add(octets.len());
        let Some(body) = &mut answer.body else {
            return;
        };
        if size > self.max_octets {
            // The copy goes at once: what is not kept takes no memory.
            self.answer = Err(NotKept::TooLarge);
        } else {
            body.extend_from_slice(octets);
        }
    }

    /// Whether the answer is not kept, whatever still comes.
    pub(crate) fn not_kept(&self) -> Option<NotKept> {
        self.answer.as_ref().err().copied()
    }

    /// The answer, once all of it has passed.
    pub(crate) fn finish(self) -> Result<Answer, NotKept> {
        self.answer
    }

    fn head(headers: &Headers, terms: &CaptureTerms) -> Result<Answer, NotKept> {
        if is_endless(headers) {
            return Err(NotKept::Endless);
        }
        let announced = announced_length(headers).unwrap_or(0);
        if terms.body && announced > terms.max_octets {
            return Err(NotKept::TooLarge);
        }
        let status = headers
            .text(":status")
            .and_then(|status| status.parse().ok());
        Ok(Answer {
            status: status
                .filter(|status| is_final(*status))
                .ok_or(NotKept::Status)?,
            headers: fields::kept(headers, &terms.dropped, terms.body),
            body: terms.body.then(Vec::new),
        })
    }

    fn check_size(&mut self) {
        let is_too_large =
            |answer: &Answer| answer.size() > self.max_octets || answer.headers.len() > MAX_FIELDS;
        if self.answer.as_ref().is_ok_and(is_too_large) {
            self.answer = Err(NotKept::TooLarge);
        }
    }
}
