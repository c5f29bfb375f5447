//! Queues that are tried until something comes, and tries that leave a mark all the same.

use super::every;
use crate::cases::{Came, EXHAUSTIVE, RANDOM, fails, holds, under};
use raddle::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::*};
use raddle::sync::mpsc::channel;
use raddle::sync::{Arc, Mutex, RaceCell, RwLock};
use raddle::{task, thread};
use std::collections::VecDeque;

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

pub(super) fn poppers() -> Came {
    holds(&every(), || {
        let queue = Arc::new(Mutex::new(Vec::new()));
        let pop = |queue: &Mutex<Vec<u32>>| {
            while queue.lock().unwrap().pop().is_none() {
                thread::yield_now();
            }
        };
        let theirs = Arc::clone(&queue);
        let popper = thread::spawn(move || pop(&theirs));
        let theirs = Arc::clone(&queue);
        let pusher = thread::spawn(move || (0..2).for_each(|item| theirs.lock().unwrap().push(item)));
        pop(&queue);
        popper.join().unwrap();
        pusher.join().unwrap();
        assert!(queue.lock().unwrap().is_empty());
    })
}

pub(super) fn pop() -> Came {
    holds(&every(), popper)
}

pub(super) fn pop_within() -> Came {
    holds(&every().preemptions(1), popper)
}

pub(super) fn pop_of_a_write_lock() -> Came {
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

pub(super) fn try_recv() -> Came {
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

pub(super) fn snooze() -> Came {
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

pub(super) fn stealing() -> Came {
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

pub(super) fn counted() -> Came {
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

pub(super) fn counted_under_a_lock() -> Came {
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

/// Whoever tries in vain is in others' way meanwhile, as often as they come.
pub(super) fn rounds_in_the_way() -> Came {
    fails(&every(), "assertion", || {
        let flag = Arc::new(Mutex::new(false));
        let theirs = Arc::clone(&flag);
        let waiter = thread::spawn(move || {
            while !theirs.try_lock().is_ok_and(|flag| *flag) {
                thread::yield_now();
            }
        });
        let found = [flag.try_lock().is_err(), flag.try_lock().is_ok(), flag.try_lock().is_err()];
        *flag.lock().unwrap() = true;
        waiter.join().unwrap();
        assert_ne!(found, [true; 3], "taken, free, and taken again");
    })
}

pub(super) fn rounds_that_write() -> Came {
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

pub(super) fn still_reads() -> Came {
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

pub(super) fn still_releases() -> Came {
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

pub(super) fn races() -> Came {
    fails(&every(), "data race", || {
        let shared = Arc::new((RaceCell::new(0), AtomicU32::new(0)));
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            theirs.0.set(1);
            theirs.1.fetch_or(0, AcqRel);
        });
        shared.1.fetch_or(0, AcqRel);
        let _ = shared.0.get();
        thread.join().unwrap();
    })
}

/// What a check panics with.
fn panics(check: impl Fn() + std::panic::UnwindSafe) -> String {
    let payload = std::panic::catch_unwind(check).expect_err("a check that has nothing to say for itself panics");
    payload.downcast_ref::<String>().cloned().unwrap_or_default()
}

pub(super) fn cut_short() -> Came {
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
        let says = ["more than 5000 steps", "round and round", "main", "load never set", "queues.rs:"];
        if let Some(missing) = says.iter().find(|part| !text.contains(**part)) {
            return Err(format!("{engine}: `{missing}` is not in: {text}"));
        }
    }
    Ok("who, what and where".into())
}
