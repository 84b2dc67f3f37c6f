//! Every order in which the VMs of a proxy can take turns at shared data.

use super::*;

/// A request in a VM of its own: it claims, and finishes what it has claimed.
struct Request {
    key: u8,
    token: u64,
    /// When it claims, in seconds; the claim of another one may have ended by then.
    starts: u64,
    ends: End,
}

#[derive(Clone, Copy)]
enum End {
    Finishes,
    Releases,
    /// It stays on its way.
    Runs,
}

/// A request on its way.
struct Running<'a> {
    request: &'a Request,
    next: Option<Next<Pending>>,
}

/// What one order of turns came to.
#[derive(Debug, Default)]
struct Outcome {
    /// Keys and tokens of those who were told that they own a key.
    owners: Vec<(u8, u64)>,
    lost: usize,
    turns: Vec<usize>,
    /// How many could take each turn.
    choices: Vec<usize>,
}

impl<'a> Running<'a> {
    fn start(local: &Local, request: &'a Request) -> Self {
        let command = claim(request.key, request.token);
        Self {
            request,
            next: Some(local.begin(command, at(request.starts))),
        }
    }

    /// Takes one turn: one call to the proxy, and what follows from it in the VM.
    fn turn(&mut self, local: &Local, data: &mut SharedData, outcome: &mut Outcome) {
        let Some(Next::Ask(pending, ask)) = self.next.take() else {
            return;
        };
        let answer = match local.next(pending, data.tell(ask)) {
            Next::Done(answer) => answer,
            ask @ Next::Ask(..) => {
                self.next = Some(ask);
                return;
            }
        };
        let request = self.request;
        outcome.lost += usize::from(answer == Answer::Lost);
        if answer == claimed(request.token) {
            outcome.owners.push((request.key, request.token));
            let command = match request.ends {
                End::Finishes => finish(request.key, request.token, b"done"),
                End::Releases => release(request.key, request.token),
                End::Runs => return,
            };
            self.next = Some(local.begin(command, at(request.starts)));
        }
    }
}

/// Runs the requests in one order: at each turn the one that `order` says, and then the first.
fn run(requests: &[Request], local: &Local, ignores_cas: bool, order: &[usize]) -> Outcome {
    let mut data = SharedData {
        ignores_cas,
        ..SharedData::default()
    };
    let mut running: Vec<_> = requests
        .iter()
        .map(|request| Running::start(local, request))
        .collect();
    let mut outcome = Outcome::default();
    loop {
        let mut able: Vec<_> = running
            .iter_mut()
            .filter(|one| one.next.is_some())
            .collect();
        if able.is_empty() {
            return outcome;
        }
        let turn = order.get(outcome.turns.len()).copied().unwrap_or(0);
        outcome.turns.push(turn);
        outcome.choices.push(able.len());
        able[turn].turn(local, &mut data, &mut outcome);
    }
}

/// Every order of turns, one after the other, and how many there were.
fn every_order(
    requests: &[Request],
    local: &Local,
    ignores_cas: bool,
    mut check: impl FnMut(&Outcome) -> bool,
) -> Result<usize, Vec<usize>> {
    let (mut order, mut explored) = (Vec::new(), 0);
    loop {
        let outcome = run(requests, local, ignores_cas, &order);
        explored += 1;
        if !check(&outcome) {
            return Err(outcome.turns);
        }
        // The next order: the last turn that somebody else could have taken goes to them.
        order = outcome.turns;
        loop {
            let Some(last) = order.pop() else {
                return Ok(explored);
            };
            if last + 1 < outcome.choices[order.len()] {
                order.push(last + 1);
                break;
            }
        }
    }
}

fn request(key: u8, token: u64, ends: End) -> Request {
    let starts = 0;
    Request {
        key,
        token,
        starts,
        ends,
    }
}

fn owners_of(outcome: &Outcome, key: u8) -> usize {
    outcome.owners.iter().filter(|owner| owner.0 == key).count()
}

#[test]
fn two_owners_never_exist_in_any_order() {
    let requests = [
        request(1, 10, End::Finishes),
        request(1, 11, End::Finishes),
        request(2, 12, End::Runs),
    ];
    let explored = every_order(&requests, &local(), false, |outcome| {
        owners_of(outcome, 1) == 1 && owners_of(outcome, 2) == 1 && outcome.lost == 0
    });
    assert!(explored.unwrap() > 5_000);
}

#[test]
fn a_key_that_is_released_has_one_owner_after_the_other() {
    let requests = [
        request(1, 10, End::Releases),
        request(1, 11, End::Finishes),
        request(2, 12, End::Runs),
    ];
    let explored = every_order(&requests, &local(), false, |outcome| {
        let owners = owners_of(outcome, 1);
        // 11 keeps the key for good, so 10 can only have had it before.
        let in_turn =
            owners == 1 || outcome.owners.iter().find(|owner| owner.0 == 1) == Some(&(1, 10));
        in_turn && outcome.lost == 0
    });
    assert!(explored.unwrap() > 5_000);
}

#[test]
fn a_claim_that_has_ended_is_taken_over_once_and_its_owner_fenced_out() {
    let mut requests = [
        request(1, 10, End::Finishes),
        request(1, 11, End::Finishes),
        request(1, 12, End::Runs),
    ];
    // The claim of the first has ended when the others come, but not what it finished with.
    requests[1].starts = 60;
    requests[2].starts = 60;
    let explored = every_order(&requests, &local(), false, |outcome| {
        let later = outcome.owners.iter().filter(|owner| owner.1 != 10).count();
        later <= 1
            && owners_of(outcome, 1) == later + usize::from(outcome.owners.contains(&(1, 10)))
    });
    assert!(explored.unwrap() > 5_000);
}

#[test]
fn two_owners_are_found_where_nobody_compares() {
    let requests = [request(1, 10, End::Finishes), request(1, 11, End::Finishes)];
    let found = every_order(&requests, &local(), true, |outcome| {
        owners_of(outcome, 1) == 1
    });
    assert!(found.is_err());
}
