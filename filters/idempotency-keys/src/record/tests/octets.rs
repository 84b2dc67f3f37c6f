//! The octets of records.

use proptest::prelude::*;
use prost::Message;

use super::*;

const STATES: [State; 7] = [
    State::InFlight,
    State::Unknown,
    State::NotKept(NotKept::TooLarge),
    State::NotKept(NotKept::Endless),
    State::NotKept(NotKept::Status),
    State::NotKept(NotKept::NoKey),
    State::Done,
];

/// A record whose head is made of these fields, each with its number: either a varint, eight
/// octets or a string.
#[derive(Clone, PartialEq, Message)]
struct Foreign {
    #[prost(message, optional, tag = "1")]
    head: Option<ForeignHead>,
    #[prost(bytes = "vec", optional, tag = "2")]
    plain: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "3")]
    sealed: Option<Vec<u8>>,
    #[prost(string, tag = "99")]
    unknown: String,
}

#[derive(Clone, PartialEq, Message)]
struct ForeignHead {
    #[prost(uint32, tag = "1")]
    format: u32,
    #[prost(uint32, tag = "2")]
    state: u32,
    #[prost(uint32, tag = "3")]
    not_kept: u32,
    #[prost(bytes = "vec", tag = "5")]
    fingerprint: Vec<u8>,
    #[prost(uint64, tag = "9")]
    expires: u64,
}

fn foreign() -> Foreign {
    Foreign {
        head: Some(ForeignHead {
            format: 1,
            state: 1,
            not_kept: 0,
            fingerprint: vec![0; 32],
            expires: 5_000,
        }),
        ..Foreign::default()
    }
}

/// What is read of a foreign record after a change.
fn changed(change: impl FnOnce(&mut Foreign, &mut ForeignHead)) -> Result<Record, Unreadable> {
    let mut record = foreign();
    let mut head = record.head.take().unwrap();
    change(&mut record, &mut head);
    record.head = Some(head);
    Record::decode(&record.encode_to_vec())
}

#[test]
fn every_head_is_read_as_it_was_written() {
    for state in STATES {
        let octets = if state == State::Done {
            encode_done(&head(state), &answer())
        } else {
            encode(&head(state))
        };
        assert_eq!(
            Record::decode(&octets).unwrap().head,
            head(state),
            "{state:?}"
        );
    }
}

#[test]
fn an_answer_is_read_as_it_was_written() {
    let octets = encode_done(&head(State::Done), &answer());
    let record = Record::decode(&octets).unwrap();
    assert_eq!(record.answer(&PLACE, None), Ok(answer()));
}

#[test]
fn no_content_is_not_an_empty_one() {
    for body in [None, Some(vec![])] {
        let answer = Answer { body, ..answer() };
        let record = Record::decode(&encode_done(&head(State::Done), &answer)).unwrap();
        assert_eq!(record.answer(&PLACE, None), Ok(answer));
    }
}

#[test]
fn a_sealed_answer_opens_under_its_own_key_and_head_alone() {
    let seal = |head: &Head| encode_sealed(head, &answer(), &PLACE, &keys(), [1; 12]).unwrap();
    let octets = seal(&head(State::Done));
    let record = Record::decode(&octets).unwrap();
    assert_eq!(record.head, head(State::Done));
    assert_eq!(record.clone().answer(&PLACE, Some(&keys())), Ok(answer()));

    let elsewhere = record
        .clone()
        .answer(&StoreKey::new([8; 32]), Some(&keys()));
    let not_authentic = Err(Unreadable::Unopened(Unopened::NotAuthentic));
    assert_eq!(elsewhere, not_authentic);

    // An answer that is kept on by giving it the head of a later record.
    let later = Head {
        expires: at(1_000_000),
        ..head(State::Done)
    };
    let later = Record::decode(&seal(&later)).unwrap();
    let forged = Record {
        answer: record.answer,
        ..later
    };
    assert_eq!(forged.answer(&PLACE, Some(&keys())), not_authentic);
}

#[test]
fn nothing_of_a_sealed_answer_stands_in_the_clear() {
    let octets = encode_sealed(&head(State::Done), &answer(), &PLACE, &keys(), [1; 12]).unwrap();
    for text in ["application", "charges", "grpc-status", "{\"id\":1}"] {
        let found = octets
            .windows(text.len())
            .any(|part| part == text.as_bytes());
        assert!(!found, "{text}");
    }
}

#[test]
fn where_answers_are_sealed_one_in_the_clear_is_not_taken() {
    let octets = encode_done(&head(State::Done), &answer());
    let record = Record::decode(&octets).unwrap();
    assert_eq!(
        record.answer(&PLACE, Some(&keys())),
        Err(Unreadable::NotSealed)
    );
}

#[test]
fn without_keys_a_sealed_answer_is_neither_written_nor_read() {
    let none = SealingKeys::new(("a", None), None);
    let head = head(State::Done);
    assert_eq!(
        encode_sealed(&head, &answer(), &PLACE, &none, [1; 12]),
        None
    );
    let octets = encode_sealed(&head, &answer(), &PLACE, &keys(), [1; 12]).unwrap();
    for keys in [None, Some(&none)] {
        let answer = Record::decode(&octets).unwrap().answer(&PLACE, keys);
        assert_eq!(answer, Err(Unreadable::Unopened(Unopened::UnknownKey)));
    }
}

#[test]
fn a_record_of_another_format_is_not_read() {
    assert_eq!(changed(|_, head| head.format = 2), Err(Unreadable::Format));
    assert_eq!(
        changed(|_, head| head.format = 0),
        Err(Unreadable::Malformed)
    );
}

#[test]
fn what_a_later_release_adds_is_passed_over() {
    let record = changed(|record, _| record.unknown = "new".to_owned()).unwrap();
    assert_eq!(record.head.state, State::InFlight);
    assert_eq!(record.head.expires, at(5));
}

#[test]
fn a_record_that_contradicts_itself_is_not_read() {
    let changes: [fn(&mut Foreign, &mut ForeignHead); 10] = [
        |_, head| head.state = 0,
        |_, head| head.state = 5,
        |_, head| head.not_kept = 1,
        |_, head| head.state = 3,
        |_, head| (head.state, head.not_kept) = (3, 5),
        |_, head| head.fingerprint.truncate(31),
        |_, head| head.fingerprint.push(0),
        |_, head| head.state = 2,
        |record, _| record.plain = Some(vec![]),
        |record, head| {
            head.state = 2;
            record.plain = Some(vec![]);
            record.sealed = Some(vec![]);
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        assert_eq!(changed(change), Err(Unreadable::Malformed), "{index}");
    }
}

#[test]
fn what_no_message_can_have_is_not_read() {
    #[derive(Clone, PartialEq, Message)]
    struct ForeignAnswer {
        #[prost(uint32, tag = "1")]
        status: u32,
        #[prost(bytes = "vec", tag = "2")]
        headers: Vec<u8>,
    }
    let read = |status: u32, headers: &[u8]| {
        let answer = ForeignAnswer {
            status,
            headers: headers.to_vec(),
        };
        let record = changed(|record, head| {
            head.state = 2;
            record.plain = Some(answer.encode_to_vec());
        });
        record?.answer(&PLACE, None)
    };
    let good = read(200, b"a:b:c\nd:\ne:\xff\n").unwrap();
    let pair = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    assert_eq!(
        good.headers,
        [pair("a", b"b:c"), pair("d", b""), pair("e", b"\xff")]
    );
    for status in [0, 100, 101, 199, 600, 65_736] {
        assert_eq!(read(status, b""), Err(Unreadable::Malformed), "{status}");
    }
    let many = b"a:b\n".repeat(257);
    for lines in [
        &b"a:b"[..],
        b"a\n",
        b":status:200\n",
        b":b\n",
        b"A:b\n",
        b"a b:c\n",
        b"a:b\rc:d\n",
        b"a:\0\n",
        b"\n",
        b"a:b\n\n",
        b"\xff:a\n",
        &many,
    ] {
        assert_eq!(read(200, lines), Err(Unreadable::Malformed), "{lines:?}");
    }
    assert!(read(200, &b"a:b\n".repeat(256)).is_ok());
}

#[test]
fn a_record_that_is_too_large_is_not_read() {
    let body = |octets| Answer {
        body: Some(vec![0; octets]),
        ..answer()
    };
    let octets = encode_done(&head(State::Done), &body(1_048_576));
    assert!(Record::decode(&octets).is_ok());
    let octets = encode_done(&head(State::Done), &body(MAX_OCTETS));
    assert_eq!(Record::decode(&octets), Err(Unreadable::Malformed));
}

/// Records outlive a release: who changes these octets has to change the format.
#[test]
fn the_octets_stay_as_they_are() {
    let octets = encode(&head(State::NotKept(NotKept::Endless)));
    let expected = [
        &b"\x0a\x4b"[..],
        b"\x08\x01\x10\x03\x18\x02",
        b"\x21\x08\x07\x06\x05\x04\x03\x02\x01",
        b"\x2a\x20",
        &[9; 32],
        b"\x30\xc0\x84\x3d\x38\xa0\xd9\x40\x40\xa8\x8c\x3d\x48\xc0\xbc\xd6\x29",
        b"\x51\x2a\0\0\0\0\0\0\0",
    ];
    assert_eq!(octets, expected.concat());
}

fn any_head() -> impl Strategy<Value = Head> {
    let time =
        || (0_u64..1 << 45).prop_map(|since| SystemTime::UNIX_EPOCH + Duration::from_millis(since));
    let times = (time(), time(), prop::option::of(time()), time());
    let state = prop::sample::select(STATES.to_vec());
    (state, any::<u64>(), any::<[u8; 32]>(), times, any::<u64>()).prop_map(
        |(state, token, fingerprint, (created, claim_ends, finished, expires), revision)| Head {
            state,
            token: Token(token),
            fingerprint: Fingerprint(fingerprint),
            created,
            claim_ends,
            finished,
            expires,
            revision,
        },
    )
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let value = prop::collection::vec(any::<u8>(), 0..20).prop_map(|mut value| {
        value.retain(|octet| !b"\0\r\n".contains(octet));
        value
    });
    let fields = || prop::collection::vec(("[a-z-]{1,8}", value.clone()), 0..6);
    let body = prop::option::of(prop::collection::vec(any::<u8>(), 0..100));
    (200_u16..600, fields(), body).prop_map(|(status, headers, body)| Answer {
        status,
        headers,
        body,
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(head in any_head(), answer in any_answer(), sealed: bool, random: [u64; 2]) {
        let keys = keys();
        let octets = match head.state {
            State::Done if sealed => {
                let nonce = crate::seal::nonce(random);
                encode_sealed(&head, &answer, &PLACE, &keys, nonce).unwrap()
            }
            State::Done => encode_done(&head, &answer),
            _ => encode(&head),
        };
        let record = Record::decode(&octets).unwrap();
        prop_assert_eq!(&record.head, &head);
        let read = record.answer(&PLACE, sealed.then_some(&keys));
        let expected = (head.state == State::Done).then_some(answer).ok_or(Unreadable::Malformed);
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn a_sealed_record_that_was_changed_never_answers(at in any::<prop::sample::Index>(), bit in 0..8) {
        let head = head(State::Done);
        let mut octets = encode_sealed(&head, &answer(), &PLACE, &keys(), [1; 12]).unwrap();
        let index = at.index(octets.len());
        octets[index] ^= 1_u8 << bit;
        let read = Record::decode(&octets).and_then(|record| record.answer(&PLACE, Some(&keys())));
        prop_assert!(read.is_err(), "{read:?}");
    }

    #[test]
    fn no_octets_are_too_strange(octets in prop::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(record) = Record::decode(&octets) {
            let _ = record.answer(&PLACE, None);
        }
    }

    #[test]
    fn a_record_that_was_damaged_is_no_trouble(at in any::<prop::sample::Index>(), octet: u8, cut: bool) {
        let mut octets = encode_done(&head(State::Done), &answer());
        let index = at.index(octets.len());
        if cut {
            octets.truncate(index);
        } else {
            octets[index] = octet;
        }
        if let Ok(record) = Record::decode(&octets) {
            let _ = record.answer(&PLACE, None);
        }
    }
}

#[test]
fn a_claim_has_room_for_every_end_without_an_answer() {
    let claim = encode(&head(State::InFlight)).len();
    for why in [
        NotKept::TooLarge,
        NotKept::Endless,
        NotKept::Status,
        NotKept::NoKey,
    ] {
        assert!(encode(&head(State::NotKept(why))).len() <= claim);
    }
    assert!(encode(&head(State::Unknown)).len() <= claim);
}
