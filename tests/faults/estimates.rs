//! How much of an exhaustive search is done, while it is not known how much there is.

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, under};
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::sync::{Arc, Mutex};
use raddle::{Outcome, thread};

pub(crate) const KIND: Kind = Kind {
    name: "estimates",
    what: "a search that has hardly begun says that it is nearly done",
    cases: &[
        Case {
            name: "two_threads_of_twenty_steps_have_hardly_begun",
            run: || at_most(0.001, 20_000, || adders(2, 20)),
        },
        Case { name: "three_threads_of_ten_steps_have_hardly_begun", run: || at_most(0.001, 20_000, || adders(3, 10)) },
        Case { name: "five_threads_of_three_locks_have_hardly_begun", run: || at_most(0.02, 20_000, || lockers(5)) },
        Case { name: "a_choice_of_very_many_has_hardly_begun", run: || at_most(0.001, 1_000, very_many) },
        Case { name: "a_tenth_is_about_a_tenth", run: || between(0.02, 0.3, 34_650 / 10, || adders(3, 4)) },
        Case { name: "a_half_is_about_a_half", run: || between(0.25, 0.75, 34_650 / 2, || adders(3, 4)) },
        Case { name: "of_locks_a_half_is_about_a_half", run: || between(0.25, 0.75, 1_680 / 2, || lockers(3)) },
    ],
};

/// So many threads, of which `main` is one, do the same to what they share.
fn crowd<T: Default + Send + Sync + 'static>(threads: usize, each: impl Fn(&T) + Copy + Send + 'static) {
    let shared = Arc::new(T::default());
    let start = |_| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || each(&shared))
    };
    let others: Vec<_> = (1..threads).map(start).collect();
    each(&shared);
    others.into_iter().for_each(|other| other.join().unwrap());
}

fn adders(threads: usize, steps: u32) {
    crowd(threads, move |sum: &AtomicU32| (0..steps).for_each(|_| _ = sum.fetch_add(1, SeqCst)));
}

fn lockers(threads: usize) {
    crowd(threads, |lock: &Mutex<u32>| (0..3).for_each(|_| *lock.lock().unwrap() += 1));
}

fn very_many() {
    assert!(raddle::choose(usize::MAX) < usize::MAX);
}

fn between(least: f64, most: f64, executions: u64, program: fn()) -> Came {
    match under(EXHAUSTIVE).executions(executions).run(program) {
        Ok(Outcome::Inconclusive { done: Some(done), .. }) if (least..=most).contains(&done) => {
            Ok(format!("{:.4} % after {executions} executions", done * 100.0))
        }
        other => Err(format!("expected {least} to {most} of a search that was cut, got {other:?}")),
    }
}

fn at_most(most: f64, executions: u64, program: fn()) -> Came {
    between(0.0, most, executions, program)
}
