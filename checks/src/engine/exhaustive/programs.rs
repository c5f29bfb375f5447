//! Small generated programs over every primitive, for holding one search against another.

use crate::sync::atomic::{AtomicU32, Ordering::SeqCst};
use crate::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use crate::sync::{Arc, Condvar, Mutex, Once, RaceCell, RwLock, Semaphore};
use crate::{choose, thread};
use proptest::prelude::*;
use std::time::Duration;

/// What a task does.
#[derive(Clone, Debug)]
pub(super) enum Does {
    Load(usize),
    Store(usize),
    Add(usize),
    Cas(usize),
    Lock(usize, Vec<Does>),
    TryLock(usize, Vec<Does>),
    Read(Vec<Does>),
    TryRead,
    Write(Vec<Does>),
    Acquire(Vec<Does>),
    TryAcquire,
    Send,
    SendBounded,
    Receive,
    TryReceive,
    ReceiveFor,
    ReceiveBounded,
    /// By a rendezvous: waits until it is taken, or hands over to who waits, or waits for that.
    Meet,
    TryMeet,
    ReceiveMet,
    /// Waits if the gate is still shut.
    Wait,
    WaitFor,
    NotifyOne,
    NotifyAll,
    Once,
    Cell,
    Choose,
    Yield,
    Park,
    ParkFor,
}

/// What each task does, and whether waits may end for no reason.
#[derive(Clone, Debug)]
pub(super) struct Tasks {
    pub(super) does: Vec<Vec<Does>>,
    pub(super) spurious: bool,
}

fn within(does: &[Does], is: &impl Fn(&Does) -> bool) -> bool {
    does.iter().any(|one| {
        is(one)
            || match one {
                Does::Lock(_, inner)
                | Does::TryLock(_, inner)
                | Does::Read(inner)
                | Does::Write(inner)
                | Does::Acquire(inner) => within(inner, is),
                _ => false,
            }
    })
}

impl Tasks {
    fn any(&self, is: &impl Fn(&Does) -> bool) -> bool {
        self.does.iter().any(|does| within(does, is))
    }

    /// Whether what loads see is all that loom could find more of.
    pub(super) fn has_atomics(&self) -> bool {
        self.any(&|does| matches!(does, Does::Load(_) | Does::Store(_) | Does::Add(_) | Does::Cas(_)))
            || self.any(&|does| matches!(does, Does::Wait | Does::WaitFor))
    }

    pub(super) fn yields(&self) -> bool {
        self.any(&|does| matches!(does, Does::Yield))
    }

    /// Whether a variable is loaded by two tasks and changed by one: loom keeps one load, the last, and so does not try a
    /// change before the other (loom issues 166 and 392; `tests/primitives/engines.rs` shows it).
    pub(super) fn loads_that_loom_forgets(&self) -> bool {
        (0..2).any(|which| {
            let loads = |does: &Does| matches!(does, Does::Load(at) if *at == which);
            let changes = |does: &Does| matches!(does, Does::Store(at) | Does::Add(at) | Does::Cas(at) if *at == which);
            self.does.iter().filter(|does| within(does, &loads)).count() >= 2 && self.any(&changes)
        })
    }

    fn parks(&self) -> bool {
        self.any(&|does| matches!(does, Does::Park | Does::ParkFor))
    }
}

fn plain() -> impl Strategy<Value = Does> {
    let which = 0..2_usize;
    prop_oneof![
        3 => which.clone().prop_map(Does::Load),
        3 => which.clone().prop_map(Does::Store),
        2 => which.clone().prop_map(Does::Add),
        1 => which.prop_map(Does::Cas),
        2 => Just(Does::Send),
        1 => Just(Does::SendBounded),
        2 => Just(Does::Receive),
        1 => Just(Does::TryReceive),
        1 => Just(Does::ReceiveFor),
        1 => Just(Does::ReceiveBounded),
        1 => Just(Does::TryRead),
        1 => Just(Does::Meet),
        1 => Just(Does::TryMeet),
        1 => Just(Does::ReceiveMet),
        1 => Just(Does::TryAcquire),
        1 => Just(Does::Wait),
        1 => Just(Does::WaitFor),
        2 => Just(Does::NotifyOne),
        1 => Just(Does::NotifyAll),
        1 => Just(Does::Once),
        1 => Just(Does::Cell),
        1 => Just(Does::Choose),
        1 => Just(Does::Yield),
        1 => Just(Does::Park),
        1 => Just(Does::ParkFor),
    ]
}

fn does() -> impl Strategy<Value = Does> {
    let inner = || prop::collection::vec(plain(), 0..2);
    let deep = (0..2_usize, inner()).prop_map(|(which, inner)| vec![Does::Lock(which, inner)]);
    let locked = prop_oneof![3 => inner(), 1 => deep];
    prop_oneof![
        6 => plain(),
        4 => (0..2_usize, locked).prop_map(|(which, inner)| Does::Lock(which, inner)),
        1 => (0..2_usize, inner()).prop_map(|(which, inner)| Does::TryLock(which, inner)),
        1 => inner().prop_map(Does::Read),
        1 => inner().prop_map(Does::Write),
        2 => inner().prop_map(Does::Acquire),
    ]
}

/// Two tasks of up to four operations, or three of up to two; mostly fewer, so that plain search comes to an end. All
/// draw from a few operations, so that they meet.
pub(super) fn tasks() -> impl Strategy<Value = Tasks> {
    let few = prop::collection::vec(does(), 1..=3);
    let several = |tasks: usize, most: usize| {
        let one = prop::collection::vec(any::<prop::sample::Index>(), 1..=most);
        prop::collection::vec(one, tasks)
    };
    let plans = prop_oneof![4 => several(2, 2), 2 => several(2, 4), 2 => several(3, 1), 1 => several(3, 2)];
    (few, plans, prop::bool::weighted(0.2)).prop_map(|(few, plans, spurious)| {
        let task = |plan: Vec<prop::sample::Index>| plan.iter().map(|index| index.get(&few).clone()).collect();
        Tasks { does: plans.into_iter().map(task).collect(), spurious }
    })
}

struct Shared {
    variables: [AtomicU32; 2],
    locks: [Mutex<u32>; 2],
    rwlock: RwLock<u32>,
    permit: Semaphore,
    gate: Mutex<u32>,
    condvar: Condvar,
    once: Once,
    cell: RaceCell<u32>,
}

/// A task's own: its ends of the channels, and what it has seen.
struct Own {
    me: u32,
    ends: Ends,
    seen: Vec<u32>,
}

/// The first task receives, the others send.
#[derive(Default)]
struct Ends {
    sender: Option<Sender<u32>>,
    bounded_sender: Option<SyncSender<u32>>,
    receiver: Option<Receiver<u32>>,
    bounded_receiver: Option<Receiver<u32>>,
    meeting_sender: Option<SyncSender<u32>>,
    meeting_receiver: Option<Receiver<u32>>,
}

impl Ends {
    /// One for each task, of the channels that are used.
    fn of(tasks: &Tasks) -> Vec<Self> {
        let mut ends: Vec<Ends> = tasks.does.iter().map(|_| Ends::default()).collect();
        if tasks.any(&|does| matches!(does, Does::Send | Does::Receive | Does::TryReceive | Does::ReceiveFor)) {
            let (sender, receiver) = channel();
            ends[0].receiver = Some(receiver);
            ends[1..].iter_mut().for_each(|ends| ends.sender = Some(sender.clone()));
        }
        if tasks.any(&|does| matches!(does, Does::SendBounded | Does::ReceiveBounded)) {
            let (sender, receiver) = sync_channel(1);
            ends[0].bounded_receiver = Some(receiver);
            ends[1..].iter_mut().for_each(|ends| ends.bounded_sender = Some(sender.clone()));
        }
        if tasks.any(&|does| matches!(does, Does::Meet | Does::TryMeet | Does::ReceiveMet)) {
            let (sender, receiver) = sync_channel(0);
            ends[0].meeting_receiver = Some(receiver);
            ends[1..].iter_mut().for_each(|ends| ends.meeting_sender = Some(sender.clone()));
        }
        ends
    }
}

const A_WHILE: Duration = Duration::from_millis(1);

fn run_all(all: &[Does], shared: &Shared, own: &mut Own) {
    for does in all {
        run_one(does, shared, own);
    }
}

fn run_one(does: &Does, shared: &Shared, own: &mut Own) {
    match does {
        Does::Load(which) => own.seen.push(shared.variables[*which].load(SeqCst)),
        Does::Store(which) => shared.variables[*which].store(own.me, SeqCst),
        Does::Add(which) => _ = shared.variables[*which].fetch_add(10, SeqCst),
        Does::Cas(which) => {
            let swapped = shared.variables[*which].compare_exchange(0, own.me, SeqCst, SeqCst);
            own.seen.push(u32::from(swapped.is_ok()));
        }
        Does::Lock(which, inner) => {
            let mut guard = shared.locks[*which].lock().unwrap();
            *guard = *guard * 3 + own.me;
            run_all(inner, shared, own);
        }
        Does::TryLock(which, inner) => {
            let guard = shared.locks[*which].try_lock();
            own.seen.push(u32::from(guard.is_ok()));
            if let Ok(mut guard) = guard {
                *guard += own.me;
                run_all(inner, shared, own);
            }
        }
        Does::Read(inner) => {
            let guard = shared.rwlock.read().unwrap();
            own.seen.push(*guard);
            run_all(inner, shared, own);
        }
        Does::TryRead => {
            let seen = shared.rwlock.try_read().map_or(98, |guard| *guard);
            own.seen.push(seen);
        }
        Does::Write(inner) => {
            let mut guard = shared.rwlock.write().unwrap();
            *guard = *guard * 3 + own.me;
            run_all(inner, shared, own);
        }
        Does::Acquire(inner) => {
            let _permit = shared.permit.acquire();
            run_all(inner, shared, own);
        }
        Does::TryAcquire => own.seen.push(u32::from(shared.permit.try_acquire().is_ok())),
        Does::Wait | Does::WaitFor | Does::NotifyOne | Does::NotifyAll => run_condvar(does, shared, own),
        Does::Once => shared.once.call_once(|| own.seen.push(7)),
        Does::Cell => shared.cell.set(own.me),
        Does::Choose => own.seen.push(u32::try_from(choose(2)).unwrap()),
        Does::Yield => thread::yield_now(),
        Does::Park => thread::park(),
        Does::ParkFor => thread::park_timeout(A_WHILE),
        _ => run_channel(does, own),
    }
}

fn run_condvar(does: &Does, shared: &Shared, own: &mut Own) {
    match does {
        Does::NotifyOne => {
            *shared.gate.lock().unwrap() += 1;
            shared.condvar.notify_one();
        }
        // Forgets to open the gate.
        Does::NotifyAll => shared.condvar.notify_all(),
        _ => {
            let gate = shared.gate.lock().unwrap();
            if *gate == 0 && matches!(does, Does::Wait) {
                own.seen.push(*shared.condvar.wait(gate).unwrap());
            } else if *gate == 0 {
                let (gate, timeout) = shared.condvar.wait_timeout(gate, A_WHILE).unwrap();
                own.seen.push(*gate * 2 + u32::from(timeout.timed_out()));
            }
        }
    }
}

fn run_channel(does: &Does, own: &mut Own) {
    let Ends { sender, bounded_sender, receiver, bounded_receiver, .. } = &own.ends;
    let Ends { meeting_sender: meets, meeting_receiver: met, .. } = &own.ends;
    let received = match (does, sender, bounded_sender, receiver, bounded_receiver) {
        (Does::Meet, ..) => meets.as_ref().map(|sender| sender.send(own.me).map_or(99, |()| 70)),
        (Does::TryMeet, ..) => meets.as_ref().map(|sender| sender.try_send(own.me).map_or(99, |()| 71)),
        (Does::ReceiveMet, ..) => met.as_ref().map(|receiver| receiver.recv().unwrap_or(99)),
        (Does::Send, Some(sender), ..) => sender.send(own.me).ok().map(|()| 50),
        (Does::SendBounded, _, Some(sender), ..) => sender.send(own.me).ok().map(|()| 60),
        (Does::Receive, _, _, Some(receiver), _) | (Does::ReceiveBounded, .., Some(receiver)) => receiver.recv().ok(),
        (Does::TryReceive, _, _, Some(receiver), _) => receiver.try_recv().ok(),
        (Does::ReceiveFor, _, _, Some(receiver), _) => receiver.recv_timeout(A_WHILE).ok(),
        _ => return,
    };
    own.seen.push(received.unwrap_or(99));
}

/// Runs the tasks, and gives all that could be told from how they ran.
pub(super) fn run(tasks: &Tasks) -> String {
    let shared = Arc::new(Shared {
        variables: [AtomicU32::new(0), AtomicU32::new(0)],
        locks: [Mutex::new(0), Mutex::new(0)],
        rwlock: RwLock::new(0),
        permit: Semaphore::new(1),
        gate: Mutex::new(0),
        condvar: Condvar::new(),
        once: Once::new(),
        cell: RaceCell::new(0),
    });
    let spawn = |((does, ends), me): ((&Vec<Does>, Ends), u32)| {
        let (does, shared) = (does.clone(), Arc::clone(&shared));
        thread::spawn(move || {
            let mut own = Own { me, ends, seen: Vec::new() };
            run_all(&does, &shared, &mut own);
            own.seen
        })
    };
    let handles: Vec<_> = tasks.does.iter().zip(Ends::of(tasks)).zip(1..).map(spawn).collect();
    if tasks.parks() {
        for handle in &handles {
            handle.thread().unpark();
        }
    }
    let seen: Vec<_> = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
    let variables = [0, 1].map(|which| shared.variables[which].load(SeqCst));
    let locks = [0, 1].map(|which| *shared.locks[which].lock().unwrap());
    format!("{seen:?} {variables:?} {locks:?} {} {}", *shared.rwlock.read().unwrap(), shared.cell.get())
}
