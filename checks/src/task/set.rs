//! `JoinSet`: tasks that are waited for in the order in which they end.

use super::join::{AbortHandle, JoinError, JoinHandle};
use super::poll::{deferred, with_waker};
use super::runtime::Handle;
use super::sync::Announcer;
use crate::execution::Site;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Tasks that are waited for in the order in which they end. Dropped, it aborts those that have not.
#[derive(Debug)]
pub struct JoinSet<T: 'static> {
    announcer: Announcer,
    site: Site,
    members: Vec<(u64, JoinHandle<T>)>,
    spawned: u64,
    ended: Arc<Ended>,
}

/// Which members' handles are to be polled, in the order in which they were woken.
#[derive(Debug, Default)]
struct Ended {
    queue: Mutex<(VecDeque<u64>, Option<Waker>)>,
}

impl Ended {
    fn lock(&self) -> MutexGuard<'_, (VecDeque<u64>, Option<Waker>)> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Member {
    number: u64,
    ended: Arc<Ended>,
    announcer: Announcer,
    site: Site,
}

impl Wake for Member {
    fn wake(self: Arc<Self>) {
        let waker = {
            let mut queue = self.ended.lock();
            queue.0.push_back(self.number);
            queue.1.take()
        };
        // Which of two tasks ends first makes a difference here.
        self.announcer.touch("end in", self.site);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T: Send + 'static> Default for JoinSet<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send + 'static> JoinSet<T> {
    /// A set without tasks.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        let site = Location::caller();
        let announcer = Announcer::new("join set", site);
        JoinSet { announcer, site, members: Vec::new(), spawned: 0, ended: Arc::default() }
    }

    /// Spawns a task on the current runtime.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        let handle = Handle::current().spawn_named(None, future, Location::caller());
        self.insert(handle)
    }

    /// The same, under a name.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_named<F>(&mut self, name: impl Into<String>, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        let handle = Handle::current().spawn_named(Some(name.into()), future, Location::caller());
        self.insert(handle)
    }

    /// Runs `call` on a thread for blocking calls.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, call: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let handle = Handle::current().spawn_blocking(call);
        self.insert(handle)
    }

    fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        self.spawned += 1;
        self.members.push((self.spawned, handle));
        // It has not been polled, so nobody would say that it has ended.
        self.ended.lock().0.push_back(self.spawned);
        abort
    }

    /// Waits for the next task to end; `None` when there is none.
    pub fn join_next(&mut self) -> impl Future<Output = Option<Result<T, JoinError>>> + '_ {
        std::future::poll_fn(|cx| self.poll_join_next(cx))
    }

    fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        if self.members.is_empty() {
            return Poll::Ready(None);
        }
        let deferred = deferred(cx.waker());
        let mut next = self.announcer.step("join next of", self.site, || {
            let mut queue = self.ended.lock();
            queue.1 = Some(deferred.unwrap_or_else(|| cx.waker().clone()));
            queue.0.pop_front()
        });
        while let Some(number) = next {
            if let Some(index) = self.members.iter().position(|(member, _)| *member == number) {
                let waker = Waker::from(Arc::new(Member {
                    number,
                    ended: Arc::clone(&self.ended),
                    announcer: self.announcer,
                    site: self.site,
                }));
                let member = Pin::new(&mut self.members[index].1);
                if let Poll::Ready(result) = with_waker(&waker, || member.poll(&mut Context::from_waker(&waker))) {
                    self.members.remove(index);
                    return Poll::Ready(Some(result));
                }
            }
            next = self.ended.lock().0.pop_front();
        }
        Poll::Pending
    }

    /// Waits for all; gives their values in the order in which they ended.
    ///
    /// # Panics
    /// If one was cancelled.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut values = Vec::with_capacity(self.members.len());
        while let Some(result) = self.join_next().await {
            values.push(result.expect("a task of the set was cancelled"));
        }
        values
    }

    /// Aborts all.
    #[track_caller]
    pub fn abort_all(&mut self) {
        for (_, handle) in &self.members {
            handle.abort();
        }
    }

    /// Aborts all, and waits until they have ended.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Leaves all running, and waits for none.
    pub fn detach_all(&mut self) {
        self.members.clear();
    }

    /// Tasks that have not been waited for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl<T: 'static> Drop for JoinSet<T> {
    fn drop(&mut self) {
        let members = std::mem::take(&mut self.members);
        for (_, handle) in members {
            handle.abort();
        }
    }
}
