//! One exchange: plays the proxy's part between the client, the pipeline and the upstream.
//!
//! Order of events: what a proxy goes on to deliver while a core waits is delivered first, then
//! calls are answered, then timers fire. Before the upstream answers, every call has its answer.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::SystemTime;

use kit::bundle::Bundle;
use kit::call::{Call, CallFailure, CallRequest, CallResult};
use kit::filter::Form;
use kit::pipeline::{Action, Direction, Pipeline};
use kit::policy::value::Timestamp;

use super::local_reply::Client;
use super::memory::{Memory, head, trailers};
use super::parts::{Cut, Parts};
use super::passed::Passed;
use crate::case::{Answer, CallAnswer, Case, Fields, Mismatch, Observed, Octets};

/// The time at which a case runs unless it says one.
const NOW: &str = "2026-06-01T00:00:00Z";

/// More calls and timers than any filter needs: who asks for more never ends.
const MOST_EVENTS: usize = 1000;

/// Runs a case once.
pub(super) fn run(case: &Case, bundle: &Bundle, cut: Cut) -> Result<Observed, Mismatch> {
    let mut exchange = Exchange::new(case, bundle);
    let request = Parts::of_request(case, cut);
    let sent = exchange.pass(Direction::Request, request)?;
    let request_head = exchange.request_head();
    let answer = if let Some(reply) = &sent.reply {
        exchange.learn("response.code_details", &reply.details);
        Client::of(&request_head).response(reply)
    } else {
        exchange.answer_calls()?;
        exchange.learn("response.code_details", "via_upstream");
        Parts::of_upstream(case, cut)
    };
    let got = exchange.pass(Direction::Response, answer)?;
    let reply = got.reply.clone().or_else(|| sent.reply.clone());
    let response = match &got.reply {
        None => got,
        // No filter sees an answer that is made while the response passes.
        Some(reply) if got.head.is_none() => Passed::of(Client::of(&request_head).response(reply)),
        Some(reply) => {
            return Err(Mismatch::new(
                "response",
                "a whole response",
                format!(
                    "a reset: a filter replied with {} after the head had gone to the client",
                    reply.details
                ),
            ));
        }
    };
    let response = response.seen_response();
    exchange.learn("response.code", i64::from(response.status).to_le_bytes());
    exchange.end()?;
    Ok(Observed {
        upstream: sent.seen_request(),
        response,
        facts: exchange.memory.facts,
        metrics: exchange.memory.metrics,
        // A reply that stands for another answer keeps its details, and says nothing of its own.
        details: reply
            .map(|reply| reply.details)
            .filter(|details| details.starts_with("treaty.")),
    })
}

struct Exchange<'a> {
    pipeline: Pipeline,
    memory: Memory,
    form: Form,
    answers: VecDeque<&'a CallAnswer>,
    events: usize,
}

impl<'a> Exchange<'a> {
    fn new(case: &'a Case, bundle: &Bundle) -> Self {
        let now = case.now.unwrap_or_else(|| {
            Timestamp::from_str(NOW).map_or(SystemTime::UNIX_EPOCH, |now| now.0)
        });
        let cores = bundle.members.iter().map(|member| member.policy.start());
        Self {
            pipeline: Pipeline::new(cores, bundle.form),
            memory: Memory::new(
                now,
                case.random.unwrap_or_default(),
                case.properties.clone(),
            ),
            form: bundle.form,
            answers: case.calls.iter().collect(),
            events: 0,
        }
    }

    /// Brings a message through the pipeline, as far as it comes.
    fn pass(&mut self, direction: Direction, parts: Parts) -> Result<Passed, Mismatch> {
        let is_well_announced = parts.is_well_announced();
        let is_all = parts.head_is_all();
        let mut passed = Passed::default();
        self.memory.maps.insert(head(direction), parts.head);
        let action = self.pipeline.head(direction, is_all, &mut self.memory);
        self.go_on(direction, action, &mut passed);

        let has_trailers = parts.trailers.is_some();
        let mut chunks = parts.body.into_iter().flatten().peekable();
        while let Some(chunk) = chunks.next() {
            self.reach_body(direction, &mut passed)?;
            if passed.reply.is_some() {
                return Ok(passed);
            }
            let last = chunks.peek().is_none() && !has_trailers;
            let kept = self.memory.bodies.entry(direction).or_default();
            kept.extend(chunk);
            let len = kept.len();
            let action = self.pipeline.body(direction, len, last, &mut self.memory);
            self.go_on(direction, action, &mut passed);
        }
        if let Some(fields) = parts.trailers {
            self.reach_body(direction, &mut passed)?;
            if passed.reply.is_some() {
                return Ok(passed);
            }
            self.memory.maps.insert(trailers(direction), fields);
            let action = self.pipeline.trailers(direction, &mut self.memory);
            self.go_on(direction, action, &mut passed);
        }
        while passed.reply.is_none() && self.is_kept(direction, &passed) {
            self.next_event(direction, &mut passed)?;
        }
        if passed.reply.is_none() {
            let fields = self.memory.maps.remove(&trailers(direction));
            passed.trailers = fields.unwrap_or_default();
            if is_well_announced && !is_all {
                passed.check_length(direction)?;
            }
        }
        Ok(passed)
    }

    /// Waits until the proxy delivers the body. A head that is kept in the streamed form stops
    /// everything behind it.
    fn reach_body(&mut self, direction: Direction, passed: &mut Passed) -> Result<(), Mismatch> {
        while self.form == Form::Streamed && passed.head.is_none() && passed.reply.is_none() {
            self.next_event(direction, passed)?;
        }
        Ok(())
    }

    /// Whether the message, all of which has arrived, is still kept.
    fn is_kept(&self, direction: Direction, passed: &Passed) -> bool {
        let kept = self.memory.bodies.get(&direction);
        passed.head.is_none() || passed.waits || kept.is_some_and(|kept| !kept.is_empty())
    }

    /// Lets something happen that a core waits for.
    fn next_event(&mut self, direction: Direction, passed: &mut Passed) -> Result<(), Mismatch> {
        if !self.answer_call()? {
            let Some(slot) = self.memory.next_timer() else {
                return Err(Mismatch::new(
                    "exchange",
                    "an end",
                    "a core that waits, and nothing would ever end this wait",
                ));
            };
            self.count_event()?;
            self.pipeline.timer(slot, &mut self.memory);
        }
        let action = if self.memory.resumed.take() == Some(direction) {
            Action::Continue
        } else {
            Action::Pause
        };
        self.go_on(direction, action, passed);
        Ok(())
    }

    /// Answers the next call, if there is one.
    fn answer_call(&mut self) -> Result<bool, Mismatch> {
        let Some((slot, call)) = self.memory.calls.pop_front() else {
            return Ok(false);
        };
        self.count_event()?;
        let result = self.answer(&call)?;
        self.pipeline
            .call_result(slot, call.id, result, &mut self.memory);
        Ok(true)
    }

    fn answer_calls(&mut self) -> Result<(), Mismatch> {
        while self.answer_call()? {}
        Ok(())
    }

    fn answer(&mut self, call: &Call) -> Result<CallResult, Mismatch> {
        let (asked, cluster) = describe(&call.request);
        let Some(given) = self.answers.pop_front() else {
            return Err(Mismatch::new("call", "no more calls", asked));
        };
        if let Some(expected) = &given.cluster
            && expected != cluster
        {
            let expected = format!("a call of cluster {expected}");
            return Err(Mismatch::new("call", expected, asked));
        }
        match (&given.answer, &call.request) {
            (Answer::Failed, _) => Ok(CallResult::Failed(CallFailure::Reset)),
            (
                Answer::Http {
                    status,
                    headers,
                    body,
                },
                CallRequest::Http(_),
            ) => Ok(CallResult::Http {
                status: *status,
                headers: headers.0.clone(),
                body: body.0.clone(),
            }),
            (Answer::Grpc(result), CallRequest::Grpc(_)) => Ok(CallResult::Grpc(result.clone())),
            (Answer::Http { .. }, _) => Err(Mismatch::new("call", "an HTTP call", asked)),
            (Answer::Grpc(_), _) => Err(Mismatch::new("call", "a gRPC call", asked)),
        }
    }

    /// Does with what has arrived what the pipeline says.
    fn go_on(&mut self, direction: Direction, action: Action, passed: &mut Passed) {
        passed.reply = self.memory.reply.take();
        passed.waits = action == Action::Pause;
        if passed.waits || passed.reply.is_some() {
            return;
        }
        if passed.head.is_none() {
            passed.head = self.memory.maps.get(&head(direction)).cloned();
        }
        let kept = self.memory.bodies.remove(&direction).unwrap_or_default();
        passed.body.extend(kept);
    }

    fn end(&mut self) -> Result<(), Mismatch> {
        // Nobody is woken any more for what was wished before the end.
        self.memory.timers.clear();
        self.pipeline.end(&mut self.memory);
        self.answer_calls()?;
        match self.answers.len() {
            0 => Ok(()),
            left => {
                let left = format!("{left} fewer");
                Err(Mismatch::new("calls", "as many as `calls` answers", left))
            }
        }
    }

    fn count_event(&mut self) -> Result<(), Mismatch> {
        self.events += 1;
        if self.events <= MOST_EVENTS {
            return Ok(());
        }
        let got = format!("more than {MOST_EVENTS} calls and timers");
        Err(Mismatch::new("exchange", "an end", got))
    }

    /// Lets the cores know a property, unless the case says another value.
    fn learn(&mut self, property: &str, value: impl AsRef<[u8]>) {
        self.memory
            .properties
            .entry(property.to_owned())
            .or_insert_with(|| Octets(value.as_ref().to_vec()));
    }

    fn request_head(&self) -> Fields {
        let fields = self.memory.maps.get(&head(Direction::Request));
        fields.cloned().unwrap_or_default()
    }
}

/// A call in a few words, and the cluster that it asks.
fn describe(request: &CallRequest) -> (String, &str) {
    match request {
        CallRequest::Http(call) => (
            format!("{} {} of cluster {}", call.method, call.path, call.cluster),
            &call.cluster,
        ),
        CallRequest::Grpc(call) => (
            format!(
                "{}/{} of cluster {}",
                call.service, call.method, call.cluster
            ),
            &call.cluster,
        ),
    }
}
