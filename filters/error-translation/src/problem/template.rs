//! What the catalogue says about a problem, with the values of the occurrence filled in.

use std::borrow::Cow;
use std::cell::RefCell;
use std::mem;

use kit::problem::google_rpc::{ErrorInfo, RetryInfo};
use kit::problem::{Link, Problem};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::Making;
use crate::catalog::{Extension, ProblemTemplate};
use crate::plan::LinkTemplate;
use crate::redaction::Found;
use crate::template::{Template, Variable};

/// What a value must not hold where it becomes a part of a link: all but the unreserved characters
/// (RFC 3986 section 2.3).
const NOT_IN_LINKS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Making<'_> {
    /// What the catalogue says.
    pub(super) fn apply(&mut self, template: &ProblemTemplate, problem: &mut Problem) {
        if let Some(uri) = &template.type_uri {
            problem.type_uri.clone_from(uri);
        }
        if let Some(status) = template.status {
            problem.status = status;
        }
        if let Some(title) = &template.title {
            problem.title = title.clone().into();
            self.is_named_by_status = false;
        }
        if let Some(grpc) = template.grpc {
            problem.grpc = grpc;
        }
        if let Some(reason) = &template.reason {
            problem.reason.clone_from(reason);
            let domain = template
                .domain
                .clone()
                .or_else(|| self.values.service.clone());
            problem.domain = domain.unwrap_or_default().into();
            problem.attached.retain(|any| any.name() != ErrorInfo::NAME);
        }
        if let Some(detail) = template
            .detail
            .as_ref()
            .and_then(|detail| self.fill(detail))
        {
            problem.detail = detail;
        }
        for (name, extension) in &template.extensions {
            if let Some(value) = self.extension(extension) {
                problem.extensions.insert(name.clone(), value);
            }
        }
        if let Some(retryable) = template.retryable {
            problem
                .extensions
                .insert("retryable".to_owned(), retryable.into());
        }
        if let Some(seconds) = template.retry_after {
            problem.retry_after = Some(seconds);
            problem.attached.retain(|any| any.name() != RetryInfo::NAME);
        }
        let said = |rel: &str| template.links.iter().any(|link| link.rel == rel);
        problem.links.retain(|link| !said(&link.rel));
        self.link(&template.links, problem);
    }

    fn extension(&mut self, extension: &Extension) -> Option<Value> {
        match extension {
            Extension::Fixed(value) => Some(value.clone()),
            Extension::Text(template) => self.fill(template).map(Value::String),
            Extension::Copy(pointer) => {
                let mut value = pointer.find(&self.case.content?.document)?.clone();
                let redactor = &self.case.policy.redactor;
                redactor.clean_value(&mut value, &mut self.found);
                Some(value)
            }
        }
    }

    pub(super) fn link(&mut self, links: &[LinkTemplate], problem: &mut Problem) {
        for link in links {
            let is_there = problem.links.iter().any(|own| own.rel == link.rel);
            if let (false, Some(href)) = (is_there, self.fill_link(&link.href)) {
                problem.links.push(Link {
                    rel: link.rel.clone().into(),
                    href,
                });
            }
        }
    }

    fn fill(&mut self, template: &Template) -> Option<String> {
        // A template asks for its values one by one, so they share what was found.
        let found = RefCell::new(mem::take(&mut self.found));
        let text = template.fill(|variable| self.value(variable, &mut found.borrow_mut()));
        self.found = found.into_inner();
        text
    }

    /// A template whose values are parts of a URI. Only a UUID can follow `urn:uuid:`.
    pub(super) fn fill_link(&mut self, template: &Template) -> Option<String> {
        let found = RefCell::new(mem::take(&mut self.found));
        let text = template.fill(|variable| {
            // Nothing between two slashes would make a host of what follows.
            let value = self
                .value(variable, &mut found.borrow_mut())
                .filter(|value| !value.is_empty())?;
            Some(utf8_percent_encode(&value, NOT_IN_LINKS).to_string())
        });
        self.found = found.into_inner();
        text.filter(|text| text.strip_prefix("urn:uuid:").is_none_or(is_uuid))
    }

    fn value(&self, variable: &Variable, found: &mut Found) -> Option<String> {
        let values = &self.values;
        match variable {
            Variable::Status => Some(self.case.status.to_string()),
            Variable::Code => values.code.clone(),
            Variable::Title => values.title.clone(),
            Variable::Detail => values.detail.clone(),
            Variable::Service => values.service.clone(),
            Variable::Version => values.version.clone(),
            Variable::RequestId => Some(values.request_id.clone()),
            Variable::TraceId => values.trace_id.map(str::to_owned),
            Variable::Pointer(pointer) => {
                let text = match pointer.find(&self.case.content?.document)? {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    Value::Bool(value) => value.to_string(),
                    _ => return None,
                };
                let clean = self.case.policy.redactor.clean(&text, found);
                clean.map(Cow::into_owned)
            }
        }
    }
}

/// RFC 9562 section 4.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
