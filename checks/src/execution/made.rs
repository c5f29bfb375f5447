//! What a program names once and every execution makes anew: the values of `thread_local!`s, one for each task, and those
//! of statics.
//!
//! Values are the program's, and so are their destructors: those of a task's run when it ends, those of statics when the
//! execution has. Of an execution that does not come to its end nothing is dropped, as the stacks that use it are not
//! unwound either.

use super::{Execution, Handle, Site, State, TaskId, TaskState, mix, try_with, with};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of a name for values: given at its first use, and its own for as long as the process runs.
#[derive(Debug)]
pub(crate) struct Number(AtomicU64);

impl Number {
    pub(crate) const fn new() -> Self {
        Number(AtomicU64::new(0))
    }

    /// The number, if it has been used.
    pub(crate) fn known(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|number| *number > 0)
    }

    pub(crate) fn get(&self) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        self.known().unwrap_or_else(|| {
            let next = NEXT.fetch_add(1, Ordering::Relaxed);
            let first = self.0.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed);
            first.map_or_else(|known| known, |_| next)
        })
    }
}

/// A task's value for a `thread_local!`.
struct Local {
    task: TaskId,
    key: u64,
    /// Nothing once it has been dropped.
    value: Option<Rc<dyn Any>>,
    /// It is dropped when the task ends; what has no destructor is there until the end.
    drops: bool,
}

/// The value of a static.
struct Static {
    number: u64,
    /// Where it is in the source, and of which type.
    place: (Site, &'static str),
    value: Box<dyn Any>,
    /// The tasks that know it to be made, by number.
    known: Vec<bool>,
}

/// The values of one execution.
#[derive(Default)]
pub(crate) struct Made {
    locals: Vec<Local>,
    statics: Vec<Static>,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (locals, statics) = (self.locals.len(), self.statics.len());
        f.debug_struct("Made").field("locals", &locals).field("statics", &statics).finish()
    }
}

impl Made {
    fn local(&self, task: TaskId, key: u64) -> Option<&Local> {
        self.locals.iter().find(|local| local.task == task && local.key == key)
    }

    /// Takes the value of this task that was made last of those that are there.
    fn take_last(&mut self, task: TaskId) -> Option<Rc<dyn Any>> {
        let mut own = self.locals.iter_mut().rev().filter(|local| local.task == task && local.drops);
        own.find_map(|local| local.value.take())
    }
}

/// The current task's value of this key, made by `init` if there is none; nothing once it has been dropped.
pub(crate) fn local<T: 'static>(key: u64, site: Site, init: impl FnOnce() -> T) -> Option<Rc<T>> {
    super::expect_exploration(site);
    let known = with(|x| x.made.local(x.current, key).map(|local| local.value.clone()));
    if let Some(value) = known {
        return value?.downcast().ok();
    }
    let made = Rc::new(init());
    let value = Rc::clone(&made);
    let replaced = with(|x| {
        let local = Local { task: x.current, key, value: Some(value), drops: std::mem::needs_drop::<T>() };
        // It may have asked for itself, and made one on the way.
        let nested = x.made.locals.iter().position(|other| other.task == x.current && other.key == key);
        let Some(index) = nested else {
            x.made.locals.push(local);
            return None;
        };
        Some(std::mem::replace(&mut x.made.locals[index], local))
    });
    drop(replaced);
    Some(made)
}

/// The current task ends: drops its values, the last first, and what their destructors make.
pub(super) fn drop_locals() {
    while let Some(value) = with(|x| x.made.take_last(x.current)) {
        drop(value);
    }
}

/// Where the value of a static is in this execution, and whether the current task knows that it has been made. `make` makes
/// what holds it.
pub(crate) fn of_static<V: 'static>(
    number: u64,
    place: (Site, &'static str),
    make: impl FnOnce() -> V,
) -> (*const V, bool) {
    let find = || {
        with(|x| {
            let me = x.current.index();
            let found = x.made.statics.iter().find(|known| known.number == number)?;
            let value: *const V = found.value.downcast_ref()?;
            Some((value, found.known.get(me).copied().unwrap_or(false)))
        })
    };
    find().unwrap_or_else(|| {
        let twice = with(|x| x.made.statics.iter().any(|known| known.place == place));
        assert!(
            !twice,
            "two values of `LazyLock`s that were made at {} are in use in one execution: raddle knows a `LazyLock` by its \
             place in the source, as it does a static; use a `OnceLock` for what is made several times",
            place.0
        );
        let value: Box<V> = Box::new(make());
        let at: *const V = &raw const *value;
        with(|x| x.made.statics.push(Static { number, place, value, known: Vec::new() }));
        (at, false)
    })
}

/// The current task knows that the static has been made.
pub(crate) fn knows_static(number: u64) {
    with(|x| {
        let me = x.current.index();
        if let Some(found) = x.made.statics.iter_mut().find(|known| known.number == number) {
            found.known.resize(found.known.len().max(me + 1), false);
            found.known[me] = true;
        }
    });
}

/// What was to be a static's is no more: its value is dropped.
pub(crate) fn drop_static(number: u64) {
    let taken = try_with(|x| {
        let at = x.made.statics.iter().position(|known| known.number == number)?;
        Some(x.made.statics.remove(at).value)
    });
    drop(taken);
}

/// The current execution has ended: drops what is left, if no stack can come back to it.
pub(super) fn drop_rest() {
    let Some((made, ended, over)) = try_with(|x| {
        let ended = !x.over && x.tasks.iter().all(|task| task.state == TaskState::Finished);
        let over = std::mem::replace(&mut x.over, true);
        (std::mem::take(&mut x.made), ended, over)
    }) else {
        return;
    };
    let Made { locals, statics } = made;
    if ended && !std::thread::panicking() {
        // Operations are inert now. In a program of std's these destructors would never run.
        let _ = catch_unwind(AssertUnwindSafe(move || drop((locals, statics))));
    } else {
        std::mem::forget((locals, statics));
    }
    try_with(|x| x.over = over);
}

impl Handle {
    /// Registers the object of a static, which is known by its place in the source, whoever comes to it first.
    pub(crate) fn of_static(state: State, place: (Site, &'static str)) -> Self {
        let identity = identity(place);
        Handle::register(state, place.0, Some(identity))
    }
}

/// Equal in every process that runs the same source.
fn identity((site, what): (Site, &'static str)) -> u64 {
    let text = |hash: u64, text: &str| text.bytes().fold(hash, |hash, byte| mix(hash, u64::from(byte)));
    let place = u64::from(site.line()) << 32 | u64::from(site.column());
    mix(text(text(1, site.file()), what), place)
}

impl Execution {
    /// How many statics have been made before.
    pub(crate) fn statics(&self) -> usize {
        self.made.statics.len()
    }
}
