//! Octets as a record, and a record as octets: what is read is something that a message can have, and
//! is written and read again; what is cut is none; and nobody without the key can make a sealed one.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use idempotency_keys::fuzzing::{Fields, Kept, Sealing, State};
use libfuzzer_sys::fuzz_target;

/// Fields of one answer.
const MOST_FIELDS: usize = 256;

#[derive(Debug, Arbitrary)]
struct Input {
    state: StateInput,
    token: u64,
    fingerprint: [u8; 32],
    times: [u64; 3],
    finished: Option<u64>,
    revision: u64,
    random: u64,
    /// Where a sealed record is cut or changed.
    at: u16,
    change: u8,
}

#[derive(Debug, Arbitrary)]
enum StateInput {
    InFlight,
    Done {
        status: u16,
        headers: Vec<(NameInput, Vec<u8>)>,
        body: Option<Vec<u8>>,
    },
    NotKept(u8),
    Unknown,
}

#[derive(Debug, Arbitrary)]
enum NameInput {
    Known(u8),
    Text(String),
}

const NAMES: [&str; 5] = ["content-type", "etag", "location", "x-a", "link"];

impl Input {
    fn kept(&self) -> Kept {
        let [created, claim_ends, expires] = self.times;
        Kept {
            state: self.state.state(),
            token: self.token,
            fingerprint: self.fingerprint,
            created,
            claim_ends,
            finished: self.finished,
            expires,
            revision: self.revision,
        }
    }
}

impl StateInput {
    fn state(&self) -> State {
        match self {
            Self::InFlight => State::InFlight,
            Self::Unknown => State::Unknown,
            Self::NotKept(place) => State::NotKept(place % 4),
            Self::Done {
                status,
                headers,
                body,
            } => State::Done {
                // Half of them are statuses of an answer.
                status: if status % 2 == 0 {
                    200 + status % 400
                } else {
                    *status
                },
                headers: headers
                    .iter()
                    .map(|(name, value)| (name.text(), value.clone()))
                    .collect(),
                body: body.clone(),
            },
        }
    }
}

impl NameInput {
    fn text(&self) -> String {
        match self {
            Self::Known(place) => NAMES[usize::from(*place) % NAMES.len()].to_owned(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Whether a message can have this answer (RFC 9110 sections 5.1, 5.5 and 15).
fn can_be_sent(state: &State) -> bool {
    let State::Done {
        status, headers, ..
    } = state
    else {
        return true;
    };
    let is_token = |octet: &u8| {
        octet.is_ascii_graphic()
            && !octet.is_ascii_uppercase()
            && !b"\"(),/:;<=>?@[\\]{}".contains(octet)
    };
    let is_field = |(name, value): &(String, Vec<u8>)| {
        let is_name = !name.is_empty() && name.as_bytes().iter().all(is_token);
        is_name && !value.iter().any(|octet| b"\0\r\n".contains(octet))
    };
    let fields: &Fields = headers;
    (200..600).contains(status) && fields.len() <= MOST_FIELDS && fields.iter().all(is_field)
}

fn check_read(octets: &[u8]) {
    if let Ok(kept) = Sealing::Clear.read(octets) {
        assert!(can_be_sent(&kept.state), "{:?}", kept.state);
        let again = Sealing::Clear.write(&kept, 0).expect("it was read");
        assert_eq!(Sealing::Clear.read(&again), Ok(kept));
    }
    if let Ok(kept) = Sealing::Sealed.read(octets) {
        assert!(
            !matches!(kept.state, State::Done { .. }),
            "a seal is forged"
        );
    }
}

fn check_written(input: &Input) {
    let kept = input.kept();
    let can_be_sent = can_be_sent(&kept.state);
    for sealing in [Sealing::Clear, Sealing::Sealed] {
        let octets = sealing.write(&kept, input.random).expect("there is a key");
        let at = usize::from(input.at) % octets.len();
        assert!(sealing.read(&octets[..at]).is_err(), "it is cut at {at}");
        if can_be_sent {
            assert_eq!(sealing.read(&octets), Ok(kept.clone()));
        } else {
            assert_eq!(sealing.read(&octets), Err("malformed"));
        }
        if sealing == Sealing::Sealed && matches!(kept.state, State::Done { .. }) {
            let mut changed = octets;
            changed[at] ^= input.change.max(1);
            if let Ok(read) = sealing.read(&changed) {
                assert_eq!(read, kept, "{at} was changed");
            }
        }
    }
    let mixed = |from: Sealing, to: Sealing| {
        let octets = from.write(&kept, input.random).expect("there is a key");
        to.read(&octets)
    };
    if matches!(kept.state, State::Done { .. }) {
        assert_eq!(mixed(Sealing::Clear, Sealing::Sealed), Err("not_sealed"));
        assert_eq!(mixed(Sealing::Sealed, Sealing::Clear), Err("unknown_key"));
    }
}

fuzz_target!(|octets: &[u8]| {
    check_read(octets);
    if let Ok(input) = Input::arbitrary(&mut Unstructured::new(octets)) {
        check_written(&input);
    }
});
