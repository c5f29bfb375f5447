//! Runtimes and sets that end before their tasks.

use super::{DFS, THREE, all_come_to};
use crate::cases::{Came, Case, EXHAUSTIVE, Kind, under};
use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use raddle::task::{self, JoinSet, runtime};
use raddle::time::Duration;

pub(crate) const KIND: Kind = Kind {
    name: "runtimes_end",
    what: "what tasks have done when their runtime is dropped can be anything",
    cases: &[
        Case { name: "a_runtime_is_dropped_before_during_and_after_its_tasks", run: drops },
        Case { name: "a_task_in_two_steps_is_dropped_at_each", run: drops_at_each },
        Case { name: "a_runtime_is_shut_down_in_the_background", run: background },
        Case { name: "a_runtime_is_shut_down_with_a_timeout", run: timeout },
        Case { name: "a_task_that_spawns_another_is_dropped_with_it", run: spawns_another },
        Case { name: "a_set_is_dropped_before_and_after_its_tasks", run: set_dropped },
        Case { name: "a_task_is_aborted_before_and_after_it_ran", run: aborted },
        Case { name: "a_loop_that_nobody_blocks_on_polls_nobody_when_it_is_dropped", run: loop_dropped },
        Case { name: "blocking_calls_have_ended_when_their_runtime_is_gone", run: blocking },
        Case { name: "a_runtime_whose_tasks_were_all_awaited_ends_as_one", run: awaited },
    ],
};

fn drops() -> Came {
    all_come_to(&THREE, &[0, 1, 2], || {
        let count = Arc::new(AtomicU32::new(0));
        let runtime = runtime::Runtime::new().unwrap();
        for _ in 0..2 {
            let count = Arc::clone(&count);
            drop(runtime.spawn(async move { count.fetch_add(1, SeqCst) }));
        }
        drop(runtime);
        count.load(SeqCst)
    })
}

fn drops_at_each() -> Came {
    all_come_to(&THREE, &[0, 1, 2], || {
        let count = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&count);
        let runtime = runtime::Runtime::new().unwrap();
        drop(runtime.spawn(async move {
            theirs.store(1, SeqCst);
            task::yield_now().await;
            theirs.store(2, SeqCst);
        }));
        drop(runtime);
        count.load(SeqCst)
    })
}

fn background() -> Came {
    all_come_to(&THREE, &[0, 1], || {
        let count = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&count);
        let runtime = runtime::Runtime::new().unwrap();
        drop(runtime.spawn(async move { theirs.fetch_add(1, SeqCst) }));
        runtime.shutdown_background();
        count.load(SeqCst)
    })
}

fn timeout() -> Came {
    all_come_to(&THREE, &[(false, 0), (false, 1), (true, 0), (true, 1)], || {
        let (called, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (calls, theirs) = (Arc::clone(&called), Arc::clone(&count));
        let runtime = runtime::Runtime::new().unwrap();
        drop(runtime.spawn(async move { theirs.fetch_add(1, SeqCst) }));
        drop(runtime.spawn_blocking(move || calls.store(true, SeqCst)));
        runtime.shutdown_timeout(Duration::from_secs(1));
        (called.load(SeqCst), count.load(SeqCst))
    })
}

fn spawns_another() -> Came {
    all_come_to(&[EXHAUSTIVE, DFS], &[0, 1, 11], || {
        let count = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&count);
        let runtime = runtime::Runtime::new().unwrap();
        drop(runtime.spawn(async move {
            theirs.fetch_add(1, SeqCst);
            task::spawn(async move { theirs.fetch_add(10, SeqCst) });
        }));
        drop(runtime);
        count.load(SeqCst)
    })
}

fn set_dropped() -> Came {
    all_come_to(&THREE, &[0, 1], || {
        runtime::Runtime::new().unwrap().block_on(async {
            let count = Arc::new(AtomicU32::new(0));
            let theirs = Arc::clone(&count);
            let mut set = JoinSet::new();
            set.spawn(async move { _ = theirs.fetch_add(1, SeqCst) });
            drop(set);
            count.load(SeqCst)
        })
    })
}

fn aborted() -> Came {
    all_come_to(&THREE, &[(false, 0), (false, 1), (true, 1)], || {
        runtime::Runtime::new().unwrap().block_on(async {
            let count = Arc::new(AtomicU32::new(0));
            let theirs = Arc::clone(&count);
            let handle = task::spawn(async move {
                theirs.fetch_add(1, SeqCst);
                task::yield_now().await;
            });
            handle.abort();
            (handle.await.is_ok(), count.load(SeqCst))
        })
    })
}

fn loop_dropped() -> Came {
    all_come_to(&THREE, &[0, 1], || {
        let count = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&count);
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async move {
            drop(task::spawn(async move { theirs.fetch_add(1, SeqCst) }));
            task::yield_now().await;
        });
        drop(runtime);
        count.load(SeqCst)
    })
}

fn blocking() -> Came {
    all_come_to(&THREE, &[1], || {
        let count = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&count);
        task::block_on(async move {
            drop(task::spawn_blocking(move || theirs.fetch_add(1, SeqCst)));
        });
        count.load(SeqCst)
    })
}

fn awaited() -> Came {
    holds_in_three(|| {
        let runtime = runtime::Runtime::new().unwrap();
        let task = runtime.spawn(async { 1 });
        assert_eq!(runtime.block_on(task).unwrap(), 1);
        drop(runtime);
    })
}

fn holds_in_three(program: fn()) -> Came {
    crate::cases::holds_within(&under(EXHAUSTIVE), 3, program)
}
