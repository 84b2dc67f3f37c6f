//! Answers by their statuses.

use std::sync::Arc;

use super::content::Content;
use super::operation::Declared;

/// For which statuses an answer is declared (OAS 3.2.0 section 4.16.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusKey {
    /// One status.
    Exact(u16),
    /// All of a class: `2XX`.
    Class(u16),
    /// All others.
    Default,
}

impl StatusKey {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        let status: u16 = match text.strip_suffix("XX").or_else(|| text.strip_suffix("xx")) {
            Some(class) => class.parse::<u16>().ok()?.checked_mul(100)?,
            None => text.parse().ok()?,
        };
        let is_status = text.len() == 3 && (100..600).contains(&status);
        match text.ends_with(['X', 'x']) {
            _ if !is_status => None,
            true => Some(Self::Class(status / 100)),
            false => Some(Self::Exact(status)),
        }
    }
}

/// The answers of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Responses(pub(super) Vec<(StatusKey, Arc<Response>)>);

impl Responses {
    /// The answer that is declared for a status: its own, its class's, or the one for all others.
    /// `None` is a status that the contract does not know.
    pub fn find(&self, status: u16) -> Option<&Response> {
        let keys = [
            StatusKey::Exact(status),
            StatusKey::Class(status / 100),
            StatusKey::Default,
        ];
        keys.iter().find_map(|key| {
            let found = self.0.iter().find(|(own, _)| own == key);
            found.map(|(_, response)| response.as_ref())
        })
    }

    /// All answers.
    pub fn iter(&self) -> impl Iterator<Item = (StatusKey, &Response)> {
        self.0
            .iter()
            .map(|(key, response)| (*key, response.as_ref()))
    }

    /// Whether none is declared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Where it stands in the document.
    pub pointer: String,
    /// The headers.
    pub headers: Vec<Arc<Declared>>,
    /// What the body may be. Where it is empty nothing is said of a body.
    pub content: Content,
}
