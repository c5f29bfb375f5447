//! `RaceCell`.

use super::*;

#[test]
fn race_cell_unordered_write_is_a_data_race_with_writes_and_reads() {
    let writes = || {
        let data = RaceCell::new(0).named("data");
        both(|| data.set(1), || data.set(2));
    };
    fails_with(&Engine::ALL, &Checker::new(), writes, |verdict| {
        is_race_on_data(verdict)
            && matches!(verdict, Verdict::DataRace { first, second, .. } if first.write && second.write)
    });
    let write_and_read = || {
        let data = RaceCell::new(0).named("data");
        both(|| data.set(1), || data.get());
    };
    fails_with(&Engine::ALL, &Checker::new(), write_and_read, |verdict| {
        is_race_on_data(verdict)
            && matches!(verdict, Verdict::DataRace { first, second, .. } if first.write != second.write)
    });
}

#[test]
fn race_cell_can_be_read_by_all() {
    holds(|| {
        let data = RaceCell::new(vec![1]);
        let read = || data.with(Vec::len);
        assert_eq!(both(read, read), (1, 1), "both read it");
        data.with_mut(|data| data.push(2));
        assert_eq!(data.with(Vec::len), 2, "and it can be written once they are done");
    });
}

#[test]
fn race_cell_can_be_read_by_two_at_once_and_within_itself() {
    holds(|| {
        let data = RaceCell::new(1);
        data.set(2);
        let read = || {
            data.with(|value| {
                thread::yield_now();
                *value + data.get()
            })
        };
        assert_eq!(both(read, read), (4, 4), "both read it, twice");
    });
    let written_inside_itself = || {
        let data = RaceCell::new(1);
        data.with_mut(|_| data.set(2));
    };
    fails(written_inside_itself, |verdict| is_assertion(verdict, "in use by the task itself"));
}

#[test]
fn race_cell_is_ordered_by_locks_and_by_spawning_and_joining() {
    holds(|| {
        let (lock, data) = (Mutex::new(()), RaceCell::new(0));
        data.set(1);
        let add = || {
            let _guard = lock.lock().unwrap();
            data.set(data.get() + 1);
        };
        both(add, add);
        assert_eq!(data.get(), 3, "both added to what came before the spawn");
    });
    holds(|| {
        let (lock, data) = (RwLock::new(()), RaceCell::new(0));
        let write = || {
            let _guard = lock.write().unwrap();
            data.set(1);
        };
        let read = || {
            let _guard = lock.read().unwrap();
            data.get()
        };
        both(write, read);
    });
    holds(|| {
        let (pool, data) = (Semaphore::new(1), RaceCell::new(0));
        let add = || {
            let _permit = pool.acquire();
            data.set(data.get() + 1);
        };
        both(add, add);
        assert_eq!(data.get(), 2, "both added");
    });
}

#[test]
fn race_cell_is_not_guarded_by_a_lock_that_two_can_have() {
    let readers = || {
        let (lock, data) = (RwLock::new(()), RaceCell::new(0).named("data"));
        let add = || {
            let _guard = lock.read().unwrap();
            data.set(1);
        };
        both(add, add);
    };
    fails(readers, is_race_on_data);
    let permits = || {
        let (pool, data) = (Semaphore::new(2), RaceCell::new(0).named("data"));
        let add = || {
            let _permit = pool.acquire();
            data.set(1);
        };
        both(add, add);
    };
    fails(permits, is_race_on_data);
    let two_locks = || {
        let (a, b, data) = (Mutex::new(()), Mutex::new(()), RaceCell::new(0).named("data"));
        let add = |lock: &Mutex<()>| {
            let _guard = lock.lock().unwrap();
            data.set(1);
        };
        both(|| add(&a), || add(&b));
    };
    fails(two_locks, is_race_on_data);
}

/// Two readers of a lock that write: readers order nobody but writers.
fn readers_that_write() {
    let shared = Arc::new((RwLock::new(()), RaceCell::new(0).named("cell")));
    let theirs = Arc::clone(&shared);
    let other = thread::spawn(move || {
        let _guard = theirs.0.read().unwrap();
        theirs.1.set(1);
    });
    let guard = shared.0.read().unwrap();
    shared.1.set(2);
    drop(guard);
    other.join().unwrap();
}

#[test]
fn race_cell_readers_of_a_lock_order_nobody_but_writers() {
    let engines = [Engine::Exhaustive, Engine::shuttle(), Engine::Shuttle(Strategy::Dfs)];
    fails_with(
        &engines,
        &Checker::new(),
        readers_that_write,
        |verdict| matches!(verdict, Verdict::DataRace { object, .. } if object == "cell"),
    );
}

/// A message that is sent later orders nothing for who receives an earlier one.
fn two_messages() {
    let (sender, receiver) = mpsc::channel();
    let cell = Arc::new(RaceCell::new(0).named("cell"));
    let (theirs, first) = (Arc::clone(&cell), sender.clone());
    first.send(1).unwrap();
    let other = thread::spawn(move || {
        theirs.set(1);
        sender.send(2).unwrap();
    });
    receiver.recv().unwrap();
    cell.set(2);
    other.join().unwrap();
}

#[test]
fn race_cell_a_later_message_orders_nothing() {
    let engines = [Engine::Exhaustive, Engine::shuttle(), Engine::Shuttle(Strategy::Dfs)];
    fails_with(
        &engines,
        &Checker::new(),
        two_messages,
        |verdict| matches!(verdict, Verdict::DataRace { object, .. } if object == "cell"),
    );
}
