//! N philosophers, N forks, and everybody takes the left one first.
//!
//! # What goes wrong
//! With `left_first` all can have their left fork when nobody has a right one. The circle takes *everybody*: the more
//! they are, the less likely is a schedule in which nobody has both forks while the others are still sitting down.
//!
//! # Outcomes
//! | variant       | ends             | because                                              |
//! |---------------|------------------|------------------------------------------------------|
//! | `lower_first` | always           | who has the highest fork that is taken can go on     |
//! | `left_first`  | or deadlock of N | each holds the fork that the neighbour wants         |
//!
//! Its depth is N: each takes the left fork before the neighbour asks for it. Leave one of these orders out, and that
//! neighbour may eat and go.
//!
//! # Use instead
//! Number the forks, and take the lower first; or ask a waiter (a semaphore) with N - 1 permits.
//!
//! # In Python
//! `with forks[seat]: with forks[(seat + 1) % n]: …`
//!
//! # Seen in the wild
//! Dijkstra's five philosophers (*Hierarchical ordering of sequential processes*, Acta Informatica 1971), who is also
//! the one to number the resources. `SCTBench` has them with two to seven.

use raddle::prelude::*;
use raddle::{
    sync::{Arc, Mutex},
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "classics/philosophers",
    "Testing literature: a circle of any length",
    raddle::source!("philosophers.rs"),
    &[
        Variant::correct("lower_first", || dinner(2, lower_first)).full_size(|| dinner(5, lower_first)),
        Variant::buggy("left_first", Class::Deadlock, || dinner(2, left_first))
            .fails_with(Expect::Deadlock(2))
            .sizes(SIZES),
    ],
);

const SIZES: &[Size] = &[
    Size::new("philosophers_2", || dinner(2, left_first)).depth(2),
    Size::new("philosophers_3", || dinner(3, left_first)).depth(3),
    Size::new("philosophers_5", || dinner(5, left_first)).depth(5),
    Size::new("philosophers_10", || dinner(10, left_first)).depth(10),
];

fn lower_first(left: usize, right: usize) -> (usize, usize) {
    (left.min(right), left.max(right))
}

fn left_first(left: usize, right: usize) -> (usize, usize) {
    // BUG: the right fork of the last is the left one of the first, and so the order of taking goes round.
    (left, right)
}

fn dinner(philosophers: usize, order: fn(usize, usize) -> (usize, usize)) {
    let fork = |number: usize| Mutex::new(()).named(format!("fork-{}", number + 1));
    let forks: Arc<Vec<_>> = Arc::new((0..philosophers).map(fork).collect());
    let sit_down = |seat: usize| {
        let forks = Arc::clone(&forks);
        let eat = move || {
            let (first, second) = order(seat, (seat + 1) % philosophers);
            let _first = forks[first].lock().unwrap();
            let _second = forks[second].lock().unwrap();
        };
        thread::Builder::new().name(format!("philosopher-{}", seat + 1)).spawn(eat).unwrap()
    };
    let guests: Vec<_> = (0..philosophers).map(sit_down).collect();
    for guest in guests {
        guest.join().unwrap();
    }
}
