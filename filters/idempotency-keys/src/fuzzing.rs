//! What fuzz targets reach of the readers, which are private.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use kit::headers::Headers;
use kit::policy::value::Pointer;

use crate::fingerprint::{ContentPart, Fingerprint, Fingerprinter, Parts};
use crate::idempotency_key::{self, IdempotencyKey, Syntax};
use crate::record::{self, Answer, Head, NotKept, Record};
use crate::rpc::Descriptors;
use crate::seal::{self, SealingKeys};
use crate::store::{StoreKey, Token};
use crate::transcript::Transcript;
use crate::{grpc_web, json};

/// A SHA-256.
pub type Hash = [u8; 32];

/// Header fields of an answer, in order.
pub type Fields = Vec<(String, Vec<u8>)>;

/// What a key must be like.
#[derive(Debug, Clone)]
pub struct KeyTerms {
    /// Whether it has to be a Structured Field String.
    pub strict: bool,
    /// What it is made of.
    pub alphabet: Alphabet,
    /// How many octets it may have.
    pub length: RangeInclusive<usize>,
}

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// A UUID.
    Uuid,
    /// A UUID of version 4.
    Uuid4,
    /// A token.
    Token,
    /// Visible ASCII.
    Visible,
}

impl KeyTerms {
    /// The key in a header field, hashed, or the reason of its refusal.
    ///
    /// # Errors
    /// There is none that can be used.
    pub fn in_field(&self, headers: &Headers, name: &str) -> Result<Hash, &'static str> {
        hashed(self.terms().in_field(headers, name))
    }

    /// The key in a JSON content.
    ///
    /// # Errors
    /// There is none that can be used.
    pub fn in_content(&self, content: &[u8], place: &Pointer) -> Result<Hash, &'static str> {
        hashed(self.terms().in_content(content, place))
    }

    /// The key of an event.
    ///
    /// # Errors
    /// There is none that can be used.
    pub fn of_cloud_event(&self, headers: &Headers) -> Result<Hash, &'static str> {
        hashed(self.terms().of_cloud_event(headers))
    }

    fn terms(&self) -> idempotency_key::KeyTerms {
        use idempotency_key::Alphabet as Own;
        idempotency_key::KeyTerms {
            syntax: if self.strict {
                Syntax::Strict
            } else {
                Syntax::Lenient
            },
            alphabet: match self.alphabet {
                Alphabet::Uuid => Own::Uuid,
                Alphabet::Uuid4 => Own::Uuid4,
                Alphabet::Token => Own::Token,
                Alphabet::Visible => Own::Visible,
            },
            length: self.length.clone(),
        }
    }
}

/// The hash of a key of these strings. A key shows itself to nobody, so its hash is compared.
pub fn key(parts: &[&str]) -> Hash {
    let mut transcript = transcript();
    transcript.list(parts.len());
    for part in parts {
        transcript.octets(part.as_bytes());
    }
    transcript.finish()
}

/// Whether a text is JSON that all readers read alike.
pub fn is_json(text: &[u8]) -> bool {
    json::read(text).is_ok()
}

/// The fingerprint of a content, of which the members at these places count.
pub fn fingerprint(content: &[&[u8]], places: &[Pointer]) -> Hash {
    let fingerprinter = Fingerprinter::new(Parts {
        content: ContentPart::Members(places.to_vec()),
        ..Parts::default()
    });
    let mut fingerprinting = fingerprinter.start(&Headers::default());
    for part in content {
        fingerprinting.part(part);
    }
    fingerprinting.end(&[], &fingerprinter).0
}

/// A record, as a store has it. Times are milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// How far the request has come.
    pub state: State,
    /// Who owns the claim.
    pub token: u64,
    /// What the request asked for.
    pub fingerprint: Hash,
    /// When the claim was made.
    pub created: u64,
    /// When the request is no longer taken to be on its way.
    pub claim_ends: u64,
    /// When the request had ended.
    pub finished: Option<u64>,
    /// When the record no longer counts.
    pub expires: u64,
    /// The revision of the policy.
    pub revision: u64,
}

/// How far a request has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is on its way.
    InFlight,
    /// It was carried out, and this was the answer.
    Done {
        /// The status.
        status: u16,
        /// The header fields.
        headers: Fields,
        /// The content.
        body: Option<Vec<u8>>,
    },
    /// Its answer was not kept, for the reason of this place.
    NotKept(u8),
    /// Nobody knows.
    Unknown,
}

/// How an answer stands in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// In the clear.
    Clear,
    /// Sealed.
    Sealed,
}

const REASONS: [NotKept; 4] = [
    NotKept::TooLarge,
    NotKept::Endless,
    NotKept::Status,
    NotKept::NoKey,
];

const PLACE: StoreKey = StoreKey::new([7; StoreKey::LENGTH]);

impl Sealing {
    /// The octets of a record; `None` where its reason has no place.
    pub fn write(self, kept: &Kept, random: u64) -> Option<Vec<u8>> {
        let head = kept.head()?;
        let State::Done {
            status,
            headers,
            body,
        } = kept.state.clone()
        else {
            return Some(record::encode(&head));
        };
        let answer = Answer {
            status,
            headers,
            body,
        };
        match self {
            Self::Clear => Some(record::encode_done(&head, &answer)),
            Self::Sealed => {
                let nonce = seal::nonce([random, !random]);
                record::encode_sealed(&head, &answer, &PLACE, &keys(), nonce)
            }
        }
    }

    /// Reads a record and its answer.
    ///
    /// # Errors
    /// What metrics call the reason.
    pub fn read(self, octets: &[u8]) -> Result<Kept, &'static str> {
        let keys = (self == Self::Sealed).then(keys);
        let read = || {
            let record = Record::decode(octets)?;
            let head = record.head;
            let state = match head.state {
                record::State::InFlight => State::InFlight,
                record::State::Unknown => State::Unknown,
                record::State::NotKept(why) => State::NotKept(place(why)),
                record::State::Done => done(record.answer(&PLACE, keys.as_ref())?),
            };
            Ok(Kept::of(&head, state))
        };
        read().map_err(record::Unreadable::name)
    }
}

impl Kept {
    fn head(&self) -> Option<Head> {
        Some(Head {
            state: match self.state {
                State::InFlight => record::State::InFlight,
                State::Done { .. } => record::State::Done,
                State::NotKept(place) => record::State::NotKept(*REASONS.get(usize::from(place))?),
                State::Unknown => record::State::Unknown,
            },
            token: Token(self.token),
            fingerprint: Fingerprint(self.fingerprint),
            created: time(self.created),
            claim_ends: time(self.claim_ends),
            finished: self.finished.map(time),
            expires: time(self.expires),
            revision: self.revision,
        })
    }

    fn of(head: &Head, state: State) -> Self {
        Self {
            state,
            token: head.token.0,
            fingerprint: head.fingerprint.0,
            created: milliseconds(head.created),
            claim_ends: milliseconds(head.claim_ends),
            finished: head.finished.map(milliseconds),
            expires: milliseconds(head.expires),
            revision: head.revision,
        }
    }
}

/// The status of gRPC in a content of gRPC-Web, which comes in parts.
pub fn grpc_web_status(content: &[&[u8]], is_text: bool) -> Option<u32> {
    let mut reader = grpc_web::Reader::new(is_text);
    for part in content {
        reader.part(part);
    }
    reader.status()
}

/// The paths of the unary methods of a set of descriptors, and which of the given ones are streams.
///
/// # Errors
/// What an author is told.
pub fn methods<'p>(
    descriptors: &[u8],
    paths: &[&'p str],
) -> Result<(Vec<String>, Vec<&'p str>), String> {
    let read = Descriptors::read(descriptors).map_err(|error| error.to_string())?;
    let unary = read.unary().map(str::to_owned).collect();
    let streams = paths.iter().copied().filter(|path| read.streams(path));
    Ok((unary, streams.collect()))
}

fn hashed(key: Result<IdempotencyKey, idempotency_key::Refusal>) -> Result<Hash, &'static str> {
    let key = key.map_err(|refusal| refusal.kind().reason)?;
    let mut transcript = transcript();
    key.write(&mut transcript);
    Ok(transcript.finish())
}

fn transcript() -> Transcript {
    Transcript::new("fuzzing")
}

fn keys() -> SealingKeys {
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    SealingKeys::new(("current", Some(key)), None)
}

fn place(why: NotKept) -> u8 {
    let place = REASONS.iter().position(|own| *own == why);
    place
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(u8::MAX)
}

fn done(answer: Answer) -> State {
    State::Done {
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
    }
}

fn time(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_millis(milliseconds))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
