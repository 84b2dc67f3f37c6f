//! `treaty explain`: what a policy comes to, rule by rule, and what becomes of one request.
//!
//! The layers are those of [`kit::policy`], and what becomes of a request the filters themselves say.
//! Mode and match are told anew here, and tests hold them to the filters.

mod ask;
mod human;
mod json;
mod outcome;
mod policy;
mod rule;
mod taken;
#[cfg(test)]
mod tests;

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use kit::filter::Registration;
use kit::policy::{Document, Environment};
use serde_json::Value;

pub use ask::Ask;

use crate::check::{FileFinding, Subject};
use crate::format::Format;
use crate::place::{self, Place};
use outcome::Outcome;
use policy::Explained;

/// What the policies of a file come to.
pub struct Explanation {
    file: PathBuf,
    modules: Vec<Module>,
}

/// The policies that one module runs, outermost first.
#[derive(Default)]
struct Module {
    policies: Vec<Explained>,
    /// What becomes of the request that was asked about, if one was.
    outcome: Option<Outcome>,
}

/// Explains every policy of a file: a policy, an Envoy configuration or a manifest; `-` is the
/// standard input. `filter` says whose policies are meant, and whose a policy is that does not say
/// it. Secrets come from the environment of this process, as they come from that of a VM.
///
/// # Errors
/// A file that cannot be read or holds no policy, and every mistake in a policy.
pub fn explain(
    file: &Path,
    filter: Option<&str>,
    ask: &Ask,
    filters: &[Registration],
) -> Result<Explanation, Vec<FileFinding>> {
    let fault = |message: String| vec![FileFinding::new(file, "", "", message)];
    let text = place::read(file).map_err(|error| fault(format!("cannot be read: {error}")))?;
    let documents = place::documents(file, &text).map_err(fault)?;
    let named = filter.map(|name| Subject::named(name, filters));
    let named = named.transpose().map_err(fault)?;
    let mut places = place::places(file, &documents, named, filters);
    if let Some(Subject::One(only)) = named {
        places.retain(|place| place.filter == only.name);
    }
    if places.is_empty() {
        return Err(fault(place::NO_POLICY.to_owned()));
    }
    let modules = places.chunk_by(Place::runs_with);
    let modules = modules.map(|places| Module::of(places, file, &documents, ask, filters));
    Ok(Explanation {
        file: file.to_owned(),
        modules: modules.collect::<Result<_, _>>()?,
    })
}

impl Module {
    /// The policies at these places, all in one configuration.
    fn of(
        places: &[Place],
        file: &Path,
        documents: &[Value],
        ask: &Ask,
        filters: &[Registration],
    ) -> Result<Self, Vec<FileFinding>> {
        let mut module = Self::default();
        let Some(first) = places.first() else {
            return Ok(module);
        };
        let mut configuration = first.configuration(file, documents)?;
        let policies = places.iter().map(Place::below);
        policies.for_each(|at| ask.enforce(configuration.pointer_mut(at)));
        let document = Document::from_value(configuration.clone());
        let document = document.with_environment(environment());
        let mut bundle = first.load(file, document, filters)?;
        for place in places {
            let policy = configuration.pointer(place.below());
            let policy = policy.cloned().unwrap_or_default();
            let explained = Explained::of(place, policy, ask.enforces())
                .map_err(|findings| FileFinding::all(file, &place.pointer(), findings))?;
            module.policies.push(explained);
        }
        if let Some(step) = ask.exchange() {
            let looks = taken::look(&mut bundle, &module.policies);
            module.outcome = Some(Outcome::of(&bundle, &step));
            for (policy, look) in module.policies.iter_mut().zip(looks) {
                policy.taken = Some(look.take());
            }
        }
        Ok(module)
    }
}

/// The variables of this process that are text.
fn environment() -> Environment {
    let variables = env::vars_os();
    let texts = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    texts.collect()
}

impl Explanation {
    /// Tells it.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Human => human::write(self, out),
            Format::Json => writeln!(out, "{}", json::of(self)),
        }
    }
}
