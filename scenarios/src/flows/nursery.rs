//! A nursery: tasks have a parent, and the parent's block is not left before they have ended.
//!
//! # What goes wrong
//! What a block starts should have ended when the block is left. An `orphan` has not: nobody waits for it, nobody sees its
//! error. When a child fails, the others are cancelled: if they are not (`sibling_not_cancelled`), one that waits for the
//! failed child waits for ever, and the parent for it. And the parent itself can be cancelled while it waits for the
//! children. A child that fails at the same time must not hide that: with `parent_cancel_swallowed` the parent deals with the
//! error, goes on, and waits for a cancel that it has had.
//!
//! # Outcomes
//! | variant                   | the parent         | because                                                    |
//! |---------------------------|--------------------|------------------------------------------------------------|
//! | `children_joined`         | ends after all     | an error or a cancel ends the children, and is passed on   |
//! | `orphan`                  | or leaves children | it does not wait                                           |
//! | `sibling_not_cancelled`   | never ends         | a child waits for word from the one that failed            |
//! | `parent_cancel_swallowed` | or never ends      | the error came with the cancel, and only the error counted |
//!
//! # Use instead
//! A scope that joins what it has started, on every way out: a `JoinSet` that is shut down, `trio.open_nursery()`, an
//! `asyncio.TaskGroup`. Whoever takes note of a cancel and does something else first asks for it again.
//!
//! # In Python
//! `asyncio.create_task(child())` without an owner is an orphan, and so is a task that is left when `gather()` has raised.
//! `task.cancel()` raises `CancelledError` in the parent once; here `cancelled` is that one time.
//!
//! # Seen in the wild
//! `CPython` 116720: a nested `TaskGroup` raised its child's error in place of the cancel that came from the outer one.

use raddle::prelude::*;
use raddle::{
    sync::Arc,
    task::{self, Either, JoinSet, sync::Notify},
    time::{Duration, sleep},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "flows/nursery",
    "Concurrency Patterns and Libraries: Trio, Curio",
    raddle::source!("nursery.rs"),
    &[
        Variant::correct("children_joined", || run(1, 1, 0, children_joined))
            .full_size(|| run(5, 1, 1, children_joined))
            .proven_at("3 children", || run(3, 1, 1, children_joined))
            .deny_leaks()
            .cancel_anywhere()
            .property(|| drawn(children_joined)),
        Variant::buggy("orphan", Class::Leak, || run(1, 0, 0, orphan))
            .full_size(|| run(5, 0, 0, orphan))
            .fails_with(Expect::Leak)
            .deny_leaks()
            .property(|| drawn(orphan))
            .smallest("children 1, failing 0, cancels 0", 0),
        Variant::buggy("sibling_not_cancelled", Class::LostWakeup, || run(2, 1, 0, sibling_not_cancelled))
            .full_size(|| run(5, 1, 0, sibling_not_cancelled))
            .fails_with(Expect::Stuck)
            .property(|| drawn(sibling_not_cancelled))
            .smallest("children 2, failing 1, cancels 0", 0),
        Variant::buggy("parent_cancel_swallowed", Class::LostWakeup, || run(1, 1, 1, parent_cancel_swallowed))
            .full_size(|| run(5, 1, 1, parent_cancel_swallowed))
            .proven_at("2 children", || run(2, 1, 1, parent_cancel_swallowed))
            .fails_with(Expect::Stuck)
            .property(|| drawn(parent_cancel_swallowed))
            .smallest("children 1, failing 1, cancels 1", 0),
    ],
);

/// What a child comes to.
type Ended = Result<(), &'static str>;

/// Parent and children.
struct Nursery {
    /// Each child passes it on to the next.
    word: Notify,
    /// Tells the parent once that it is cancelled.
    cancelled: Notify,
}

/// The first child works for a second, and fails or gives the word; the others wait for the word.
async fn child(nursery: Arc<Nursery>, number: u32, fails: bool) -> Ended {
    if number == 1 {
        sleep(Duration::from_secs(1)).await;
    } else {
        nursery.word.notified().await;
    }
    if fails {
        return Err("this child has failed");
    }
    nursery.word.notify_one();
    Ok(())
}

/// Waits for all children, and ends the others after a failure or a cancel; tells which there was.
async fn all_ended(nursery: &Nursery, mut children: JoinSet<Ended>) -> (bool, bool) {
    let (mut failed, mut cancelled) = (false, false);
    loop {
        match task::race(children.join_next(), nursery.cancelled.notified()).await {
            Either::Left(None) => return (failed, cancelled),
            Either::Left(Some(Ok(Ok(())))) => {}
            Either::Left(Some(Ok(Err(_)))) => failed = true,
            Either::Left(Some(Err(_))) => failed |= !cancelled,
            Either::Right(()) => cancelled = true,
        }
        if failed || cancelled {
            children.abort_all();
        }
    }
}

async fn children_joined(nursery: Arc<Nursery>, children: JoinSet<Ended>) {
    let (_failed, cancelled) = all_ended(&nursery, children).await;
    if cancelled {
        nursery.cancelled.notify_one();
    }
}

async fn orphan(_nursery: Arc<Nursery>, mut children: JoinSet<Ended>) {
    // BUG: the block is left, and nobody knows of the children any more.
    children.detach_all();
}

async fn sibling_not_cancelled(_nursery: Arc<Nursery>, mut children: JoinSet<Ended>) {
    // BUG: when one has failed this goes on waiting for the others, and they wait for word from it.
    while children.join_next().await.is_some() {}
}

async fn parent_cancel_swallowed(nursery: Arc<Nursery>, children: JoinSet<Ended>) {
    let (failed, cancelled) = all_ended(&nursery, children).await;
    // BUG: a child's failure doesn't undo the cancel, which was told once, and is forgotten here.
    if cancelled && !failed {
        nursery.cancelled.notify_one();
    }
}

/// How the parent leaves the block.
type Leave<F> = fn(Arc<Nursery>, JoinSet<Ended>) -> F;

fn drawn<F: Future<Output = ()> + Send + 'static>(leave: Leave<F>) -> Property {
    let sizes = (1..=4_u32, 0..=1_u32, 0..=1_u32);
    let names = &["children", "failing", "cancels"];
    Property::new(names, sizes, move |(children, failing, cancels)| run(children, failing, cancels, leave))
}

/// A parent with so many children, of which the first may fail, and which may be cancelled after a second.
fn run<F>(children: u32, failing: u32, cancels: u32, leave: Leave<F>)
where
    F: Future<Output = ()> + Send + 'static,
{
    task::block_on(async {
        let (word, cancelled) = (Notify::new().named("word"), Notify::new().named("cancelled"));
        let nursery = Arc::new(Nursery { word, cancelled });
        let theirs = Arc::clone(&nursery);
        let parent = async move {
            let mut set = JoinSet::new();
            for number in 1..=children {
                let child = child(Arc::clone(&theirs), number, number <= failing);
                set.spawn_named(format!("child-{number}"), child);
            }
            leave(Arc::clone(&theirs), set).await;
            if cancels > 0 {
                // An error has been dealt with: it goes on, until it is cancelled.
                theirs.cancelled.notified().await;
            }
        };
        let parent = task::Builder::new().name("parent").spawn(parent).unwrap();
        if cancels > 0 {
            sleep(Duration::from_secs(1)).await;
            nursery.cancelled.notify_one();
        }
        // An error is that the parent was cancelled in any of its awaits, and its children with it.
        let (Ok(()) | Err(_)) = parent.await;
    });
}
