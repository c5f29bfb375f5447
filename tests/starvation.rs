//! Starvation is a bound broken although nobody is kept from running: in each buggy variant there is a schedule in which the
//! task that is passed over goes on between two grants to others, finds that it still may not, and so does every other task.

use raddle::suite::{Job, jobs};
use raddle::{Counterexample, Engine, Expect, Outcome, Phase, Verdict};
use raddle_scenarios::CATALOGUE;

/// Seeds that are tried.
const SEEDS: u64 = 300;

/// Whether every task goes on, or waits, between the first and the last of the grants that pass the starved one over.
fn every_enabled_task_runs(found: &Counterexample) -> bool {
    let Verdict::Starvation { task, object, .. } = &found.verdict else { panic!("{}", found.verdict) };
    let trace = &found.trace;
    let starved = trace.tasks.iter().position(|name| name == task).expect("the task is in the trace");
    let is = |index: usize, operation: &str| {
        let event = &trace.events[index];
        event.operation == operation && event.object.is_some_and(|at| trace.objects[at].name == *object)
    };
    let all = 0..trace.events.len();
    let request = all.clone().rev().find(|index| is(*index, "request") && trace.events[*index].task == starved);
    let request = request.expect("the starved task asked for it");
    let grants: Vec<usize> = all.clone().filter(|index| *index > request && is(*index, "grant")).collect();
    let (first, last) = (grants[0], grants[grants.len() - 1]);
    let goes_on = |task: usize| {
        let events = || trace.events.iter().enumerate().filter(|(_, event)| event.task == task);
        let runs = events().any(|(index, event)| (first + 1..last).contains(&index) && event.phase == Phase::Done);
        let ends = events().rfind(|(index, _)| *index <= first);
        let waits = ends.is_none_or(|(_, event)| event.phase == Phase::Waits || event.operation == "finish");
        runs || (waits && task != starved)
    };
    (0..trace.tasks.len()).all(goes_on)
}

#[test]
fn a_bound_is_broken_while_every_enabled_task_runs() {
    let all: Vec<Job> = jobs(&CATALOGUE, &[], &[Engine::Loom]).unwrap();
    let (of_threads, of_loops): (Vec<Job>, Vec<Job>) = all
        .into_iter()
        .filter(|job| job.variant.declared() == Expect::Starvation)
        .partition(|job| ["locks", "pitfalls"].contains(&job.name().split('/').next().unwrap()));
    // Whom a loop or a pool passes over is not enabled: it waits to be polled, or for a thread, and is late.
    assert_eq!((of_threads.len(), of_loops.len()), (4, 3));
    for job in of_threads {
        // The smallest that fails, which loom is given, sampled.
        let name = job.name();
        let program = job.variant.program(Engine::Loom);
        let sampled = Job { engine: Engine::shuttle(), ..job };
        let fair = (1..=SEEDS).any(|seed| match sampled.checker(seed, Some(2_000)).run(program) {
            Ok(Outcome::Fails(found)) => every_enabled_task_runs(&found),
            Ok(Outcome::Holds(_)) => false,
            other => panic!("{name} at seed {seed}: {other:?}"),
        });
        assert!(fair, "{name}: in {SEEDS} schedules that break the bound somebody is kept from running");
    }
}
