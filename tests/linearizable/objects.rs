//! Objects, what each does when calls come one by one, and how it can be built wrongly.

use super::run;
use raddle::proptest::prelude::*;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::sync::{Mutex, RwLock, Semaphore};
use raddle::{Model, Property, programs};
use raddle_scenarios::locks::rlock::{RLock, With};
use raddle_scenarios::locks::semaphore;
use raddle_scenarios::pitfalls::unfair_lock;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::VecDeque;

/// A queue with room for two.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Queue(VecDeque<u8>);

pub(super) const ROOM: usize = 2;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum QueueOp {
    Put(u8),
    Take,
}

impl Model for Queue {
    type Op = QueueOp;
    /// Whether there was room, or what there was.
    type Returns = Result<bool, Option<u8>>;

    fn apply(&mut self, op: &QueueOp) -> Option<Self::Returns> {
        Some(match op {
            QueueOp::Put(item) => {
                let room = self.0.len() < ROOM;
                if room {
                    self.0.push_back(*item);
                }
                Ok(room)
            }
            QueueOp::Take => Err(self.0.pop_front()),
        })
    }
}

pub(super) fn queue_op() -> impl Strategy<Value = QueueOp> + Clone {
    prop_oneof![(1..4_u8).prop_map(QueueOp::Put), Just(QueueOp::Take)]
}

pub(super) type Items = Mutex<VecDeque<u8>>;

pub(super) fn locked_once(items: &Items, op: &QueueOp) -> Result<bool, Option<u8>> {
    let mut items = items.lock().unwrap();
    match op {
        QueueOp::Put(item) if items.len() < ROOM => {
            items.push_back(*item);
            Ok(true)
        }
        QueueOp::Put(_) => Ok(false),
        QueueOp::Take => Err(items.pop_front()),
    }
}

/// Looks whether there is room, and puts the item there later.
pub(super) fn looked_before(items: &Items, op: &QueueOp) -> Result<bool, Option<u8>> {
    match op {
        QueueOp::Put(item) => {
            let room = items.lock().unwrap().len() < ROOM;
            if room {
                items.lock().unwrap().push_back(*item);
            }
            Ok(room)
        }
        QueueOp::Take => locked_once(items, op),
    }
}

/// Two takers may take one item.
pub(super) fn taken_twice(items: &Items, op: &QueueOp) -> Result<bool, Option<u8>> {
    match op {
        QueueOp::Put(_) => locked_once(items, op),
        QueueOp::Take => {
            let item = items.lock().unwrap().front().copied();
            items.lock().unwrap().pop_front();
            Err(item)
        }
    }
}

pub(super) fn queues(work: fn(&Items, &QueueOp) -> Result<bool, Option<u8>>) -> Property {
    Property::new(&["calls"], programs(queue_op(), 2..=3, 1..=3), move |threads| {
        run(threads, Queue::default(), Mutex::new(VecDeque::new()), work);
    })
}

/// A semaphore's permits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Permits(usize);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum PermitOp {
    Try,
    /// Waits for one.
    Take,
    Add,
}

impl Model for Permits {
    type Op = PermitOp;
    /// Whether there was one.
    type Returns = bool;

    fn apply(&mut self, op: &PermitOp) -> Option<bool> {
        match op {
            PermitOp::Take if self.0 == 0 => return None,
            PermitOp::Try if self.0 == 0 => return Some(false),
            PermitOp::Take | PermitOp::Try => self.0 -= 1,
            PermitOp::Add => self.0 += 1,
        }
        Some(true)
    }
}

pub(super) fn counted(semaphore: &Semaphore, op: &PermitOp) -> bool {
    match op {
        PermitOp::Try => semaphore.try_acquire().map(raddle::sync::SemaphorePermit::forget).is_ok(),
        PermitOp::Take => {
            semaphore.acquire().forget();
            true
        }
        PermitOp::Add => {
            semaphore.add_permits(1);
            true
        }
    }
}

/// Says that there is a permit when it has seen one, and takes it later.
pub(super) fn seen_before(semaphore: &Semaphore, op: &PermitOp) -> bool {
    match op {
        PermitOp::Try => {
            let free = semaphore.available_permits() > 0;
            free && {
                let _ = semaphore.try_acquire().map(raddle::sync::SemaphorePermit::forget);
                true
            }
        }
        op => counted(semaphore, op),
    }
}

/// If somebody takes, another thread adds enough for everybody: what waits gets its permit.
pub(super) fn semaphores(work: fn(&Semaphore, &PermitOp) -> bool) -> Property {
    let op = prop_oneof![3 => Just(PermitOp::Try), 1 => Just(PermitOp::Add)];
    let drawn = (programs(op, 2..=3, 1..=2), 0..=2_usize);
    Property::new(&["calls", "takers"], drawn, move |(mut threads, takers)| {
        let calls = threads.iter().map(Vec::len).sum::<usize>() + takers;
        threads.extend(vec![vec![PermitOp::Take]; takers]);
        threads.extend((takers > 0).then(|| vec![PermitOp::Add; calls]));
        run(threads, Permits(1), Semaphore::new(1), work);
    })
}

/// The catalogue's, built of a mutex and a condition variable.
pub(super) fn built(semaphore: &semaphore::Semaphore, op: &PermitOp) -> bool {
    match op {
        PermitOp::Add => {
            semaphore.release();
            true
        }
        PermitOp::Take | PermitOp::Try => semaphore.acquire(false),
    }
}

/// Gives back what it did not take.
pub(super) fn given_back_twice(semaphore: &semaphore::Semaphore, op: &PermitOp) -> bool {
    if matches!(op, PermitOp::Add) {
        semaphore.release();
    }
    built(semaphore, op)
}

pub(super) fn built_semaphores(work: fn(&semaphore::Semaphore, &PermitOp) -> bool) -> Property {
    Property::new(&["takers"], 1..=4_usize, move |takers| {
        let mut threads = vec![vec![PermitOp::Take]; takers];
        threads.push(vec![PermitOp::Add; takers]);
        run(threads, Permits(1), semaphore::Semaphore::new(1), work);
    })
}

/// A number that is written and read.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Register(pub(super) u32);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum RegisterOp {
    Write(u32),
    Add(u32),
    Read,
}

impl Model for Register {
    type Op = RegisterOp;
    type Returns = u32;

    fn apply(&mut self, op: &RegisterOp) -> Option<u32> {
        match op {
            RegisterOp::Write(value) => self.0 = *value,
            RegisterOp::Add(value) => self.0 += value,
            RegisterOp::Read => {}
        }
        Some(self.0)
    }
}

pub(super) fn register_op() -> impl Strategy<Value = RegisterOp> + Clone {
    prop_oneof![(1..4_u32).prop_map(RegisterOp::Write), (1..4_u32).prop_map(RegisterOp::Add), Just(RegisterOp::Read)]
}

pub(super) fn under_rwlock(value: &RwLock<u32>, op: &RegisterOp) -> u32 {
    match op {
        RegisterOp::Read => *value.read().unwrap(),
        RegisterOp::Write(new) => {
            *value.write().unwrap() = *new;
            *new
        }
        RegisterOp::Add(more) => {
            let mut value = value.write().unwrap();
            *value += more;
            *value
        }
    }
}

/// Adds to what it read under another lock.
pub(super) fn added_between_locks(value: &RwLock<u32>, op: &RegisterOp) -> u32 {
    match op {
        RegisterOp::Add(more) => {
            let sum = *value.read().unwrap() + more;
            *value.write().unwrap() = sum;
            sum
        }
        op => under_rwlock(value, op),
    }
}

pub(super) fn registers(work: fn(&RwLock<u32>, &RegisterOp) -> u32) -> Property {
    Property::new(&["calls"], programs(register_op(), 2..=3, 1..=3), move |threads| {
        run(threads, Register(0), RwLock::new(0), work);
    })
}

/// A number under a lock: it shows that the lock keeps others out.
pub(super) struct Under<L> {
    lock: L,
    value: AtomicU32,
}

/// Reads, and writes what comes of it.
fn touch(value: &AtomicU32, op: &RegisterOp) -> u32 {
    let seen = value.load(SeqCst);
    let new = match op {
        RegisterOp::Read => return seen,
        RegisterOp::Write(value) => *value,
        RegisterOp::Add(value) => seen + value,
    };
    value.store(new, SeqCst);
    new
}

pub(super) fn in_turn(shared: &Under<unfair_lock::Lock>, op: &RegisterOp) -> u32 {
    unfair_lock::ticket(&shared.lock);
    let seen = touch(&shared.value, op);
    shared.lock.unlock();
    seen
}

pub(super) fn out_of_turn(shared: &Under<unfair_lock::Lock>, op: &RegisterOp) -> u32 {
    unfair_lock::barging(&shared.lock);
    let seen = touch(&shared.value, op);
    shared.lock.unlock();
    seen
}

/// Gives the lock back before it is done.
pub(super) fn let_go(shared: &Under<unfair_lock::Lock>, op: &RegisterOp) -> u32 {
    unfair_lock::ticket(&shared.lock);
    shared.lock.unlock();
    touch(&shared.value, op)
}

/// How long somebody waits is no matter here.
pub(super) fn tickets(work: fn(&Under<unfair_lock::Lock>, &RegisterOp) -> u32) -> Property {
    Property::new(&["calls"], programs(register_op(), 2..=3, 1..=2), move |threads| {
        let shared = Under { lock: unfair_lock::Lock::new(usize::MAX), value: AtomicU32::new(0) };
        run(threads, Register(0), shared, work);
    })
}

/// Each call adds one on so many levels of the lock, one inside the other.
pub(super) fn rlocks(with: With) -> Property {
    fn nested(shared: &Under<RLock>, with: With, levels: u32) -> u32 {
        let seen = Cell::new(0);
        with(&shared.lock, &|| {
            if levels > 1 {
                nested(shared, with, levels - 1);
            }
            seen.set(touch(&shared.value, &RegisterOp::Add(1)));
        });
        seen.get()
    }
    let op = (1..=3_u32).prop_map(RegisterOp::Add);
    Property::new(&["calls"], programs(op, 1..=3, 1..=2), move |threads| {
        let shared = Under { lock: RLock::default(), value: AtomicU32::new(0) };
        run(threads, Register(0), shared, move |shared, op| match op {
            RegisterOp::Add(levels) => nested(shared, with, *levels),
            other => unreachable!("{other:?}"),
        });
    })
}
