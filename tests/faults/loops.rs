//! Loops that wait by trying again: a round that changes nothing is no progress, and no new trace.

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, RANDOM, fails, holds, holds_within, under};
use raddle::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::*};
use raddle::sync::mpsc::channel;
use raddle::sync::{Arc, Mutex, RaceCell, RwLock};
use raddle::{Checker, Engine, Strategy, task, thread, time};
use std::collections::VecDeque;
use std::time::Duration;

pub(crate) const KIND: Kind = Kind {
    name: "loops",
    what: "a retry that leaves everything as it was, a spin that waits for a sleeper",
    cases: &[
        Case { name: "a_spin_lock_by_swap_in_ten_executions", run: by_swap },
        Case { name: "a_spin_lock_by_swap_within_no_preemption", run: || by_swap_within(0) },
        Case { name: "a_spin_lock_by_swap_within_one_preemption", run: || by_swap_within(1) },
        Case { name: "a_spin_lock_by_swap_within_two_preemptions", run: || by_swap_within(2) },
        Case { name: "a_spin_lock_by_swap_of_three", run: by_swap_of_three },
        Case { name: "a_spin_lock_by_swap_around_a_plain_variable", run: by_swap_around_a_cell },
        Case { name: "a_spin_lock_by_fetch_or", run: by_fetch_or },
        Case { name: "a_spin_lock_by_fetch_and", run: by_fetch_and },
        Case { name: "a_spin_lock_by_fetch_max", run: by_fetch_max },
        Case { name: "a_spin_lock_by_compare_exchange", run: by_compare_exchange },
        Case { name: "a_spin_lock_that_looks_first", run: looks_first },
        Case { name: "a_ticket_lock_of_three", run: tickets },
        Case { name: "petersons_lock", run: peterson },
        Case { name: "an_empty_pop_under_a_mutex", run: pop },
        Case { name: "an_empty_pop_under_a_mutex_within_a_bound", run: pop_within },
        Case { name: "an_empty_pop_under_a_write_lock", run: pop_of_a_write_lock },
        Case { name: "a_try_recv_of_nothing", run: try_recv },
        Case { name: "a_bounded_queue_with_snooze_loops", run: snooze },
        Case { name: "work_that_is_stolen", run: stealing },
        Case { name: "a_task_that_polls_a_flag", run: polls_a_flag },
        Case { name: "a_task_that_polls_a_flag_within_a_bound", run: polls_a_flag_within },
        Case { name: "one_spinner_and_one_setter_within_bounds", run: spinner_and_setter },
        Case { name: "tries_that_are_counted_are_searched_whole", run: counted },
        Case { name: "tries_that_are_counted_under_a_lock_are_searched_whole", run: counted_under_a_lock },
        Case { name: "rounds_that_write_are_seen_by_others", run: rounds_that_write },
        Case { name: "an_update_that_changes_nothing_still_reads", run: still_reads },
        Case { name: "an_update_that_changes_nothing_still_releases", run: still_releases },
        Case { name: "what_was_not_released_races", run: races },
        Case { name: "a_spin_until_a_sleeper_wakes", run: || sleeper(EXHAUSTIVE) },
        Case { name: "a_spin_until_a_sleeper_wakes_under_loom", run: || sleeper(LOOM) },
        Case { name: "a_spin_until_a_sleeper_wakes_under_samplers", run: || samplers(spin_until_a_sleeper_wakes) },
        Case { name: "a_spin_until_a_sleeper_wakes_within_a_bound", run: sleeper_within },
        Case { name: "a_try_lock_until_a_sleeper_unlocks", run: sleeping_holder },
        Case { name: "a_task_that_spins_until_a_sleeper_wakes", run: || async_sleeper(EXHAUSTIVE) },
        Case { name: "a_task_that_spins_under_samplers", run: || samplers(tasks_until_a_sleeper_wakes) },
        Case { name: "a_spin_until_a_wait_times_out", run: timed_out },
        Case { name: "a_spin_until_an_instant", run: until_an_instant },
        Case { name: "a_livelock_beside_a_sleeper_is_one", run: livelock_beside_a_sleeper },
        Case { name: "a_livelock_is_one", run: livelock },
        Case { name: "a_livelock_within_a_bound_is_one", run: livelock_within },
        Case { name: "transactions_that_abort_each_other_under_samplers", run: aborts },
        Case { name: "an_execution_that_is_cut_says_who_ran_on_and_where", run: cut_short },
        Case { name: "polite_tasks_under_samplers", run: polite },
    ],
};

/// The exhaustive engine, on a leash: what has no end is not waited for.
fn every() -> Checker {
    under(EXHAUSTIVE).executions(3_000)
}

/// Two or more tasks that each add to what a lock guards.
fn guarded(tasks: usize, lock: fn(&AtomicU32), unlock: fn(&AtomicU32)) -> impl Fn() + Send + Sync + 'static {
    move || {
        let word = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let add = move |word: &(AtomicU32, AtomicU32)| {
            lock(&word.0);
            word.1.store(word.1.load(SeqCst) + 1, SeqCst);
            unlock(&word.0);
        };
        let threads: Vec<_> = (1..tasks)
            .map(|_| {
                let word = Arc::clone(&word);
                thread::spawn(move || add(&word))
            })
            .collect();
        add(&word);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(word.1.load(SeqCst), u32::try_from(tasks).unwrap());
    }
}

fn release(word: &AtomicU32) {
    word.store(0, SeqCst);
}

fn swap(word: &AtomicU32) {
    while word.swap(1, SeqCst) == 1 {
        thread::yield_now();
    }
}

fn by_swap() -> Came {
    holds_within(&under(EXHAUSTIVE), 10, || {
        let locked = Arc::new(AtomicBool::new(false));
        let section = |locked: &AtomicBool| {
            while locked.swap(true, SeqCst) {
                thread::yield_now();
            }
            locked.store(false, SeqCst);
        };
        let theirs = Arc::clone(&locked);
        let thread = thread::spawn(move || section(&theirs));
        section(&locked);
        thread.join().unwrap();
    })
}

fn by_swap_within(bound: usize) -> Came {
    holds(&every().preemptions(bound), guarded(2, swap, release))
}

fn by_swap_of_three() -> Came {
    holds(&every(), guarded(3, swap, release))
}

fn by_swap_around_a_cell() -> Came {
    holds(&every(), || {
        let lock = Arc::new((AtomicBool::new(false), RaceCell::new(0)));
        let add = |lock: &(AtomicBool, RaceCell<u32>)| {
            while lock.0.swap(true, AcqRel) {
                thread::yield_now();
            }
            lock.1.set(lock.1.get() + 1);
            lock.0.store(false, Release);
        };
        let theirs = Arc::clone(&lock);
        let thread = thread::spawn(move || add(&theirs));
        add(&lock);
        thread.join().unwrap();
        assert_eq!(lock.1.get(), 2);
    })
}

fn by_fetch_or() -> Came {
    let lock = |word: &AtomicU32| {
        while word.fetch_or(1, Acquire) & 1 == 1 {
            thread::yield_now();
        }
    };
    holds(&every(), guarded(3, lock, |word| _ = word.fetch_and(!1, Release)))
}

fn by_fetch_and() -> Came {
    // 0 is free: the lock is taken by a bit that is set where `fetch_and` of the others leaves nothing.
    let lock = |word: &AtomicU32| {
        while word.fetch_and(1, AcqRel) == 1 || word.swap(1, AcqRel) == 1 {
            thread::yield_now();
        }
    };
    holds(&every(), guarded(2, lock, release))
}

fn by_fetch_max() -> Came {
    let lock = |word: &AtomicU32| {
        while word.fetch_max(1, SeqCst) == 1 {
            thread::yield_now();
        }
    };
    holds(&every(), guarded(3, lock, release))
}

fn by_compare_exchange() -> Came {
    let lock = |word: &AtomicU32| {
        while word.compare_exchange(0, 1, SeqCst, SeqCst).is_err() {
            thread::yield_now();
        }
    };
    holds(&every(), guarded(3, lock, release))
}

fn looks_first() -> Came {
    let lock = |word: &AtomicU32| {
        while word.swap(1, SeqCst) == 1 {
            while word.load(SeqCst) == 1 {
                thread::yield_now();
            }
        }
    };
    holds(&every(), guarded(2, lock, release))
}

fn tickets() -> Came {
    holds(&every(), || {
        let lock = Arc::new([AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0)]);
        let add = |[next, serving, sum]: &[AtomicU32; 3]| {
            let ticket = next.fetch_add(1, SeqCst);
            while serving.load(SeqCst) != ticket {
                thread::yield_now();
            }
            sum.store(sum.load(SeqCst) + 1, SeqCst);
            serving.store(ticket + 1, SeqCst);
        };
        let threads = [(); 2].map(|()| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || add(&lock))
        });
        add(&lock);
        threads.map(|thread| thread.join().unwrap());
        assert_eq!(lock[2].load(SeqCst), 3);
    })
}

fn peterson() -> Came {
    holds(&every(), || {
        let shared =
            Arc::new(([AtomicBool::new(false), AtomicBool::new(false)], AtomicUsize::new(0), AtomicU32::new(0)));
        let add = |(flags, turn, sum): &([AtomicBool; 2], AtomicUsize, AtomicU32), me: usize| {
            flags[me].store(true, SeqCst);
            turn.store(1 - me, SeqCst);
            while flags[1 - me].load(SeqCst) && turn.load(SeqCst) == 1 - me {
                thread::yield_now();
            }
            sum.store(sum.load(SeqCst) + 1, SeqCst);
            flags[me].store(false, SeqCst);
        };
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || add(&theirs, 1));
        add(&shared, 0);
        thread.join().unwrap();
        assert_eq!(shared.2.load(SeqCst), 2);
    })
}

fn popper() {
    let queue = Arc::new(Mutex::new(VecDeque::new()));
    let theirs = Arc::clone(&queue);
    let pusher = thread::spawn(move || theirs.lock().unwrap().push_back(7));
    let got = loop {
        if let Some(item) = queue.lock().unwrap().pop_front() {
            break item;
        }
        thread::yield_now();
    };
    pusher.join().unwrap();
    assert_eq!(got, 7);
}

fn pop() -> Came {
    holds(&every(), popper)
}

fn pop_within() -> Came {
    holds(&every().preemptions(1), popper)
}

fn pop_of_a_write_lock() -> Came {
    holds(&every(), || {
        let stack = Arc::new(RwLock::new(Vec::new()));
        let theirs = Arc::clone(&stack);
        let pusher = thread::spawn(move || theirs.write().unwrap().push(1));
        while stack.write().unwrap().pop().is_none() {
            thread::yield_now();
        }
        pusher.join().unwrap();
    })
}

fn try_recv() -> Came {
    holds(&every(), || {
        let (sender, receiver) = channel();
        let thread = thread::spawn(move || (0..2).for_each(|item| sender.send(item).unwrap()));
        let mut sum = 0;
        for _ in 0..2 {
            sum += loop {
                match receiver.try_recv() {
                    Ok(item) => break item,
                    Err(_) => thread::yield_now(),
                }
            };
        }
        thread.join().unwrap();
        assert_eq!(sum, 1);
    })
}

/// Vyukov's queue with one slot more than nothing: a slot's stamp says whose turn it is.
struct Ring {
    stamps: [AtomicUsize; 2],
    items: [AtomicU32; 2],
    head: AtomicUsize,
    tail: AtomicUsize,
}

impl Ring {
    fn push(&self, item: u32) {
        loop {
            let tail = self.tail.load(SeqCst);
            if self.stamps[tail % 2].load(SeqCst) == tail
                && self.tail.compare_exchange(tail, tail + 1, SeqCst, SeqCst).is_ok()
            {
                self.items[tail % 2].store(item, SeqCst);
                return self.stamps[tail % 2].store(tail + 1, SeqCst);
            }
            thread::yield_now();
        }
    }

    fn pop(&self) -> u32 {
        loop {
            let head = self.head.load(SeqCst);
            if self.stamps[head % 2].load(SeqCst) == head + 1
                && self.head.compare_exchange(head, head + 1, SeqCst, SeqCst).is_ok()
            {
                let item = self.items[head % 2].load(SeqCst);
                self.stamps[head % 2].store(head + 2, SeqCst);
                return item;
            }
            thread::yield_now();
        }
    }
}

fn snooze() -> Came {
    holds(&every(), || {
        let ring = Arc::new(Ring {
            stamps: [AtomicUsize::new(0), AtomicUsize::new(1)],
            items: [AtomicU32::new(0), AtomicU32::new(0)],
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
        });
        let theirs = Arc::clone(&ring);
        let thread = thread::spawn(move || (1..4).for_each(|item| theirs.push(item)));
        let got = [ring.pop(), ring.pop(), ring.pop()];
        thread.join().unwrap();
        assert_eq!(got, [1, 2, 3]);
    })
}

fn stealing() -> Came {
    holds(&every(), || {
        // Two jobs in the owner's queue; who finds none of its own takes one of the other's, until all are done.
        let shared = Arc::new((Mutex::new(vec![1, 2]), Mutex::new(Vec::new()), AtomicU32::new(0)));
        let work = |(own, other, done): (&Mutex<Vec<u32>>, &Mutex<Vec<u32>>, &AtomicU32)| {
            while done.load(SeqCst) < 2 {
                let job = own.lock().unwrap().pop();
                let job = job.or_else(|| other.lock().unwrap().pop());
                match job {
                    Some(_) => _ = done.fetch_add(1, SeqCst),
                    None => thread::yield_now(),
                }
            }
        };
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || work((&theirs.1, &theirs.0, &theirs.2)));
        work((&shared.0, &shared.1, &shared.2));
        thread.join().unwrap();
        assert_eq!(shared.2.load(SeqCst), 2);
    })
}

fn flag_of_a_task() {
    task::block_on(async {
        let ready = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&ready);
        let setter = task::spawn(async move { theirs.store(true, SeqCst) });
        while !ready.load(SeqCst) {
            task::yield_now().await;
        }
        setter.await.unwrap();
    });
}

fn polls_a_flag() -> Came {
    holds_within(&every(), 10, flag_of_a_task)
}

fn polls_a_flag_within() -> Came {
    holds(&every().preemptions(0), flag_of_a_task)
}

fn spinner_and_setter() -> Came {
    for bound in 0..3 {
        holds_within(&every().preemptions(bound), 10, || {
            let ready = Arc::new(AtomicBool::new(false));
            let theirs = Arc::clone(&ready);
            let setter = thread::spawn(move || theirs.store(true, SeqCst));
            while !ready.load(SeqCst) {
                thread::yield_now();
            }
            setter.join().unwrap();
        })?;
    }
    Ok("within 0, 1 and 2".into())
}

fn counted() -> Came {
    fails(&every(), "assertion", || {
        let locked = Arc::new(AtomicBool::new(true));
        let theirs = Arc::clone(&locked);
        let holder = thread::spawn(move || theirs.store(false, SeqCst));
        let mut tries = 0;
        while tries < 4 && locked.swap(true, SeqCst) {
            tries += 1;
            thread::yield_now();
        }
        holder.join().unwrap();
        assert!(tries < 4, "gave up");
    })
}

fn counted_under_a_lock() -> Came {
    fails(&every(), "assertion", || {
        let tries = Arc::new((Mutex::new(0), AtomicBool::new(false)));
        let theirs = Arc::clone(&tries);
        let thread = thread::spawn(move || {
            while !theirs.1.load(SeqCst) {
                *theirs.0.lock().unwrap() += 1;
                thread::yield_now();
            }
        });
        tries.1.store(true, SeqCst);
        thread.join().unwrap();
        assert!(*tries.0.lock().unwrap() < 4, "four rounds");
    })
}

fn rounds_that_write() -> Came {
    fails(&every(), "assertion", || {
        let rounds = Arc::new((AtomicU32::new(0), AtomicBool::new(false)));
        let theirs = Arc::clone(&rounds);
        let thread = thread::spawn(move || {
            for _ in 0..6 {
                if theirs.1.load(SeqCst) {
                    break;
                }
                theirs.0.fetch_add(1, SeqCst);
                thread::yield_now();
            }
        });
        let seen = rounds.0.load(SeqCst);
        rounds.1.store(true, SeqCst);
        thread.join().unwrap();
        assert!(seen < 3, "three rounds");
    })
}

fn still_reads() -> Came {
    fails(&every(), "assertion", || {
        let word = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&word);
        let thread = thread::spawn(move || {
            theirs.store(1, SeqCst);
            theirs.store(0, SeqCst);
        });
        let seen = word.fetch_or(0, SeqCst);
        thread.join().unwrap();
        assert_eq!(seen, 0, "the store in between");
    })
}

fn still_releases() -> Came {
    // Whoever finds a bit that the other has left as it was has what the other did before.
    holds(&every(), || {
        let shared = Arc::new((RaceCell::new(0), AtomicU32::new(0), AtomicU32::new(0)));
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            theirs.0.set(1);
            theirs.1.fetch_or(0, Release);
            theirs.2.store(1, Release);
        });
        if shared.2.load(Acquire) == 1 && shared.1.load(Acquire) == 0 {
            assert_eq!(shared.0.get(), 1);
        }
        thread.join().unwrap();
    })
}

fn races() -> Came {
    fails(&every(), "data race", || {
        let shared = Arc::new((RaceCell::new(0), AtomicU32::new(0)));
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            theirs.0.set(1);
            theirs.1.fetch_or(0, AcqRel);
        });
        shared.1.fetch_or(0, AcqRel);
        shared.0.get();
        thread.join().unwrap();
    })
}

fn spin_until_a_sleeper_wakes() {
    let ready = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&ready);
    let sleeper = thread::spawn(move || {
        thread::sleep(Duration::from_millis(1));
        theirs.store(true, SeqCst);
    });
    while !ready.load(SeqCst) {
        thread::yield_now();
    }
    sleeper.join().unwrap();
}

fn tasks_until_a_sleeper_wakes() {
    task::block_on(async {
        let ready = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&ready);
        let sleeper = task::spawn(async move {
            time::sleep(Duration::from_millis(1)).await;
            theirs.store(true, SeqCst);
        });
        while !ready.load(SeqCst) {
            task::yield_now().await;
        }
        sleeper.await.unwrap();
    });
}

fn sleeper(engine: Engine) -> Came {
    holds(&under(engine).executions(3_000), spin_until_a_sleeper_wakes)
}

fn async_sleeper(engine: Engine) -> Came {
    holds(&under(engine).executions(3_000), tasks_until_a_sleeper_wakes)
}

fn sleeper_within() -> Came {
    holds(&every().preemptions(1), spin_until_a_sleeper_wakes)
}

const STRATEGIES: [Strategy; 6] =
    [Strategy::Random, Strategy::Pct, Strategy::Urw, Strategy::Pos, Strategy::Surw, Strategy::ReadsFrom];

fn samplers(program: fn()) -> Came {
    for strategy in STRATEGIES {
        holds(&under(Engine::Shuttle(strategy)).executions(300), program)
            .map_err(|why| format!("{strategy:?}: {why}"))?;
    }
    Ok("under each".into())
}

fn sleeping_holder() -> Came {
    holds(&every(), || {
        let lock = Arc::new(Mutex::new(0));
        let theirs = Arc::clone(&lock);
        let holder = thread::spawn(move || {
            let mut guard = theirs.lock().unwrap();
            thread::sleep(Duration::from_secs(1));
            *guard += 1;
        });
        while lock.try_lock().is_err() {
            thread::yield_now();
        }
        holder.join().unwrap();
    })
}

fn timed_out() -> Came {
    holds(&every(), || {
        let gone = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&gone);
        let (sender, receiver) = channel::<u32>();
        let waiter = thread::spawn(move || {
            assert!(receiver.recv_timeout(Duration::from_millis(5)).is_err());
            theirs.store(true, SeqCst);
        });
        while !gone.load(SeqCst) {
            thread::yield_now();
        }
        drop(sender);
        waiter.join().unwrap();
    })
}

fn until_an_instant() -> Came {
    holds(&every(), || {
        let start = time::Instant::now();
        let sleeper = thread::spawn(|| thread::sleep(Duration::from_millis(2)));
        while start.elapsed() < Duration::from_millis(2) {
            thread::yield_now();
        }
        sleeper.join().unwrap();
    })
}

fn two_that_spin(sleeps: bool) {
    let flags = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let theirs = Arc::clone(&flags);
    let other = thread::spawn(move || {
        while !theirs[0].load(SeqCst) {
            thread::yield_now();
        }
        theirs[1].store(true, SeqCst);
    });
    if sleeps {
        thread::spawn(|| thread::sleep(Duration::from_millis(1)));
    }
    while !flags[1].load(SeqCst) {
        thread::yield_now();
    }
    flags[0].store(true, SeqCst);
    other.join().unwrap();
}

fn livelock() -> Came {
    fails(&every(), "livelock", || two_that_spin(false))?;
    fails(&under(RANDOM).executions(300), "livelock", || two_that_spin(false))
}

fn livelock_beside_a_sleeper() -> Came {
    fails(&every(), "livelock", || two_that_spin(true))?;
    fails(&under(RANDOM).executions(300), "livelock", || two_that_spin(true))
}

fn livelock_within() -> Came {
    fails(&every().preemptions(0), "livelock", || two_that_spin(false))
}

/// Two transactions that each take a lock, find the other taken, give up and try again.
fn transactions() {
    let locks = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let commit = |locks: &[AtomicBool; 2], first: usize| {
        loop {
            while locks[first].swap(true, SeqCst) {
                thread::yield_now();
            }
            if !locks[1 - first].swap(true, SeqCst) {
                break;
            }
            locks[first].store(false, SeqCst);
            thread::yield_now();
        }
        locks[0].store(false, SeqCst);
        locks[1].store(false, SeqCst);
    };
    let theirs = Arc::clone(&locks);
    let other = thread::spawn(move || commit(&theirs, 1));
    commit(&locks, 0);
    other.join().unwrap();
}

fn polite_tasks() {
    let wants = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let enter = |wants: &[AtomicBool; 2], me: usize| {
        loop {
            wants[me].store(true, SeqCst);
            if !wants[1 - me].load(SeqCst) {
                break;
            }
            wants[me].store(false, SeqCst);
            thread::yield_now();
        }
        wants[me].store(false, SeqCst);
    };
    let theirs = Arc::clone(&wants);
    let other = thread::spawn(move || enter(&theirs, 1));
    enter(&wants, 0);
    other.join().unwrap();
}

/// Each sampler finds the livelock, or nothing: none says that the program is not deterministic.
fn never_an_error(program: fn()) -> Came {
    let mut found = 0;
    for strategy in STRATEGIES {
        for seed in 1..6 {
            let checker = under(Engine::Shuttle(strategy)).executions(300).seed(seed);
            match checker.run(program) {
                Ok(raddle::Outcome::Fails(fails)) if fails.verdict.name() == "livelock" => found += 1,
                Ok(raddle::Outcome::Holds(_)) => {}
                other => return Err(format!("{strategy:?}, seed {seed}: {other:?}")),
            }
        }
    }
    if found == 0 { Err("nobody finds it".into()) } else { Ok(format!("found in {found} of 30")) }
}

fn aborts() -> Came {
    never_an_error(transactions)
}

fn polite() -> Came {
    never_an_error(polite_tasks)
}

/// What a check panics with.
fn panics(check: impl Fn() + std::panic::UnwindSafe) -> String {
    let payload = std::panic::catch_unwind(check).expect_err("a check that has nothing to say for itself panics");
    payload.downcast_ref::<String>().cloned().unwrap_or_default()
}

fn cut_short() -> Came {
    for engine in [EXHAUSTIVE, RANDOM] {
        let text = panics(move || {
            under(engine).check(|| {
                task::block_on(async {
                    let flag = AtomicBool::new(false).named("never set");
                    // Always ready: nobody else is ever polled.
                    while !flag.load(SeqCst) {
                        std::future::ready(()).await;
                    }
                });
            });
        });
        let says = ["more than 5000 steps", "round and round", "main", "load never set", "loops.rs:"];
        if let Some(missing) = says.iter().find(|part| !text.contains(**part)) {
            return Err(format!("{engine}: `{missing}` is not in: {text}"));
        }
    }
    Ok("who, what and where".into())
}
