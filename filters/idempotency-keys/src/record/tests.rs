//! How records are written, read and replayed.

mod captured;
mod octets;
mod replayed;

use std::time::Duration;

use super::*;

const PLACE: StoreKey = StoreKey::new([7; 32]);

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn head(state: State) -> Head {
    Head {
        state,
        token: Token(0x0102_0304_0506_0708),
        fingerprint: Fingerprint([9; 32]),
        created: at(1_000),
        claim_ends: at(1_060),
        finished: (state != State::InFlight).then(|| at(1_001)),
        expires: at(87_400),
        revision: 42,
    }
}

fn answer() -> Answer {
    Answer {
        status: 201,
        headers: vec![
            ("content-type".into(), b"application/json".to_vec()),
            ("location".into(), b"/v1/charges/1".to_vec()),
        ],
        body: Some(br#"{"id":1}"#.to_vec()),
    }
}

fn keys() -> SealingKeys {
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    SealingKeys::new(("a", Some(key)), None)
}
