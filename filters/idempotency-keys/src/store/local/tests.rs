use std::collections::BTreeMap;

use super::*;
use crate::store::{StoreKey, Tenant, Token};

mod interleavings;

/// Shared data as Envoy has it: an absent value is created whatever the number is, a present one is
/// written if the number is its own or 0.
#[derive(Debug, Default, Clone)]
struct SharedData {
    values: BTreeMap<String, (Vec<u8>, u32)>,
    writes: u32,
    /// A broken proxy that never compares.
    ignores_cas: bool,
}

impl SharedData {
    fn tell(&mut self, ask: Ask) -> Told {
        match ask {
            Ask::Read(name) => match self.values.get(&name) {
                Some((value, cas)) => Told::Read {
                    value: Some(value.clone()),
                    cas: Some(*cas),
                },
                None => Told::Read {
                    value: None,
                    cas: None,
                },
            },
            Ask::Write { name, value, cas } => {
                let present = self.values.get(&name).map(|(_, cas)| *cas);
                let matches = present.is_none_or(|present| cas == 0 || cas == present);
                if !matches && !self.ignores_cas {
                    return Told::Mismatch;
                }
                self.writes += 1;
                self.values.insert(name, (value, self.writes));
                Told::Written
            }
            Ask::Call(_) => panic!("local calls nobody"),
        }
    }

    fn run(&mut self, local: &Local, command: Command, now: SystemTime) -> Answer {
        let mut next = local.begin(command, now);
        loop {
            next = match next {
                Next::Ask(pending, ask) => local.next(pending, self.tell(ask)),
                Next::Done(answer) => return answer,
            };
        }
    }
}

fn settings() -> LocalSettings {
    LocalSettings {
        name: "payments".to_owned(),
        keys: 4,
        octets: 4096,
        when_full: WhenFull::Refuse,
        tenant_percent: 100,
    }
}

fn local() -> Local {
    Local::new(settings())
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

fn key(number: u8) -> StoreKey {
    StoreKey::new([number; 32])
}

fn claim(key_number: u8, token: u64) -> Command {
    Command::Claim {
        key: key(key_number),
        token: Token(token),
        tenant: None,
        record: format!("claim {token}").into_bytes(),
        ttl: Duration::from_mins(1),
    }
}

fn claim_of(tenant: u32, key_number: u8) -> Command {
    match claim(key_number, u64::from(key_number)) {
        Command::Claim {
            key,
            token,
            record,
            ttl,
            ..
        } => Command::Claim {
            key,
            token,
            tenant: Some(Tenant(tenant)),
            record,
            ttl,
        },
        other => other,
    }
}

fn finish(key_number: u8, token: u64, record: &[u8]) -> Command {
    Command::Replace {
        key: key(key_number),
        fence: Fence::Token(Token(token)),
        token: Token(token),
        record: record.to_vec(),
        ttl: Duration::from_mins(10),
        finished: true,
    }
}

fn release(key_number: u8, token: u64) -> Command {
    Command::Release {
        key: key(key_number),
        fence: Fence::Token(Token(token)),
    }
}

fn claimed(token: u64) -> Answer {
    Answer::Claimed(Fence::Token(Token(token)))
}

fn replaced(token: u64) -> Answer {
    Answer::Replaced(Fence::Token(Token(token)))
}

fn exists(token: u64, record: &[u8]) -> Answer {
    Answer::Exists {
        record: record.to_vec(),
        fence: Fence::Token(Token(token)),
    }
}

#[test]
fn the_first_claim_wins_and_the_second_finds_its_record() {
    let (mut data, local) = (SharedData::default(), local());
    assert_eq!(data.run(&local, claim(1, 10), at(0)), claimed(10));
    let second = data.run(&local, claim(1, 11), at(0));
    assert_eq!(second, exists(10, b"claim 10"));
}

#[test]
fn a_claim_sent_again_is_still_the_owners() {
    let (mut data, local) = (SharedData::default(), local());
    data.run(&local, claim(1, 10), at(0));
    assert_eq!(data.run(&local, claim(1, 10), at(0)), claimed(10));
}

#[test]
fn an_answer_is_found_in_the_place_of_its_claim() {
    let (mut data, local) = (SharedData::default(), local());
    data.run(&local, claim(1, 10), at(0));
    assert_eq!(
        data.run(&local, finish(1, 10, b"done"), at(1)),
        replaced(10)
    );
    assert_eq!(data.run(&local, claim(1, 11), at(2)), exists(10, b"done"));
}

#[test]
fn a_record_ends_when_its_time_has_passed() {
    let (mut data, local) = (SharedData::default(), local());
    data.run(&local, claim(1, 10), at(0));
    let last = data.run(&local, claim(1, 11), at(59));
    assert_eq!(last, exists(10, b"claim 10"));
    assert_eq!(data.run(&local, claim(1, 11), at(60)), claimed(11));
}

#[test]
fn a_late_owner_is_fenced_out() {
    let (mut data, local) = (SharedData::default(), local());
    data.run(&local, claim(1, 10), at(0));
    data.run(&local, claim(1, 11), at(60));
    assert_eq!(
        data.run(&local, finish(1, 10, b"late"), at(61)),
        Answer::Lost
    );
    assert_eq!(data.run(&local, release(1, 10), at(61)), Answer::Lost);
    let stands = data.run(&local, claim(1, 12), at(61));
    assert_eq!(stands, exists(11, b"claim 11"));
}

#[test]
fn a_late_answer_is_kept_where_nobody_else_has_claimed() {
    let (mut data, local) = (SharedData::default(), local());
    data.run(&local, claim(1, 10), at(0));
    assert_eq!(
        data.run(&local, finish(1, 10, b"late"), at(61)),
        replaced(10)
    );
    assert_eq!(data.run(&local, claim(1, 11), at(62)), exists(10, b"late"));
}

#[test]
fn of_two_who_take_over_one_does() {
    let (mut data, local) = (SharedData::default(), local());
    data.run(&local, claim(1, 10), at(0));
    let take_over = |token| Command::Replace {
        key: key(1),
        fence: Fence::Token(Token(10)),
        token: Token(token),
        record: b"again".to_vec(),
        ttl: Duration::from_mins(1),
        finished: false,
    };
    assert_eq!(data.run(&local, take_over(11), at(1)), replaced(11));
    assert_eq!(data.run(&local, take_over(12), at(1)), Answer::Lost);
}

#[test]
fn a_released_key_is_free() {
    let (mut data, local) = (SharedData::default(), local());
    data.run(&local, claim(1, 10), at(0));
    assert_eq!(data.run(&local, release(1, 10), at(0)), Answer::Released);
    assert_eq!(data.run(&local, release(1, 10), at(0)), Answer::Released);
    assert_eq!(data.run(&local, claim(1, 11), at(0)), claimed(11));
}

#[test]
fn a_fence_of_another_store_does_not_hold() {
    let (mut data, local) = (SharedData::default(), local());
    data.run(&local, claim(1, 10), at(0));
    let command = Command::Release {
        key: key(1),
        fence: Fence::Revision(1),
    };
    assert_eq!(data.run(&local, command, at(0)), Answer::Lost);
}

#[test]
fn a_full_set_refuses_claims_and_still_takes_answers() {
    let (mut data, local) = (SharedData::default(), local());
    for number in 0..16 {
        assert_eq!(data.run(&local, claim(number, 10), at(0)), claimed(10));
    }
    let full = Answer::Failed(Failure::Full);
    assert_eq!(data.run(&local, claim(16, 10), at(0)), full);
    assert_eq!(
        data.run(&local, finish(3, 10, b"done"), at(0)),
        replaced(10)
    );
    // What has ended is no longer in the way.
    assert_eq!(data.run(&local, claim(16, 10), at(60)), claimed(10));
    assert_eq!(local.take_evicted(), 0);
}

#[test]
fn only_finished_records_give_way() {
    let local = Local::new(LocalSettings {
        when_full: WhenFull::Evict,
        ..settings()
    });
    let mut data = SharedData::default();
    for number in 0..16 {
        data.run(&local, claim(number, 10), at(0));
    }
    let full = Answer::Failed(Failure::Full);
    assert_eq!(data.run(&local, claim(16, 10), at(1)), full);
    data.run(&local, finish(3, 10, b"done"), at(1));
    assert_eq!(data.run(&local, claim(16, 10), at(1)), claimed(10));
    assert_eq!(local.take_evicted(), 1);
    assert_eq!(local.take_evicted(), 0);
    assert_eq!(data.run(&local, claim(17, 10), at(1)), full);
    assert_eq!(
        data.run(&local, claim(2, 11), at(1)),
        exists(10, b"claim 10")
    );
}

#[test]
fn a_record_of_the_stated_length_is_the_largest() {
    let (mut data, local) = (SharedData::default(), local());
    data.run(&local, claim(1, 10), at(0));
    let long = vec![0; local.max_record() + 1];
    let answer = data.run(&local, finish(1, 10, &long), at(0));
    assert_eq!(answer, Answer::Failed(Failure::TooLarge));
    let largest = finish(1, 10, &long[1..]);
    assert_eq!(data.run(&local, largest, at(0)), replaced(10));
}

#[test]
fn a_record_no_longer_than_the_one_before_always_has_room() {
    let (mut data, local) = (SharedData::default(), local());
    data.run(&local, claim(1, 10), at(0));
    data.run(&local, claim(2, 20), at(0));
    let rest = local.max_record() - Entry::FRAME - b"claim 10".len();
    assert_eq!(
        data.run(&local, finish(2, 20, &vec![0; rest]), at(0)),
        replaced(20)
    );
    let longer = data.run(&local, finish(1, 10, b"longer than the claim"), at(0));
    assert_eq!(longer, Answer::Failed(Failure::Full));
    assert_eq!(
        data.run(&local, finish(1, 10, b"no longer"), at(0)),
        Answer::Failed(Failure::Full)
    );
    assert_eq!(
        data.run(&local, finish(1, 10, b"not kept"), at(0)),
        replaced(10)
    );
}

#[test]
fn a_tenant_fills_its_part_and_no_more() {
    let local = Local::new(LocalSettings {
        tenant_percent: 25,
        ..settings()
    });
    let mut data = SharedData::default();
    for number in 0..4 {
        let answer = data.run(&local, claim_of(7, number), at(0));
        assert_eq!(answer, claimed(u64::from(number)));
    }
    let fifth = data.run(&local, claim_of(7, 4), at(0));
    assert_eq!(fifth, Answer::Failed(Failure::Full));
    assert_eq!(data.run(&local, claim_of(8, 5), at(0)), claimed(5));
}

#[test]
fn a_tenant_that_is_over_its_part_gives_up_its_own_records() {
    let local = Local::new(LocalSettings {
        tenant_percent: 25,
        when_full: WhenFull::Evict,
        ..settings()
    });
    let mut data = SharedData::default();
    data.run(&local, claim_of(8, 9), at(0));
    data.run(&local, finish(9, 9, b"another's"), at(0));
    for number in 0..4 {
        data.run(&local, claim_of(7, number), at(0));
    }
    data.run(&local, finish(2, 2, b"own"), at(1));
    assert_eq!(data.run(&local, claim_of(7, 4), at(2)), claimed(4));
    assert_eq!(
        data.run(&local, claim(9, 99), at(2)),
        exists(9, b"another's")
    );
    assert_eq!(
        data.run(&local, claim_of(7, 5), at(2)),
        Answer::Failed(Failure::Full)
    );
}

#[test]
fn an_unlucky_command_gives_up_in_the_end() {
    let local = local();
    let mut next = local.begin(claim(1, 10), at(0));
    let mut asked = 0;
    let answer = loop {
        asked += 1;
        next = match next {
            Next::Ask(pending, Ask::Read(_)) => {
                let (value, cas) = (None, None);
                local.next(pending, Told::Read { value, cas })
            }
            Next::Ask(pending, _) => local.next(pending, Told::Mismatch),
            Next::Done(answer) => break answer,
        };
    };
    assert_eq!(answer, Answer::Failed(Failure::Unready));
    assert_eq!(asked, 131);
}

#[test]
fn what_is_no_set_is_an_error_and_is_left_as_it_is() {
    let (mut data, local) = (SharedData::default(), local());
    let Next::Ask(_, Ask::Read(name)) = local.begin(claim(1, 10), at(0)) else {
        panic!("a command starts with a read");
    };
    data.values.insert(name.clone(), (b"other".to_vec(), 1));
    let answer = data.run(&local, claim(1, 10), at(0));
    assert_eq!(answer, Answer::Failed(Failure::Malformed));
    assert_eq!(data.values[&name].0, b"other");
}

/// A stand-in for SHA-256: a mixer whose output is uniform enough to place keys.
fn digest(number: u64) -> StoreKey {
    let mut octets = [0; 32];
    let hash = xxhash_rust::xxh64::xxh64(&number.to_be_bytes(), 0);
    octets[..8].copy_from_slice(&hash.to_be_bytes());
    octets[8..16].copy_from_slice(&number.to_be_bytes());
    StoreKey::new(octets)
}

#[test]
fn as_many_keys_as_the_policy_allows_have_room() {
    let keys = 20_000;
    let local = Local::new(LocalSettings {
        keys,
        octets: u64::from(keys) * 1024,
        ..settings()
    });
    let mut data = SharedData::default();
    let refused = (0..u64::from(keys)).filter(|number| {
        let command = Command::Claim {
            key: digest(*number),
            token: Token(*number),
            tenant: None,
            record: vec![0; 128],
            ttl: Duration::from_mins(1),
        };
        data.run(&local, command, at(0)) != claimed(*number)
    });
    assert_eq!(refused.count(), 0);
    assert!(data.values.len() <= 5_000);
}
