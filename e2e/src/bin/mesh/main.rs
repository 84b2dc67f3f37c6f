//! The mesh by hand: `make demo`, `make up` and `make down`.
//!
//! `up` leaves a process of its own behind that holds the mesh, and a file that says where it is;
//! `down` asks that process to end, and everything it started ends with it.

mod contracts;
mod duplicates;
mod failures;
mod telemetry;
mod tour;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use e2e::{Force, Mesh};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};

/// Starts the demo mesh.
#[derive(Parser)]
#[command(name = "mesh")]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Start it, walk through a tour of real requests, stop it.
    Demo,
    /// Start it and leave it running.
    Up,
    /// Stop what `up` started.
    Down,
    /// Hold a mesh until asked to end (what `up` leaves running).
    #[command(hide = true)]
    Hold,
}

const STARTS_WITHIN: Duration = Duration::from_mins(1);
const ENDS_WITHIN: Duration = Duration::from_secs(15);

fn main() -> ExitCode {
    match Arguments::parse().command {
        Action::Demo => demo(),
        Action::Up => up(),
        Action::Down => down(),
        Action::Hold => hold(),
    }
}

fn demo() -> ExitCode {
    println!("Starting three services, their sidecars and the edge …");
    println!("The policies are the shipped examples, set from `report` to `enforce`.");
    let mesh = Mesh::start(Force::Enforced);
    tour::walk(&mesh);
    println!("\nStopping the mesh …");
    drop(mesh);
    println!("Done. `make up` leaves it running; `make test` proves more than this tour shows.");
    ExitCode::SUCCESS
}

fn up() -> ExitCode {
    if let Some(mesh) = running() {
        println!("The mesh is running already.");
        print_addresses(&mesh);
        return ExitCode::SUCCESS;
    }
    let _ = fs::remove_file(state_file());
    fs::create_dir_all(state_folder()).expect("the folder .run can be made");
    let log = fs::File::create(log_file()).expect("the log can be made");
    let this = std::env::current_exe().expect("the path of this program");
    #[expect(
        clippy::zombie_processes,
        reason = "The holder outlives this process on purpose."
    )]
    let mut holder = Command::new("setsid")
        .arg(this)
        .arg("hold")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("the log can be shared"))
        .stderr(log)
        .spawn()
        .expect("setsid of util-linux can be started");
    let begun = Instant::now();
    while begun.elapsed() < STARTS_WITHIN {
        if let Some(mesh) = running() {
            print_addresses(&mesh);
            return ExitCode::SUCCESS;
        }
        if holder.try_wait().is_ok_and(|ended| ended.is_some()) {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let said = fs::read_to_string(log_file()).unwrap_or_default();
    eprintln!("The mesh did not start. What .run/mesh.log says:\n{said}");
    ExitCode::FAILURE
}

fn down() -> ExitCode {
    let Some(mesh) = running() else {
        println!("No mesh is running.");
        return ExitCode::SUCCESS;
    };
    let holder = pid(&mesh).expect("a running mesh has a process id");
    let _ = kill_process(holder, Signal::TERM);
    let begun = Instant::now();
    while test_kill_process(holder).is_ok() {
        if begun.elapsed() > ENDS_WITHIN {
            eprintln!("The mesh (process {holder:?}) does not end.");
            return ExitCode::FAILURE;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let _ = fs::remove_file(state_file());
    println!("The mesh is stopped.");
    ExitCode::SUCCESS
}

fn hold() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    // The signal is caught before anything starts, so that an early `down` leaves nothing behind.
    let mut terminated = runtime
        .block_on(async {
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        })
        .expect("SIGTERM can be caught");
    let mesh = Mesh::start(Force::Enforced);
    let state = json!({
        "pid": std::process::id(),
        "edge": mesh.address().to_string(),
        "services": {
            "orders (Go), version 1": mesh.orders_blue.sidecar.address("inbound").to_string(),
            "orders (Go), version 2": mesh.orders_green.sidecar.address("inbound").to_string(),
            "payments (Rust)": mesh.payments.sidecar.address("inbound").to_string(),
        },
        "log": mesh.edge.stdout(),
    });
    let written = state_file().with_extension("new");
    fs::write(&written, state.to_string()).expect("the state can be written");
    fs::rename(&written, state_file()).expect("the state can be put in place");
    runtime.block_on(terminated.recv());
    drop(mesh);
    ExitCode::SUCCESS
}

fn print_addresses(mesh: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let edge = text(&mesh["edge"]);
    println!("edge                     http://{edge}");
    for (service, address) in mesh["services"].as_object().into_iter().flatten() {
        println!("{service:<24} http://{} (its sidecar)", text(address));
    }
    println!("access log of the edge   {}", text(&mesh["log"]));
    println!("\nTry:  curl -i -H 'host: orders.example.com' http://{edge}/v1/orders/1");
    println!("Stop: make down");
}

/// What `up` left behind, if its process still lives.
fn running() -> Option<Value> {
    let state: Value = serde_json::from_str(&fs::read_to_string(state_file()).ok()?).ok()?;
    test_kill_process(pid(&state)?).ok()?;
    Some(state)
}

fn pid(state: &Value) -> Option<Pid> {
    let pid = state["pid"]
        .as_i64()
        .and_then(|pid| i32::try_from(pid).ok())?;
    Pid::from_raw(pid)
}

fn state_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the repository")
        .join(".run")
}

fn log_file() -> PathBuf {
    state_folder().join("mesh.log")
}

fn state_file() -> PathBuf {
    state_folder().join("mesh.json")
}
