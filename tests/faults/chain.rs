//! `raddle::check` proves small correct programs with the engine that fits, and finds what one engine alone does not look at.

mod coverage;

use crate::cases::{Came, Case, Kind, LOOM, RANDOM, chain, fails, holds, holds_within};
use Ordering::{Acquire, Relaxed, Release, SeqCst};
use raddle::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use raddle::sync::{Arc, Condvar, Mutex, RaceCell, RwLock, mpsc};
use raddle::{Gap, Outcome, thread};
use std::collections::VecDeque;

pub(crate) const KIND: Kind = Kind {
    name: "chain",
    what: "no answer, or a green that is not true, where another engine knows",
    cases: &[
        Case { name: "three_threads_with_three_locks_are_proven", run: three_locks },
        Case { name: "an_actors_mailbox_is_proven", run: mailbox },
        Case { name: "pushes_and_pops_under_one_mutex_are_proven", run: pushes_and_pops },
        Case { name: "a_bounded_buffer_with_two_condvars_is_proven", run: bounded_buffer },
        Case { name: "three_tasks_with_a_semaphore_are_proven", run: three_tasks },
        Case { name: "three_tasks_and_a_channel_are_proven", run: tasks_and_channel },
        Case { name: "readers_and_a_writer_are_proven", run: readers_and_writer },
        Case { name: "six_threads_are_proven", run: six_threads },
        Case { name: "a_spin_that_some_sampler_never_leaves_is_proven", run: never_yields },
        Case { name: "a_store_long_after_a_yield_is_seen_early", run: after_a_yield },
        Case { name: "relaxed_message_passing_whose_writer_yields_fails", run: yields_between_stores },
        Case { name: "a_yield_hides_no_data_race", run: race_behind_a_yield },
        Case { name: "a_store_that_a_load_went_past_is_seen", run: forgotten_store },
        Case { name: "a_store_behind_a_load_of_the_same_atomic_is_seen", run: load_then_store },
        Case { name: "weak_orders_of_more_than_five_threads_are_said_to_be_left_out", run: six_threads_relaxed },
        Case { name: "message_passing_with_release_and_acquire_holds", run: message_passing },
        Case { name: "relaxed_store_buffering_fails", run: store_buffering },
        Case { name: "a_budget_of_nothing_is_an_error", run: coverage::no_budget },
        Case { name: "threads_that_share_nothing_of_raddles_are_said_so", run: coverage::nothing_shared },
        Case {
            name: "threads_on_stds_atomics_are_said_so_by_samplers",
            run: || coverage::nothing_shared_under(RANDOM),
        },
        Case { name: "threads_on_stds_atomics_are_said_so_by_loom", run: || coverage::nothing_shared_under(LOOM) },
        Case { name: "one_thread_with_nothing_to_share_holds", run: coverage::one_thread },
        Case { name: "a_proof_names_its_engine_and_model", run: coverage::names_engine_and_model },
        Case { name: "looms_search_is_not_called_exhaustive", run: coverage::loom_is_not_exhaustive },
        Case {
            name: "an_interleaving_proof_of_weak_orders_is_not_called_exhaustive",
            run: coverage::weak_is_not_exhaustive,
        },
    ],
};

/// Proven, and by nothing less: `is_exhaustive` is of the last search.
fn proven(program: impl Fn() + Send + Sync + 'static) -> Came {
    match chain().run(program) {
        Ok(Outcome::Holds(coverage)) if coverage.is_exhaustive() => Ok(coverage.to_string()),
        other => Err(format!("expected a proof, got {other:?}")),
    }
}

fn three_locks() -> Came {
    holds_within(&chain(), 1_000 + 1_680, || {
        let locks = Arc::new([(); 3].map(|()| Mutex::new(0)));
        let threads = [(); 2].map(|()| {
            let locks = Arc::clone(&locks);
            thread::spawn(move || locks.iter().for_each(|lock| *lock.lock().unwrap() += 1))
        });
        locks.iter().for_each(|lock| *lock.lock().unwrap() += 1);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    })
}

fn mailbox() -> Came {
    proven(|| {
        let (sender, mailbox) = mpsc::channel::<(u32, mpsc::Sender<u32>)>();
        let actor = thread::spawn(move || {
            let mut sum = 0;
            while let Ok((value, reply)) = mailbox.recv() {
                sum += value;
                let _ = reply.send(sum);
            }
            sum
        });
        let clients = [1, 2].map(|value| {
            let sender = sender.clone();
            thread::spawn(move || {
                let (reply, answer) = mpsc::channel();
                sender.send((value, reply)).unwrap();
                assert!(answer.recv().unwrap() >= value);
            })
        });
        drop(sender);
        clients.into_iter().for_each(|client| client.join().unwrap());
        assert_eq!(actor.join().unwrap(), 3);
    })
}

fn pushes_and_pops() -> Came {
    proven(|| {
        let queue = Arc::new(Mutex::new(VecDeque::new()));
        let theirs = Arc::clone(&queue);
        let pusher = thread::spawn(move || (0..5).for_each(|item| theirs.lock().unwrap().push_back(item)));
        let mut popped = Vec::new();
        for _ in 0..5 {
            popped.extend(queue.lock().unwrap().pop_front());
        }
        pusher.join().unwrap();
        popped.extend(queue.lock().unwrap().drain(..));
        assert_eq!(popped, [0, 1, 2, 3, 4]);
    })
}

fn bounded_buffer() -> Came {
    proven(|| {
        let buffer = Arc::new((Mutex::new(VecDeque::new()), Condvar::new(), Condvar::new()));
        let theirs = Arc::clone(&buffer);
        let producer = thread::spawn(move || {
            let (items, has_room, has_items) = &*theirs;
            for item in 0..3 {
                let mut items = has_room.wait_while(items.lock().unwrap(), |items| !items.is_empty()).unwrap();
                items.push_back(item);
                has_items.notify_one();
            }
        });
        let (items, has_room, has_items) = &*buffer;
        for item in 0..3 {
            let mut items = has_items.wait_while(items.lock().unwrap(), |items| items.is_empty()).unwrap();
            assert_eq!(items.pop_front(), Some(item));
            has_room.notify_one();
        }
        producer.join().unwrap();
    })
}

fn three_tasks() -> Came {
    use raddle::tokio::{self, sync::Semaphore, task};
    proven(|| {
        task::block_on(async {
            let permits = Arc::new(Semaphore::new(1));
            let tasks = [(); 3].map(|()| {
                let permits = Arc::clone(&permits);
                tokio::spawn(async move {
                    let _permit = permits.acquire().await.unwrap();
                    task::yield_now().await;
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(permits.available_permits(), 1);
        });
    })
}

fn tasks_and_channel() -> Came {
    use raddle::tokio::{self, sync::mpsc, task};
    proven(|| {
        task::block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            for value in 1..=2 {
                let sender = sender.clone();
                tokio::spawn(async move { sender.send(value).await.unwrap() });
            }
            drop(sender);
            let mut sum = 0;
            while let Some(value) = receiver.recv().await {
                sum += value;
            }
            assert_eq!(sum, 3);
        });
    })
}

fn readers_and_writer() -> Came {
    proven(|| {
        let lock = Arc::new(RwLock::new((0, 0)));
        let readers = [(); 2].map(|()| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                let pair = lock.read().unwrap();
                assert_eq!(pair.0, pair.1);
            })
        });
        {
            let mut pair = lock.write().unwrap();
            pair.0 += 1;
            pair.1 += 1;
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    })
}

fn six_threads() -> Came {
    proven(|| {
        let counter = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..5)
            .map(|_| {
                let counter = Arc::clone(&counter);
                thread::spawn(move || counter.fetch_add(1, SeqCst))
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(counter.load(SeqCst), 5);
    })
}

/// Priorities keep the spinner running, and the search goes on with an engine that knows loops that wait.
fn never_yields() -> Came {
    proven(|| {
        let (locked, sum) = (AtomicBool::new(false), AtomicU32::new(0));
        let add = || {
            while locked.compare_exchange(false, true, SeqCst, SeqCst).is_err() {}
            sum.fetch_add(1, SeqCst);
            locked.store(false, SeqCst);
        };
        thread::scope(|scope| {
            scope.spawn(add);
            add();
        });
        assert_eq!(sum.load(SeqCst), 2);
    })
}

fn after_a_yield() -> Came {
    fails(&chain(), "assertion", || {
        let atomics = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let theirs = Arc::clone(&atomics);
        let other = thread::spawn(move || {
            thread::yield_now();
            (0..12).for_each(|_| _ = theirs.0.fetch_add(1, SeqCst));
            theirs.1.store(1, SeqCst);
        });
        assert_eq!(atomics.1.load(SeqCst), 0);
        other.join().unwrap();
    })
}

fn yields_between_stores() -> Came {
    // That a load passes another is weak memory's; but that one store is seen without the other is not.
    fails(&chain(), "assertion", || {
        let atomics = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let theirs = Arc::clone(&atomics);
        let other = thread::spawn(move || {
            theirs.0.store(1, Relaxed);
            thread::yield_now();
            theirs.1.store(1, Relaxed);
        });
        let first = atomics.0.load(Relaxed);
        let second = atomics.1.load(Relaxed);
        assert!(first == second, "one store without the other");
        other.join().unwrap();
    })
}

fn race_behind_a_yield() -> Came {
    fails(&chain(), "data race", || {
        let shared = Arc::new((AtomicU32::new(0), RaceCell::new(0)));
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || {
            let (state, cell) = &*theirs;
            if state.swap(1, Ordering::AcqRel) == 0 {
                let _ = cell.get();
                state.store(2, Release);
            }
        });
        let (state, cell) = &*shared;
        if state.swap(3, Ordering::AcqRel) == 1 {
            loop {
                thread::yield_now();
                if matches!(state.load(Acquire), 2 | 3) {
                    break;
                }
            }
            cell.set(1);
        }
        other.join().unwrap();
    })
}

fn forgotten_store() -> Came {
    fails(&chain(), "assertion", || {
        let atomics = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let theirs = Arc::clone(&atomics);
        let other = thread::spawn(move || {
            theirs.0.load(SeqCst);
            (0..14).for_each(|_| _ = theirs.1.fetch_add(1, SeqCst));
            theirs.0.store(1, SeqCst);
        });
        assert_eq!(atomics.0.load(SeqCst), 0);
        other.join().unwrap();
    })
}

fn load_then_store() -> Came {
    fails(&chain(), "assertion", || {
        let atomic = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&atomic);
        let other = thread::spawn(move || {
            let seen = theirs.load(Acquire);
            theirs.store(seen + 1, Release);
        });
        assert_eq!(atomic.load(Acquire), 0);
        other.join().unwrap();
    })
}

/// Store buffering beside three idle threads: too many for loom, and only weak memory fails.
fn six_threads_relaxed() -> Came {
    let outcome = chain().run(|| {
        let atomics = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let idle: Vec<_> = (0..4).map(|_| thread::spawn(|| ())).collect();
        let theirs = Arc::clone(&atomics);
        let other = thread::spawn(move || {
            theirs.0.store(1, Relaxed);
            theirs.1.load(Relaxed)
        });
        atomics.1.store(1, Relaxed);
        let mine = atomics.0.load(Relaxed);
        assert!(other.join().unwrap() == 1 || mine == 1);
        idle.into_iter().for_each(|thread| thread.join().unwrap());
    });
    match outcome {
        Ok(Outcome::Holds(coverage)) if coverage.gaps.contains(&Gap::WeakOrders) && coverage.is_doubtful() => {
            Ok(coverage.to_string())
        }
        other => Err(format!("expected a coverage that leaves weak orders out, got {other:?}")),
    }
}

fn message_passing() -> Came {
    holds(&chain(), || {
        let shared = Arc::new((AtomicU32::new(0), RaceCell::new(0)));
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || {
            theirs.1.set(42);
            theirs.0.store(1, Release);
        });
        if shared.0.load(Acquire) == 1 {
            assert_eq!(shared.1.get(), 42);
        }
        other.join().unwrap();
    })
}

fn store_buffering() -> Came {
    fails(&chain(), "assertion", || {
        let atomics = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let theirs = Arc::clone(&atomics);
        let other = thread::spawn(move || {
            theirs.0.store(1, Relaxed);
            theirs.1.load(Relaxed)
        });
        atomics.1.store(1, Relaxed);
        let mine = atomics.0.load(Relaxed);
        assert!(other.join().unwrap() == 1 || mine == 1);
    })
}
