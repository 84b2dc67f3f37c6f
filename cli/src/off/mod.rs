//! `treaty off` and `treaty on`: one filter, for one service, in the file in which its policy stands.
//!
//! The text stays as people wrote it but for the `off` of the policy, and what comes of it has been
//! held to the filter's rules, so that it is fit to be applied in a hurry.

mod edit;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kit::filter::Registration;
use kit::policy::{Findings, check_service_name, list};
use serde_json::{Value, json};

use crate::check::FileFinding;
use crate::check::Subject;
use crate::place::{self, Place, documents};

/// What is to become of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// The filter leaves its exchanges alone.
    Off,
    /// The filter does again what its rules say.
    On,
}

/// A file with one service switched.
#[derive(Debug)]
pub struct Switched {
    /// The text of the file.
    pub text: String,
    /// What there is to know, as sentences: one for each policy that knows the service.
    pub notes: Vec<String>,
}

/// Switches a service in every policy of one filter that a file holds and that knows it.
///
/// The file is a policy, an Envoy configuration or a manifest; `-` is the standard input. `filter`
/// says whose policies are meant where the file has those of several.
///
/// # Errors
/// A file that cannot be read or holds no policy, policies of several filters where `filter` is not
/// said, a service that none of them knows, and every mistake in a policy.
pub fn switch(
    service: &str,
    file: &Path,
    filter: Option<&str>,
    to: Switch,
    filters: &[Registration],
) -> Result<Switched, Vec<FileFinding>> {
    let fault = |message: String| vec![FileFinding::new(file, "", "", message)];
    let text = place::read(file).map_err(|error| fault(format!("cannot be read: {error}")))?;
    switch_in(text, service, file, filter, to, filters)
}

fn switch_in(
    text: String,
    service: &str,
    file: &Path,
    filter: Option<&str>,
    to: Switch,
    filters: &[Registration],
) -> Result<Switched, Vec<FileFinding>> {
    let fault = |message: String| vec![FileFinding::new(file, "", "", message)];
    let documents = documents(file, &text).map_err(&fault)?;
    let named = filter.map(|name| Subject::named(name, filters));
    let named = named.transpose().map_err(&fault)?;
    let mut places = place::places(file, &documents, named, filters);
    if let Some(Subject::One(only)) = named {
        places.retain(|place| place.filter == only.name);
    }
    one_filter(&places).map_err(&fault)?;
    let knowing = knowing(service, &places, &documents)
        .map_err(|findings| FileFinding::all(file, "", findings))?;
    let mut switched = Switched {
        text,
        notes: Vec::new(),
    };
    for place in knowing {
        switched.place(service, file, place, to, filters)?;
    }
    Ok(switched)
}

/// Puts a text in the place of a file's in one step, as watchers of files expect it.
///
/// # Errors
/// Those of the file system.
pub fn replace(file: &Path, text: &str) -> io::Result<()> {
    let beside = beside(file);
    fs::write(&beside, text)?;
    fs::set_permissions(&beside, fs::metadata(file)?.permissions())?;
    fs::rename(&beside, file)
}

fn beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.new"))
}

impl Switched {
    fn place(
        &mut self,
        service: &str,
        file: &Path,
        place: &Place,
        to: Switch,
        filters: &[Registration],
    ) -> Result<(), Vec<FileFinding>> {
        let fault = |message: String| vec![FileFinding::new(file, "", "", message)];
        let before = documents(file, &self.text).map_err(fault)?;
        let filter = place.filter;
        let policy = place.policy(&before).unwrap_or_default();
        let (state, off) = (to.name(), to.apply(service, &off_in(&policy)));
        let Some(off) = off else {
            place.check(file, &before, filters)?;
            self.notes
                .push(format!("{filter} was {state} for {service} before"));
            return Ok(());
        };
        let policy = with_off(policy, &off);
        let is_right = |text: &str| {
            documents(file, text)
                .is_ok_and(|after| place.is_all_that_differs(&before, &after, &policy))
        };
        let Some(text) = edit::edit(&self.text, &off, is_right) else {
            let message = format!(
                "the policy of {filter} stands here in a way that cannot be edited; write \
                 `\"off\": {}` into it",
                json!(off)
            );
            return Err(fault(message));
        };
        let after = documents(file, &text).map_err(fault)?;
        place.check(file, &after, filters)?;
        self.text = text;
        self.notes
            .push(format!("{filter} is {state} for {service}"));
        Ok(())
    }
}

impl Switch {
    fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
        }
    }

    /// What is off afterwards; `None` where that is what is off before.
    fn apply(self, service: &str, off: &[String]) -> Option<Vec<String>> {
        let is_off = off.iter().any(|name| name == service);
        let mut off = off.to_vec();
        match self {
            Self::Off if !is_off => off.push(service.to_owned()),
            Self::On if is_off => off.retain(|name| name != service),
            _ => return None,
        }
        Some(off)
    }
}

/// Finds fault with no policy, and with those of several filters.
fn one_filter(places: &[Place]) -> Result<(), String> {
    let mut names: Vec<&str> = places.iter().map(|place| place.filter).collect();
    names.dedup();
    match names.as_slice() {
        [] => Err(place::NO_POLICY.into()),
        [_] => Ok(()),
        several => Err(format!(
            "holds policies of several filters; say with --filter which is meant: {}",
            list(several)
        )),
    }
}

/// The places whose policies know a service.
fn knowing<'a>(
    service: &str,
    places: &'a [Place],
    documents: &[Value],
) -> Result<Vec<&'a Place>, Findings> {
    let names = |place: &Place| services_of(&place.policy(documents).unwrap_or_default());
    let knowing: Vec<&Place> = places
        .iter()
        .filter(|place| names(place).iter().any(|name| name == service))
        .collect();
    let mut findings = Findings::new();
    if knowing.is_empty() {
        let mut known: Vec<String> = places.iter().flat_map(names).collect();
        known.sort_unstable();
        known.dedup();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        check_service_name(service, &known, "/off".to_owned(), &mut findings);
    }
    findings.or(knowing)
}

/// What metrics call services under a policy: those of `services`, and the rules without one.
fn services_of(policy: &Value) -> Vec<String> {
    let entries = |list: &str| policy.get(list).and_then(Value::as_array);
    let name = |entry: &Value, member: &str| Some(entry.get(member)?.as_str()?.to_owned());
    let services = entries("services").into_iter().flatten();
    let rules = entries("rules").into_iter().flatten();
    let mut names: Vec<String> = services.filter_map(|entry| name(entry, "name")).collect();
    for rule in rules {
        let label = name(rule, "service").or_else(|| name(rule, "name"));
        names.extend(label.filter(|label| !names.contains(label)));
    }
    names
}

fn off_in(policy: &Value) -> Vec<String> {
    let off = policy.get("off").and_then(Value::as_array);
    let names = off.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

fn with_off(mut policy: Value, off: &[String]) -> Value {
    if let Some(members) = policy.as_object_mut() {
        members.remove("off");
        if !off.is_empty() {
            members.insert("off".to_owned(), json!(off));
        }
    }
    policy
}
