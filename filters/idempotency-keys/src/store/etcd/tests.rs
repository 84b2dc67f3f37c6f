use kit::call::GrpcFailure;
use proptest::prelude::*;

use super::messages::{
    Compare, KeyValue, RangeResponse, Request, Response, ResponseHeader, ResponseOp, Revision,
    TxnRequest, TxnResponse,
};
use super::*;
use crate::store::Token;

const TTL: Duration = Duration::from_mins(1);

fn etcd() -> Etcd {
    Etcd::new(EtcdSettings {
        cluster: "etcd".to_owned(),
        authority: String::new(),
        prefix: "idem/".to_owned(),
        user: None,
    })
}

fn etcd_with_user() -> Etcd {
    Etcd::new(EtcdSettings {
        user: Some(User {
            name: "app".to_owned(),
            password: Secret::new("pass".to_owned()),
        }),
        ..etcd().settings
    })
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
}

fn key() -> StoreKey {
    StoreKey::new([0xab; 32])
}

fn claim() -> Command {
    Command::Claim {
        key: key(),
        token: Token(7),
        tenant: None,
        record: b"record".to_vec(),
        ttl: TTL,
    }
}

fn replace(record: Vec<u8>) -> Command {
    Command::Replace {
        key: key(),
        fence: Fence::Revision(5),
        token: Token(7),
        record,
        ttl: TTL,
        finished: true,
    }
}

fn release() -> Command {
    Command::Release {
        key: key(),
        fence: Fence::Revision(5),
    }
}

/// The method that is called, with the call.
fn asked(next: Next<Pending>) -> (Pending, GrpcCall) {
    match next {
        Next::Ask(pending, Ask::Call(CallRequest::Grpc(call))) => (pending, call),
        other => panic!("expected a call, got {other:?}"),
    }
}

fn answered(next: Next<Pending>) -> Answer {
    match next {
        Next::Done(answer) => answer,
        Next::Ask(_, ask) => panic!("expected an answer, got {ask:?}"),
    }
}

/// Runs a command against scripted results; the methods that were called, and the answer.
fn run(etcd: &Etcd, command: Command, results: Vec<CallResult>) -> (Vec<String>, Answer) {
    let mut methods = Vec::new();
    let mut next = etcd.begin(command, now());
    for result in results {
        let (pending, call) = asked(next);
        methods.push(call.method);
        next = etcd.next(pending, result);
    }
    (methods, answered(next))
}

fn said(message: Vec<u8>) -> CallResult {
    CallResult::Grpc(Ok(message))
}

fn refused((code, message): (u32, &str)) -> CallResult {
    CallResult::Grpc(Err(GrpcFailure::new(code, message.as_bytes())))
}

// What etcd says, and what the proxy says for it.
const NO_LEASE: (u32, &str) = (5, "etcdserver: requested lease not found");
const LEASE_EXISTS: (u32, &str) = (9, "etcdserver: lease already exists");
const TOO_LARGE: (u32, &str) = (3, "etcdserver: request is too large");
const LOGIN_FAILED: (u32, &str) = (
    3,
    "etcdserver: authentication failed, invalid user ID or password",
);
const NO_USER: (u32, &str) = (3, "etcdserver: user name is empty");
const OLD_REVISION: (u32, &str) = (3, "etcdserver: revision of auth store is old");
const INVALID_TOKEN: (u32, &str) = (16, "etcdserver: invalid auth token");
const DENIED: (u32, &str) = (7, "etcdserver: permission denied");
const UNREACHABLE: (u32, &str) = (14, "no healthy upstream");
const TIMED_OUT: (u32, &str) = (14, "upstream request timeout");

fn written(revision: i64) -> CallResult {
    said(answer(true, revision, Vec::new()))
}

/// A transaction whose comparison failed, and what stands there.
fn stands(kvs: Vec<KeyValue>) -> CallResult {
    said(answer(false, 9, kvs))
}

fn answer(succeeded: bool, revision: i64, kvs: Vec<KeyValue>) -> Vec<u8> {
    let range = ResponseOp {
        response: Some(Response::Range(RangeResponse { kvs })),
    };
    let answer = TxnResponse {
        header: Some(ResponseHeader { revision }),
        succeeded,
        responses: vec![range],
    };
    answer.encode_to_vec()
}

fn value(token: u64, record: &[u8]) -> KeyValue {
    KeyValue {
        mod_revision: 8,
        value: Token(token).before(record),
    }
}

fn token() -> CallResult {
    let token = "token.1".to_owned();
    said(AuthenticateResponse { token }.encode_to_vec())
}

fn failed(failure: Failure) -> Answer {
    Answer::Failed(failure)
}

#[test]
fn a_claim_is_one_transaction_on_a_hashed_name_with_a_lease() {
    let (_, call) = asked(etcd().begin(claim(), now()));
    assert_eq!((call.service.as_str(), call.method.as_str()), (KV, "Txn"));
    let request = TxnRequest::decode(call.message.as_slice()).unwrap();
    let name = format!("idem/{}", "ab".repeat(32)).into_bytes();
    assert_eq!(request.compare, [Compare::absent(&name)]);
    let Some(Request::Put(put)) = &request.success[0].request else {
        panic!("expected a put, got {request:?}");
    };
    assert_eq!(put.key, name);
    assert_eq!(put.value, Token(7).before(b"record"));
    assert!(put.lease > 0);
}

#[test]
fn a_replacement_counts_for_a_key_that_is_gone_but_not_for_one_that_was_written_since() {
    let (_, call) = asked(etcd().begin(replace(Vec::new()), now()));
    let request = TxnRequest::decode(call.message.as_slice()).unwrap();
    // LESS than 6: 5 and 0.
    assert_eq!(request.compare[0].result, 2);
    assert_eq!(request.compare[0].revision, Some(Revision::Modified(6)));
}

#[test]
fn the_first_claim_wins_and_the_second_finds_its_record() {
    let (_, first) = run(&etcd(), claim(), vec![written(5)]);
    assert_eq!(first, Answer::Claimed(Fence::Revision(5)));
    let (_, second) = run(&etcd(), claim(), vec![stands(vec![value(1, b"other")])]);
    let expected = Answer::Exists {
        record: b"other".to_vec(),
        fence: Fence::Revision(8),
    };
    assert_eq!(second, expected);
}

#[test]
fn a_lease_that_is_missing_is_granted_once() {
    let results = vec![refused(NO_LEASE), said(Vec::new()), written(5)];
    let (methods, answer) = run(&etcd(), claim(), results);
    assert_eq!(methods, ["Txn", "LeaseGrant", "Txn"]);
    assert_eq!(answer, Answer::Claimed(Fence::Revision(5)));

    let results = vec![refused(NO_LEASE), said(Vec::new()), refused(NO_LEASE)];
    let (_, answer) = run(&etcd(), claim(), results);
    assert_eq!(answer, failed(Failure::Unready));
}

#[test]
fn a_lease_that_another_proxy_has_granted_will_do() {
    let results = vec![refused(NO_LEASE), refused(LEASE_EXISTS), written(5)];
    let (_, answer) = run(&etcd(), claim(), results);
    assert_eq!(answer, Answer::Claimed(Fence::Revision(5)));
}

#[test]
fn the_lease_that_is_granted_is_the_one_that_is_used() {
    let etcd = etcd();
    let (pending, first) = asked(etcd.begin(claim(), now()));
    let (_, grant) = asked(etcd.next(pending, refused(NO_LEASE)));
    let grant = LeaseGrantRequest::decode(grant.message.as_slice()).unwrap();
    let request = TxnRequest::decode(first.message.as_slice()).unwrap();
    let Some(Request::Put(put)) = &request.success[0].request else {
        panic!("expected a put, got {request:?}");
    };
    assert_eq!(grant.id, put.lease);
    assert!(grant.ttl >= 60);
}

#[test]
fn an_unanswered_claim_is_sent_again_and_finds_itself() {
    let ours = value(7, b"record");
    let (methods, answer) = run(
        &etcd(),
        claim(),
        vec![refused(UNREACHABLE), stands(vec![ours])],
    );
    assert_eq!(methods, ["Txn", "Txn"]);
    assert_eq!(answer, Answer::Claimed(Fence::Revision(8)));
}

#[test]
fn a_store_that_stays_away_is_told_after_two_attempts() {
    let (_, answer) = run(
        &etcd(),
        claim(),
        vec![refused(UNREACHABLE), refused(TIMED_OUT)],
    );
    assert_eq!(answer, failed(Failure::Unreachable));
    let (_, answer) = run(&etcd(), release(), vec![refused(TIMED_OUT)]);
    assert_eq!(answer, failed(Failure::TimedOut));
}

#[test]
fn a_late_owner_is_fenced_out() {
    let other = || stands(vec![value(1, b"other")]);
    assert_eq!(
        run(&etcd(), replace(Vec::new()), vec![other()]).1,
        Answer::Lost
    );
    assert_eq!(run(&etcd(), release(), vec![other()]).1, Answer::Lost);
}

#[test]
fn what_was_carried_out_before_counts_when_it_is_sent_again() {
    let done = stands(vec![value(7, b"done")]);
    let (_, answer) = run(&etcd(), replace(b"done".to_vec()), vec![done]);
    assert_eq!(answer, Answer::Replaced(Fence::Revision(8)));
    assert_eq!(
        run(&etcd(), release(), vec![stands(Vec::new())]).1,
        Answer::Released
    );
}

#[test]
fn another_record_of_the_same_owner_is_not_this_one() {
    let unknown = stands(vec![value(7, b"unknown")]);
    let (_, answer) = run(&etcd(), replace(b"done".to_vec()), vec![unknown]);
    assert_eq!(answer, Answer::Lost);
}

#[test]
fn a_fence_of_another_store_does_not_hold() {
    let command = Command::Release {
        key: key(),
        fence: Fence::Token(Token(7)),
    };
    assert_eq!(answered(etcd().begin(command, now())), Answer::Lost);
}

#[test]
fn a_record_that_is_too_large_is_told_from_a_login_that_is_missing() {
    let told = |etcd: &Etcd, refusal| run(etcd, replace(vec![0; 100]), vec![refused(refusal)]).1;
    assert_eq!(told(&etcd(), TOO_LARGE), failed(Failure::TooLarge));
    assert_eq!(told(&etcd(), NO_USER), failed(Failure::Denied));

    let etcd = etcd_with_user();
    run(&etcd, claim(), vec![token(), written(5)]);
    // No password is sent for the sake of a record that is too large.
    assert_eq!(told(&etcd, TOO_LARGE), failed(Failure::TooLarge));
    assert_eq!(told(&etcd, DENIED), failed(Failure::Denied));
}

#[test]
fn a_user_authenticates_once_and_calls_carry_the_token() {
    let etcd = etcd_with_user();
    let (pending, call) = asked(etcd.begin(claim(), now()));
    assert_eq!(
        (call.service.as_str(), call.method.as_str()),
        (AUTH, "Authenticate")
    );
    let (pending, call) = asked(etcd.next(pending, token()));
    assert_eq!(call.metadata, [("token".to_owned(), b"token.1".to_vec())]);
    let answer = answered(etcd.next(pending, written(5)));
    assert_eq!(answer, Answer::Claimed(Fence::Revision(5)));
    assert_eq!(run(&etcd, claim(), vec![written(6)]).0, ["Txn"]);
}

#[test]
fn a_token_that_is_no_longer_valid_is_renewed_once() {
    for refusal in [INVALID_TOKEN, NO_USER, OLD_REVISION] {
        let etcd = etcd_with_user();
        run(&etcd, claim(), vec![token(), written(5)]);
        let (methods, _) = run(&etcd, claim(), vec![refused(refusal), token(), written(6)]);
        assert_eq!(methods, ["Txn", "Authenticate", "Txn"]);
        let (_, answer) = run(
            &etcd,
            claim(),
            vec![refused(refusal), token(), refused(refusal)],
        );
        assert_eq!(answer, failed(Failure::Denied));
    }
}

#[test]
fn a_wrong_password_is_denied() {
    let (methods, answer) = run(&etcd_with_user(), claim(), vec![refused(LOGIN_FAILED)]);
    assert_eq!(methods, ["Authenticate"]);
    assert_eq!(answer, failed(Failure::Denied));
}

#[test]
fn a_token_that_cannot_stand_in_metadata_is_none() {
    for text in ["", "a\nb", "a b", "ü"] {
        let token = text.to_owned();
        let message = AuthenticateResponse { token }.encode_to_vec();
        let (_, answer) = run(&etcd_with_user(), claim(), vec![said(message)]);
        assert_eq!(answer, failed(Failure::Malformed), "{text:?}");
    }
}

#[test]
fn an_unanswered_login_is_tried_again() {
    let results = vec![refused(UNREACHABLE), token(), written(5)];
    let (methods, answer) = run(&etcd_with_user(), claim(), results);
    assert_eq!(methods, ["Authenticate", "Authenticate", "Txn"]);
    assert_eq!(answer, Answer::Claimed(Fence::Revision(5)));
}

#[test]
fn a_tick_fetches_a_token_before_the_first_request() {
    let etcd = etcd_with_user();
    let (upkeep, _) = etcd.tick(now(), 0).unwrap();
    assert_eq!(upkeep, Upkeep::Authenticate);
    etcd.ticked(upkeep, token());
    assert_eq!(etcd.tick(now(), 0), None);
    assert_eq!(run(&etcd, claim(), vec![written(5)]).0, ["Txn"]);
}

#[test]
fn ticks_do_not_ask_for_a_token_again_while_one_is_on_its_way() {
    let etcd = etcd_with_user();
    assert!(etcd.tick(now(), 0).is_some());
    assert_eq!(etcd.tick(now() + Duration::from_secs(4), 0), None);
    assert!(etcd.tick(now() + Duration::from_secs(5), 0).is_some());
    assert!(etcd.tick(now(), 0).is_some());
}

#[test]
fn a_tick_grants_the_next_lease_of_what_is_in_use() {
    let etcd = etcd();
    assert_eq!(etcd.tick(now(), 0), None);
    run(&etcd, claim(), vec![written(5)]);
    let later = now() + Duration::from_secs(9);
    let (upkeep, CallRequest::Grpc(call)) = etcd.tick(later, 0).unwrap() else {
        panic!("etcd speaks gRPC");
    };
    assert_eq!(
        (upkeep, call.method.as_str()),
        (Upkeep::Grant, "LeaseGrant")
    );
    assert_eq!(etcd.tick(later, 0), None);
}

#[test]
fn the_password_is_not_shown() {
    let shown = format!("{:?}", etcd_with_user());
    assert!(!shown.contains("pass\""), "{shown}");
}

#[test]
fn answers_that_are_none_are_errors() {
    let no_range = TxnResponse {
        header: Some(ResponseHeader { revision: 9 }),
        succeeded: false,
        responses: Vec::new(),
    };
    let malformed = failed(Failure::Malformed);
    for message in [
        Vec::new(),
        b"\xff".to_vec(),
        no_range.encode_to_vec(),
        answer(true, 0, Vec::new()),
        // A claim that neither wrote nor found anything.
        answer(false, 9, Vec::new()),
        // A value that is too short for a token.
        answer(
            false,
            9,
            vec![KeyValue {
                mod_revision: 8,
                value: b"short".to_vec(),
            }],
        ),
    ] {
        assert_eq!(run(&etcd(), claim(), vec![said(message)]).1, malformed);
    }
}

proptest! {
    #[test]
    fn any_answer_is_read_or_refused(message: Vec<u8>) {
        for command in [claim(), replace(b"r".to_vec()), release()] {
            let (_, answer) = run(&etcd(), command, vec![said(message.clone())]);
            let fence_is_real = match answer {
                Answer::Claimed(Fence::Revision(r)) | Answer::Replaced(Fence::Revision(r)) => r > 0,
                _ => true,
            };
            prop_assert!(fence_is_real);
        }
    }

    #[test]
    fn any_stored_value_is_read_or_refused(octets: Vec<u8>, mod_revision: i64) {
        let value = KeyValue { mod_revision, value: octets.clone() };
        let (_, answer) = run(&etcd(), claim(), vec![stands(vec![value])]);
        match answer {
            Answer::Exists { record, .. } => prop_assert!(octets.ends_with(&record)),
            Answer::Claimed(_) => prop_assert!(octets.starts_with(&Token(7).octets())),
            other => prop_assert_eq!(other, failed(Failure::Malformed)),
        }
    }

    /// Whatever comes, and in whatever order: it ends after a few calls.
    #[test]
    fn every_command_ends(
        results in prop::collection::vec(prop_oneof![Just(0_u32), 1_u32..17], 1..40),
        message in prop_oneof![
            Just(TOO_LARGE.1), Just(LOGIN_FAILED.1), Just(NO_USER.1), Just(TIMED_OUT.1), Just(""),
        ],
        user: bool,
        kind in 0..3,
    ) {
        let etcd = if user { etcd_with_user() } else { etcd() };
        let command = match kind {
            0 => claim(),
            1 => replace(b"r".to_vec()),
            _ => release(),
        };
        let mut next = etcd.begin(command, now());
        let mut calls = 0;
        for code in results.into_iter().cycle() {
            let Next::Ask(pending, Ask::Call(CallRequest::Grpc(call))) = next else {
                break;
            };
            calls += 1;
            prop_assert!(calls <= 10);
            let result = match (code, call.method.as_str()) {
                (0, "Txn") => written(5),
                (0, "Authenticate") => token(),
                (0, _) => said(Vec::new()),
                (code, _) => refused((code, message)),
            };
            next = etcd.next(pending, result);
        }
    }
}
