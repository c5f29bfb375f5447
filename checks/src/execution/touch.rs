//! What each step touches, and which steps are dependent by that.
//!
//! Two steps are *dependent* if they are one task's, or touch the same thing in ways that do not commute. What a step
//! touches is equal in all executions of its trace (Mazurkiewicz 1977): things are known by their identities, and
//! messages by their numbers. It may depend on the state that the step finds, but then two steps that can go on in one
//! state and do not conflict commute there, and touch the same in either order.

use super::{Effect, Execution, Kind, Op, State, TaskId, mix};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::sync::atomic::Ordering;

/// Something that steps can be dependent by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Thing {
    Object(u64),
    /// A channel's end that messages go in at, the one they come out of, and who is there to use them.
    Tail(u64),
    Head(u64),
    Senders(u64),
    Receivers(u64),
    /// A channel's message of this number, and the room for it; a barrier's generation.
    Message(u64, u64),
    Room(u64, u64),
    /// A task's start and its end.
    Life(u64),
    /// A task's token.
    Token(u64),
    /// How many timeouts are left.
    Timeouts,
    /// The order of fences that all agree on.
    Fences,
    /// What the program shares and we do not see.
    Hidden,
    /// All there is.
    Everything,
}

impl Thing {
    /// A well-mixed number.
    pub(crate) fn hash(self) -> u64 {
        let (kind, of, number) = match self {
            Thing::Object(of) => (1, of, 0),
            Thing::Tail(of) => (2, of, 0),
            Thing::Head(of) => (3, of, 0),
            Thing::Senders(of) => (4, of, 0),
            Thing::Receivers(of) => (5, of, 0),
            Thing::Message(of, number) => (6, of, number),
            Thing::Room(of, number) => (7, of, number),
            Thing::Life(of) => (8, of, 0),
            Thing::Token(of) => (9, of, 0),
            Thing::Timeouts => (10, 0, 0),
            Thing::Fences => (11, 0, 0),
            Thing::Everything => (12, 0, 0),
            Thing::Hidden => (13, 0, 0),
        };
        mix(of ^ kind, number)
    }
}

/// What a step does to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum How {
    /// Leaves it as it is.
    Looks,
    /// Changes it so that it makes no difference in which order several do so.
    Adds,
    Changes,
}

/// A thing, and what a step does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Touch {
    pub(crate) thing: Thing,
    pub(crate) how: How,
    /// It gives back or hands on what others may be waiting for: they could not have gone first.
    pub(crate) gives: bool,
}

impl Touch {
    pub(crate) fn new(thing: Thing, how: How) -> Self {
        Touch { thing, how, gives: false }
    }

    pub(super) fn giving(thing: Thing, how: How) -> Self {
        Touch { thing, how, gives: true }
    }

    /// The same thing, left as it is.
    pub(crate) fn looking(&self) -> Self {
        Touch::new(self.thing, How::Looks)
    }

    /// Whether it makes a difference which of the two comes first.
    pub(crate) fn conflicts(&self, other: &Self) -> bool {
        (self.thing == other.thing && (self.how != other.how || self.how == How::Changes))
            || self.thing == Thing::Everything
            || other.thing == Thing::Everything
    }
}

pub(crate) type Touches = SmallVec<[Touch; 3]>;

/// Whether two steps of different tasks are dependent.
pub(crate) fn dependent(one: &[Touch], other: &[Touch]) -> bool {
    one.iter().any(|a| other.iter().any(|b| a.conflicts(b)))
}

/// What an operation finds, as far as what it touches depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    /// The object's state.
    hash: u64,
    /// Of a channel: messages sent, taken, and waiting.
    sent: u64,
    taken: u64,
    length: usize,
    /// Of a channel: somebody is there to receive.
    received: bool,
    /// Nobody else could go on, so the operation's timeout fires.
    fires: bool,
    /// The clock has come to the task's alarm, as nobody else could go on.
    rung: bool,
}

impl Before {
    /// Whether an atomic in this state has the value that was found.
    pub(super) fn is_kept_by(self, state: &State) -> bool {
        matches!(state, State::Atomic { .. }) && state.hash() == self.hash
    }

    /// As if the operation could not leave its object as it is.
    pub(super) fn changing(self) -> Self {
        Before { hash: !self.hash, ..self }
    }
}

impl Execution {
    /// What `op` of `task` finds.
    pub(crate) fn before(&self, task: TaskId, op: &Op) -> Before {
        let entry = &self.tasks[task.index()];
        let found = Before { fires: entry.fired, rung: entry.rung, ..Before::default() };
        let Some(object) = op.object.map(|object| &self.objects[object.index()]) else { return found };
        match &object.state {
            State::Channel { length, receivers, taken, .. } => {
                let sent = *taken + *length as u64;
                Before { sent, taken: *taken, length: *length, received: *receivers > 0, ..found }
            }
            state => Before { hash: state.hash(), ..found },
        }
    }

    /// What `op` of `task` touches, if it goes as `effect` says.
    pub(crate) fn touches(&self, task: TaskId, op: &Op, effect: Effect, before: Before) -> Touches {
        let mut touches = Touches::new();
        let life = |task: TaskId| Thing::Life(self.tasks[task.index()].identity);
        let token = |task: TaskId| Thing::Token(self.tasks[task.index()].identity);
        let identity = op.object.map(|object| self.objects[object.index()].identity);
        if let Some((object, identity)) = op.object.zip(identity) {
            match &self.objects[object.index()].state {
                State::Channel { capacity, .. } => touch_channel(&mut touches, identity, op, effect, before, *capacity),
                State::Arc { ordered, .. } => touch_owners(&mut touches, identity, op.kind, *ordered),
                State::Barrier { arrived, generation, .. } => {
                    touch_barrier(&mut touches, identity, op.kind, *arrived, *generation);
                }
                state => {
                    // Where somebody asks for data races, an update that keeps the value may still hand something on.
                    let publishes = matches!(op.kind, Kind::Rmw(_) | Kind::Cas(..)) && self.clocks.is_some();
                    let same = state.hash() == before.hash && !publishes;
                    let how = match state {
                        // Behind a queued writer it was let in as nobody read any more: it depends on who ended to read.
                        State::RwLock { queued, .. }
                            if matches!(op.kind, Kind::Read | Kind::TryRead)
                                && !queued.is_empty()
                                && effect != Effect::Refused =>
                        {
                            How::Changes
                        }
                        _ => how(op.kind, effect, same),
                    };
                    touches.push(Touch { thing: Thing::Object(identity), how, gives: op.kind.gives() });
                }
            }
        }
        match op.kind {
            Kind::Wait { mutex } => {
                touches.push(Touch::giving(Thing::Object(self.objects[mutex.index()].identity), How::Changes));
            }
            Kind::Pending { turn: Some(turn) } => {
                touches.push(Touch::giving(Thing::Object(self.objects[turn.index()].identity), How::Changes));
            }
            Kind::Poll { turn: Some(turn) } => {
                touches.push(Touch::new(Thing::Object(self.objects[turn.index()].identity), How::Changes));
            }
            Kind::Wake { mutex } => {
                touches.push(Touch::new(Thing::Object(self.objects[mutex.index()].identity), How::Changes));
            }
            Kind::Start => touches.push(Touch::new(life(task), How::Looks)),
            Kind::Park if effect == Effect::Done => touches.push(Touch::new(token(task), How::Changes)),
            Kind::Park => touches.push(Touch::new(token(task), How::Looks)),
            _ if op.parks => touches.push(Touch::new(token(task), How::Changes)),
            _ => {}
        }
        match op.kind {
            Kind::Join(other) | Kind::IsFinished(other) => touches.push(Touch::new(life(other), How::Looks)),
            Kind::Unpark(other) => touches.push(Touch::giving(token(other), How::Adds)),
            Kind::Fence(Ordering::SeqCst) => touches.push(Touch::new(Thing::Fences, How::Changes)),
            _ => {}
        }
        self.touch_allowances(&mut touches, op, effect, before);
        if self.hidden && self.goes_on_by_itself(task, op.kind) {
            touches.push(Touch::new(Thing::Hidden, How::Changes));
        }
        touches
    }

    /// Whether code of the program's own comes after the operation.
    fn goes_on_by_itself(&self, task: TaskId, kind: Kind) -> bool {
        match kind {
            Kind::Start => !self.tasks[task.index()].runs_future,
            kind => !matches!(kind, Kind::Pending { .. } | Kind::WakeTask | Kind::Use("complete")),
        }
    }

    /// Whoever could time out depends on how often that has happened. What happens, or can't happen any more, because nobody
    /// else can go on depends on everything: a timeout or an alarm that is due, and a wakeup for no reason.
    fn touch_allowances(&self, touches: &mut Touches, op: &Op, effect: Effect, before: Before) {
        if effect == Effect::Spurious || (before.fires && effect == Effect::TimedOut) || before.rung {
            touches.push(Touch::new(Thing::Everything, How::Changes));
        } else if op.timeout.is_some() && self.timeouts_max > 0 {
            let how = if effect == Effect::TimedOut { How::Changes } else { How::Looks };
            touches.push(Touch::new(Thing::Timeouts, how));
        }
    }
}

/// What `op`, on the object of this identity, may touch if it finds something else than it did.
pub(crate) fn may_touch(op: &Op, identity: Option<u64>, wakes: bool) -> Touches {
    let mut touches = Touches::new();
    let mut add = |thing, how| touches.push(Touch::new(thing, how));
    if op.timeout.is_some() {
        add(Thing::Timeouts, How::Changes);
    } else if wakes && matches!(op.kind, Kind::Park | Kind::Wake { .. }) {
        add(Thing::Everything, How::Changes);
    }
    let Some(of) = identity else { return touches };
    match op.kind {
        Kind::Send | Kind::TrySend | Kind::StartSend => {
            for (thing, how) in [
                (Thing::Tail(of), How::Changes),
                (Thing::Head(of), How::Looks),
                (Thing::Senders(of), How::Looks),
                (Thing::Receivers(of), How::Looks),
            ] {
                add(thing, how);
            }
        }
        Kind::Recv | Kind::TryRecv | Kind::StartRecv => {
            for (thing, how) in [
                (Thing::Tail(of), How::Looks),
                (Thing::Head(of), How::Changes),
                (Thing::Senders(of), How::Looks),
                (Thing::Receivers(of), How::Looks),
            ] {
                add(thing, how);
            }
        }
        _ if op.is_fickle() => add(Thing::Object(of), How::Changes),
        _ => {}
    }
    touches
}

/// What an operation of this kind does to its object, which is no channel and may be the `same` as before.
fn how(kind: Kind, effect: Effect, same: bool) -> How {
    match kind {
        // Of calls that overlap none is first: what counts is which had returned when another was made.
        Kind::Load(_) | Kind::OnceCheck | Kind::OnceWait | Kind::Call | Kind::Pending { .. } => How::Looks,
        Kind::Return | Kind::WakeTask | Kind::Abort => How::Adds,
        // It is queued.
        Kind::StartWrite => How::Changes,
        _ if effect == Effect::Refused => How::Looks,
        // What has timed out has found its object without what it waits for; a condition variable it leaves.
        _ if effect == Effect::TimedOut && !matches!(kind, Kind::Wake { .. }) => How::Looks,
        Kind::OnceEnter | Kind::Rmw(_) | Kind::Cas(..) if same => How::Looks,
        Kind::Read | Kind::TryRead | Kind::ReadUnlock | Kind::Release(_) | Kind::NotifyOne | Kind::NotifyAll => {
            How::Adds
        }
        _ => How::Changes,
    }
}

/// Who leaves a barrier needs to know of nothing but the arrival that ended its generation.
fn touch_barrier(touches: &mut Touches, of: u64, kind: Kind, arrived: usize, generation: u64) {
    if let Kind::Leave(generation) = kind {
        touches.push(Touch::new(Thing::Message(of, generation), How::Looks));
        return;
    }
    touches.push(Touch::giving(Thing::Object(of), How::Changes));
    if arrived == 0 && generation > 0 {
        touches.push(Touch::giving(Thing::Message(of, generation - 1), How::Adds));
    }
}

/// Clones, drops and weak ones are different things: each can be told from its like by nobody, but the last drop by what it
/// ends. What an upgrade comes to depends on drops alone.
fn touch_owners(touches: &mut Touches, of: u64, kind: Kind, ordered: bool) {
    let mut add = |thing, how| touches.push(Touch::new(thing, how));
    let (drops, clones, weaks) = (Thing::Object(of), Thing::Tail(of), Thing::Head(of));
    match kind {
        Kind::CloneArc => add(clones, How::Adds),
        Kind::DropArc if ordered => add(drops, How::Changes),
        Kind::DropArc => add(drops, How::Adds),
        Kind::Downgrade | Kind::DropWeak => add(weaks, How::Adds),
        Kind::Upgrade => {
            add(drops, How::Looks);
            add(clones, How::Adds);
        }
        Kind::CountArc => [drops, clones, weaks].into_iter().for_each(|thing| add(thing, How::Looks)),
        Kind::TakeArc | Kind::EndArc => {
            add(drops, How::Changes);
            add(clones, How::Looks);
        }
        _ => {
            add(drops, How::Changes);
            add(clones, How::Looks);
            add(weaks, How::Looks);
        }
    }
}

/// A channel's ends are different things, so a send and a receive commute unless one waits for the other.
fn touch_channel(touches: &mut Touches, of: u64, op: &Op, effect: Effect, before: Before, capacity: Option<usize>) {
    let mut add = |thing, how| touches.push(Touch { thing, how, gives: op.kind.gives() });
    if capacity == Some(0) {
        // Whether a receiver waits.
        match op.kind {
            Kind::TrySend => add(Thing::Head(of), How::Looks),
            Kind::StartRecv | Kind::Recv if effect != Effect::Done => add(Thing::Head(of), How::Changes),
            _ => {}
        }
    }
    let capacity = capacity.map(|capacity| capacity.max(1) as u64);
    match op.kind {
        Kind::Send | Kind::TrySend | Kind::StartSend if effect == Effect::Done => {
            add(Thing::Receivers(of), How::Looks);
            if before.received {
                add(Thing::Tail(of), How::Changes);
                add(Thing::Message(of, before.sent), How::Adds);
                if capacity.is_some_and(|capacity| before.sent >= capacity) {
                    add(Thing::Room(of, before.sent), How::Changes);
                }
            } else if capacity.is_some() {
                // Others' messages may have kept it from being sent in time.
                add(Thing::Tail(of), How::Looks);
            }
        }
        Kind::Recv | Kind::TryRecv | Kind::StartRecv if effect == Effect::Done && before.length > 0 => {
            add(Thing::Head(of), How::Changes);
            add(Thing::Message(of, before.taken), How::Changes);
            if let Some(capacity) = capacity {
                add(Thing::Room(of, before.taken + capacity), How::Adds);
            }
        }
        // Nothing to take, no room, nobody left: whatever comes or goes would make a difference.
        Kind::Send | Kind::TrySend | Kind::StartSend | Kind::Recv | Kind::TryRecv | Kind::StartRecv => {
            for thing in [Thing::Tail(of), Thing::Head(of), Thing::Senders(of), Thing::Receivers(of)] {
                add(thing, How::Looks);
            }
        }
        Kind::Taken(number) => {
            add(Thing::Message(of, number), How::Looks);
            add(Thing::Receivers(of), How::Looks);
        }
        Kind::DropSender => add(Thing::Senders(of), How::Adds),
        // What has been sent and not received is lost.
        _ => {
            for thing in [Thing::Tail(of), Thing::Head(of), Thing::Receivers(of)] {
                add(thing, How::Changes);
            }
        }
    }
}
