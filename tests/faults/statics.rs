//! Statics and thread-locals, made anew in each execution, as std has them.

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, RANDOM, fails, holds, holds_within, say, under};
use raddle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use raddle::sync::{Arc, LazyLock, Mutex, OnceLock, RaceCell, mpsc};
use raddle::{Engine, Strategy, thread};
use std::cell::{Cell, RefCell};

const ENGINES: [Engine; 4] = [LOOM, EXHAUSTIVE, RANDOM, Engine::Shuttle(Strategy::Dfs)];

/// The same of every engine.
fn all(ask: impl Fn(Engine) -> Came) -> Came {
    let said: Result<Vec<String>, String> =
        ENGINES.iter().map(|engine| ask(*engine).map_err(|said| format!("{engine}: {said}"))).collect();
    said.map(|said| said.join("; "))
}

pub(crate) const KIND: Kind = Kind {
    name: "statics",
    what: "values of threads and statics are one for all tasks and executions",
    cases: &[
        Case { name: "a_thread_local_guard_is_entered_once_by_each_thread", run: guard_of_a_thread },
        Case { name: "a_thread_local_buffer_is_not_shared", run: buffer_of_a_thread },
        Case { name: "a_thread_local_flag_does_not_hide_a_second_increment", run: flag_hides_nothing },
        Case { name: "a_thread_local_is_fresh_in_each_execution", run: fresh_in_each_execution },
        Case { name: "a_destructor_of_a_thread_local_runs_before_the_join", run: destructor_before_join },
        Case { name: "a_destructor_of_a_thread_local_can_race", run: destructor_races },
        Case { name: "thread_locals_are_dropped_last_first", run: dropped_last_first },
        Case { name: "a_dropped_thread_local_is_an_access_error", run: access_error },
        Case { name: "set_take_and_replace_of_thread_locals", run: setters },
        Case { name: "a_thread_local_outside_an_exploration", run: outside },
        Case { name: "a_static_counter_begins_anew", run: static_counter },
        Case { name: "a_static_without_synchronization_races", run: static_race },
        Case { name: "a_static_is_made_once_by_whoever_comes_first", run: made_once },
        Case { name: "two_statics_in_opposite_orders", run: static_deadlock },
        Case { name: "a_static_that_asks_for_itself", run: static_of_itself },
        Case { name: "a_static_of_a_channel_is_dropped_with_the_execution", run: static_channel },
        Case { name: "lazy_locks_of_one_place_are_refused", run: lazy_twice },
        Case { name: "a_static_whose_making_panics_is_poisoned", run: poisoned },
        Case { name: "once_lock_is_waited_for_taken_and_changed", run: once_lock },
        Case { name: "who_makes_a_static_is_no_new_trace_for_those_who_know_it", run: few_traces },
    ],
};

raddle::thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static BUFFER: RefCell<Vec<u32>> = RefCell::default();
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

fn guard_of_a_thread() -> Came {
    fn enter(lock: &Mutex<u32>) {
        assert!(!INSIDE.replace(true), "entered twice");
        *lock.lock().unwrap() += 1;
        INSIDE.set(false);
    }
    all(|engine| {
        holds(&under(engine), || {
            let lock = Arc::new(Mutex::new(0));
            let other = Arc::clone(&lock);
            let other = thread::spawn(move || enter(&other));
            enter(&lock);
            other.join().unwrap();
            assert_eq!(*lock.lock().unwrap(), 2);
        })
    })
}

fn buffer_of_a_thread() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let total = Arc::new(Mutex::new(0));
            let work = |number: u32, total: &Mutex<u32>| {
                BUFFER.with_borrow_mut(|buffer| buffer.push(number));
                *total.lock().unwrap() += number;
                BUFFER.with_borrow_mut(|buffer| buffer.push(number));
                assert_eq!(BUFFER.take(), [number, number]);
            };
            let theirs = Arc::clone(&total);
            let other = thread::spawn(move || work(1, &theirs));
            work(2, &total);
            other.join().unwrap();
        })
    })
}

fn flag_hides_nothing() -> Came {
    all(|engine| {
        fails(&under(engine), "assertion", || {
            let count = Arc::new(AtomicUsize::new(0));
            let add = |count: &AtomicUsize| {
                if !COUNTED.replace(true) {
                    count.store(count.load(SeqCst) + 1, SeqCst);
                }
            };
            let theirs = Arc::clone(&count);
            let other = thread::spawn(move || add(&theirs));
            add(&count);
            other.join().unwrap();
            assert_eq!(count.load(SeqCst), 2, "an increment is lost");
        })
    })
}

fn fresh_in_each_execution() -> Came {
    raddle::thread_local!(static COUNT: Cell<u32> = const { Cell::new(0) });
    all(|engine| {
        holds(&under(engine), || {
            let lock = Arc::new(Mutex::new(()));
            let theirs = Arc::clone(&lock);
            let other = thread::spawn(move || drop(theirs.lock()));
            drop(lock.lock());
            assert_eq!(COUNT.replace(COUNT.get() + 1), 0);
            other.join().unwrap();
        })
    })
}

/// Tells a channel or an atomic when it is dropped.
struct Tells(RefCell<Option<Box<dyn FnOnce()>>>);

impl Drop for Tells {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            tell();
        }
    }
}

raddle::thread_local! {
    static FIRST: Tells = const { Tells(RefCell::new(None)) };
    static SECOND: Tells = const { Tells(RefCell::new(None)) };
}

fn at_exit(key: &'static thread::LocalKey<Tells>, tell: impl FnOnce() + 'static) {
    key.with(|tells| _ = tells.0.borrow_mut().replace(Box::new(tell)));
}

fn destructor_before_join() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let cell = Arc::new(RaceCell::new(0));
            let theirs = Arc::clone(&cell);
            thread::spawn(move || at_exit(&FIRST, move || theirs.set(1))).join().unwrap();
            assert_eq!(cell.get(), 1);
        })
    })
}

fn destructor_races() -> Came {
    all(|engine| {
        fails(&under(engine), "data race", || {
            let cell = Arc::new(RaceCell::new(0));
            let theirs = Arc::clone(&cell);
            let other = thread::spawn(move || at_exit(&FIRST, move || theirs.set(1)));
            cell.set(2);
            other.join().unwrap();
        })
    })
}

fn dropped_last_first() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let (sender, receiver) = mpsc::channel();
            let again = sender.clone();
            thread::spawn(move || {
                at_exit(&FIRST, move || sender.send(1).unwrap());
                at_exit(&SECOND, move || again.send(2).unwrap());
            });
            assert_eq!(receiver.iter().collect::<Vec<_>>(), [2, 1]);
        })
    })
}

fn access_error() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let gone = Arc::new(Mutex::new(None));
            let theirs = Arc::clone(&gone);
            let other = thread::spawn(move || {
                at_exit(&FIRST, move || *theirs.lock().unwrap() = Some(FIRST.try_with(|_| ())));
            });
            other.join().unwrap();
            assert_eq!(*gone.lock().unwrap(), Some(Err(thread::AccessError)));
        })
    })
}

fn setters() -> Came {
    raddle::thread_local! {
        static NEVER_MADE: Cell<u32> = panic!("it is set before it is made");
        pub static TEXT: RefCell<String> = RefCell::new("made".to_owned());
    }
    all(|engine| {
        holds(&under(engine), || {
            NEVER_MADE.set(3);
            assert_eq!((NEVER_MADE.replace(4), NEVER_MADE.take(), NEVER_MADE.get()), (3, 4, 0));
            assert_eq!(TEXT.replace("set".to_owned()), "made");
            TEXT.set("again".to_owned());
            TEXT.with_borrow(|text| assert_eq!(text, "again"));
            thread::spawn(|| TEXT.with(|text| assert_eq!(*text.borrow(), "made"))).join().unwrap();
        })
    })
}

fn outside() -> Came {
    for (what, call) in [("thread-local", (|| INSIDE.set(true)) as fn()), ("static", || drop(COUNTER.lock()))] {
        let said = std::panic::catch_unwind(call).expect_err(what);
        let said = said.downcast_ref::<String>().cloned().unwrap_or_default();
        if !said.contains("raddle's primitives work inside an exploration") {
            return Err(format!("{what}: {said}"));
        }
    }
    Ok("both say where they work".into())
}

static COUNTER: LazyLock<Mutex<u32>> = LazyLock::new(|| Mutex::new(0));

fn static_counter() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let threads = [(); 2].map(|()| thread::spawn(|| *COUNTER.lock().unwrap() += 1));
            let _ = threads.map(|thread| thread.join().unwrap());
            assert_eq!(*COUNTER.lock().unwrap(), 2);
        })
    })
}

fn static_race() -> Came {
    static CELL: LazyLock<RaceCell<u32>> = LazyLock::new(|| RaceCell::new(0));
    all(|engine| {
        fails(&under(engine), "data race", || {
            let other = thread::spawn(|| CELL.set(1));
            CELL.set(2);
            other.join().unwrap();
        })
    })
}

fn made_once() -> Came {
    static MADE: LazyLock<AtomicUsize> = LazyLock::new(|| AtomicUsize::new(0));
    static VALUE: LazyLock<String> = LazyLock::new(|| {
        MADE.fetch_add(1, SeqCst);
        "made".to_owned()
    });
    all(|engine| {
        holds(&under(engine), || {
            let threads = [(); 2].map(|()| thread::spawn(|| VALUE.len()));
            assert_eq!(VALUE.len(), 4);
            let _ = threads.map(|thread| assert_eq!(thread.join().unwrap(), 4));
            assert_eq!(MADE.load(SeqCst), 1);
        })
    })
}

fn static_deadlock() -> Came {
    static LEFT: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);
    static RIGHT: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);
    all(|engine| {
        fails(&under(engine), "deadlock", || {
            let other = thread::spawn(|| {
                let _left = LEFT.lock();
                let _right = RIGHT.lock();
            });
            {
                let _right = RIGHT.lock();
                let _left = LEFT.lock();
            }
            other.join().unwrap();
        })
    })
}

fn static_of_itself() -> Came {
    static SELF: LazyLock<usize> = LazyLock::new(|| SELF.count_ones() as usize + 1);
    all(|engine| fails(&under(engine), "deadlock", || _ = *SELF))
}

fn static_channel() -> Came {
    type Ends = (mpsc::Sender<u32>, Mutex<mpsc::Receiver<u32>>);
    static CHANNEL: LazyLock<Ends> = LazyLock::new(|| {
        let (sender, receiver) = mpsc::channel();
        (sender, Mutex::new(receiver))
    });
    all(|engine| {
        holds(&under(engine), || {
            let other = thread::spawn(|| CHANNEL.0.send(1).unwrap());
            assert_eq!(CHANNEL.1.lock().unwrap().recv(), Ok(1));
            other.join().unwrap();
        })
    })
}

fn lazy_twice() -> Came {
    let said = say(&under(RANDOM), || {
        let [one, two] = [(); 2].map(|()| LazyLock::<u32>::new(|| 1));
        assert_eq!(*one + *two, 2);
    });
    if said.contains("two values of `LazyLock`s") { Ok(said) } else { Err(said) }
}

fn poisoned() -> Came {
    static FAILS: LazyLock<u32> = LazyLock::new(|| panic!("it can't be made"));
    all(|engine| {
        holds(&under(engine), || {
            let attempt = || std::panic::catch_unwind(|| *FAILS).is_err();
            assert!(attempt());
            let again = std::panic::catch_unwind(|| *FAILS).unwrap_err();
            let said = again.downcast_ref::<&str>().copied().map(str::to_owned);
            let said = said.or_else(|| again.downcast_ref::<String>().cloned());
            assert!(said.is_some_and(|said| said.contains("poisoned")));
        })
    })
}

fn once_lock() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let lock = Arc::new(OnceLock::new());
            let theirs = Arc::clone(&lock);
            let other = thread::spawn(move || theirs.set(7).unwrap());
            assert_eq!(*lock.wait(), 7);
            other.join().unwrap();
            let mut lock = Arc::into_inner(lock).unwrap();
            *lock.get_mut().unwrap() += 1;
            assert_eq!(lock.clone(), lock);
            assert_eq!((lock.take(), lock.get(), *lock.get_or_init(|| 1)), (Some(8), None, 1));
        })
    })
}

/// Two threads use two statics ten times each: who makes each is all that there is to explore.
fn few_traces() -> Came {
    static ONE: LazyLock<u32> = LazyLock::new(|| 1);
    static TWO: LazyLock<u32> = LazyLock::new(|| 2);
    holds_within(&under(EXHAUSTIVE), 4, || {
        let other = thread::spawn(|| (0..10).map(|_| *ONE + *TWO).sum::<u32>());
        assert_eq!((0..10).map(|_| *ONE + *TWO).sum::<u32>(), 30);
        assert_eq!(other.join().unwrap(), 30);
    })
}
