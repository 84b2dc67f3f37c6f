//! `treaty check`: holds every policy that it finds to its filter's rules, and every manifest to
//! what its policy needs.

mod contracts;
mod finding;
pub(crate) mod manifest;
mod promises;
mod services;
mod subject;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use kit::bundle::Bundle;
use kit::filter::{self, Registration};
use kit::policy::{Document, child};
use serde_json::{Value, json};

pub use finding::FileFinding;
pub(crate) use subject::Subject;

use crate::contract::{self, Origins};
use crate::format::Format;
use crate::{walk, yaml};
use manifest::{Configuration, Form, Plugin};
use promises::Link;
use services::Described;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Every mistake of every file.
    pub findings: Vec<FileFinding>,
    /// What contracts say that is not checked, or slow: no mistakes.
    pub warnings: Vec<FileFinding>,
    /// How many policies were checked.
    pub policies: usize,
    /// How many files were read, with a policy inside or not.
    pub files: usize,
}

/// Checks every policy at or below the paths. `filter` is the filter of policy files whose folder
/// and `$schema` do not say it.
///
/// # Errors
/// A path that cannot be read, one at which there is no policy, and an unknown `filter`.
pub fn check(
    paths: &[PathBuf],
    filter: Option<&str>,
    filters: &[Registration],
) -> Result<Report, String> {
    let mut checker = Checker {
        filters,
        fallback: filter
            .map(|name| Subject::named(name, filters))
            .transpose()?,
        report: Report::default(),
        services: Vec::new(),
        links: Vec::new(),
    };
    for path in paths {
        let before = (checker.report.policies, checker.report.findings.len());
        let files = walk::files(path, &holds_no_policies)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        for file in files {
            checker.file(&file);
        }
        if before == (checker.report.policies, checker.report.findings.len()) {
            return Err(format!(
                "{}: no policy here; a policy stands in policies/<filter>/, names its filter's \
                 schema.json as `$schema`, or is given with --filter",
                path.display()
            ));
        }
    }
    let mut report = checker.report;
    report
        .findings
        .extend(services::disagreements(checker.services));
    Ok(report)
}

impl Report {
    /// Whether there is nothing to find fault with.
    pub fn is_fine(&self) -> bool {
        self.findings.is_empty()
    }

    /// Tells the findings.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Human => {
                for finding in &self.findings {
                    writeln!(out, "{finding}")?;
                }
                for warning in &self.warnings {
                    writeln!(out, "warning: {warning}")?;
                }
                let (findings, policies) = (self.findings.len(), self.policies);
                let files = self.files;
                write!(out, "findings: {findings}, ")?;
                if !self.warnings.is_empty() {
                    write!(out, "warnings: {}, ", self.warnings.len())?;
                }
                writeln!(out, "policies: {policies}, files: {files}")
            }
            Format::Json => {
                let all = |found: &[FileFinding]| -> Vec<Value> {
                    found.iter().map(FileFinding::to_json).collect()
                };
                let report = json!({
                    "findings": all(&self.findings),
                    "warnings": all(&self.warnings),
                    "policies": self.policies,
                    "files": self.files,
                });
                writeln!(out, "{report}")
            }
        }
    }
}

/// Beside good policies, `policies/<filter>` holds bad ones, cases, and contracts that policies name.
fn holds_no_policies(folder: &Path) -> bool {
    let name_of = |path: Option<&Path>| {
        path.and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned())
    };
    let Ok(folder) = fs::canonicalize(folder) else {
        return false;
    };
    let above = folder.parent().and_then(Path::parent);
    name_of(above).is_some_and(|name| name == "policies")
        && name_of(Some(&folder))
            .is_some_and(|name| ["invalid", "cases", "contracts"].contains(&name.as_str()))
}

struct Checker<'a> {
    filters: &'a [Registration],
    fallback: Option<Subject>,
    report: Report,
    services: Vec<Described>,
    /// The plugins of the file that is read.
    links: Vec<Link>,
}

impl Checker<'_> {
    fn file(&mut self, path: &Path) {
        self.report.files += 1;
        // The schema of the policies beside it.
        if path.file_name().is_some_and(|name| name == "schema.json") {
            return;
        }
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) => return self.find(path, "", "", format!("cannot be read: {error}")),
        };
        if path.extension().is_some_and(|ending| ending == "json") {
            self.json(path, &text);
        } else {
            self.yaml(path, &text);
        }
        for ((within, pointer), message) in promises::disorder(std::mem::take(&mut self.links)) {
            self.find(path, &within, &pointer, message);
        }
    }

    fn json(&mut self, path: &Path, text: &[u8]) {
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(findings) => {
                self.report
                    .findings
                    .extend(FileFinding::all(path, "", findings));
                return;
            }
        };
        if services::is_block(path) {
            self.report.policies += 1;
            match Described::by_block(path, &document) {
                Ok(described) => self.services.push(described),
                Err(findings) => {
                    let findings = FileFinding::all(path, "", findings);
                    self.report.findings.extend(findings);
                }
            }
            return;
        }
        let value = document.value().clone();
        self.value(path, &value, "");
    }

    fn yaml(&mut self, path: &Path, text: &[u8]) {
        let Ok(text) = std::str::from_utf8(text) else {
            return self.find(path, "", "", "is not UTF-8");
        };
        match yaml::documents(text) {
            Err(error) => self.find(path, "", "", format!("is not YAML: {error}")),
            Ok(documents) => {
                let is_one = documents.len() == 1;
                for (index, document) in documents.iter().enumerate() {
                    let which = if is_one {
                        String::new()
                    } else {
                        format!("document {} ", index + 1)
                    };
                    self.value(path, document, &which);
                }
            }
        }
    }

    /// A document: a manifest with plugins, a policy, or nothing of ours.
    fn value(&mut self, path: &Path, document: &Value, which: &str) {
        let plugins = manifest::plugins(document);
        for plugin in &plugins {
            self.plugin(path, plugin, which);
        }
        if !plugins.is_empty() {
            for (pointer, message) in manifest::unpaired(document) {
                self.find(path, which.trim_end(), &pointer, message);
            }
        }
        if !plugins.is_empty() || !document.is_object() {
            return;
        }
        let subject = Subject::of_file(path, document, self.filters).or(self.fallback);
        if let Some(subject) = subject {
            self.policy(path, which.trim_end(), subject, document, Reader::Command);
        }
    }

    fn plugin(&mut self, path: &Path, plugin: &Plugin<'_>, which: &str) {
        let place = which.trim_end();
        let subject = match Subject::of_plugin(&plugin.names, self.filters) {
            Ok(Some(subject)) => subject,
            // Somebody else's module.
            Ok(None) => return,
            Err(message) => return self.find(path, place, &plugin.pointer, message),
        };
        if plugin.failure.is_none() {
            let (setting, values) = plugin.form.failure_setting();
            let message = format!(
                "`{setting}` is not set; say on purpose what happens when the module fails: {values}"
            );
            self.find(path, place, &plugin.pointer, message);
        }
        let at = &plugin.configuration_pointer;
        let within = format!("{which}{at}");
        let loaded = match plugin.configuration {
            Configuration::Text(text) => {
                self.text(path, &within, subject, text.as_bytes(), Reader::Proxy)
            }
            Configuration::Structure(value) => {
                self.policy(path, &within, subject, value, Reader::Proxy)
            }
            Configuration::Missing => self.text(path, &within, subject, b"", Reader::Proxy),
            Configuration::Unreadable => {
                let message = "expected a policy as a StringValue or a Struct in an Envoy \
                               configuration, as an object in an Istio manifest";
                return self.find(path, place, at, message);
            }
        };
        let Some(bundle) = loaded else { return };
        if asks_to_hold(&bundle) {
            self.holding(path, place, &within, plugin);
        }
        self.promises(path, which, plugin, subject, &bundle);
    }

    /// Holds a manifest to what its policy needs beside that.
    fn promises(
        &mut self,
        path: &Path,
        which: &str,
        plugin: &Plugin<'_>,
        subject: Subject,
        bundle: &Bundle,
    ) {
        let place = which.trim_end();
        let within = format!("{which}{}", plugin.configuration_pointer);
        let judgement = promises::judge(plugin, bundle, matches!(subject, Subject::All));
        for (pointer, message) in judgement.faults {
            self.find(path, place, &pointer, message);
        }
        for (pointer, message) in judgement.missing {
            self.find(path, &within, &pointer, message);
        }
        for (pointer, message) in judgement.doubts {
            let doubt = FileFinding::new(path, place, pointer, message);
            self.report.warnings.push(doubt);
        }
        if let Some(position) = &plugin.position {
            let mut position = position.clone();
            // Istio's manifests stand in documents of their own; lists do not cross documents.
            if position.place.is_none() {
                position.chain = format!("{which}{}", position.chain);
            }
            self.links.push(Link {
                position,
                at: (place.to_owned(), plugin.pointer.clone()),
                filters: bundle.members.iter().map(|member| member.name).collect(),
            });
        }
    }

    /// Holds a manifest to what a policy in the held form needs.
    fn holding(&mut self, path: &Path, place: &str, within: &str, plugin: &Plugin<'_>) {
        match plugin.form {
            Form::Envoy {
                allows_stop_iteration: true,
            } => {}
            Form::Envoy { .. } => {
                let pointer = child(&plugin.pointer, "allow_on_headers_stop_iteration");
                let message = "expected true, because the policy says `\"form\": \"held\"`; without \
                               it a request with a body would hang";
                self.find(path, place, &pointer, message);
            }
            Form::Istio(_) | Form::EnvoyGateway => {
                let kind = plugin.form.kind();
                let (article, other) = match plugin.form {
                    Form::EnvoyGateway => ("an", "EnvoyPatchPolicy"),
                    _ => ("a", "EnvoyFilter"),
                };
                let message = format!(
                    "expected \"streamed\": {article} {kind} cannot let the head of a request wait for its \
                     body; use an {other} for \"held\""
                );
                self.find(path, within, "/form", message);
            }
        }
    }

    /// A policy that stands as a structure. It goes through text, as it would in the proxy.
    fn policy(
        &mut self,
        path: &Path,
        within: &str,
        subject: Subject,
        value: &Value,
        reader: Reader,
    ) -> Option<Bundle> {
        self.text(path, within, subject, value.to_string().as_bytes(), reader)
    }

    fn text(
        &mut self,
        path: &Path,
        within: &str,
        subject: Subject,
        text: &[u8],
        reader: Reader,
    ) -> Option<Bundle> {
        self.report.policies += 1;
        match self.load(path, within, subject, text, reader) {
            Ok((value, bundle)) => {
                let described = Described::by_policy(path, within, &value);
                self.services.push(described);
                Some(bundle)
            }
            Err(findings) => {
                self.report.findings.extend(findings);
                None
            }
        }
    }

    /// Loads a policy as a proxy would, and looks closer at its contracts.
    fn load(
        &mut self,
        path: &Path,
        within: &str,
        subject: Subject,
        text: &[u8],
        reader: Reader,
    ) -> Result<(Value, Bundle), Vec<FileFinding>> {
        let document =
            Document::parse(text).map_err(|findings| FileFinding::all(path, within, findings))?;
        let mut value = document.value().clone();
        let Some(at) = subject.policy_with_contracts() else {
            let loaded = subject.load(document, self.filters);
            let loaded = loaded.map_err(|findings| FileFinding::all(path, within, findings));
            return Ok((value, loaded?));
        };
        let origins = match reader {
            Reader::Command => contract::put_in_place(&mut value, at, path, within)?.origins,
            Reader::Proxy => Origins::default(),
        };
        let place = |findings| origins.place(path, within, findings);
        let bundle = subject
            .load(Document::from_value(value.clone()), self.filters)
            .map_err(place)?;
        let examined = contracts::examine(&value, at);
        self.report.findings.extend(place(examined.findings));
        self.report.warnings.extend(place(examined.notes));
        Ok((value, bundle))
    }

    fn find(&mut self, path: &Path, within: &str, pointer: &str, message: impl Into<String>) {
        let finding = FileFinding::new(path, within, pointer, message);
        self.report.findings.push(finding);
    }
}

/// Who reads a policy next.
#[derive(Clone, Copy)]
enum Reader {
    /// A proxy, because it stands in a manifest. It reads no other files.
    Proxy,
    /// This command, which puts contracts that stand in files in place.
    Command,
}

fn asks_to_hold(bundle: &Bundle) -> bool {
    let mut forms = bundle.members.iter().map(|member| member.policy.form());
    forms.any(|form| form == Some(filter::Form::Held))
}
