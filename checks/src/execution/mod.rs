//! One execution of a program: its tasks, its objects, what each task is about to do.
//!
//! Every task of an execution runs on one OS thread (both engines switch coroutines), so a thread-local names the
//! execution, and nothing here is shared between OS threads. This module knows the rules of the primitives and
//! nothing of engines; `engine/` decides who runs.

mod abort;
mod accesses;
mod again;
mod blackbox;
mod choice;
mod clock;
mod current;
mod cut;
mod ending;
mod handle;
mod id;
mod journal;
mod kind;
mod livelock;
mod made;
mod misfit;
mod model;
mod op;
mod ordering;
mod owners;
mod panics;
mod pointers;
mod pulse;
mod recording;
mod rules;
mod session;
mod step;
mod task;
mod time;
mod touch;
mod trail;
mod uses;
mod waiting;
mod wakers;
mod watchdog;

pub(crate) use again::{
    is_gated, looks_first, want_gates, want_gates_soon, want_larger_stacks, want_object_gates, want_task_gates,
};
#[cfg(feature = "suite")]
pub(crate) use blackbox::{Told, Wanted, Witness, install as install_black_box};
pub(crate) use choice::{Random, Script, Source, answer, choose};
pub(crate) use clock::{Access, Clocks};
pub(crate) use current::{CARRIED, expect_exploration, nowhere, try_with, with, with_at};
use current::{begin, end};
pub(crate) use cut::{CutShort, LastCut};
#[cfg(feature = "suite")]
pub(crate) use ending::leave_to_parent;
pub(crate) use handle::Handle;
pub(crate) use id::{ObjectId, TaskId, TaskSet};
pub(crate) use journal::{Journal, Pending, Step, mix};
pub(crate) use kind::Kind;
pub(crate) use livelock::{Acquittal, RECURRENCES, ROUNDS, Watch};
pub(crate) use made::{Number, drop_static, knows_static, local, of_static};
pub(crate) use misfit::{drift, usage};
pub(crate) use model::{Effect, Hold, State, is_ready};
pub(crate) use op::{Op, Site};
pub(crate) use ordering::access;
pub(crate) use owners::{Counted, Owners, Share};
pub use panics::is_last_run;
pub(crate) use panics::{
    Reporting, frames_of_the_program, last_file, message, take_panic, take_unwinding, wants_last_run,
};
pub(crate) use pointers::Held;
pub(crate) use pulse::thread_time;
pub(crate) use recording::{confirm_value, is_recording, record_phase, record_value};
pub(crate) use rules::{Cancels, Rules};
#[cfg(feature = "suite")]
pub(crate) use session::executions_begun;
pub(crate) use session::{
    Budget, Found, Problem, Session, SessionReport, abandon, finish_execution, next_execution, note_cut, session,
};
pub(crate) use step::{Acted, Halt, act, act_collecting, fail, follow_up, halt, perform};
pub(crate) use task::{Task, TaskState, finish_task, refuse_more_than, run_task};
pub(crate) use time::{Alarm, AlarmId};
pub(crate) use touch::{How, Thing, Touch, Touches, dependent, may_touch};
pub(crate) use uses::Uses;
pub(crate) use wakers::{OwnWaker, Wakens, Wakes, Woken, collect, wake_soon};
pub(crate) use watchdog::hint_at_slowness;

use crate::engine;
use crate::trace::Recorder;
use crate::verdict::Verdict;
use std::borrow::Cow;
use std::num::NonZeroU64;
use std::time::Duration;

/// Which engine runs the execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Loom,
    Shuttle,
}

#[derive(Debug)]
pub(crate) struct Object {
    /// Equal in every execution, whatever ran in between: the creator's, and how many it had created before.
    pub(crate) identity: u64,
    pub(crate) name: Option<Cow<'static, str>>,
    /// Where it was created.
    pub(crate) site: Site,
    pub(crate) state: State,
    pub(crate) native: engine::loom::ObjectPart,
}

/// A scheduling decision: who went ahead, and a number for what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) task: TaskId,
    pub(crate) signature: u32,
}

/// One execution.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub(crate) struct Execution {
    pub(crate) mode: Mode,
    /// Differs in every execution of the process, so that an object of another one is recognised.
    pub(crate) serial: NonZeroU64,
    /// It has failed or been given up: operations are inert from here on.
    pub(crate) over: bool,
    pub(crate) tasks: Vec<Task>,
    pub(crate) objects: Vec<Object>,
    /// What the program makes anew in each execution.
    made: made::Made,
    pointers: pointers::Pointers,
    pub(crate) current: TaskId,
    /// Where the last operation was announced.
    pub(crate) site: Site,
    /// Every scheduling decision so far: the schedule.
    pub(crate) log: Vec<Decision>,
    /// Every answer to a choice so far.
    pub(crate) answers: Vec<usize>,
    pub(crate) source: Source,
    /// Decisions after which it is given up.
    pub(crate) steps_max: usize,
    pub(crate) spurious_left: usize,
    timeouts_max: usize,
    pub(crate) timeouts_left: usize,
    pub(crate) clocks: Option<Clocks>,
    /// What is to be held to the memory model, if it is.
    accesses: Option<Box<accesses::Accesses>>,
    /// It has failed in a way that no machine can: its tasks end, and the engine goes on to the next one.
    pub(crate) dropped: bool,
    pub(crate) owners: Owners,
    pub(crate) watch: Watch,
    pub(crate) recorder: Option<Recorder>,
    /// Where others see how far it is.
    trail: &'static trail::Trail,
    /// What has been told of it to somebody outside the process, if it is told.
    told: Option<Box<blackbox::Progress>>,
    /// What each step touched, where the schedule is studied.
    pub(crate) journal: Option<Box<Journal>>,
    /// Of a livelock: the steps of the first round.
    pub(crate) round: Option<std::ops::Range<usize>>,
    /// The schedule to follow, if any, and how far it has been followed.
    pub(crate) steer: Option<crate::schedule::Steer>,
    /// Who can run, as the task that announced something just now found it.
    pub(crate) runnable: Option<TaskSet>,
    /// The scheduler is asked, too, where only one task can go on.
    pub(crate) every_step: bool,
    /// At least once there was more than one task to choose from.
    pub(crate) concurrent: bool,
    /// Something happened in a destructor, during a panic, that the engine's model does not know of.
    pub(crate) unmodelled: bool,
    /// A task has waited, or tried again and again, for others while it read a lock.
    waits_as_reader: bool,
    /// A task has done something again and again until others let it go on: it has yielded, or let time go by.
    tries_again: bool,
    /// See [`Rules::gated`].
    pub(crate) gated: bool,
    /// See [`Rules::gates_tasks`].
    pub(crate) gates_tasks: bool,
    /// See [`Rules::gates_objects`].
    pub(crate) gates_objects: bool,
    /// Something happened to a read-write lock or a channel, during a panic, that loom's own does not know of.
    pub(crate) unseen: bool,
    /// When `main` ends it looks whether all others have.
    pub(crate) deny_leaks: bool,
    /// What the program has observed.
    pub(crate) observed: Vec<String>,
    /// A task is to be cancelled, and none has been chosen yet.
    pub(crate) cancels: bool,
    /// Under loom: tasks that have parked because what they announced is not ready.
    pub(crate) parked: usize,
    /// The virtual clock.
    pub(crate) now: Duration,
    /// Somebody has asked for the time, or to be woken at one.
    pub(crate) tells_time: bool,
    /// Its last operations, where few steps are left.
    tail: cut::Tail,
    /// What is known of tasks that try again until the clock goes on.
    lull: time::Lull,
    alarms_made: u64,
    /// How often the clock has gone on, and the tasks' objects that it has woken, in order.
    pub(crate) ticks: usize,
    pub(crate) woken_by_clock: Vec<ObjectId>,
    /// While a primitive's own part of an operation runs: whom it wakes.
    pub(crate) wakes: Option<Vec<Wakes>>,
    /// The program has taken a waker.
    pub(crate) wakers_taken: bool,
    /// Wakers that it has called.
    pub(crate) woken: Vec<Woken>,
    /// See [`Rules::hidden`].
    pub(crate) hidden: bool,
    /// What a guard held when it was dropped, for the trace.
    pub(crate) released_value: Option<String>,
    pub(crate) uses: Uses,
}

impl Execution {
    /// An execution that is about to begin; `last` is one that has ended, for its memory.
    pub(crate) fn new(serial: NonZeroU64, rules: &Rules, source: Source, last: Option<Box<Self>>) -> Box<Self> {
        let (mut tasks, mut objects, mut log, mut answers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut memory, mut journal, mut owners) = (None, None, Owners::default());
        if let Some(mut last) = last {
            journal = last.journal.take();
            if let Some(journal) = &mut journal {
                journal.clear();
            }
            tasks = std::mem::take(&mut last.tasks);
            objects = std::mem::take(&mut last.objects);
            log = std::mem::take(&mut last.log);
            answers = std::mem::take(&mut last.answers);
            owners = std::mem::take(&mut last.owners);
            memory = Some(last);
        }
        tasks.clear();
        objects.clear();
        log.clear();
        answers.clear();
        let execution = Execution {
            mode: rules.mode,
            serial,
            over: false,
            tasks,
            objects,
            made: made::Made::default(),
            pointers: pointers::Pointers::default(),
            current: TaskId::MAIN,
            site: nowhere(),
            log,
            answers,
            steps_max: rules.steps_max,
            source,
            spurious_left: rules.spurious_wakeups,
            timeouts_max: rules.timeouts,
            timeouts_left: rules.timeouts,
            clocks: None,
            accesses: rules.judges.then(Box::default),
            dropped: false,
            owners: Owners::new(&rules.counted, owners),
            watch: Watch::new(rules.recurrences, &rules.acquitted, rules.journal || rules.schedule.is_some()),
            journal: rules.journal.then(|| journal.unwrap_or_default()),
            round: None,
            recorder: rules.record.then(Recorder::default),
            trail: trail::of_this_thread().expect("an execution is its exploration's"),
            told: None,
            steer: rules.schedule.clone().map(crate::schedule::Steer::new),
            runnable: None,
            every_step: false,
            concurrent: false,
            unmodelled: false,
            gated: rules.gated,
            gates_tasks: rules.gates_tasks,
            gates_objects: rules.gated || rules.gates_objects,
            unseen: false,
            waits_as_reader: false,
            tries_again: false,
            deny_leaks: rules.deny_leaks,
            observed: Vec::new(),
            cancels: rules.cancels.is_some(),
            parked: 0,
            now: Duration::ZERO,
            tells_time: false,
            tail: cut::Tail::default(),
            lull: time::Lull::default(),
            alarms_made: 0,
            ticks: 0,
            woken_by_clock: Vec::new(),
            wakes: None,
            wakers_taken: false,
            woken: Vec::new(),
            hidden: rules.hidden,
            released_value: None,
            uses: Uses::default(),
        };
        let mut execution = match memory {
            Some(mut memory) => {
                *memory = execution;
                memory
            }
            None => Box::new(execution),
        };
        execution.trail.begin(serial.get(), rules.mode == Mode::Loom);
        execution.add_task(Some("main".into()), nowhere());
        execution
    }

    /// Whether an object belongs to this execution.
    pub(crate) fn owns(&self, serial: Option<NonZeroU64>) -> bool {
        serial.is_none_or(|serial| serial == self.serial) || std::thread::panicking()
    }

    pub(crate) fn add_task(&mut self, name: Option<Cow<'static, str>>, site: Site) -> TaskId {
        let id = TaskId::from_index(self.tasks.len());
        let identity = self.next_identity();
        self.trail.name(id.index(), name.as_deref().unwrap_or_default());
        self.tasks.push(Task {
            identity,
            offspring: 0,
            name,
            site,
            state: TaskState::Fresh,
            pending: Some(Op::bare(Kind::Start, site)),
            may_wait: false,
            token: false,
            was_unparked: false,
            reads: 0,
            has_waited: false,
            choices: 0,
            fired: false,
            waits_on: false,
            gives_up: false,
            shown_waiting: false,
            deadline: None,
            alarm: None,
            rung: false,
            reads_clock: false,
            alarms: Vec::new(),
            joined_by: None,
            joined: false,
            is_future: false,
            polls: None,
            awaits: Vec::new(),
            wakers: Vec::new(),
            wakes_on: false,
            own: None,
            soon: Vec::new(),
            runs_future: false,
            yields: 0,
            runtime: None,
            native: engine::loom::TaskPart::new(self.mode, self.gated || self.deny_leaks),
        });
        if id != TaskId::MAIN {
            let judged = self.accesses.as_mut().and_then(|accesses| accesses.clocks.as_mut());
            for clocks in self.clocks.iter_mut().chain(judged) {
                clocks.spawn(self.current, id);
            }
        }
        id
    }

    /// The identity of what the current task spawns or creates next: numbers in order of spawning and creation depend on
    /// the interleaving.
    pub(crate) fn next_identity(&mut self) -> u64 {
        let Some(creator) = self.tasks.get_mut(self.current.index()) else { return 0 };
        creator.offspring += 1;
        mix(creator.identity, creator.offspring)
    }

    pub(crate) fn task_ids(&self) -> impl Iterator<Item = TaskId> + use<> {
        (0..self.tasks.len()).map(TaskId::from_index)
    }

    /// The execution's task names, each once.
    pub(crate) fn task_names(&self) -> Vec<String> {
        crate::trace::task_names(self)
    }

    /// The execution's task and object names, each once.
    pub(crate) fn names(&self) -> crate::trace::Names {
        crate::trace::Names::new(self)
    }

    /// Ends the execution with `verdict`, unless it has ended already.
    pub(crate) fn fail(&mut self, verdict: Verdict) {
        if self.over {
            return;
        }
        self.over = true;
        if self.is_possible(&verdict) {
            session::found(self, verdict);
        }
    }
}
