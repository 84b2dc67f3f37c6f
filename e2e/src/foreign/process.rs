//! A program that answers each line of JSON on its standard input with one on its standard output.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::repository;

/// Longer than any call may take: a program that exceeds it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that is started when it is first asked, because its start takes longer than an answer,
/// and then serves all tests of the process, one after the other.
pub(super) struct Shared {
    command: fn() -> Command,
    running: Mutex<Option<Running>>,
}

impl Shared {
    /// What this command starts.
    pub(super) const fn new(command: fn() -> Command) -> Self {
        Self {
            command,
            running: Mutex::new(None),
        }
    }

    /// Asks and waits for the answer; panics if none comes. The next question then goes to a new
    /// process.
    pub(super) fn ask(&self, question: &Value) -> Value {
        let mut shared = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = shared
            .take()
            .unwrap_or_else(|| Running::start((self.command)()));
        let answer = running.ask(question);
        *shared = Some(running);
        answer
    }
}

/// A script in `e2e/clients/python`, in the virtual environment of the clients.
pub(super) fn python(script: &str) -> Command {
    let mut command = program(repository::root().join(".venv/clients/bin/python"));
    command.arg(clients().join("python").join(script));
    command
}

/// A script in `e2e/clients/node`.
pub(super) fn node(script: &str) -> Command {
    let folder = clients().join("node");
    require(&folder.join("node_modules/.package-lock.json"));
    let mut command = program(repository::root().join(".venv/clients/bin/node"));
    command.arg(folder.join(script));
    command
}

/// A program of the Go module in `e2e/clients/go`.
pub(super) fn go(name: &str) -> Command {
    program(clients().join("go/bin").join(name))
}

fn clients() -> PathBuf {
    repository::root().join("e2e/clients")
}

fn program(path: PathBuf) -> Command {
    require(&path);
    Command::new(path)
}

fn require(file: &Path) {
    assert!(
        file.is_file(),
        "{} is missing: run `make clients`",
        file.display()
    );
}

/// A running program. It ends when its standard input does, so it never outlives the tests.
struct Running {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let questions = child.stdin.take().expect("a piped standard input");
        let stdout = child.stdout.take().expect("a piped standard output");
        let (found, answers) = mpsc::channel();
        thread::spawn(move || {
            // Nobody listens any more once the process was given up.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = found.send(line);
            }
        });
        Self {
            child,
            questions,
            answers,
        }
    }

    fn ask(&mut self, question: &Value) -> Value {
        // A program that has ended cannot answer either, and that is what is told.
        let _ = writeln!(self.questions, "{question}");
        let answer = self
            .answers
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|reason| panic!("no answer ({reason}) to {question}"));
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error} in {answer}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
