//! A future that was polled by reference, and is used on.

use super::{all_fail, all_hold};
use crate::cases::{Came, Case, Kind};
use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicBool, Ordering::SeqCst};
use raddle::task::sync::{Mutex as AsyncMutex, Notify, Semaphore, broadcast, mpsc, oneshot, watch};
use raddle::time::{self, Duration};
use raddle::{select, task};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc as StdArc, Mutex as StdMutex};
use std::task::Poll;

pub(crate) const KIND: Kind = Kind {
    name: "by_reference",
    what: "a future that was polled by reference, and is used on",
    cases: &[
        Case { name: "a_receiver_that_has_lost_a_select_is_closed_and_asked", run: closes_and_asks },
        Case { name: "a_receiver_that_was_closed_after_a_poll_takes_nothing", run: closed_takes_nothing },
        Case { name: "a_sender_learns_that_a_polled_receiver_was_closed", run: sender_learns },
        Case { name: "a_receiver_that_was_polled_can_be_asked_and_awaited_again", run: asked_and_awaited },
        Case { name: "a_receiver_that_has_given_its_value_is_closed", run: given_is_closed },
        Case { name: "a_lock_a_permit_and_a_notification_keep_their_place", run: keep_their_place },
        Case { name: "a_notification_is_waited_for_before_the_first_poll", run: enables },
        Case { name: "channels_receive_after_a_receive_was_given_up", run: receives_again },
        Case { name: "a_join_handle_is_awaited_after_it_lost_a_select", run: joins_again },
        Case { name: "a_join_handle_that_has_given_its_value_panics", run: joins_twice },
        Case { name: "a_sleep_that_is_reset_wakes_at_its_new_time", run: resets },
        Case { name: "an_interval_goes_on_after_a_tick_was_given_up", run: ticks_on },
    ],
};

/// Polls once with the waker of the task.
async fn once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|cx| match Pin::new(&mut *future).poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn closes_and_asks() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (sender, mut receiver) = oneshot::channel();
            let sends = task::spawn(async move { sender.send(7).is_ok() });
            let got = select! {
                value = &mut receiver => value.ok(),
                () = task::yield_now() => {
                    receiver.close();
                    receiver.try_recv().ok()
                },
            };
            assert_eq!(got.is_some(), sends.await.unwrap(), "what was sent has come, and what has not was given back");
        });
    })
}

fn closed_takes_nothing() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (sender, mut receiver) = oneshot::channel();
            assert!(once(&mut receiver).await.is_none());
            receiver.close();
            assert_eq!(sender.send(1), Err(1));
            assert!(receiver.await.is_err());
        });
    })
}

fn sender_learns() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (mut sender, mut receiver) = oneshot::channel::<u32>();
            assert!(once(&mut receiver).await.is_none());
            let learns = task::spawn(async move {
                sender.closed().await;
                sender.is_closed()
            });
            receiver.close();
            assert!(learns.await.unwrap());
        });
    })
}

fn asked_and_awaited() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (sender, mut receiver) = oneshot::channel();
            assert!(once(&mut receiver).await.is_none());
            assert_eq!(receiver.try_recv(), Err(oneshot::error::TryRecvError::Empty));
            let sends = task::spawn(async move { sender.send(3) });
            assert_eq!((&mut receiver).await, Ok(3));
            sends.await.unwrap().unwrap();
        });
    })
}

fn given_is_closed() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (sender, mut receiver) = oneshot::channel();
            sender.send(3).unwrap();
            assert_eq!((&mut receiver).await, Ok(3));
            receiver.close();
            assert_eq!(receiver.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        });
    })
}

fn keep_their_place() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (lock, permits, notify) = (AsyncMutex::new(0), Semaphore::new(0), Notify::new());
            let held = lock.lock().await;
            let (mut waits, mut acquires, mut notified) =
                (pin!(lock.lock()), pin!(permits.acquire()), pin!(notify.notified()));
            assert!(once(&mut waits).await.is_none());
            assert!(once(&mut acquires).await.is_none());
            assert!(once(&mut notified).await.is_none());
            drop(held);
            permits.add_permits(1);
            notify.notify_one();
            *waits.await += 1;
            drop(acquires.await);
            notified.await;
        });
    })
}

fn enables() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (notify, ready) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
            let (theirs, sets) = (Arc::clone(&notify), Arc::clone(&ready));
            let notifies = task::spawn(async move {
                sets.store(true, SeqCst);
                theirs.notify_one();
            });
            loop {
                let mut notified = pin!(notify.notified());
                notified.as_mut().enable();
                if ready.load(SeqCst) {
                    break;
                }
                notified.await;
            }
            notifies.await.unwrap();
        });
    })
}

fn receives_again() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            let (shouts, mut hears) = broadcast::channel(2);
            let (sets, mut sees) = watch::channel(0);
            assert!(once(&mut pin!(receiver.recv())).await.is_none());
            assert!(once(&mut pin!(hears.recv())).await.is_none());
            assert!(once(&mut pin!(sees.changed())).await.is_none());
            sender.send(1).await.unwrap();
            shouts.send(2).unwrap();
            sets.send(3).unwrap();
            receiver.close();
            assert_eq!(receiver.recv().await, Some(1));
            assert_eq!(hears.recv().await, Ok(2));
            sees.changed().await.unwrap();
            assert_eq!(sees.borrow(), 3);
        });
    })
}

fn joins_again() -> Came {
    all_hold(|| {
        task::block_on(async {
            let mut handle = task::spawn(async { 5 });
            let value = select! {
                value = &mut handle => value,
                () = task::yield_now() => {
                    handle.abort();
                    handle.await
                },
            };
            assert!(value.map_or_else(|error| error.is_cancelled(), |value| value == 5));
        });
    })
}

fn joins_twice() -> Came {
    all_fail("assertion", || {
        task::block_on(async {
            let mut handle = task::spawn(async { 5 });
            (&mut handle).await.unwrap();
            _ = handle.await;
        });
    })
}

fn resets() -> Came {
    all_hold(|| {
        task::block_on(async {
            let start = time::Instant::now();
            let sleep = StdArc::new(StdMutex::new(Box::pin(time::sleep(Duration::from_secs(9)))));
            assert!(once(&mut *sleep.lock().unwrap()).await.is_none());
            let theirs = StdArc::clone(&sleep);
            let reset = async move {
                task::yield_now().await;
                theirs.lock().unwrap().as_mut().reset(start + Duration::from_secs(1));
            };
            let waits = std::future::poll_fn(move |cx| sleep.lock().unwrap().as_mut().poll(cx));
            raddle::tokio::join!(waits, reset);
            assert_eq!(start.elapsed(), Duration::from_secs(1));
        });
    })
}

fn ticks_on() -> Came {
    all_hold(|| {
        task::block_on(async {
            let start = time::Instant::now();
            let mut interval = time::interval(Duration::from_secs(2));
            interval.tick().await;
            let early = time::timeout(Duration::from_secs(1), interval.tick()).await;
            assert!(early.is_err());
            interval.tick().await;
            assert_eq!(start.elapsed(), Duration::from_secs(2));
        });
    })
}
