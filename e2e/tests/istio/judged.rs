//! Every manifest, as an API server and as the filters judge it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::{Report, judge, root};
use treaty::registry;

use crate::manifest::{files, text_of};

/// The folders of manifests.
const DOORS: [&str; 2] = ["istio", "envoy-gateway"];

/// Judges what is checked in, what `kubectl apply -k` makes of it, and what must not pass.
pub(crate) fn check(report: &Report) {
    let doors = DOORS.map(|door| root().join(door));
    let files: Vec<PathBuf> = doors.iter().flat_map(|door| files(door)).collect();
    resources(report, &files);
    report.check(
        "every policy in a manifest is as its filter and its form want it",
        || {
            policies(&doors);
        },
    );
    for folder in files
        .iter()
        .filter(|file| file.ends_with("kustomization.yaml"))
    {
        let folder = folder.parent().expect("a folder");
        let fact = format!("kubectl applies {}", named(folder));
        report.check(&fact, || kustomized(folder));
    }
    for mutation in MUTATIONS {
        report.check(&format!("refused: {}", mutation.what), || {
            mutation.is_refused();
        });
    }
}

/// Each document is a check.
fn resources(report: &Report, files: &[PathBuf]) {
    for judged in judge(files)
        .iter()
        .filter(|judged| judged.skipped.is_none())
    {
        let fact = format!(
            "an API server takes {} {} of {}",
            judged.kind,
            judged.name,
            named(&judged.file)
        );
        if judged.errors.is_empty() {
            report.hold(&fact, 1);
        } else {
            report.fail(&fact, &judged.errors.join("; "));
        }
    }
}

fn policies(paths: &[PathBuf]) {
    let report =
        treaty::check::check(paths, None, registry::FILTERS).expect("manifests with policies");
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(findings, Vec::<String>::new());
}

/// What kustomize makes of a folder is judged like its files.
fn kustomized(folder: &Path) {
    let output = Command::new(kubectl())
        .arg("kustomize")
        .arg(folder)
        .output()
        .expect("kubectl can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let made = tempfile::tempdir().expect("a temporary folder");
    let file = made.path().join("made.yaml");
    fs::write(&file, &output.stdout).expect("a file");
    let judged = judge(&[&file]);
    let refused: Vec<_> = judged
        .iter()
        .filter(|judged| !judged.errors.is_empty())
        .collect();
    assert!(refused.is_empty() && !judged.is_empty(), "{refused:?}");
}

fn kubectl() -> PathBuf {
    std::env::var_os("KUBECTL_BIN")
        .map_or_else(|| root().join(".venv/istio/bin/kubectl"), PathBuf::from)
}

/// A manifest with a mistake in it.
struct Mutation {
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// What is said about it.
    told: &'static str,
    by: Judge,
}

#[derive(Clone, Copy)]
enum Judge {
    ApiServer,
    Filter,
}

/// The judges are seen to judge: each of these differs from a good manifest in one place.
const MUTATIONS: &[Mutation] = &[
    Mutation {
        what: "a phase that there is not",
        file: "istio/wasm-plugin/gateway/telemetry-tagging.yaml",
        from: "phase: AUTHN",
        to: "phase: AUTHENTICATION",
        told: "spec.phase: Unsupported value",
        by: Judge::ApiServer,
    },
    Mutation {
        what: "a field that nobody knows",
        file: "istio/wasm-plugin/sidecar/idempotency-keys.yaml",
        from: "failStrategy:",
        to: "failurePolicy:",
        told: "unknown field \"spec.failurePolicy\"",
        by: Judge::ApiServer,
    },
    Mutation {
        what: "a selector beside a target (CEL)",
        file: "istio/wasm-plugin/waypoint/version-negotiation.yaml",
        from: "spec:\n",
        to: "spec:\n  selector: { matchLabels: { app: orders } }\n",
        told: "only one of targetRefs or selector can be set",
        by: Judge::ApiServer,
    },
    Mutation {
        what: "a target of a kind that no filter attaches to (Istio's webhook)",
        file: "istio/wasm-plugin/waypoint/version-negotiation.yaml",
        from: "kind: Gateway\n",
        to: "kind: ConfigMap\n",
        told: "targetRef must be to one of",
        by: Judge::ApiServer,
    },
    Mutation {
        what: "a TrafficExtension with a checksum that is none",
        file: "istio/traffic-extension/gateway/error-translation.yaml",
        from: "    imagePullPolicy:",
        to: "    sha256: abc\n    imagePullPolicy:",
        told: "spec.wasm.sha256",
        by: Judge::ApiServer,
    },
    Mutation {
        what: "an EnvoyFilter whose patch Envoy cannot read",
        file: "istio/envoy-filter/gateway/contract-validation.yaml",
        from: "failure_policy: FAIL_RELOAD",
        to: "failure_policy: FAIL_SOMEHOW",
        told: "FAIL_SOMEHOW",
        by: Judge::ApiServer,
    },
    Mutation {
        what: "an EnvoyExtensionPolicy without a target (CEL)",
        file: "envoy-gateway/suite.yaml",
        from: "targetRefs:",
        to: "targetReferences:",
        told: "targetRef",
        by: Judge::ApiServer,
    },
    Mutation {
        what: "a policy with a name that its filter does not know",
        file: "istio/traffic-extension/sidecar/version-negotiation.yaml",
        from: "\"rules\":",
        to: "\"rulez\":",
        told: "rulez",
        by: Judge::Filter,
    },
    Mutation {
        what: "a policy that holds heads in a form that cannot",
        file: "istio/wasm-plugin/gateway/error-translation.yaml",
        from: "\"form\": \"streamed\"",
        to: "\"form\": \"held\"",
        told: "held",
        by: Judge::Filter,
    },
];

impl Mutation {
    fn is_refused(&self) {
        let text = text_of(&root().join(self.file));
        let mutated = text.replacen(self.from, self.to, 1);
        assert_ne!(text, mutated, "{} has no {:?}", self.file, self.from);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("mutated.yaml");
        fs::write(&file, mutated).expect("a file");
        let told = match self.by {
            Judge::ApiServer => judge(&[&file])
                .into_iter()
                .flat_map(|judged| judged.errors)
                .collect(),
            Judge::Filter => findings(file),
        };
        assert!(told.iter().any(|told| told.contains(self.told)), "{told:?}");
    }
}

fn findings(file: PathBuf) -> Vec<String> {
    match treaty::check::check(&[file], None, registry::FILTERS) {
        Ok(report) => report.findings.iter().map(ToString::to_string).collect(),
        Err(message) => vec![message],
    }
}

/// A path as a reader of the repository knows it.
fn named(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}
