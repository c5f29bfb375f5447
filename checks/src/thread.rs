//! Threads, with `std::thread`'s signatures.
//!
//! A thread of the program is a task of the execution. A panic that leaves a task fails the execution, so a `join`
//! that returns always gives `Ok`; catch the panic inside the thread where it is part of the program. On real threads
//! a thread is std's.

mod local;
mod scope;

pub use local::{AccessError, LocalKey};
pub use scope::{Scope, ScopedJoinHandle, scope};

use crate::engine::real::{self, Running};
use crate::engine::{STACK_MAX, want_stack};
use crate::execution::{self, Acted, Kind, Mode, Op, Site, TaskId, TaskState, act, perform, with};
use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use std::thread::{Result, panicking};

/// A thread's number within its execution, in order of spawning; `main` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThreadId(TaskId);

/// A handle to a thread.
#[derive(Clone, Debug)]
pub struct Thread {
    id: TaskId,
    /// Of its execution; none on real threads.
    serial: Option<NonZeroU64>,
    name: Option<String>,
    real: Option<std::thread::Thread>,
}

impl Thread {
    fn new(child: &Child, name: Option<String>) -> Self {
        let real = child.running.as_ref().map(|running| running.thread().clone());
        Thread { id: child.id, serial: child.serial, name, real }
    }

    /// The thread's number.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        ThreadId(self.id)
    }

    /// The name it was given.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Makes the thread's token available: its next [`park`] returns.
    #[track_caller]
    pub fn unpark(&self) {
        if let Some(real) = &self.real {
            return real.unpark();
        }
        perform(Op::bare(Kind::Unpark(self.id), Location::caller()).of(self.serial));
    }
}

/// The thread that calls this.
#[must_use]
pub fn current() -> Thread {
    if real::is_on() {
        let real = std::thread::current();
        return Thread { id: real::me(), serial: None, name: real.name().map(str::to_owned), real: Some(real) };
    }
    with(|x| {
        let name = x.tasks[x.current.index()].name.as_deref().map(str::to_owned);
        Thread { id: x.current, serial: Some(x.serial), name, real: None }
    })
}

/// Lets others run. A loop that waits for another task has to yield, or the search never ends.
#[track_caller]
pub fn yield_now() {
    if real::is_on() {
        return std::thread::yield_now();
    }
    perform(Op::bare(Kind::Yield, Location::caller()));
}

/// Waits for a time on the virtual clock, which goes on when nobody can run, or when all who can only try again in vain. In
/// a task of an event loop this keeps the loop from polling others. On real threads a second takes a millisecond.
#[track_caller]
pub fn sleep(duration: Duration) {
    if real::is_on() {
        // `raddle stress` runs programs as they would run; under every engine the clock is virtual.
        return std::thread::sleep(duration / real::SCALE);
    }
    with(|x| {
        x.tells_time = true;
        let (current, until) = (x.current, x.now.saturating_add(duration));
        x.tasks[current.index()].alarm = (!x.over).then_some(until);
    });
    perform(Op::bare(Kind::Sleep, Location::caller()));
}

/// Waits for the thread's token, and takes it. May wake for no reason if the check allows spurious wakeups.
#[track_caller]
pub fn park() {
    if real::is_on() {
        return std::thread::park();
    }
    perform(Op::bare(Kind::Park, Location::caller()));
}

/// Waits for the thread's token for a time: whether it or the timeout comes first is explored.
#[track_caller]
pub fn park_timeout(timeout: Duration) {
    if real::is_on() {
        return std::thread::park_timeout(timeout);
    }
    perform(Op::bare(Kind::Park, Location::caller()).timeout(Some(timeout)));
}

/// Which thread: for those who join it.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    id: TaskId,
    /// Of its execution; none on real threads.
    serial: Option<NonZeroU64>,
    /// On real threads.
    running: Option<Running>,
}

impl Child {
    pub(crate) fn join(&self, site: Site) {
        self.join_parking(site, false);
    }

    /// Joins it; if `parks`, as who has looked whether it has ended, and waits by parking.
    fn join_parking(&self, site: Site, parks: bool) {
        if let Some(running) = &self.running {
            return running.join();
        }
        let op = Op::bare(Kind::Join(self.id), site).of(self.serial).parking(parks);
        act(op, |mode| {
            if mode == Mode::Loom {
                crate::engine::loom::join(self.id);
                if parks {
                    let me = with(|x| x.current);
                    crate::engine::loom::pass_gate(me, &Op::bare(Kind::Park, site));
                }
            }
            Acted::done(())
        });
    }

    /// What it runs is a future, and nothing before that.
    pub(crate) fn runs_future(&self, is_so: bool) {
        if self.running.is_none() {
            with(|x| {
                if let Some(task) = x.tasks.get_mut(self.id.index()) {
                    task.runs_future = is_so;
                }
            });
        }
    }

    fn is_finished(&self, site: Site) -> bool {
        if let Some(running) = &self.running {
            return running.is_finished();
        }
        perform(Op::bare(Kind::IsFinished(self.id), site).of(self.serial));
        with(|x| x.tasks[self.id.index()].state == TaskState::Finished)
    }
}

/// Names a thread before it is spawned, and says how large its stack is to be.
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
    stack: usize,
}

impl Builder {
    /// A builder for a thread without a name.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the thread: traces and schedules call it so.
    #[must_use]
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// The thread's stack has room for so many bytes, up to 64 MiB: from then on all threads' have. `main`'s is loom's own
    /// under loom, 32 KiB.
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack = bytes;
        self
    }

    fn reserve(&self) -> std::io::Result<()> {
        if self.stack > STACK_MAX {
            let what = format!("a stack of {} bytes is more than raddle gives: {STACK_MAX}", self.stack);
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, what));
        }
        want_stack(self.stack);
        let small = |mode| mode == Mode::Shuttle && crate::engine::shuttle::stacks() < self.stack;
        if !real::is_on() && !panicking() && with(|x| !x.over && small(x.mode)) {
            execution::want_larger_stacks();
        }
        Ok(())
    }

    /// Spawns the thread.
    ///
    /// # Errors
    /// If its stack is to be larger than 64 MiB.
    #[track_caller]
    pub fn spawn<F, T>(self, program: F) -> std::io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.reserve()?;
        Ok(start(self.name, program, Location::caller()))
    }

    /// Spawns the thread in a scope.
    ///
    /// # Errors
    /// If its stack is to be larger than 64 MiB.
    #[track_caller]
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: &'scope Scope<'scope, '_>,
        program: F,
    ) -> std::io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.reserve()?;
        Ok(scope.start(self.name, program, Location::caller()))
    }
}

/// Spawns a thread without a name. Traces call it by its number; name it with [`Builder`] to read them better.
#[track_caller]
pub fn spawn<F, T>(program: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    start(None, program, Location::caller())
}

pub(crate) fn start<F, T>(name: Option<String>, program: F, site: Site) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let result = Arc::new(Mutex::new(None));
    let theirs = Arc::clone(&result);
    let body = move || {
        let value = program();
        *theirs.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    };
    let child = start_body(name.clone(), body, site);
    JoinHandle { thread: Thread::new(&child, name), child, result }
}

/// Spawns a thread for `body`.
pub(crate) fn start_body(name: Option<String>, body: impl FnOnce() + Send + 'static, site: Site) -> Child {
    if real::is_on() {
        let (id, running) = real::spawn(name, body);
        return Child { id, serial: None, running: Some(running) };
    }
    let number = Arc::new(AtomicU16::new(0));
    let theirs = Arc::clone(&number);
    let id = move || TaskId(theirs.load(Ordering::Relaxed));
    let op = Op::bare(Kind::Spawn, site);
    let name = name.map(Into::into);
    act(op, |mode| {
        let add = || {
            with(|x| {
                let child = x.add_task(name, site);
                number.store(child.0, Ordering::Relaxed);
                child
            })
        };
        match mode {
            _ if with(|x| x.over) => {}
            Mode::Loom => {
                execution::refuse_more_than(crate::engine::loom::THREADS_MAX);
                let child = add();
                let handle = crate::engine::loom::spawn(id, body);
                with(|x| x.tasks[child.index()].native.handle = handle);
            }
            Mode::Shuttle => {
                // shuttle lets others run first, and they may spawn too: the number is given afterwards.
                let me = with(|x| x.current);
                crate::engine::shuttle::spawn(id, body);
                with(|x| x.current = me);
                add();
            }
        }
        Acted::done(())
    });
    let child = TaskId(number.load(Ordering::Relaxed));
    let serial = with(|x| {
        let me = x.current;
        x.record(|recorder| recorder.spawned(me, child));
        x.serial
    });
    Child { id: child, serial: Some(serial), running: None }
}

/// Permission to wait for a thread and to take its result.
pub struct JoinHandle<T> {
    thread: Thread,
    child: Child,
    result: Arc<Mutex<Option<T>>>,
}

impl<T> std::fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinHandle").field("thread", &self.thread).finish_non_exhaustive()
    }
}

impl<T> JoinHandle<T> {
    /// Waits for the thread to end and gives its result.
    ///
    /// # Errors
    /// Never: a panic that leaves a thread fails the execution. The signature is std's.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        self.child.join(Location::caller());
        take(&self.result)
    }

    /// The thread.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Whether the thread has ended.
    #[track_caller]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.child.is_finished(Location::caller())
    }
}

fn take<T>(result: &Mutex<Option<T>>) -> Result<T> {
    let value = result.lock().unwrap_or_else(PoisonError::into_inner).take();
    value.ok_or_else(|| {
        // The execution is over, and a destructor joins: there is no result, and nobody to tell.
        Box::new("the execution ended before the thread did") as Box<dyn std::any::Any + Send>
    })
}
