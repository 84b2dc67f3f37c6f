//! What Docker runs, and where it is asked.

use std::env;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{reserve_address, root};

/// A project of its own: one that a user has started stays as it is.
const PROJECT: &str = "treaty-compose-test";

/// Compiling the module takes seconds of every core, and the services are built before.
const HEALTHY_WITHIN: Duration = Duration::from_mins(3);

const NO_ENGINE: &str = "\
No Docker engine answers.
Install one: https://docs.docker.com/engine/install (Debian: apt install docker.io docker-compose).
Start it: systemctl start docker, or, where no service is kept, dockerd as root.";

const NO_COMPOSE: &str = "\
There is neither `docker compose` nor `docker-compose`.
Install one: https://docs.docker.com/compose/install (Debian: apt install docker-compose).";

/// The mesh of `docker-compose.yaml`, with every part healthy.
pub(crate) struct Composed {
    compose: Compose,
    /// Where clients ask.
    pub(crate) edge: SocketAddr,
    /// Prometheus.
    pub(crate) prometheus: SocketAddr,
    /// Grafana, where there is one.
    pub(crate) grafana: Option<SocketAddr>,
}

impl Composed {
    /// Starts it and waits until it is healthy; the error says what is missing or went wrong.
    pub(crate) fn up() -> Result<Self, String> {
        if !docker(&["info"]).status.success() {
            return Err(NO_ENGINE.to_owned());
        }
        let ports = ["EDGE_PORT", "ADMIN_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT"]
            .map(|name| (name, reserve_address()));
        let mut compose = Compose::found(ports.to_vec())?;
        let from_scratch = match env::var("IMAGES").as_deref() {
            Ok("official") => false,
            Ok("scratch") => true,
            Ok("") | Err(_) => !compose.can_pull(),
            Ok(_) => return Err("IMAGES is neither `official` nor `scratch`".to_owned()),
        };
        if from_scratch {
            println!("images: from scratch");
            make("compose-images")?;
            compose.files.push("e2e/compose/from-scratch.yaml");
        } else {
            println!("images: official ones, and the services built");
        }
        let [edge, _admin, prometheus, grafana] = ports.map(|(_, address)| address);
        let composed = Self {
            compose,
            edge,
            prometheus,
            grafana: (!from_scratch).then_some(grafana),
        };
        composed.down();
        composed.start().inspect_err(|_| {
            composed.print_logs();
            composed.down();
        })?;
        Ok(composed)
    }

    fn start(&self) -> Result<(), String> {
        let mut arguments = vec!["up", "--build", "--detach"];
        if self.compose.can_wait() {
            arguments.push("--wait");
        }
        self.compose.run(&arguments)?;
        self.wait_until_healthy()
    }

    /// Ends the proxy and starts it again.
    pub(crate) fn restart_envoy(&self) {
        let restarted = self.compose.run(&["restart", "envoy"]);
        restarted.and_then(|()| self.wait_until_healthy()).unwrap();
    }

    /// What a part printed so far.
    pub(crate) fn log(&self, service: &str) -> String {
        let output = self.compose.output(&["logs", "--no-color", service]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Shows what runs, and what of it printed last.
    pub(crate) fn print_logs(&self) {
        for arguments in [&["ps"][..], &["logs", "--no-color", "--tail=10"]] {
            // What cannot be shown is no reason to hide the failure before it.
            let _ = self.compose.run(arguments);
        }
    }

    /// Ends all of it and removes what it kept.
    pub(crate) fn down(&self) {
        let arguments = ["down", "--volumes", "--remove-orphans", "--timeout=2"];
        self.compose.output(&arguments);
    }

    /// Asks the engine, whose answer does not depend on which compose started it.
    fn wait_until_healthy(&self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let containers = self.compose.output(&["ps", "--quiet"]).stdout;
            let containers = String::from_utf8_lossy(&containers).into_owned();
            let mut arguments = vec!["inspect", "--format", "{{.Name}} {{.State.Health.Status}}"];
            arguments.extend(containers.split_whitespace());
            let states = docker(&arguments).stdout;
            let states = String::from_utf8_lossy(&states).into_owned();
            let is_healthy = |line: &str| line.ends_with(" healthy");
            if !states.is_empty() && states.lines().all(is_healthy) {
                return Ok(());
            }
            if begun.elapsed() > HEALTHY_WITHIN {
                return Err(format!("not healthy after {HEALTHY_WITHIN:?}:\n{states}"));
            }
            thread::sleep(Duration::from_millis(200));
        }
    }
}

/// The compose command of this machine, and what it composes.
struct Compose {
    /// `docker compose`, or `docker-compose` of old.
    command: &'static [&'static str],
    files: Vec<&'static str>,
    ports: Vec<(&'static str, SocketAddr)>,
}

impl Compose {
    fn found(ports: Vec<(&'static str, SocketAddr)>) -> Result<Self, String> {
        let commands: [&[&str]; 2] = [&["docker", "compose"], &["docker-compose"]];
        let command = commands
            .into_iter()
            .find(|command| {
                let mut version = Command::new(command[0]);
                version.args(&command[1..]).arg("version");
                version.output().is_ok_and(|output| output.status.success())
            })
            .ok_or(NO_COMPOSE)?;
        println!("compose: {}", command.join(" "));
        Ok(Self {
            command,
            files: vec!["e2e/docker-compose.yaml"],
            ports,
        })
    }

    /// `docker-compose` of old knows no `--wait`.
    fn can_wait(&self) -> bool {
        self.command.len() > 1
    }

    /// Whether the images that are not built here can be had.
    fn can_pull(&self) -> bool {
        let pulled = self.output(&["pull", "envoy", "etcd", "prometheus", "grafana"]);
        if !pulled.status.success() {
            let said = String::from_utf8_lossy(&pulled.stderr).into_owned();
            let reason = said.trim().lines().last().unwrap_or_default();
            println!("images cannot be pulled: {reason}");
        }
        pulled.status.success()
    }

    /// What a command printed.
    fn output(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output();
        output.unwrap_or_else(|error| panic!("{}: {error}", self.command.join(" ")))
    }

    /// Runs a command that shows what it does.
    fn run(&self, arguments: &[&str]) -> Result<(), String> {
        let mut command = self.command(arguments);
        let status = command.stdin(Stdio::null()).status();
        let succeeded = status.is_ok_and(|status| status.success());
        let name = self.command.join(" ");
        succeeded
            .then_some(())
            .ok_or_else(|| format!("`{name} {}` failed", arguments.join(" ")))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.command[0]);
        command
            .current_dir(root())
            .args(&self.command[1..])
            .args(["--project-name", PROJECT]);
        for file in &self.files {
            command.args(["--file", file]);
        }
        for (name, address) in &self.ports {
            command.env(name, address.port().to_string());
        }
        command.args(arguments);
        command
    }
}

fn docker(arguments: &[&str]) -> Output {
    let output = Command::new("docker").args(arguments).output();
    output.unwrap_or_else(|error| panic!("docker: {error}"))
}

fn make(target: &str) -> Result<(), String> {
    let status = Command::new("make")
        .args(["--no-print-directory", target])
        .current_dir(root())
        // Its own jobs, whatever make started this.
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .status();
    let succeeded = status.is_ok_and(|status| status.success());
    let failed = || format!("`make {target}` failed");
    succeeded.then_some(()).ok_or_else(failed)
}
