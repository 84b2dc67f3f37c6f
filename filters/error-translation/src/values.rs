//! What tells one occurrence from others: the values that templates name and problems carry.

use kit::exchange::Exchange;
use kit::fact::{SERVICE, VERSION};

use crate::asked::Asked;

/// The values of an occurrence. Those that the upstream gave are clean already.
pub(crate) struct Values<'a> {
    pub(crate) service: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) request_id: String,
    pub(crate) trace_id: Option<&'a str>,
    pub(crate) code: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) detail: Option<String>,
}

impl<'a> Values<'a> {
    /// The values that do not depend on the content.
    pub(crate) fn of(asked: &'a Asked, x: &Exchange<'_>) -> Self {
        Self {
            service: asked.plan.service.clone().or_else(|| x.fact(&SERVICE)),
            version: x.fact(&VERSION),
            request_id: asked.request_id(x).to_owned(),
            trace_id: asked.trace_id.as_deref(),
            code: None,
            title: None,
            detail: None,
        }
    }
}
