//! Locks and queues under random concurrent programs, held against what they do when calls come one by one.

use raddle::proptest::prelude::*;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::sync::{Arc, Condvar, Mutex, RwLock, Semaphore};
use raddle::{
    Checker, Counterexample, Engine, History, Model, Outcome, Property, Strategy as Sampler, Verdict, programs, thread,
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Runs each thread's operations on one object, and holds what they returned against `model`.
fn run<M, T>(threads: Vec<Vec<M::Op>>, model: M, object: T, work: fn(&T, &M::Op) -> M::Returns)
where
    M: Model + Send + Sync + 'static,
    M::Op: Send + Sync + 'static,
    M::Returns: Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    let shared = Arc::new((object, History::new(model).named("object")));
    let start = |calls: Vec<M::Op>| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            for op in calls {
                let (object, history) = &*shared;
                history.call(op.clone(), || work(object, &op));
            }
        })
    };
    for thread in threads.into_iter().map(start).collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    shared.1.check();
}

/// A queue with room for two.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Queue(VecDeque<u8>);

const ROOM: usize = 2;

#[derive(Clone, Debug, Serialize, Deserialize)]
enum QueueOp {
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

fn queue_op() -> impl Strategy<Value = QueueOp> + Clone {
    prop_oneof![(1..4_u8).prop_map(QueueOp::Put), Just(QueueOp::Take)]
}

type Items = Mutex<VecDeque<u8>>;

fn locked_once(items: &Items, op: &QueueOp) -> Result<bool, Option<u8>> {
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
fn looked_before(items: &Items, op: &QueueOp) -> Result<bool, Option<u8>> {
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
fn taken_twice(items: &Items, op: &QueueOp) -> Result<bool, Option<u8>> {
    match op {
        QueueOp::Put(_) => locked_once(items, op),
        QueueOp::Take => {
            let item = items.lock().unwrap().front().copied();
            items.lock().unwrap().pop_front();
            Err(item)
        }
    }
}

fn queues(work: fn(&Items, &QueueOp) -> Result<bool, Option<u8>>) -> Property {
    Property::new(&["calls"], programs(queue_op(), 2..=3, 1..=3), move |threads| {
        run(threads, Queue::default(), Mutex::new(VecDeque::new()), work);
    })
}

/// A semaphore's permits.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Permits(usize);

#[derive(Clone, Debug, Serialize, Deserialize)]
enum PermitOp {
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

fn counted(semaphore: &Semaphore, op: &PermitOp) -> bool {
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
fn seen_before(semaphore: &Semaphore, op: &PermitOp) -> bool {
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
fn semaphores(work: fn(&Semaphore, &PermitOp) -> bool) -> Property {
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
struct Register(u32);

#[derive(Clone, Debug, Serialize, Deserialize)]
enum RegisterOp {
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

fn register_op() -> impl Strategy<Value = RegisterOp> + Clone {
    prop_oneof![(1..4_u32).prop_map(RegisterOp::Write), (1..4_u32).prop_map(RegisterOp::Add), Just(RegisterOp::Read)]
}

fn under_rwlock(value: &RwLock<u32>, op: &RegisterOp) -> u32 {
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
fn added_between_locks(value: &RwLock<u32>, op: &RegisterOp) -> u32 {
    match op {
        RegisterOp::Add(more) => {
            let sum = *value.read().unwrap() + more;
            *value.write().unwrap() = sum;
            sum
        }
        op => under_rwlock(value, op),
    }
}

fn registers(work: fn(&RwLock<u32>, &RegisterOp) -> u32) -> Property {
    Property::new(&["calls"], programs(register_op(), 2..=3, 1..=3), move |threads| {
        run(threads, Register(0), RwLock::new(0), work);
    })
}

/// A lock that serves in the order of drawing numbers; the register shows that it keeps others out.
struct Ticket {
    counter: Mutex<(u32, u32)>,
    changed: Condvar,
    value: AtomicU32,
}

impl Ticket {
    fn new() -> Self {
        Ticket { counter: Mutex::new((0, 0)), changed: Condvar::new(), value: AtomicU32::new(0) }
    }
}

fn in_turn(lock: &Ticket, op: &RegisterOp) -> u32 {
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

fn out_of_turn(lock: &Ticket, op: &RegisterOp) -> u32 {
    touch(lock, op)
}

fn touch(lock: &Ticket, op: &RegisterOp) -> u32 {
    let seen = lock.value.load(SeqCst);
    let new = match op {
        RegisterOp::Read => return seen,
        RegisterOp::Write(value) => *value,
        RegisterOp::Add(value) => seen + value,
    };
    lock.value.store(new, SeqCst);
    new
}

fn tickets(work: fn(&Ticket, &RegisterOp) -> u32) -> Property {
    Property::new(&["calls"], programs(register_op(), 2..=3, 1..=2), move |threads| {
        run(threads, Register(0), Ticket::new(), work);
    })
}

fn describe(found: &Counterexample) -> String {
    let Verdict::Assertion { message, .. } = &found.verdict else { return found.verdict.to_string() };
    message.clone()
}

#[track_caller]
fn holds(property: &Property) {
    for seed in 0..3 {
        match Checker::new().seed(seed).run_property(property) {
            Ok(Outcome::Holds(_)) => {}
            Ok(Outcome::Fails(found)) => panic!("seed {seed}: {}", describe(&found)),
            other => panic!("seed {seed}: {other:?}"),
        }
    }
}

/// Fails at every seed, and gives the smallest calls.
#[track_caller]
fn smallest(property: &Property) -> String {
    let fails = |seed: u64| match Checker::new().seed(seed).run_property(property) {
        Ok(Outcome::Fails(found)) => {
            let message = describe(&found);
            assert!(message.starts_with("no order of the calls on object gives what they returned\n"), "{message}");
            found.parameters.expect("the calls were drawn").to_string()
        }
        other => panic!("seed {seed}: {other:?}"),
    };
    (0..5).map(fails).min_by_key(String::len).expect("five seeds")
}

#[test]
fn a_bounded_queue_is_linearizable_and_its_faults_are_not() {
    holds(&queues(locked_once));
    assert_eq!(smallest(&queues(taken_twice)), r#"calls [[{"Put":1}],["Take","Take"]]"#);
    let full = smallest(&queues(looked_before));
    assert_eq!(full.matches("Put").count(), 3, "one more than there is room for: {full}");
}

#[test]
fn a_semaphore_is_linearizable_and_its_faults_are_not() {
    holds(&semaphores(counted));
    assert_eq!(smallest(&semaphores(seen_before)), r#"calls [["Try"],["Try"]], takers 0"#);
}

#[test]
fn a_reader_writer_lock_makes_a_register_linearizable_and_two_locks_do_not() {
    holds(&registers(under_rwlock));
    assert_eq!(smallest(&registers(added_between_locks)), r#"calls [[{"Add":1}],[{"Add":1}]]"#);
}

#[test]
fn a_ticket_lock_keeps_others_out() {
    holds(&tickets(in_turn));
    assert_eq!(smallest(&tickets(out_of_turn)), r#"calls [[{"Add":1}],[{"Add":1}]]"#);
}

/// The write goes to one copy, and the read to another: nothing but the calls orders them.
fn two_copies() {
    let shared = Arc::new((AtomicU32::new(0), AtomicU32::new(0), History::new(Register(0)).named("register")));
    let theirs = Arc::clone(&shared);
    let writer = thread::spawn(move || {
        theirs.2.call(RegisterOp::Write(1), || {
            theirs.0.store(1, SeqCst);
            1
        });
    });
    shared.2.call(RegisterOp::Read, || shared.1.load(SeqCst));
    writer.join().unwrap();
    shared.2.check();
}

#[test]
fn an_old_value_after_a_write_has_returned_is_found_by_every_engine() {
    let dfs = Engine::Shuttle(Sampler::Dfs);
    for engine in [Engine::Loom, Engine::Exhaustive, dfs, Engine::shuttle(), Engine::Property] {
        let outcome = Checker::new().engine(engine).run(two_copies);
        let Ok(Outcome::Fails(found)) = outcome else { panic!("{engine}: {outcome:?}") };
        let message = describe(&found);
        for words in [
            "no order of the calls on register gives what they returned",
            "\n  1–2 thread-1: Write(1) → 1\n  3–4 main: Read → 0\n",
            "the longest order that does: Write(1) → 1; no other can follow",
        ] {
            assert!(message.contains(words), "{engine}: {message}");
        }
        let names = |name: &str| found.trace.operations().iter().any(|operation| operation.contains(name));
        assert!(names("call register") && names("return register"), "{:?}", found.trace.operations());
    }
}

#[test]
fn the_exhaustive_engine_runs_one_execution_for_each_order_of_returns_and_calls() {
    let executions = |program: fn()| match Checker::new().engine(Engine::Exhaustive).run(program) {
        Ok(Outcome::Holds(coverage)) => coverage.executions(),
        other => panic!("{other:?}"),
    };
    // Two calls that touch nothing: either overlaps the other, or comes before it.
    let count = executions(|| {
        let history = Arc::new(History::new(Register(0)));
        let theirs = Arc::clone(&history);
        let other = thread::spawn(move || theirs.call(RegisterOp::Read, || 0));
        history.call(RegisterOp::Read, || 0);
        other.join().unwrap();
        history.check();
    });
    assert_eq!(count, 3, "first, second, or at once");
}
