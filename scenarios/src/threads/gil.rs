//! One interpreter step at a time is not one statement at a time.
//!
//! # What goes wrong
//! The global interpreter lock lets one thread run bytecode at a time, and threads can change places between any two
//! steps. `counter += 1` is a load, an addition and a store; `if key not in d: d[key] = …` is a lookup and an insertion.
//! The lock makes each step whole, and no two of them: that is `gil_per_step` and `check_then_act`.
//!
//! `atomic_steps` is the wrong fix: the counter becomes an atomic, and the load and the store with it. The repair fails
//! because neither was ever torn: the interpreter's lock had made them whole before. What is broken is the pair. A value
//! is stored that was true when it was loaded, and no order of memory, however strong, keeps others out in between.
//!
//! # Outcomes
//! | variant             | result             | because                                     |
//! |---------------------|--------------------|---------------------------------------------|
//! | `lock_spans_update` | 2                  | one lock is held from the load to the store |
//! | `gil_per_step`      | 1 or 2             | the threads change places between the steps |
//! | `check_then_act`    | made once or twice | the key can be added after the lookup       |
//! | `atomic_steps`      | 1 or 2             | two atomic steps are not one                |
//!
//! # Use instead
//! A lock of the program's own around the whole statement; or one operation that is the whole statement (`fetch_add`,
//! `dict.setdefault`).
//!
//! # In Python
//! `with lock: counter += 1`. That `dict.setdefault(key, value)` is one step is a property of `CPython`.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "threads/gil",
    "Python's Global Interpreter Lock",
    raddle::source!("gil.rs"),
    &[
        Variant::correct("lock_spans_update", || run(2, lock_spans_update))
            .full_size(|| run(3, lock_spans_update))
            .property(|| drawn(lock_spans_update)),
        Variant::buggy("gil_per_step", Class::AtomicityViolation, || run(2, gil_per_step))
            .fails_with(Expect::Assertion("an update was lost"))
            .property(|| drawn(gil_per_step))
            .smallest("threads 2", 1),
        Variant::buggy("check_then_act", Class::AtomicityViolation, || run(2, check_then_act))
            .fails_with(Expect::Assertion("the entry was made twice"))
            .property(|| drawn(check_then_act))
            .smallest("threads 2", 1),
        Variant::buggy("atomic_steps", Class::AtomicityViolation, || run(2, atomic_steps))
            .fails_with(Expect::Assertion("an update was lost"))
            .property(|| drawn(atomic_steps))
            .smallest("threads 2", 1),
    ],
);

/// The interpreter: what its lock guards, and what the program brings along.
struct Interpreter {
    gil: Mutex<Memory>,
    lock: Mutex<()>,
    register: AtomicU32,
}

#[derive(Debug, Default)]
struct Memory {
    counter: u32,
    entry: Option<u32>,
    entries_made: u32,
}

impl Interpreter {
    /// One step of bytecode.
    fn step<R>(&self, step: impl FnOnce(&mut Memory) -> R) -> R {
        step(&mut self.gil.lock().unwrap())
    }
}

fn lock_spans_update(interpreter: &Interpreter) {
    let _guard = interpreter.lock.lock().unwrap();
    let value = interpreter.step(|memory| memory.counter);
    interpreter.step(|memory| memory.counter = value + 1);
}

fn gil_per_step(interpreter: &Interpreter) {
    let value = interpreter.step(|memory| memory.counter);
    // BUG: the other thread can have its turn here, and `value` is out of date after it.
    interpreter.step(|memory| memory.counter = value + 1);
}

fn check_then_act(interpreter: &Interpreter) {
    interpreter.step(|memory| memory.counter += 1);
    if interpreter.step(|memory| memory.entry.is_none()) {
        // BUG: the other thread can have looked, and found nothing, too.
        interpreter.step(|memory| {
            memory.entry = Some(1);
            memory.entries_made += 1;
        });
    }
}

fn atomic_steps(interpreter: &Interpreter) {
    let value = interpreter.register.load(SeqCst);
    // BUG: both steps are atomic, and the other thread's can still fall between them.
    interpreter.register.store(value + 1, SeqCst);
    interpreter.step(|memory| memory.counter = interpreter.register.load(SeqCst));
}

fn drawn(statement: fn(&Interpreter)) -> Property {
    Property::new(&["threads"], 1..=4_u32, move |threads| run(threads, statement))
}

fn run(threads: u32, statement: fn(&Interpreter)) {
    let interpreter = Arc::new(Interpreter {
        gil: Mutex::new(Memory::default()).named("gil"),
        lock: Mutex::new(()).named("program_lock"),
        register: AtomicU32::new(0).named("register"),
    });
    let start = |number: u32| {
        let interpreter = Arc::clone(&interpreter);
        thread::Builder::new().name(format!("thread-{number}")).spawn(move || statement(&interpreter)).unwrap()
    };
    let running: Vec<_> = (1..=threads).map(start).collect();
    for thread in running {
        thread.join().unwrap();
    }
    let memory = interpreter.gil.lock().unwrap();
    let (counter, entries_made) = (memory.counter, memory.entries_made);
    drop(memory);
    assert!(entries_made <= 1, "the entry was made twice");
    assert_eq!(counter, threads, "an update was lost");
}
