//! What a filter is: a policy that loads, and a core that takes events and asks for effects.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use crate::body::Body;
use crate::call::{Call, CallId, CallResult};
use crate::exchange::Exchange;
use crate::off::{Off, UnlessOff};
use crate::policy::{Document, Findings};
use crate::reply::Reply;

/// One job, held to one policy.
///
/// An implementor is a type without values: it ties a name, a policy and a core together.
pub trait Filter: 'static {
    /// The name: that of its folder, its module and its place in a bundle.
    const NAME: &'static str;

    /// The checked policy. What it holds cannot fail later: patterns are compiled, references are
    /// resolved, contradictions were refused.
    type Policy: 'static;

    /// Checks a document.
    ///
    /// # Errors
    /// Every finding in the document at once.
    fn load(document: &Document) -> Result<Self::Policy, Findings>;

    /// How a body can be refused under this policy; `None` where the filter needs no body.
    fn form(_policy: &Self::Policy) -> Option<Form> {
        None
    }

    /// A core for one exchange.
    fn start(policy: &Rc<Self::Policy>) -> Box<dyn Core>;

    /// What is to be done between exchanges under this policy; `None` where nothing is, and then
    /// the proxy never ticks for it.
    fn upkeep(_policy: &Rc<Self::Policy>) -> Option<Box<dyn Upkeep>> {
        None
    }
}

/// The two honest ways to look at a body before deciding.
///
/// A filter cannot read which one its proxy allows, so the policy says it and `treaty check` holds
/// the manifest to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub enum Form {
    /// The head waits for the body, and a refused request never reaches the upstream. The plugin's
    /// configuration must say `allow_on_headers_stop_iteration: true`.
    Held,
    /// The head goes on and the body waits. A refused body still ends in a clean error, but the
    /// upstream has seen the head.
    Streamed,
}

/// What happens to the exchange after an event.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    /// It goes on to the next filter.
    Continue,
    /// It waits for a call or a timer that the core asked for, in this event or before.
    Wait,
    /// The client gets this answer instead.
    Reply(Box<Reply>),
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The response was passed to the client to its end.
    Complete,
    /// The client or the upstream went away before that.
    Aborted,
}

/// A state machine for one exchange: events in, effects out.
///
/// Effects are edits of the message, and what [`Exchange`] offers. A core has no other door: it
/// reads no clock, calls no proxy and writes no log, so that the same core runs behind any host.
/// Every event has a default that lets the exchange pass.
#[allow(unused_variables, reason = "The defaults ignore what they are given.")]
pub trait Core {
    /// The head of the request has come.
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        Flow::Continue
    }

    /// A part of the request's body has come, in the way that the core asked for.
    fn request_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        Flow::Continue
    }

    /// The request's trailers have come.
    fn request_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        Flow::Continue
    }

    /// The head of the response has come: the upstream's, or an answer that the proxy or an inner
    /// filter made. Only cores that saw the request head see it.
    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        Flow::Continue
    }

    /// A part of the response's body has come, in the way that the core asked for.
    fn response_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        Flow::Continue
    }

    /// The response's trailers have come.
    fn response_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        Flow::Continue
    }

    /// A call has ended. The flow counts where the core had said [`Flow::Wait`].
    fn call_result(&mut self, id: CallId, result: CallResult, x: &mut Exchange<'_>) -> Flow {
        Flow::Continue
    }

    /// The time that the core asked to be woken after has passed. The flow counts where the core
    /// had said [`Flow::Wait`].
    fn timer(&mut self, x: &mut Exchange<'_>) -> Flow {
        Flow::Continue
    }

    /// The exchange is over. Calls asked for from here on outlive it.
    fn end(&mut self, end: End, x: &mut Exchange<'_>) {}
}

/// What a filter does between exchanges, so that none of them has to wait for it: a token fetched,
/// a lease granted before it is needed.
///
/// It is a state machine as a [`Core`] is, one for each policy in each VM: those of the workers, and
/// that of the proxy's main thread, which has no exchanges. What it knows it shares with the cores
/// by way of the policy. The first tick comes as soon as the policy is in force.
pub trait Upkeep {
    /// After which time the next tick comes, at least a millisecond. It is asked after each tick,
    /// and after each answer, which can bring the next tick forward but not put it off.
    fn period(&self) -> Duration;

    /// The time has passed. The call, if any, is sent at once; [`Call::outlives`] means nothing
    /// here.
    fn tick(&mut self, now: SystemTime, random: u64) -> Option<Call>;

    /// A call has ended, also one that could not be sent.
    fn answered(&mut self, id: CallId, result: CallResult);
}

/// A checked policy of some filter, ready to start cores.
pub trait Loaded {
    /// A core for one exchange.
    fn start(&self) -> Box<dyn Core>;

    /// What is to be done between exchanges under this policy.
    fn upkeep(&self) -> Option<Box<dyn Upkeep>>;

    /// How a body can be refused under this policy.
    fn form(&self) -> Option<Form>;

    /// What the policy says is left alone; `None` where it switches nothing off.
    fn off(&self) -> Option<&Off>;
}

/// A filter by name, for hosts that run several kinds.
#[derive(Clone, Copy)]
pub struct Registration {
    /// [`Filter::NAME`].
    pub name: &'static str,
    /// [`Filter::load`], with its policy made ready to start cores.
    pub load: fn(&Document) -> Result<Box<dyn Loaded>, Findings>,
}

impl Registration {
    /// The registration of a filter.
    pub const fn of<F: Filter>() -> Self {
        Self {
            name: F::NAME,
            load: |document| {
                let policy = Rc::new(F::load(document)?);
                let off = Off::of(document).map(Rc::new);
                Ok(Box::new(LoadedPolicy::<F> { policy, off }))
            },
        }
    }
}

struct LoadedPolicy<F: Filter> {
    policy: Rc<F::Policy>,
    off: Option<Rc<Off>>,
}

impl<F: Filter> Loaded for LoadedPolicy<F> {
    fn start(&self) -> Box<dyn Core> {
        let core = F::start(&self.policy);
        match &self.off {
            Some(off) => Box::new(UnlessOff::new(off, F::NAME, core)),
            None => core,
        }
    }

    fn upkeep(&self) -> Option<Box<dyn Upkeep>> {
        F::upkeep(&self.policy)
    }

    fn form(&self) -> Option<Form> {
        F::form(&self.policy)
    }

    fn off(&self) -> Option<&Off> {
        self.off.as_deref()
    }
}
