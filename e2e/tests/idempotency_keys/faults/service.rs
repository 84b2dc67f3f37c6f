//! The upstream: it carries requests out, and counts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::{Answer, Ending, Seen, Upstream};

/// The field in which a request says what it will meet with.
pub(crate) const CONDUCT: &str = "x-conduct";

/// The field in which an answer tells which execution of its key it is of.
pub(crate) const EXECUTION: &str = "x-execution";

/// The most octets of an answer that is kept.
pub(crate) const MOST_KEPT: usize = 4096;

/// How long the route waits for an answer.
pub(crate) const ROUTE_TIMEOUT: Duration = Duration::from_secs(1);

const TOO_LATE: Duration = Duration::from_millis(1500);

/// What a request meets with at the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// It is answered at once.
    Prompt,
    /// It is answered after a while.
    Slow,
    /// Its answer comes in chunks, with a while between them.
    Paced,
    /// Its answer has no content.
    Empty,
    /// Its answer is larger than what is kept.
    Large,
    /// It is carried out, and fails.
    Failing,
    /// It is carried out, and the connection breaks without an answer.
    Silent,
    /// It is carried out, and the connection breaks in the middle of the answer.
    Torn,
    /// It is carried out, and answered when the route does not wait any more.
    Late,
    /// Its answer begins, and goes on when the route does not wait any more.
    Stalled,
    /// It is refused, and not carried out: the policy frees the key.
    Busy,
}

impl Conduct {
    /// All there are.
    pub(crate) const ALL: [Self; 11] = [
        Self::Prompt,
        Self::Slow,
        Self::Paced,
        Self::Empty,
        Self::Large,
        Self::Failing,
        Self::Silent,
        Self::Torn,
        Self::Late,
        Self::Stalled,
        Self::Busy,
    ];

    /// How a request names it.
    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    fn of(request: &Seen) -> Self {
        let name = request.headers.text(CONDUCT).expect("a conduct");
        Self::ALL
            .into_iter()
            .find(|conduct| conduct.name() == name)
            .expect("the name of a conduct")
    }

    fn answer(self, text: &str) -> Answer {
        let answer = Answer::status(201);
        match self {
            Self::Prompt => answer.chunk(text),
            Self::Slow => answer.chunk(text).delay(Duration::from_millis(300)),
            Self::Paced => [text; 4]
                .into_iter()
                .fold(answer, Answer::chunk)
                .pace(Duration::from_millis(40)),
            Self::Empty => Answer::status(204),
            Self::Large => answer.chunk(text.repeat(2 * MOST_KEPT / text.len())),
            Self::Failing => Answer::status(500).chunk(text),
            Self::Silent => answer.ending(Ending::ResetBeforeHead),
            Self::Torn => answer.chunk(text).ending(Ending::Reset),
            Self::Late => answer.chunk(text).delay(TOO_LATE),
            Self::Stalled => answer.chunk(text).chunk(text).pace(TOO_LATE),
            Self::Busy => Answer::status(429),
        }
    }
}

/// What an execution has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Execution {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// What the upstream has carried out, by key.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<HashMap<String, Vec<Execution>>>);

impl Ledger {
    /// The executions of a key.
    pub(crate) fn executions(&self, key: &str) -> Vec<Execution> {
        let executions = self.0.lock().unwrap();
        executions.get(key).cloned().unwrap_or_default()
    }

    /// Carries a request out.
    fn execute(&self, key: &str, conduct: Conduct) -> Answer {
        if conduct == Conduct::Busy {
            return conduct.answer("");
        }
        let mut executions = self.0.lock().unwrap();
        let executions = executions.entry(key.to_owned()).or_default();
        let number = (executions.len() + 1).to_string();
        let answer = conduct.answer(&format!("execution {number} of {key};"));
        executions.push(Execution {
            status: answer.status,
            body: String::from_utf8(answer.body.concat()).expect("text"),
        });
        answer.header(EXECUTION, number)
    }
}

/// Starts the upstream.
pub(crate) fn start() -> (Upstream, Arc<Ledger>) {
    let upstream = Upstream::start();
    let ledger = Arc::new(Ledger::default());
    let own = Arc::clone(&ledger);
    upstream.set_handler(move |request| {
        let key = request.headers.text("idempotency-key").expect("a key");
        own.execute(key, Conduct::of(request))
    });
    (upstream, ledger)
}
