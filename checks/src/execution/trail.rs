//! The trail of an exploration: who has made each step so far, and where, for whoever looks at a thread that will not go on.
//!
//! Another thread reads it while the one that explores hangs, or dies. So it is all atomics, which a step writes and nobody
//! locks: three stores, whether or not anything is recorded.

use super::{Site, TaskId};
use std::cell::Cell;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Steps whose tasks are kept, from the first on.
const STEPS: usize = 1 << 13;
/// Steps that are kept with their places, up to the last.
const LATELY: usize = 16;
/// Tasks whose names are kept.
const TASKS: usize = 64;
/// Words of a name that are kept.
const WORDS: usize = 4;
/// Runs of steps in a row that are printed, at the beginning and at the end.
const RUNS: usize = 60;

/// The name that a task was given, or nothing.
#[derive(Debug)]
struct Name {
    bytes: AtomicU8,
    words: [AtomicU64; WORDS],
}

/// What is known of an exploration from outside. See the module.
#[derive(Debug)]
pub(super) struct Trail {
    /// It belongs to an exploration.
    taken: AtomicBool,
    /// The execution that is on, as the process's how-manieth; 0 between two.
    execution: AtomicU64,
    /// loom runs it, on stacks that it watches itself.
    loom_s: AtomicBool,
    steps: AtomicUsize,
    tasks: [AtomicU16; STEPS],
    lately: [(AtomicU16, AtomicPtr<std::panic::Location<'static>>); LATELY],
    given: [Name; TASKS],
    /// The system's number of the thread, or 0.
    pub(super) thread: AtomicU32,
    /// The thread that waits for the exploration is a test's.
    test: Mutex<Option<String>>,
    /// What ends the process, in [`Ending`](super::ending::Ending)'s numbers, once something does.
    pub(super) ending: AtomicU8,
}

/// How far an exploration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Far {
    pub(super) execution: u64,
    pub(super) steps: usize,
}

/// Every trail that was ever needed at the same time as the others.
static TRAILS: Mutex<Vec<&'static Trail>> = Mutex::new(Vec::new());

thread_local! {
    static TRAIL: Cell<Option<&'static Trail>> = const { Cell::new(None) };
}

/// The trail of the exploration that this thread makes.
pub(super) fn of_this_thread() -> Option<&'static Trail> {
    TRAIL.try_with(Cell::get).ok().flatten()
}

/// The trails of all explorations that are on.
pub(super) fn all() -> Vec<&'static Trail> {
    let trails = TRAILS.lock().unwrap_or_else(PoisonError::into_inner);
    trails.iter().copied().filter(|trail| trail.taken.load(Ordering::Acquire)).collect()
}

/// Takes a trail for an exploration that begins.
pub(super) fn take() -> &'static Trail {
    let mut trails = TRAILS.lock().unwrap_or_else(PoisonError::into_inner);
    let free = trails.iter().copied().find(|trail| !trail.taken.load(Ordering::Acquire));
    let trail = free.unwrap_or_else(|| {
        let trail: &'static Trail = Box::leak(Box::new(Trail::new()));
        trails.push(trail);
        trail
    });
    trail.begin(0, false);
    trail.thread.store(0, Ordering::Relaxed);
    *trail.test.lock().unwrap_or_else(PoisonError::into_inner) = test_s_name();
    trail.taken.store(true, Ordering::Release);
    trail
}

/// The test that this thread runs, by its name: libtest's threads are called so.
fn test_s_name() -> Option<String> {
    let thread = std::thread::current();
    thread.name().filter(|name| !matches!(*name, "main" | "raddle")).map(str::to_owned)
}

impl Trail {
    fn new() -> Self {
        Trail {
            taken: AtomicBool::new(false),
            execution: AtomicU64::new(0),
            loom_s: AtomicBool::new(false),
            steps: AtomicUsize::new(0),
            tasks: [const { AtomicU16::new(0) }; STEPS],
            lately: [const { (AtomicU16::new(0), AtomicPtr::new(std::ptr::null_mut())) }; LATELY],
            given: [const { Name { bytes: AtomicU8::new(0), words: [const { AtomicU64::new(0) }; WORDS] } }; TASKS],
            thread: AtomicU32::new(0),
            test: Mutex::new(None),
            ending: AtomicU8::new(0),
        }
    }

    /// Nothing explores with it any more.
    pub(super) fn give_back(&self) {
        self.execution.store(0, Ordering::Relaxed);
        self.taken.store(false, Ordering::Release);
    }

    /// This thread explores with it.
    pub(super) fn enter(&'static self) {
        TRAIL.set(Some(self));
        let number = std::fs::read_link("/proc/thread-self").ok();
        let number = number.and_then(|path| path.file_name()?.to_str()?.parse().ok());
        self.thread.store(number.unwrap_or(0), Ordering::Relaxed);
    }

    /// An execution begins, the process's how-manieth, loom's or not; or, with 0, one has ended.
    pub(super) fn begin(&self, execution: u64, loom_s: bool) {
        self.loom_s.store(loom_s, Ordering::Relaxed);
        self.steps.store(0, Ordering::Relaxed);
        self.execution.store(execution, Ordering::Release);
    }

    pub(super) fn is_loom_s(&self) -> bool {
        self.loom_s.load(Ordering::Relaxed)
    }

    /// A task has been made.
    pub(super) fn name(&self, task: usize, name: &str) {
        let Some(kept) = self.given.get(task) else { return };
        let name = &name[..name.floor_char_boundary(WORDS * 8)];
        for (word, bytes) in kept.words.iter().zip(name.as_bytes().chunks(8)) {
            let mut whole = [0; 8];
            whole[..bytes.len()].copy_from_slice(bytes);
            word.store(u64::from_le_bytes(whole), Ordering::Relaxed);
        }
        kept.bytes.store(u8::try_from(name.len()).unwrap_or(0), Ordering::Relaxed);
    }

    /// A task has made a step, after so many others.
    #[inline]
    pub(super) fn step(&self, before: usize, task: TaskId, site: Site) {
        if let Some(slot) = self.tasks.get(before) {
            slot.store(task.0, Ordering::Relaxed);
        }
        let (who, place) = &self.lately[before % LATELY];
        who.store(task.0, Ordering::Relaxed);
        place.store(std::ptr::from_ref(site).cast_mut(), Ordering::Relaxed);
        self.steps.store(before + 1, Ordering::Release);
    }

    /// How far it is; none between two executions.
    pub(super) fn far(&self) -> Option<Far> {
        let execution = self.execution.load(Ordering::Acquire);
        (execution > 0).then(|| Far { execution, steps: self.steps.load(Ordering::Acquire) })
    }

    fn given_name(&self, task: usize) -> String {
        let Some(kept) = self.given.get(task) else { return format!("thread-{task}") };
        let bytes = usize::from(kept.bytes.load(Ordering::Relaxed));
        if bytes == 0 {
            return format!("thread-{task}");
        }
        let all: Vec<u8> = kept.words.iter().flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes()).collect();
        String::from_utf8_lossy(&all[..bytes.min(all.len())]).into_owned()
    }

    /// The names of all tasks that there can be: the thread may go on while this is read, so no number is trusted.
    fn names(&self) -> Vec<String> {
        crate::trace::apart((0..=usize::from(u16::MAX)).map(|task| self.given_name(task)).collect())
    }

    /// The tasks of the first so many steps, as they are printed: `main×3 reader main`.
    fn schedule(&self, steps: usize, names: &[String]) -> String {
        let tasks: Vec<u16> = self.tasks.iter().take(steps).map(|task| task.load(Ordering::Relaxed)).collect();
        let runs: Vec<String> = tasks
            .chunk_by(|one, two| one == two)
            .map(|run| match run.len() {
                1 => names[usize::from(run[0])].clone(),
                times => format!("{}×{times}", names[usize::from(run[0])]),
            })
            .collect();
        let mut text = match runs.len().checked_sub(2 * RUNS) {
            None | Some(0) => runs.join(" "),
            Some(more) => format!("{} … ({more} more) … {}", runs[..RUNS].join(" "), runs[RUNS + more..].join(" ")),
        };
        if let Some(more) = steps.checked_sub(STEPS).filter(|more| *more > 0) {
            let _ = write!(text, " … ({more} steps more)");
        }
        text
    }

    /// Who made a step, counted from 1, and where; only of the last ones.
    fn lately(&self, step: usize) -> Option<(u16, Site)> {
        let (who, place) = &self.lately[step.checked_sub(1)? % LATELY];
        let place = place.load(Ordering::Relaxed);
        // SAFETY: the pointer is null, or was made from a `Site` in `step`, which is a `&'static Location<'static>`: what it
        // points to is there, and never changes, for as long as the process runs. Tested by `a_trail_says_who_was_where`.
        #[expect(unsafe_code, reason = "a reference can't be stored atomically")]
        let site = unsafe { place.cast_const().as_ref() };
        Some((who.load(Ordering::Relaxed), site?))
    }

    /// Who runs, since when, where, and how it came to that, in lines; none between two executions.
    pub(super) fn tell(&self) -> Option<String> {
        let Far { execution, steps } = self.far()?;
        let mut text = String::new();
        if let Some(test) = self.test.lock().unwrap_or_else(PoisonError::into_inner).as_deref() {
            let _ = writeln!(text, "  in        {test}");
        }
        let _ = writeln!(text, "  execution {execution} of this process");
        let Some((task, _)) = self.lately(steps) else {
            let _ = writeln!(text, "  task      main, before its first step");
            return Some(text);
        };
        let names = self.names();
        let _ = writeln!(text, "  task      {}, after step {steps}", names[usize::from(task)]);
        let mut label = "lately";
        for step in steps.saturating_sub(4).max(1)..=steps {
            if let Some((task, site)) = self.lately(step).filter(|(_, site)| !super::panics::is_own(site.file())) {
                let _ = writeln!(text, "  {label:<9} {step} {} {site}", names[usize::from(task)]);
                label = "";
            }
        }
        let _ = writeln!(text, "  schedule  {}", self.schedule(steps, &names));
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn here() -> Site {
        std::panic::Location::caller()
    }

    #[test]
    fn a_trail_says_who_was_where() {
        let trail = Trail::new();
        assert_eq!(trail.tell(), None, "nothing is on");
        trail.begin(7, false);
        assert!(trail.tell().unwrap().ends_with("main, before its first step\n"));
        trail.name(0, "main");
        trail.name(1, "a name of many words, which is cut");
        trail.step(0, TaskId(0), here());
        trail.step(1, TaskId(0), here());
        let site = here();
        trail.step(2, TaskId(1), site);
        let text = trail.tell().unwrap();
        assert!(text.contains("execution 7"), "{text}");
        assert!(text.contains("a name of many words, which is c, after step 3\n"), "{text}");
        assert!(!text.contains(&site.to_string()), "raddle's own places are not shown: {text}");
        assert!(text.ends_with("schedule  main×2 a name of many words, which is c\n"), "{text}");
    }

    #[test]
    fn a_long_schedule_is_its_beginning_and_its_end() {
        let trail = Trail::new();
        trail.begin(1, false);
        for step in 0..=STEPS {
            trail.step(step, TaskId(u16::try_from(step % 2).unwrap()), here());
        }
        let text = trail.tell().unwrap();
        assert!(text.contains("thread-0, after step 8193\n"), "{text}");
        assert!(text.contains("thread-1 … (8072 more) … thread-0"), "{text}");
        assert!(text.ends_with("thread-1 … (1 steps more)\n"), "{text}");
    }
}
