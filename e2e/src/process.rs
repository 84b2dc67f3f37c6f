//! Child processes that do not outlive the tests.

use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::poll::poll;

/// How long a process may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// A command that is killed with this process, even if this one is killed and cannot clean up.
///
/// The kernel's parent-death signal does that. To set it between fork and exec is unsafe in Rust, so
/// `setpriv` of util-linux sets it and then becomes the program, under the same process id. Where
/// there is no `setpriv` (not Linux), only an orderly end of the tests ends the child.
pub(crate) fn command(program: &Path) -> Command {
    static SETPRIV: LazyLock<bool> = LazyLock::new(|| {
        Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    });
    if *SETPRIV {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// A child process. It is asked to end when this value is dropped, and killed when it does not.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a command.
    ///
    /// A parent-death signal comes when the *thread* dies that started the child, and each test has
    /// a thread of its own. So one thread, which lives as long as the process, starts all children:
    /// a test may hand an Envoy to another.
    pub(crate) fn start(command: Command) -> io::Result<Self> {
        type Order = (Command, mpsc::Sender<io::Result<Child>>);
        static PARENT: LazyLock<mpsc::Sender<Order>> = LazyLock::new(|| {
            let (orders, received) = mpsc::channel::<Order>();
            thread::spawn(move || {
                for (mut command, reply) in received {
                    // Nobody waits any more if this fails; the child is then ended by its parent.
                    let _ = reply.send(command.stdin(Stdio::null()).spawn());
                }
            });
            orders
        });
        let (reply, started) = mpsc::channel();
        PARENT
            .send((command, reply))
            .expect("the parent thread lives as long as the process");
        let child = started.recv().expect("every order is answered")?;
        Ok(Self { child })
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the child can be waited for")
    }

    /// Kills it at once: it can write nothing more.
    pub(crate) fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Stops it where it is (`SIGSTOP`): its connections stay, and nobody answers on them. Returns
    /// when the last of its threads has stopped.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
        let child = WaitId::Pid(Pid::from_child(&self.child));
        waitid(child, WaitIdOptions::STOPPED).expect("the child can be stopped");
    }

    /// Lets it go on after [`Process::freeze`].
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Asks it to end and waits; kills it when it takes too long.
    pub(crate) fn stop(&mut self) {
        if self.exited().is_some() {
            return;
        }
        self.signal(Signal::TERM);
        if poll(GRACE, || self.exited()).is_none() {
            self.kill();
        }
    }

    /// Only before it was reaped: until then the id is still this child's.
    fn signal(&self, signal: Signal) {
        // An error means that it just ended.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}
