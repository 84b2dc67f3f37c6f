//! The process of a store.

use std::env;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::poll::poll;
use crate::process::{Process, command};
use crate::repository;

const READY_WITHIN: Duration = Duration::from_secs(30);

/// The process of a store, which a test may take away in every way that a machine can fail.
///
/// It keeps its address and its data over a restart, and is killed when this value is dropped.
pub struct Server {
    process: Process,
    program: PathBuf,
    arguments: Vec<String>,
    is_ready: Box<dyn Fn() -> bool + Send + Sync>,
    folder: TempDir,
}

impl Server {
    /// Starts a program, without waiting for it.
    pub(super) fn start(
        program: PathBuf,
        folder: TempDir,
        arguments: Vec<String>,
        is_ready: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            process: spawn(&program, &arguments, folder.path()),
            program,
            arguments,
            is_ready: Box::new(is_ready),
            folder,
        }
    }

    /// Waits until it serves; panics, with its log, if it does not.
    pub(super) fn wait_until_ready(&mut self) {
        let Self {
            process,
            is_ready,
            folder,
            ..
        } = self;
        let log = || fs::read_to_string(log(folder.path())).unwrap_or_default();
        poll(READY_WITHIN, || {
            assert!(process.exited().is_none(), "the store ended: {}", log());
            is_ready().then_some(())
        })
        .unwrap_or_else(|| panic!("no store after {READY_WITHIN:?}: {}", log()));
    }

    /// Kills it (`SIGKILL`): connections break, and nobody listens any more.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it where it is (`SIGSTOP`): connections are taken and nothing is answered, as behind a
    /// partition of the network.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on after [`Server::freeze`]. What was sent meanwhile is carried out.
    pub fn thaw(&self) {
        self.process.thaw();
    }

    /// Kills it and starts it again, at the same address with the same data, and waits until it
    /// serves.
    pub fn restart(&mut self) {
        self.kill();
        self.process = spawn(&self.program, &self.arguments, self.folder.path());
        self.wait_until_ready();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("program", &self.program)
            .field("id", &self.process.id())
            .finish_non_exhaustive()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Not asked first: a frozen one would not hear it, and its data go with it.
        self.process.kill();
    }
}

/// The binary that a variable names, or the one that `make stores` fetches.
pub(super) fn binary(variable: &str, name: &str) -> PathBuf {
    let fetched = || repository::root().join(".venv/stores/bin").join(name);
    let binary = env::var_os(variable).map_or_else(fetched, PathBuf::from);
    assert!(
        binary.is_file(),
        "{name} is missing: run `make stores`, or set {variable}"
    );
    binary
}

fn spawn(program: &Path, arguments: &[String], folder: &Path) -> Process {
    let log = File::create(log(folder)).expect("a file for the log");
    let mut command = command(program);
    command
        .args(arguments)
        .current_dir(folder)
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log);
    Process::start(command).expect("the store can be started")
}

fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}
