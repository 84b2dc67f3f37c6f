//! The content of a message, as a whole.

use std::borrow::Cow;
use std::io::Read;
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use kit::headers::Headers;
use kit::policy::Mode;
use serde_json::Value;

use crate::parameter::Form;
use crate::plan::{DirectionTerms, Treatment, Unread};
use crate::portability;
use crate::schema::{Compiled, Tape, Unreadable};
use crate::violation::{Place, Violation, keyword};

use super::tally::{Skipped, Tally};

/// What a content is held to once it is there as a whole.
#[derive(Debug)]
pub(super) struct Content {
    /// How it is read.
    pub(super) kind: Kind,
    /// What its value is held to.
    pub(super) schema: Option<Rc<Compiled>>,
    /// What has to be undone first.
    pub(super) coding: Coding,
    /// Whether there has to be one.
    pub(super) required: bool,
}

/// How a content is read.
#[derive(Debug)]
pub(super) enum Kind {
    /// As a JSON text.
    Json,
    /// As the fields of a form.
    Form(Form),
    /// As text.
    Text,
}

/// A content coding (RFC 9110 section 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// None.
    Identity,
    /// gzip, which RFC 9110 section 8.4.1.3 calls `x-gzip` too.
    Gzip,
}

impl Coding {
    /// The coding of a content; `None` where it is one that is not read.
    pub(super) fn of(headers: &Headers) -> Option<Self> {
        let Some(codings) = headers.combined("content-encoding") else {
            return Some(Self::Identity);
        };
        let codings = std::str::from_utf8(&codings).ok()?;
        Self::named(codings)
    }

    /// The coding of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        let is = |own: &str| name.eq_ignore_ascii_case(own);
        match name {
            _ if is("") || is("identity") => Some(Self::Identity),
            _ if is("gzip") || is("x-gzip") => Some(Self::Gzip),
            _ => None,
        }
    }

    /// The octets without the coding.
    pub(super) fn undo(self, octets: &[u8], cap: usize) -> Result<Cow<'_, [u8]>, Undoable> {
        if self == Self::Identity {
            return if octets.len() > cap {
                Err(Undoable::TooLarge)
            } else {
                Ok(Cow::Borrowed(octets))
            };
        }
        let most = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
        let mut plain = Vec::new();
        MultiGzDecoder::new(octets)
            .take(most)
            .read_to_end(&mut plain)
            .map_err(|_| Undoable::Malformed)?;
        if plain.len() > cap {
            return Err(Undoable::TooLarge);
        }
        Ok(Cow::Owned(plain))
    }
}

/// Why a coding cannot be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undoable {
    /// It is not what it is said to be.
    Malformed,
    /// There is more behind it than is read.
    TooLarge,
}

impl Content {
    /// Whether the content may be changed.
    pub(super) fn repairs(&self, terms: &DirectionTerms) -> bool {
        terms.mode == Mode::Enforce
            && matches!(self.kind, Kind::Json)
            && self.coding == Coding::Identity
            && terms
                .portability
                .treatments
                .iter()
                .any(|(_, treatment)| *treatment == Treatment::Repair)
    }

    /// Holds a content to its contract. What comes back is to stand in its place.
    pub(super) fn check(
        &self,
        octets: &[u8],
        terms: &DirectionTerms,
        tally: &mut Tally,
    ) -> Option<Vec<u8>> {
        if octets.is_empty() {
            if self.required {
                missing(tally);
            }
            return None;
        }
        let plain = match self.coding.undo(octets, terms.max_body) {
            Ok(plain) => plain,
            Err(Undoable::TooLarge) => {
                too_large(terms, tally);
                return None;
            }
            Err(Undoable::Malformed) => {
                tally.reject(malformed("must be what its coding says"));
                return None;
            }
        };
        match &self.kind {
            Kind::Json => self.json(&plain, terms, tally),
            Kind::Form(form) => {
                self.form(form, &plain, tally);
                None
            }
            Kind::Text => {
                self.text(&plain, tally);
                None
            }
        }
    }

    fn json(&self, text: &[u8], terms: &DirectionTerms, tally: &mut Tally) -> Option<Vec<u8>> {
        let repaired = self.portable(text, terms, tally);
        let text = repaired.as_deref().unwrap_or(text);
        match Tape::read(text, terms.max_depth) {
            Ok(tape) => self.value(&tape, tally),
            Err(Unreadable::Malformed) => tally.reject(malformed("must be JSON")),
            // It was told already, where the policy looks for it.
            Err(Unreadable::TooDeep) if tally.has(keyword::DEPTH) => {}
            Err(Unreadable::TooDeep) => {
                let detail = format!("must be nested at most {} levels deep", terms.max_depth);
                tally.reject(Violation::in_body("", keyword::DEPTH, detail));
            }
        }
        repaired
    }

    /// What Go and Rust read differently.
    fn portable(&self, text: &[u8], terms: &DirectionTerms, tally: &mut Tally) -> Option<Vec<u8>> {
        let terms = (!terms.portability.treatments.is_empty()).then_some(terms)?;
        let looked_for = terms.portability.treatments.iter();
        let limits = portability::Limits {
            kinds: looked_for.map(|(kind, _)| *kind).collect(),
            differences: terms.max_violations,
            depth: terms.max_depth,
            second_digits: terms.portability.second_digits,
        };
        let declared = self.schema.as_ref().map(|own| &own.source);
        let report = portability::check(text, declared, limits);
        let mut repairs = Vec::new();
        for difference in report.differences {
            let kind = difference.kind;
            let Some(treatment) = terms.portability.of(kind) else {
                continue;
            };
            let violation =
                Violation::in_body(difference.pointer.clone(), kind.as_str(), kind.detail());
            match treatment {
                Treatment::Report => tally.report(violation),
                Treatment::Reject => tally.reject(violation),
                Treatment::Repair => {
                    tally.report(violation);
                    repairs.push(difference);
                }
            }
        }
        self.repairs(terms)
            .then(|| portability::repair(text, &repairs))?
    }

    fn form(&self, form: &Form, text: &[u8], tally: &mut Tally) {
        let read = std::str::from_utf8(text).ok().map(|text| form.read(text));
        match read {
            Some(Ok(value)) => self.built(&value, tally),
            Some(Err(fault)) => tally.reject(malformed(fault.detail())),
            None => tally.reject(malformed("must be UTF-8")),
        }
    }

    fn text(&self, text: &[u8], tally: &mut Tally) {
        match std::str::from_utf8(text) {
            Ok(text) => self.built(&Value::from(text), tally),
            Err(_) => tally.reject(malformed("must be UTF-8")),
        }
    }

    fn built(&self, value: &Value, tally: &mut Tally) {
        match Tape::of(value) {
            Ok(tape) => self.value(&tape, tally),
            Err(_) => tally.skip(Skipped::Contract),
        }
    }

    fn value(&self, value: &Tape<'_>, tally: &mut Tally) {
        let Some(compiled) = &self.schema else {
            return;
        };
        for violation in compiled.schema.check(value, tally.left()) {
            tally.reject(violation);
        }
    }
}

/// A content is longer or shorter than the contract says.
pub(super) fn wrong_length(keyword: &'static str, limit: usize, tally: &mut Tally) {
    let bound = if keyword == "maxLength" {
        "most"
    } else {
        "least"
    };
    let detail = format!("must be at {bound} {limit} octets long");
    tally.reject(Violation::in_body("", keyword, detail));
}

/// A content is longer than the policy reads.
pub(super) fn too_large(terms: &DirectionTerms, tally: &mut Tally) {
    let detail = format!("must be at most {} octets long", terms.max_body);
    let violation = Violation::in_body("", keyword::TOO_LARGE, detail);
    unread(violation, terms.over_cap, Skipped::Size, tally);
}

/// A content has a coding that is not read.
pub(super) fn coded(terms: &DirectionTerms, tally: &mut Tally) {
    let violation = Violation::in_body(
        "",
        keyword::CONTENT_CODING,
        "must have no coding, or that of gzip",
    );
    unread(violation, terms.coded, Skipped::Coding, tally);
}

/// There is no content, and there has to be one.
pub(super) fn missing(tally: &mut Tally) {
    tally.reject(Violation::in_body("", keyword::MISSING, "must be there"));
}

/// The media type of a content is not declared.
pub(super) fn wrong_media_type(tally: &mut Tally) {
    let violation = Violation::in_body(
        "",
        keyword::MEDIA_TYPE,
        "must be one of the media types that are declared",
    );
    tally.reject(violation.at(Place::Header, "content-type"));
}

fn unread(violation: Violation, unread: Unread, skipped: Skipped, tally: &mut Tally) {
    match unread {
        Unread::Skip => tally.skip(skipped),
        Unread::Reject => tally.reject(violation),
    }
}

fn malformed(detail: &'static str) -> Violation {
    Violation::in_body("", keyword::MALFORMED, detail)
}
