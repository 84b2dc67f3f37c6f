//! One plugin configuration: loads its policies, starts exchanges, keeps time for them and between
//! them, and sends the calls that outlive them.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use kit::bundle::Bundle;
use kit::call::{Call, CallId, CallResult};
use kit::filter::Registration;
use kit::pipeline::Pipeline;
use kit::policy::{Document, Findings};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use crate::audit::InForce;
use crate::calls::{self, Token};
use crate::ffi::{self, Buffer};
use crate::proxy::Proxy;
use crate::stream::{Exchange, Stream};
use crate::upkeep::Keeper;
use crate::{Module, audit};

/// The SDK's handle on one plugin configuration in one VM.
pub(crate) struct Root {
    context: u32,
    module: Module,
    bundle: Option<Bundle>,
    in_force: Vec<InForce>,
    /// The number of streams so far, from 0 to 255 and again.
    streams: Cell<u8>,
    shared: Rc<Shared>,
    keepers: Vec<Rc<Keeper>>,
    /// Calls that belong to no exchange any more, or never did, and are answered here.
    calls: Vec<Sent>,
}

/// What the exchanges of a plugin configuration leave with it.
#[derive(Default)]
pub(crate) struct Shared {
    wishes: RefCell<Vec<Wish>>,
    outbox: RefCell<Vec<Outgoing>>,
    /// The period of the ticks, in milliseconds; 0 while nothing waits.
    period: Cell<u32>,
    /// The proxy's node id, once somebody has asked for it.
    node_id: OnceCell<Option<Vec<u8>>>,
}

struct Wish {
    /// Nanoseconds since 1970.
    at: u64,
    slot: usize,
    exchange: Rc<Exchange>,
}

struct Outgoing {
    slot: usize,
    call: Call,
    exchange: Rc<Exchange>,
}

struct Sent {
    token: Token,
    id: CallId,
    asker: Asker,
}

/// Who is to know the result of a call.
enum Asker {
    Core { slot: usize, exchange: Rc<Exchange> },
    Keeper(Rc<Keeper>),
}

/// How long what cannot be done at once waits for its tick.
const SOON: Duration = Duration::from_millis(1);

impl Root {
    pub(crate) fn new(context: u32, module: Module) -> Self {
        Self {
            context,
            module,
            bundle: None,
            in_force: Vec::new(),
            streams: Cell::default(),
            shared: Rc::default(),
            keepers: Vec::new(),
            calls: Vec::new(),
        }
    }

    fn load(&self) -> Result<Bundle, Findings> {
        let text = ffi::buffer(Buffer::PluginConfiguration).unwrap_or_default();
        // Only the VM's own variables are in there: the proxy hands over none unless it is told to.
        let document = Document::parse(&text)?.with_environment(std::env::vars().collect());
        match self.module {
            Module::One(filter) => Bundle::of_one(document, filter),
            Module::Bundle(filters) => Bundle::of_many(&document, filters),
        }
    }

    /// Lets an exchange know something in its own context, then comes back to this one.
    fn visit(&self, exchange: &Rc<Exchange>, event: impl FnOnce(&mut Pipeline, &mut Proxy<'_>)) {
        // Without its context an exchange that is over can still make calls.
        let _ = ffi::set_effective_context(exchange.context);
        if let Ok(mut pipeline) = exchange.pipeline.try_borrow_mut() {
            let mut proxy = Proxy {
                shared: &self.shared,
                exchange,
                own_callback: false,
            };
            event(&mut pipeline, &mut proxy);
        }
        let _ = ffi::set_effective_context(self.context);
    }

    fn send_outbox(&mut self) {
        for Outgoing {
            slot,
            call,
            exchange,
        } in self.shared.outbox.take()
        {
            self.send(&call, Asker::Core { slot, exchange });
        }
    }

    fn keep_up(&mut self) {
        let now = ffi::now();
        for keeper in self.keepers.clone() {
            if let Some(call) = keeper.tick(now) {
                self.send(&call, Asker::Keeper(keeper));
            }
        }
    }

    fn send(&mut self, call: &Call, asker: Asker) {
        let id = call.id;
        match calls::send(&call.request, call.timeout) {
            Ok(token) => self.calls.push(Sent { token, id, asker }),
            Err(failure) => self.tell(asker, id, CallResult::Failed(failure)),
        }
    }

    fn tell(&self, asker: Asker, id: CallId, result: CallResult) {
        match asker {
            Asker::Core { slot, exchange } => self.visit(&exchange, |pipeline, proxy| {
                pipeline.call_result(slot, id, result, proxy);
            }),
            Asker::Keeper(keeper) => {
                let now = ffi::now();
                keeper.answered(id, result, now);
                let wait = keeper.due().saturating_sub(now);
                self.shared.tick_within(Duration::from_nanos(wait));
            }
        }
    }

    fn wake_due(&self) {
        let now = ffi::now();
        let (due, later) = self
            .shared
            .wishes
            .take()
            .into_iter()
            .partition(|wish| wish.at <= now);
        self.shared.wishes.replace(later);
        let due: Vec<Wish> = due;
        for wish in due {
            self.visit(&wish.exchange, |pipeline, proxy| {
                pipeline.timer(wish.slot, proxy);
            });
        }
    }

    fn answered(&mut self, token: Token, result: impl FnOnce() -> CallResult) {
        let Some(at) = self.calls.iter().position(|call| call.token == token) else {
            return;
        };
        let Sent { id, asker, .. } = self.calls.swap_remove(at);
        // The result is read before the context changes.
        self.tell(asker, id, result());
    }
}

impl Shared {
    /// Sends a call from the next tick on, in the name of the plugin configuration.
    pub(crate) fn call_later(&self, exchange: &Rc<Exchange>, slot: usize, call: Call) {
        self.outbox.borrow_mut().push(Outgoing {
            slot,
            call,
            exchange: Rc::clone(exchange),
        });
        self.tick_within(SOON);
    }

    /// Wakes a core later; its earlier wish is forgotten.
    pub(crate) fn wake_later(&self, exchange: &Rc<Exchange>, slot: usize, after: Duration) {
        let after_nanos = u64::try_from(after.as_nanos()).unwrap_or(u64::MAX);
        let mut wishes = self.wishes.borrow_mut();
        wishes.retain(|wish| wish.slot != slot || !Rc::ptr_eq(&wish.exchange, exchange));
        wishes.push(Wish {
            at: ffi::now().saturating_add(after_nanos),
            slot,
            exchange: Rc::clone(exchange),
        });
        drop(wishes);
        self.tick_within(after);
    }

    /// Wakes nobody any more for what an exchange wished before it ended.
    pub(crate) fn forget(&self, exchange: &Rc<Exchange>) {
        let mut wishes = self.wishes.borrow_mut();
        if !wishes.is_empty() {
            wishes.retain(|wish| !Rc::ptr_eq(&wish.exchange, exchange));
        }
    }

    /// The proxy's node id, which `read` asks for the first time.
    pub(crate) fn node_id(&self, read: impl FnOnce() -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        self.node_id.get_or_init(read).clone()
    }

    fn tick_within(&self, within: Duration) {
        let wanted = u32::try_from(within.as_millis()).unwrap_or(u32::MAX).max(1);
        if self.period.get() == 0 || wanted < self.period.get() {
            self.set_period(wanted);
        }
    }

    /// Ticks as long as something waits, an upkeep that is due at `upkeep` included, and no longer.
    fn set_next_period(&self, upkeep: Option<u64>) {
        if !self.outbox.borrow().is_empty() {
            return self.set_period(1);
        }
        let wishes = self.wishes.borrow();
        let next = wishes.iter().map(|wish| wish.at).chain(upkeep).min();
        let period = match next {
            None => 0,
            Some(at) => {
                let millis = at.saturating_sub(ffi::now()) / 1_000_000;
                u32::try_from(millis).unwrap_or(u32::MAX).saturating_add(1)
            }
        };
        self.set_period(period);
    }

    fn set_period(&self, milliseconds: u32) {
        if self.period.replace(milliseconds) != milliseconds {
            let _ = ffi::set_tick_period(milliseconds);
        }
    }
}

impl Context for Root {
    fn on_done(&mut self) -> bool {
        self.in_force.iter().for_each(InForce::ended);
        true
    }

    fn on_http_call_response(&mut self, token: u32, num_headers: usize, _: usize, _: usize) {
        self.answered(Token::Http(token), || calls::http_result(num_headers));
    }

    fn on_grpc_call_response(&mut self, token: u32, status: u32, _: usize) {
        self.answered(Token::Grpc(token), || calls::grpc_result(status));
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        match self.load() {
            Ok(bundle) => {
                self.in_force.iter().for_each(InForce::ended);
                self.in_force = bundle.members.iter().map(audit::accepted).collect();
                let upkeeps = bundle.members.iter();
                let upkeeps = upkeeps.filter_map(|member| member.policy.upkeep());
                self.keepers = upkeeps.map(Keeper::new).map(Rc::new).collect();
                if !self.keepers.is_empty() {
                    self.shared.tick_within(SOON);
                }
                self.bundle = Some(bundle);
                true
            }
            Err(findings) => {
                audit::rejected(self.module.name(), &findings);
                false
            }
        }
    }

    fn on_tick(&mut self) {
        self.send_outbox();
        self.wake_due();
        self.keep_up();
        let upkeep = self.keepers.iter().map(|keeper| keeper.due()).min();
        self.shared.set_next_period(upkeep);
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        let bundle = self.bundle.as_ref()?;
        self.streams.set(self.streams.get().wrapping_add(1));
        if self.streams.get() == 0 {
            self.in_force.iter().for_each(InForce::again);
        }
        let cores = bundle.members.iter().map(|member| member.policy.start());
        let pipeline = Pipeline::new(cores, bundle.form);
        let stream = Stream::new(context, Rc::clone(&self.shared), pipeline);
        Some(Box::new(stream))
    }
}

impl Module {
    fn name(self) -> &'static str {
        match self {
            Self::One(Registration { name, .. }) => name,
            Self::Bundle(_) => "bundle",
        }
    }
}
