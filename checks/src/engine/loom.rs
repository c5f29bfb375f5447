//! loom: every execution that C11's memory orders allow, for up to five threads.
//!
//! Mutexes, read-write locks, unbounded channels, atomics, plain variables, spawning and joining are loom's own, unless the
//! program does to them what loom's can't take. Everything else is the facade's model:
//! before each step on such an object the task updates a loom atomic that belongs to it (its *gate*), which makes
//! loom try every order of these steps and carries happens-before; a task that has to wait parks, and whoever makes
//! it ready unparks it. loom has no choices of its own, so scripts of answers are enumerated from outside.

mod channel;
mod panics;
mod rwlock;
mod turns;
mod waiting;

pub(crate) use channel::NativeChannel;
pub(crate) use panics::is_own_panic;
pub(crate) use rwlock::{NativeRead, NativeRwLock, NativeWrite};
pub(crate) use turns::{Turn, wait_polled};
pub(crate) use waiting::{wait_notified, wait_turn, wake_all, wake_ready};

use crate::execution::{
    Execution, Halt, Kind, ObjectId, Op, Script, Session, SessionReport, Source, State, TaskId, TaskState, drift,
    finish_execution, finish_task, halt, next_execution, run_task, session, take_panic, want_gates, want_object_gates,
    want_task_gates, with,
};
use crate::execution::{Mode, Rules};
use loom::lazy_static::Lazy;
use loom::sync::atomic::{AtomicUsize, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// `main` included; the fifth spawn panics inside loom.
pub(crate) const THREADS_MAX: usize = loom::MAX_THREADS;
/// The engine's version, for schedules.
pub(crate) const VERSION: &str = "0.7.3";
/// Coroutine stacks of spawned threads, in words, unless they ask for more; `main`'s is loom's default, 4,096.
const STACK_WORDS: usize = 8_192;

/// So often a task may yield and still read by an update what was replaced before.
const YIELDS: usize = 3;

/// What loom keeps for a task.
#[derive(Default)]
pub(crate) struct TaskPart {
    pub(crate) handle: Option<loom::thread::JoinHandle<()>>,
    thread: Option<loom::thread::Thread>,
    gate: Option<Gate>,
    /// It has parked because its operation is not ready.
    parked: bool,
    /// The steps at which it has yielded last.
    yielded: [usize; YIELDS],
    /// It has read what the next acquire fence orders.
    pub(crate) unfenced: bool,
}

impl std::fmt::Debug for TaskPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskPart").field("parked", &self.parked).finish_non_exhaustive()
    }
}

impl TaskPart {
    /// To be made by the task's parent: loom takes what a task has not seen created for a race.
    pub(crate) fn new(mode: Mode, gated: bool) -> Self {
        TaskPart { gate: (gated && mode == Mode::Loom).then(Gate::ordered), ..TaskPart::default() }
    }
}

/// What makes loom try every order of the steps on an object.
#[derive(Clone)]
enum Gate {
    /// Each step happens before the next.
    Ordered(Rc<AtomicUsize>),
    /// Steps are tried in every order, and order nothing else: a condition variable's own, as loom's are.
    Plain(Rc<loom::sync::Condvar>),
    /// An ordered one of an object that nobody in particular creates: who comes to it first has not told the others.
    Static(usize),
}

/// loom makes these in each execution, and they are there for whoever comes first.
static STATIC_GATES: [Lazy<AtomicUsize>; 64] =
    [const { Lazy { init: || AtomicUsize::new(0), _p: std::marker::PhantomData } }; 64];

impl Gate {
    fn ordered() -> Self {
        Gate::Ordered(Rc::new(AtomicUsize::new(0)))
    }

    fn pass(&self, kind: Kind) {
        match self {
            // As std counts owners; who finds itself alone passes a fence besides.
            Gate::Ordered(atomic) if kind.is_on_owners() => {
                let releases = matches!(kind, Kind::DropArc | Kind::EndArc);
                let order = if releases { Ordering::Release } else { Ordering::Relaxed };
                atomic.fetch_add(1, order);
            }
            Gate::Ordered(atomic) => _ = atomic.fetch_add(1, Ordering::AcqRel),
            // Nobody ever waits on it.
            Gate::Plain(condvar) => condvar.notify_all(),
            Gate::Static(number) => {
                _ = STATIC_GATES[number % STATIC_GATES.len()].get().fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    /// For an operation that may be refused: one that is orders nothing. loom wants to know before it lets others run, so
    /// the operation has its place first, and is ordered once it is known to have what it asked for.
    fn try_pass(&self, me: TaskId, op: &Op) {
        let Gate::Ordered(atomic) = self else { return self.pass(op.kind) };
        atomic.fetch_add(1, Ordering::Relaxed);
        if with(|x| x.refuses(me, op)) {
            with(|x| x.tasks[me.index()].native.unfenced = true);
        } else if with(|x| x.tasks[me.index()].native.unfenced) || op.kind.tries_a_channel() {
            self.pass(op.kind);
        } else {
            // It has read nothing else that a fence would order, too.
            loom::sync::atomic::fence(Ordering::Acquire);
        }
    }
}

/// What loom keeps for an object.
pub(crate) struct ObjectPart {
    gate: Option<Gate>,
    turn: Option<Turn>,
    channel: Option<Rc<NativeChannel>>,
    cell: Option<Rc<loom::cell::UnsafeCell<()>>>,
    /// The step at which it was written last.
    written: usize,
}

impl ObjectPart {
    /// To be made where the object is.
    pub(crate) fn new(x: &Execution, state: &State) -> Self {
        if x.mode != Mode::Loom {
            return ObjectPart { gate: None, turn: None, channel: None, cell: None, written: 0 };
        }
        let gate = match state {
            State::Mutex { .. } => x.gated.then(Gate::ordered),
            state if state.may_be_loom_s() => x.gates_objects.then(Gate::ordered),
            State::Atomic { .. } | State::Cell | State::Loop { .. } => None,
            State::Arc { gated, .. } => gated.then(Gate::ordered),
            State::Task { .. } | State::Shared { .. } => x.gates_tasks.then(Gate::ordered),
            State::Condvar { .. } => Some(Gate::Plain(Rc::new(loom::sync::Condvar::new()))),
            _ => Some(Gate::ordered()),
        };
        let tracked = matches!(state, State::Cell);
        let turn = matches!(state, State::Loop { .. }).then(Turn::default);
        let is_a_channel = matches!(state, State::Channel { .. });
        let channel = (is_a_channel && gate.is_none()).then(NativeChannel::new);
        ObjectPart { gate, turn, channel, cell: tracked.then(|| Rc::new(loom::cell::UnsafeCell::new(()))), written: 0 }
    }
}

impl ObjectPart {
    /// Of a static: whichever task comes to it first makes it.
    pub(crate) fn of_static(x: &Execution) -> Self {
        let gate = (x.mode == Mode::Loom).then(|| Gate::Static(x.statics()));
        ObjectPart { gate, turn: None, channel: None, cell: None, written: 0 }
    }
}

impl std::fmt::Debug for ObjectPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectPart").finish_non_exhaustive()
    }
}

/// Explores `program` within `preemptions`, or wholly.
pub(crate) fn explore(
    program: &Arc<dyn Fn() + Send + Sync>,
    preemptions: Option<usize>,
    rules: Rules,
    progress: &Arc<AtomicU64>,
) -> SessionReport {
    run(program, preemptions, rules, &Source::Script(Script::default()), progress)
}

/// Runs `program` along `rules.schedule`, with the recorded answers.
pub(crate) fn explore_recorded(
    program: &Arc<dyn Fn() + Send + Sync>,
    rules: Rules,
    answers: Vec<usize>,
) -> SessionReport {
    run(program, None, rules, &Source::Recorded(answers.into()), &Arc::default())
}

/// loom does not see an unlock, so one can't fall between a refused `try_lock` and what comes after it; a mutex that a
/// panic has poisoned is no use to it any more; and its parking is no step that it reorders. Programs that do any of
/// this are explored with the model's mutexes and with a gate at every task; that one does is known once it does.
fn run(
    program: &Arc<dyn Fn() + Send + Sync>,
    preemptions: Option<usize>,
    mut rules: Rules,
    source: &Source,
    progress: &Arc<AtomicU64>,
) -> SessionReport {
    loop {
        let (program, progress) = (Arc::clone(program), Arc::clone(progress));
        let report = run_session(program, preemptions, rules.clone(), source.clone(), progress);
        if !report.begins_again() {
            return report;
        }
        rules = rules.after(&report);
    }
}

fn run_session(
    program: Arc<dyn Fn() + Send + Sync>,
    preemptions: Option<usize>,
    rules: Rules,
    source: Source,
    progress: Arc<AtomicU64>,
) -> SessionReport {
    Session::run(rules, source, progress, move || {
        panics::sources();
        loop {
            let program = Arc::clone(&program);
            builder(preemptions).check(move || {
                if !next_execution() {
                    resume_unwind(Box::new(Halt));
                }
                body(TaskId::MAIN, || program());
            });
            finish_execution();
            let more = session(|session| match &mut session.source {
                Source::Script(script) => script.advance(),
                _ => false,
            });
            if !more {
                return;
            }
        }
    })
}

fn builder(preemptions: Option<usize>) -> loom::model::Builder {
    // `new` reads the environment; every field that it reads is set here.
    let mut builder = loom::model::Builder::new();
    builder.max_threads = THREADS_MAX;
    builder.max_branches = 20_000;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.preemption_bound = preemptions;
    builder.checkpoint_file = None;
    builder.checkpoint_interval = usize::MAX;
    builder.location = false;
    builder.log = false;
    builder
}

/// Makes loom install its panic hook.
pub(crate) fn warm_up() {
    builder(None).check(|| {
        let _ = loom::thread::spawn(|| {}).join();
    });
}

/// A task from start to finish.
fn body(me: TaskId, program: impl FnOnce()) {
    run_task(me, program);
    if with(|x| (x.gated || x.deny_leaks) && !x.over && x.steer.is_none()) {
        // Whoever asks whether the task is finished can ask before this and after.
        pass_gate(me, &Op::bare(Kind::Start, std::panic::Location::caller()));
    }
    if me == TaskId::MAIN && with(|x| x.deny_leaks && !x.over && x.steer.is_none()) {
        for other in with(|x| x.task_ids().skip(1).collect::<Vec<_>>()) {
            pass_gate(me, &Op::bare(Kind::IsFinished(other), std::panic::Location::caller()));
        }
    }
    finish_task(me);
    if with(|x| x.over && !x.dropped) {
        resume_unwind(Box::new(Halt));
    }
    if with(|x| !x.over && x.tasks.iter().all(|task| task.state == TaskState::Finished)) {
        channel::end_all();
    }
}

/// Starts a thread for `program`, whose number `id` gives once it runs.
pub(crate) fn spawn(
    id: impl FnOnce() -> TaskId + Send + 'static,
    program: impl FnOnce() + Send + 'static,
) -> Option<loom::thread::JoinHandle<()>> {
    let body = move || body(id(), program);
    let words = super::stack_bytes(STACK_WORDS * size_of::<usize>()) / size_of::<usize>();
    let builder = loom::thread::Builder::new().stack_size(words);
    let handle = builder.spawn(body);
    handle.ok()
}

/// Waits for a thread to end.
pub(crate) fn join(task: TaskId) {
    if let Some(handle) = with(|x| x.tasks[task.index()].native.handle.take()) {
        let _ = handle.join();
    }
}

/// A step on the object's gate: loom tries every order of these.
pub(crate) fn pass_gate(me: TaskId, op: &Op) {
    let gate = with(|x| {
        let gate = match (op.kind, op.object) {
            (Kind::Unpark(task) | Kind::IsFinished(task), _) => &x.tasks[task.index()].native.gate,
            (_, Some(object)) => &x.objects[object.index()].native.gate,
            (_, None) => &x.tasks[me.index()].native.gate,
        };
        gate.clone()
    });
    match gate {
        Some(gate) if op.kind.may_be_refused() => gate.try_pass(me, op),
        Some(gate) => gate.pass(op.kind),
        None if op.kind.is_on_owners() => {}
        // On a loop tasks take turns, and nobody else has to be told from them.
        None if with(|x| x.is_on_turn(me) && !x.gates_tasks) && op.kind.is_of_a_task() => {}
        None if op.kind.is_of_a_task() => want_task_gates(),
        None if op.object.is_some_and(|object| with(|x| x.objects[object.index()].state.may_be_loom_s())) => {
            want_object_gates()
        }
        None => want_gates(),
    }
    if let Some(mutex) = op.kind.mutex()
        && let Some(gate) = with(|x| x.objects[mutex.index()].native.gate.clone())
    {
        gate.pass(op.kind);
    }
    with(|x| x.current = me);
}

/// Notes what has to be known of a step later.
pub(crate) fn note(x: &mut Execution, me: TaskId, op: &Op, latest: bool) {
    let step = x.log.len();
    let part = &mut x.tasks[me.index()].native;
    part.unfenced |= op.kind.reads_unordered();
    if op.kind.yields() {
        part.yielded.rotate_left(1);
        part.yielded[YIELDS - 1] = step;
    }
    if let (true, Some(object)) = (latest, op.object) {
        x.objects[object.index()].native.written = step;
    }
}

/// Whether the task has yielded often enough to see what was written last.
pub(crate) fn has_yielded_since_written(x: &Execution, task: TaskId, op: &Op) -> bool {
    let written = op.object.map_or(usize::MAX, |object| x.objects[object.index()].native.written);
    x.tasks[task.index()].native.yielded[0] > written
}

/// What others have released happens before what comes next.
pub(crate) fn acquire() {
    loom::sync::atomic::fence(Ordering::Acquire);
}

/// Where a schedule is being followed: lets others run until it is this task's turn.
pub(crate) fn follow(me: TaskId) {
    loop {
        match with(|x| x.steer_turn()) {
            None => return,
            Some(Ok(task)) if task == me => return,
            Some(Ok(_)) => {
                loom::thread::yield_now();
                with(|x| x.current = me);
            }
            Some(Err((expected, found))) => with(|x| drift(x, expected, found)),
        }
        if with(|x| x.over) {
            halt();
        }
    }
}

/// Whether loom sees this access to a plain variable race with an earlier one.
pub(crate) fn races(x: &mut Execution, object: ObjectId, write: bool) -> bool {
    let Some(cell) = &x.objects[object.index()].native.cell else { return false };
    let access = AssertUnwindSafe(|| if write { cell.with_mut(|_| ()) } else { cell.with(|_| ()) });
    let raced = catch_unwind(access).is_err();
    if raced {
        take_panic(None);
    }
    raced
}
