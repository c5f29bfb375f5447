//! Threads, with `std::thread`'s signatures.
//!
//! A thread of the program is a task of the execution. A panic that leaves a task fails the execution, so a `join`
//! that returns always gives `Ok`; catch the panic inside the thread where it is part of the program.

use crate::execution::{self, Acted, Kind, Mode, Op, Site, TaskId, TaskState, act, perform, with};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
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
    name: Option<String>,
}

impl Thread {
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
        perform(Op::bare(Kind::Unpark(self.id), Location::caller()));
    }
}

/// The thread that calls this.
#[must_use]
pub fn current() -> Thread {
    with(|x| Thread { id: x.current, name: x.tasks[x.current.index()].name.as_deref().map(str::to_owned) })
}

/// Lets others run. A loop that waits for another task has to yield, or the search never ends.
#[track_caller]
pub fn yield_now() {
    perform(Op::bare(Kind::Yield, Location::caller()));
}

/// Waits for the thread's token, and takes it. May wake for no reason if the check allows spurious wakeups.
#[track_caller]
pub fn park() {
    perform(Op::bare(Kind::Park, Location::caller()));
}

/// Waits for the thread's token for a time: whether it or the timeout comes first is explored.
#[track_caller]
pub fn park_timeout(timeout: Duration) {
    perform(Op::bare(Kind::Park, Location::caller()).timeout(Some(timeout)));
}

/// What a thread and its handle share.
struct Packet<T> {
    id: AtomicU16,
    result: Mutex<Option<T>>,
}

impl<T> Packet<T> {
    fn task(&self) -> TaskId {
        TaskId(self.id.load(Ordering::Relaxed))
    }
}

/// Names a thread before it is spawned.
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
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

    /// Has no effect: stacks are the engines'.
    #[must_use]
    pub fn stack_size(self, _bytes: usize) -> Self {
        self
    }

    /// Spawns the thread.
    ///
    /// # Errors
    /// Never; the signature is std's.
    #[track_caller]
    pub fn spawn<F, T>(self, program: F) -> std::io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let name = self.name.clone();
        let packet = start(self.name, program, Location::caller());
        Ok(JoinHandle { thread: Thread { id: packet.task(), name }, packet })
    }

    /// Spawns the thread in a scope.
    ///
    /// # Errors
    /// Never; the signature is std's.
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
    let packet = start(None, program, Location::caller());
    JoinHandle { thread: Thread { id: packet.task(), name: None }, packet }
}

fn start<F, T>(name: Option<String>, program: F, site: Site) -> Arc<Packet<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let packet = Arc::new(Packet { id: AtomicU16::new(0), result: Mutex::new(None) });
    let theirs = Arc::clone(&packet);
    let body = move || {
        let value = program();
        *theirs.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    };
    start_body(name, body, site, &packet);
    packet
}

fn start_body<T: Send + 'static>(
    name: Option<String>,
    body: impl FnOnce() + Send + 'static,
    site: Site,
    packet: &Arc<Packet<T>>,
) {
    let theirs = Arc::clone(packet);
    let id = move || theirs.task();
    let op = Op::bare(Kind::Spawn, site);
    let name = name.map(Into::into);
    act(op, |mode| {
        let add = || {
            with(|x| {
                let child = x.add_task(name, site);
                packet.id.store(child.0, Ordering::Relaxed);
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
    let child = packet.task();
    with(|x| {
        let me = x.current;
        if let Some(recorder) = &mut x.recorder {
            recorder.spawned(me, child);
        }
    });
}

fn join(task: TaskId, site: Site) {
    let op = Op::bare(Kind::Join(task), site);
    act(op, |mode| {
        if mode == Mode::Loom {
            crate::engine::loom::join(task);
        }
        Acted::done(())
    });
}

fn is_finished(task: TaskId, site: Site) -> bool {
    perform(Op::bare(Kind::IsFinished(task), site));
    with(|x| x.tasks[task.index()].state == TaskState::Finished)
}

/// Permission to wait for a thread and to take its result.
pub struct JoinHandle<T> {
    thread: Thread,
    packet: Arc<Packet<T>>,
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
        join(self.thread.id, Location::caller());
        take(&self.packet)
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
        is_finished(self.thread.id, Location::caller())
    }
}

fn take<T>(packet: &Packet<T>) -> Result<T> {
    let value = packet.result.lock().unwrap_or_else(PoisonError::into_inner).take();
    value.ok_or_else(|| {
        // The execution is over, and a destructor joins: there is no result, and nobody to tell.
        Box::new("the execution ended before the thread did") as Box<dyn std::any::Any + Send>
    })
}

/// A scope whose threads have all ended when it is left.
pub struct Scope<'scope, 'env: 'scope> {
    children: Mutex<Vec<TaskId>>,
    lifetime: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl std::fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("children", &self.children).finish_non_exhaustive()
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Spawns a thread that may borrow from outside the scope.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, program: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.start(None, program, Location::caller())
    }

    fn start<F, T>(&'scope self, name: Option<String>, program: F, site: Site) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let result = Arc::new(Mutex::new(None));
        let theirs = Arc::clone(&result);
        // A thread that never runs is never dropped either: what it borrows may be gone by then.
        let program = ManuallyDrop::new(program);
        let body = move || {
            let value = ManuallyDrop::into_inner(program)();
            *theirs.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        };
        let body: Box<dyn FnOnce() + Send + 'scope> = Box::new(body);
        // SAFETY: only the lifetime changes. The body runs only on the coroutine that it is moved to, and `scope` does
        // not return before that has ended: it joins every child, also when its closure panics. Where the execution is
        // over, children that have not ended are never resumed (the engines leak their stacks), and one that never
        // started is dropped without dropping the program in it, which is `ManuallyDrop`; the `Arc` beside it is freed
        // at most, and holds no value, since only a body that ran puts one there.
        // Tested by `tests/teardown.rs`: `scope_*`.
        #[expect(unsafe_code, reason = "neither engine can take a borrowing closure")]
        let body: Box<dyn FnOnce() + Send + 'static> = unsafe {
            std::mem::transmute::<Box<dyn FnOnce() + Send + 'scope>, Box<dyn FnOnce() + Send + 'static>>(body)
        };
        let packet = Arc::new(Packet { id: AtomicU16::new(0), result: Mutex::new(None::<()>) });
        start_body(name.clone(), body, site, &packet);
        let id = packet.task();
        self.children.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        ScopedJoinHandle { thread: Thread { id, name }, result, scope: PhantomData }
    }
}

/// Permission to wait for a scoped thread and to take its result.
pub struct ScopedJoinHandle<'scope, T> {
    thread: Thread,
    result: Arc<Mutex<Option<T>>>,
    scope: PhantomData<&'scope ()>,
}

impl<T> std::fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScopedJoinHandle").field("thread", &self.thread).finish_non_exhaustive()
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits for the thread to end and gives its result.
    ///
    /// # Errors
    /// Never: a panic that leaves a thread fails the execution. The signature is std's.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        join(self.thread.id, Location::caller());
        let value = self.result.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or_else(|| Box::new("the execution ended before the thread did") as Box<dyn std::any::Any + Send>)
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
        is_finished(self.thread.id, Location::caller())
    }
}

/// Runs `body` with a scope, and waits for the scope's threads, also when `body` panics.
#[track_caller]
pub fn scope<'env, F, T>(body: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let site = Location::caller();
    let scope = Scope { children: Mutex::new(Vec::new()), lifetime: PhantomData, env: PhantomData };
    let result = catch_unwind(AssertUnwindSafe(|| body(&scope)));
    if !with(|x| x.over) {
        // A child may spawn more before it ends: those come after it.
        let nth = |nth: usize| scope.children.lock().unwrap_or_else(PoisonError::into_inner).get(nth).copied();
        for child in (0..).map_while(nth) {
            join(child, site);
        }
    }
    result.unwrap_or_else(|payload| resume_unwind(payload))
}
