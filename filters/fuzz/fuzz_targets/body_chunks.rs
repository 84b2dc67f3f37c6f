//! Two cores that hold, tee, change and refuse bodies: how a body is cut into parts, and when a wait
//! ends, changes nothing of the outcome.

#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use kit::body::{Access, Body, BodyNeed, Size};
use kit::exchange::Exchange;
use kit::fact::Fact;
use kit::filter::{Core, Flow, Form};
use kit::reply::Reply;
use libfuzzer_sys::fuzz_target;
use treaty_fuzz::{Chunk, Message, Outcome, Passed, exchange, field, fields};

#[derive(Debug, Arbitrary)]
struct Input {
    held: bool,
    cores: [Wish; 2],
    request: Content,
    response: Content,
    /// Two ways to cut.
    cuts: [Vec<Cut>; 2],
}

#[derive(Debug, Arbitrary)]
struct Content {
    octets: Vec<u8>,
    /// Whether the head announces the length.
    announced: bool,
    endless: bool,
    trailers: bool,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct Cut {
    len: u8,
    late: bool,
}

/// What a core does with both messages.
#[derive(Debug, Clone, Copy, Arbitrary)]
struct Wish {
    request: Way,
    response: Way,
    /// Whether the head waits for a timer.
    head_waits: bool,
    /// Whether each part of a body does.
    body_waits: bool,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Way {
    Pass,
    /// Refuses a body with `!`, and puts its reverse and one octet more in place.
    Hold {
        cap: u8,
        replaces: bool,
    },
    /// Doubles each octet.
    Tee {
        replaces: bool,
    },
}

static OUTER: Fact = Fact::new("treaty.fuzz_outer", "fuzz", 64);
static INNER: Fact = Fact::new("treaty.fuzz_inner", "fuzz", 64);

struct FuzzCore {
    wish: Wish,
    fact: &'static Fact,
    seen: Vec<u8>,
    ends: usize,
}

impl FuzzCore {
    fn head(&mut self, way: Way, x: &mut Exchange<'_>) -> Flow {
        (self.seen, self.ends) = (Vec::new(), 0);
        match way {
            Way::Pass => {}
            Way::Hold { cap, replaces } => x.need_body(BodyNeed {
                access: Access::Hold { cap: cap.into() },
                replaces,
            }),
            Way::Tee { replaces } => x.need_body(BodyNeed {
                access: Access::Tee,
                replaces,
            }),
        }
        if let Some(headers) = x.headers_mut() {
            headers.append("x-head", &*self.fact.name);
        }
        wait(self.wish.head_waits, x)
    }

    fn body(&mut self, way: Way, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        assert_eq!(self.ends, 0, "a part came after the last one");
        self.ends += usize::from(body.size() != Size::Chunk);
        self.seen.extend_from_slice(body.bytes());
        match way {
            Way::Pass => unreachable!("a core that asked for nothing"),
            Way::Hold { .. } if body.size() == Size::NotHeld => {
                assert!(body.bytes().is_empty());
                if let Some(headers) = x.headers_mut() {
                    headers.append("x-not-held", &*self.fact.name);
                }
                x.tell(self.fact, "not held");
                return Flow::Continue;
            }
            Way::Hold { cap, replaces } => {
                assert_eq!(body.size(), Size::Last);
                assert!(body.bytes().len() <= usize::from(cap));
                if body.bytes().contains(&b'!') {
                    return Flow::Reply(Box::new(Reply {
                        status: 400,
                        headers: vec![("x-refused".into(), self.fact.name.as_bytes().to_vec())],
                        body: b"refused".to_vec(),
                        grpc: None,
                        details: self.fact.name.to_string(),
                    }));
                }
                if let Some(headers) = x.headers_mut() {
                    headers.append("x-held", &*self.fact.name);
                }
                if replaces {
                    let reverse = body.bytes().iter().rev().copied();
                    body.replace(reverse.chain(*b".").collect());
                }
            }
            Way::Tee { replaces } => {
                if replaces {
                    body.replace(body.bytes().iter().flat_map(|o| [*o, *o]).collect());
                }
            }
        }
        if self.ends > 0 {
            x.tell(self.fact, &format!("{} octets", self.seen.len()));
        }
        wait(self.wish.body_waits, x)
    }

    fn trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        if let Some(trailers) = x.trailers_mut() {
            trailers.append("x-trailer", &*self.fact.name);
        }
        Flow::Continue
    }
}

fn wait(waits: bool, x: &mut Exchange<'_>) -> Flow {
    if !waits {
        return Flow::Continue;
    }
    x.wake_after(Duration::from_millis(1));
    Flow::Wait
}

impl Core for FuzzCore {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        self.head(self.wish.request, x)
    }

    fn request_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        self.body(self.wish.request, body, x)
    }

    fn request_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        self.trailers(x)
    }

    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        self.head(self.wish.response, x)
    }

    fn response_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        self.body(self.wish.response, body, x)
    }

    fn response_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        self.trailers(x)
    }
}

fn message(content: &Content, first: (&str, &str), cuts: &[Cut]) -> Message {
    let mut head = fields(&[first]);
    if content.announced {
        let len = content.octets.len().to_string();
        head.extend(fields(&[("content-length", len.as_str())]));
    }
    if content.endless {
        head.extend(fields(&[("content-type", "text/event-stream")]));
    }
    let mut body = Vec::new();
    let mut rest = content.octets.as_slice();
    for cut in cuts {
        let (part, after) = rest.split_at(rest.len().min(cut.len.into()));
        rest = after;
        body.push(Chunk {
            octets: part.to_vec(),
            late: cut.late,
        });
    }
    if !rest.is_empty() || body.is_empty() {
        body.push(Chunk {
            octets: rest.to_vec(),
            late: false,
        });
    }
    Message {
        head,
        body: Some(body),
        trailers: content.trailers.then(|| fields(&[("x-own", "1")])),
    }
}

/// Gives both cores one cap for a message. With different ones it may depend on the cuts whether
/// the core with the larger cap is shown a body that is longer than the smaller one: the difference
/// to a chain of modules that ARCHITECTURE.md names.
fn share_cap(one: &mut Way, other: Way) {
    if let (Way::Hold { cap, .. }, Way::Hold { cap: shared, .. }) = (one, other) {
        *cap = shared;
    }
}

fn run(input: &Input, cuts: &[Cut]) -> Outcome {
    let [outer, mut inner] = input.cores;
    share_cap(&mut inner.request, outer.request);
    share_cap(&mut inner.response, outer.response);
    let core = |wish, fact| -> Box<dyn Core> {
        Box::new(FuzzCore {
            wish,
            fact,
            seen: Vec::new(),
            ends: 0,
        })
    };
    let form = if input.held {
        Form::Held
    } else {
        Form::Streamed
    };
    exchange(
        [core(outer, &OUTER), core(inner, &INNER)],
        form,
        message(&input.request, (":method", "POST"), cuts),
        message(&input.response, (":status", "200"), cuts),
    )
}

/// What was announced is what came.
fn check_length(passed: &Passed) {
    let head = passed.head.as_ref().filter(|_| passed.reply.is_none());
    if let Some(announced) = head.and_then(|head| field(head, "content-length")) {
        let len = passed.body.len().to_string();
        assert_eq!(announced, len.as_bytes(), "the length announced");
    }
}

fuzz_target!(|input: Input| {
    let whole = run(&input, &[]);
    check_length(&whole.request);
    if let Some(response) = &whole.response {
        check_length(response);
    }
    for cuts in &input.cuts {
        assert_eq!(run(&input, cuts), whole, "cut at {cuts:?}");
    }
});
