//! What stands in `envoy-configs/` runs as it stands.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::{Client, Config, Envoy, Options, Request, Upstream};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn configs() -> Vec<PathBuf> {
    let mut configs: Vec<PathBuf> = root()
        .join("envoy-configs")
        .read_dir()
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    configs.sort();
    configs
}

/// The text of a config with each policy copied anew from the example that a comment names.
fn with_fresh_policies(text: &str) -> String {
    let mut fresh = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        fresh.push_str(line);
        fresh.push('\n');
        let Some(policy) = named_policy(line.trim_start()) else {
            continue;
        };
        let key = lines.next().expect("a line after the comment");
        assert_eq!(key.trim(), "value: |", "after {line}");
        fresh.push_str(key);
        fresh.push('\n');
        let indent = key.len() - key.trim_start().len() + 2;
        let belongs = |line: &&str| line.trim().is_empty() || line.starts_with(&" ".repeat(indent));
        while lines.next_if(belongs).is_some() {}
        for line in policy.lines() {
            fresh.push_str(format!("{:indent$}{line}", "").trim_end());
            fresh.push('\n');
        }
    }
    fresh
}

/// The configuration that a comment asks for: `# policy: <example>` for a module of one filter,
/// `# bundle: <example> …` for one of several, whose examples lie in folders named like the filters.
fn named_policy(comment: &str) -> Option<String> {
    let read = |example: &str| {
        fs::read_to_string(root().join(example))
            .unwrap_or_else(|error| panic!("{example}: {error}"))
    };
    if let Some(example) = comment.strip_prefix("# policy: ") {
        return Some(read(example));
    }
    let mut members = Vec::new();
    for example in comment.strip_prefix("# bundle: ")?.split(' ') {
        let filter = example.split('/').nth(1).expect("policies/<filter>/…");
        let policy = read(example).trim_end().replace('\n', "\n    ");
        members.push(format!("    \"{filter}\": {policy}"));
    }
    let members = members.join(",\n");
    Some(format!(
        "{{\n  \"version\": 1,\n  \"filters\": {{\n{members}\n  }}\n}}"
    ))
}

#[test]
fn the_policies_in_the_configs_are_those_of_the_examples() {
    let mut stale = Vec::new();
    for config in configs() {
        let text = fs::read_to_string(&config).unwrap();
        let fresh = with_fresh_policies(&text);
        if fresh != text {
            fs::write(&config, fresh).unwrap();
            stale.push(config);
        }
    }
    assert!(
        stale.is_empty(),
        "these were stale and have been written anew; commit them: {stale:?}"
    );
}

#[test]
fn every_config_starts_and_proxies() {
    for config in configs() {
        let name = config.file_stem().unwrap().to_str().unwrap();
        let upstream = Upstream::start();
        let mut config = Config::checked_in(name).modules_from_dist().on_free_ports();
        let clusters: &[&str] = match name {
            "sidecar" => &["local_http", "local_grpc", "peer"],
            _ => &["orders_blue", "orders_green", "payments"],
        };
        for cluster in clusters {
            config = config.endpoints(cluster, &[upstream.address()]);
        }
        let envoy = Envoy::start(config, &Options::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let listener = if name == "sidecar" { "inbound" } else { "edge" };
        let request = Request::get("/v1/orders").authority("orders.example.com");
        let response = Client::http1(envoy.address(listener)).send(request);
        assert_eq!(response.status, 200, "{name}");
        let seen = upstream.take_seen();
        assert_eq!(
            seen[0].headers.text("x-treaty-version"),
            None,
            "{name}: a shipped policy reports and changes nothing"
        );
        let counted = envoy.counters().into_iter().any(|(name, value)| {
            value == 1 && name.contains("treaty_version_requests") && name.contains(";version=1;")
        });
        assert!(counted, "{name}: {:?}", envoy.counters());
    }
}
