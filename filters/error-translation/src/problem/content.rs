//! What the content of an error says, as far as it may reach the client.

use kit::problem::{Problem, fragment};
use serde_json::{Map, Value};

use super::{Making, phrase};
use crate::failure::{Failure, Violation};
use crate::origin::Origin;
use crate::plan::KeepDetail;
use crate::representation::Format;
use crate::rpc;

/// The members of RFC 9457, which no extension may take.
const MEMBERS: [&str; 5] = ["type", "title", "status", "detail", "instance"];

/// What a client reads where the service's own words are withheld.
const SERVER_ERROR: &str = "The service failed while it handled the request. Quote the request id \
                            when you ask for help.";
const CLIENT_ERROR: &str = "The service refused the request, and its reason is withheld. Quote the \
                            request id when you ask for help.";

impl Making<'_> {
    pub(super) fn of_content(&mut self) -> Problem {
        let status = self.case.status;
        self.is_named_by_status = true;
        let Some(content) = self.case.content else {
            return Problem::untyped(status, phrase(status), self.code_of_status());
        };
        self.values.code = self.clean(content.code.as_deref());
        self.values.title = self.clean(content.title.as_deref());
        self.values.detail = self.detail(content);
        let grpc = content.grpc.unwrap_or_else(|| self.code_of_status());
        let mut problem = Problem::untyped(status, phrase(status), grpc);
        if let Some(uri) = self.clean_unchanged(content.type_uri.as_deref()) {
            problem.type_uri = uri;
        }
        let is_named = problem.type_uri != "about:blank" || content.dialect.is_problem();
        let mut detail = self.values.detail.clone();
        match self.values.title.clone() {
            Some(title) if is_named => {
                problem.title = title.into();
                self.is_named_by_status = false;
            }
            Some(title) if detail.is_none() && self.keeps_words(content) => detail = Some(title),
            _ => {}
        }
        problem.detail = detail.unwrap_or_default();
        problem.instance = self.clean_unchanged(content.instance.as_deref());
        problem.retry_after = content.retry_after;
        problem.links.clone_from(&content.links);
        problem
            .links
            .retain(|link| self.clean_unchanged(Some(&link.href)).is_some());
        self.extend(content, &mut problem);
        self.attach(content, &mut problem);
        self.withhold_words_of_a_trace(&mut problem);
        problem
    }

    /// What stands beside a trace is the message of the panic or exception that it is of.
    fn withhold_words_of_a_trace(&mut self, problem: &mut Problem) {
        if self.is_server_error() && self.found.has_trace() {
            self.withholds = true;
            SERVER_ERROR.clone_into(&mut problem.detail);
            self.values.detail = Some(SERVER_ERROR.to_owned());
        }
    }

    /// What the service says happened, or that this is withheld. What is in it is found in any
    /// case, so that operators hear of it.
    fn detail(&mut self, content: &Failure) -> Option<String> {
        let clean = self.clean(Some(content.detail.as_deref()?));
        let kept = clean.filter(|_| self.keeps_words(content));
        self.withholds = self.withholds || kept.is_none();
        let withheld = || {
            if self.is_server_error() {
                SERVER_ERROR
            } else {
                CLIENT_ERROR
            }
        };
        Some(kept.unwrap_or_else(|| withheld().to_owned()))
    }

    /// Whether words of this kind reach the client. What the proxy is configured to say was
    /// written for clients.
    fn keeps_words(&self, content: &Failure) -> bool {
        let is_meant =
            || matches!(self.case.origin, Origin::Configured) || content.dialect.is_structured();
        match self.case.asked.plan.keep_detail {
            KeepDetail::Always => true,
            KeepDetail::Structured => !self.is_server_error() || is_meant(),
            KeepDetail::ClientErrors => !self.is_server_error(),
            KeepDetail::Never => false,
        }
    }

    fn is_server_error(&self) -> bool {
        self.case.status >= 500
    }

    /// The members that machines read.
    fn extend(&mut self, content: &Failure, problem: &mut Problem) {
        let mut extensions = Value::Object(content.extensions.clone());
        let redactor = &self.case.policy.redactor;
        redactor.clean_value(&mut extensions, &mut self.found);
        if let Value::Object(extensions) = extensions {
            problem.extensions = extensions;
        }
        problem
            .extensions
            .retain(|name, _| !MEMBERS.contains(&name.as_str()));
        if let Some(code) = &self.values.code {
            problem
                .extensions
                .insert("code".to_owned(), code.as_str().into());
        }
        if !content.violations.is_empty() {
            let errors = content.violations.iter();
            let errors: Vec<Value> = errors.map(|violation| self.error(violation)).collect();
            problem
                .extensions
                .insert("errors".to_owned(), errors.into());
        }
    }

    /// One element of `errors` (RFC 9457 section 3).
    fn error(&mut self, violation: &Violation) -> Value {
        let mut error = Map::new();
        let mut set = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                error.insert(name.to_owned(), value.into());
            }
        };
        set("detail", self.clean(Some(&violation.detail)));
        let place = self.clean_unchanged(violation.pointer.as_deref());
        set("pointer", place.as_deref().map(fragment));
        set("field", self.clean(violation.field.as_deref()));
        set("in", self.clean(violation.place.as_deref()));
        set("code", self.clean(violation.code.as_deref()));
        Value::Object(error)
    }

    /// The messages that machines read in gRPC, Connect and AIP-193.
    fn attach(&mut self, content: &Failure, problem: &mut Problem) {
        if !self.speaks_rpc() && self.case.asked.format != Format::Aip193 {
            return;
        }
        let (redactor, found) = (&self.case.policy.redactor, &mut self.found);
        problem.attached = rpc::cleaning::clean(&content.details, &mut |name, text| {
            redactor.clean_member(name, text, found)
        });
        if let Some(code) = self.values.code.clone().filter(|code| is_reason(code)) {
            problem.reason = code;
            let domain = self.clean_unchanged(content.domain.as_deref());
            let domain = domain.or_else(|| self.values.service.clone());
            problem.domain = domain.unwrap_or_default().into();
        }
    }
}

/// Whether a code can be the reason of an `ErrorInfo` (AIP-193).
fn is_reason(code: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (3..=63).contains(&code.len())
        && code.starts_with(|c: char| c.is_ascii_uppercase())
        && !code.ends_with('_')
        && code.bytes().all(fits)
}
