//! `Arc` and `Weak`: who drops last, what the counts say, and what happens before a destructor.

mod destructors;
mod stds;

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, RANDOM, chain, fails, holds, holds_within, under};
use raddle::sync::atomic::{AtomicUsize, Ordering};
use raddle::sync::{Arc, Mutex, Weak, mpsc};
use raddle::{Checker, Engine, Outcome, thread};

pub(crate) const KIND: Kind = Kind {
    name: "arc",
    what: "who owns what, and who is the last to",
    cases: &[
        Case { name: "a_count_read_against_a_drop", run: count_against_drop },
        Case { name: "a_count_read_against_a_clone", run: count_against_clone },
        Case { name: "a_count_read_after_a_join", run: count_after_join },
        Case { name: "an_upgrade_against_the_last_drop", run: upgrade_against_drop },
        Case { name: "an_upgrade_keeps_what_it_got", run: upgrade_keeps },
        Case { name: "a_weak_cycle_is_freed_once", run: weak_cycle },
        Case { name: "get_mut_against_a_drop", run: get_mut_against_drop },
        Case { name: "get_mut_against_a_weak", run: get_mut_against_weak },
        Case { name: "try_unwrap_of_two_owners_may_fail_for_both", run: try_unwrap_for_both },
        Case { name: "into_inner_gives_the_value_to_exactly_one", run: into_inner_for_one },
        Case { name: "the_destructor_runs_with_either_owner", run: destructors::destructor_with_either },
        Case { name: "the_destructor_deadlocks_with_one_of_the_owners", run: destructors::destructor_deadlocks },
        Case { name: "a_destructor_that_tells_nobody_who_it_ran_with", run: destructors::quiet_destructor },
        Case { name: "a_destructor_reads_what_another_owner_wrote", run: destructors::destructor_reads },
        Case { name: "a_queue_whose_destructor_looks_at_its_slots", run: destructors::queue_destructor },
        Case { name: "try_unwrap_takes_what_another_owner_wrote", run: destructors::try_unwrap_reads },
        Case { name: "get_mut_reads_what_another_owner_wrote", run: destructors::get_mut_reads },
        Case { name: "into_inner_reads_what_another_owner_wrote", run: destructors::into_inner_reads },
        Case { name: "a_count_by_hand_that_is_relaxed_still_races", run: destructors::relaxed_by_hand },
        Case { name: "a_count_that_is_one_orders_nothing", run: destructors::count_orders_nothing },
        Case { name: "clones_that_nobody_can_tell_apart_are_free", run: clones_are_free },
        Case { name: "a_pool_that_shares_a_receiver_is_free", run: pool_is_free },
        Case { name: "counted_clones_that_nobody_can_tell_apart_are_free", run: counted_clones_are_free },
        Case { name: "an_arc_from_outside_is_stds", run: stds::from_outside },
        Case { name: "an_arc_that_outlives_its_execution_is_stds", run: stds::outlives },
        Case { name: "a_counted_schedule_replays", run: stds::replays },
        Case { name: "a_coerced_arc_is_counted", run: stds::coerced },
        Case { name: "raw_pointers_keep_their_count", run: stds::raw },
        Case { name: "into_inner_against_a_drop_gives_it_or_not", run: into_inner_against_drop },
        Case { name: "the_rest_is_as_stds", run: stds::as_stds },
    ],
};

/// All of these have to say so; what the last says is shown.
fn each(engines: &[Engine], says: impl Fn(&Checker) -> Came) -> Came {
    let mut said = says(&chain())?;
    for engine in engines {
        said = says(&under(*engine)).map_err(|error| format!("{engine}: {error}"))?;
    }
    Ok(said)
}

const ALL: &[Engine] = &[RANDOM, LOOM, EXHAUSTIVE];

fn count_against_drop() -> Came {
    each(ALL, |checker| {
        fails(checker, "assertion", || {
            let a = Arc::new(0);
            let b = Arc::clone(&a);
            let t = thread::spawn(move || drop(b));
            assert_eq!(Arc::strong_count(&a), 2);
            t.join().unwrap();
        })
    })
}

fn count_against_clone() -> Came {
    each(ALL, |checker| {
        fails(checker, "assertion", || {
            let a = Arc::new(0);
            let b = Arc::clone(&a);
            let t = thread::spawn(move || {
                let c = Arc::clone(&b);
                (b, c)
            });
            assert_eq!(Arc::strong_count(&a), 2);
            drop(t.join().unwrap());
        })
    })
}

fn count_after_join() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let a = Arc::new(0);
            let threads = [(); 2].map(|()| {
                let a = Arc::clone(&a);
                thread::spawn(move || assert_eq!(*a, 0))
            });
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(Arc::strong_count(&a), 1);
            assert_eq!(Arc::try_unwrap(a), Ok(0));
        })
    })
}

fn upgrade_against_drop() -> Came {
    let program = |expected: bool| {
        move || {
            let a = Arc::new(7);
            let weak = Arc::downgrade(&a);
            let t = thread::spawn(move || drop(a));
            assert_eq!(weak.upgrade().is_some(), expected);
            t.join().unwrap();
        }
    };
    each(ALL, |checker| fails(checker, "assertion", program(true)))?;
    each(ALL, |checker| fails(checker, "assertion", program(false)))
}

fn upgrade_keeps() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let a = Arc::new(Mutex::new(0));
            let weak = Arc::downgrade(&a);
            let t = thread::spawn(move || {
                *a.lock().unwrap() += 1;
                drop(a);
            });
            if let Some(a) = weak.upgrade() {
                *a.lock().unwrap() += 1;
            }
            t.join().unwrap();
            assert!(weak.upgrade().is_none(), "nobody owns it any more");
        })
    })
}

struct Node {
    parent: Mutex<Weak<Node>>,
    child: Mutex<Option<Arc<Node>>>,
    freed: Arc<AtomicUsize>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.freed.fetch_add(1, Ordering::Relaxed);
    }
}

fn weak_cycle() -> Came {
    each(&[RANDOM, EXHAUSTIVE], |checker| {
        holds(checker, || {
            let freed = Arc::new(AtomicUsize::new(0));
            let node = |freed: &Arc<AtomicUsize>| {
                let (parent, child) = (Mutex::new(Weak::new()), Mutex::new(None));
                Arc::new(Node { parent, child, freed: Arc::clone(freed) })
            };
            let (parent, child) = (node(&freed), node(&freed));
            *child.parent.lock().unwrap() = Arc::downgrade(&parent);
            *parent.child.lock().unwrap() = Some(Arc::clone(&child));
            let t = thread::spawn(move || {
                let up = child.parent.lock().unwrap().upgrade();
                up.is_some_and(|parent| parent.child.lock().unwrap().is_some())
            });
            drop(parent);
            t.join().unwrap();
            assert_eq!(freed.load(Ordering::Relaxed), 2, "each is freed, and once");
        })
    })
}

fn get_mut_against_drop() -> Came {
    let program = |expected: bool| {
        move || {
            let mut a = Arc::new(1);
            let b = Arc::clone(&a);
            let t = thread::spawn(move || drop(b));
            assert_eq!(Arc::get_mut(&mut a).is_some(), expected);
            t.join().unwrap();
            assert!(Arc::get_mut(&mut a).is_some());
        }
    };
    each(ALL, |checker| fails(checker, "assertion", program(true)))?;
    each(ALL, |checker| fails(checker, "assertion", program(false)))
}

fn get_mut_against_weak() -> Came {
    each(ALL, |checker| {
        fails(checker, "assertion", || {
            let mut a = Arc::new(1);
            let weak = Arc::downgrade(&a);
            let t = thread::spawn(move || drop(weak));
            assert!(Arc::get_mut(&mut a).is_none());
            t.join().unwrap();
        })
    })
}

fn try_unwrap_for_both() -> Came {
    each(ALL, |checker| {
        fails(checker, "assertion", || {
            let a = Arc::new(5);
            let b = Arc::clone(&a);
            let t = thread::spawn(move || Arc::try_unwrap(b).is_ok());
            let mine = Arc::try_unwrap(a).is_ok();
            assert!(t.join().unwrap() || mine, "somebody has the value");
        })
    })
}

fn into_inner_for_one() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let a = Arc::new(5);
            let b = Arc::clone(&a);
            let t = thread::spawn(move || Arc::into_inner(b).is_some());
            let mine = Arc::into_inner(a).is_some();
            assert!(t.join().unwrap() != mine, "exactly one has the value");
        })
    })
}

/// As many executions as with std's, which nobody counts.
fn clones_are_free() -> Came {
    macro_rules! program {
        ($arc:path) => {
            || {
                use $arc as Arc;
                let a = Arc::new(1);
                let threads = [(); 3].map(|()| {
                    let a = Arc::clone(&a);
                    thread::spawn(move || {
                        let b = Arc::clone(&a);
                        *a + *b
                    })
                });
                assert_eq!(threads.map(|thread| thread.join().unwrap()).iter().sum::<u32>(), 6);
            }
        };
    }
    as_many(program!(raddle::sync::Arc), program!(std::sync::Arc))
}

/// Every engine has to run one as often as the other.
fn as_many(ours: fn(), theirs: fn()) -> Came {
    let executions = |checker: &Checker, program: fn()| match checker.run(program) {
        Ok(Outcome::Holds(coverage)) => Ok(coverage.executions()),
        other => Err(format!("{other:?}")),
    };
    each(ALL, |checker| {
        let (ours, theirs) = (executions(checker, ours)?, executions(checker, theirs)?);
        if ours == theirs { Ok(format!("{ours} executions")) } else { Err(format!("{ours} executions for {theirs}")) }
    })
}

/// Who drops the receiver last can be told by nobody: the sender is gone.
fn pool_is_free() -> Came {
    macro_rules! program {
        ($arc:path) => {
            || {
                use $arc as Arc;
                let (sender, receiver) = mpsc::channel();
                let receiver = Arc::new(Mutex::new(receiver));
                let workers = [(); 2].map(|()| {
                    let receiver = Arc::clone(&receiver);
                    thread::spawn(move || {
                        loop {
                            let received: Result<u32, _> = receiver.lock().unwrap().recv();
                            if received.is_err() {
                                return;
                            }
                        }
                    })
                });
                drop(receiver);
                sender.send(1).unwrap();
                drop(sender);
                workers.into_iter().for_each(|worker| worker.join().unwrap());
            }
        };
    }
    as_many(program!(raddle::sync::Arc), program!(std::sync::Arc))
}

/// One count is looked at, by a task that others race with; those of all others cost nothing.
fn counted_clones_are_free() -> Came {
    holds_within(&under(EXHAUSTIVE), 4, || {
        let (a, other) = (Arc::new(1), Arc::new(2));
        let threads = [(); 3].map(|()| {
            let other = Arc::clone(&other);
            thread::spawn(move || *Arc::clone(&other))
        });
        let b = Arc::clone(&a);
        let t = thread::spawn(move || drop(b));
        assert!((1..=2).contains(&Arc::strong_count(&a)));
        t.join().unwrap();
        threads.into_iter().for_each(|thread| _ = thread.join().unwrap());
    })
}

fn into_inner_against_drop() -> Came {
    let program = |expected: bool| {
        move || {
            let a = Arc::new(5);
            let b = Arc::clone(&a);
            let t = thread::spawn(move || drop(b));
            assert_eq!(Arc::into_inner(a).is_some(), expected);
            t.join().unwrap();
        }
    };
    each(ALL, |checker| fails(checker, "assertion", program(true)))?;
    each(ALL, |checker| fails(checker, "assertion", program(false)))
}
