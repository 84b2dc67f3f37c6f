//! What was found in a message, and where.

use std::borrow::Cow;

use kit::policy::child;

use super::UNKNOWN_FIELD;
use super::types::Field;
use crate::violation::Violation;

/// The violations of one message: up to a number, and as many fields that are not declared, which a
/// policy may bear, so that these do not hide the others.
#[derive(Debug)]
pub(super) struct Report {
    violations: Vec<Violation>,
    most: usize,
    /// How many of them are fields that are not declared.
    unknown_fields: usize,
}

/// A place in a message, as a list that leads back to the root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'p> {
    before: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'p> {
    Root,
    Name(&'p str),
    Index(usize),
    /// An entry of a map. Its key is the client's, so it is not told.
    Entry,
}

impl Report {
    /// An empty one, for so many violations.
    pub(super) fn new(most: usize) -> Self {
        Self {
            violations: Vec::new(),
            most,
            unknown_fields: 0,
        }
    }

    pub(super) fn add(
        &mut self,
        path: &Path<'_>,
        keyword: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) {
        if !self.is_full() {
            let violation = Violation::in_body(path.pointer(), keyword, detail);
            self.violations.push(violation);
        }
    }

    /// Tells that a message has a field that is not declared.
    pub(super) fn add_unknown_field(&mut self, path: &Path<'_>) {
        if self.unknown_fields < self.most {
            self.unknown_fields += 1;
            let detail = "has a field that is not declared";
            let violation = Violation::in_body(path.pointer(), UNKNOWN_FIELD, detail);
            self.violations.push(violation);
        }
    }

    /// Whether no more violations are told but fields that are not declared.
    pub(super) fn is_full(&self) -> bool {
        self.violations.len() - self.unknown_fields >= self.most
    }

    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }
}

impl<'p> Path<'p> {
    pub(super) const ROOT: Path<'static> = Path {
        before: None,
        step: Step::Root,
    };

    pub(super) fn field(&'p self, field: &'p Field) -> Self {
        self.name(&field.name)
    }

    pub(super) fn name(&'p self, name: &'p str) -> Self {
        self.then(Step::Name(name))
    }

    pub(super) fn index(&'p self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    pub(super) fn entry(&'p self) -> Self {
        self.then(Step::Entry)
    }

    fn then(&'p self, step: Step<'p>) -> Self {
        Self {
            before: Some(self),
            step,
        }
    }

    /// The place as a JSON Pointer (RFC 6901), with the names of the descriptors.
    fn pointer(&self) -> String {
        let before = self.before.map(Path::pointer).unwrap_or_default();
        match self.step {
            Step::Root => before,
            Step::Name(name) => child(&before, name),
            Step::Index(index) => child(&before, index),
            Step::Entry => child(&before, '*'),
        }
    }
}
