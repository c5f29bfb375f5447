//! Pointers that malloc gives again, and programs that are not deterministic.

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, RANDOM, fails, holds, say, under};
use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::SeqCst};
use raddle::{Outcome, thread};

pub(crate) const KIND: Kind = Kind {
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
