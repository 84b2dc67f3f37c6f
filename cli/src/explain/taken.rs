//! Which rule takes a request.

use std::cell::RefCell;
use std::rc::Rc;

use kit::bundle::{Bundle, Member};
use kit::exchange::Exchange;
use kit::filter::{Core, Flow, Form, Loaded, Upkeep};
use kit::matching::Match;
use kit::off::Off;
use kit::policy::Document;
use serde_json::Value;

use super::policy::Explained;

/// Which rule takes a request, and why those before it do not.
#[derive(Default)]
pub(super) struct Taken {
    /// Whether the request came to the filter at all.
    pub(super) is_reached: bool,
    /// The service that is switched off and that the request is for.
    pub(super) off: Option<String>,
    /// The place of the first rule that is for the request.
    pub(super) rule: Option<usize>,
    /// For each rule before it, the parts of its `match` that are not for the request.
    pub(super) against: Vec<Vec<&'static str>>,
}

/// Puts somebody before each filter of a module who sees what the filter will see, and tells in the
/// order of the policies where it was noted.
pub(super) fn look(bundle: &mut Bundle, policies: &[Explained]) -> Vec<Rc<RefCell<Taken>>> {
    let seen = policies.iter().map(|_| Rc::default());
    let seen: Vec<Rc<RefCell<Taken>>> = seen.collect();
    let mut members = Vec::new();
    for member in std::mem::take(&mut bundle.members) {
        let looking = policies.iter().zip(&seen);
        let looking = looking.filter(|(policy, _)| policy.filter == member.name);
        members.extend(looking.map(|(policy, seen)| Member {
            name: "explain",
            document: Document::from_value(Value::Null),
            policy: Box::new(Look {
                rules: Rc::clone(&policy.matches),
                off: policy.off.clone(),
                seen: Rc::clone(seen),
            }),
        }));
        members.push(member);
    }
    bundle.members = members;
    seen
}

/// A filter that looks which rules are for a request, and does nothing.
struct Look {
    rules: Rc<[Match]>,
    off: Option<Rc<Off>>,
    seen: Rc<RefCell<Taken>>,
}

impl Loaded for Look {
    fn start(&self) -> Box<dyn Core> {
        Box::new(Self {
            rules: Rc::clone(&self.rules),
            off: self.off.clone(),
            seen: Rc::clone(&self.seen),
        })
    }

    fn upkeep(&self) -> Option<Box<dyn Upkeep>> {
        None
    }

    fn form(&self) -> Option<Form> {
        None
    }

    fn off(&self) -> Option<&Off> {
        None
    }
}

impl Core for Look {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let against = self.rules.iter().map(|rule| against(rule, x));
        let mut against: Vec<_> = against.collect();
        let rule = against.iter().position(Vec::is_empty);
        against.truncate(rule.unwrap_or(against.len()));
        let off = self.off.as_ref().and_then(|off| off.service_of(x));
        *self.seen.borrow_mut() = Taken {
            is_reached: true,
            off: off.map(str::to_owned),
            rule,
            against,
        };
        Flow::Continue
    }
}

/// The parts of a match that are not for a request.
fn against(rule: &Match, x: &Exchange<'_>) -> Vec<&'static str> {
    let any = Match::default;
    let Match {
        hosts,
        methods,
        paths,
        headers,
        routes,
    } = rule.clone();
    let parts = [
        ("hosts", Match { hosts, ..any() }),
        ("methods", Match { methods, ..any() }),
        ("paths", Match { paths, ..any() }),
        ("headers", Match { headers, ..any() }),
        ("routes", Match { routes, ..any() }),
    ];
    let against = parts.iter().filter(|(_, part)| !part.matches(x));
    against.map(|(name, _)| *name).collect()
}
