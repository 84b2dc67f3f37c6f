//! One state of the model, what may happen next, and what follows from it.

use kit::policy::Mode;

use super::flaw::Flaw;
use super::promise::{self, Broken};
use super::store::{Content, Fencing, Outcome, Store};
use super::time::at;
use crate::fingerprint::Fingerprint;
use crate::machine::{
    self, Ask, Attempt, Effect, Event, Finished, Keyed, Machine, Occurrence, Origin, ResponseHead,
    Status, Step, StoreAnswer, Terms, Verdict,
};
use crate::store::{Failure, Token};

/// What is the same in every state of one exploration.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) terms: Terms,
    pub(super) requests: usize,
    /// Whether the last request has another fingerprint than the others.
    pub(super) last_differs: bool,
    pub(super) fencing: Fencing,
    /// The length of an answer; it comes in two parts.
    pub(super) content: u64,
    /// Whether the answer's head tells its length.
    pub(super) is_announced: bool,
    /// Whether the store itself repeats a claim once whose outcome is open.
    pub(super) repeats_claims: bool,
    /// How many commands may fail.
    pub(super) faults: u8,
    /// How many exchanges may break off; `None` for all.
    pub(super) aborts: Option<u8>,
    /// How many proxies may die.
    pub(super) crashes: u8,
    /// How often the clock may jump, by one of these spans.
    pub(super) jumps: u8,
    pub(super) spans: Vec<u64>,
    pub(super) flaw: Flaw,
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) store: Store,
    pub(super) actors: Vec<Actor>,
    clock: u64,
    faults: u8,
    aborts: Option<u8>,
    crashes: u8,
    jumps: u8,
    /// Whether a claim was carried out that nobody awaited any more.
    pub(super) late_claim: bool,
}

/// One request: its client, its proxy with the machine, and the upstream's part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Actor {
    pub(super) keyed: Keyed,
    pub(super) machine: Machine,
    pub(super) side: Side,
    pub(super) upstream: Upstream,
    pub(super) has_crashed: bool,
    /// When the store made the claim under which the request went.
    pub(super) went_under: Option<u64>,
    /// Whether another request was answered in full before this one came.
    pub(super) follows_delivery: bool,
    claimed_at: Option<u64>,
    /// Whether it went because the policy is open and the store in trouble.
    is_unguarded: bool,
    commands: Vec<Command>,
    timer: Option<u64>,
    captured: u64,
    shown: Option<Content>,
}

/// Where the exchange stands, as its client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    /// It has not come.
    Absent,
    /// The request is held.
    Held,
    /// The request has gone; nothing of an answer has come.
    Sent,
    /// The head of the answer and its first half have come.
    HalfAnswered,
    /// All of the answer has come, and the second half is held.
    LastHeld,
    /// All of the upstream's answer was passed on.
    Delivered,
    /// Something else ended it: an answer of a proxy, or the client.
    Over,
}

/// What the upstream has to do with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Upstream {
    /// It has not seen it.
    Untouched,
    /// It may carry it out at any time.
    Reached,
    /// It never will: the proxy knows that it was not sent.
    Refused,
    /// It has carried it out.
    Executed,
}

/// A command on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Command {
    attempt: Attempt,
    ask: Ask,
    content: Option<Content>,
    outlives: bool,
    /// Whether the store may still repeat it.
    may_repeat: bool,
    /// Whether the machine still gets the answer.
    is_awaited: bool,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    Sent,
    /// Only with [`Flaw::ClaimsInTwoSteps`]: the key was seen to be free.
    SeenFree,
    Answered(Outcome),
}

/// Something that may happen next. Requests and commands have their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Start(usize),
    CarryOut(usize, usize),
    Arrive(usize, usize),
    Wake(usize),
    Execute(usize),
    AnswerHalf(usize),
    AnswerRest(usize),
    /// The proxy answers because the upstream has broken off.
    BreakOff(usize),
    /// The proxy answers a request that never got to the upstream.
    NeverSend(usize),
    /// Another filter answers a request that is held.
    AnswerHeld(usize),
    /// The client goes away, or the upstream in the middle of its answer.
    Abort(usize),
    Crash(usize),
    /// No answer in time; the command may still be carried out.
    TimeOut(usize, usize),
    /// The store is not reached.
    Refuse(usize, usize),
    Jump(u64),
}

impl World {
    pub(super) fn new(setup: &Setup) -> Self {
        let actor = |index: usize| {
            let differs = setup.last_differs && index + 1 == setup.requests;
            let keyed = Keyed {
                token: Token(u64::try_from(index).unwrap()),
                fingerprint: fingerprint(differs),
                finished: Finished::Replay,
            };
            Actor {
                keyed,
                machine: Machine::new(keyed),
                side: Side::Absent,
                upstream: Upstream::Untouched,
                has_crashed: false,
                went_under: None,
                follows_delivery: false,
                claimed_at: None,
                is_unguarded: false,
                commands: Vec::new(),
                timer: None,
                captured: 0,
                shown: None,
            }
        };
        Self {
            store: Store::default(),
            actors: (0..setup.requests).map(actor).collect(),
            clock: 0,
            faults: setup.faults,
            aborts: setup.aborts,
            crashes: setup.crashes,
            jumps: setup.jumps,
            late_claim: false,
        }
    }

    /// Whether anything has happened that no machine can help.
    pub(super) fn has_failed(&self, setup: &Setup) -> bool {
        let left = (self.faults, self.crashes, self.jumps);
        left != (setup.faults, setup.crashes, setup.jumps) || self.late_claim
    }

    /// What may happen next. The flag says whether it happens by itself, in time.
    pub(super) fn actions(&self, setup: &Setup) -> Vec<(Action, bool)> {
        let mut actions = Vec::new();
        let next = self.actors.iter().position(|it| it.side == Side::Absent);
        actions.extend(next.map(|index| (Action::Start(index), true)));
        for (index, actor) in self.actors.iter().enumerate() {
            self.actions_of(index, actor, &mut actions);
        }
        // Nothing but the store and its record tell the time.
        if self.jumps > 0 && self.store.kept().is_some() {
            let spans = setup.spans.iter();
            actions.extend(spans.map(|span| (Action::Jump(*span), false)));
        }
        actions
    }

    fn actions_of(&self, index: usize, actor: &Actor, actions: &mut Vec<(Action, bool)>) {
        for (number, command) in actor.commands.iter().enumerate() {
            let awaited = command.is_awaited;
            match command.stage {
                Stage::Sent | Stage::SeenFree => {
                    actions.push((Action::CarryOut(index, number), awaited));
                }
                Stage::Answered(_) => actions.push((Action::Arrive(index, number), true)),
            }
            if awaited && self.faults > 0 {
                actions.push((Action::TimeOut(index, number), false));
                if command.stage == Stage::Sent {
                    actions.push((Action::Refuse(index, number), false));
                }
            }
        }
        if actor.timer.is_some() {
            actions.push((Action::Wake(index), true));
        }
        let live = actor.side.is_live();
        if actor.upstream == Upstream::Reached {
            actions.push((Action::Execute(index), live));
            if actor.side == Side::Sent {
                actions.push((Action::NeverSend(index), false));
            }
        }
        match (actor.side, actor.upstream) {
            (Side::Sent, Upstream::Executed) => {
                actions.push((Action::AnswerHalf(index), true));
                actions.push((Action::BreakOff(index), false));
            }
            (Side::Sent, _) => actions.push((Action::BreakOff(index), false)),
            (Side::HalfAnswered, _) => actions.push((Action::AnswerRest(index), true)),
            (Side::Held, _) => actions.push((Action::AnswerHeld(index), false)),
            _ => {}
        }
        if live && self.aborts != Some(0) {
            actions.push((Action::Abort(index), false));
        }
        if self.crashes > 0 && actor.is_at_work() {
            actions.push((Action::Crash(index), false));
        }
    }

    /// The state after an action.
    pub(super) fn after(&self, action: Action, setup: &Setup) -> Result<Self, Broken> {
        let mut world = self.clone();
        world.act(action, setup)?;
        world.forget_what_is_past();
        Ok(world)
    }

    /// Drops what can no longer make a difference, so that states which differ in nothing else are
    /// one.
    fn forget_what_is_past(&mut self) {
        let store = self.store.clone();
        for actor in &mut self.actors {
            let can_claim = |it: &Command| matches!(it.ask, Ask::Claim { .. });
            if !actor.commands.iter().any(can_claim) {
                // Nothing makes a fence hold again but a new claim of the same owner.
                actor
                    .commands
                    .retain(|it| it.is_awaited || store.would_take(it.ask));
            }
            if actor.side != Side::Absent && !actor.is_at_work() {
                actor.machine = Machine::new(actor.keyed);
                actor.captured = 0;
                actor.claimed_at = None;
            }
            actor.shown = None;
        }
    }

    fn act(&mut self, action: Action, setup: &Setup) -> Result<(), Broken> {
        match action {
            Action::Start(index) => self.start(index, setup),
            Action::CarryOut(index, number) => self.carry_out(index, number, setup),
            Action::Arrive(index, number) => self.arrive(index, number, setup),
            Action::Wake(index) => {
                let due = self.actors[index].timer.take().unwrap();
                self.set_clock(self.clock.max(due));
                self.tell(index, Event::Timer, setup)
            }
            Action::Execute(index) => {
                self.actors[index].upstream = Upstream::Executed;
                promise::on_execution(self, index, setup)
            }
            Action::AnswerHalf(index) => self.answer_half(index, setup),
            Action::AnswerRest(index) => self.answer_rest(index, setup),
            Action::BreakOff(index) => self.answer_locally(index, Origin::AfterSend, setup),
            Action::NeverSend(index) => {
                self.actors[index].upstream = Upstream::Refused;
                self.answer_locally(index, Origin::NeverSent, setup)
            }
            Action::AnswerHeld(index) => self.answer_locally(index, Origin::NeverSent, setup),
            Action::Abort(index) => {
                self.aborts = self.aborts.map(|left| left - 1);
                self.end(index, Side::Over, setup)
            }
            Action::Crash(index) => {
                self.crashes -= 1;
                self.crash(index);
                Ok(())
            }
            Action::TimeOut(index, number) => {
                let command = &mut self.actors[index].commands[number];
                let repeat_of = *command;
                command.is_awaited = false;
                if matches!(command.stage, Stage::Answered(_)) {
                    self.actors[index].commands.remove(number);
                }
                self.fail(index, &repeat_of, Failure::TimedOut, setup)
            }
            Action::Refuse(index, number) => {
                let command = self.actors[index].commands.remove(number);
                self.fail(index, &command, Failure::Unreachable, setup)
            }
            Action::Jump(span) => {
                self.jumps -= 1;
                self.set_clock(self.clock + span);
                Ok(())
            }
        }
    }

    fn start(&mut self, index: usize, setup: &Setup) -> Result<(), Broken> {
        let delivered = |actor: &Actor| {
            actor.side == Side::Delivered
                && actor.keyed.fingerprint == self.actors[index].keyed.fingerprint
        };
        let follows_delivery = !self.has_failed(setup) && self.actors.iter().any(delivered);
        let actor = &mut self.actors[index];
        actor.follows_delivery = follows_delivery;
        actor.side = Side::Held;
        self.tell(index, Event::Keyed, setup)
    }

    fn carry_out(&mut self, index: usize, number: usize, setup: &Setup) -> Result<(), Broken> {
        let command = self.actors[index].commands[number];
        let was_free = self.store.kept().is_none();
        let two_steps = setup.flaw == Flaw::ClaimsInTwoSteps;
        let outcome = match (command.stage, command.ask) {
            (Stage::Sent, Ask::Claim { .. }) if two_steps && was_free => {
                self.actors[index].commands[number].stage = Stage::SeenFree;
                return Ok(());
            }
            (Stage::SeenFree, Ask::Claim { head, ttl }) => {
                let gone = self.clock + ttl.as_secs();
                self.store.write(head, None, gone, setup.fencing)
            }
            (_, ask) => {
                let (content, clock) = (command.content, self.clock);
                self.store
                    .carry_out(ask, content, clock, setup.fencing, setup.flaw)
            }
        };
        let actor = &mut self.actors[index];
        let is_new = was_free || command.stage == Stage::SeenFree;
        if let (StoreAnswer::Claimed(_), true) = (outcome.answer, is_new) {
            self.late_claim |= !command.is_awaited;
            actor.claimed_at = Some(self.clock);
        }
        if outcome
            .replaced
            .is_some_and(|owner| owner != actor.keyed.token)
        {
            return Err(Broken::OverwroteAnother);
        }
        if command.is_awaited {
            let told = Outcome {
                replaced: None,
                ..outcome
            };
            actor.commands[number].stage = Stage::Answered(told);
        } else {
            actor.commands.remove(number);
        }
        Ok(())
    }

    fn arrive(&mut self, index: usize, number: usize, setup: &Setup) -> Result<(), Broken> {
        let command = self.actors[index].commands.remove(number);
        let Stage::Answered(outcome) = command.stage else {
            return Ok(());
        };
        self.actors[index].shown = outcome.shown;
        let event = Event::Store {
            attempt: command.attempt,
            answer: outcome.answer,
        };
        self.tell(index, event, setup)
    }

    fn fail(
        &mut self,
        index: usize,
        command: &Command,
        failure: Failure,
        setup: &Setup,
    ) -> Result<(), Broken> {
        self.faults -= 1;
        if command.may_repeat {
            self.actors[index].commands.push(Command {
                may_repeat: false,
                stage: Stage::Sent,
                ..*command
            });
            return Ok(());
        }
        let event = Event::Store {
            attempt: command.attempt,
            answer: StoreAnswer::Failed(failure),
        };
        self.tell(index, event, setup)
    }

    fn answer_half(&mut self, index: usize, setup: &Setup) -> Result<(), Broken> {
        self.actors[index].side = Side::HalfAnswered;
        let content = if setup.is_announced {
            machine::Content::Octets(setup.content)
        } else {
            machine::Content::UntilEnd
        };
        let origin = Origin::Upstream(Status::Http(201));
        let head = ResponseHead { origin, content };
        self.tell(index, Event::ResponseHead(head), setup)?;
        self.pass_content(index, false, setup)
    }

    fn answer_rest(&mut self, index: usize, setup: &Setup) -> Result<(), Broken> {
        self.actors[index].side = Side::LastHeld;
        self.pass_content(index, !setup.is_announced, setup)
    }

    fn pass_content(&mut self, index: usize, is_last: bool, setup: &Setup) -> Result<(), Broken> {
        let octets = setup.content / 2;
        // The core keeps a part before it carries out what the machine asks for.
        self.actors[index].captured += octets;
        self.tell(index, Event::ResponseBody { octets, is_last }, setup)?;
        Ok(())
    }

    fn answer_locally(
        &mut self,
        index: usize,
        origin: Origin,
        setup: &Setup,
    ) -> Result<(), Broken> {
        let head = ResponseHead {
            origin,
            content: machine::Content::None,
        };
        if self.actors[index].side == Side::Sent {
            self.actors[index].side = Side::LastHeld;
        } else {
            self.actors[index].side = Side::HalfAnswered;
        }
        let was_held = self.actors[index].side == Side::HalfAnswered;
        self.tell(index, Event::ResponseHead(head), setup)?;
        if was_held {
            return self.end(index, Side::Over, setup);
        }
        Ok(())
    }

    /// Tells the machine an event and does what it asks for.
    fn tell(&mut self, index: usize, event: Event, setup: &Setup) -> Result<(), Broken> {
        let now = at(self.clock);
        let actor = &mut self.actors[index];
        let event = setup.flaw.distort_event(event, actor.keyed);
        let step = actor.machine.on(event, &setup.terms, now);
        let Step { verdict, effects } = setup.flaw.distort_step(event, step);
        for effect in effects {
            self.carry_on(index, effect, setup);
        }
        self.judge(index, verdict, setup)
    }

    fn carry_on(&mut self, index: usize, effect: Effect, setup: &Setup) {
        let actor = &mut self.actors[index];
        match effect {
            Effect::Ask {
                attempt,
                ask,
                outlives,
            } => actor.commands.push(Command {
                attempt,
                ask,
                content: actor.machine.is_capturing().then_some(Content {
                    of: index,
                    octets: actor.captured,
                }),
                outlives,
                may_repeat: setup.repeats_claims && matches!(ask, Ask::Claim { .. }),
                is_awaited: true,
                stage: Stage::Sent,
            }),
            Effect::WakeAfter(after) => actor.timer = Some(self.clock + after.as_secs()),
            Effect::Count(Occurrence::Unguarded) => actor.is_unguarded = true,
            Effect::Count(_) => {}
        }
    }

    fn judge(&mut self, index: usize, verdict: Verdict, setup: &Setup) -> Result<(), Broken> {
        if setup.terms.mode == Mode::Report && verdict != Verdict::Go {
            return Err(Broken::ReportInterfered);
        }
        let actor = &mut self.actors[index];
        let has_hope = actor.timer.is_some() || actor.commands.iter().any(|it| it.is_awaited);
        match (actor.side, verdict) {
            (Side::Held, Verdict::Go) => {
                actor.side = Side::Sent;
                actor.upstream = Upstream::Reached;
                let claimed_at = actor.claimed_at.take();
                actor.went_under = claimed_at.filter(|_| !actor.is_unguarded);
                Ok(())
            }
            (Side::LastHeld, Verdict::Go) => {
                let side = if actor.upstream == Upstream::Executed && actor.captured > 0 {
                    Side::Delivered
                } else {
                    Side::Over
                };
                self.end(index, side, setup)
            }
            (Side::Held, Verdict::Refuse(_)) => {
                promise::on_refusal(self, index, setup)?;
                self.end(index, Side::Over, setup)
            }
            (Side::Held, Verdict::Replay) => {
                let shown = actor.shown;
                promise::on_replay(self, index, shown, setup)?;
                self.end(index, Side::Over, setup)
            }
            (Side::Held | Side::LastHeld, Verdict::Hold) if !has_hope => Err(Broken::WaitsForEver),
            _ => Ok(()),
        }
    }

    /// The exchange ends, and with it what does not outlive it.
    fn end(&mut self, index: usize, side: Side, setup: &Setup) -> Result<(), Broken> {
        let actor = &mut self.actors[index];
        actor.side = side;
        actor.timer = None;
        actor.drop_answers(|command| !command.outlives);
        self.tell(index, Event::End, setup)
    }

    fn crash(&mut self, index: usize) {
        let actor = &mut self.actors[index];
        actor.has_crashed = true;
        if actor.side.is_live() {
            actor.side = Side::Over;
        }
        actor.timer = None;
        actor.drop_answers(|_| true);
    }

    fn set_clock(&mut self, clock: u64) {
        self.clock = clock;
        self.store.forget_expired(clock);
    }
}

/// Two fingerprints of the same parts.
fn fingerprint(differs: bool) -> Fingerprint {
    let mut octets = [0; 32];
    octets[31] = u8::from(differs);
    Fingerprint(octets)
}

impl Actor {
    fn drop_answers(&mut self, which: impl Fn(&Command) -> bool) {
        for command in self.commands.iter_mut().filter(|it| which(it)) {
            command.is_awaited = false;
        }
        self.commands
            .retain(|it| it.is_awaited || !matches!(it.stage, Stage::Answered(_)));
    }

    fn is_at_work(&self) -> bool {
        let live = self.side.is_live();
        !self.has_crashed && self.side != Side::Absent && (live || !self.machine.is_silent())
    }
}

impl Side {
    /// Whether the exchange goes on.
    pub(super) fn is_live(self) -> bool {
        matches!(
            self,
            Self::Held | Self::Sent | Self::HalfAnswered | Self::LastHeld
        )
    }
}
