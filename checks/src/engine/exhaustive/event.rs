//! What a task does between two scheduling decisions, and what happens before it.

use super::spin;
use crate::execution::{Effect, Execution, Kind, ObjectId, Op, State, Step, TaskId, Thing, Touch, Touches, dependent};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::collections::HashMap;

/// What is known of an event in every execution of its trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub(super) struct Deed {
    /// The task, as [`Tasks`] numbers it.
    pub(super) task: u32,
    touches: Touches,
    /// A bit for each thing that is touched, and perhaps for others: without a common one there is no conflict.
    #[serde(skip)]
    things: u64,
    /// The answer, if it is a choice.
    pub(super) answer: Option<usize>,
}

/// A deed as a checkpoint has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    task: u32,
    touches: Touches,
    answer: Option<usize>,
}

impl From<Saved> for Deed {
    fn from(saved: Saved) -> Self {
        let mut deed = Deed { answer: saved.answer, ..Deed::new(saved.task) };
        for touch in saved.touches {
            deed.touch(touch);
        }
        deed
    }
}

impl Deed {
    fn new(task: u32) -> Self {
        Deed { task, touches: Touches::new(), things: 0, answer: None }
    }

    pub(super) fn touches(&self) -> &[Touch] {
        &self.touches
    }

    pub(super) fn touch(&mut self, touch: Touch) {
        if self.touches.contains(&touch) {
            return;
        }
        self.things |= match touch.thing {
            Thing::Everything => u64::MAX,
            thing => 1 << (thing.hash() >> 58),
        };
        self.touches.push(touch);
    }

    /// Whether their order would make a difference if they were different tasks'. What touches everything depends on what
    /// touches nothing, too: a task that has yielded may have to wait now, and then nobody else can go on.
    pub(super) fn depends_on(&self, other: &Self) -> bool {
        (self.things & other.things != 0 && dependent(&self.touches, &other.touches))
            || self.touches_everything()
            || other.touches_everything()
    }

    pub(super) fn touches_everything(&self) -> bool {
        self.things == u64::MAX && self.touches.iter().any(|touch| touch.thing == Thing::Everything)
    }

    /// Whether it makes a difference which of the two comes first.
    pub(super) fn conflicts(&self, other: &Self) -> bool {
        self.task == other.task || self.depends_on(other)
    }
}

/// The tasks of all executions: a number for each identity, in the order in which they were first seen.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    numbers: HashMap<u64, u32>,
    /// The number of each task of this execution.
    here: Vec<u32>,
}

impl Tasks {
    /// Looks at an execution's tasks; before the first decision of one, at those of another.
    pub(super) fn look_at(&mut self, x: &Execution) {
        if x.log.is_empty() {
            self.here.clear();
        }
        for task in &x.tasks[self.here.len()..] {
            let next = u32::try_from(self.numbers.len()).expect("a program has under 2^32 tasks");
            self.here.push(*self.numbers.entry(task.identity).or_insert(next));
        }
    }

    pub(super) fn number(&self, task: TaskId) -> u32 {
        self.here[task.index()]
    }

    /// Identities in the order of their numbers.
    pub(super) fn identities(&self) -> Vec<u64> {
        let mut all: Vec<(u32, u64)> = self.numbers.iter().map(|(identity, number)| (*number, *identity)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, identity)| identity).collect()
    }

    pub(super) fn from_identities(identities: &[u64]) -> Self {
        Tasks { numbers: identities.iter().copied().zip(0..).collect(), here: Vec::new() }
    }
}

/// How many events of each task happen before, up to and including an event.
pub(super) type Clock = SmallVec<[u32; 8]>;

fn join(clock: &mut Clock, other: &Clock) {
    if clock.len() < other.len() {
        clock.resize(other.len(), 0);
    }
    clock.iter_mut().zip(other).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
}

/// One task's part of an execution between two scheduling decisions.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) deed: Deed,
    /// The task in the execution.
    pub(super) task: TaskId,
    /// What it began with: nothing can be told from the rest of it.
    pub(super) op: Op,
    /// The identity of what that is on.
    pub(super) object: Option<u64>,
    /// Of one that begins another round of a loop that waits: where the last round began.
    pub(super) round: Option<usize>,
    /// How often the clock had gone on before it.
    pub(super) tick: usize,
    /// All that it did: each operation, and how that ended.
    pub(super) acts: SmallVec<[(Op, Effect); 2]>,
    /// All of that leaves no trace of its own, if what is taken is given back.
    pub(super) harmless: bool,
    /// What its task is polled by, if that is one of an event loop.
    pub(super) polls: Option<ObjectId>,
    /// Its task has read the clock.
    pub(super) reads_clock: bool,
    /// Its timeout fires, as nobody else could go on; it may find by now what it waited for.
    pub(super) fired: bool,
    /// Of one that goes round though nobody can do anything that comes to something: where the last round began.
    pub(super) vain: Option<usize>,
    /// Which of its task's events it is, counted from 1.
    nth: u32,
    /// The events of its task's past alone: what it can't come before, wherever it goes.
    own: Clock,
    clock: Clock,
}

impl Event {
    /// What `task` is about to do.
    fn next(x: &Execution, task: TaskId, number: u32) -> Self {
        let entry = &x.tasks[task.index()];
        let op = entry.pending.expect("who can go on has something to do");
        Event {
            deed: Deed::new(number),
            task,
            op,
            object: op.object.map(|object| x.objects[object.index()].identity),
            round: None,
            tick: x.ticks,
            acts: SmallVec::new(),
            harmless: true,
            polls: entry.polls,
            reads_clock: entry.reads_clock,
            fired: entry.fired,
            vain: None,
            nth: 0,
            own: Clock::new(),
            clock: Clock::new(),
        }
    }

    fn add(&mut self, step: &Step) {
        self.acts.push((step.op, step.effect));
        self.harmless &= spin::is_harmless(step, self.polls);
        step.touches.iter().for_each(|touch| self.deed.touch(*touch));
    }

    pub(super) fn is_in(&self, clock: &Clock) -> bool {
        clock.get(self.deed.task as usize).is_some_and(|count| *count >= self.nth)
    }
}

/// The events of an execution, in order, and the states that objects went through.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub(super) all: Vec<Event>,
    /// For each object, its state before the event of that number, where that is known.
    states: Vec<Vec<(usize, State)>>,
}

impl Events {
    /// Forgets the events from this one on.
    pub(super) fn truncate(&mut self, count: usize) {
        self.all.truncate(count);
        for states in &mut self.states {
            let known = states.partition_point(|(at, _)| *at <= count);
            states.truncate(known);
        }
    }

    /// Keeps the state of the object that the next event acts on first.
    pub(super) fn keep_state(&mut self, x: &Execution, object: ObjectId) {
        let state = &x.objects[object.index()].state;
        if matches!(state, State::Atomic { .. } | State::Cell | State::Fairness { .. } | State::History) {
            return;
        }
        if self.states.len() <= object.index() {
            self.states.resize_with(object.index() + 1, Vec::new);
        }
        let at = self.all.len();
        let states = &mut self.states[object.index()];
        match states.last_mut() {
            Some((last, known)) if *last == at => known.clone_from(state),
            _ => states.push((at, state.clone())),
        }
    }

    /// The event that a task would go on with.
    pub(super) fn next(x: &Execution, task: TaskId, number: u32) -> Event {
        Event::next(x, task, number)
    }

    /// Begins an event that is about to happen.
    pub(super) fn begin(&mut self, x: &Execution, event: Event) {
        for object in event.op.object.into_iter().chain(event.op.kind.mutex()) {
            self.keep_state(x, object);
        }
        self.all.push(event);
    }

    /// Adds steps to the last event. Gives the answer, if it is a choice, and how many there were to choose from.
    pub(super) fn absorb(&mut self, x: &Execution, steps: &[Step]) -> Option<(usize, usize)> {
        let event = self.all.last_mut()?;
        for step in steps {
            event.add(step);
        }
        let choice = match (event.op.kind, x.answers.last()) {
            (Kind::Choose(options), Some(answer)) if !event.acts.is_empty() => Some((*answer, options)),
            _ => None,
        };
        event.deed.answer = choice.map(|(answer, _)| answer);
        let objects: SmallVec<[_; 4]> =
            event.acts.iter().flat_map(|(op, _)| op.object.into_iter().chain(op.kind.mutex())).collect();
        for object in objects {
            self.keep_state(x, object);
        }
        choice
    }

    /// An object's state before this event.
    pub(super) fn state_before(&self, object: ObjectId, event: usize) -> Option<&State> {
        let states = self.states.get(object.index())?;
        let later = states.partition_point(|(at, _)| *at <= event);
        states.get(later.saturating_sub(1)).map(|(_, state)| state)
    }

    /// Finds what happens before each event from this one on.
    pub(super) fn order(&mut self, from: usize) {
        for index in from..self.all.len() {
            let (earlier, rest) = self.all.split_at_mut(index);
            let event = &mut rest[0];
            let last = earlier.iter().rev().find(|other| other.deed.task == event.deed.task);
            event.nth = last.map_or(1, |last| last.nth + 1);
            event.own = last.map_or_else(Clock::new, |last| last.clock.clone());
            event.clock = event.own.clone();
            for other in earlier.iter().rev() {
                if !other.is_in(&event.clock) && other.deed.depends_on(&event.deed) {
                    join(&mut event.clock, &other.clock);
                }
            }
            let me = event.deed.task as usize;
            if event.clock.len() <= me {
                event.clock.resize(me + 1, 0);
            }
            event.clock[me] = event.nth;
        }
    }

    pub(super) fn happens_before(&self, first: usize, second: usize) -> bool {
        self.all[first].is_in(&self.all[second].clock)
    }

    /// Whether `first` is in the past of the task of `second`: it can't come after it, wherever that goes.
    pub(super) fn is_past_of(&self, first: usize, second: usize) -> bool {
        self.all[first].is_in(&self.all[second].own)
    }
}
