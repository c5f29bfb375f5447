//! Sampling by feedback on what operations follow on each other, after reads-from fuzzing (Wolff, Shi, Duck, Mathur,
//! Roychoudhury, ASPLOS 2024).
//!
//! An *event* is an operation of a kind of task, at a place, on a kind of object; how many tasks and objects there are of a
//! kind makes no difference. A *pair* is an event and the one that changed its object last. Each execution aims at the pair
//! that was seen and aimed at least so far, and perhaps at a second one drawn at random: whoever would do the event waits until the
//! other event has changed the object, and whoever would change the object after that waits until the event has been
//! done. Everything else is drawn, in half of the executions like a random walk and in the others like partial order
//! sampling; one execution in eight aims at nothing. Waiting is a wish: when nobody else gets anywhere, those who wait go
//! on. There is no bound on the probability of anything.

use super::{Pos, Sampler, changes, gives_back, pending, place, yields};
use crate::execution::{Execution, Kind, ObjectId, Op, Random, TaskId, mix};
use smallvec::SmallVec;
use std::collections::HashMap;

/// Steps that tasks are made to wait for, in all, before an execution is left to its priorities.
const PATIENCE: usize = 500;

/// Pairs that are kept: with the square of the places that use objects of one kind there may be many.
const PAIRS_MAX: usize = 20_000;

/// An event's number; 0 is the object's creation.
type Event = u32;

/// A pair, and how often it was seen and aimed at.
#[derive(Clone, Copy, Debug)]
struct Pair {
    from: Event,
    event: Event,
    seen: u32,
    aimed: u32,
}

/// What happens to objects of a kind.
#[derive(Debug, Default)]
struct Class {
    events: Vec<Event>,
    changing: Vec<Event>,
}

/// A pair that an execution aims at.
#[derive(Clone, Copy, Debug)]
struct Aim {
    from: Event,
    event: Event,
    class: u64,
}

/// What a task is about to do, and to which object.
#[derive(Clone, Copy, Debug)]
struct Next {
    event: Event,
    object: ObjectId,
    class: u64,
    changes: bool,
}

/// The sampler, with what it has learned.
#[derive(Debug, Default)]
pub(crate) struct ReadsFrom {
    /// The classes of tasks and objects, by identity.
    kinds: HashMap<u64, u64>,
    events: HashMap<u64, Event>,
    classes: HashMap<u64, Class>,
    /// The class of each event.
    class_of: Vec<u64>,
    pairs: Vec<Pair>,
    index: HashMap<(Event, Event), usize>,
    priorities: Pos,
    aims: SmallVec<[Aim; 2]>,
    /// By task of the execution, what it is about to do, where that has been looked up.
    next: Vec<Option<Next>>,
    /// By object of the execution, the event that changed it last.
    last: Vec<Event>,
    waited: usize,
    /// This execution draws at every step, where it does not wait.
    walks: bool,
}

/// The object that an operation is about: of a wakeup, the mutex that it takes.
fn subject(op: &Op) -> Option<ObjectId> {
    match op.kind {
        Kind::Wake { mutex } => Some(mutex),
        _ => op.object.filter(|_| !gives_back(op)),
    }
}

/// A number for tasks that are spawned at one place, under one name but for its digits.
fn task_kind(x: &Execution, task: TaskId) -> u64 {
    let task = &x.tasks[task.index()];
    let name = task.name.as_deref().unwrap_or_default().bytes().filter(|byte| !byte.is_ascii_digit());
    name.fold(place(task.site), |hash, byte| mix(hash, u64::from(byte)))
}

impl ReadsFrom {
    fn add_pair(&mut self, from: Event, event: Event) {
        if self.pairs.len() >= PAIRS_MAX {
            return;
        }
        self.index.insert((from, event), self.pairs.len());
        self.pairs.push(Pair { from, event, seen: 0, aimed: 0 });
    }

    fn add_event(&mut self, class: u64, changes: bool) -> Event {
        let event = Event::try_from(self.class_of.len() + 1).expect("a program has under 2^32 places");
        self.class_of.push(class);
        let entry = self.classes.entry(class).or_default();
        entry.events.push(event);
        if changes {
            entry.changing.push(event);
        }
        let froms: Vec<Event> = [0].into_iter().chain(entry.changing.iter().copied()).collect();
        let events: Vec<Event> = entry.events.iter().copied().filter(|other| changes && *other != event).collect();
        for from in froms {
            self.add_pair(from, event);
        }
        for other in events {
            self.add_pair(event, other);
        }
        event
    }

    /// What `task` is about to do.
    fn next(&mut self, x: &Execution, task: TaskId) -> Option<Next> {
        if self.next.len() <= task.index() {
            self.next.resize(x.tasks.len(), None);
        }
        if self.next[task.index()].is_some() {
            return self.next[task.index()];
        }
        let next = pending(x, task).copied().and_then(|op| {
            let object = subject(&op)?;
            let kind = *self.kinds.entry(x.tasks[task.index()].identity).or_insert_with(|| task_kind(x, task));
            let entry = &x.objects[object.index()];
            let class = *self.kinds.entry(entry.identity).or_insert_with(|| place(entry.site));
            let changes = changes(&op);
            let key = mix(mix(kind, class), op.place());
            let known = self.events.get(&key).copied();
            let event = known.unwrap_or_else(|| self.add_event(class, changes));
            if known.is_none() {
                self.events.insert(key, event);
            }
            Some(Next { event, object, class, changes })
        });
        self.next[task.index()] = next;
        next
    }

    fn last(&mut self, object: ObjectId) -> &mut Event {
        if self.last.len() <= object.index() {
            self.last.resize(object.index() + 1, 0);
        }
        &mut self.last[object.index()]
    }

    /// Whether an aim wants `next` to wait.
    fn waits(&mut self, next: Next) -> bool {
        let last = *self.last(next.object);
        self.aims.iter().filter(|aim| aim.class == next.class).any(|aim| {
            if next.event == aim.event {
                // What has been changed is never again as it was created.
                return last != aim.from && aim.from != 0;
            }
            next.changes && last == aim.from && next.event != aim.from
        })
    }

    fn aim(&mut self, random: &mut Random) {
        self.aims.clear();
        if self.pairs.is_empty() || random.below(8) == 0 {
            return;
        }
        let rarest = self.pairs.iter().enumerate().min_by_key(|(_, pair)| (pair.seen + pair.aimed, random.next()));
        let first = rarest.map_or(0, |(index, _)| index);
        let second = random.below(4 * self.pairs.len());
        for index in [first, second] {
            let Some(pair) = self.pairs.get_mut(index) else { continue };
            if self.aims.iter().any(|aim| aim.event == pair.event) {
                continue;
            }
            pair.aimed += 1;
            let class = self.class_of[pair.event as usize - 1];
            self.aims.push(Aim { from: pair.from, event: pair.event, class });
        }
    }

    /// Notes that `task` goes on with what it is about to do.
    fn note(&mut self, x: &Execution, task: TaskId) {
        let next = self.next(x, task);
        self.next[task.index()] = None;
        let Some(next) = next else { return };
        let last = *self.last(next.object);
        if let Some(pair) = self.index.get(&(last, next.event)) {
            self.pairs[*pair].seen += 1;
        }
        self.aims.retain(|aim| aim.event != next.event || aim.from != last);
        if next.changes {
            *self.last(next.object) = next.event;
        }
    }
}

impl Sampler for ReadsFrom {
    fn begin(&mut self, random: &mut Random) {
        self.priorities.forget();
        self.next.clear();
        self.last.clear();
        self.waited = 0;
        self.walks = random.below(2) == 0;
        self.aim(random);
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId], random: &mut Random) -> TaskId {
        let mut free: SmallVec<[TaskId; 16]> = SmallVec::from_slice(enabled);
        if !self.aims.is_empty() && self.waited < PATIENCE {
            free.retain(|task| !self.next(x, *task).is_some_and(|next| self.waits(next)));
            self.waited += usize::from(free.len() < enabled.len());
        }
        let stuck = free.iter().all(|task| yields(x, *task));
        let chosen = self.priorities.highest(x, if stuck { enabled } else { &free }, random);
        if self.walks {
            self.priorities.forget();
        } else {
            self.priorities.goes(x, chosen);
        }
        self.note(x, chosen);
        chosen
    }
}
