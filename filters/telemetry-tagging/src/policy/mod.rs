//! How a document becomes a checked policy.
//!
//! Each concept has a file with its shape in the document and the check that makes it ready to use.
//! Every mistake is noted with its place, and checking goes on as far as it makes sense.

mod answered_by;
mod audit;
mod baggage;
mod correlation;
mod document;
mod key;
mod metrics;
mod operation;
mod personal;
mod probe;
mod rule;
mod settings;
mod source;
mod step;
mod tag;
mod trace_context;
mod writable;

use kit::policy::{Document, Findings, Mode, child};

use crate::plan::{Policy, Rule};
use crate::tag::Tag;
use crate::target::Sensitive;
use document::PolicyDocument;

/// Checks a document. The octets of keys come from its environment; a key that is not set there is
/// no mistake of the policy, and what needs it has no value.
pub(crate) fn load(source: &Document) -> Result<Policy, Findings> {
    let document: PolicyDocument = source.read()?;
    let mut findings = Findings::new();
    let rings = key::check(&document.keys, source.environment(), &mut findings);
    let personal = document.personal_data.check(&mut findings);
    let tags = tag::check_names(&document.tags, &mut findings);
    let surroundings = Surroundings {
        document: &document,
        rings: &rings,
        personal,
        tags: &tags,
    };
    let rules: Vec<Rule> = document
        .scope()
        .check(&mut findings, |rule, index, findings| {
            Some(rule::check(&surroundings, rule, index, findings))
        });
    let services = document.services.iter();
    let services = services.map(|service| (service.name.0.clone(), service.runtime));
    findings.or(Policy {
        rules: if document.mode == Mode::Off {
            Vec::new()
        } else {
            rules
        },
        personal,
        sensitive: Sensitive::new(document.personal_data.query_parameters()),
        revision: source.revision().to_owned(),
        warnings: key::warnings(&rings).into(),
        services: services.collect(),
    })
}

/// What a rule is held to.
struct Surroundings<'a> {
    document: &'a PolicyDocument,
    rings: &'a [std::rc::Rc<crate::key::KeyRing>],
    personal: crate::personal::Kinds,
    /// The names of the tags, in order.
    tags: &'a [&'a str],
}

impl Surroundings<'_> {
    /// Where a tag stands in the document.
    fn place_of(&self, tag: &Tag) -> String {
        let place = self.tags.iter().position(|name| *name == tag.name);
        child("/tags", place.unwrap_or_default())
    }
}

/// The JSON Schema of the document.
#[cfg(feature = "schema")]
pub(crate) fn schema() -> schemars::Schema {
    schemars::schema_for!(PolicyDocument)
}
