//! How much longer a keyed request takes with etcd, beside two bare transactions of etcd's own client.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Result;
use crate::case::{KEYED_ETCD, NO_FILTER};
use crate::rig::{Origin, Rig};
use crate::stats::quiet;

/// Requests of each kind in a row, one after the other.
const SLICE: u32 = 100;

/// How often each kind has its turn, for each round that cases have.
const TURNS: u32 = 3;

/// What each kind takes in µs, where nothing disturbs.
#[derive(Debug)]
pub(crate) struct Latency {
    /// A request without a filter.
    pub(crate) plain: f64,
    /// The same, guarded by a key.
    pub(crate) keyed: f64,
    /// Two transactions, one after the other.
    pub(crate) transactions: f64,
}

impl Latency {
    /// What the guard adds, in pairs of transactions: it has to wait for two of them.
    pub(crate) fn ratio(&self) -> f64 {
        (self.keyed - self.plain) / self.transactions
    }
}

/// Measures all three in turn; `None` where the case is not run.
pub(crate) fn measure(rig: &mut Rig, rounds: u32) -> Result<Option<Latency>> {
    let Some(etcd) = rig.etcd().filter(|_| rig.runs(KEYED_ETCD)) else {
        return Ok(None);
    };
    let mut client = TwoTxns::start(etcd)?;
    let (mut plain, mut keyed, mut transactions) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..=rounds * TURNS {
        let alone = rig.times(NO_FILTER, KEYED_ETCD, Origin::Upstream, SLICE)?;
        let guarded = rig.times(KEYED_ETCD, KEYED_ETCD, Origin::Upstream, SLICE)?;
        let bare = client.times(SLICE)?;
        // The first turn opens connections and grants the lease.
        if turn > 0 {
            plain.extend(alone);
            keyed.extend(guarded);
            transactions.extend(bare);
        }
    }
    Ok(Some(Latency {
        plain: quiet(plain),
        keyed: quiet(keyed),
        transactions: quiet(transactions),
    }))
}

/// The program `e2e/stores/two-txns`, which ends with its input.
struct TwoTxns {
    process: Child,
    orders: Option<ChildStdin>,
    lines: BufReader<ChildStdout>,
}

impl TwoTxns {
    fn start(etcd: SocketAddr) -> Result<Self> {
        let program =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.venv/stores/bin/two-txns");
        if !program.is_file() {
            return Err(format!("{} is missing: run `make stores`", program.display()).into());
        }
        let mut process = Command::new(program)
            .arg(etcd.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = process.stdout.take().ok_or("no output")?;
        Ok(Self {
            orders: process.stdin.take(),
            lines: BufReader::new(lines),
            process,
        })
    }

    /// What so many pairs of transactions took, in µs.
    fn times(&mut self, count: u32) -> Result<Vec<f64>> {
        let orders = self.orders.as_mut().ok_or("no input")?;
        writeln!(orders, "{count}")?;
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        let times = line.split_whitespace().map(|time| {
            let nanoseconds: u32 = time.parse()?;
            Ok(f64::from(nanoseconds) / 1000.0)
        });
        let times = times.collect::<Result<Vec<_>>>()?;
        if times.len() != count as usize {
            return Err("two-txns has ended: its error stands above".into());
        }
        Ok(times)
    }
}

impl Drop for TwoTxns {
    fn drop(&mut self) {
        self.orders = None;
        // It has nothing left to do; how it ends does not matter.
        let _ = self.process.wait();
    }
}
