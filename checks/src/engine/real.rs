//! The program on real threads: std's threads and std's primitives, with nobody deciding who runs.
//!
//! Nothing can stop a thread that waits for ever, so this happens only in a process that does nothing else: it is
//! switched on once, the first failure of a run ends the process, and what hangs is for the parent to notice. Every
//! object of the facade is told when it is created ([`is_on`]) and keeps std's primitive beside its handle.

use crate::execution::{Random, TaskId, message};
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::JoinHandle;

/// On real threads the program's time is so much shorter.
pub(crate) const SCALE: u32 = 1_000;

static ON: AtomicBool = AtomicBool::new(false);
/// Which run this is, counted from 1.
static RUN: AtomicU64 = AtomicU64::new(0);
/// Threads spawned in this run, `main` included.
static THREADS: AtomicU16 = AtomicU16::new(0);
/// Threads of this run that nobody may have joined.
static RUNNING: Mutex<Vec<Running>> = Mutex::new(Vec::new());
static REPORT: OnceLock<Report> = OnceLock::new();
/// Processes spawned in this run.
static PROCESSES: AtomicU16 = AtomicU16::new(0);
static SELF: OnceLock<Process> = OnceLock::new();

/// What this process runs.
#[derive(Debug)]
pub(crate) struct Process {
    /// The variant, for child processes.
    pub(crate) variant: String,
    /// Whether its program is the small one.
    pub(crate) small: bool,
    /// Which of the program's processes this is; none for the one that spawns them.
    pub(crate) number: Option<u16>,
}

/// The exit code of a child process whose program never came to its part.
pub(crate) const NOT_THERE: u8 = 2;

/// What this run has observed.
static OBSERVED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Takes what a run came to: its number, and its failure if it failed.
pub(crate) type Report = fn(u64, Option<&Failure>);

thread_local! {
    static ME: RefCell<(TaskId, Random)> = const { RefCell::new((TaskId::MAIN, Random(0))) };
}

/// What ended a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// A verdict's name.
    pub(crate) kind: String,
    /// One sentence.
    pub(crate) message: String,
}

impl From<Verdict> for Failure {
    fn from(verdict: Verdict) -> Self {
        Failure { kind: verdict.name().to_owned(), message: verdict.to_string() }
    }
}

/// Whether this process runs its program on real threads.
#[inline]
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Runs `program` so many times, one run after the other, the first of them numbered `first`. A run has ended when all
/// its threads have. A run that fails ends the process, and so does the one in which it comes to this process's part.
#[cfg(feature = "suite")]
pub(crate) fn run(process: Process, program: fn(), first: u64, runs: u64, report: Report) {
    ON.store(true, Ordering::Relaxed);
    SELF.get_or_init(|| process);
    REPORT.get_or_init(|| report);
    for run in first..first.saturating_add(runs) {
        RUN.store(run, Ordering::Relaxed);
        THREADS.store(0, Ordering::Relaxed);
        PROCESSES.store(0, Ordering::Relaxed);
        lock(&OBSERVED).clear();
        // A thread of its own for `main` too: the token of `park` does not outlive the run.
        spawn(Some("main".into()), program);
        while let Some(running) = { lock(&RUNNING).pop() } {
            running.join();
        }
        report(run, None);
    }
}

/// Which run this is, counted from 1.
pub(crate) fn run_number() -> u64 {
    RUN.load(Ordering::Relaxed)
}

/// Whose part of the program comes now.
#[derive(Debug)]
pub(crate) enum Role {
    /// A thread's, under an engine.
    Model,
    /// That of a child process, which is to be called with these arguments.
    Parent(Vec<String>),
    /// That of this process, which is a child.
    Child,
    /// That of another child of this one's parent.
    Sibling,
}

/// The next process's.
pub(crate) fn next_process() -> Role {
    let number = PROCESSES.fetch_add(1, Ordering::Relaxed);
    let Process { variant, small, number: own } = SELF.get().expect("the program is run by a process");
    match own {
        None => {
            let [run, number] = [RUN.load(Ordering::Relaxed).to_string(), number.to_string()];
            let arguments = ["stress-child", variant, "--first", &run, "--runs", "1", "--process", &number];
            let size = small.then_some("--small");
            Role::Parent(arguments.into_iter().chain(size).map(str::to_owned).collect())
        }
        Some(own) if *own == number => Role::Child,
        Some(_) => Role::Sibling,
    }
}

/// Says something to the process that has started this one, on a line of its own. If that one is gone, so is this.
pub(crate) fn say(what: &impl Serialize) {
    let line = serde_json::to_string(what).expect("it is plain data");
    // The line end before it closes a line that the program may have begun.
    let text = format!("\n{line}\n");
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(i32::from(NOT_THERE));
    }
}

/// Ends the process with a failure: the first of a run is the one that counts.
pub(crate) fn fail(failure: impl Into<Failure>) -> ! {
    static ENDING: Mutex<()> = Mutex::new(());
    // Whoever else fails waits here for the end.
    let _ending = lock(&ENDING);
    if let Some(report) = REPORT.get() {
        report(RUN.load(Ordering::Relaxed), Some(&failure.into()));
    }
    std::process::exit(0);
}

/// A real thread, for all who want to know when it has ended.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    thread: std::thread::Thread,
    handle: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Running {
    pub(crate) fn thread(&self) -> &std::thread::Thread {
        &self.thread
    }

    pub(crate) fn join(&self) {
        // Whoever else joins waits for the one that has the handle.
        let mut handle = lock(&self.handle);
        if let Some(handle) = handle.take() {
            // A panic of the program's has ended the process.
            let _ = handle.join();
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        match self.handle.try_lock() {
            Ok(handle) => handle.as_ref().is_none_or(JoinHandle::is_finished),
            Err(TryLockError::Poisoned(_)) => true,
            Err(TryLockError::WouldBlock) => false,
        }
    }
}

/// Spawns a thread whose panic is the run's failure. Gives its number too.
pub(crate) fn spawn(name: Option<String>, body: impl FnOnce() + Send + 'static) -> (TaskId, Running) {
    let me = TaskId(THREADS.fetch_add(1, Ordering::Relaxed));
    let seed = RUN.load(Ordering::Relaxed) << 16 | u64::from(me.0);
    // std's own default, or what the program has asked for.
    let mut builder = std::thread::Builder::new().stack_size(super::stack_bytes(2 << 20));
    if let Some(name) = name {
        builder = builder.name(name);
    }
    let handle = builder.spawn(move || {
        ME.set((me, Random(seed)));
        if let Err(payload) = catch_unwind(AssertUnwindSafe(body)) {
            fail(Verdict::Assertion { task: name_of_me(), message: message(payload.as_ref()), at: None });
        }
    });
    let handle = handle.unwrap_or_else(|error| {
        fail(Failure { kind: "error".into(), message: format!("the system gives no more threads: {error}") })
    });
    let running = Running { thread: handle.thread().clone(), handle: Arc::new(Mutex::new(Some(handle))) };
    lock(&RUNNING).push(running.clone());
    (me, running)
}

/// Notes what is observed in this run.
pub(crate) fn observe(observed: String) {
    lock(&OBSERVED).push(observed);
}

/// What has been, so far, sorted.
#[cfg(feature = "suite")]
pub(crate) fn observed() -> Vec<String> {
    let mut observed = lock(&OBSERVED).clone();
    observed.sort_unstable();
    observed
}

/// The number of this thread.
pub(crate) fn me() -> TaskId {
    ME.with_borrow(|(me, _)| *me)
}

/// The name of this thread, as a trace would have it.
pub(crate) fn name_of_me() -> String {
    let me = me();
    std::thread::current().name().map_or_else(|| format!("thread-{}", me.0), str::to_owned)
}

/// One of `0..options`, at random: the same in every process for the same run and thread.
pub(crate) fn choose(options: usize) -> usize {
    ME.with_borrow_mut(|(_, random)| random.below(options))
}

/// The permits of a semaphore.
#[derive(Debug)]
pub(crate) struct Permits {
    free: Mutex<usize>,
    changed: Condvar,
}

impl Permits {
    pub(crate) fn new(free: usize) -> Self {
        Permits { free: Mutex::new(free), changed: Condvar::new() }
    }

    pub(crate) fn acquire(&self, count: usize) {
        let free = self.changed.wait_while(lock(&self.free), |free| *free < count);
        *free.unwrap_or_else(PoisonError::into_inner) -= count;
    }

    /// Whether there was one.
    pub(crate) fn try_acquire(&self) -> bool {
        let mut free = lock(&self.free);
        let found = *free > 0;
        *free -= usize::from(found);
        found
    }

    pub(crate) fn release(&self, count: usize) {
        *lock(&self.free) += count;
        self.changed.notify_all();
    }

    pub(crate) fn free(&self) -> usize {
        *lock(&self.free)
    }
}

/// The requests of a [`Bypass`](crate::Bypass), and by whom each has been bypassed.
#[derive(Debug)]
pub(crate) struct Requests {
    bound: usize,
    waiting: Mutex<Vec<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    task: TaskId,
    name: String,
    by: Vec<String>,
}

impl Requests {
    pub(crate) fn new(bound: usize) -> Self {
        Requests { bound, waiting: Mutex::default() }
    }

    pub(crate) fn request(&self) {
        lock(&self.waiting).push(Waiting { task: me(), name: name_of_me(), by: Vec::new() });
    }

    /// Fails the run if that was once too often for somebody else.
    pub(crate) fn grant(&self, object: &str) {
        let me = me();
        let mut waiting = lock(&self.waiting);
        waiting.retain(|waiting| waiting.task != me);
        for waiting in waiting.iter_mut() {
            waiting.by.push(name_of_me());
            if waiting.by.len() > self.bound {
                fail(Verdict::Starvation {
                    task: std::mem::take(&mut waiting.name),
                    object: object.to_owned(),
                    bypassed: waiting.by.len(),
                    bound: self.bound,
                    by: std::mem::take(&mut waiting.by),
                });
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
