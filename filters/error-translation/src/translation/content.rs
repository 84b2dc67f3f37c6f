//! Errors that the status line tells: their content is read, and a problem put in its place.

use kit::body::{Access, Body, BodyNeed, Size, announced_length};
use kit::exchange::Exchange;
use kit::filter::{Flow, Form};
use kit::protocol::Protocol;

use super::{Stage, Translation};
use crate::asked::Asked;
use crate::dialect::{self, Content, Dialect};
use crate::failure::Failure;
use crate::origin::Origin;
use crate::pending::{Pending, SoFar};
use crate::plan::OverCap;
use crate::replacement::{Replacement, remove_fields_of_content};
use crate::telling;
use crate::untouched::Untouched;
use crate::verdict::{Case, Outcome};
use crate::{fields, graphql};

/// A content that is waited for.
pub(super) struct Awaited {
    pending: Pending,
    way: Way,
}

/// How a content comes.
enum Way {
    /// The whole of it at once, held with its head.
    Held,
    /// Held without its head, which has gone as that of its replacement. What is too long to be
    /// held is taken out part by part.
    TakenOut {
        told: Announced,
        /// Whether the replacement has taken its place already.
        is_replaced: bool,
    },
    /// Held without its head, because it may have to be changed.
    KeptBack,
    /// Part by part, and each goes on as it is: nothing is changed.
    Watched(SoFar),
}

/// What the client was told before the content came.
#[derive(Clone, Copy)]
struct Announced {
    status: u16,
    /// A fixed answer was announced, whatever the content says.
    is_fixed: bool,
}

/// What takes the place of a content.
enum Put {
    /// Another answer, with its head.
    Answer(Box<Replacement>),
    /// The same content, cleaned.
    Content(Vec<u8>),
}

impl Translation {
    pub(super) fn error_head(&mut self, asked: &Asked, status: u16, x: &mut Exchange<'_>) -> Flow {
        let origin = Origin::of(status, x);
        let pending = Pending::of(origin, status, x);
        let untouched = match origin {
            Origin::Treaty => Some(Untouched::Refusal),
            _ => Untouched::by_head(x.headers(), status, asked),
        };
        if let Some(why) = untouched {
            self.leave(asked, &pending, why, x);
            return Flow::Continue;
        }
        if x.head_is_all() {
            return self.answer_now(asked, &pending, x);
        }
        if announced_length(x.headers()).is_some_and(|len| len > asked.plan.cap) {
            return self.over_cap(asked, &pending, x);
        }
        let way = self.way(asked, &pending, x);
        self.await_content(asked, pending, way, x)
    }

    /// GraphQL tells errors with 200, too.
    pub(super) fn graphql_head(
        &mut self,
        asked: &Asked,
        status: u16,
        x: &mut Exchange<'_>,
    ) -> Flow {
        let is_long = announced_length(x.headers()).is_some_and(|len| len > asked.plan.cap);
        let content_type = x.headers().get(fields::CONTENT_TYPE);
        if is_long
            || !dialect::may_be_graphql(content_type)
            || x.head_is_all()
            || Untouched::by_head(x.headers(), status, asked).is_some()
        {
            return Flow::Continue;
        }
        let pending = Pending {
            is_error: false,
            ..Pending::of(Origin::Upstream, status, x)
        };
        let way = self.way_of_graphql(asked);
        Self::announce_change(&way, x);
        self.await_content(asked, pending, way, x)
    }

    /// The way in which the content of an error comes. In the streamed form the head goes on now,
    /// so it must be that of the problem already.
    fn way(&self, asked: &Asked, pending: &Pending, x: &mut Exchange<'_>) -> Way {
        if !asked.is_enforced() || self.policy.form == Form::Held {
            return self.way_of_graphql(asked);
        }
        let verdict = self.case(asked, pending, None, None).judge(x);
        let may_be_graphql = asked.plan.graphql
            && asked.client.protocol == Protocol::Http
            && dialect::may_be_graphql(pending.content_type.as_deref());
        if may_be_graphql && matches!(verdict.outcome, Outcome::Problem(_)) {
            let way = self.way_of_graphql(asked);
            Self::announce_change(&way, x);
            return way;
        }
        let replacement = Replacement::of(&verdict, asked);
        if let Some(headers) = x.headers_mut() {
            replacement.put_head(headers);
        }
        let told = Announced {
            status: verdict.status(),
            is_fixed: matches!(verdict.outcome, Outcome::Answer(_)),
        };
        Way::TakenOut {
            told,
            is_replaced: false,
        }
    }

    fn way_of_graphql(&self, asked: &Asked) -> Way {
        match self.policy.form {
            _ if !asked.is_enforced() => Way::Watched(SoFar::default()),
            Form::Held => Way::Held,
            Form::Streamed => Way::KeptBack,
        }
    }

    /// What is kept back may change once its head has gone, so nothing may be said of it that would
    /// be wrong then.
    fn announce_change(way: &Way, x: &mut Exchange<'_>) {
        if matches!(way, Way::KeptBack)
            && let Some(headers) = x.headers_mut()
        {
            remove_fields_of_content(headers);
        }
    }

    fn await_content(
        &mut self,
        asked: &Asked,
        pending: Pending,
        way: Way,
        x: &mut Exchange<'_>,
    ) -> Flow {
        let cap = asked.plan.cap;
        let access = match way {
            Way::Held => Access::Hold { cap },
            Way::TakenOut { .. } | Way::KeptBack => Access::HoldElseTee { cap },
            Way::Watched(_) => Access::Tee,
        };
        x.need_body(BodyNeed {
            access,
            replaces: asked.is_enforced(),
        });
        self.stage = Stage::Content(Box::new(Awaited { pending, way }));
        Flow::Continue
    }

    pub(super) fn content_part(
        &mut self,
        asked: &Asked,
        mut awaited: Box<Awaited>,
        body: &mut Body,
        x: &mut Exchange<'_>,
    ) -> Flow {
        let Awaited { pending, way } = awaited.as_mut();
        let cap = asked.plan.cap;
        let last = body.size() == Size::Last;
        let fits = last && body.bytes().len() <= cap;
        match way {
            Way::Held | Way::KeptBack if !fits => return self.over_cap(asked, pending, x),
            Way::Held | Way::KeptBack => {
                let told = matches!(way, Way::KeptBack).then_some(Announced {
                    status: pending.status,
                    is_fixed: false,
                });
                let content = self.translate(asked, pending, Some(body.bytes()), told, x);
                let content = match content {
                    // What proves not to be of GraphQL must fit the head that has gone.
                    Some(Put::Answer(problem)) if told.is_some() => {
                        Some(Put::Content(graphql::of_problem(&problem.body)))
                    }
                    content => content,
                };
                self.put(content, body, x);
            }
            Way::TakenOut {
                is_replaced: true, ..
            } => body.replace(Vec::new()),
            Way::TakenOut { told, is_replaced } => {
                *is_replaced = true;
                let bytes = fits.then_some(body.bytes());
                let content = self.translate(asked, pending, bytes, Some(*told), x);
                self.put(content, body, x);
            }
            Way::Watched(so_far) => {
                so_far.keep(body.bytes(), cap);
                if last {
                    self.watched(asked, pending, so_far.all(), x);
                }
            }
        }
        if !last {
            self.stage = Stage::Content(awaited);
        }
        Flow::Continue
    }

    /// Tells what would have been done.
    fn watched(&self, asked: &Asked, pending: &Pending, all: Option<&[u8]>, x: &mut Exchange<'_>) {
        if all.is_none() && asked.plan.over_cap == OverCap::Leave {
            self.leave(asked, pending, Untouched::OverCap, x);
        } else {
            self.translate(asked, pending, all, None, x);
        }
    }

    /// What takes the place of a content; `None` where it stays. A content that is too long to be
    /// read is `None` itself.
    fn translate(
        &self,
        asked: &Asked,
        pending: &Pending,
        bytes: Option<&[u8]>,
        told: Option<Announced>,
        x: &mut Exchange<'_>,
    ) -> Option<Put> {
        let content = self.read(pending, bytes);
        if asked.plan.graphql && content.dialect == Dialect::GraphQl {
            return self.clean_graphql(asked, pending, bytes.unwrap_or_default(), x);
        }
        if !pending.is_error {
            return None;
        }
        let verdict = self.case(asked, pending, Some(&content), told).judge(x);
        let dialect = content.dialect.name();
        self.told(asked, pending, dialect, bytes.unwrap_or_default())
            .verdict(&verdict, x);
        let replacement = || Put::Answer(Box::new(Replacement::of(&verdict, asked)));
        asked.is_enforced().then(replacement)
    }

    /// Reads what a content says. What the proxy wrote for its own failures says nothing more than
    /// its code details.
    fn read(&self, pending: &Pending, bytes: Option<&[u8]>) -> Failure {
        let content = match bytes {
            Some(body) if pending.origin.failure().is_none() => dialect::read(
                &Content {
                    status: pending.status,
                    content_type: pending.content_type.as_deref(),
                    body,
                },
                &self.policy.dialects,
            ),
            _ => Failure::of(Dialect::None),
        };
        match &pending.grpc {
            Some(grpc) if content.grpc.is_none() => Failure {
                document: content.document,
                ..grpc.clone()
            },
            _ => content,
        }
    }

    fn clean_graphql(
        &self,
        asked: &Asked,
        pending: &Pending,
        body: &[u8],
        x: &mut Exchange<'_>,
    ) -> Option<Put> {
        let request_id = asked.request_id(x).to_owned();
        let (clean, found) = graphql::clean(body, &self.policy.redactor, &request_id)?;
        self.told(asked, pending, Dialect::GraphQl.name(), body)
            .graphql(&request_id, &found, x);
        asked.is_enforced().then_some(Put::Content(clean))
    }

    /// Puts a content in place of the error's.
    fn put(&mut self, content: Option<Put>, body: &mut Body, x: &mut Exchange<'_>) {
        let replacement = match content {
            None => return,
            Some(Put::Content(bytes)) => {
                if let Some(headers) = x.headers_mut() {
                    remove_fields_of_content(headers);
                }
                body.replace(bytes);
                return;
            }
            Some(Put::Answer(replacement)) => replacement,
        };
        if let Some(headers) = x.headers_mut() {
            replacement.put_head(headers);
        }
        replacement.put_behind(x);
        body.replace(replacement.body);
        self.stage = Stage::Replaced;
    }

    /// Answers where there is no content that could be replaced, or none that is wanted.
    fn answer_now(&self, asked: &Asked, pending: &Pending, x: &mut Exchange<'_>) -> Flow {
        match self.translate(asked, pending, None, None, x) {
            Some(Put::Answer(replacement)) => Flow::Reply(Box::new(replacement.into_reply(x))),
            _ => Flow::Continue,
        }
    }

    /// What becomes of an error whose content is too long to be read, as long as its head is there.
    fn over_cap(&self, asked: &Asked, pending: &Pending, x: &mut Exchange<'_>) -> Flow {
        match asked.plan.over_cap {
            OverCap::Replace if pending.is_error && x.headers_mut().is_some() => {
                self.answer_now(asked, pending, x)
            }
            _ => {
                self.leave(asked, pending, Untouched::OverCap, x);
                Flow::Continue
            }
        }
    }

    fn leave(&self, asked: &Asked, pending: &Pending, why: Untouched, x: &mut Exchange<'_>) {
        if pending.is_error {
            self.told(asked, pending, "", &[]).left_alone(why, x);
        }
    }

    fn case<'a>(
        &'a self,
        asked: &'a Asked,
        pending: &Pending,
        content: Option<&'a Failure>,
        told: Option<Announced>,
    ) -> Case<'a> {
        Case {
            policy: &self.policy,
            asked,
            origin: pending.origin,
            status: pending.status,
            told: told.map(|told| told.status),
            is_fixed: told.is_some_and(|told| told.is_fixed),
            content,
            retry_after: pending.retry_after,
        }
    }

    fn told<'a>(
        &'a self,
        asked: &'a Asked,
        pending: &Pending,
        dialect: &'a str,
        original: &'a [u8],
    ) -> telling::Told<'a> {
        telling::Told {
            policy: &self.policy,
            asked,
            dialect,
            status: pending.status,
            original,
        }
    }
}
