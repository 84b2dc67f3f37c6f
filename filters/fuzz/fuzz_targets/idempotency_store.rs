//! What Redis, its HTTP fronts and etcd may answer, in any order: every command comes to an end, and
//! none is said to be carried out unless the last answer says so, by a reading that is not the filter's.

#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use idempotency_keys::live::{Answer, Fence, Store, Way};
use kit::call::{CallFailure, CallRequest, CallResult, GrpcFailure};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use serde_json::{Value, json};

/// More calls than one command can need: a login, a write, a grant, and all of it again.
const MOST_CALLS: usize = 12;

const KEY: [u8; 32] = [7; 32];
const OWN: u64 = 0x0102_0304_0506_0708;
const OTHER: u64 = 0x1112_1314_1516_1718;
const RECORD: &[u8] = b"record\r\n\xff";
const TTL: Duration = Duration::from_secs(60);

#[derive(Debug, Arbitrary)]
struct Input {
    store: StoreInput,
    command: CommandInput,
    results: Vec<ResultInput>,
}

#[derive(Debug, Arbitrary)]
enum StoreInput {
    Tunnel { password: bool, database: bool },
    Webdis,
    Rest,
    Etcd { user: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Arbitrary)]
enum CommandInput {
    Claim,
    Replace,
    Release,
    Tick,
}

#[derive(Debug, Arbitrary)]
enum ResultInput {
    Http {
        status: u8,
        pieces: Vec<Piece>,
    },
    Json {
        status: u8,
        member: u8,
        value: JsonInput,
    },
    Grpc {
        pieces: Vec<Piece>,
    },
    Txn(TxnInput),
    Refused {
        code: u8,
        text: u8,
    },
    Failed(bool),
}

#[derive(Debug, Arbitrary)]
enum Piece {
    Ok,
    Integer(i8),
    Null,
    Own(bool),
    Other(bool),
    Error(u8),
    Any(Vec<u8>),
}

#[derive(Debug, Arbitrary)]
enum JsonInput {
    Integer(i8),
    Own,
    Other,
    Error(u8),
    Text(String),
    Nothing,
}

#[derive(Debug, Arbitrary)]
struct TxnInput {
    revision: Option<i8>,
    succeeded: bool,
    stands: Option<Piece>,
    modified: i8,
}

const STATUSES: [u16; 6] = [200, 400, 401, 413, 503, 504];
const MEMBERS: [&str; 4] = ["EVAL", "result", "error", "GET"];
const ERRORS: [&str; 7] = [
    "OOM command not allowed",
    "NOAUTH Authentication required.",
    "LOADING",
    "ERR Error running script: @user_script:1: -OOM no",
    "",
    "-",
    "ERR max number of clients reached",
];
const REFUSALS: [&str; 8] = [
    "etcdserver: requested lease not found",
    "etcdserver: lease already exists",
    "etcdserver: invalid auth token",
    "etcdserver: user name is empty",
    "etcdserver: request is too large",
    "etcdserver: mvcc: database space exceeded",
    "upstream request timeout",
    "",
];
const CODES: [u32; 10] = [3, 4, 5, 7, 8, 9, 14, 16, 2, 99];

/// The parts of an answer of etcd that say what was done (`rpc.proto`).
#[derive(Clone, PartialEq, Message)]
struct Txn {
    #[prost(message, optional, tag = "1")]
    header: Option<Header>,
    #[prost(bool, tag = "2")]
    succeeded: bool,
    #[prost(message, repeated, tag = "3")]
    responses: Vec<Response>,
}

#[derive(Clone, PartialEq, Message)]
struct Header {
    #[prost(int64, tag = "3")]
    revision: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    range: Option<Range>,
}

#[derive(Clone, PartialEq, Message)]
struct Range {
    #[prost(message, repeated, tag = "2")]
    kvs: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(int64, tag = "3")]
    mod_revision: i64,
    #[prost(bytes = "vec", tag = "5")]
    value: Vec<u8>,
}

impl StoreInput {
    fn store(&self) -> Store {
        let redis = |way| Store::redis("redis", "p/", way);
        match self {
            Self::Tunnel { password, database } => redis(Way::Tunnel {
                user: None,
                password: password.then(|| "secret".to_owned()),
                database: u32::from(*database),
            }),
            Self::Webdis => redis(Way::Webdis {
                authorization: None,
            }),
            Self::Rest => redis(Way::Rest {
                authorization: Some("Bearer secret".to_owned()),
            }),
            Self::Etcd { user } => Store::etcd("etcd", "p/", user.then_some(("u", "secret"))),
        }
    }

    /// Whether the answer to the last call says that this was done.
    fn says(&self, done: Done, result: &CallResult) -> bool {
        match (self, result) {
            (Self::Etcd { .. }, CallResult::Grpc(Ok(message))) => etcd_says(done, message),
            (Self::Tunnel { password, database }, CallResult::Http { status, body, .. }) => {
                let before = usize::from(*password) + usize::from(*database);
                *status == 200 && resp_says(done, body, before)
            }
            (Self::Webdis, CallResult::Http { status, body, .. }) => {
                *status == 200 && json_says(done, body, "EVAL")
            }
            (Self::Rest, CallResult::Http { status, body, .. }) => {
                *status == 200 && json_says(done, body, "result")
            }
            _ => false,
        }
    }
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Done {
    Claimed,
    Exists,
    Replaced,
    Released,
    Lost,
}

fn done(answer: &Answer) -> Option<Done> {
    Some(match answer {
        Answer::Claimed(_) => Done::Claimed,
        Answer::Exists { .. } => Done::Exists,
        Answer::Replaced(_) => Done::Replaced,
        Answer::Released => Done::Released,
        Answer::Lost => Done::Lost,
        Answer::Failed(_) => return None,
    })
}

fn etcd_says(done: Done, message: &[u8]) -> bool {
    let Ok(answer) = Txn::decode(message) else {
        return false;
    };
    if answer.header.is_none_or(|header| header.revision <= 0) {
        return false;
    }
    let range = answer
        .responses
        .first()
        .and_then(|first| first.range.as_ref());
    let stands = range.and_then(|range| range.kvs.first());
    let owner = stands.and_then(|stands| stands.value.first_chunk::<8>());
    let is_own = owner == Some(&OWN.to_be_bytes());
    match done {
        Done::Claimed => answer.succeeded || is_own,
        Done::Exists => !answer.succeeded && owner.is_some() && !is_own,
        Done::Replaced => answer.succeeded || is_own,
        Done::Released => answer.succeeded || (range.is_some() && stands.is_none()),
        Done::Lost => !answer.succeeded && stands.is_some(),
    }
}

/// What a script of Redis left: a number, or the value that stands.
enum Left {
    Number(i64),
    Value(Vec<u8>),
}

fn left_says(done: Done, left: &Left) -> bool {
    let own = format!("{OWN:016x}");
    match (done, left) {
        (Done::Claimed | Done::Replaced | Done::Released, Left::Number(1)) => true,
        (Done::Lost, Left::Number(0)) => true,
        (Done::Claimed, Left::Value(value)) => value.starts_with(own.as_bytes()),
        (Done::Exists, Left::Value(value)) => !value.starts_with(own.as_bytes()),
        _ => false,
    }
}

/// The reply that follows as many `+OK` (RESP).
fn resp_says(done: Done, body: &[u8], before: usize) -> bool {
    let mut rest = body;
    for _ in 0..before {
        let Some(next) = rest.strip_prefix(b"+OK\r\n") else {
            return false;
        };
        rest = next;
    }
    let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") else {
        return false;
    };
    let (line, rest) = (&rest[..end], &rest[end + 2..]);
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<i64>().ok();
    let left = match line.split_first() {
        Some((b':', digits)) => number(digits).map(Left::Number),
        Some((b'$', digits)) => number(digits)
            .and_then(|length| rest.get(..usize::try_from(length).ok()?))
            .map(|value| Left::Value(value.to_vec())),
        _ => None,
    };
    left.is_some_and(|left| left_says(done, &left))
}

fn json_says(done: Done, body: &[u8], member: &str) -> bool {
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return false;
    };
    let left = match &document[member] {
        Value::Number(number) => number.as_i64().map(Left::Number),
        Value::String(value) => Some(Left::Value(value.clone().into_bytes())),
        _ => None,
    };
    left.is_some_and(|left| left_says(done, &left))
}

impl ResultInput {
    fn result(&self) -> CallResult {
        match self {
            Self::Http { status, pieces } => http(*status, resp(pieces)),
            Self::Json {
                status,
                member,
                value,
            } => {
                let document = json!({ pick(&MEMBERS, *member): value.value() });
                http(*status, document.to_string().into_bytes())
            }
            Self::Grpc { pieces } => CallResult::Grpc(Ok(resp(pieces))),
            Self::Txn(txn) => CallResult::Grpc(Ok(txn.message())),
            Self::Refused { code, text } => {
                let text = pick(&REFUSALS, *text);
                let failure = GrpcFailure::new(pick(&CODES, *code), text.as_bytes());
                CallResult::Grpc(Err(failure))
            }
            Self::Failed(true) => CallResult::Failed(CallFailure::NotSent),
            Self::Failed(false) => CallResult::Failed(CallFailure::Reset),
        }
    }
}

fn http(status: u8, body: Vec<u8>) -> CallResult {
    CallResult::Http {
        status: pick(&STATUSES, status),
        headers: Vec::new(),
        body,
    }
}

fn pick<T: Copy>(list: &[T], place: u8) -> T {
    list[usize::from(place) % list.len()]
}

/// A value of Redis: the owner in digits, how the record is written, the record.
fn value(owner: u64, is_text: bool) -> Vec<u8> {
    let mut value = format!("{owner:016x}").into_bytes();
    value.extend_from_slice(if is_text { b"tcmVj" } else { b"brec" });
    value
}

fn bulk(value: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", value.len()).as_bytes(), value, b"\r\n"].concat()
}

fn resp(pieces: &[Piece]) -> Vec<u8> {
    let piece = |piece: &Piece| match piece {
        Piece::Ok => b"+OK\r\n".to_vec(),
        Piece::Integer(number) => format!(":{number}\r\n").into_bytes(),
        Piece::Null => b"$-1\r\n".to_vec(),
        Piece::Own(is_text) => bulk(&value(OWN, *is_text)),
        Piece::Other(is_text) => bulk(&value(OTHER, *is_text)),
        Piece::Error(text) => format!("-{}\r\n", pick(&ERRORS, *text)).into_bytes(),
        Piece::Any(octets) => octets.clone(),
    };
    pieces.iter().flat_map(piece).collect()
}

impl JsonInput {
    fn value(&self) -> Value {
        let text = |owner| String::from_utf8_lossy(&value(owner, true)).into_owned();
        match self {
            Self::Integer(number) => json!(number),
            Self::Own => text(OWN).into(),
            Self::Other => text(OTHER).into(),
            Self::Error(place) => json!([false, pick(&ERRORS, *place)]),
            Self::Text(text) => json!(text),
            Self::Nothing => Value::Null,
        }
    }
}

impl TxnInput {
    fn message(&self) -> Vec<u8> {
        let value = |piece: &Piece| match piece {
            Piece::Own(_) => [&OWN.to_be_bytes()[..], RECORD].concat(),
            Piece::Other(_) => [&OTHER.to_be_bytes()[..], RECORD].concat(),
            Piece::Any(octets) => octets.clone(),
            _ => Vec::new(),
        };
        let kvs = self.stands.iter().map(|stands| KeyValue {
            mod_revision: self.modified.into(),
            value: value(stands),
        });
        let range = Range { kvs: kvs.collect() };
        Txn {
            header: self.revision.map(|revision| Header {
                revision: revision.into(),
            }),
            succeeded: self.succeeded,
            responses: vec![Response { range: Some(range) }],
        }
        .encode_to_vec()
    }
}

/// A store, and the fence of what this owner has claimed there.
fn claimed(input: &StoreInput) -> (Store, Fence) {
    let store = input.store();
    let mut carry = |call: CallRequest| match (input, call) {
        (StoreInput::Etcd { .. }, CallRequest::Grpc(call)) if call.method == "Authenticate" => {
            // AuthenticateResponse.token (2).
            CallResult::Grpc(Ok(b"\x12\x05token".to_vec()))
        }
        (StoreInput::Etcd { .. }, _) => {
            let header = Some(Header { revision: 5 });
            let answer = Txn {
                header,
                succeeded: true,
                responses: Vec::new(),
            };
            CallResult::Grpc(Ok(answer.encode_to_vec()))
        }
        (StoreInput::Tunnel { password, database }, _) => {
            let oks = usize::from(*password) + usize::from(*database);
            http(
                0,
                ["+OK\r\n".repeat(oks), ":1\r\n".to_owned()]
                    .concat()
                    .into_bytes(),
            )
        }
        (StoreInput::Webdis, _) => http(0, b"{\"EVAL\":1}".to_vec()),
        (StoreInput::Rest, _) => http(0, b"{\"result\":1}".to_vec()),
    };
    match store.claim(KEY, OWN, RECORD, TTL, &mut carry) {
        Answer::Claimed(fence) => (store, fence),
        other => panic!("nothing stands in the way: {other:?}"),
    }
}

fuzz_target!(|input: Input| {
    let (store, fence) = claimed(&input.store);
    let mut results = input.results.iter().map(ResultInput::result);
    let (mut calls, mut last) = (0, None);
    let mut carry = |_: CallRequest| {
        calls += 1;
        assert!(calls <= MOST_CALLS, "it never ends");
        let result = results.next();
        let result = result.unwrap_or(CallResult::Failed(CallFailure::Reset));
        last = Some(result.clone());
        result
    };
    let answer = match input.command {
        CommandInput::Claim => store.claim(KEY, OWN, RECORD, TTL, &mut carry),
        CommandInput::Replace => store.replace(KEY, (fence, OWN), RECORD, TTL, &mut carry),
        CommandInput::Release => store.release(KEY, fence, &mut carry),
        CommandInput::Tick => {
            store.tick(7, &mut carry);
            store.claim(KEY, OWN, RECORD, TTL, &mut carry)
        }
    };
    let Some(done) = done(&answer) else {
        return;
    };
    let fits = match input.command {
        CommandInput::Claim | CommandInput::Tick => [Done::Claimed, Done::Exists],
        CommandInput::Replace => [Done::Replaced, Done::Lost],
        CommandInput::Release => [Done::Released, Done::Lost],
    };
    assert!(fits.contains(&done), "{answer:?}");
    let last = last.expect("nothing is done without a call");
    assert!(input.store.says(done, &last), "{answer:?} of {last:?}");
});
