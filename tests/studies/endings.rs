//! Every way in which a program can end.

use super::*;
use raddle::{Ending, Endings, observe};
use std::collections::BTreeSet;

fn ending(observed: &[&str], verdict: &str) -> (Vec<String>, String) {
    (observed.iter().map(|value| (*value).to_owned()).collect(), verdict.to_owned())
}

/// Without the verdicts' messages.
fn seen(endings: &Endings) -> BTreeSet<(Vec<String>, String)> {
    endings.seen.iter().map(|Ending { observed, verdict, .. }| (observed.clone(), verdict.clone())).collect()
}

/// Two threads take two locks in opposite orders; one of them fails if it comes second.
fn all_sorts() {
    let locks = Arc::new((Mutex::new(0), Mutex::new(())));
    let theirs = Arc::clone(&locks);
    let other = thread::spawn(move || {
        let _second = theirs.1.lock().unwrap();
        *theirs.0.lock().unwrap() += 1;
    });
    let first = locks.0.lock().unwrap();
    let both = (locks.1.lock().unwrap(), *first);
    observe("value", both.1);
    assert!(both.1 == 0, "second");
    drop((both, first));
    other.join().unwrap();
}

#[test]
fn endings_are_all_there_and_failures_among_them() {
    let endings = Checker::new().endings(all_sorts);
    assert!(endings.whole);
    let all = [ending(&[], "deadlock"), ending(&["value=0"], "holds"), ending(&["value=1"], "assertion")];
    assert_eq!(seen(&endings), BTreeSet::from(all));
    let fails = endings.seen.iter().find(|ending| ending.verdict == "assertion").unwrap();
    assert_eq!(fails.message, "main panicked: second");
}

/// What is chosen, and what each of two threads observes, in whatever order.
#[test]
fn choices_and_observations_of_several_threads_are_one_ending_each() {
    let endings = Checker::new().endings(|| {
        let chosen = raddle::choose(2);
        thread::scope(|scope| {
            for number in 0..2 {
                scope.spawn(move || observe("seen", number * chosen));
            }
        });
    });
    assert!(endings.whole);
    let all = [ending(&["seen=0", "seen=0"], "holds"), ending(&["seen=0", "seen=1"], "holds")];
    assert_eq!(seen(&endings), BTreeSet::from(all));
}

#[test]
fn a_search_that_is_cut_is_not_whole() {
    let endings = Checker::new().executions(1).endings(all_sorts);
    assert_eq!((endings.whole, endings.executions, endings.seen.len()), (false, 1, 1));
}
