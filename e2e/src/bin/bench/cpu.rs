//! CPU time, and who runs where.

use std::fmt;
use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::Result;

/// Where the proxies under test run.
const PROXY: usize = 1;

/// Where everything else of the benchmark runs.
const LOAD: usize = 0;

/// Who runs where.
#[derive(Debug)]
pub(crate) enum Placement {
    /// The proxy under test has a core that nothing else of the benchmark runs on.
    Apart,
    /// Everybody runs anywhere, for this reason.
    Anywhere(&'static str),
}

impl Placement {
    /// Puts the proxies under test on one core, and this process and its helper on another.
    ///
    /// This comes after their start: V8 compiles with several threads where it may.
    pub(crate) fn put(proxies: &[u32], helper: u32) -> Result<Self> {
        if cores() < 2 {
            return Ok(Self::Anywhere("there is one core only"));
        }
        if pin(std::process::id(), LOAD).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        {
            return Ok(Self::Anywhere("there is no taskset (util-linux)"));
        }
        pin(std::process::id(), LOAD)?;
        pin(helper, LOAD)?;
        for proxy in proxies {
            pin(*proxy, PROXY)?;
        }
        Ok(Self::Apart)
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apart => write!(f, "Envoy pinned to CPU {PROXY}, the load to CPU {LOAD}"),
            Self::Anywhere(reason) => write!(f, "nothing pinned, because {reason}"),
        }
    }
}

/// How many cores this process may run on: once it is pinned, one.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The CPU time that all threads of a process have taken, to the nanosecond (the ticks of
/// `/proc/PID/stat` are 10 ms).
pub(crate) fn time_of(process: u32) -> Result<Duration> {
    let tasks = format!("/proc/{process}/task");
    let mut total = Duration::ZERO;
    for task in fs::read_dir(&tasks).map_err(|error| format!("{tasks}: {error}"))? {
        // A thread that has just ended is no longer there to ask.
        let Ok(times) = fs::read_to_string(task?.path().join("schedstat")) else {
            continue;
        };
        let nanoseconds = times.split(' ').next().unwrap_or_default();
        total += Duration::from_nanos(nanoseconds.parse()?);
    }
    Ok(total)
}

/// Binds all threads of a process to a core; those that they start inherit it.
fn pin(process: u32, core: usize) -> io::Result<()> {
    let status = Command::new("taskset")
        .args(["-a", "-c", "-p", &core.to_string(), &process.to_string()])
        .stdout(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("taskset ended with {status}")))
    }
}
