//! A task that is cancelled at any of its awaits.

use super::*;
use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::task;

/// A worker of three steps; how far it came, and whether it ended by itself.
fn steps() -> (u32, bool) {
    task::block_on(async {
        let done = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&done);
        let worker = task::spawn(async move {
            for _ in 0..3 {
                theirs.fetch_add(1, SeqCst);
                task::yield_now().await;
            }
        });
        let ended = worker.await.is_ok();
        (done.load(SeqCst), ended)
    })
}

#[test]
fn a_task_is_cancelled_at_each_of_its_awaits_and_at_none() {
    let everywhere = BTreeSet::from([(0, false), (1, false), (2, false), (3, false), (3, true)]);
    for engine in SEARCHING {
        let checker = Checker::new().engine(engine).cancel_anywhere();
        assert_eq!(came_to(&checker, steps), everywhere, "{engine}");
        assert_eq!(checker.awaits_cancelled(), Some(4), "{engine}: before its first poll, and at three awaits");
    }
    assert_eq!(outcomes(steps), BTreeSet::from([(3, true)]), "nobody is cancelled unless it is asked for");
}

#[test]
fn the_trace_says_who_was_cancelled_and_where() {
    fn program() {
        let (_, ended) = steps();
        assert!(ended, "the worker was cancelled");
    }
    for engine in ALL {
        let found = found(&Checker::new().engine(engine).cancel_anywhere(), program);
        let cancelled: Vec<_> =
            found.trace.events.iter().filter(|event| event.value.as_deref() == Some("cancelled")).collect();
        assert_eq!(cancelled.len(), 1, "{engine}");
        assert!(found.trace.events.iter().any(|event| event.operation == "abort"), "{engine}");
    }
}
