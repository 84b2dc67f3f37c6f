//! What became of a key, and whether that is what was promised.

use std::fmt;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::ask::{Told, ask};
use super::service::{Conduct, Ledger};
use super::stand::Doors;

/// After the last fault, each key is usable again within this: the claims that were left end after
/// 2 s, and the rest is for a busy machine.
pub(crate) const RECOVERY: Duration = Duration::from_secs(20);

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It ran once, and everybody gets that answer.
    Kept,
    /// It ran once, and everybody is told that its answer is not kept.
    NotKept,
    /// Everybody is told that its outcome is unknown. It ran once at most.
    Unknown,
    /// It had not run, and ran now.
    Free,
}

/// How many keys met with each fate.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Fates {
    pub(crate) kept: usize,
    pub(crate) not_kept: usize,
    pub(crate) unknown: usize,
    pub(crate) free: usize,
}

impl FromIterator<Fate> for Fates {
    fn from_iter<I: IntoIterator<Item = Fate>>(keys: I) -> Self {
        let mut fates = Self::default();
        for fate in keys {
            *match fate {
                Fate::Kept => &mut fates.kept,
                Fate::NotKept => &mut fates.not_kept,
                Fate::Unknown => &mut fates.unknown,
                Fate::Free => &mut fates.free,
            } += 1;
        }
        fates
    }
}

impl fmt::Display for Fates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kept, {} not kept, {} unknown, {} free",
            self.kept, self.not_kept, self.unknown, self.free
        )
    }
}

/// Judges a key, now that all is well again, by what its clients have heard and what each proxy says
/// now; panics if the promise is broken.
pub(crate) fn judge(key: &str, heard: &[Told], ledger: &Ledger, doors: &Doors) -> Fate {
    let executions = ledger.executions(key);
    assert!(
        executions.len() <= 1,
        "{key} ran more than once: {executions:?}, and clients heard {heard:?}"
    );
    let execution = executions.first();
    for told in heard {
        if let Told::Ran(own) | Told::Replayed(own) = told {
            assert_eq!(Some(own), execution, "{key}: {heard:?}");
        }
    }
    let (fate, told) = final_answer(key, doors.door(0));
    let is_promised = match (fate, &told, execution) {
        (Fate::Kept, Told::Replayed(own), Some(execution)) => own == execution,
        (Fate::NotKept, _, Some(_)) | (Fate::Free, _, None) | (Fate::Unknown, _, _) => true,
        _ => false,
    };
    assert!(
        is_promised,
        "{key}: {told:?} after {execution:?}, {heard:?}"
    );
    assert_agreed(key, fate, ledger, doors);
    fate
}

/// All proxies say the same of a key, and none of them runs it again.
fn assert_agreed(key: &str, fate: Fate, ledger: &Ledger, doors: &Doors) {
    for proxy in 0..doors.count() {
        let (now, told) = final_answer(key, doors.door(proxy));
        let executions = ledger.executions(key);
        let is_agreed = match (fate, now) {
            (Fate::NotKept, Fate::NotKept) => true,
            // An owner that reaches the store late knows more than its claim, which had expired.
            (Fate::Unknown, Fate::Unknown | Fate::NotKept) => executions.len() <= 1,
            (Fate::Kept | Fate::Free | Fate::Unknown, Fate::Kept) => {
                matches!(executions.as_slice(), [own] if told == Told::Replayed(own.clone()))
            }
            _ => false,
        };
        assert!(is_agreed, "{key}: {fate:?}, then {told:?}, {executions:?}");
    }
}

/// Asks a proxy until it says what there is to say of a key.
fn final_answer(key: &str, door: SocketAddr) -> (Fate, Told) {
    let begun = Instant::now();
    loop {
        let told = ask(door, key, Conduct::Prompt);
        if let Some(fate) = fate(&told) {
            return (fate, told);
        }
        assert!(begun.elapsed() < RECOVERY, "{key} is not usable: {told:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// What an answer says of a key; `None` where it is to be asked again.
pub(crate) fn fate(told: &Told) -> Option<Fate> {
    match told {
        Told::Ran(_) => Some(Fate::Free),
        Told::Replayed(_) => Some(Fate::Kept),
        Told::Refused(reason) => match reason.as_str() {
            "outcome_unknown" => Some(Fate::Unknown),
            "answer_not_kept" => Some(Fate::NotKept),
            "in_flight" | "store_unavailable" => None,
            other => panic!("a key was refused for {other}"),
        },
        Told::Failed(_) | Told::Nothing => None,
    }
}
