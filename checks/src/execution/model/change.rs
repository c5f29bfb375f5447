//! What an operation makes of its object.

use super::{Effect, Hold, Signal, State};
use crate::execution::{Kind, TaskId};

/// Takes `task` out of the waiters, and with it the oldest notification that it could receive: what is left is
/// what most other waiters can still have.
pub(super) fn leave(waiters: &mut Vec<TaskId>, signals: &mut Vec<Signal>, task: TaskId) {
    let waiting = waiters.len();
    waiters.retain(|waiter| *waiter != task);
    if waiters.len() < waiting
        && let Some(oldest) = signals.iter().position(|signal| signal.eligible.contains(&task))
    {
        signals.remove(oldest);
    }
    for signal in signals.iter_mut() {
        signal.eligible.retain(|waiter| *waiter != task);
    }
    signals.retain(|signal| !signal.eligible.is_empty());
}

pub(super) fn change_object(state: &mut State, task: TaskId, kind: Kind, hold: Hold) -> Effect {
    match (kind, state) {
        (Kind::TryLock, State::Mutex { holder: Some(_) })
        | (Kind::TryRead | Kind::TryWrite, State::RwLock { writer: Some(_), .. }) => return Effect::Refused,
        // A writer that is queued keeps new readers out as long as others read.
        (Kind::TryRead, State::RwLock { readers, queued, .. }) if !(readers.is_empty() || queued.is_empty()) => {
            return Effect::Refused;
        }
        (Kind::StartWrite, State::RwLock { writer, readers, queued }) if writer.is_some() || !readers.is_empty() => {
            queued.push(task);
            return Effect::Refused;
        }
        (Kind::TryWrite, State::RwLock { readers, .. }) if !readers.is_empty() => return Effect::Refused,
        (Kind::Lock | Kind::TryLock, State::Mutex { holder }) => *holder = Some(hold),
        (Kind::Unlock, State::Mutex { holder }) => *holder = None,
        (Kind::Read | Kind::TryRead, State::RwLock { readers, .. }) => readers.push(hold),
        (Kind::ReadUnlock, State::RwLock { readers, .. }) => {
            if let Some(index) = readers.iter().position(|reader| reader.task == task) {
                readers.remove(index);
            }
        }
        (Kind::Write | Kind::TryWrite | Kind::StartWrite, State::RwLock { writer, queued, .. }) => {
            *writer = Some(hold);
            queued.retain(|waiter| *waiter != task);
        }
        (Kind::WriteUnlock, State::RwLock { writer, .. }) => *writer = None,
        (Kind::TryAcquire(wanted), State::Semaphore { permits, .. }) if *permits < wanted => return Effect::Refused,
        (Kind::Acquire(wanted) | Kind::TryAcquire(wanted), State::Semaphore { permits, holds }) => {
            *permits -= wanted;
            holds.push((hold, wanted));
        }
        (Kind::Release(returned), State::Semaphore { permits, holds }) => {
            *permits += returned;
            let mine = |(hold, count): &(Hold, usize)| hold.task == task && *count == returned;
            // A permit may be given back by another task than took it.
            if let Some(index) = holds.iter().position(mine).or((!holds.is_empty()).then_some(0)) {
                holds.remove(index);
            }
        }
        (Kind::NotifyOne, State::Condvar { waiters, signals }) if signals.len() < waiters.len() => {
            signals.push(Signal { eligible: waiters.clone() });
        }
        (Kind::NotifyAll, State::Condvar { waiters, signals }) => {
            waiters.clear();
            signals.clear();
        }
        (kind, State::Channel { length, capacity, senders, receivers, taken, awaited }) => {
            return change_channel(kind, length, *capacity, senders, receivers, taken, awaited);
        }
        (Kind::Arrive, State::Barrier { size, arrived, generation }) => {
            *arrived += 1;
            if *arrived >= *size {
                *arrived = 0;
                *generation += 1;
            }
        }
        (Kind::OnceEnter, State::Once { running, done }) if !*done => *running = Some(hold),
        (Kind::OnceFail, State::Once { running, .. }) => *running = None,
        (Kind::OnceDone, State::Once { running, done }) => {
            *running = None;
            *done = true;
        }
        (Kind::Request, State::Fairness { waiting, .. }) => waiting.push((task, Vec::new())),
        (Kind::Grant, State::Fairness { waiting, .. }) => {
            waiting.retain(|(waiter, _)| *waiter != task);
            for (_, bypassed_by) in waiting {
                bypassed_by.push(task);
            }
        }
        (kind, State::Arc { owners, weaks, .. }) => return crate::execution::owners::change(kind, owners, weaks),
        (Kind::Poll { .. }, State::Task { woken, .. }) => *woken = false,
        (Kind::WakeTask, State::Task { woken, .. }) => *woken = true,
        (Kind::Abort, State::Task { woken, aborted }) => (*woken, *aborted) = (true, true),
        _ => {}
    }
    Effect::Done
}

fn change_channel(
    kind: Kind,
    length: &mut usize,
    capacity: Option<usize>,
    senders: &mut usize,
    receivers: &mut usize,
    taken: &mut u64,
    awaited: &mut bool,
) -> Effect {
    let is_full = |room: usize| *length >= room;
    match kind {
        // A rendezvous needs a receiver at hand, which `try_send` cannot wait for.
        Kind::TrySend
            if *receivers > 0
                && capacity.is_some_and(|capacity| is_full(if capacity == 0 && *awaited { 1 } else { capacity })) =>
        {
            return Effect::Refused;
        }
        Kind::StartSend if *receivers > 0 && capacity.is_some_and(|capacity| is_full(capacity.max(1))) => {
            return Effect::Refused;
        }
        Kind::Send | Kind::TrySend | Kind::StartSend if *receivers > 0 => *length += 1,
        Kind::TryRecv if *length == 0 => return Effect::Refused,
        Kind::StartRecv if *length == 0 && *senders > 0 => {
            *awaited = true;
            return Effect::Refused;
        }
        Kind::Recv | Kind::TryRecv | Kind::StartRecv => {
            *awaited = false;
            if *length > 0 {
                *length -= 1;
                *taken += 1;
            }
        }
        Kind::DropSender => *senders -= 1,
        Kind::DropReceiver => {
            *receivers -= 1;
            *length = 0;
        }
        _ => {}
    }
    Effect::Done
}
