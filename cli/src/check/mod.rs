//! `treaty check`: holds every policy that it finds to its filter's rules, and every manifest to
//! what its policy needs.

mod finding;
mod manifest;
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

use crate::format::Format;
use crate::{walk, yaml};
use manifest::{Configuration, Form, Plugin};
use services::Described;
use subject::Subject;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Every mistake of every file.
    pub findings: Vec<FileFinding>,
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
                let (findings, policies) = (self.findings.len(), self.policies);
                let files = self.files;
                writeln!(
                    out,
                    "findings: {findings}, policies: {policies}, files: {files}"
                )
            }
            Format::Json => {
                let findings: Vec<Value> = self.findings.iter().map(FileFinding::to_json).collect();
                let report = json!({
                    "findings": findings,
                    "policies": self.policies,
                    "files": self.files,
                });
                writeln!(out, "{report}")
            }
        }
    }
}

/// Beside good policies, `policies/<filter>` holds bad ones and cases.
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
        && name_of(Some(&folder)).is_some_and(|name| name == "invalid" || name == "cases")
}

struct Checker<'a> {
    filters: &'a [Registration],
    fallback: Option<Subject>,
    report: Report,
    services: Vec<Described>,
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
        if !plugins.is_empty() || !document.is_object() {
            return;
        }
        let subject = Subject::of_file(path, document, self.filters).or(self.fallback);
        if let Some(subject) = subject {
            self.policy(path, which.trim_end(), subject, document);
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
        if !plugin.sets_failure {
            let (setting, values) = plugin.form.failure_setting();
            let message = format!(
                "`{setting}` is not set; say on purpose what happens when the module fails: {values}"
            );
            self.find(path, place, &plugin.pointer, message);
        }
        let at = &plugin.configuration_pointer;
        let within = format!("{which}{at}");
        let loaded = match plugin.configuration {
            Configuration::Text(text) => self.text(path, &within, subject, text.as_bytes()),
            Configuration::Structure(value) => self.policy(path, &within, subject, value),
            Configuration::Missing => self.text(path, &within, subject, b""),
            Configuration::Unreadable => {
                let message = "expected a policy as a StringValue or a Struct in an Envoy \
                               configuration, as an object in an Istio manifest";
                return self.find(path, place, at, message);
            }
        };
        if loaded.is_some_and(|bundle| asks_to_hold(&bundle)) {
            self.holding(path, place, &within, plugin);
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
            Form::Istio(kind) => {
                let message = format!(
                    "expected \"streamed\": a {kind} cannot let the head of a request wait for its \
                     body; use an EnvoyFilter for \"held\""
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
    ) -> Option<Bundle> {
        self.text(path, within, subject, value.to_string().as_bytes())
    }

    fn text(&mut self, path: &Path, within: &str, subject: Subject, text: &[u8]) -> Option<Bundle> {
        self.report.policies += 1;
        let loaded = Document::parse(text).and_then(|document| {
            let value = document.value().clone();
            Ok((value, subject.load(document, self.filters)?))
        });
        match loaded {
            Ok((value, bundle)) => {
                let described = Described::by_policy(path, within, &value);
                self.services.push(described);
                Some(bundle)
            }
            Err(findings) => {
                let findings = FileFinding::all(path, within, findings);
                self.report.findings.extend(findings);
                None
            }
        }
    }

    fn find(&mut self, path: &Path, within: &str, pointer: &str, message: impl Into<String>) {
        let finding = FileFinding::new(path, within, pointer, message);
        self.report.findings.push(finding);
    }
}

fn asks_to_hold(bundle: &Bundle) -> bool {
    let mut forms = bundle.members.iter().map(|member| member.policy.form());
    forms.any(|form| form == Some(filter::Form::Held))
}
