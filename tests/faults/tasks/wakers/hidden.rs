//! Wakers that come through a channel of std's, into which raddle does not see.

use crate::cases::{Came, EXHAUSTIVE, LOOM, chain, fails, holds, under};
use crate::tasks::{DFS, all_come_to};
use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::task::{self, runtime};
use raddle::{Outcome, thread};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc as StdArc, Mutex as StdMutex};
use std::task::{Poll, Waker};

/// A channel by hand of std's mutex, as that of `futures` is, seen from here: nobody can look into it.
struct Hidden<T>(StdMutex<(VecDeque<T>, Option<Waker>)>);

impl<T> Hidden<T> {
    fn new() -> StdArc<Self> {
        StdArc::new(Hidden(StdMutex::new((VecDeque::new(), None))))
    }

    /// The waker is called with the lock held.
    fn send(&self, value: T) {
        let mut slot = self.0.lock().unwrap();
        slot.0.push_back(value);
        if let Some(waker) = slot.1.take() {
            waker.wake();
        }
    }

    async fn recv(&self) -> T {
        std::future::poll_fn(|cx| {
            let mut slot = self.0.lock().unwrap();
            match slot.0.pop_front() {
                Some(value) => Poll::Ready(value),
                None => {
                    slot.1 = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

fn received(senders: u32) -> Vec<u32> {
    runtime::Runtime::new().unwrap().block_on(async {
        let channel = Hidden::new();
        for number in 0..senders {
            let channel = StdArc::clone(&channel);
            drop(task::spawn(async move { channel.send(number) }));
        }
        let mut got = Vec::new();
        for _ in 0..senders {
            got.push(channel.recv().await);
        }
        got
    })
}

fn orders(of: u32) -> Vec<Vec<u32>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let with = |order: Vec<u32>| {
        (0..=order.len()).map(move |at| {
            let mut order = order.clone();
            order.insert(at, of - 1);
            order
        })
    };
    orders(of - 1).into_iter().flat_map(with).collect()
}

pub(super) fn four_senders() -> Came {
    all_come_to(&[EXHAUSTIVE], &orders(4), || received(4))
}

pub(super) fn four_senders_fail() -> Came {
    fails(&under(EXHAUSTIVE), "assertion", || assert_ne!(received(4), [2, 3, 1, 0]))
}

pub(super) fn senders_then_receiver() -> Came {
    all_come_to(&[EXHAUSTIVE], &orders(2), || {
        runtime::Runtime::new().unwrap().block_on(async {
            let channel = Hidden::new();
            for number in 0..2 {
                let channel = StdArc::clone(&channel);
                drop(task::spawn(async move { channel.send(number) }));
            }
            let receives = task::spawn(async move { vec![channel.recv().await, channel.recv().await] });
            receives.await.unwrap()
        })
    })
}

pub(super) fn thread_sends() -> Came {
    all_come_to(&[EXHAUSTIVE, DFS], &[(1, false), (1, true)], || {
        let channel = Hidden::new();
        let theirs = StdArc::clone(&channel);
        let polls = StdArc::new(StdMutex::new(0));
        let sends = thread::spawn(move || theirs.send(1));
        let value = task::block_on(async {
            let mut received = pin!(channel.recv());
            std::future::poll_fn(|cx| {
                *polls.lock().unwrap() += 1;
                received.as_mut().poll(cx)
            })
            .await
        });
        sends.join().unwrap();
        let waited = *polls.lock().unwrap() > 1;
        (value, waited)
    })
}

pub(super) fn threads_race() -> Came {
    all_come_to(&[EXHAUSTIVE, DFS], &orders(2), || {
        let channel = Hidden::new();
        let threads = [0, 1].map(|number| {
            let channel = StdArc::clone(&channel);
            thread::spawn(move || channel.send(number))
        });
        let got = task::block_on(async { vec![channel.recv().await, channel.recv().await] });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        got
    })
}

/// A semaphore by hand of std's mutex.
pub(super) fn own_semaphore() -> Came {
    all_come_to(&[EXHAUSTIVE], &orders(2), || {
        let state = StdArc::new(StdMutex::new((1_u32, Vec::<Waker>::new(), Vec::new())));
        runtime::Runtime::new().unwrap().block_on(async {
            let tasks = [0, 1].map(|number| {
                let state = StdArc::clone(&state);
                task::spawn(async move {
                    std::future::poll_fn(|cx| {
                        let mut state = state.lock().unwrap();
                        if state.0 == 0 {
                            state.1.push(cx.waker().clone());
                            return Poll::Pending;
                        }
                        state.0 -= 1;
                        state.2.push(number);
                        Poll::Ready(())
                    })
                    .await;
                    task::yield_now().await;
                    let wakers = {
                        let mut state = state.lock().unwrap();
                        state.0 += 1;
                        std::mem::take(&mut state.1)
                    };
                    wakers.into_iter().for_each(Waker::wake);
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
        let state = state.lock().unwrap();
        state.2.clone()
    })
}

pub(super) fn loom_refuses() -> Came {
    match under(LOOM).run(|| _ = received(2)) {
        Err(error) if error.to_string().contains("by a way that raddle does not see") => Ok(error.to_string()),
        other => Err(format!("expected a refusal, got {other:?}")),
    }
}

pub(super) fn chain_goes_on() -> Came {
    holds(&chain(), || assert_eq!(received(2).iter().sum::<u32>(), 1))
}

/// What the sender did before it sent has happened for the receiver.
pub(super) fn carries() -> Came {
    let program = || {
        let done = Arc::new(AtomicU32::new(0));
        let channel = Hidden::new();
        let (theirs, does) = (StdArc::clone(&channel), Arc::clone(&done));
        let sends = thread::spawn(move || {
            does.store(1, SeqCst);
            theirs.send(());
        });
        task::block_on(channel.recv());
        assert_eq!(done.load(SeqCst), 1);
        sends.join().unwrap();
    };
    let proven = holds(&under(EXHAUSTIVE), program)?;
    // loom can't see that std's mutex orders the two: it says so, or holds, and never that the program fails.
    match under(LOOM).run(program) {
        Ok(Outcome::Fails(found)) => Err(format!("loom: {}", found.verdict)),
        Ok(_) => Ok(proven),
        Err(error) => Ok(format!("{proven}; loom: {error}")),
    }
}
