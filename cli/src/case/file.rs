//! Case files: their form, and what it must mean.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::SystemTime;

use kit::policy::Document;
use kit::policy::value::Timestamp;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::calls::CallAnswer;
use super::error::{CaseError, CaseErrors};
use super::expect::Expect;
use super::judge::judge;
use super::message::{Request, Upstream};
use super::mismatch::Mismatch;
use super::observed::Observed;
use super::octets::Octets;
use super::policy::{Source, Subject};
use super::step::{self, Step};
use crate::yaml;

/// The cases of one file.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Its cases, in order; never none.
    pub cases: Vec<Case>,
}

/// One case: what runs, what comes in and what is expected.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The line in which the case begins.
    pub line: u64,
    /// The fact that the case holds; no other case of the file has this name.
    pub name: String,
    /// The clause of a standard or of the documentation that it holds.
    pub rule: Option<String>,
    /// What runs, with its policy.
    pub subject: Subject,
    /// The time at which the first request comes, where the outcome depends on it.
    pub now: Option<SystemTime>,
    /// The random bits, where the outcome depends on them.
    pub random: Option<u64>,
    /// Why the case cannot run through a proxy; `None` for cases that can.
    pub native_because: Option<String>,
    /// The exchanges, one after the other; never none.
    pub steps: Vec<Step>,
}

impl Case {
    /// Every exchange, in the order of the file, with the name that tells it apart: first a step,
    /// then what happens while its upstream has the request. One that is alone has no name.
    pub fn exchanges(&self) -> impl Iterator<Item = (String, &Step)> {
        step::exchanges(&self.steps)
    }

    /// The steps alone, each with the name that tells it apart.
    pub fn numbered_steps(&self) -> impl Iterator<Item = (String, &Step)> {
        step::numbered(&self.steps)
    }

    /// Every difference between what was expected and what was seen of the exchanges, which stand
    /// in the order of [`Case::exchanges`].
    pub fn judge(&self, observed: &[Observed]) -> Vec<Mismatch> {
        let exchanges = self.exchanges().zip(observed);
        let mismatches = exchanges.flat_map(|((name, step), observed)| {
            let found = judge(&step.expect, observed).into_iter();
            found.map(move |mismatch| mismatch.within(&name))
        });
        mismatches.collect()
    }
}

impl CaseFile {
    /// Reads a case file and the policies that it names.
    ///
    /// # Errors
    /// A file that cannot be read, the first mistake in its form, or else every mistake in its
    /// meaning: names that stand twice, cases that expect nothing, policies that cannot be read.
    pub fn load(path: &Path) -> Result<Self, CaseErrors> {
        let error = |line, message| CaseError {
            file: path.to_owned(),
            line,
            message,
        };
        let text = fs::read_to_string(path)
            .map_err(|cause| CaseErrors(vec![error(0, cause.to_string())]))?;
        let raw: RawFile = yaml::read(&text)
            .map_err(|mistake| CaseErrors(vec![error(mistake.line, mistake.message)]))?;
        let mut reader = Reader {
            path,
            errors: Vec::new(),
        };
        let cases = reader.read(raw);
        if reader.errors.is_empty() {
            Ok(Self {
                path: path.to_owned(),
                cases,
            })
        } else {
            Err(CaseErrors(reader.errors))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    filter: Option<String>,
    policy: Option<Source>,
    filters: Option<BTreeMap<String, Source>>,
    forms: Option<Vec<RawForm>>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    cases: Vec<Spanned<RawCase>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    name: String,
    rule: Option<String>,
    policy: Option<Source>,
    filters: Option<BTreeMap<String, Source>>,
    forms: Option<Vec<RawForm>>,
    environment: Option<BTreeMap<String, String>>,
    now: Option<String>,
    random: Option<u64>,
    only: Option<Only>,
    why: Option<String>,
    properties: Option<BTreeMap<String, Octets>>,
    request: Option<Request>,
    upstream: Option<Upstream>,
    calls: Option<Vec<CallAnswer>>,
    expect: Option<Expect>,
    steps: Option<Vec<Step>>,
}

impl RawCase {
    /// The steps; those of a case that says one exchange itself are that one.
    fn take_steps(&mut self) -> Result<Vec<Step>, &'static str> {
        let (properties, request) = (self.properties.take(), self.request.take());
        let (upstream, calls) = (self.upstream.take(), self.calls.take());
        let expect = self.expect.take();
        let is_said = properties.is_some()
            || request.is_some()
            || upstream.is_some()
            || calls.is_some()
            || expect.is_some();
        match self.steps.take() {
            Some(_) if is_said => Err(
                "`steps` stand in place of `properties`, `request`, `upstream`, `calls` and \
                 `expect`, which each step has for itself",
            ),
            Some(steps) if steps.is_empty() => Err("has no step"),
            Some(steps) => Ok(steps),
            None => Ok(vec![Step {
                after: None,
                properties: properties.unwrap_or_default(),
                request: request.unwrap_or_default(),
                upstream: upstream.unwrap_or_default(),
                calls: calls.unwrap_or_default(),
                expect: expect.unwrap_or_default(),
            }]),
        }
    }
}

/// A form in which a case runs, in place of the one that its policy says.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawForm {
    Held,
    Streamed,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Only {
    Native,
}

/// What runs in every case of a file that does not say otherwise.
enum FileSubject {
    Filter {
        name: String,
        policy: Option<Document>,
    },
    Bundle(BTreeMap<String, Document>),
}

struct Reader<'a> {
    path: &'a Path,
    errors: Vec<CaseError>,
}

impl Reader<'_> {
    fn read(&mut self, raw: RawFile) -> Vec<Case> {
        let of_file = self.file_subject(raw.filter, raw.policy, raw.filters);
        if raw.cases.is_empty() {
            self.error(0, "has no case");
        }
        let mut lines = HashMap::new();
        let mut cases = Vec::new();
        for Spanned {
            value, referenced, ..
        } in raw.cases
        {
            let line = referenced.line();
            if let Some(earlier) = lines.insert(value.name.clone(), line) {
                let message = format!(
                    "`{}` is the name of the case in line {earlier} too; names must differ",
                    value.name
                );
                self.error(line, message);
            }
            let forms = value.forms.clone().or_else(|| raw.forms.clone());
            let environment = value.environment.clone();
            let environment = environment.unwrap_or_else(|| raw.environment.clone());
            let case = of_file
                .as_ref()
                .and_then(|of_file| self.case(line, value, of_file))
                .map(|case| Case {
                    subject: case
                        .subject
                        .in_environment(environment.into_iter().collect()),
                    ..case
                });
            match (case, forms) {
                (Some(case), Some(forms)) => self.in_forms(&case, &forms, &mut cases),
                (case, _) => cases.extend(case),
            }
        }
        cases
    }

    /// A case once in each form.
    fn in_forms(&mut self, case: &Case, forms: &[RawForm], cases: &mut Vec<Case>) {
        for form in forms {
            let form = match form {
                RawForm::Held => "held",
                RawForm::Streamed => "streamed",
            };
            let Some(subject) = case.subject.in_form(form) else {
                self.error(case.line, "`forms` is for files with a `filter`");
                return;
            };
            cases.push(Case {
                name: format!("{} ({form})", case.name),
                subject,
                ..case.clone()
            });
        }
    }

    fn file_subject(
        &mut self,
        filter: Option<String>,
        policy: Option<Source>,
        filters: Option<BTreeMap<String, Source>>,
    ) -> Option<FileSubject> {
        match (filter, policy, filters) {
            (Some(name), policy, None) => {
                let policy = match policy {
                    Some(policy) => Some(self.policy(0, &name, &policy)?),
                    None => None,
                };
                Some(FileSubject::Filter { name, policy })
            }
            (None, None, Some(filters)) => self.policies(0, &filters).map(FileSubject::Bundle),
            _ => {
                self.error(
                    0,
                    "expected `filter` with a `policy`, or `filters` with a policy for each name",
                );
                None
            }
        }
    }

    fn case(&mut self, line: u64, mut raw: RawCase, of_file: &FileSubject) -> Option<Case> {
        let before = self.errors.len();
        if raw.name.trim().is_empty() {
            self.error(line, "a case needs a name that says the fact it holds");
        }
        let steps = raw.take_steps();
        let about = |what: &str| format!("`{}`: {what}", raw.name);
        let steps = steps.unwrap_or_else(|mistake| {
            self.error(line, about(mistake));
            Vec::new()
        });
        for (name, step) in step::exchanges(&steps) {
            if let Some(mistake) = step.mistake() {
                let space = if name.is_empty() { "" } else { " " };
                self.error(line, about(&format!("{name}{space}{mistake}")));
            }
        }
        if raw.only.is_none() && steps.iter().any(Step::moves_clock) {
            let message = about("`after` moves the clock, which no proxy lets: say `only: native`");
            self.error(line, message);
        }
        if raw.only.is_some() != raw.why.as_ref().is_some_and(|why| !why.trim().is_empty()) {
            let message =
                about("`only: native` and `why` belong together: say why no proxy can show it");
            self.error(line, message);
        }
        let now = match raw.now.as_deref().map(Timestamp::from_str).transpose() {
            Ok(now) => now.map(|now| now.0),
            Err(expected) => {
                self.error(line, about(&format!("`now`: {expected}")));
                None
            }
        };
        let subject = match (of_file, &raw.policy, &raw.filters) {
            (FileSubject::Filter { name, .. }, Some(own), None) => {
                self.policy(line, name, own).map(|policy| Subject::Filter {
                    name: name.clone(),
                    policy,
                })
            }
            (FileSubject::Filter { name, policy }, None, None) => {
                if policy.is_none() {
                    self.error(line, about("has no policy, and the file gives none"));
                }
                policy.clone().map(|policy| Subject::Filter {
                    name: name.clone(),
                    policy,
                })
            }
            (FileSubject::Bundle(_), None, Some(own)) => {
                let policies = self.policies(line, own);
                policies.map(|policies| Subject::bundle(&policies))
            }
            (FileSubject::Bundle(policies), None, None) => Some(Subject::bundle(policies)),
            (FileSubject::Filter { .. }, _, Some(_)) | (FileSubject::Bundle(_), Some(_), _) => {
                let message = "a case overrides `policy` where the file has `filter`, and `filters` \
                               where it has `filters`";
                self.error(line, about(message));
                None
            }
        };
        let subject = subject.filter(|_| self.errors.len() == before)?;
        Some(Case {
            file: self.path.to_owned(),
            line,
            name: raw.name,
            rule: raw.rule,
            subject,
            now,
            random: raw.random,
            native_because: raw.why,
            steps,
        })
    }

    fn policies(
        &mut self,
        line: u64,
        sources: &BTreeMap<String, Source>,
    ) -> Option<BTreeMap<String, Document>> {
        let read = sources
            .iter()
            .map(|(name, source)| Some((name.clone(), self.policy(line, name, source)?)));
        // Every source is read before one that failed ends it, so that all mistakes are told.
        let read: Vec<Option<(String, Document)>> = read.collect();
        read.into_iter().collect()
    }

    fn policy(&mut self, line: u64, filter: &str, source: &Source) -> Option<Document> {
        source
            .read(filter, self.path)
            .map_err(|message| self.error(line, message))
            .ok()
    }

    fn error(&mut self, line: u64, message: impl Into<String>) {
        self.errors.push(CaseError {
            file: self.path.to_owned(),
            line,
            message: message.into(),
        });
    }
}
