//! One exchange: plays the proxy's part between the client, the pipeline and the upstream.
//!
//! Order of events: what a proxy goes on to deliver while a core waits is delivered first, then
//! calls are answered, then timers fire. Before the upstream answers, every call has its answer.

use std::collections::VecDeque;

use kit::bundle::Bundle;
use kit::call::{Call, CallFailure, CallRequest, CallResult};
use kit::filter::Form;
use kit::pipeline::{Action, Direction, Pipeline};

use super::breaking::{CLIENT_LEFT, Ending, UPSTREAM_BROKE_BEFORE, UPSTREAM_BROKE_IN};
use super::local_reply::Client;
use super::memory::{Memory, head, trailers};
use super::parts::{Cut, Parts};
use super::passed::Passed;
use super::world::World;
use crate::case::{Answer, Break, CallAnswer, Fields, Mismatch, Observed, SeenResponse, Step};

/// More calls and timers than any filter needs: who asks for more never ends.
const MOST_EVENTS: usize = 1000;

/// One exchange on its way.
pub(super) struct Exchange<'a> {
    step: &'a Step,
    cut: Cut,
    pipeline: Pipeline,
    memory: Memory<'a>,
    form: Form,
    answers: VecDeque<&'a CallAnswer>,
    events: usize,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(step: &'a Step, bundle: &Bundle, world: &'a World, cut: Cut) -> Self {
        let cores = bundle.members.iter().map(|member| member.policy.start());
        Self {
            step,
            cut,
            pipeline: Pipeline::new(cores, bundle.form),
            memory: Memory::new(world, &step.properties),
            form: bundle.form,
            answers: step.calls.iter().collect(),
            events: 0,
        }
    }

    /// Runs it from its request to its end. `meanwhile` happens while the upstream has the request.
    pub(super) fn run(
        mut self,
        meanwhile: impl FnOnce() -> Result<(), Mismatch>,
    ) -> Result<Observed, Mismatch> {
        let request = Parts::of_request(self.step, self.cut);
        let sent = self.pass(Direction::Request, request)?;
        if let Some(reply) = &sent.reply {
            self.needs_no_upstream(&reply.details)?;
        } else {
            self.answer_calls()?;
            meanwhile()?;
        }
        let mut details = sent.reply.as_ref().map(|reply| reply.details.clone());
        let response = if self.step.request.aborts {
            self.learn_ending(&CLIENT_LEFT);
            SeenResponse::default()
        } else {
            self.respond(&sent, &mut details)?.seen_response()
        };
        self.learn("response.code", i64::from(response.status).to_le_bytes());
        self.end()?;
        Ok(Observed {
            upstream: sent.seen_request(),
            response,
            facts: self.memory.facts,
            metrics: self.memory.metrics,
            // A reply that stands for another answer keeps its details, and says nothing of its own.
            details: details.filter(|details| details.starts_with("treaty.")),
        })
    }

    /// What is to happen while the upstream has the request cannot, if a filter answers.
    fn needs_no_upstream(&self, details: &str) -> Result<(), Mismatch> {
        if self.step.upstream.meanwhile.is_empty() && !self.step.request.aborts {
            return Ok(());
        }
        Err(Mismatch::new(
            "upstream",
            "a request, for what is to happen before its answer",
            format!("none; a filter answered with {details}"),
        ))
    }

    /// Brings the answer to the client, and notes the details of the reply if a filter made it.
    fn respond(&mut self, sent: &Passed, details: &mut Option<String>) -> Result<Passed, Mismatch> {
        let client = Client::of(&self.request_head());
        let breaks = self.step.upstream.breaks;
        let answer = match (&sent.reply, breaks) {
            (Some(reply), _) => {
                self.learn("response.code_details", &reply.details);
                client.response(reply)
            }
            (None, Some(Break::BeforeHead)) => {
                self.learn_ending(&UPSTREAM_BROKE_BEFORE);
                client.response(&UPSTREAM_BROKE_BEFORE.reply())
            }
            (None, _) => {
                self.learn("response.code_details", "via_upstream");
                Parts::of_upstream(self.step, self.cut)
            }
        };
        let is_broken = answer.breaks;
        let got = self.pass(Direction::Response, answer)?;
        if let Some(reply) = &got.reply {
            *details = Some(reply.details.clone());
            if got.head.is_some() {
                return Err(Mismatch::new(
                    "response",
                    "a whole response",
                    format!(
                        "a reset: a filter replied with {} after the head had gone to the client",
                        reply.details
                    ),
                ));
            }
            // No filter sees an answer that is made while the response passes.
            return Ok(Passed::of(client.response(reply)));
        }
        if is_broken {
            self.learn_ending(&UPSTREAM_BROKE_IN);
        }
        if is_broken && got.head.is_none() {
            return Ok(Passed::of(client.response(&UPSTREAM_BROKE_IN.reply())));
        }
        Ok(got)
    }

    /// Brings a message through the pipeline, as far as it comes.
    fn pass(&mut self, direction: Direction, parts: Parts) -> Result<Passed, Mismatch> {
        let is_well_announced = parts.is_well_announced();
        let (is_all, breaks) = (parts.head_is_all(), parts.breaks);
        let mut passed = Passed::default();
        self.memory.maps.insert(head(direction), parts.head);
        let action = self.pipeline.head(direction, is_all, &mut self.memory);
        self.go_on(direction, action, &mut passed);

        let sections = parts.trailers.filter(|_| !breaks);
        let has_trailers = sections.is_some();
        let mut chunks = parts.body.into_iter().flatten().peekable();
        while let Some(chunk) = chunks.next() {
            self.reach_body(direction, &mut passed)?;
            if passed.reply.is_some() {
                return Ok(passed);
            }
            let last = chunks.peek().is_none() && !has_trailers && !breaks;
            let kept = self.memory.bodies.entry(direction).or_default();
            kept.extend(chunk);
            let len = kept.len();
            let action = self.pipeline.body(direction, len, last, &mut self.memory);
            self.go_on(direction, action, &mut passed);
        }
        if let Some(fields) = sections {
            self.reach_body(direction, &mut passed)?;
            if passed.reply.is_some() {
                return Ok(passed);
            }
            self.memory.maps.insert(trailers(direction), fields);
            let action = self.pipeline.trailers(direction, &mut self.memory);
            self.go_on(direction, action, &mut passed);
        }
        while passed.reply.is_none() && self.is_awaited(direction, &passed, breaks) {
            self.next_event(direction, &mut passed)?;
        }
        if passed.reply.is_none() && !breaks {
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

    /// Whether something is still to happen to the message, all of which has arrived. One that
    /// breaks off is not waited for, but what was asked before it did is answered.
    fn is_awaited(&self, direction: Direction, passed: &Passed, breaks: bool) -> bool {
        if breaks {
            return !self.memory.calls.is_empty();
        }
        self.is_kept(direction, passed)
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
        // What goes on in the background runs for as long as the case has something to say of it.
        while !self.answers.is_empty()
            && let Some(slot) = self.memory.next_timer()
        {
            self.count_event()?;
            self.pipeline.timer(slot, &mut self.memory);
            self.answer_calls()?;
        }
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
    fn learn(&mut self, property: &'static str, value: impl AsRef<[u8]>) {
        self.memory
            .learned
            .insert(property, value.as_ref().to_vec());
    }

    fn learn_ending(&mut self, ending: &Ending) {
        self.learn("response.code_details", ending.details);
        self.learn("response.flags", ending.flags.to_le_bytes());
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
