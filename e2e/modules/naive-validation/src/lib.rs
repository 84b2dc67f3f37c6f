//! A filter that holds the content of requests to one JSON Schema, its configuration: the bare SDK,
//! `serde_json::Value` and the crate `jsonschema` as it comes.
//!
//! It is what somebody would write first. It has no caps and no metrics, and tells no more than where
//! a content is wrong.
#![cfg(feature = "module")]
#![allow(
    missing_docs,
    reason = "The SDK's macro makes one function, without any."
)]

use std::rc::Rc;

use jsonschema::Validator;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};
use serde_json::Value;

#[derive(Default)]
struct Root {
    validator: Option<Rc<Validator>>,
}

struct Stream {
    validator: Option<Rc<Validator>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let octets = self.get_plugin_configuration().unwrap_or_default();
        let schema = serde_json::from_slice::<Value>(&octets).ok();
        let validator = schema.and_then(|schema| {
            let options = jsonschema::options().should_validate_formats(true);
            options.build(&schema).ok()
        });
        self.validator = validator.map(Rc::new);
        self.validator.is_some()
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        let validator = self.validator.clone();
        Some(Box::new(Stream { validator }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        if end_of_stream {
            Action::Continue
        } else {
            Action::Pause
        }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !end_of_stream {
            return Action::Pause;
        }
        let content = self.get_http_request_body(0, size).unwrap_or_default();
        let Ok(content) = serde_json::from_slice::<Value>(&content) else {
            return self.refuse(400, "is not JSON");
        };
        let error = self
            .validator
            .as_ref()
            .and_then(|own| own.iter_errors(&content).next());
        match error {
            Some(error) => self.refuse(422, error.instance_path().as_str()),
            None => Action::Continue,
        }
    }
}

impl Stream {
    fn refuse(&self, status: u32, detail: &str) -> Action {
        self.send_http_response(status, Vec::new(), Some(detail.as_bytes()));
        Action::Pause
    }
}

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::<Root>::default());
}}
