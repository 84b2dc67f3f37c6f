//! A small filter for this crate's own tests. What it does stands in the path of a request.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use deserr::Deserr;
use kit::body::{Access, Body, BodyNeed, Size};
use kit::call::{Call, CallId, CallRequest, CallResult, HttpCall};
use kit::exchange::Exchange;
use kit::fact::Fact;
use kit::filter::{Core, End, Filter, Flow, Form, Registration};
use kit::metric::{Metric, MetricKind};
use kit::policy::{Document, Findings, Service};
use kit::problem::{Code, Problem, ProblemType};
use kit::protocol::Client;
use kit::shared::{IF_ABSENT, SharedWrite};

pub(crate) const FILTERS: &[Registration] = &[Registration::of::<Sample>()];

pub(crate) struct Sample;

#[derive(Deserr)]
#[deserr(error = Findings, rename_all = camelCase, deny_unknown_fields)]
#[expect(dead_code, reason = "Only reading matters.")]
pub(crate) struct Policy {
    version: u8,
    #[deserr(rename = "$schema", default)]
    schema: Option<String>,
    #[deserr(default)]
    services: Vec<Service>,
    #[deserr(default)]
    form: SampleForm,
    #[deserr(default)]
    limit: Option<u32>,
}

#[derive(Clone, Copy, Default, Deserr)]
#[deserr(rename_all = camelCase)]
enum SampleForm {
    Held,
    #[default]
    Streamed,
}

const TOLD: Fact = Fact::new("treaty.sample", "sample", 64);
const REQUESTS: Metric = Metric::new("treaty_sample_requests", MetricKind::Counter, &["path"]);
const GONE: ProblemType = ProblemType {
    filter: "sample",
    reason: "gone",
    title: "Gone",
    status: 410,
    grpc: Code::NotFound,
};

/// The name of a shared value.
const CLAIM: &str = "sample/claim";

impl Filter for Sample {
    const NAME: &'static str = "sample";
    type Policy = Policy;

    fn load(document: &Document) -> Result<Policy, Findings> {
        document.read()
    }

    fn form(policy: &Policy) -> Option<Form> {
        Some(match policy.form {
            SampleForm::Held => Form::Held,
            SampleForm::Streamed => Form::Streamed,
        })
    }

    fn start(_: &Rc<Policy>) -> Box<dyn Core> {
        Box::new(SampleCore {
            path: String::new(),
            client: Client::default(),
        })
    }
}

struct SampleCore {
    path: String,
    client: Client,
}

impl SampleCore {
    fn refuse(&self) -> Flow {
        Flow::Reply(Box::new(Problem::new(&GONE).reply(&self.client)))
    }

    /// Lets one exchange go on, and tells the others how far it is and what the clock says.
    fn claim(&self, x: &mut Exchange<'_>) -> Flow {
        if x.write_shared(CLAIM, b"claimed", Some(IF_ABSENT)) == SharedWrite::Written {
            return Flow::Continue;
        }
        let value = x.read_shared(CLAIM).value.unwrap_or_default();
        x.tell(&TOLD, &String::from_utf8_lossy(&value));
        self.refuse()
    }

    fn ask(x: &mut Exchange<'_>) -> Flow {
        x.call(Call {
            id: CallId(0),
            request: CallRequest::Http(HttpCall {
                cluster: "store".into(),
                method: "GET".into(),
                path: "/key".into(),
                authority: "store".into(),
                headers: Vec::new(),
                body: Vec::new(),
            }),
            timeout: Duration::from_secs(1),
            outlives: false,
        });
        Flow::Wait
    }
}

impl Core for SampleCore {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        self.path = x.headers().text(":path").unwrap_or_default().to_owned();
        self.client = Client::of(x.headers());
        x.tell(&TOLD, &self.path);
        x.count(&REQUESTS, &[&self.path]);
        let access = match self.path.as_str() {
            "/hold" => Access::Hold { cap: 16 },
            "/hold-else-tee" => Access::HoldElseTee { cap: 16 },
            _ => Access::Tee,
        };
        match self.path.as_str() {
            "/gone" => self.refuse(),
            "/claim" => self.claim(x),
            "/ask" => Self::ask(x),
            "/sleep" | "/sleep-for-ever" => {
                x.wake_after(Duration::from_mins(1));
                Flow::Wait
            }
            "/hold" | "/hold-else-tee" | "/tee" => {
                x.need_body(BodyNeed {
                    access,
                    replaces: true,
                });
                Flow::Continue
            }
            _ => {
                if let Some(headers) = x.headers_mut() {
                    headers.set("x-treaty-sample", "1");
                    headers.remove("x-forged");
                }
                Flow::Continue
            }
        }
    }

    fn request_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        if self.path == "/tee" {
            // A mistake on purpose: how a body is cut into parts must not show.
            x.count(&REQUESTS, &["parts"]);
        } else if body.size() == Size::Last && body.bytes() == b"bad" {
            return self.refuse();
        } else if body.size() == Size::Last || self.path == "/hold-else-tee" {
            body.replace(body.bytes().to_ascii_uppercase());
        }
        Flow::Continue
    }

    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        match self.path.as_str() {
            "/late" => return self.refuse(),
            "/claim" => {
                let _ = x.write_shared(CLAIM, b"answered", None);
            }
            "/now" => {
                let random = x.random();
                let now = since_1970(x);
                x.tell(&TOLD, &format!("{now} {random}"));
            }
            _ => {}
        }
        let details = x
            .property(&["response", "code_details"])
            .unwrap_or_default();
        if let Some(headers) = x.headers_mut() {
            headers.append("x-details", details);
        }
        Flow::Continue
    }

    fn call_result(&mut self, _: CallId, result: CallResult, x: &mut Exchange<'_>) -> Flow {
        let CallResult::Http {
            status: 200, body, ..
        } = result
        else {
            return self.refuse();
        };
        if let Some(headers) = x.headers_mut() {
            headers.set("x-answer", body);
        }
        Flow::Continue
    }

    fn timer(&mut self, x: &mut Exchange<'_>) -> Flow {
        if self.path == "/sleep-for-ever" {
            x.wake_after(Duration::from_mins(1));
            return Flow::Wait;
        }
        let now = since_1970(x).to_string();
        x.tell(&TOLD, &now);
        Flow::Continue
    }

    fn end(&mut self, end: End, x: &mut Exchange<'_>) {
        if end == End::Aborted {
            x.count(&REQUESTS, &["aborted"]);
        }
        if let ("/details", Some(details)) = (
            self.path.as_str(),
            x.property(&["response", "code_details"]),
        ) {
            x.tell(&TOLD, &String::from_utf8_lossy(&details));
        }
    }
}

fn since_1970(x: &Exchange<'_>) -> u64 {
    let since = x.now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
