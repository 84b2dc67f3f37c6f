//! Does to everything whatever comes into its head.

use std::thread;
use std::time::{Duration, Instant};

use super::chance::Chance;
use super::stand::{Backend, Stand};

/// What goes wrong for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The store answers nothing.
    StoreFrozen,
    /// The store stops again and again.
    StoreSlow,
    /// The store is killed, and comes back.
    StoreKilled,
    /// The node of the store that leads is killed, and does not come back: once is enough.
    LeaderKilled,
    /// The upstream is killed, and comes back.
    UpstreamKilled,
    /// One of the proxies is killed, and comes back.
    ProxyKilled,
}

/// Goes on until it is over, but through each fault once at least; says how many there were. All is
/// well again afterwards.
pub(crate) fn sabotage(
    stand: &mut Stand,
    chance: &mut Chance,
    is_over: impl Fn() -> bool,
) -> usize {
    let mut faults = faults(&stand.backend);
    let mut struck = 0;
    loop {
        let mut round = faults.clone();
        while !round.is_empty() {
            let fault = chance.one_of(&round);
            round.retain(|other| *other != fault);
            thread::sleep(chance.millis(50..300));
            fault.strike(stand, chance);
            struck += 1;
            if is_over() && struck >= faults.len() {
                return struck;
            }
        }
        faults.retain(|fault| *fault != Fault::LeaderKilled);
    }
}

/// What can go wrong without the promise.
fn faults(backend: &Backend) -> Vec<Fault> {
    match backend {
        // With its proxy, it would be gone.
        Backend::Local => vec![Fault::UpstreamKilled],
        Backend::EtcdCluster(_) => vec![
            Fault::LeaderKilled,
            Fault::UpstreamKilled,
            Fault::ProxyKilled,
        ],
        Backend::Etcd(_) | Backend::Redis(_) => vec![
            Fault::StoreFrozen,
            Fault::StoreSlow,
            Fault::StoreKilled,
            Fault::UpstreamKilled,
            Fault::ProxyKilled,
        ],
    }
}

impl Fault {
    fn strike(self, stand: &mut Stand, chance: &mut Chance) {
        match self {
            Self::StoreFrozen => freeze(stand, chance.millis(50..800)),
            Self::StoreSlow => {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(600) {
                    freeze(stand, chance.millis(20..150));
                    thread::sleep(chance.millis(5..50));
                }
            }
            Self::StoreKilled => {
                stand.store().kill();
                thread::sleep(chance.millis(0..400));
                stand.store().restart();
            }
            Self::LeaderKilled => {
                if let Backend::EtcdCluster(etcd) = &mut stand.backend {
                    etcd.kill_leader();
                }
            }
            Self::UpstreamKilled => {
                stand.upstream.kill();
                thread::sleep(chance.millis(0..200));
                stand.upstream.restart();
            }
            Self::ProxyKilled => {
                let proxy = chance.one_of(&(0..stand.doors.count()).collect::<Vec<_>>());
                stand.kill_proxy(proxy);
                stand.restart_proxy(proxy);
            }
        }
    }
}

fn freeze(stand: &mut Stand, time: Duration) {
    stand.store().freeze();
    thread::sleep(time);
    stand.store().thaw();
}
