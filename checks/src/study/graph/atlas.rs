//! Takes notes of a search: which states it comes to, and what happens on the way from one to the next.

use super::{Graph, State, Step};
use crate::engine::pilot::End;
use crate::execution::{Execution, TaskId};
use crate::trace::{Event, Trace};
use crate::verdict::Verdict;
use std::collections::HashMap;
use std::hash::Hash;

/// What is known so far.
pub(crate) struct Atlas {
    graph: Graph,
    states_max: usize,
    /// States by their past.
    index: HashMap<u64, usize>,
    /// Tasks and objects are numbered in the order in which they come, which is not the same in every execution; their
    /// identities are.
    tasks: HashMap<u64, usize>,
    objects: HashMap<u64, usize>,
    events: HashMap<Event, usize>,
    changes: HashMap<(usize, String), usize>,
    /// The states of this execution that have been come to.
    path: Vec<Stop>,
}

/// A state that an execution has come to.
struct Stop {
    state: usize,
    /// Who went on from there, and whether another's step instead would have preempted it.
    chosen: Option<(TaskId, bool)>,
    /// Events and steps up to then.
    events: usize,
    steps: usize,
}

impl Atlas {
    pub(crate) fn new(states_max: usize) -> Self {
        Atlas {
            graph: Graph::default(),
            states_max,
            index: HashMap::new(),
            tasks: HashMap::new(),
            objects: HashMap::new(),
            events: HashMap::new(),
            changes: HashMap::new(),
            path: Vec::new(),
        }
    }

    /// There are too many states.
    pub(crate) fn is_full(&self) -> bool {
        self.graph.states.len() > self.states_max
    }

    /// Everything is forgotten.
    pub(crate) fn restart(&mut self) {
        *self = Atlas::new(self.states_max);
    }

    /// An execution begins.
    pub(crate) fn begin(&mut self) {
        self.path.clear();
    }

    /// The execution has come to the state with this past.
    pub(crate) fn arrive(&mut self, x: &Execution, past: u64) {
        let state = self.state(past);
        let events = x.recorder.as_ref().map_or(0, crate::trace::Recorder::len);
        self.path.push(Stop { state, chosen: None, events, steps: x.log.len() });
    }

    /// `task` goes on from there.
    pub(crate) fn leave(&mut self, x: &Execution, task: TaskId) {
        if let Some(stop) = self.path.last_mut() {
            stop.chosen = Some((task, x.can_be_preempted(task)));
        }
    }

    fn state(&mut self, past: u64) -> usize {
        let states = &mut self.graph.states;
        *self.index.entry(past).or_insert_with(|| {
            states.push(State::default());
            states.len() - 1
        })
    }

    /// The execution is over.
    pub(crate) fn end(&mut self, x: &Execution, end: &End, past: u64) {
        let verdict = match end {
            End::Found(found) => Some(&found.verdict),
            _ => None,
        };
        if matches!(end, End::Found(_) | End::Passed) {
            // Whatever else comes to this past: the execution is over, and that is no state to go on from.
            let state = self.state(!past);
            self.graph.states[state].verdict = verdict.cloned();
            self.path.push(Stop { state, chosen: None, events: usize::MAX, steps: usize::MAX });
        }
        let path = std::mem::take(&mut self.path);
        let is_new = |pair: &&[Stop]| {
            let known = pair[0].chosen.is_some_and(|(task, _)| self.knows(x, pair, task));
            !known && pair[0].chosen.is_some()
        };
        let new: Vec<&[Stop]> = path.windows(2).filter(is_new).collect();
        if new.is_empty() {
            return;
        }
        let trace = match end {
            End::Found(found) => found.trace.clone(),
            _ => x.recorder.clone().map(|recorder| recorder.finish(x, &x.names(), None)),
        };
        let Some(trace) = trace else { return };
        let ids = Ids { tasks: self.tasks(x, &trace), objects: self.objects(x, &trace) };
        for pair in new {
            self.note(&trace, &ids, pair, verdict);
        }
        for task in &trace.futures {
            insert(&mut self.graph.futures, ids.tasks[*task]);
        }
        for (task, thread) in &trace.polled_by {
            insert(&mut self.graph.polled_by, (ids.tasks[*task], ids.tasks[*thread]));
        }
    }

    fn knows(&self, x: &Execution, pair: &[Stop], task: TaskId) -> bool {
        let task = self.tasks.get(&x.tasks[task.index()].identity);
        self.graph.states[pair[0].state].steps.iter().any(|step| Some(&step.task) == task && step.to == pair[1].state)
    }

    /// Notes the way from one stop to the next.
    fn note(&mut self, trace: &Trace, ids: &Ids, pair: &[Stop], verdict: Option<&Verdict>) {
        let (from, to) = (&pair[0], &pair[1]);
        let Some((task, goes_on)) = from.chosen else { return };
        // A livelock is told by its first round; what comes round again is no step of anybody's.
        let once = matches!(verdict, Some(Verdict::Livelock { .. })) && to.steps == usize::MAX;
        let happens = |index: &usize| {
            let event = &trace.events[*index];
            event.phase != crate::trace::Phase::Next && !(once && event.step > from.steps + 1)
        };
        let events: Vec<usize> = (from.events..to.events.min(trace.events.len())).filter(happens).collect();
        let became = trace.changes.iter().filter(|change| events.contains(&change.event));
        let changes =
            became.map(|change| intern(&mut self.changes, (ids.objects[change.object], change.state.clone())));
        let step = Step {
            task: ids.tasks[task.index()],
            to: to.state,
            changes: changes.collect(),
            events: events.iter().map(|index| intern(&mut self.events, ids.event(&trace.events[*index]))).collect(),
            goes_on,
        };
        self.graph.states[from.state].steps.push(step);
    }

    fn tasks(&mut self, x: &Execution, trace: &Trace) -> Vec<usize> {
        let known = &mut self.graph.tasks;
        let mut id = |(task, name): (&crate::execution::Task, &String)| {
            *self.tasks.entry(task.identity).or_insert_with(|| {
                known.push(name.clone());
                known.len() - 1
            })
        };
        x.tasks.iter().zip(&trace.tasks).map(&mut id).collect()
    }

    fn objects(&mut self, x: &Execution, trace: &Trace) -> Vec<usize> {
        let known = &mut self.graph.objects;
        let mut id = |(object, info): (&crate::execution::Object, &crate::trace::ObjectInfo)| {
            *self.objects.entry(object.identity).or_insert_with(|| {
                known.push(info.clone());
                known.len() - 1
            })
        };
        x.objects.iter().zip(&trace.objects).map(&mut id).collect()
    }

    /// The graph, numbered; none if there was too much of it.
    pub(crate) fn finish(mut self) -> Option<Graph> {
        if self.is_full() {
            return None;
        }
        self.graph.events = in_order(self.events);
        self.graph.changes = in_order(self.changes);
        Some(numbered(self.graph))
    }
}

/// An execution's tasks and objects, by their numbers in the graph.
struct Ids {
    tasks: Vec<usize>,
    objects: Vec<usize>,
}

impl Ids {
    fn event(&self, event: &Event) -> Event {
        let object = |object: Option<usize>| object.map(|object| self.objects[object]);
        Event {
            step: 0,
            task: self.tasks[event.task],
            object: object(event.object),
            mutex: object(event.mutex),
            other: event.other.map(|task| self.tasks[task]),
            preempts: None,
            ..event.clone()
        }
    }
}

/// The number of `thing`, which is the next if it is new.
fn intern<T: Hash + Eq>(known: &mut HashMap<T, usize>, thing: T) -> usize {
    let next = known.len();
    *known.entry(thing).or_insert(next)
}

fn in_order<T>(known: HashMap<T, usize>) -> Vec<T> {
    let mut things: Vec<(T, usize)> = known.into_iter().collect();
    things.sort_unstable_by_key(|(_, number)| *number);
    things.into_iter().map(|(thing, _)| thing).collect()
}

fn insert<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

/// The graph with its states renumbered, so that each way leads to a higher number: the reverse of the order in which a
/// walk in depth leaves them.
fn numbered(mut graph: Graph) -> Graph {
    let mut left: Vec<usize> = Vec::new();
    let mut begun = vec![false; graph.states.len()];
    let mut walk: Vec<(usize, usize)> = Vec::new();
    if let Some(first) = begun.first_mut() {
        *first = true;
        walk.push((0, 0));
    }
    while let Some((state, next)) = walk.last_mut() {
        if let Some(to) = graph.states[*state].steps.get(*next).map(|step| step.to) {
            *next += 1;
            if !std::mem::replace(&mut begun[to], true) {
                walk.push((to, 0));
            }
        } else {
            left.push(*state);
            walk.pop();
        }
    }
    left.reverse();
    let mut number = vec![0; graph.states.len()];
    for (index, state) in left.iter().enumerate() {
        number[*state] = index;
    }
    let mut states = std::mem::take(&mut graph.states);
    graph.states = left.iter().map(|state| std::mem::take(&mut states[*state])).collect();
    for step in graph.states.iter_mut().flat_map(|state| &mut state.steps) {
        step.to = number[step.to];
    }
    graph
}
