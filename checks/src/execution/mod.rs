//! One execution of a program: its tasks, its objects, what each task is about to do.
//!
//! Every task of an execution runs on one OS thread (both engines switch coroutines), so a thread-local names the
//! execution, and nothing here is shared between OS threads. This module knows the rules of the primitives and
//! nothing of engines; `engine/` decides who runs.

mod choice;
mod clock;
mod livelock;
mod model;
mod op;
mod session;
mod step;

pub(crate) use choice::{Random, Script, Source};
pub(crate) use clock::{Access, Clocks};
pub(crate) use livelock::Watch;
pub(crate) use model::{Effect, Hold, State};
pub(crate) use op::{Kind, Op, Site};
pub(crate) use session::{
    Budget, Found, Problem, Rules, Session, SessionReport, abandon, finish_execution,  next_execution, note_cut, session, take_panic, take_unwinding,
};
pub(crate) use step::{
    Halt, access, act, answer, choose, confirm_value, drift, fail, finish_task, halt, perform,
    refuse_more_than, run_task,
};

use crate::engine;
use crate::trace::Recorder;
use crate::verdict::Verdict;
use std::borrow::Cow;
use std::cell::RefCell;

/// A task of the execution: a number in order of spawning; `main` is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskId(pub(crate) u16);

impl TaskId {
    pub(crate) const MAIN: TaskId = TaskId(0);

    pub(crate) fn from_index(index: usize) -> Self {
        TaskId(u16::try_from(index).expect("an execution has at most 65,535 tasks"))
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// An object of the execution: a number in order of creation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId(pub(crate) u32);

impl ObjectId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which engine runs the execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Loom,
    Shuttle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskState {
    /// Spawned, and not run yet.
    Fresh,
    Live,
    Finished,
}

#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) name: Option<Cow<'static, str>>,
    /// Where it was spawned.
    pub(crate) site: Site,
    pub(crate) state: TaskState,
    /// What it has announced and not done yet.
    pub(crate) pending: Option<Op>,
    /// The token of `park` and `unpark`.
    pub(crate) token: bool,
    pub(crate) unparked_by: Option<TaskId>,
    /// Choices made so far.
    pub(crate) choices: usize,
    /// Set when its timeout fires because nothing else can run.
    pub(crate) fired: bool,
    /// The trace already shows it waiting for what is pending.
    pub(crate) shown_waiting: bool,
    pub(crate) native: engine::loom::TaskPart,
}

#[derive(Debug)]
pub(crate) struct Object {
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
pub(crate) struct Execution {
    pub(crate) mode: Mode,
    /// Differs in every execution of the process, so that an object of another one is recognised.
    serial: u64,
    /// It has failed or been given up: operations are inert from here on.
    pub(crate) over: bool,
    pub(crate) tasks: Vec<Task>,
    pub(crate) objects: Vec<Object>,
    pub(crate) current: TaskId,
    /// Every scheduling decision so far: the schedule.
    pub(crate) log: Vec<Decision>,
    /// Every answer to a choice so far.
    pub(crate) answers: Vec<usize>,
    pub(crate) source: Source,
    pub(crate) spurious_left: usize,
    pub(crate) timeouts_left: usize,
    pub(crate) clocks: Option<Clocks>,
    pub(crate) watch: Watch,
    pub(crate) recorder: Option<Recorder>,
    /// The schedule to follow, if any, and how far it has been followed.
    pub(crate) steer: Option<crate::schedule::Steer>,
    /// At least once there was more than one task to choose from.
    pub(crate) concurrent: bool,
    /// Something happened in a destructor, during a panic, that the engine's model does not know of.
    pub(crate) unmodelled: bool,
    /// Under loom: every operation on a mutex passes a gate.
    pub(crate) gated_mutexes: bool,
    /// What a guard held when it was dropped, for the trace.
    pub(crate) released_value: Option<String>,
}

thread_local! {
    static CURRENT: RefCell<Option<Execution>> = const { RefCell::new(None) };
}

/// Runs `f` on the current execution.
///
/// # Panics
/// Outside an exploration: the facade's primitives live inside one.
pub(crate) fn with<R>(f: impl FnOnce(&mut Execution) -> R) -> R {
    CURRENT.with(|current| {
        let mut current = current.borrow_mut();
        let execution = current.as_mut().expect(
            "raddle's primitives work inside an exploration: call this from the closure given to `raddle::check`",
        );
        f(execution)
    })
}

/// Runs `f` on the current execution if there is one that nobody is looking at.
pub(crate) fn try_with<R>(f: impl FnOnce(&mut Execution) -> R) -> Option<R> {
    CURRENT.try_with(|current| Some(f(current.try_borrow_mut().ok()?.as_mut()?))).ok().flatten()
}

pub(crate) fn begin(execution: Execution) {
    let ended = CURRENT.with(|current| current.borrow_mut().replace(execution));
    drop(ended);
}

pub(crate) fn end() -> Option<Execution> {
    CURRENT.with(|current| current.borrow_mut().take())
}

/// What a primitive holds: which object of which execution it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handle {
    id: ObjectId,
    serial: u64,
}

impl Handle {
    /// Registers an object, created at `site`.
    pub(crate) fn new(state: State, site: Site) -> Self {
        with(|x| {
            let native = engine::loom::ObjectPart::new(x, &state);
            x.objects.push(Object { name: None, site, state, native });
            let id = ObjectId(u32::try_from(x.objects.len() - 1).expect("an execution has under 2^32 objects"));
            Handle { id, serial: x.serial }
        })
    }

    /// The object, after making sure that it belongs to the current execution.
    pub(crate) fn id(self) -> ObjectId {
        with(|x| {
            assert!(
                x.serial == self.serial || std::thread::panicking(),
                "a raddle primitive was carried from one execution into another: create it inside the closure, \
                 not in a static or outside"
            );
        });
        self.id
    }

    /// The object, of a handle that has just been made or looked at.
    pub(crate) fn id_unchecked(self) -> ObjectId {
        self.id
    }

    pub(crate) fn name(self, name: Cow<'static, str>) {
        let id = self.id();
        with(|x| x.objects[id.index()].name = Some(name));
    }

    pub(crate) fn op(self, kind: Kind, site: Site) -> Op {
        Op::new(kind, self.id(), site)
    }
}

impl Execution {
    pub(crate) fn new(serial: u64, rules: &Rules, source: Source) -> Self {
        let mut execution = Execution {
            mode: rules.mode,
            serial,
            over: false,
            tasks: Vec::with_capacity(8),
            objects: Vec::with_capacity(8),
            current: TaskId::MAIN,
            log: Vec::with_capacity(64),
            answers: Vec::new(),
            source,
            spurious_left: rules.spurious_wakeups,
            timeouts_left: rules.timeouts,
            clocks: None,
            watch: Watch::default(),
            recorder: rules.record.then(Recorder::default),
            steer: rules.schedule.clone().map(crate::schedule::Steer::new),
            concurrent: false,
            unmodelled: false,
            gated_mutexes: rules.gated_mutexes,
            released_value: None,
        };
        execution.add_task(Some("main".into()), std::panic::Location::caller());
        execution
    }

    pub(crate) fn add_task(&mut self, name: Option<Cow<'static, str>>, site: Site) -> TaskId {
        let id = TaskId::from_index(self.tasks.len());
        self.tasks.push(Task {
            name,
            site,
            state: TaskState::Fresh,
            pending: Some(Op::bare(Kind::Start, site)),
            token: false,
            unparked_by: None,
            choices: 0,
            fired: false,
            shown_waiting: false,
            native: engine::loom::TaskPart::new(self.mode),
        });
        if id != TaskId::MAIN
            && let Some(clocks) = &mut self.clocks
        {
            clocks.spawn(self.current, id);
        }
        id
    }

    pub(crate) fn is_enabled(&self, task: TaskId) -> bool {
        let task_ref = &self.tasks[task.index()];
        match (&task_ref.state, &task_ref.pending) {
            (TaskState::Finished, _) => false,
            (_, None) => true,
            (_, Some(op)) => {
                self.ready(task, op)
                    || (op.timeout.is_some() && (self.timeouts_left > 0 || task_ref.fired) && self.may_give_up(op))
            }
        }
    }

    pub(crate) fn task_ids(&self) -> impl Iterator<Item = TaskId> + use<> {
        (0..self.tasks.len()).map(TaskId::from_index)
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
        session::found(self, verdict);
    }
}
