//! The steps of a case: exchanges that share a clock, and the data that all VMs of a proxy share.

use std::collections::BTreeMap;
use std::iter;
use std::str::FromStr;
use std::time::Duration;

use kit::policy::value::Span;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::calls::CallAnswer;
use super::expect::Expect;
use super::message::{Request, Upstream};
use super::octets::Octets;

/// One exchange of a case.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// How long after what was before it the request comes.
    #[serde(default, deserialize_with = "span")]
    pub after: Option<Duration>,
    /// The properties that the proxy knows, by their path joined with dots.
    #[serde(default)]
    pub properties: BTreeMap<String, Octets>,
    /// What the client sends.
    #[serde(default)]
    pub request: Request,
    /// What the upstream answers, if it is asked.
    #[serde(default)]
    pub upstream: Upstream,
    /// The answers to the filter's own calls, in order.
    #[serde(default)]
    pub calls: Vec<CallAnswer>,
    /// What is expected.
    pub expect: Expect,
}

impl Step {
    /// What happens while the upstream has the request, each with the name that tells it apart.
    pub fn meanwhile(&self) -> impl Iterator<Item = (String, &Step)> {
        let name = |number| format!("meanwhile {number}");
        (1..).map(name).zip(&self.upstream.meanwhile)
    }

    /// What is wrong with the step, if anything, as a sentence about it.
    pub(super) fn mistake(&self) -> Option<&'static str> {
        if self.expect.is_empty() {
            return Some("expects nothing, so it could never fail");
        }
        if self.request.aborts && self.expect.response.is_some() {
            return Some("expects a response, and its client leaves before there is one");
        }
        if self.request.aborts && self.upstream.breaks.is_some() {
            return Some("has both ends break off; one of them is first");
        }
        let mut meanwhile = self.upstream.meanwhile.iter();
        if meanwhile.any(|step| !step.upstream.meanwhile.is_empty()) {
            return Some("has a `meanwhile` in what happens meanwhile");
        }
        None
    }

    /// Whether the clock is moved for it, or for what happens meanwhile.
    pub(super) fn moves_clock(&self) -> bool {
        let mut meanwhile = self.upstream.meanwhile.iter();
        self.after.is_some() || meanwhile.any(Self::moves_clock)
    }
}

/// The steps, each with the name that tells it apart. One that is alone needs none.
pub(super) fn numbered(steps: &[Step]) -> impl Iterator<Item = (String, &Step)> {
    let is_alone = steps.len() == 1;
    let name = move |number| {
        if is_alone {
            String::new()
        } else {
            format!("step {number}")
        }
    };
    (1..).map(name).zip(steps)
}

/// The steps and what happens meanwhile, in the order of the file.
pub(super) fn exchanges(steps: &[Step]) -> impl Iterator<Item = (String, &Step)> {
    numbered(steps).flat_map(|(name, step)| {
        let within = match name.as_str() {
            "" => String::new(),
            name => format!("{name}: "),
        };
        let meanwhile = step.meanwhile();
        let meanwhile = meanwhile.map(move |(name, step)| (format!("{within}{name}"), step));
        iter::once((name, step)).chain(meanwhile)
    })
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let span = Span::from_str(&text).map_err(D::Error::custom)?;
    Ok(Some(span.0))
}
