//! Every order of events, breadth first, each state once.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::fold::Fold;
use super::promise::{self, Broken};
use super::world::{Action, Setup, World};

/// What an exploration has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Explored {
    /// The number of different states.
    pub(super) states: usize,
    /// The number of those in which nothing more happens by itself.
    pub(super) at_rest: usize,
}

/// A shortest way to a broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counterexample {
    pub(super) broken: Broken,
    pub(super) actions: Vec<Action>,
}

/// Goes through every state that can be reached.
///
/// States are told apart by 64 bits of hash: among a million of them, two that are taken for one
/// are as likely as one in thirty million.
pub(super) fn explore(setup: &Setup) -> Result<Explored, Counterexample> {
    let mut search = Search::default();
    let first = World::new(setup);
    search.is_new(&first);
    let mut layer = vec![(first, Search::ROOT)];
    while !layer.is_empty() {
        let mut next = Vec::new();
        for (world, place) in layer {
            search.expand(&world, place, setup, &mut next)?;
        }
        layer = next;
    }
    Ok(Explored {
        states: search.seen.len(),
        at_rest: search.at_rest,
    })
}

#[derive(Default)]
struct Search {
    seen: HashSet<u64, BuildHasherDefault<Fold>>,
    /// Each state's way back: the state before, and what happened then.
    ways: Vec<(usize, Action)>,
    at_rest: usize,
}

impl Search {
    const ROOT: usize = usize::MAX;

    fn expand(
        &mut self,
        world: &World,
        place: usize,
        setup: &Setup,
        next: &mut Vec<(World, usize)>,
    ) -> Result<(), Counterexample> {
        let actions = world.actions(setup);
        if !actions.iter().any(|(_, by_itself)| *by_itself) {
            self.at_rest += 1;
            promise::at_rest(world, setup).map_err(|broken| self.counterexample(broken, place))?;
        }
        for (action, _) in actions {
            self.ways.push((place, action));
            let own = self.ways.len() - 1;
            let world = world
                .after(action, setup)
                .map_err(|broken| self.counterexample(broken, own))?;
            if self.is_new(&world) {
                next.push((world, own));
            } else {
                self.ways.pop();
            }
        }
        Ok(())
    }

    fn is_new(&mut self, world: &World) -> bool {
        let mut hasher = Fold::default();
        world.hash(&mut hasher);
        self.seen.insert(hasher.finish())
    }

    fn counterexample(&self, broken: Broken, mut place: usize) -> Counterexample {
        let mut actions = Vec::new();
        while let Some((before, action)) = self.ways.get(place) {
            actions.push(*action);
            place = *before;
        }
        actions.reverse();
        Counterexample { broken, actions }
    }
}
