//! `Arc` and `Weak`: who drops last, what the counts say, and what happens before a destructor.

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, RANDOM, chain, fails, holds, holds_within, under};
use raddle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use raddle::sync::{Arc, Mutex, RaceCell, Weak};
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
        Case { name: "the_destructor_runs_with_either_owner", run: destructor_with_either },
        Case { name: "the_destructor_deadlocks_with_one_of_the_owners", run: destructor_deadlocks },
        Case { name: "a_destructor_that_tells_nobody_who_it_ran_with", run: quiet_destructor },
        Case { name: "a_destructor_reads_what_another_owner_wrote", run: destructor_reads },
        Case { name: "a_queue_whose_destructor_looks_at_its_slots", run: queue_destructor },
        Case { name: "try_unwrap_takes_what_another_owner_wrote", run: try_unwrap_reads },
        Case { name: "get_mut_reads_what_another_owner_wrote", run: get_mut_reads },
        Case { name: "into_inner_reads_what_another_owner_wrote", run: into_inner_reads },
        Case { name: "a_count_by_hand_that_is_relaxed_still_races", run: relaxed_by_hand },
        Case { name: "a_count_that_is_one_orders_nothing", run: count_orders_nothing },
        Case { name: "clones_that_nobody_can_tell_apart_are_free", run: clones_are_free },
        Case { name: "counted_clones_that_nobody_can_tell_apart_are_free", run: counted_clones_are_free },
        Case { name: "an_arc_from_outside_is_stds", run: from_outside },
        Case { name: "an_arc_that_outlives_its_execution_is_stds", run: outlives },
        Case { name: "a_counted_schedule_replays", run: replays },
        Case { name: "a_coerced_arc_is_counted", run: coerced },
        Case { name: "raw_pointers_keep_their_count", run: raw },
        Case { name: "into_inner_against_a_drop_gives_it_or_not", run: into_inner_against_drop },
        Case { name: "the_rest_is_as_stds", run: as_stds },
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
            threads.into_iter().for_each(|thread| drop(thread.join().unwrap()));
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

/// Says which thread it ends in.
struct Ends(Arc<Mutex<String>>);

impl Drop for Ends {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = thread::current().name().unwrap_or_default().to_owned();
    }
}

fn destructor_with_either() -> Came {
    let program = |expected: &'static str| {
        move || {
            let ended = Arc::new(Mutex::new(String::new()));
            let a = Arc::new(Ends(Arc::clone(&ended)));
            let b = Arc::clone(&a);
            let t = thread::Builder::new().name("other".into()).spawn(move || drop(b)).unwrap();
            drop(a);
            t.join().unwrap();
            assert_eq!(*ended.lock().unwrap() == "other", expected == "other");
        }
    };
    each(ALL, |checker| fails(checker, "assertion", program("main")))?;
    each(ALL, |checker| fails(checker, "assertion", program("other")))
}

/// Takes a lock when it is dropped: whoever holds that then waits for itself.
struct Registered(Arc<Mutex<usize>>);

impl Drop for Registered {
    fn drop(&mut self) {
        *self.0.lock().unwrap() -= 1;
    }
}

fn destructor_deadlocks() -> Came {
    each(ALL, |checker| {
        fails(checker, "deadlock", || {
            let registry = Arc::new(Mutex::new(1));
            let a = Arc::new(Registered(Arc::clone(&registry)));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || drop(b));
            let guard = registry.lock().unwrap();
            drop(a);
            drop(guard);
            t.join().unwrap();
        })
    })
}

fn quiet_destructor() -> Came {
    struct Quiet(u32);
    impl Drop for Quiet {
        fn drop(&mut self) {
            self.0 += 1;
        }
    }
    holds_within(&under(EXHAUSTIVE), 1, || {
        let a = Arc::new(Quiet(0));
        let threads = [(); 3].map(|()| {
            let a = Arc::clone(&a);
            thread::spawn(move || drop(a))
        });
        drop(a);
        threads.into_iter().for_each(|thread| drop(thread.join().unwrap()));
    })
}

/// Looks at what its owners have written when it is dropped.
struct Slots([RaceCell<u32>; 2]);

impl Drop for Slots {
    fn drop(&mut self) {
        assert!(self.0.iter().map(RaceCell::get).sum::<u32>() <= 3, "whatever was written can be read");
    }
}

fn destructor_reads() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let a = Arc::new(Slots([RaceCell::new(0), RaceCell::new(0)]));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || b.0[0].set(1));
            a.0[1].set(2);
            drop(a);
            t.join().unwrap();
        })
    })
}

/// A queue of one sender and one receiver, with a flag for each slot.
struct Queue {
    slots: [(AtomicBool, RaceCell<u32>); 2],
}

impl Drop for Queue {
    fn drop(&mut self) {
        for (full, slot) in &self.slots {
            if full.load(Ordering::Relaxed) {
                slot.set(0);
            }
        }
    }
}

fn queue_destructor() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let slots = [(); 2].map(|()| (AtomicBool::new(false), RaceCell::new(0)));
            let queue = Arc::new(Queue { slots });
            let sender = Arc::clone(&queue);
            let t = thread::spawn(move || {
                for (full, slot) in &sender.slots {
                    slot.set(1);
                    full.store(true, Ordering::Release);
                }
            });
            let (full, slot) = &queue.slots[0];
            if full.load(Ordering::Acquire) {
                assert_eq!(slot.get(), 1);
                full.store(false, Ordering::Relaxed);
            }
            drop(queue);
            t.join().unwrap();
        })
    })
}

fn try_unwrap_reads() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let a = Arc::new(RaceCell::new(0));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || {
                b.set(1);
                drop(b);
            });
            if let Ok(cell) = Arc::try_unwrap(a) {
                assert_eq!(cell.get(), 1);
            }
            t.join().unwrap();
        })
    })
}

fn get_mut_reads() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let mut a = Arc::new(RaceCell::new(0));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || {
                b.set(1);
                drop(b);
            });
            if let Some(cell) = Arc::get_mut(&mut a) {
                cell.set(cell.get() + 1);
            }
            t.join().unwrap();
        })
    })
}

fn into_inner_reads() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let a = Arc::new(RaceCell::new(0));
            let writers = [(); 2].map(|()| {
                let a = Arc::clone(&a);
                thread::spawn(move || Arc::into_inner(a).map(|cell| cell.set(1)))
            });
            if let Some(cell) = Arc::into_inner(a) {
                cell.set(2);
            }
            writers.into_iter().for_each(|writer| drop(writer.join().unwrap()));
        })
    })
}

/// A count by hand with the wrong order: the last to leave has not acquired what the other wrote.
fn relaxed_by_hand() -> Came {
    each(ALL, |checker| {
        fails(checker, "data race", || {
            let shared = Arc::new((AtomicUsize::new(2), RaceCell::new(0)));
            let theirs = Arc::clone(&shared);
            let t = thread::spawn(move || {
                theirs.1.set(1);
                theirs.0.fetch_sub(1, Ordering::Relaxed);
            });
            if shared.0.fetch_sub(1, Ordering::Relaxed) == 1 {
                shared.1.set(2);
            }
            t.join().unwrap();
        })
    })
}

/// Reading the count is relaxed: to find oneself alone by it orders nothing.
fn count_orders_nothing() -> Came {
    each(ALL, |checker| {
        fails(checker, "data race", || {
            let a = Arc::new(RaceCell::new(0));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || {
                b.set(1);
                drop(b);
            });
            if Arc::strong_count(&a) == 1 {
                a.set(2);
            }
            t.join().unwrap();
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
    let executions = |checker: &Checker, program: fn()| match checker.run(program) {
        Ok(Outcome::Holds(coverage)) => Ok(coverage.executions()),
        other => Err(format!("{other:?}")),
    };
    each(ALL, |checker| {
        let ours = executions(checker, program!(raddle::sync::Arc))?;
        let theirs = executions(checker, program!(std::sync::Arc))?;
        if ours == theirs { Ok(format!("{ours} executions")) } else { Err(format!("{ours} executions for {theirs}")) }
    })
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
        threads.into_iter().for_each(|thread| drop(thread.join().unwrap()));
    })
}

fn from_outside() -> Came {
    let outside = Arc::new(std::sync::Mutex::new(0));
    let theirs = Arc::clone(&outside);
    let said = holds(&chain(), move || {
        let here = Arc::clone(&theirs);
        let t = thread::spawn(move || *here.lock().unwrap() += 1);
        assert!(Arc::strong_count(&theirs) >= 2);
        t.join().unwrap();
    })?;
    if *outside.lock().unwrap() == 0 { Err("nothing was counted outside".into()) } else { Ok(said) }
}

fn outlives() -> Came {
    let kept = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let theirs = std::sync::Arc::clone(&kept);
    let said = holds(&under(EXHAUSTIVE), move || {
        let a = Arc::new(3);
        let b = Arc::clone(&a);
        let t = thread::spawn(move || drop(b));
        let _ = Arc::strong_count(&a);
        theirs.lock().unwrap().push((Arc::downgrade(&a), a));
        t.join().unwrap();
    })?;
    let mut kept = kept.lock().unwrap();
    let (weak, last) = kept.pop().ok_or("nothing was kept")?;
    if Arc::strong_count(&last) != 1 || weak.upgrade().is_none_or(|again| *again != 3) {
        return Err("what is left of an execution is no `Arc`".into());
    }
    Ok(said)
}

fn replays() -> Came {
    let program = || {
        let a = Arc::new(0);
        let b = Arc::clone(&a);
        let t = thread::spawn(move || drop(b));
        assert_eq!(Arc::strong_count(&a), 2);
        t.join().unwrap();
    };
    for engine in ALL {
        let Outcome::Fails(found) = under(*engine).run(program).map_err(|error| error.to_string())? else {
            return Err(format!("{engine} does not find it"));
        };
        let study = chain().study(program, &found, raddle::Effort::default()).map_err(|error| error.to_string())?;
        for schedule in [&found.schedule, &study.counterexample.schedule] {
            let text: raddle::Schedule = schedule.to_string().parse()?;
            let again = chain().replay(program, &text).map_err(|error| format!("{engine}: {error}"))?;
            if again.is_none_or(|again| again.verdict != found.verdict) {
                return Err(format!("{engine}: {schedule} does not replay"));
            }
        }
    }
    Ok("every schedule replays".into())
}

fn coerced() -> Came {
    each(ALL, |checker| {
        fails(checker, "assertion", || {
            let a: Arc<dyn Fn() -> u32 + Send + Sync> = Arc::from_std(std::sync::Arc::new(|| 4));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || b());
            assert_eq!(a(), 4);
            assert_eq!(Arc::strong_count(&a), 2);
            t.join().unwrap();
        })
    })
}

fn raw() -> Came {
    each(ALL, |checker| {
        fails(checker, "assertion", || {
            let a = Arc::new(4);
            let pointer = Arc::into_raw(Arc::clone(&a)).addr();
            let b = Arc::clone(&a);
            let t = thread::spawn(move || drop(b));
            assert_eq!(pointer, Arc::as_ptr(&a).addr());
            assert_eq!(Arc::strong_count(&a), 3);
            t.join().unwrap();
        })
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

/// One task and no exploration: nothing of it can tell this from std's.
#[expect(unsafe_code, reason = "what is tried is raw")]
fn uses_everything() {
    let mut text: Arc<str> = Arc::from("text");
    assert_eq!(format!("{text} {text:?}"), "text \"text\"");
    assert!(text == Arc::from(String::from("text")) && text < Arc::from("u") && Arc::get_mut(&mut text).is_some());
    let mut numbers: Arc<[u32]> = (0..3).collect();
    assert_eq!((*numbers).len() + Arc::<[u32]>::default().len(), 3);
    Arc::get_mut(&mut numbers).unwrap()[0] = 7;
    let three: Arc<[u32; 3]> = numbers.try_into().unwrap();
    assert_eq!(*three, [7, 1, 2]);
    let mut list = Arc::new(vec![1]);
    let other = Arc::clone(&list);
    Arc::make_mut(&mut list).push(2);
    assert_eq!((list.len(), other.len(), Arc::ptr_eq(&list, &other)), (2, 1, false));
    let weak = Arc::downgrade(&list);
    Arc::make_mut(&mut list).push(3);
    assert!(weak.upgrade().is_none() && Arc::weak_count(&list) == 0, "it has moved out");
    assert_eq!(Arc::unwrap_or_clone(other), [1]);
    let pinned = Arc::pin(4);
    assert_eq!((*pinned, *pinned.clone()), (4, 4));
    let cyclic = Arc::new_cyclic(|me: &Weak<(u32, Weak<u32>)>| {
        assert!(me.upgrade().is_none() && me.strong_count() == 0);
        (5, Weak::new())
    });
    assert!(cyclic.1.upgrade().is_none() && Arc::strong_count(&cyclic) == 1 && Arc::weak_count(&cyclic) == 0);
    let any: Arc<dyn std::any::Any + Send + Sync> = Arc::from_std(std::sync::Arc::new(6));
    assert_eq!(any.downcast::<i32>().map(|six| *six).ok(), Some(6));
    let raw = Arc::into_raw(Arc::new(8));
    // SAFETY: the pointer is `into_raw`'s; what is added is taken away, and the last is given back.
    let back = unsafe {
        Arc::increment_strong_count(raw);
        Arc::decrement_strong_count(raw);
        Arc::from_raw(raw)
    };
    let weak = Arc::downgrade(&back).into_raw();
    // SAFETY: the pointer is `into_raw`'s, and is given back once.
    let weak = unsafe { Weak::from_raw(weak) };
    assert_eq!((Arc::strong_count(&back), weak.weak_count(), weak.upgrade().map(|eight| *eight)), (1, 1, Some(8)));
}

fn as_stds() -> Came {
    uses_everything();
    each(ALL, |checker| holds_within(checker, 1_000, uses_everything))?;
    holds_within(&under(EXHAUSTIVE), 1, || {
        let t = thread::spawn(uses_everything);
        uses_everything();
        t.join().unwrap();
    })
}
