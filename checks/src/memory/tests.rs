//! Litmus tests by their values.

use super::{Claim, Event, Judgement, What, judge};
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

fn load(place: usize, value: u64, order: Ordering) -> What {
    What::Load { place, order, value }
}

fn store(place: usize, value: u64, order: Ordering) -> What {
    What::Store { place, order, value }
}

fn swap(place: usize, read: u64, written: u64, order: Ordering) -> What {
    What::Update { place, order, read, written }
}

/// Tasks side by side, on two atomics that begin with 0; the last may come after all others.
fn judge_tasks(tasks: &[&[What]], joined: bool) -> Judgement {
    let mut events = Vec::new();
    for (task, steps) in tasks.iter().enumerate() {
        for (step, what) in steps.iter().enumerate() {
            let mut clock = vec![0; tasks.len()];
            if joined && task + 1 == tasks.len() {
                clock.iter_mut().zip(tasks).for_each(|(at, steps)| *at = u32::try_from(steps.len()).unwrap());
            }
            clock[task] = u32::try_from(step + 1).unwrap();
            events.push(Event { task, what: *what, clock });
        }
    }
    judge(&[(0, 0), (1, 0)], &events, &Claim::default())
}

#[test]
fn store_buffering_needs_weak_orders() {
    for (order, expected) in [(Relaxed, Judgement::Possible), (SeqCst, Judgement::Impossible)] {
        let one = [store(0, 1, order), load(1, 0, order)];
        let two = [store(1, 1, order), load(0, 0, order)];
        assert_eq!(judge_tasks(&[&one, &two], false), expected, "{order:?}");
    }
    let fenced = |mine, other| [store(mine, 1, Relaxed), What::Fence(SeqCst), load(other, 0, Relaxed)];
    assert_eq!(judge_tasks(&[&fenced(0, 1), &fenced(1, 0)], false), Judgement::Impossible);
}

#[test]
fn message_passing_needs_a_release_and_an_acquire() {
    let pass = |release, acquire| {
        let one = [store(0, 1, Relaxed), store(1, 1, release)];
        let two = [load(1, 1, acquire), load(0, 0, Relaxed)];
        judge_tasks(&[&one, &two], false)
    };
    assert_eq!(pass(Relaxed, Acquire), Judgement::Possible);
    assert_eq!(pass(Release, Relaxed), Judgement::Possible);
    assert_eq!(pass(Release, Acquire), Judgement::Impossible);
}

#[test]
fn a_store_does_not_come_between_the_halves_of_an_update() {
    let tasks: [&[What]; 3] = [&[store(0, 1, Release)], &[swap(0, 0, 0, AcqRel)], &[load(0, 0, Acquire)]];
    assert_eq!(judge_tasks(&tasks, true), Judgement::Impossible);
    let tasks: [&[What]; 3] = [&[store(0, 1, Release)], &[swap(0, 1, 0, AcqRel)], &[load(0, 0, Acquire)]];
    assert_eq!(judge_tasks(&tasks, true), Judgement::Possible);
}

#[test]
fn two_updates_do_not_read_one_write() {
    let tasks: [&[What]; 2] = [&[swap(0, 0, 1, SeqCst)], &[swap(0, 0, 1, SeqCst)]];
    assert_eq!(judge_tasks(&tasks, false), Judgement::Impossible);
    let tasks: [&[What]; 2] = [&[swap(0, 0, 1, Relaxed)], &[swap(0, 1, 1, Relaxed)]];
    assert_eq!(judge_tasks(&tasks, false), Judgement::Possible);
}

#[test]
fn what_was_overwritten_by_the_reader_s_own_past_is_not_read() {
    let tasks: [&[What]; 3] =
        [&[store(0, 1, Relaxed), store(0, 2, Relaxed)], &[store(0, 3, Relaxed)], &[load(0, 1, Relaxed)]];
    assert_eq!(judge_tasks(&tasks, true), Judgement::Impossible);
}

#[test]
fn nothing_is_read_out_of_thin_air() {
    let tasks: [&[What]; 2] =
        [&[load(0, 1, Relaxed), store(1, 1, Relaxed)], &[load(1, 1, Relaxed), store(0, 1, Relaxed)]];
    assert_eq!(judge_tasks(&tasks, false), Judgement::Impossible);
}

#[test]
fn readers_agree_on_the_order_of_sequentially_consistent_writes_alone() {
    let iriw = |write, read| {
        let reader = |first, second| [load(first, 1, read), load(second, 0, read)];
        judge_tasks(&[&[store(0, 1, write)], &[store(1, 1, write)], &reader(0, 1), &reader(1, 0)], false)
    };
    assert_eq!(iriw(Release, Acquire), Judgement::Possible);
    assert_eq!(iriw(SeqCst, SeqCst), Judgement::Impossible);
}

#[test]
fn a_race_is_one_where_nothing_orders_it() {
    let event = |task, what, clock: [u32; 2]| Event { task, what, clock: clock.to_vec() };
    let pass = |order| {
        let events = [
            event(0, What::Plain, [1, 0]),
            event(0, store(0, 1, order), [2, 0]),
            event(1, load(0, 1, Acquire), [0, 1]),
            event(1, What::Plain, [0, 2]),
        ];
        judge(&[(0, 0)], &events, &Claim { races: Some(&[(0, 3)]), seen: None })
    };
    assert_eq!(pass(Release), Judgement::Impossible);
    assert_eq!(pass(Relaxed), Judgement::Possible);
}
