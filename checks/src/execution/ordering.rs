//! What happens before what: the edges that each operation draws, and the accesses that none orders.

use super::clock::{READERS, TAKEN};
use super::step::halt;
use super::{Effect, Execution, Kind, Mode, ObjectId, Op, Site, State, TaskId, TaskState, with};
use crate::engine;
use crate::verdict::Verdict;

impl Execution {
    /// Messages that have been taken out of `op`'s channel, if anybody wants to know.
    #[inline]
    pub(super) fn taken(&self, op: &Op) -> u64 {
        let asks = self.clocks.is_some() || self.accesses.is_some();
        match op.object.filter(|_| asks).map(|object| &self.objects[object.index()].state) {
            Some(State::Channel { taken, .. }) => *taken,
            _ => 0,
        }
    }

    /// The happens-before edges of `op`, before which so many messages had been taken.
    #[inline]
    pub(super) fn order(&mut self, task: TaskId, op: &Op, effect: Effect, taken: u64) {
        if self.accesses.is_some() && !op.kind.is_atomic() {
            self.swap_clocks();
            self.order_within(task, op, effect, taken);
            self.swap_clocks();
        }
        self.order_within(task, op, effect, taken);
    }

    /// Puts the clocks of what is held to the memory model in the place of the others, or back.
    fn swap_clocks(&mut self) {
        if let Some(accesses) = &mut self.accesses {
            std::mem::swap(&mut self.clocks, &mut accesses.clocks);
        }
    }

    fn order_within(&mut self, task: TaskId, op: &Op, effect: Effect, taken: u64) {
        if self.clocks.is_none() {
            return;
        }
        match op.kind {
            Kind::Send
            | Kind::TrySend
            | Kind::StartSend
            | Kind::Recv
            | Kind::TryRecv
            | Kind::StartRecv
            | Kind::Taken(_) => {
                self.order_messages(task, op, effect, taken);
            }
            _ => self.order_by_clocks(task, op, effect),
        }
        if let (true, Some(clocks)) = (op.parks, &mut self.clocks) {
            clocks.park(task);
        }
    }

    fn order_messages(&mut self, task: TaskId, op: &Op, effect: Effect, before: u64) {
        let (Some(clocks), Some(object)) = (&mut self.clocks, op.object) else { return };
        let State::Channel { length, receivers, taken, .. } = &self.objects[object.index()].state else { return };
        match op.kind {
            _ if effect != Effect::Done => {}
            Kind::Send | Kind::TrySend | Kind::StartSend if *receivers > 0 => {
                clocks.hand(task, object, *taken + *length as u64 - 1);
            }
            Kind::Recv | Kind::TryRecv | Kind::StartRecv if *taken > before => {
                clocks.receive(task, object, before);
                clocks.hand(task, object, TAKEN | before);
            }
            Kind::Taken(number) if *taken > number => clocks.receive(task, object, TAKEN | number),
            // The other end is gone.
            _ => clocks.acquire(task, object),
        }
    }

    fn order_by_clocks(&mut self, task: TaskId, op: &Op, effect: Effect) {
        let Some(clocks) = &mut self.clocks else { return };
        let object = op.object.unwrap_or_default();
        match op.kind {
            _ if matches!(effect, Effect::Refused) => {
                if let Kind::Cas(_, failure) = op.kind {
                    clocks.load(task, object, failure);
                }
            }
            Kind::Write | Kind::TryWrite | Kind::StartWrite => {
                clocks.acquire(task, object);
                clocks.receive(task, object, READERS);
            }
            Kind::ReadUnlock => clocks.hand(task, object, READERS),
            Kind::Lock
            | Kind::TryLock
            | Kind::Read
            | Kind::TryRead
            | Kind::Acquire(_)
            | Kind::TryAcquire(_)
            | Kind::OnceEnter
            | Kind::OnceCheck
            | Kind::OnceWait => {
                clocks.acquire(task, object);
            }
            Kind::Unlock
            | Kind::WriteUnlock
            | Kind::Release(_)
            | Kind::OnceDone
            | Kind::DropSender
            | Kind::DropReceiver => {
                clocks.release(task, object);
            }
            Kind::Arrive => {
                clocks.release(task, object);
                if let State::Barrier { arrived: 0, generation, .. } = &self.objects[object.index()].state {
                    clocks.hand_all(object, generation.saturating_sub(1));
                }
            }
            Kind::Leave(generation) => clocks.receive(task, object, generation),
            Kind::Wait { mutex } => clocks.release(task, mutex),
            Kind::Wake { mutex } => clocks.acquire(task, mutex),
            Kind::Pending { turn: Some(turn) } => clocks.release(task, turn),
            Kind::Poll { turn } => {
                clocks.acquire(task, object);
                if let Some(turn) = turn {
                    clocks.acquire(task, turn);
                }
            }
            Kind::WakeTask | Kind::Abort => clocks.release(task, object),
            // An asynchronous primitive orders all that is done to it.
            Kind::Use(_) => {
                clocks.acquire(task, object);
                clocks.release(task, object);
            }
            Kind::Load(order) => clocks.load(task, object, order),
            Kind::Store(order) => clocks.store(task, object, order),
            Kind::Rmw(order) | Kind::Cas(order, _) => clocks.update(task, object, order),
            Kind::Fence(order) => clocks.fence(task, order),
            Kind::Join(other) => clocks.after(task, other),
            Kind::IsFinished(other) if self.tasks[other.index()].state == TaskState::Finished => {
                clocks.after(task, other);
            }
            Kind::Unpark(other) => clocks.unpark(task, other),
            Kind::Park if effect == Effect::Done => clocks.park(task),
            _ => {}
        }
    }
}

/// An access to a plain variable: no scheduling point, for a data race is one in any order.
pub(crate) fn access(object: ObjectId, write: bool, site: Site, overlap: bool) {
    let over = with(|x| {
        if x.over || std::thread::panicking() {
            return false;
        }
        let me = x.current;
        x.uses.shares = true;
        let tasks = x.tasks.len();
        let clocks = x.clocks.get_or_insert_with(|| super::Clocks::new(tasks));
        let earlier = clocks.conflicting(me, object, write);
        let race = clocks.access(me, object, write, site);
        x.uses(me, object);
        let race = match x.mode {
            Mode::Shuttle => race.or(if overlap { earlier } else { None }),
            Mode::Loom => (overlap || engine::loom::races(x, object, write)).then_some(earlier).flatten(),
        };
        if let Some(accesses) = &mut x.accesses {
            accesses.plain(x.log.len(), me, object, write, race.is_some());
        }
        let step = x.log.len();
        x.settle();
        x.record(|recorder| recorder.accessed(step, me, object, write, site));
        if race.is_some() && x.mode == Mode::Loom && !overlap && x.doubts_races() {
            return true;
        }
        if let Some(first) = race {
            let names = x.names();
            let describe = |access: super::Access| crate::verdict::Access::new(names.task(access.task), access);
            let second = describe(x.clocks.as_ref().and_then(|clocks| clocks.last(me, object)).unwrap_or(first));
            let object = names.object(object).to_owned();
            x.fail(Verdict::DataRace { object, first: describe(first), second });
        }
        x.over
    });
    if over {
        halt();
    }
}
