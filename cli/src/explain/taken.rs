//! Which rule takes a request.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::SystemTime;

use kit::bundle::{Bundle, Member};
use kit::exchange::Exchange;
use kit::filter::{Core, Flow, Form, Loaded, Upkeep};
use kit::matching::Match;
use kit::off::Off;
use kit::policy::Document;
use serde_json::Value;

use crate::case::Step;
use crate::native;

/// Which rule takes a request, and why those before it do not.
pub(super) struct Taken {
    /// The place of the first rule that is for the request.
    pub(super) rule: Option<usize>,
    /// For each rule before it, the parts of its `match` that are not for the request.
    pub(super) against: Vec<Vec<&'static str>>,
}

impl Taken {
    /// Holds a request to the rules, in their order.
    pub(super) fn of(rules: Vec<Match>, step: &Step) -> Self {
        let seen = Rc::new(RefCell::default());
        let look = Look {
            rules: rules.into(),
            seen: Rc::clone(&seen),
        };
        let member = Member {
            name: "explain",
            document: Document::from_value(Value::Null),
            policy: Box::new(look),
        };
        let bundle = Bundle {
            members: vec![member],
            form: Form::Streamed,
        };
        // It waits for nothing and makes no calls, so that nothing can fail.
        let _ = native::pass(&bundle, step, SystemTime::UNIX_EPOCH);
        let mut against: Vec<Vec<&'static str>> = seen.take();
        let rule = against.iter().position(Vec::is_empty);
        against.truncate(rule.unwrap_or(against.len()));
        Self { rule, against }
    }
}

/// A filter that looks which rules are for a request, and does nothing.
struct Look {
    rules: Rc<[Match]>,
    seen: Rc<RefCell<Vec<Vec<&'static str>>>>,
}

impl Loaded for Look {
    fn start(&self) -> Box<dyn Core> {
        Box::new(Self {
            rules: Rc::clone(&self.rules),
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
        *self.seen.borrow_mut() = against.collect();
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
