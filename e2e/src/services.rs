//! The example services, one in Go and one in Rust, as real processes.

use std::env;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

use crate::poll::poll;
use crate::process::{Process, command};
use crate::repository;

const READY_WITHIN: Duration = Duration::from_secs(10);

/// Where one service finds the other: the addresses of its sidecar, or its own.
///
/// Each service needs the other's address to start. Where a sidecar stands between them, its address
/// is fixed first: see [`crate::reserve_address`].
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Where it takes REST.
    pub http: SocketAddr,
    /// Where it takes gRPC.
    pub grpc: SocketAddr,
}

impl Peer {
    /// A peer that takes both at one address, as a listener of Envoy does.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            http: address,
            grpc: address,
        }
    }
}

/// A running service.
#[derive(Debug)]
pub struct Service {
    process: Process,
    listening: Listening,
    folder: TempDir,
}

/// The line that a service prints once it listens.
#[derive(Debug, Deserialize)]
struct Listening {
    http: SocketAddr,
    grpc: SocketAddr,
}

impl Service {
    /// Starts `orders`, which is written in Go and calls payments.
    pub fn orders(payments: Peer) -> Self {
        let binary = env::var_os("ORDERS_BIN").map_or_else(
            || repository::root().join("e2e/services/orders/bin/orders"),
            PathBuf::from,
        );
        Self::start(
            &binary,
            &[
                ("--payments-http", format!("http://{}", payments.http)),
                ("--payments-grpc", payments.grpc.to_string()),
            ],
        )
    }

    /// Starts `payments`, which is written in Rust and calls orders.
    pub fn payments(orders: Peer) -> Self {
        let binary = env::var_os("PAYMENTS_BIN")
            .map_or_else(|| built(&["payments", "debug/payments"]), PathBuf::from);
        Self::start_payments(&binary, orders)
    }

    /// Starts `payments` as it would be shipped: optimised, so that its backtraces have no lines.
    pub fn payments_in_release(orders: Peer) -> Self {
        let binary = env::var_os("PAYMENTS_RELEASE_BIN")
            .map_or_else(|| built(&["release/payments"]), PathBuf::from);
        Self::start_payments(&binary, orders)
    }

    fn start_payments(binary: &Path, orders: Peer) -> Self {
        Self::start(
            binary,
            &[
                ("--orders-http", format!("http://{}", orders.http)),
                ("--orders-grpc", format!("http://{}", orders.grpc)),
            ],
        )
    }

    fn start(binary: &Path, peer: &[(&str, String)]) -> Self {
        assert!(
            binary.is_file(),
            "{} is missing: run `make services`",
            binary.display()
        );
        let folder = tempfile::tempdir().expect("a temporary folder");
        let announcement = folder.path().join("stdout");
        let mut command = command(binary);
        command
            .args(["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"])
            // As in many a cluster, so that what a panic tells is complete.
            .env("RUST_BACKTRACE", "1")
            .stdout(File::create(&announcement).expect("a file for stdout"))
            .stderr(File::create(log_file(&folder)).expect("a file for the log"));
        for (flag, value) in peer {
            command.arg(flag).arg(value);
        }
        let mut process = Process::start(command).expect("the service can be started");
        let listening = poll(READY_WITHIN, || {
            let ended = process.exited();
            let listening = read_announcement(&announcement);
            assert!(
                listening.is_some() || ended.is_none(),
                "{} ended: {}",
                binary.display(),
                read_log(&folder)
            );
            listening
        })
        .unwrap_or_else(|| {
            panic!(
                "{} does not listen after {READY_WITHIN:?}: {}",
                binary.display(),
                read_log(&folder)
            )
        });
        Self {
            process,
            listening,
            folder,
        }
    }

    /// Where it takes REST.
    pub fn http(&self) -> SocketAddr {
        self.listening.http
    }

    /// Where it takes gRPC.
    pub fn grpc(&self) -> SocketAddr {
        self.listening.grpc
    }

    /// Everything that it logged so far.
    pub fn log(&self) -> String {
        read_log(&self.folder)
    }

    /// Ends it now, for a test of a service that is away.
    pub fn stop(&mut self) {
        self.process.stop();
    }
}

/// The first of these binaries that cargo built into the same target folder as this test or program,
/// whatever the profile of this one is.
fn built(names: &[&str]) -> PathBuf {
    let this = env::current_exe().expect("the path of this program");
    this.ancestors()
        .skip(1)
        .take(3)
        .flat_map(|folder| names.iter().map(|name| folder.join(name)))
        .find(|binary| binary.is_file())
        .unwrap_or_else(|| {
            let last = names.last().expect("a name");
            repository::root().join("target").join(last)
        })
}

fn read_announcement(file: &Path) -> Option<Listening> {
    let stdout = fs::read_to_string(file).ok()?;
    let (line, _) = stdout.split_once('\n')?;
    Some(serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}")))
}

fn log_file(folder: &TempDir) -> PathBuf {
    folder.path().join("log")
}

fn read_log(folder: &TempDir) -> String {
    let log = fs::read(log_file(folder)).unwrap_or_default();
    String::from_utf8_lossy(&log).into_owned()
}
