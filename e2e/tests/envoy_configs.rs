//! What stands in `envoy-configs/` runs as it stands.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use e2e::{
    Answer, Client, Config, Envoy, Options, Request, Response, Upstream, parse_response, raw,
};
use serde_json::json;

const SOON: Duration = Duration::from_secs(5);

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

/// The text of a config with everything written anew that a comment says where it comes from.
fn freshly_written(text: &str) -> String {
    let mut fresh = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        fresh.push_str(line);
        fresh.push('\n');
        let Some((expected, block)) = asked_for(line.trim_start()) else {
            continue;
        };
        let key = lines.next().expect("a line after the comment");
        assert_eq!(key.trim(), expected, "after {line}");
        fresh.push_str(key);
        fresh.push('\n');
        let indent = key.len() - key.trim_start().len() + 2;
        let belongs = |line: &&str| line.trim().is_empty() || line.starts_with(&" ".repeat(indent));
        while lines.next_if(belongs).is_some() {}
        for line in block.lines() {
            fresh.push_str(format!("{:indent$}{line}", "").trim_end());
            fresh.push('\n');
        }
    }
    fresh
}

/// The key below a comment, and the block that the comment asks for there.
fn asked_for(comment: &str) -> Option<(&'static str, String)> {
    let local_replies = comment.strip_prefix("# local replies: ").map(|example| {
        let rendered = treaty::render::local_replies(&root().join(example));
        rendered.unwrap_or_else(|findings| panic!("{findings:?}"))
    });
    let policy = || Some(("value: |", named_policy(comment)?));
    local_replies
        .map(|rendered| ("local_reply_config:", rendered))
        .or_else(policy)
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
fn the_configs_say_what_the_examples_do() {
    let mut stale = Vec::new();
    for config in configs() {
        let text = fs::read_to_string(&config).unwrap();
        let fresh = freshly_written(&text);
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

/// A config as it is checked in, in front of an upstream.
struct Running {
    name: String,
    envoy: Envoy,
    upstream: Upstream,
}

impl Running {
    fn all() -> impl Iterator<Item = Self> {
        configs().into_iter().map(|config| Self::start(&config))
    }

    fn start(config: &Path) -> Self {
        let name = config.file_stem().unwrap().to_str().unwrap().to_owned();
        let upstream = Upstream::start();
        upstream.set_handler(|seen| match seen.path.as_str() {
            "/v1/broken" => Answer::status(500)
                .header("content-type", "text/plain")
                .header("server", "orders")
                .chunk("broken"),
            _ => Answer::status(200).chunk("served"),
        });
        let mut config = Config::checked_in(&name)
            .modules_from_dist()
            .on_free_ports();
        let clusters: &[&str] = match name.as_str() {
            "sidecar" => &["local_http", "local_grpc", "peer"],
            _ => &["orders_blue", "orders_green", "payments"],
        };
        for cluster in clusters {
            config = config.endpoints(cluster, &[upstream.address()]);
        }
        let envoy = Envoy::start(config, &Options::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        Self {
            name,
            envoy,
            upstream,
        }
    }

    fn address(&self) -> SocketAddr {
        let is_sidecar = self.name == "sidecar";
        self.envoy
            .address(if is_sidecar { "inbound" } else { "edge" })
    }

    fn get(&self, path: &str) -> Response {
        let request = Request::get(path).authority("orders.example.com");
        Client::http1(self.address()).send(request)
    }

    /// Whether a filter counted under a label.
    fn counted(&self, metric: &str, label: &str) -> bool {
        let mut counters = self.envoy.counters().into_iter();
        counters.any(|(name, value)| value > 0 && name.contains(metric) && name.contains(label))
    }
}

#[test]
fn every_config_runs_and_changes_nothing() {
    for config in Running::all() {
        let name = &config.name;
        assert_eq!(config.get("/v1/orders").status, 200, "{name}");
        let seen = config.upstream.take_seen();
        assert_eq!(seen[0].headers.text("x-treaty-version"), None, "{name}");
        let failed = config.get("/v1/broken");
        let content_type = failed.headers.text("content-type");
        assert_eq!(
            (failed.status, content_type),
            (500, Some("text/plain")),
            "{name}"
        );
        assert_eq!(failed.text(), "broken", "{name}");
        if name != "error-translation" {
            assert!(
                config.counted("treaty_version_requests", "outcome=would_serve"),
                "{name}"
            );
        }
        if name != "version-negotiation" {
            assert_eq!(failed.headers.text("server"), Some("orders"), "{name}");
            assert!(
                config.counted("treaty_errors", "outcome=would_translate"),
                "{name}"
            );
        }
    }
}

#[test]
fn every_config_has_problems_for_what_no_filter_sees() {
    for config in Running::all() {
        let name = &config.name;
        let request =
            b"GET /a%2fb HTTP/1.1\r\nhost: orders.example.com\r\nconnection: close\r\n\r\n";
        let octets = raw(config.address(), request, SOON);
        let refused = parse_response(&octets).unwrap_or_else(|| panic!("{name}: {octets:?}"));
        let content_type = refused.headers.text("content-type");
        assert_eq!(content_type, Some("application/problem+json"), "{name}");
        assert_eq!(
            (refused.status, &refused.json()["status"]),
            (400, &json!(400)),
            "{name}"
        );
        assert_eq!(config.upstream.take_seen().len(), 0, "{name}");
    }
}
