//! One exchange: the proxy's callbacks become the pipeline's events.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kit::call::{CallId, CallResult};
use kit::pipeline::{Action, Direction, Pipeline};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types;

use crate::calls::{self, Token};
use crate::proxy::Proxy;
use crate::root::Shared;

/// What belongs to one exchange and may outlive its callbacks.
pub(crate) struct Exchange {
    pub(crate) context: u32,
    pub(crate) pipeline: RefCell<Pipeline>,
    /// Calls that the SDK answers in this exchange's own context.
    pub(crate) calls: RefCell<Vec<(Token, usize, CallId)>>,
    pub(crate) ended: Cell<bool>,
}

/// The SDK's handle on an exchange.
pub(crate) struct Stream {
    shared: Rc<Shared>,
    exchange: Rc<Exchange>,
}

impl Stream {
    pub(crate) fn new(context: u32, shared: Rc<Shared>, pipeline: Pipeline) -> Self {
        let exchange = Exchange {
            context,
            pipeline: RefCell::new(pipeline),
            calls: RefCell::default(),
            ended: Cell::new(false),
        };
        Self {
            shared,
            exchange: Rc::new(exchange),
        }
    }

    fn run(&self, event: impl FnOnce(&mut Pipeline, &mut Proxy<'_>) -> Action) -> types::Action {
        // The host defers what would call back during a callback, so the pipeline is free.
        let Ok(mut pipeline) = self.exchange.pipeline.try_borrow_mut() else {
            return types::Action::Continue;
        };
        let mut proxy = Proxy {
            shared: &self.shared,
            exchange: &self.exchange,
            own_callback: true,
        };
        match event(&mut pipeline, &mut proxy) {
            Action::Continue => types::Action::Continue,
            Action::Pause => types::Action::Pause,
        }
    }

    fn answered(&self, token: Token, result: impl FnOnce() -> CallResult) {
        let Some((slot, id)) = take(&self.exchange.calls, token) else {
            return;
        };
        let result = result();
        self.run(|pipeline, proxy| {
            pipeline.call_result(slot, id, result, proxy);
            Action::Continue
        });
    }
}

impl Context for Stream {
    fn on_http_call_response(&mut self, token: u32, num_headers: usize, _: usize, _: usize) {
        self.answered(Token::Http(token), || calls::http_result(num_headers));
    }

    fn on_grpc_call_response(&mut self, token: u32, status: u32, _: usize) {
        self.answered(Token::Grpc(token), || calls::grpc_result(status));
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, last: bool) -> types::Action {
        self.run(|pipeline, proxy| pipeline.head(Direction::Request, last, proxy))
    }

    fn on_http_request_body(&mut self, len: usize, last: bool) -> types::Action {
        self.run(|pipeline, proxy| pipeline.body(Direction::Request, len, last, proxy))
    }

    fn on_http_request_trailers(&mut self, _: usize) -> types::Action {
        self.run(|pipeline, proxy| pipeline.trailers(Direction::Request, proxy))
    }

    fn on_http_response_headers(&mut self, _: usize, last: bool) -> types::Action {
        self.run(|pipeline, proxy| pipeline.head(Direction::Response, last, proxy))
    }

    fn on_http_response_body(&mut self, len: usize, last: bool) -> types::Action {
        self.run(|pipeline, proxy| pipeline.body(Direction::Response, len, last, proxy))
    }

    fn on_http_response_trailers(&mut self, _: usize) -> types::Action {
        self.run(|pipeline, proxy| pipeline.trailers(Direction::Response, proxy))
    }

    /// Runs before the proxy writes its access log, so what a core tells at the end still stands
    /// in it.
    fn on_log(&mut self) {
        if !self.exchange.ended.replace(true) {
            self.shared.forget(&self.exchange);
            self.run(|pipeline, proxy| {
                pipeline.end(proxy);
                Action::Continue
            });
        }
    }
}

/// Takes the entry of a token out of a list.
pub(crate) fn take(
    calls: &RefCell<Vec<(Token, usize, CallId)>>,
    token: Token,
) -> Option<(usize, CallId)> {
    let mut calls = calls.borrow_mut();
    let at = calls.iter().position(|(own, _, _)| *own == token)?;
    let (_, slot, id) = calls.swap_remove(at);
    Some((slot, id))
}
