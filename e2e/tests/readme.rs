//! What the README tells a stranger to type works, and what it shows is what they get to see.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use e2e::raw;

/// How long an Envoy may take until its admin interface says that it is ready.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// Commands that need what no test of this crate may ask for, or that run this one: where they are
/// run instead.
const ELSEWHERE: [(&str, &str); 4] = [
    ("make test", "test"),
    ("make soak", "soak"),
    ("docker compose ", "compose-test"),
    ("kubectl apply -k ", "test-istio"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The fenced blocks of this language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(found) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.trim_start() != "```")
            .collect();
        if found == language {
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// Where shells look for commands: `envoy` is the one of the tests, and has to come first.
fn path(folder: &Path) -> String {
    let envoy = std::env::var_os("ENVOY_BIN").map(PathBuf::from);
    let envoy = envoy.expect("ENVOY_BIN names an Envoy, as the Makefile has it");
    let link = folder.join("envoy");
    if !link.exists() {
        std::os::unix::fs::symlink(envoy, link).unwrap();
    }
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// Runs commands in one shell at the root of the repository.
fn run(commands: &str, path: &str) -> String {
    let output = Command::new("sh")
        .args(["-euc", commands])
        .current_dir(root())
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{commands}\n{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// An Envoy that a command leaves running, stopped when it is dropped.
struct Running(Child);

impl Running {
    fn start(command: &str, path: &str) -> Self {
        let child = Command::new("sh")
            .args(["-euc", &format!("exec {command}")])
            .current_dir(root())
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn is_ready(&mut self) -> bool {
        let ended = self.0.try_wait().unwrap();
        assert_eq!(ended, None, "it ended by itself");
        let admin = "127.0.0.1:9901".parse().unwrap();
        if std::net::TcpStream::connect(admin).is_err() {
            return false;
        }
        let request = b"GET /ready HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n";
        let answer = raw(admin, request, Duration::from_secs(5));
        answer.starts_with(b"HTTP/1.1 200")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn assert_gets_ready(command: &str, path: &str) {
    let mut running = Running::start(command, path);
    let begun = Instant::now();
    while !running.is_ready() {
        assert!(begun.elapsed() < READY_WITHIN, "{command} is not ready");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = path(folder.path());
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let text = readme();
    let mut aliases = String::new();
    for block in blocks(&text, "sh") {
        let mut commands = aliases.clone();
        for line in block.lines() {
            let elsewhere = ELSEWHERE
                .iter()
                .find(|(command, _)| line.starts_with(command));
            if let Some((_, target)) = elsewhere {
                let rule = format!("\n{target}:");
                assert!(makefile.contains(&rule), "{line}: no target {target}");
            } else if line.starts_with("envoy -c ") {
                assert_gets_ready(line, &path);
            } else {
                commands.push_str(line);
                commands.push('\n');
            }
            if line.starts_with("alias ") {
                aliases.push_str(line);
                aliases.push('\n');
            }
        }
        let said = run(&commands, &path);
        if block == "make demo" {
            assert_shows(&text, &said);
        }
    }
}

/// Holds what the README shows of the tour to what the tour printed. `…` is what it leaves out.
fn assert_shows(readme: &str, tour: &str) {
    let shown = blocks(readme, "text");
    let stops = shown
        .iter()
        .find(|block| block.lines().any(|line| line.starts_with("   in ")))
        .expect("the README shows stops of the tour");
    for stop in stops.split("\n\n") {
        let title = stop.lines().next().unwrap();
        let printed = tour.split("\n\n").find(|printed| {
            let mut lines = printed.lines();
            lines.any(|line| line == title)
        });
        let printed = printed.unwrap_or_else(|| panic!("{title}: no such stop in\n{tour}"));
        let mut lines = printed.lines();
        for line in stop.lines().filter(|line| line.trim() != "…") {
            assert!(
                lines.any(|printed| is_line(line, printed)),
                "{title}: `{line}` is not printed, or not here:\n{printed}"
            );
        }
    }
}

/// Whether a line is as the README has it, but for what that leaves out.
fn is_line(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = printed.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.is_empty() || shown.ends_with('…')
}

#[test]
fn the_case_file_of_the_readme_is_one_of_the_case_files() {
    let first = root().join("policies/version-negotiation/cases/first.yaml");
    let first = fs::read_to_string(first).unwrap();
    let without_comment = first.split_once('\n').unwrap().1.trim_end();
    let shown = blocks(&readme(), "yaml");
    assert!(
        shown.iter().any(|block| block == without_comment),
        "the README shows:\n{shown:#?}"
    );
}

#[test]
fn every_path_of_the_readme_is_there() {
    let text = readme();
    let mut links = 0;
    for link in text.split("](").skip(1) {
        let target = link.split([')', '#']).next().unwrap();
        if target.is_empty() || target.contains("://") {
            continue;
        }
        assert!(root().join(target).exists(), "{target}");
        links += 1;
    }
    assert!(links > 10);
}
