//! Objects, what each does when calls come one by one, and how it can be built wrongly.

use super::run;
use raddle::proptest::prelude::*;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::sync::{Condvar, Mutex, RwLock, Semaphore};
use raddle::{Model, Property, programs};
use serde::{Deserialize, Serialize};
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

/// A lock that serves in the order of drawing numbers; the register shows that it keeps others out.
pub(super) struct Ticket {
    counter: Mutex<(u32, u32)>,
    changed: Condvar,
    value: AtomicU32,
}

impl Ticket {
    fn new() -> Self {
        Ticket { counter: Mutex::new((0, 0)), changed: Condvar::new(), value: AtomicU32::new(0) }
    }
}

pub(super) fn in_turn(lock: &Ticket, op: &RegisterOp) -> u32 {
    let mut counter = lock.counter.lock().unwrap();
    let mine = counter.0;
    counter.0 += 1;
    while counter.1 != mine {
        counter = lock.changed.wait(counter).unwrap();
    }
    drop(counter);
    let seen = touch(lock, op);
    lock.counter.lock().unwrap().1 += 1;
    lock.changed.notify_all();
    seen
}

pub(super) fn out_of_turn(lock: &Ticket, op: &RegisterOp) -> u32 {
    touch(lock, op)
}

pub(super) fn touch(lock: &Ticket, op: &RegisterOp) -> u32 {
    let seen = lock.value.load(SeqCst);
    let new = match op {
        RegisterOp::Read => return seen,
        RegisterOp::Write(value) => *value,
        RegisterOp::Add(value) => seen + value,
    };
    lock.value.store(new, SeqCst);
    new
}

pub(super) fn tickets(work: fn(&Ticket, &RegisterOp) -> u32) -> Property {
    Property::new(&["calls"], programs(register_op(), 2..=3, 1..=2), move |threads| {
        run(threads, Register(0), Ticket::new(), work);
    })
}

/// A lock that its owner may take again: who has it, and how often.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Owned(Option<usize>, u8);

#[derive(Clone, Debug)]
pub(super) enum OwnedOp {
    Acquire(usize),
    Release(usize),
}

impl Model for Owned {
    type Op = OwnedOp;
    /// How often its owner has it now.
    type Returns = u8;

    fn apply(&mut self, op: &OwnedOp) -> Option<u8> {
        match op {
            OwnedOp::Acquire(me) if self.0.is_none_or(|owner| owner == *me) => {
                *self = Owned(Some(*me), self.1 + 1);
            }
            OwnedOp::Release(me) if self.0 == Some(*me) => {
                *self = Owned(self.0.filter(|_| self.1 > 1), self.1 - 1);
            }
            OwnedOp::Acquire(_) | OwnedOp::Release(_) => return None,
        }
        Some(self.1)
    }
}

pub(super) struct RLock {
    state: Mutex<Owned>,
    freed: Condvar,
}

impl RLock {
    fn acquire(&self, me: usize) -> u8 {
        let mut state = self.state.lock().unwrap();
        while state.0.is_some_and(|owner| owner != me) {
            state = self.freed.wait(state).unwrap();
        }
        *state = Owned(Some(me), state.1 + 1);
        state.1
    }

    fn release(&self, left: fn(u8) -> u8) -> u8 {
        let mut state = self.state.lock().unwrap();
        let depth = left(state.1);
        *state = Owned(state.0.filter(|_| depth > 0), depth);
        self.freed.notify_all();
        depth
    }
}

pub(super) fn counts_depth(lock: &RLock, op: &OwnedOp) -> u8 {
    match op {
        OwnedOp::Acquire(me) => lock.acquire(*me),
        OwnedOp::Release(_) => lock.release(|depth| depth - 1),
    }
}

pub(super) fn forgets_depth(lock: &RLock, op: &OwnedOp) -> u8 {
    match op {
        OwnedOp::Acquire(me) => lock.acquire(*me),
        OwnedOp::Release(_) => lock.release(|_| 0),
    }
}

/// Each thread takes the lock so often, and then gives it back as often.
pub(super) fn rlocks(work: fn(&RLock, &OwnedOp) -> u8) -> Property {
    let depths = raddle::proptest::collection::vec(1..=3_usize, 1..=3);
    Property::new(&["depths"], depths, move |depths| {
        let calls = |(me, depth): (usize, usize)| {
            [vec![OwnedOp::Acquire(me); depth], vec![OwnedOp::Release(me); depth]].concat()
        };
        let threads = depths.into_iter().enumerate().map(calls).collect();
        let lock = RLock { state: Mutex::new(Owned(None, 0)), freed: Condvar::new() };
        run(threads, Owned(None, 0), lock, work);
    })
}
