//! `async with`: what was entered is exited once, on every way out, and nothing else is.
//!
//! # What goes wrong
//! There are three ways out of a block: its end, an error, and a cancellation, which comes up in an await and is nobody's
//! `return`. An exit in the block's last line is on the first way only (`exit_skipped_on_error`); one that also comes
//! after the error has been looked at is on two (`exit_skipped_on_cancel`). In Rust a cancelled future is dropped at its
//! await, and only destructors run. An exit that is set up before the entering, on the other hand, also runs
//! where entering was cancelled, and exits what was never entered (`exit_releases_unheld`).
//!
//! # Outcomes
//! | variant                  | at the end                 | because                                            |
//! |--------------------------|----------------------------|----------------------------------------------------|
//! | `exit_on_every_path`     | all have left              | a guard that is made when the entering is done     |
//! | `exit_skipped_on_error`  | or one is still inside     | the error leaves above the exit                    |
//! | `exit_skipped_on_cancel` | or one is still inside     | a dropped future runs no line any more             |
//! | `exit_releases_unheld`   | or an exit without an enter| the guard was there before the entering was done   |
//!
//! # Use instead
//! A guard that is made of what the entering gave, so that there is none without, and whose destructor exits. It can't
//! await: what has to be awaited on the way out (a flush) is called by name at the end, or given to a task of its own.
//!
//! # In Python
//! `async with AsyncCM():` calls `__aexit__` on all three ways, and not if `__aenter__` raised or was cancelled.
//! `cm = await AsyncCM().__aenter__()` with a call of `__aexit__` at the end does the first way only, one in `except Exception`
//! misses `CancelledError`, which is no `Exception`, and `try:` above the `__aenter__` with the exit in `finally:` is
//! `exit_releases_unheld`.
//!
//! # Seen in the wild
//! `RuntimeError: Lock is not acquired`: a wait for a condition was given up, by a timeout or a cancel, and the block's exit
//! released the lock before the wait had got it back: `CPython` PR 7216, and 86766.

use raddle::prelude::*;
use raddle::{
    choose, leak, misuse,
    sync::{Arc, Mutex},
    task,
    time::{Duration, sleep},
};
use std::collections::BTreeSet;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "advanced/context_manager",
    "Asynchronous Context Managers",
    raddle::source!("context_manager.rs"),
    &[
        Variant::correct("exit_on_every_path", || run(2, 1, exit_on_every_path))
            .full_size(|| run(3, 1, exit_on_every_path))
            .cancel_anywhere()
            .property(|| drawn(exit_on_every_path)),
        Variant::buggy("exit_skipped_on_error", Class::Leak, || run(1, 0, exit_skipped_on_error))
            .fails_with(Expect::Leak)
            .property(|| drawn(exit_skipped_on_error))
            .smallest("cancelled 0, tasks 1", 0),
        Variant::buggy("exit_skipped_on_cancel", Class::Leak, || run(1, 1, exit_skipped_on_cancel))
            .fails_with(Expect::Leak)
            .property(|| drawn(exit_skipped_on_cancel))
            .smallest("cancelled 1, tasks 1", 0),
        Variant::buggy("exit_releases_unheld", Class::Misuse, || run(1, 1, exit_releases_unheld))
            .fails_with(Expect::Misuse)
            .property(|| drawn(exit_releases_unheld))
            .smallest("cancelled 1, tasks 1", 0),
    ],
);

/// What is entered and exited: who is inside.
struct AsyncCM {
    inside: Mutex<BTreeSet<usize>>,
}

impl AsyncCM {
    /// `__aenter__`: takes a second.
    async fn enter(&self, task: usize) {
        sleep(Duration::from_secs(1)).await;
        self.inside.lock().unwrap().insert(task);
    }

    /// `__aexit__`.
    fn exit(&self, task: usize) {
        let was_inside = self.inside.lock().unwrap().remove(&task);
        if !was_inside {
            misuse(format!("task-{task} exits what it has not entered"));
        }
    }
}

/// Exits when it is dropped.
struct Exit<'a>(&'a AsyncCM, usize);

impl Drop for Exit<'_> {
    fn drop(&mut self) {
        self.0.exit(self.1);
    }
}

/// The block's body raised something.
struct Raised;

/// The block's body: takes a second, and may raise.
async fn body() -> Result<(), Raised> {
    sleep(Duration::from_secs(1)).await;
    if choose(2) == 1 { Err(Raised) } else { Ok(()) }
}

async fn exit_on_every_path(cm: Arc<AsyncCM>, task: usize) -> Result<(), Raised> {
    cm.enter(task).await;
    let _exit = Exit(&cm, task);
    body().await
}

async fn exit_skipped_on_error(cm: Arc<AsyncCM>, task: usize) -> Result<(), Raised> {
    cm.enter(task).await;
    // BUG: an error leaves from here, and the exit is below.
    body().await?;
    cm.exit(task);
    Ok(())
}

async fn exit_skipped_on_cancel(cm: Arc<AsyncCM>, task: usize) -> Result<(), Raised> {
    cm.enter(task).await;
    // BUG: cancelled in this await, the task is dropped, and no line below runs.
    let result = body().await;
    cm.exit(task);
    result
}

async fn exit_releases_unheld(cm: Arc<AsyncCM>, task: usize) -> Result<(), Raised> {
    // BUG: cancelled in the next await, the task exits what it has not entered.
    let _exit = Exit(&cm, task);
    cm.enter(task).await;
    body().await
}

/// `async with`, by hand.
type With<F> = fn(Arc<AsyncCM>, usize) -> F;

fn drawn<F: Future<Output = Result<(), Raised>> + Send + 'static>(with: With<F>) -> Property {
    Property::new(&["cancelled", "tasks"], (0..=1_usize, 1..=4_usize), move |(cancelled, tasks)| {
        run(tasks, cancelled, with);
    })
}

/// Tasks that enter and exit, the first `cancelled` of which are cancelled after a second.
fn run<F: Future<Output = Result<(), Raised>> + Send + 'static>(tasks: usize, cancelled: usize, with: With<F>) {
    task::block_on(async {
        let cm = Arc::new(AsyncCM { inside: Mutex::new(BTreeSet::new()).named("inside") });
        let start = |number| {
            let block = with(Arc::clone(&cm), number);
            task::Builder::new().name(format!("task-{number}")).spawn(block).unwrap()
        };
        let tasks: Vec<_> = (1..=tasks).map(start).collect();
        if cancelled > 0 {
            sleep(Duration::from_secs(1)).await;
            tasks.iter().take(cancelled).for_each(|task| task.abort());
        }
        for task in tasks {
            let (Ok(Ok(()) | Err(Raised)) | Err(_)) = task.await;
        }
        let inside = cm.inside.lock().unwrap().first().copied();
        raddle::observe("inside", format_args!("{inside:?}"));
        if let Some(task) = inside {
            leak(format!("task-{task} has entered and never exited"));
        }
    });
}
