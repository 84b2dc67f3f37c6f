//! Answers in gRPC, gRPC-Web and Connect streams: the status line says 200, and the outcome stands
//! behind the messages.

use kit::body::{Access, Body, BodyNeed, Size, announced_length};
use kit::exchange::Exchange;
use kit::filter::Flow;
use kit::problem::{Code, Problem};
use kit::protocol::Protocol;

use super::{Stage, Translation, has_outcome};
use crate::asked::Asked;
use crate::failure::Failure;
use crate::fields;
use crate::origin::Origin;
use crate::replacement::put_outcome;
use crate::rpc;
use crate::rpc::frames::{Frames, Framing};
use crate::telling::Told;
use crate::untouched::Untouched;
use crate::verdict::{Case, Outcome};

impl Translation {
    pub(super) fn grpc_head(&mut self, asked: &Asked, x: &mut Exchange<'_>) -> Flow {
        if !x.head_is_all() {
            self.stage = Stage::Trailers;
            return Flow::Continue;
        }
        self.outcome_in_head(asked, x);
        Flow::Continue
    }

    pub(super) fn framed_head(
        &mut self,
        asked: &Asked,
        framing: Framing,
        x: &mut Exchange<'_>,
    ) -> Flow {
        if x.head_is_all() || has_outcome(x) {
            self.outcome_in_head(asked, x);
            return Flow::Continue;
        }
        // A refusal stays as it is, and so does its length; a stream has none.
        let has_length = announced_length(x.headers()).is_some();
        let is_final = has_length && matches!(Origin::of(200, x), Origin::Treaty);
        x.need_body(BodyNeed {
            access: Access::Tee,
            replaces: asked.is_enforced() && !is_final,
        });
        let frames = Frames::new(framing, asked.plan.cap);
        self.stage = Stage::Frames(frames);
        Flow::Continue
    }

    /// An answer without messages has its outcome in the head.
    fn outcome_in_head(&self, asked: &Asked, x: &mut Exchange<'_>) {
        if let Some(failure) = rpc::status::read(x.headers())
            && let Some(problem) = self.rpc_problem(asked, &failure, x)
            && let Some(headers) = x.headers_mut()
        {
            put_outcome(&problem, headers);
            // gRPC tells errors with 200. Translators in the proxy may say another status, and then
            // clients do not read the details.
            headers.set(fields::STATUS, "200");
        }
    }

    pub(super) fn frame_part(
        &mut self,
        asked: &Asked,
        mut frames: Frames,
        body: &mut Body,
        x: &mut Exchange<'_>,
    ) -> Flow {
        let last = body.size() == Size::Last;
        let mut rewrite = |message: &[u8]| self.rewrite_end(asked, message, x);
        let passed = frames.pass(body.bytes(), last, &mut rewrite);
        if asked.is_enforced() {
            body.replace(passed);
        }
        if !last {
            self.stage = Stage::Frames(frames);
        }
        Flow::Continue
    }

    /// The message of the frame that ends an answer, with another outcome in it.
    fn rewrite_end(&self, asked: &Asked, message: &[u8], x: &mut Exchange<'_>) -> Option<Vec<u8>> {
        if asked.client.protocol == Protocol::ConnectStream {
            let (failure, end) = rpc::end_stream::read(message)?;
            let problem = self.rpc_problem(asked, &failure, x)?;
            return Some(rpc::end_stream::write(end, problem.connect_error()));
        }
        let mut trailers = rpc::trailers_block::parse(message);
        if asked.sanitises() {
            asked.plan.internal_headers.remove_from(&mut trailers);
        }
        let failure = rpc::status::read(&trailers)?;
        let problem = self.rpc_problem(asked, &failure, x)?;
        put_outcome(&problem, &mut trailers);
        Some(rpc::trailers_block::write(&trailers))
    }

    /// The problem that takes the place of an outcome which an RPC protocol tells; `None` where
    /// the outcome stays.
    pub(super) fn rpc_problem(
        &self,
        asked: &Asked,
        failure: &Failure,
        x: &mut Exchange<'_>,
    ) -> Option<Box<Problem>> {
        let of_code = failure.grpc.map_or(500, Code::http_status);
        let origin = Origin::of(of_code, x);
        let status = origin.failure().map_or(of_code, |failure| failure.status);
        let message = failure.detail.as_deref().unwrap_or_default();
        let told = Told {
            policy: &self.policy,
            asked,
            dialect: failure.dialect.name(),
            status,
            original: message.as_bytes(),
        };
        if matches!(origin, Origin::Treaty) {
            told.left_alone(Untouched::Refusal, x);
            return None;
        }
        let case = Case {
            policy: &self.policy,
            asked,
            origin,
            status,
            told: None,
            is_fixed: false,
            content: Some(failure),
            retry_after: None,
        };
        let verdict = case.judge(x);
        told.verdict(&verdict, x);
        match verdict.outcome {
            Outcome::Problem(problem) if asked.is_enforced() => Some(problem),
            _ => None,
        }
    }
}
