//! Scoped threads: they may borrow, and have ended when their scope is left.

use super::{Child, Result, Thread, start_body, take};
use crate::engine::real;
use crate::execution::{self, Site, with};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// A scope whose threads have all ended when it is left.
pub struct Scope<'scope, 'env: 'scope> {
    children: Mutex<Vec<Child>>,
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

    pub(super) fn start<F, T>(&'scope self, name: Option<String>, program: F, site: Site) -> ScopedJoinHandle<'scope, T>
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
        // at most, and holds no value, since only a body that ran puts one there. On real threads the child is a
        // thread of the system's, joined all the same, and the execution is over only when the process is.
        // Tested by `tests/teardown.rs`: `scope_*`.
        #[expect(unsafe_code, reason = "no engine can take a borrowing closure")]
        let body: Box<dyn FnOnce() + Send + 'static> = unsafe {
            std::mem::transmute::<Box<dyn FnOnce() + Send + 'scope>, Box<dyn FnOnce() + Send + 'static>>(body)
        };
        let child = start_body(name.clone(), body, site);
        self.children.lock().unwrap_or_else(PoisonError::into_inner).push(child.clone());
        ScopedJoinHandle { thread: Thread::new(&child, name), child, result, scope: PhantomData }
    }
}

/// Permission to wait for a scoped thread and to take its result.
pub struct ScopedJoinHandle<'scope, T> {
    thread: Thread,
    child: Child,
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

/// Runs `body` with a scope, and waits for the scope's threads, also when `body` panics.
#[track_caller]
pub fn scope<'env, F, T>(body: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let site = Location::caller();
    let scope = Scope { children: Mutex::new(Vec::new()), lifetime: PhantomData, env: PhantomData };
    let result = catch_unwind(AssertUnwindSafe(|| body(&scope)));
    if real::is_on() || !with(|x| x.over) {
        // A child may spawn more before it ends: those come after it.
        let nth = |nth: usize| scope.children.lock().unwrap_or_else(PoisonError::into_inner).get(nth).cloned();
        let mut parks = false;
        for child in (0..).map_while(nth) {
            parks = parks || (!real::is_on() && execution::looks_first(site) && !child.is_finished(site));
            child.join_parking(site, parks);
        }
    }
    result.unwrap_or_else(|payload| resume_unwind(payload))
}
