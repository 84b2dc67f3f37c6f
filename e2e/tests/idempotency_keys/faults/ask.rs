//! The clients.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use e2e::{Client, Exchange, Request, Response, SendError};

use super::service::{CONDUCT, Conduct, EXECUTION, Execution};

/// No request may take longer, whatever fails meanwhile: two tries of the claim (0.5 s), the route
/// (1 s) and the end (0.5 s, if it is written in two ways), and the rest for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What a client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// It was carried out for this request.
    Ran(Execution),
    /// It was carried out before, with this answer.
    Replayed(Execution),
    /// The filter refused it, and this is why.
    Refused(String),
    /// An answer of the proxy or the upstream that is of no execution.
    Failed(u16),
    /// No answer, or no end of it.
    Nothing,
}

/// A request with a key.
pub(crate) fn request(key: &str, conduct: Conduct) -> Request {
    Request::post("/payments", r#"{"amount": 5}"#)
        .header("idempotency-key", key)
        .header(CONDUCT, conduct.name())
}

/// Asks, and waits for the answer; panics if it hangs.
pub(crate) fn ask(door: SocketAddr, key: &str, conduct: Conduct) -> Told {
    let asked = Instant::now();
    let answer = client(door).try_send(request(key, conduct));
    let took = asked.elapsed();
    assert!(took < PATIENCE, "{key} took {took:?}: {answer:?}");
    match answer {
        Ok(response) => told(&response),
        Err(SendError::Late(_)) => panic!("{key} hangs for {PATIENCE:?}"),
        Err(SendError::Connect(_) | SendError::Broken(_)) => Told::Nothing,
    }
}

/// Asks without waiting: who drops the exchange is a client that leaves.
pub(crate) fn begin(door: SocketAddr, key: &str, conduct: Conduct) -> Result<Exchange, SendError> {
    client(door).begin(request(key, conduct))
}

/// What a response says.
pub(crate) fn told(response: &Response) -> Told {
    if !response.complete {
        return Told::Nothing;
    }
    if let Some(reason) = refusal(response) {
        return Told::Refused(reason);
    }
    if !response.headers.has(EXECUTION) {
        return Told::Failed(response.status);
    }
    let execution = Execution {
        status: response.status,
        body: response.text(),
    };
    if response.headers.text("idempotent-replayed") == Some("true") {
        Told::Replayed(execution)
    } else {
        Told::Ran(execution)
    }
}

fn client(door: SocketAddr) -> Client {
    Client::http1(door).patience(PATIENCE)
}

/// The end of the problem's type, if it is one of the filter's.
fn refusal(response: &Response) -> Option<String> {
    let content_type = response.headers.text("content-type")?;
    if content_type != "application/problem+json" {
        return None;
    }
    let problem = response.json();
    let reason = problem["type"]
        .as_str()?
        .strip_prefix("https://treaty.dev/problems/idempotency-keys/")?;
    Some(reason.replace('-', "_"))
}
