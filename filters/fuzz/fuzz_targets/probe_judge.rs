//! A mark as its sender makes it, by an HMAC that is not the filter's, and what may happen to it on
//! its way: it is authentic exactly while nothing happened to it, to the request and to the clock.

#![no_main]

use std::time::{Duration, SystemTime};

use arbitrary::Arbitrary;
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use telemetry_tagging::fuzzing::probe;

#[derive(Debug, Arbitrary)]
struct Input {
    request: [Vec<u8>; 3],
    seconds: u32,
    /// How many seconds later it is judged.
    later: i16,
    signer: Signer,
    fault: Fault,
    /// What stands in the field where no mark does.
    line: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Arbitrary)]
enum Signer {
    Current,
    Previous,
    Another,
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Arbitrary)]
enum Fault {
    None,
    Capitals,
    Octet { place: u8, by: u8 },
    Cut(u8),
    Twice,
    OtherRequest(u8),
}

const CURRENT: [u8; 32] = [0x61; 32];
const PREVIOUS: [u8; 32] = [0x62; 32];
const ANOTHER: [u8; 32] = [0x63; 32];
/// The first two as variables hold them.
const VARIABLES: [&str; 2] = [
    "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=",
    "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI",
];
const MAX_AGE: Duration = Duration::from_secs(300);

fn mark(key: [u8; 32], seconds: u32, request: &[Vec<u8>; 3]) -> Vec<u8> {
    let mut code = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
    code.update(format!("treaty/probe/1\n{seconds}").as_bytes());
    for part in request {
        code.update(b"\n");
        code.update(part);
    }
    let code = code.finalize().into_bytes();
    let hex: String = code.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("t={seconds},s={hex}").into_bytes()
}

impl Input {
    fn lines(&self) -> Vec<Vec<u8>> {
        let key = match self.signer {
            Signer::Current => CURRENT,
            Signer::Previous => PREVIOUS,
            Signer::Another => ANOTHER,
            Signer::Nobody => return vec![self.line.clone()],
        };
        let mut line = mark(key, self.seconds, &self.request);
        match self.fault {
            Fault::None | Fault::OtherRequest(_) => {}
            Fault::Twice => return vec![line.clone(), line],
            Fault::Capitals => {
                let signature = line.len() - 64;
                line[signature..].make_ascii_uppercase();
            }
            Fault::Octet { place, by } => {
                let place = usize::from(place) % line.len();
                line[place] ^= by.max(1);
            }
            Fault::Cut(octets) => {
                let length = line.len() - 1 - usize::from(octets) % line.len();
                line.truncate(length);
            }
        }
        vec![line]
    }

    /// The request that is judged.
    fn judged(&self) -> [Vec<u8>; 3] {
        let mut request = self.request.clone();
        if let Fault::OtherRequest(place) = self.fault {
            request[usize::from(place) % 3].push(b'x');
        }
        request
    }

    /// Whether it is the mark of the request, in either case of its digits.
    fn is_good(&self, lines: &[Vec<u8>], request: &[Vec<u8>; 3]) -> bool {
        let is_live = matches!(self.signer, Signer::Current | Signer::Previous);
        let has_feed = request.iter().any(|part| part.contains(&b'\n'));
        let is_same = match (self.fault, lines) {
            (Fault::Octet { .. }, [line]) => {
                let key = if self.signer == Signer::Current {
                    CURRENT
                } else {
                    PREVIOUS
                };
                let made = mark(key, self.seconds, &self.request);
                let (begin, digits) = made.split_at(made.len() - 64);
                line.strip_prefix(begin)
                    .is_some_and(|own| own.eq_ignore_ascii_case(digits))
            }
            (fault, _) => matches!(fault, Fault::None | Fault::Capitals),
        };
        is_live && !has_feed && is_same
    }
}

fuzz_target!(|input: Input| {
    let lines = input.lines();
    let request = input.judged();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(input.seconds));
    let later = Duration::from_secs(input.later.unsigned_abs().into());
    let now = if input.later < 0 {
        now.checked_sub(later)
    } else {
        now.checked_add(later)
    };
    // Before 1970 there is no time.
    let now = now.unwrap_or(SystemTime::UNIX_EPOCH);
    let is_late = input.later.unsigned_abs() > 300 && now != SystemTime::UNIX_EPOCH;
    let slices: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    let parts = request.each_ref().map(Vec::as_slice);
    let judge = |keys| probe(&slices, parts, now, MAX_AGE, keys);

    let judged = judge(VARIABLES.map(Some));
    if input.is_good(&lines, &request) {
        if now >= SystemTime::UNIX_EPOCH + MAX_AGE {
            let expected = if is_late { "stale" } else { "authentic" };
            assert_eq!(judged, expected);
        }
    } else {
        assert_eq!(judged, "forged");
    }
    // Without keys nobody can tell.
    assert_ne!(judge([None, None]), "authentic");
    assert_eq!(
        probe(&[], parts, now, MAX_AGE, VARIABLES.map(Some)),
        "absent"
    );
});
