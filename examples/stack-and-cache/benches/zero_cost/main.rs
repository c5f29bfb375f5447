//! What `crate::sync` costs in what ships: the crate's stack beside one that is written straight on std.
//!
//! `cargo bench --bench zero_cost` prints the median, over pairs of runs, of (time of the crate's ÷ time of std's). The
//! order within a pair alternates. 1.00 is no cost; how far it strays from there by itself is what `std ÷ std` shows.

mod on_std;

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

/// Pairs of runs.
const PAIRS: usize = 41;
/// Words that a thread pushes and pops in a run.
const ROUNDS: u64 = 200_000;

/// So many threads push and pop.
macro_rules! run {
    ($name:ident, $stack:ty) => {
        fn $name(threads: u64) -> Duration {
            let stack = <$stack>::with_capacity(64);
            let work = || {
                for word in 0..ROUNDS {
                    stack.push(black_box(word)).expect("there is room");
                    black_box(stack.pop());
                }
            };
            let started = Instant::now();
            thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
            started.elapsed()
        }
    };
}

run!(shipped, stack_and_cache::Stack);
run!(on_std, on_std::Stack);

type Run = fn(u64) -> Duration;

/// The median of the pairs' ratios, and the first's median time for a push and a pop.
fn compare(one: Run, other: Run, threads: u64) -> (f64, Duration) {
    let mut ratios = Vec::with_capacity(PAIRS);
    let mut times = Vec::with_capacity(PAIRS);
    for pair in 0..PAIRS {
        let (one, other) = if pair % 2 == 0 {
            let time = one(threads);
            (time, other(threads))
        } else {
            let time = other(threads);
            (one(threads), time)
        };
        ratios.push(one.as_secs_f64() / other.as_secs_f64());
        times.push(one);
    }
    ratios.sort_by(f64::total_cmp);
    times.sort();
    (ratios[PAIRS / 2], times[PAIRS / 2] / u32::try_from(ROUNDS).expect("a small number"))
}

fn main() {
    for threads in [1, 2] {
        let (cost, each) = compare(shipped, on_std, threads);
        let (noise, _) = compare(on_std, on_std, threads);
        println!("{threads} thread(s): crate ÷ std {cost:.2}, std ÷ std {noise:.2}; {each:?} for a push and a pop");
    }
}
