//! What a request asks for, as a hash: the same key with another fingerprint is another request,
//! which must not be given the answer of the first (draft-ietf-httpapi-idempotency-key-header-07
//! section 2.4).

mod canonical;
#[cfg(test)]
mod tests;

use kit::headers::Headers;
use kit::policy::value::{FieldName, Pointer};

use crate::json;
use crate::target;
use crate::transcript::{Rest, Transcript};

/// The number of octets that say which parts were hashed.
const SCHEME: usize = 4;

/// A hash over the chosen parts of a request.
///
/// Its first four octets say which parts were chosen and how they were hashed. Of the SHA-256 over
/// the parts 224 bits are left, which is what SHA-224 has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(pub(crate) [u8; 32]);

/// How two fingerprints compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The requests are alike in the chosen parts.
    Same,
    /// They are not.
    Other,
    /// Other parts were chosen, because the policy has changed in between. It is not known whether
    /// the requests are alike, so nobody can be told that they are not.
    Incomparable,
}

impl Fingerprint {
    /// Compares the requests behind two fingerprints.
    pub(crate) fn compare(&self, other: &Self) -> Comparison {
        if self == other {
            Comparison::Same
        } else if self.0.first_chunk::<SCHEME>() == other.0.first_chunk() {
            Comparison::Other
        } else {
            Comparison::Incomparable
        }
    }

    fn new(scheme: [u8; SCHEME], digest: [u8; 32]) -> Self {
        let mut octets = digest;
        for (octet, scheme) in octets.iter_mut().zip(scheme) {
            *octet = scheme;
        }
        Self(octets)
    }
}

/// Which parts of a request make up its fingerprint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    /// The method.
    pub(crate) method: bool,
    /// The path.
    pub(crate) path: bool,
    /// The query.
    pub(crate) query: QueryPart,
    /// The header fields, each with all its lines in their order.
    pub(crate) fields: Vec<FieldName>,
    /// The content.
    pub(crate) content: ContentPart,
}

/// How much of the query counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum QueryPart {
    /// Nothing.
    #[default]
    Ignored,
    /// Its octets, as they were sent.
    AsSent,
    /// Its parameters, whatever their order; those of one name keep theirs.
    Sorted,
}

/// How much of the content counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum ContentPart {
    /// Nothing.
    #[default]
    Ignored,
    /// Its octets.
    Octets,
    /// What stands at these places of a JSON document, whatever its whitespace, the order of its
    /// members and the spelling of its strings and numbers. A content in which nothing is found, or
    /// that is no JSON that all readers read alike, counts octet by octet.
    Members(Vec<Pointer>),
}

impl ContentPart {
    fn places(&self) -> &[Pointer] {
        match self {
            Self::Ignored | Self::Octets => &[],
            Self::Members(places) => places,
        }
    }
}

/// What a content was hashed as.
const IGNORED: u8 = 0;
const OCTETS: u8 = 1;
const MEMBERS: u8 = 2;

/// Makes fingerprints over chosen parts.
#[derive(Debug)]
pub(crate) struct Fingerprinter {
    parts: Parts,
    scheme: [u8; SCHEME],
}

impl Fingerprinter {
    /// Makes fingerprints over these parts.
    pub(crate) fn new(parts: Parts) -> Self {
        let [a, b, c, d, ..] = parts.hash();
        let scheme = [a, b, c, d];
        Self { parts, scheme }
    }

    /// Whether the fingerprint is known only at the end of the content.
    pub(crate) fn need_content(&self) -> bool {
        self.parts.content != ContentPart::Ignored
    }

    /// Starts with the head of a request.
    pub(crate) fn start(&self, headers: &Headers) -> Fingerprinting {
        let mut transcript = Transcript::new("treaty/idempotency-keys/fingerprint/1");
        let target = headers.get(":path").unwrap_or_default();
        let parts = &self.parts;
        transcript.optional(headers.get(":method").filter(|_| parts.method));
        write_target(parts, target, &mut transcript);
        for name in &parts.fields {
            let lines: Vec<&[u8]> = headers.get_all(name.as_str()).collect();
            transcript.list(lines.len());
            for line in lines {
                transcript.octets(line);
            }
        }
        let content = match &parts.content {
            ContentPart::Ignored => {
                transcript.mark(IGNORED);
                Content::Ignored(transcript)
            }
            ContentPart::Octets => {
                transcript.mark(OCTETS);
                Content::Octets(transcript.rest())
            }
            ContentPart::Members(_) => Content::Members {
                transcript,
                held: Vec::new(),
            },
        };
        Fingerprinting {
            scheme: self.scheme,
            content,
        }
    }
}

impl Parts {
    /// A hash over which parts are chosen.
    fn hash(&self) -> [u8; 32] {
        let mut transcript = Transcript::new("treaty/idempotency-keys/fingerprint-scheme/1");
        transcript.mark(self.method.into());
        transcript.mark(self.path.into());
        transcript.mark(self.query as u8);
        transcript.list(self.fields.len());
        for name in &self.fields {
            transcript.octets(name.as_str().as_bytes());
        }
        match &self.content {
            ContentPart::Ignored => transcript.mark(IGNORED),
            ContentPart::Octets => transcript.mark(OCTETS),
            ContentPart::Members(places) => {
                transcript.mark(MEMBERS);
                transcript.list(places.len());
                for place in places {
                    transcript.octets(place.as_str().as_bytes());
                }
            }
        }
        transcript.finish()
    }
}

/// A fingerprint under way, while the content arrives.
pub(crate) struct Fingerprinting {
    scheme: [u8; SCHEME],
    content: Content,
}

enum Content {
    Ignored(Transcript),
    Octets(Rest),
    Members {
        transcript: Transcript,
        held: Vec<u8>,
    },
}

impl Fingerprinting {
    /// Takes a part of the content that is not the last one. It is kept only where members are
    /// chosen, so that those who choose them have to bound the content.
    pub(crate) fn part(&mut self, octets: &[u8]) {
        match &mut self.content {
            Content::Ignored(_) => {}
            Content::Octets(rest) => rest.part(octets),
            Content::Members { held, .. } => held.extend_from_slice(octets),
        }
    }

    /// Takes the last part of the content, or all of it, or none. The fingerprinter is the
    /// one that it was started by.
    pub(crate) fn end(self, octets: &[u8], by: &Fingerprinter) -> Fingerprint {
        let digest = match self.content {
            Content::Ignored(transcript) => transcript.finish(),
            Content::Octets(mut rest) => {
                rest.part(octets);
                rest.finish()
            }
            Content::Members {
                transcript,
                mut held,
            } => {
                let places = by.parts.content.places();
                if held.is_empty() {
                    members(transcript, places, octets)
                } else {
                    held.extend_from_slice(octets);
                    members(transcript, places, &held)
                }
            }
        };
        Fingerprint::new(self.scheme, digest)
    }
}

fn members(mut transcript: Transcript, places: &[Pointer], content: &[u8]) -> [u8; 32] {
    let document = json::read(content).ok();
    let find = |place| document.as_ref().and_then(|document| document.at(place));
    // Where nothing is found, all contents would be alike.
    if places.iter().all(|place| find(place).is_none()) {
        transcript.mark(OCTETS);
        let mut rest = transcript.rest();
        rest.part(content);
        return rest.finish();
    }
    transcript.mark(MEMBERS);
    for place in places {
        match find(place) {
            Some(value) => canonical::write(value, &mut transcript),
            None => transcript.optional(None),
        }
    }
    transcript.finish()
}

fn write_target(parts: &Parts, target: &[u8], transcript: &mut Transcript) {
    let Ok(text) = std::str::from_utf8(target) else {
        // What is no text has no parts to choose from.
        let counts = parts.path || parts.query != QueryPart::Ignored;
        transcript.optional(counts.then_some(target));
        transcript.optional(None);
        return;
    };
    let path = parts.path.then(|| target::path(text));
    transcript.optional(path.as_ref().map(String::as_bytes));
    let query = target::query(text);
    match parts.query {
        QueryPart::Ignored => transcript.optional(None),
        QueryPart::AsSent => transcript.octets(query.as_bytes()),
        QueryPart::Sorted => write_sorted(query, transcript),
    }
}

fn write_sorted(query: &str, transcript: &mut Transcript) {
    let name = |parameter: &&str| parameter.split('=').next().unwrap_or_default().to_owned();
    let mut parameters: Vec<&str> = query.split('&').filter(|text| !text.is_empty()).collect();
    // A stable sort: the order of values of one name may have a meaning.
    parameters.sort_by_cached_key(name);
    transcript.list(parameters.len());
    for parameter in parameters {
        transcript.octets(parameter.as_bytes());
    }
}
