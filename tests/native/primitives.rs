//! Every primitive of the facade in programs that hold however they are scheduled.

use raddle::prelude::*;
use raddle::process::{self, Child, Exit};
use raddle::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence};
use raddle::sync::mpsc::{RecvTimeoutError, TryRecvError, TrySendError};
use raddle::sync::{
    Arc, Barrier, Condvar, Mutex, Once, OnceLock, RaceCell, RwLock, Semaphore, TryLockError, WaitTimeoutResult, mpsc,
};
use raddle::{Bypass, thread};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

const SOON: Duration = Duration::from_millis(1);
const LATER: Duration = Duration::from_hours(1);

pub(crate) const PATTERN: Pattern = Pattern::new(
    "native/primitives",
    "none",
    raddle::source!("primitives.rs"),
    &[
        Variant::correct("mutex", mutex),
        Variant::correct("poison", poison),
        Variant::correct("condvar", condvar),
        Variant::correct("rwlock", rwlock),
        Variant::correct("semaphore", semaphore),
        Variant::correct("barrier", barrier),
        Variant::correct("once", once),
        Variant::correct("once_lock", once_lock),
        Variant::correct("channel", channel),
        Variant::correct("sync_channel", sync_channel),
        Variant::correct("atomics", atomics),
        Variant::correct("publication", publication),
        Variant::correct("cell", cell),
        Variant::correct("threads", threads),
        Variant::correct("scope", scope),
        Variant::correct("park", park),
        Variant::correct("bypass", bypass),
        Variant::correct("choose", choose),
        Variant::correct("print", print),
        Variant::correct("processes", processes),
    ],
);

/// Three threads do `work`, and have done it.
fn together(work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for number in 0..3 {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

fn mutex() {
    let mut counter = Mutex::new(0).named("counter");
    together(|_| {
        (0..100).for_each(|_| *counter.lock().unwrap() += 1);
        while !counter.try_lock().is_ok_and(|mut counter| {
            *counter += 1;
            true
        }) {
            thread::yield_now();
        }
    });
    let guard = counter.lock().unwrap();
    let taken = |lock: &Mutex<i32>| matches!(lock.try_lock(), Err(TryLockError::WouldBlock));
    thread::scope(|scope| assert!(scope.spawn(|| taken(&counter)).join().unwrap()));
    assert_eq!(*guard, 303);
    drop(guard);
    *counter.get_mut().unwrap() += 1;
    assert_eq!(counter.into_inner().unwrap(), 304);
}

fn poison() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    let in_vain = || {
        let _guards = (mutex.lock().unwrap(), lock.write().unwrap());
        panic!("in vain");
    };
    // A panic that the program catches is no failure.
    thread::scope(|scope| assert!(scope.spawn(|| catch_unwind(AssertUnwindSafe(in_vain)).is_err()).join().unwrap()));
    assert!(mutex.is_poisoned() && lock.is_poisoned());
    assert_eq!(*mutex.lock().unwrap_err().into_inner(), 0);
    assert!(
        matches!(mutex.try_lock(), Err(TryLockError::Poisoned(_))) && lock.read().is_err() && lock.write().is_err()
    );
    mutex.clear_poison();
    assert!(mutex.lock().is_ok());
}

fn condvar() {
    let (shelf, changed) = (Mutex::new(0), Condvar::new().named("changed"));
    together(|number| match number {
        0 => (0..20).for_each(|_| {
            *shelf.lock().unwrap() += 1;
            changed.notify_one();
        }),
        _ => (0..10).for_each(|_| *changed.wait_while(shelf.lock().unwrap(), |items| *items == 0).unwrap() -= 1),
    });
    let mut items = shelf.lock().unwrap();
    let timed_out = |result: WaitTimeoutResult| result.timed_out();
    let mut result;
    loop {
        // A wait may end for no reason.
        (items, result) = changed.wait_timeout(items, SOON).unwrap();
        if timed_out(result) {
            break;
        }
    }
    (items, result) = changed.wait_timeout_while(items, SOON, |items| *items == 0).unwrap();
    assert!(timed_out(result));
    drop(items);
    thread::scope(|scope| {
        scope.spawn(|| {
            *shelf.lock().unwrap() = 1;
            changed.notify_all();
        });
        let (items, result) = changed.wait_timeout_while(shelf.lock().unwrap(), LATER, |items| *items == 0).unwrap();
        assert!(*items == 1 && !timed_out(result));
    });
}

fn rwlock() {
    let mut lock = RwLock::new(0).named("lock");
    together(|_| {
        for _ in 0..50 {
            *lock.write().unwrap() += 1;
            assert!(*lock.read().unwrap() > 0);
        }
    });
    {
        let (one, two) = (lock.read().unwrap(), lock.try_read().unwrap());
        assert_eq!((*one, *two), (150, 150));
        assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
    }
    let mut writer = lock.try_write().unwrap();
    *writer += 1;
    assert!(matches!(lock.try_read(), Err(TryLockError::WouldBlock)));
    drop(writer);
    *lock.get_mut().unwrap() += 1;
    assert_eq!(lock.into_inner().unwrap(), 152);
}

fn semaphore() {
    let (pool, inside) = (Semaphore::new(2).named("pool"), AtomicUsize::new(0));
    together(|_| {
        for _ in 0..20 {
            let _permit = pool.acquire();
            assert!(inside.fetch_add(1, Ordering::SeqCst) < 2, "more inside than permits");
            inside.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let both = pool.acquire_many(2);
    assert!(pool.try_acquire().is_err() && pool.available_permits() == 0);
    drop(both);
    pool.try_acquire().unwrap().forget();
    assert_eq!(pool.available_permits(), 1);
    pool.add_permits(2);
    assert_eq!(pool.available_permits(), 3);
}

fn barrier() {
    let (barrier, arrived, leaders) = (Barrier::new(3).named("barrier"), AtomicUsize::new(0), AtomicUsize::new(0));
    together(|_| {
        for round in 1..=5 {
            arrived.fetch_add(1, Ordering::Relaxed);
            leaders.fetch_add(usize::from(barrier.wait().is_leader()), Ordering::Relaxed);
            assert!(arrived.load(Ordering::Relaxed) >= 3 * round, "somebody went on alone");
        }
    });
    assert_eq!(leaders.into_inner(), 5, "one leader for each round");
}

fn once() {
    let (once, calls) = (Once::new().named("once"), AtomicUsize::new(0));
    assert!(catch_unwind(AssertUnwindSafe(|| once.call_once(|| panic!("in vain")))).is_err());
    assert!(!once.is_completed());
    together(|_| {
        once.call_once(|| {
            calls.fetch_add(1, Ordering::Relaxed);
        });
        assert!(once.is_completed() && calls.load(Ordering::Relaxed) == 1);
    });
}

fn once_lock() {
    let (lock, made) = (OnceLock::new().named("lock"), AtomicUsize::new(0));
    assert_eq!(lock.get(), None);
    together(|number| {
        let value = *lock.get_or_init(|| {
            made.fetch_add(1, Ordering::Relaxed);
            number
        });
        assert_eq!(lock.get(), Some(&value));
        assert_eq!(lock.set(number), Err(number));
    });
    assert!(made.into_inner() == 1 && lock.into_inner().is_some());
}

fn channel() {
    let (sender, receiver) = mpsc::channel();
    let sender = sender.named("channel");
    together(|number| sender.clone().send(number).unwrap());
    assert_eq!(receiver.try_iter().sum::<usize>(), 3);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(receiver.recv_timeout(SOON), Err(RecvTimeoutError::Timeout));
    let worker = thread::spawn(move || (0..3).for_each(|number| sender.send(number).unwrap()));
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2]);
    worker.join().unwrap();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    assert!(receiver.recv().is_err());
    let (sender, receiver) = mpsc::channel();
    drop(receiver);
    assert!(sender.send(0).is_err());
}

fn sync_channel() {
    let (sender, receiver) = mpsc::sync_channel(1);
    sender.try_send(0).unwrap();
    assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
    let worker = thread::spawn(move || (1..4).for_each(|number| sender.send(number).unwrap()));
    assert_eq!(receiver.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
    worker.join().unwrap();
    let (sender, receiver) = mpsc::sync_channel(0);
    let worker = thread::spawn(move || sender.send(7));
    assert_eq!(receiver.recv(), Ok(7));
    worker.join().unwrap().unwrap();
}

fn atomics() {
    let (sum, highest) = (AtomicUsize::new(0).named("sum"), AtomicUsize::new(0));
    together(|number| {
        sum.fetch_add(number, Ordering::Relaxed);
        highest.fetch_max(number, Ordering::AcqRel);
        let mut seen = sum.load(Ordering::Relaxed);
        while let Err(other) = sum.compare_exchange_weak(seen, seen + 10, Ordering::AcqRel, Ordering::Relaxed) {
            seen = other;
        }
        sum.fetch_update(Ordering::AcqRel, Ordering::Acquire, |sum| Some(sum + 100)).unwrap();
    });
    assert_eq!((sum.swap(1, Ordering::SeqCst), highest.into_inner()), (333, 2));
    assert_eq!(sum.compare_exchange(0, 5, Ordering::SeqCst, Ordering::SeqCst), Err(1));
    sum.store(2, Ordering::Release);
    assert_eq!(sum.fetch_update(Ordering::AcqRel, Ordering::Acquire, |_| None), Err(2));
    let flag = AtomicBool::new(false);
    assert!(!flag.fetch_or(true, Ordering::SeqCst) && flag.load(Ordering::SeqCst));
    let mut value = 1;
    let pointer = AtomicPtr::new(std::ptr::null_mut());
    pointer.store(&raw mut value, Ordering::Release);
    assert_eq!(pointer.load(Ordering::Acquire), &raw mut value);
}

fn publication() {
    let (data, ready) = (AtomicU32::new(0), AtomicBool::new(false));
    together(|number| {
        if number == 0 {
            data.store(1, Ordering::Relaxed);
            fence(Ordering::Release);
            ready.store(true, Ordering::Relaxed);
            return;
        }
        while !ready.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        fence(Ordering::Acquire);
        assert_eq!(data.load(Ordering::Relaxed), 1);
    });
}

fn cell() {
    let cell = Arc::new(RaceCell::new(1).named("cell"));
    let theirs = Arc::clone(&cell);
    thread::spawn(move || theirs.with_mut(|value| *value += 1)).join().unwrap();
    cell.set(cell.get() + 1);
    together(|_| assert_eq!(cell.with(|value| *value), 3));
}

fn threads() {
    assert_eq!(thread::current().name(), Some("main"));
    let named = thread::Builder::new().name("worker".into()).spawn(thread::current).unwrap();
    let (handle, nameless) = (named.thread().clone(), thread::spawn(|| thread::current().name().is_none()));
    let worker = named.join().unwrap();
    assert_eq!((worker.name(), worker.id()), (Some("worker"), handle.id()));
    assert_ne!(worker.id(), nameless.thread().id());
    assert_ne!(worker.id(), thread::current().id());
    while !nameless.is_finished() {
        thread::yield_now();
    }
    assert!(nameless.join().unwrap());
    // A run lasts until its last thread has ended, joined or not.
    drop(thread::spawn(thread::yield_now));
}

fn scope() {
    let (mut total, data) = (0, vec![1, 2, 3]);
    thread::scope(|scope| {
        let sum = scope.spawn(|| data.iter().sum::<i32>());
        scope.spawn(|| total += 1);
        assert_eq!(sum.join().unwrap(), 6);
    });
    let grandchild = AtomicBool::new(false);
    thread::scope(|scope| {
        let grandchild = &grandchild;
        scope.spawn(move || scope.spawn(move || grandchild.store(true, Ordering::Relaxed)));
    });
    assert!(total == 1 && grandchild.into_inner());
}

fn park() {
    let ready = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&ready);
    let sleeper = thread::spawn(move || {
        while !theirs.load(Ordering::Acquire) {
            thread::park();
        }
    });
    ready.store(true, Ordering::Release);
    sleeper.thread().unpark();
    sleeper.join().unwrap();
    thread::current().unpark();
    thread::park_timeout(LATER);
    thread::park_timeout(SOON);
}

fn bypass() {
    let queue = (Mutex::new(()), Bypass::new(2).named("queue"));
    together(|_| {
        let guard = queue.0.lock().unwrap();
        queue.1.request().granted();
        drop(guard);
    });
}

fn choose() {
    assert_eq!(raddle::choose(1), 0);
    together(|_| assert!((0..100).all(|_| raddle::choose(3) < 3)));
    raddle::progress();
}

/// What is not raddle's own on stdout is not taken for it, not even without a line end.
fn print() {
    println!("\n{{\"run\": \"none\"}}");
    print!("half a line");
}

/// Each has an id of its own, and one of them is killed.
fn processes() {
    let (ids, received) = process::channel();
    let start = |exit| {
        process::spawn("process", &ids, move |ids| {
            ids.send(std::process::id()).unwrap();
            exit
        })
    };
    let exits = [Exit::Done, Exit::Killed, Exit::Done];
    let children = exits.map(start);
    drop(ids);
    let mut all: Vec<u32> = received.into_iter().chain([std::process::id()]).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 4);
    assert_eq!(children.map(Child::wait), exits);
}
