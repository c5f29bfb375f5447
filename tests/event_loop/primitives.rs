//! The asynchronous primitives.

use super::*;
use raddle::sync::Arc;
use raddle::sync::Mutex as BlockingMutex;
use raddle::task::sync::{Barrier, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use raddle::task::{self, JoinHandle};
use raddle::time::{self, Duration};

fn named<F>(name: &str, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    task::Builder::new().name(name).spawn(future).unwrap()
}

async fn two_locks(alice: [usize; 2], bob: [usize; 2]) {
    let locks = Arc::new([Mutex::new(()).named("left"), Mutex::new(()).named("right")]);
    let takes = |name, [one, two]: [usize; 2]| {
        let locks = Arc::clone(&locks);
        named(name, async move {
            let _one = locks[one].lock().await;
            task::yield_now().await;
            let _two = locks[two].lock().await;
        })
    };
    for task in [takes("alice", alice), takes("bob", bob)] {
        task.await.unwrap();
    }
}

#[test]
fn locks_are_made_as_tokio_s_are() {
    holds(|| {
        task::block_on(async {
            assert_eq!((*Mutex::<u32>::default().lock().await, *Mutex::from(3).lock().await), (0, 3));
            assert_eq!((*RwLock::<u32>::default().read().await, *RwLock::from(3).read().await), (0, 3));
        });
    });
}

#[test]
fn mutexes_in_one_order_are_safe_and_in_two_deadlock() {
    holds(|| task::block_on(two_locks([0, 1], [0, 1])));
    fails(
        || task::block_on(two_locks([0, 1], [1, 0])),
        |verdict| {
            let Verdict::Deadlock { cycle } = verdict else { return false };
            let wants: BTreeSet<&str> = cycle.iter().map(|wait| wait.wants.as_str()).collect();
            cycle.len() == 2 && wants == BTreeSet::from(["left", "right"])
        },
    );
}

/// The task waits for the asynchronous mutex that the thread's holder has, and holds the lock that it wants.
#[test]
fn a_deadlock_of_an_async_mutex_and_a_threads_lock_has_both_in_one_cycle() {
    fails(
        || {
            task::block_on(async {
                let shared = Arc::new((Mutex::new(()).named("async"), BlockingMutex::new(()).named("blocking")));
                let theirs = Arc::clone(&shared);
                let call = task::spawn_blocking(move || {
                    let _blocking = theirs.1.lock().unwrap();
                    let _async = theirs.0.blocking_lock();
                });
                let guard = shared.0.lock().await;
                task::yield_now().await;
                drop(shared.1.lock().unwrap());
                drop(guard);
                call.await.unwrap();
            });
        },
        |verdict| {
            let Verdict::Deadlock { cycle } = verdict else { return false };
            let wants: BTreeSet<&str> = cycle.iter().map(|wait| wait.wants.as_str()).collect();
            wants == BTreeSet::from(["async", "blocking"])
        },
    );
}

#[test]
fn a_permit_goes_to_the_first_who_waits_and_on_if_that_one_gives_up() {
    let got = outcomes(|| {
        task::block_on(async {
            let permits = Arc::new(Semaphore::new(0).named("permits"));
            let (one, two) = (Arc::clone(&permits), Arc::clone(&permits));
            let gives_up = named("gives up", async move {
                time::timeout(Duration::from_secs(1), one.acquire()).await.is_ok_and(|permit| permit.is_ok())
            });
            let waits = named("waits", async move {
                let permit = two.acquire().await.unwrap();
                permit.forget();
            });
            time::sleep(Duration::from_secs(1)).await;
            permits.add_permits(1);
            let got = gives_up.await.unwrap();
            waits.await.unwrap();
            got
        })
    });
    assert_eq!(got, BTreeSet::from([true, false]), "whoever comes first at the instant, the permit is not lost");
}

#[test]
fn readers_share_and_a_writer_does_not() {
    let most = outcomes(|| {
        task::block_on(async {
            let lock = Arc::new(RwLock::new(0).named("data"));
            let (one, two) = (Arc::clone(&lock), Arc::clone(&lock));
            let reader = named("reader", async move {
                let first = lock.read().await;
                task::yield_now().await;
                (*first, lock.try_write().is_ok(), lock.try_read().is_ok())
            });
            let writer = named("writer", async move { *one.write().await += 1 });
            let seen = reader.await.unwrap();
            writer.await.unwrap();
            assert_eq!(*two.read().await, 1);
            seen
        })
    });
    // A reader that comes after a waiting writer has to wait, too.
    assert_eq!(most, BTreeSet::from([(0, false, false), (0, false, true), (1, false, true)]));
}

#[test]
fn a_notification_is_kept_for_one_and_all_reaches_those_who_wait() {
    holds(|| {
        task::block_on(async {
            let notify = Arc::new(Notify::new().named("bell"));
            let theirs = Arc::clone(&notify);
            let waiter = named("waiter", async move { theirs.notified().await });
            notify.notify_one();
            waiter.await.unwrap();
        });
    });
    fails(
        || {
            task::block_on(async {
                let notify = Arc::new(Notify::new().named("bell"));
                let theirs = Arc::clone(&notify);
                let waiter = named("waiter", async move { theirs.notified().await });
                task::yield_now().await;
                notify.notify_waiters();
                waiter.await.unwrap();
            });
        },
        |verdict| matches!(verdict, Verdict::Stuck { waiting } if waiting.iter().any(|task| task.object == "bell")),
    );
}

#[test]
fn a_barrier_lets_all_go_and_one_lead() {
    let leaders = outcomes(|| {
        task::block_on(async {
            let barrier = Arc::new(Barrier::new(2).named("barrier"));
            let comes = |name| {
                let barrier = Arc::clone(&barrier);
                named(name, async move { barrier.wait().await.is_leader() })
            };
            let (one, two) = (comes("one"), comes("two"));
            (one.await.unwrap(), two.await.unwrap())
        })
    });
    assert_eq!(leaders, BTreeSet::from([(true, false), (false, true)]));
}

#[test]
fn a_channel_keeps_its_order_and_its_room_and_ends_with_its_senders() {
    let received = outcomes(|| {
        task::block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            let other = sender.clone();
            let one = named("one", async move {
                sender.send(1).await.unwrap();
                sender.send(2).await.unwrap();
            });
            let two = named("two", async move { other.try_send(3).is_ok() });
            let mut values = Vec::new();
            while let Some(value) = receiver.recv().await {
                values.push(value);
            }
            one.await.unwrap();
            assert_eq!(two.await.unwrap(), values.contains(&3));
            values
        })
    });
    // Room that is made is the next sender's who waits.
    assert_eq!(received, BTreeSet::from([vec![1, 2], vec![1, 2, 3], vec![3, 1, 2]]));
}

#[test]
fn who_drops_a_oneshot_tells_the_other_end() {
    let got = outcomes(|| {
        task::block_on(async {
            let (sender, receiver) = oneshot::channel();
            let giver = named("giver", async move {
                if raddle::choose(2) == 1 {
                    return sender.send(7).is_ok();
                }
                false
            });
            let got = receiver.await.ok();
            (giver.await.unwrap(), got)
        })
    });
    assert_eq!(got, BTreeSet::from([(false, None), (true, Some(7))]));
}

#[test]
fn a_watch_shows_the_latest_and_a_broadcast_all() {
    let seen = outcomes(|| {
        task::block_on(async {
            let (sender, mut receiver) = watch::channel(0);
            let looks = named("looks", async move {
                let mut seen = Vec::new();
                while receiver.changed().await.is_ok() {
                    seen.push(receiver.borrow_and_update());
                }
                seen
            });
            for value in 1..=2 {
                sender.send(value).unwrap();
                task::yield_now().await;
            }
            drop(sender);
            looks.await.unwrap()
        })
    });
    assert_eq!(seen, BTreeSet::from([vec![1, 2], vec![2]]));
    holds(|| {
        task::block_on(async {
            let (sender, mut one) = broadcast::channel(2);
            let mut two = sender.subscribe();
            let other = named("other", async move { (two.recv().await.unwrap(), two.recv().await.unwrap()) });
            sender.send(1).unwrap();
            sender.send(2).unwrap();
            assert_eq!((one.recv().await.unwrap(), one.recv().await.unwrap()), (1, 2));
            assert_eq!(other.await.unwrap(), (1, 2));
        });
    });
}
