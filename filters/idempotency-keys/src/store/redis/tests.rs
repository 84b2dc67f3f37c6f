use std::time::Duration;

use kit::call::HttpCall;
use proptest::prelude::*;

use super::*;
use crate::store::{Secret, Token};

const TTL: Duration = Duration::from_millis(1500);

fn redis(front: Front) -> Redis {
    Redis::new(RedisSettings {
        cluster: "redis".to_owned(),
        authority: "redis.internal".to_owned(),
        prefix: "idem:".to_owned(),
        front,
    })
}

fn tunnel(password: Option<&str>, database: u32) -> Redis {
    redis(Front::Tunnel(Tunnel {
        path: "/".to_owned(),
        user: password.map(|_| "app".to_owned()),
        password: password.map(|password| Secret::new(password.to_owned())),
        database,
    }))
}

fn http_front() -> HttpFront {
    HttpFront {
        path: "/".to_owned(),
        authorization: Some(Secret::new("Bearer t".to_owned())),
    }
}

fn fronts() -> [Redis; 3] {
    [
        tunnel(None, 0),
        redis(Front::Webdis(http_front())),
        redis(Front::Rest(http_front())),
    ]
}

fn key() -> StoreKey {
    StoreKey::new([0xab; 32])
}

fn claim() -> Command {
    Command::Claim {
        key: key(),
        token: Token(7),
        tenant: None,
        record: b"\0\xff".to_vec(),
        ttl: TTL,
    }
}

fn replace() -> Command {
    Command::Replace {
        key: key(),
        fence: Fence::Token(Token(5)),
        token: Token(7),
        record: b"done".to_vec(),
        ttl: TTL,
        finished: true,
    }
}

fn release() -> Command {
    Command::Release {
        key: key(),
        fence: Fence::Token(Token(5)),
    }
}

fn asked(next: Next<Pending>) -> (Pending, HttpCall) {
    match next {
        Next::Ask(pending, Ask::Call(CallRequest::Http(call))) => (pending, call),
        other => panic!("expected a call, got {other:?}"),
    }
}

fn answered(next: Next<Pending>) -> Answer {
    match next {
        Next::Done(answer) => answer,
        Next::Ask(_, ask) => panic!("expected an answer, got {ask:?}"),
    }
}

fn http(status: u16, body: impl AsRef<[u8]>) -> CallResult {
    CallResult::Http {
        status,
        headers: Vec::new(),
        body: body.as_ref().to_vec(),
    }
}

fn run(redis: &Redis, command: Command, results: Vec<CallResult>) -> Answer {
    let mut next = redis.begin(command);
    for result in results {
        next = redis.next(asked(next).0, result);
    }
    answered(next)
}

/// The answer to a command whose call ended so, once for each attempt.
fn told(redis: &Redis, command: &Command, status: u16, body: &[u8]) -> Answer {
    let mut next = redis.begin(command.clone());
    for _ in 0..2 {
        next = match next {
            Next::Ask(pending, _) => redis.next(pending, http(status, body)),
            done @ Next::Done(_) => done,
        };
    }
    answered(next)
}

fn failed(failure: Failure) -> Answer {
    Answer::Failed(failure)
}

fn claimed() -> Answer {
    Answer::Claimed(Fence::Token(Token(7)))
}

#[test]
fn a_tunnel_carries_the_commands_of_one_connection() {
    let (_, call) = asked(tunnel(Some("p w"), 3).begin(claim()));
    assert_eq!(
        (call.method.as_str(), call.cluster.as_str()),
        ("POST", "redis")
    );
    let body = call.body;
    assert!(body.starts_with(b"*3\r\n$4\r\nAUTH\r\n$3\r\napp\r\n$3\r\np w\r\n"));
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(
        text.contains("*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*6\r\n"),
        "{text}"
    );
    assert!(
        text.contains(&format!("$69\r\nidem:{}\r\n", "ab".repeat(32))),
        "{text}"
    );
    assert!(
        body.ends_with(b"$19\r\n0000000000000007b\0\xff\r\n$4\r\n1500\r\n*1\r\n$4\r\nQUIT\r\n")
    );
}

#[test]
fn a_tunnel_says_no_more_than_is_needed() {
    let (_, call) = asked(tunnel(None, 0).begin(claim()));
    assert!(call.body.starts_with(b"*6\r\n$4\r\nEVAL\r\n"));
}

#[test]
fn webdis_gets_every_word_percent_encoded() {
    let (_, call) = asked(redis(Front::Webdis(http_front())).begin(claim()));
    let body = String::from_utf8(call.body).unwrap();
    assert!(body.starts_with("EVAL/local%20v%20%3D%20"), "{body}");
    let tail = format!("/1/idem%3A{}/0000000000000007tAP8/1500", "ab".repeat(32));
    assert!(body.ends_with(&tail), "{body}");
    assert!(!body.contains('.'), "{body}");
}

#[test]
fn the_rest_front_gets_an_array_and_a_token() {
    let (_, call) = asked(redis(Front::Rest(http_front())).begin(release()));
    let words: Vec<String> = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(words[0], "EVAL");
    assert_eq!(
        words[2..],
        [
            "1".to_owned(),
            format!("idem:{}", "ab".repeat(32)),
            "0000000000000005".to_owned()
        ]
    );
    let authorization = ("authorization".to_owned(), "Bearer t".to_owned());
    assert!(call.headers.contains(&authorization));
}

#[test]
fn a_claim_is_told_from_what_stands_through_every_front() {
    let [tunnel, webdis, rest] = fronts();
    let exists = Answer::Exists {
        record: b"\0\xff".to_vec(),
        fence: Fence::Token(Token(9)),
    };
    for (redis, one, other) in [
        (
            tunnel,
            ":1\r\n+OK\r\n".as_bytes(),
            b"$19\r\n0000000000000009b\0\xff\r\n+OK\r\n".as_slice(),
        ),
        (
            webdis,
            br#"{"EVAL":1}"#,
            br#"{"EVAL":"0000000000000009tAP8"}"#,
        ),
        (
            rest,
            br#"{"result":1}"#,
            br#"{"result":"0000000000000009tAP8"}"#,
        ),
    ] {
        assert_eq!(run(&redis, claim(), vec![http(200, one)]), claimed());
        assert_eq!(run(&redis, claim(), vec![http(200, other)]), exists);
    }
}

#[test]
fn an_unanswered_claim_is_sent_again_and_finds_itself() {
    let own = http(200, b"$19\r\n0000000000000007b\0\xff\r\n+OK\r\n");
    let reset = || CallResult::Failed(CallFailure::Reset);
    for first in [
        http(504, ""),
        http(503, "upstream connect error"),
        reset(),
        http(200, ""),
    ] {
        let answer = run(&tunnel(None, 0), claim(), vec![first, own.clone()]);
        assert_eq!(answer, claimed());
    }
    let answer = run(&tunnel(None, 0), claim(), vec![http(504, ""), reset()]);
    assert_eq!(answer, failed(Failure::TimedOut));
    let answer = run(&tunnel(None, 0), replace(), vec![http(504, "")]);
    assert_eq!(answer, failed(Failure::TimedOut));
}

#[test]
fn a_call_that_is_not_sent_is_not_repeated() {
    let not_sent = CallResult::Failed(CallFailure::NotSent);
    let answer = run(&tunnel(None, 0), claim(), vec![not_sent]);
    assert_eq!(answer, failed(Failure::NotSent));
}

#[test]
fn writes_count_or_are_lost() {
    let redis = tunnel(None, 0);
    let one = || vec![http(200, ":1\r\n+OK\r\n")];
    let zero = || vec![http(200, ":0\r\n+OK\r\n")];
    let replaced = Answer::Replaced(Fence::Token(Token(7)));
    assert_eq!(run(&redis, replace(), one()), replaced);
    assert_eq!(run(&redis, replace(), zero()), Answer::Lost);
    assert_eq!(run(&redis, release(), one()), Answer::Released);
    assert_eq!(run(&redis, release(), zero()), Answer::Lost);
}

#[test]
fn a_fence_of_another_store_does_not_hold() {
    let command = Command::Release {
        key: key(),
        fence: Fence::Revision(1),
    };
    assert_eq!(answered(tunnel(None, 0).begin(command)), Answer::Lost);
}

#[test]
fn a_refusal_before_the_script_is_the_answer() {
    let redis = tunnel(Some("no"), 0);
    let body = "-WRONGPASS invalid\r\n-NOAUTH Authentication required.\r\n+OK\r\n";
    assert_eq!(
        run(&redis, claim(), vec![http(200, body)]),
        failed(Failure::Denied)
    );
}

#[test]
fn a_script_that_ran_after_a_refusal_leaves_open_what_it_did() {
    let redis = tunnel(Some("no"), 2);
    let body = b"+OK\r\n-ERR DB index is out of range\r\n:1\r\n+OK\r\n";
    assert_eq!(told(&redis, &claim(), 200, body), failed(Failure::Unknown));
}

#[test]
fn a_server_with_too_many_clients_says_so_and_closes() {
    let body = b"-ERR max number of clients reached\r\n";
    for redis in [tunnel(None, 0), tunnel(Some("p"), 3)] {
        assert_eq!(told(&redis, &claim(), 200, body), failed(Failure::Unready));
    }
}

#[test]
fn errors_of_redis_come_through_every_front() {
    let [tunnel, webdis, rest] = fronts();
    let full = failed(Failure::Full);
    let body = b"-OOM command not allowed\r\n+OK\r\n";
    assert_eq!(told(&tunnel, &claim(), 200, body), full);
    assert_eq!(
        told(&webdis, &claim(), 200, br#"{"EVAL":[false,"OOM command"]}"#),
        full
    );
    assert_eq!(
        told(&rest, &claim(), 400, br#"{"error":"OOM command"}"#),
        full
    );
}

#[test]
fn the_status_of_a_front_says_what_it_is() {
    for redis in fronts() {
        for (status, failure) in [
            (401, Failure::Denied),
            (403, Failure::Denied),
            (413, Failure::TooLarge),
            (429, Failure::Unready),
            (503, Failure::Unreachable),
            (504, Failure::TimedOut),
            (500, Failure::Unknown),
            (204, Failure::Unknown),
        ] {
            assert_eq!(
                told(&redis, &claim(), status, b""),
                failed(failure),
                "{status}"
            );
        }
    }
}

#[test]
fn answers_that_are_none_are_errors() {
    let [tunnel, webdis, rest] = fronts();
    for body in [
        ":2\r\n+OK\r\n",
        "$-1\r\n+OK\r\n",
        "+OK\r\n",
        ":1\r\n:1\r\n",
        "$3\r\nabc\r\n+OK\r\n",
        "HTTP/1.1 400 \r\n\r\n",
    ] {
        assert_eq!(
            told(&tunnel, &claim(), 200, body.as_bytes()),
            failed(Failure::Malformed),
            "{body}"
        );
    }
    for body in [
        "",
        "1",
        "{}",
        r#"{"EVAL":null}"#,
        r#"{"EVAL":1.5}"#,
        r#"{"EVAL":[true,"OK"]}"#,
        r#"{"GET":1}"#,
    ] {
        assert_eq!(
            told(&webdis, &claim(), 200, body.as_bytes()),
            failed(Failure::Malformed),
            "{body}"
        );
    }
    for body in ["", "[]", "{}", r#"{"result":null}"#, r#"{"result":[1]}"#] {
        assert_eq!(
            told(&rest, &claim(), 200, body.as_bytes()),
            failed(Failure::Malformed),
            "{body}"
        );
    }
    assert_eq!(
        told(&rest, &claim(), 400, br#"{"result":1}"#),
        failed(Failure::Malformed)
    );
}

#[test]
fn a_reply_that_is_cut_is_a_connection_that_was_lost() {
    let body = b"$19\r\n0000000000000009b\0";
    assert_eq!(
        told(&tunnel(None, 0), &claim(), 200, body),
        failed(Failure::Unreachable)
    );
}

#[test]
fn the_password_is_not_shown() {
    let shown = format!("{:?}", tunnel(Some("hidden"), 0));
    assert!(!shown.contains("hidden"), "{shown}");
}

#[test]
fn a_time_to_live_is_one_that_redis_takes() {
    for (ttl, argument) in [
        (Duration::ZERO, "$1\r\n1\r\n*1\r\n$4\r\nQUIT\r\n"),
        (Duration::MAX, "$12\r\n315360000000\r\n*1\r\n$4\r\nQUIT\r\n"),
    ] {
        let command = match claim() {
            Command::Claim {
                key,
                token,
                tenant,
                record,
                ..
            } => Command::Claim {
                key,
                token,
                tenant,
                record,
                ttl,
            },
            other => other,
        };
        let (_, call) = asked(tunnel(None, 0).begin(command));
        assert!(call.body.ends_with(argument.as_bytes()));
    }
}

proptest! {
    #[test]
    fn any_answer_is_read_or_refused(
        status in prop_oneof![Just(200_u16), Just(400), any::<u16>()],
        body: Vec<u8>,
    ) {
        for redis in fronts() {
            for command in [claim(), replace(), release()] {
                told(&redis, &command, status, &body);
            }
        }
    }

    #[test]
    fn any_json_is_read_or_refused(inner in "[\\[\\]{}:,\"a-zA-Z0-9. truefalsn]{0,40}") {
        for name in ["EVAL", "result", "error"] {
            let body = format!("{{\"{name}\":{inner}}}");
            for redis in fronts() {
                told(&redis, &claim(), 200, body.as_bytes());
            }
        }
    }

    #[test]
    fn a_record_comes_back_through_every_front_as_it_was(record: Vec<u8>) {
        for redis in fronts() {
            let value = redis.encoding().value(Token(9), &record);
            let text = String::from_utf8_lossy(&value).into_owned();
            let body = match redis.settings.front {
                Front::Tunnel(_) => {
                    let header = format!("${}\r\n", value.len());
                    [header.as_bytes(), &value, b"\r\n+OK\r\n"].concat()
                }
                Front::Webdis(_) => format!("{{\"EVAL\":\"{text}\"}}").into_bytes(),
                Front::Rest(_) => format!("{{\"result\":\"{text}\"}}").into_bytes(),
            };
            let expected = Answer::Exists { record: record.clone(), fence: Fence::Token(Token(9)) };
            prop_assert_eq!(told(&redis, &claim(), 200, &body), expected);
        }
    }
}
