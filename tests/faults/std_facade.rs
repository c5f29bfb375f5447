//! What std has beside its primitives, as std does it: values of threads, statics, tokens, pointers.

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, RANDOM, fails, holds, holds_within, say, under};
use raddle::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::SeqCst};
use raddle::sync::{Arc, LazyLock, Mutex, OnceLock, RaceCell, mpsc};
use raddle::{Checker, Engine, Outcome, Strategy, thread};
use std::cell::{Cell, RefCell};

const ENGINES: [Engine; 4] = [LOOM, EXHAUSTIVE, RANDOM, Engine::Shuttle(Strategy::Dfs)];

/// The same of every engine.
fn all(ask: impl Fn(Engine) -> Came) -> Came {
    let said: Result<Vec<String>, String> =
        ENGINES.iter().map(|engine| ask(*engine).map_err(|said| format!("{engine}: {said}"))).collect();
    said.map(|said| said.join("; "))
}

pub(crate) const STATICS: Kind = Kind {
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

pub(crate) const POINTERS: Kind = Kind {
    name: "pointers",
    what: "a program is called nondeterministic because an address is given again, or crashes the search if it is",
    cases: &[
        Case { name: "nodes_that_go_over_one_by_one", run: ping_pong },
        Case { name: "a_node_is_made_anew_for_each_attempt", run: push_anew },
        Case { name: "a_slot_whose_boxes_are_replaced", run: slot_replaced },
        Case { name: "nodes_handed_over_and_back", run: handed_back },
        Case { name: "a_lost_node_is_found", run: lost_node },
        Case { name: "pointers_have_names_in_traces", run: named_pointers },
        Case { name: "another_number_of_steps_each_time_is_nondeterministic", run: other_steps },
        Case { name: "another_choice_each_time_is_nondeterministic", run: other_choices },
        Case { name: "a_livelock_over_pointers_is_one", run: pointer_livelock },
    ],
};

/// A list that is pushed to by compare-and-exchange and taken whole.
struct Stack(AtomicPtr<Node>);

struct Node {
    value: usize,
    next: *mut Node,
}

impl Stack {
    fn new() -> Self {
        Stack(AtomicPtr::new(std::ptr::null_mut()))
    }

    fn push(&self, value: usize) {
        let node = Box::into_raw(Box::new(Node { value, next: std::ptr::null_mut() }));
        let mut head = self.0.load(SeqCst);
        loop {
            // SAFETY: the node is this task's until it is in the list.
            #[expect(unsafe_code, reason = "nodes are freed by hand: that is what is tested")]
            unsafe {
                (*node).next = head;
            }
            match self.0.compare_exchange(head, node, SeqCst, SeqCst) {
                Ok(_) => return,
                Err(other) => head = other,
            }
        }
    }

    /// Frees all nodes, and gives the sum of their values.
    fn take(&self) -> usize {
        let (mut node, mut sum) = (self.0.swap(std::ptr::null_mut(), SeqCst), 0);
        while !node.is_null() {
            // SAFETY: who has swapped the list out has all of its nodes.
            #[expect(unsafe_code, reason = "nodes are freed by hand: that is what is tested")]
            let owned = unsafe { Box::from_raw(node) };
            (sum, node) = (sum + owned.value, owned.next);
        }
        sum
    }
}

/// Leaves the allocator in another state each time.
fn stir() {
    static NTH: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let nth = NTH.fetch_add(1, SeqCst);
    let kept: Vec<Box<Node>> = (0..nth % 7).map(|value| Box::new(Node { value, next: std::ptr::null_mut() })).collect();
    if nth.is_multiple_of(3) {
        std::mem::forget(kept);
    }
}

/// Nodes go over one by one, each made after the last was freed, and so perhaps where it was.
fn ping_pong() -> Came {
    holds(&under(EXHAUSTIVE), || {
        stir();
        let stack = Arc::new(Stack::new());
        let theirs = Arc::clone(&stack);
        let other = thread::spawn(move || {
            for value in 1..6 {
                theirs.push(value);
                while !theirs.0.load(SeqCst).is_null() {
                    thread::yield_now();
                }
            }
        });
        let mut sum = 0;
        while sum < 15 {
            if stack.0.load(SeqCst).is_null() {
                thread::yield_now();
            } else {
                sum += stack.take();
            }
        }
        other.join().unwrap();
    })
}

/// Who fails to push frees the node, and makes another.
fn push_anew() -> Came {
    holds(&under(EXHAUSTIVE), || {
        stir();
        let stack = Arc::new(Stack::new());
        let push = |stack: &Stack, value| {
            loop {
                let next = stack.0.load(SeqCst);
                let node = Box::into_raw(Box::new(Node { value, next }));
                if stack.0.compare_exchange(next, node, SeqCst, SeqCst).is_ok() {
                    break;
                }
                // SAFETY: nobody else has seen the node.
                #[expect(unsafe_code, reason = "nodes are freed by hand: that is what is tested")]
                drop(unsafe { Box::from_raw(node) });
                thread::yield_now();
            }
        };
        let threads = [1, 2].map(|value| {
            let stack = Arc::clone(&stack);
            thread::spawn(move || push(&stack, value))
        });
        push(&stack, 3);
        let _ = threads.map(|thread| thread.join().unwrap());
        assert_eq!(stack.take(), 6);
    })
}

fn slot_replaced() -> Came {
    holds(&under(EXHAUSTIVE), || {
        stir();
        let slot = Arc::new(AtomicPtr::new(std::ptr::null_mut::<usize>()));
        let replace = |slot: &AtomicPtr<usize>, value| {
            let old = slot.swap(Box::into_raw(Box::new(value)), SeqCst);
            // SAFETY: who has swapped a box out has it alone.
            #[expect(unsafe_code, reason = "boxes are freed by hand: that is what is tested")]
            let freed = (!old.is_null()).then(|| unsafe { *Box::from_raw(old) });
            freed.unwrap_or(0)
        };
        let theirs = Arc::clone(&slot);
        let other = thread::spawn(move || replace(&theirs, 1) + replace(&theirs, 2) + replace(&theirs, 3));
        let mine = replace(&slot, 4) + replace(&slot, 5);
        let theirs = other.join().unwrap();
        assert_eq!(mine + theirs + replace(&slot, 0), 15);
        let _ = replace(&slot, 0);
    })
}

fn handed_back() -> Came {
    holds(&under(EXHAUSTIVE), || {
        stir();
        let stacks = Arc::new([Stack::new(), Stack::new()]);
        let theirs = Arc::clone(&stacks);
        let other = thread::spawn(move || (0..2).map(|_| theirs[1].push(theirs[0].take())).count());
        stacks[0].push(1);
        let early = stacks[1].take();
        stacks[0].push(2);
        other.join().unwrap();
        assert_eq!(early + stacks[0].take() + stacks[1].take(), 3);
    })
}

fn lost_node() -> Came {
    fails(&under(EXHAUSTIVE), "assertion", || {
        stir();
        let stack = Arc::new(Stack::new());
        let push = |stack: &Stack, value| {
            let next = stack.0.load(SeqCst);
            stack.0.store(Box::into_raw(Box::new(Node { value, next })), SeqCst);
        };
        let theirs = Arc::clone(&stack);
        let other = thread::spawn(move || push(&theirs, 1));
        push(&stack, 2);
        other.join().unwrap();
        assert_eq!(stack.take(), 3, "a node is lost");
    })
}

fn named_pointers() -> Came {
    let trace = || {
        let found = under(EXHAUSTIVE).run(|| {
            stir();
            let slot = Arc::new(AtomicPtr::new(std::ptr::null_mut::<usize>()));
            let theirs = Arc::clone(&slot);
            let other = thread::spawn(move || {
                let old = theirs.swap(Box::into_raw(Box::new(1)), SeqCst);
                assert!(theirs.compare_exchange(old, old, SeqCst, SeqCst).is_ok());
            });
            other.join().unwrap();
        });
        let Ok(Outcome::Fails(found)) = found else { panic!("it fails") };
        found.trace.events.iter().filter_map(|event| event.value.clone()).collect::<Vec<_>>().join(", ")
    };
    let (one, two) = (trace(), trace());
    if one == two && one.contains("null → ptr#1") { Ok(one) } else { Err(format!("{one} and {two}")) }
}

fn nondeterministic(program: impl Fn() + Send + Sync + 'static) -> Came {
    let said = say(&under(EXHAUSTIVE), program);
    if said.contains("not deterministic") && !said.contains("index out of bounds") { Ok(said) } else { Err(said) }
}

/// Counts executions, which a program must not.
fn nth(count: &std::sync::atomic::AtomicUsize) -> usize {
    count.fetch_add(1, SeqCst)
}

/// Two tasks that do so many steps each.
fn race(mine: usize, theirs: usize) {
    let number = Arc::new(AtomicUsize::new(0));
    let other = Arc::clone(&number);
    let other = thread::spawn(move || (0..theirs).for_each(|_| _ = other.fetch_add(1, SeqCst)));
    (0..mine).for_each(|_| _ = number.fetch_add(1, SeqCst));
    other.join().unwrap();
}

fn other_steps() -> Came {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    nondeterministic(|| {
        let nth = nth(&COUNT);
        race(3, if nth > 6 && nth.is_multiple_of(2) { 1 } else { 3 });
    })
}

fn other_choices() -> Came {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    nondeterministic(|| {
        let nth = nth(&COUNT);
        let number = raddle::choose(if nth > 6 && nth.is_multiple_of(2) { 1 } else { 3 });
        race(number, if nth > 6 && nth.is_multiple_of(5) { 0 } else { 2 });
    })
}

fn pointer_livelock() -> Came {
    let checker = under(RANDOM);
    fails(&checker, "livelock", || {
        stir();
        let (mut one, mut two) = (1, 2);
        let [one, two] = [&raw mut one, &raw mut two].map(|pointer| Arc::new(AtomicPtr::new(pointer)));
        let (theirs, mine) = (Arc::clone(&one), Arc::clone(&one));
        let wants = two.load(SeqCst);
        let wait = move |slot: &AtomicPtr<i32>, wanted: usize| {
            while slot.load(SeqCst).addr() != wanted {
                thread::yield_now();
            }
        };
        let wanted = wants.addr();
        let other = thread::spawn(move || wait(&theirs, wanted));
        wait(&mine, wanted);
        other.join().unwrap();
    })
}

pub(crate) const OWNERS: Kind = Kind {
    name: "owners",
    what: "something of the program stays after the run, or is not as it asked for",
    cases: &[
        Case { name: "what_was_captured_has_one_owner_after_a_run", run: captures_come_back },
        Case { name: "what_was_captured_comes_back_from_an_async_program", run: captures_of_futures },
        Case { name: "what_was_captured_comes_back_from_a_bounded_search", run: captures_of_bounded },
        Case { name: "a_deep_recursion_has_the_stack_that_it_asked_for", run: deep_recursion },
        Case { name: "a_scoped_thread_has_the_stack_that_it_asked_for", run: deep_in_a_scope },
        Case { name: "a_stack_that_nobody_gives_is_an_error", run: too_deep },
    ],
};

/// Runs a program of two threads that shares what it is given, and looks who has that then.
fn comes_back(run: impl Fn(&Checker, Box<dyn Fn() + Send + Sync>), checker: &Checker, what: &str) -> Came {
    let results = Arc::new(std::sync::Mutex::new(0));
    let shared = Arc::clone(&results);
    let program = move || {
        let lock = Arc::new(Mutex::new(0));
        let (theirs, shared_by) = (Arc::clone(&lock), Arc::clone(&shared));
        let other = thread::spawn(move || {
            *theirs.lock().unwrap() += 1;
            *shared_by.lock().unwrap() += 1;
        });
        *lock.lock().unwrap() += 1;
        other.join().unwrap();
    };
    run(checker, Box::new(program));
    let owners = Arc::strong_count(&results);
    match Arc::try_unwrap(results) {
        Ok(_) => Ok(format!("{what}: one owner")),
        Err(_) => Err(format!("{what}: {owners} owners")),
    }
}

fn hold(checker: &Checker, program: Box<dyn Fn() + Send + Sync>) {
    assert!(matches!(checker.run(program), Ok(Outcome::Holds(_))), "it holds");
}

fn captures_come_back() -> Came {
    let said: Result<Vec<String>, String> = Engine::ALL
        .iter()
        .map(|engine| comes_back(hold, &under(*engine).executions(5_000), &engine.to_string()))
        .chain([comes_back(hold, &Checker::new(), "the chain")])
        .collect();
    said.map(|said| said.join("; "))
}

fn captures_of_futures() -> Came {
    all(|engine| {
        let results = Arc::new(std::sync::Mutex::new(0));
        let shared = Arc::clone(&results);
        let held = holds(&under(engine), move || {
            let runtime = raddle::tokio::runtime::Builder::new_current_thread().build().unwrap();
            let theirs = Arc::clone(&shared);
            runtime.block_on(async move {
                let task = raddle::task::spawn(async move { *theirs.lock().unwrap() += 1 });
                task.await.unwrap();
            });
        })?;
        Arc::try_unwrap(results).map(|_| held).map_err(|results| format!("{} owners", Arc::strong_count(&results)))
    })
}

fn captures_of_bounded() -> Came {
    comes_back(hold, &under(EXHAUSTIVE).preemptions(1), "exhaustive, one preemption")?;
    comes_back(hold, &under(LOOM).preemptions(1), "loom, one preemption")
}

/// A frame of a kilobyte for each round.
#[inline(never)]
fn recurse(depth: usize) -> usize {
    let frame = std::hint::black_box([depth; 128]);
    if depth == 0 { 0 } else { frame[depth % 128] - depth + 1 + recurse(depth - 1) }
}

fn deep_recursion() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let deep = thread::Builder::new().name("deep".into()).stack_size(4 << 20);
            assert_eq!(deep.spawn(|| recurse(1_000)).unwrap().join().unwrap(), 1_000);
        })
    })
}

fn deep_in_a_scope() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let depth = 1_500;
            let came = thread::scope(|scope| {
                let deep = thread::Builder::new().stack_size(6 << 20);
                deep.spawn_scoped(scope, || recurse(depth)).unwrap().join().unwrap()
            });
            assert_eq!(came, depth);
        })
    })
}

fn too_deep() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let refused = thread::Builder::new().stack_size(1 << 30).spawn(|| ()).unwrap_err();
            assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
        })
    })
}
