//! What is promised, and what it looks like when it is broken.

use kit::policy::Mode;

use super::store::Content;
use super::world::{Actor, Setup, Side, Upstream, World};
use crate::machine::{OnClaimExpired, StoreTrouble};
use crate::record::State;

/// A promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Two requests of one key were carried out, and the policy had promised one.
    TwoExecutions,
    /// A request went to the upstream that had no claim.
    WithoutClaim,
    /// A record was written over or deleted that another request owned.
    OverwroteAnother,
    /// A duplicate got something else than the one answer that was given.
    OtherAnswer,
    /// A duplicate came after the answer was delivered in full, while nothing had failed, and was
    /// not replayed.
    NotReplayed,
    /// Report mode held or answered a request.
    ReportInterfered,
    /// Something is held, and nothing will ever end that.
    WaitsForEver,
    /// All is quiet, and the key is claimed by a request that has ended its dialogue.
    LeftInFlight,
    /// All is quiet, and the key is barred though no request ever went.
    BarredForNothing,
}

/// Looks at a request that the upstream carries out.
pub(super) fn on_execution(world: &World, index: usize, setup: &Setup) -> Result<(), Broken> {
    let terms = &setup.terms;
    if terms.mode != Mode::Enforce {
        return Ok(());
    }
    let is_open = terms.store_trouble == StoreTrouble::Open && world.has_failed(setup);
    let own = world.actors.get(index).and_then(|actor| actor.went_under);
    let Some(own) = own else {
        return if is_open {
            Ok(())
        } else {
            Err(Broken::WithoutClaim)
        };
    };
    let barred = match terms.on_claim_expired {
        OnClaimExpired::Unknown => terms.retention,
        OnClaimExpired::Reexecute => terms.claim_ttl,
    };
    let is_promised = |other: &Actor| match (other.upstream, other.went_under) {
        (Upstream::Executed, Some(since)) => own.abs_diff(since) < barred.as_secs(),
        (Upstream::Executed, None) => true,
        _ => false,
    };
    let others = world.actors.iter().enumerate();
    let twice = others
        .filter(|(other, _)| *other != index)
        .any(|(_, actor)| is_promised(actor));
    if twice && !is_open {
        return Err(Broken::TwoExecutions);
    }
    Ok(())
}

/// Looks at what a duplicate is given in place of an answer of its own.
pub(super) fn on_replay(
    world: &World,
    index: usize,
    shown: Option<Content>,
    setup: &Setup,
) -> Result<(), Broken> {
    let first = shown.and_then(|content| world.actors.get(content.of));
    let own = world.actors.get(index);
    let (Some(content), Some(first), Some(own)) = (shown, first, own) else {
        return Err(Broken::OtherAnswer);
    };
    let is_whole = content.octets == setup.content;
    let is_same = first.keyed.fingerprint == own.keyed.fingerprint;
    if first.upstream == Upstream::Executed && is_whole && is_same {
        Ok(())
    } else {
        Err(Broken::OtherAnswer)
    }
}

/// Looks at a world in which nothing more happens by itself.
pub(super) fn at_rest(world: &World, setup: &Setup) -> Result<(), Broken> {
    for actor in world.actors.iter().filter(|actor| !actor.has_crashed) {
        if actor.side.is_live() || !actor.machine.is_silent() {
            return Err(Broken::WaitsForEver);
        }
    }
    let crashed = world.actors.iter().any(|actor| actor.has_crashed);
    let Some(kept) = world.store.kept() else {
        return Ok(());
    };
    // A claim that comes after all others have given up is beyond what anybody can take back.
    if crashed || world.late_claim || kept.head.state != State::InFlight {
        return Ok(());
    }
    let went = |actor: &Actor| actor.upstream != Upstream::Untouched;
    if !world.actors.iter().any(went) {
        return Err(Broken::BarredForNothing);
    }
    let unguarded = |actor: &Actor| went(actor) && actor.went_under.is_none();
    if world.actors.iter().any(unguarded) || setup.faults >= setup.terms.tries.background {
        return Ok(());
    }
    Err(Broken::LeftInFlight)
}

/// Looks at a request that is answered without the upstream.
pub(super) fn on_refusal(world: &World, index: usize, setup: &Setup) -> Result<(), Broken> {
    let follows = world
        .actors
        .get(index)
        .is_some_and(|actor| actor.follows_delivery && actor.side == Side::Held);
    if follows && !world.has_failed(setup) {
        return Err(Broken::NotReplayed);
    }
    Ok(())
}
