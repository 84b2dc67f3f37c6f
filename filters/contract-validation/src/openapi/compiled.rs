//! Schemas that were compiled, for as long as they are used.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use kit::policy::{Finding, Findings};
use serde_json::Value;

use crate::schema::Compiled;

use super::document::{Contract, Undefined};
use super::view::{Direction, Hidden, SchemaRef};

/// The most schemas of a document that are all compiled as it is read, so that what does not
/// compile is found then. A larger document's are compiled when they are first used.
const EAGER: usize = 256;

/// How much is kept: so many values in the schemas that were used last. Natively they take 23 MB, and
/// are a tenth of the schemas of GitHub's document, which is the largest one that is public.
const KEPT: usize = 32_768;

/// From how many octets on the text of a schema, with all that it refers to, is a large one.
const LARGE: usize = 64 * 1024;

/// Compiled schemas, by the schema and then by [`form`].
#[derive(Debug, Clone, Default)]
pub(super) struct Schemas(RefCell<Kept>);

#[derive(Debug, Clone, Default)]
struct Kept {
    schemas: BTreeMap<String, [Option<Slot>; 4]>,
    /// How many values are in them.
    size: usize,
    /// How often one was asked for.
    clock: u64,
}

/// What became of a schema in one form.
#[derive(Debug, Clone)]
struct Slot {
    /// `None` where it does not compile.
    compiled: Option<Rc<Compiled>>,
    /// How many values are in the schema, at least one.
    size: usize,
    /// When it was asked for last.
    used: u64,
}

impl Contract {
    /// A schema for one direction, compiled. `None` where it does not compile: that is told when the
    /// document is read, unless it is so large that its schemas are compiled as they are used; then
    /// [`check_schemas`](Self::check_schemas) tells it.
    pub(crate) fn schema(
        &self,
        schema: &SchemaRef,
        direction: Direction,
        hidden: Hidden,
    ) -> Option<Rc<Compiled>> {
        let form = form(direction, hidden);
        if let Some(known) = self.schemas.0.borrow_mut().find(&schema.pointer, form) {
            return known.compiled.clone();
        }
        let compiled = self.compile(schema, direction, hidden).ok();
        let mut kept = self.schemas.0.borrow_mut();
        kept.keep(&schema.pointer, form, compiled.clone());
        compiled
    }

    /// Compiles every schema that an operation uses, in the directions in which it is used; what
    /// does not compile, with its place. It takes seconds with a large document.
    pub fn check_schemas(&self) -> Findings {
        self.compile_all(&self.used())
    }

    /// The schemas that are large together with all that they refer to, so that whoever asks for
    /// one first waits for it.
    pub fn large_schemas(&self) -> Findings {
        let mut findings = Findings::new();
        for (schema, direction) in self.used() {
            let view = self.view(&schema, direction, Hidden::Allowed);
            let length = view.schema.to_string().len();
            if length > LARGE {
                let kilobytes = length / 1024;
                let message = format!(
                    "has {kilobytes} KiB with all that it refers to, which is slow to compile when it is first used"
                );
                findings.add(schema.pointer, message);
            }
        }
        findings.once();
        findings
    }

    /// The contract, with its schemas compiled if they are few.
    pub(super) fn compiled(mut self) -> Result<Self, Findings> {
        let used = self.used();
        if used.len() > EAGER {
            return Ok(self);
        }
        let mut findings = self.compile_all(&used);
        if self.source.reading.undefined == Undefined::Refused {
            return findings.or(self);
        }
        for finding in &mut findings.0 {
            finding.message.push_str("; it is not checked");
        }
        self.notes.0.extend(findings.0);
        Ok(self)
    }

    fn compile_all(&self, used: &BTreeSet<(SchemaRef, Direction)>) -> Findings {
        let mut findings = Findings::new();
        for (schema, direction) in used {
            for hidden in [Hidden::Allowed, Hidden::Refused] {
                match self.compile(schema, *direction, hidden) {
                    Err(finding) => findings.0.push(finding),
                    Ok(compiled) if hidden == Hidden::Allowed => {
                        let form = form(*direction, hidden);
                        let mut kept = self.schemas.0.borrow_mut();
                        kept.keep(&schema.pointer, form, Some(compiled));
                    }
                    // Few policies refuse what is hidden: their schemas wait until they are used.
                    Ok(_) => {}
                }
            }
        }
        findings.once();
        findings
    }

    fn compile(
        &self,
        schema: &SchemaRef,
        direction: Direction,
        hidden: Hidden,
    ) -> Result<Rc<Compiled>, Finding> {
        let view = self.view(schema, direction, hidden);
        // Most schemas are alike in all their forms.
        let kept = self.schemas.0.borrow();
        if let Some(same) = kept.equal(&schema.pointer, &view.schema) {
            return Ok(same);
        }
        Compiled::of(&view.schema)
            .map(Rc::new)
            .map_err(|fault| Finding {
                pointer: view
                    .origin(&fault.pointer)
                    .unwrap_or(schema.pointer.clone()),
                message: fault.message,
            })
    }

    /// The schemas that operations use, each with the direction in which it is used.
    fn used(&self) -> BTreeSet<(SchemaRef, Direction)> {
        let mut used = BTreeSet::new();
        let operations = self.items.iter().flat_map(|item| &item.operations);
        for operation in operations {
            let parameters = operation.parameters.iter();
            let parameters = parameters.filter_map(|own| own.schema.as_ref());
            let body = operation
                .body
                .iter()
                .flat_map(|body| body.content.schemas());
            used.extend(
                parameters
                    .chain(body)
                    .map(|own| (own.clone(), Direction::Request)),
            );
            for (_, response) in operation.responses.iter() {
                let headers = response.headers.iter();
                let headers = headers.filter_map(|own| own.schema.as_ref());
                let schemas = headers.chain(response.content.schemas());
                used.extend(schemas.map(|own| (own.clone(), Direction::Response)));
            }
        }
        used
    }
}

/// Which of the forms of a schema is meant.
fn form(direction: Direction, hidden: Hidden) -> usize {
    let direction = match direction {
        Direction::Request => 0,
        Direction::Response => 1,
    };
    match hidden {
        Hidden::Allowed => direction,
        Hidden::Refused => direction + 2,
    }
}

impl Kept {
    /// What is known of a schema.
    fn find(&mut self, pointer: &str, form: usize) -> Option<&Slot> {
        self.clock = self.clock.wrapping_add(1);
        let slot = self.schemas.get_mut(pointer)?.get_mut(form)?.as_mut()?;
        slot.used = self.clock;
        Some(slot)
    }

    /// Another form of a schema that says the same.
    fn equal(&self, pointer: &str, view: &Value) -> Option<Rc<Compiled>> {
        let forms = self.schemas.get(pointer)?;
        let mut compiled = forms
            .iter()
            .flatten()
            .filter_map(|own| own.compiled.as_ref());
        compiled.find(|own| own.source == *view).cloned()
    }

    /// Keeps what became of a schema, in the place of what was not used for the longest time.
    fn keep(&mut self, pointer: &str, form: usize, compiled: Option<Rc<Compiled>>) {
        self.clock = self.clock.wrapping_add(1);
        let slot = Slot {
            size: compiled.as_ref().map_or(1, |own| size(&own.source)),
            compiled,
            used: self.clock,
        };
        while self.size > 0 && self.size.saturating_add(slot.size) > KEPT {
            self.forget();
        }
        self.size = self.size.saturating_add(slot.size);
        let forms = self.schemas.entry(pointer.to_owned()).or_default();
        if let Some(own) = forms.get_mut(form)
            && let Some(before) = own.replace(slot)
        {
            self.size = self.size.saturating_sub(before.size);
        }
    }

    fn forget(&mut self) {
        let slots = self.schemas.values_mut().flatten();
        let oldest = slots
            .filter(|slot| slot.is_some())
            .min_by_key(|slot| slot.as_ref().map(|own| own.used));
        let oldest = oldest.and_then(Option::take);
        self.size = oldest.map_or(0, |own| self.size.saturating_sub(own.size));
        self.schemas
            .retain(|_, forms| forms.iter().any(Option::is_some));
    }
}

/// How many values are in a value, with itself.
fn size(value: &Value) -> usize {
    let inner: usize = match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        _ => 0,
    };
    inner.saturating_add(1)
}

#[cfg(test)]
mod tests;
