//! What a program of loads, stores, updates and fences can come to: plain enumeration under RC11 and SC.

use super::PLACES;
use raddle::sync::atomic::Ordering::{self, AcqRel, Acquire, Release, SeqCst};
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug)]
pub(super) enum Do {
    Load(usize, Ordering),
    Store(usize, u64, Ordering),
    Add(usize, Ordering),
    Exchange(usize, u64, u64, Ordering, Ordering),
    Fence(Ordering),
}

pub(super) type Program = Vec<Vec<Do>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    Sc,
    Rc11,
}

/// A read or a write or a fence; an update is two, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Read { place: usize, order: u8, from: Id },
    Write { place: usize, order: u8, value: u64, updates: bool },
    Fence { order: u8 },
}

/// Thread and number; of the initial writes `INITIAL` and place.
type Id = (usize, usize);

const INITIAL: usize = usize::MAX;

/// Orders, as bits: acquires, releases, is sequentially consistent.
const ACQUIRES: u8 = 1;

const RELEASES: u8 = 2;

const IS_SC: u8 = 4;

fn bits(order: Ordering) -> u8 {
    match order {
        Acquire => ACQUIRES,
        Release => RELEASES,
        AcqRel => ACQUIRES | RELEASES,
        SeqCst => ACQUIRES | RELEASES | IS_SC,
        _ => 0,
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Graph {
    threads: Vec<Vec<Label>>,
    /// How many of its operations each thread has begun, and what it has read.
    at: Vec<usize>,
    read: Vec<Vec<u64>>,
    orders: [Vec<Id>; PLACES],
}

impl Graph {
    fn value(&self, (thread, number): Id) -> u64 {
        match self.threads.get(thread).map(|labels| labels[number]) {
            Some(Label::Write { value, .. }) => value,
            _ => 0,
        }
    }

    fn write(&self, thread: usize, label: Label, reached: &mut Vec<Graph>) {
        let Label::Write { place, .. } = label else { unreachable!("a write") };
        for position in 1..=self.orders[place].len() {
            let mut next = self.clone();
            next.threads[thread].push(label);
            next.orders[place].insert(position, (thread, next.threads[thread].len() - 1));
            reached.push(next);
        }
    }

    /// The graphs with one more operation of `thread`.
    fn step(&self, thread: usize, what: Do) -> Vec<Graph> {
        let mut next = self.clone();
        next.at[thread] += 1;
        let mut reached = Vec::new();
        let (place, reads, fails, update): (_, _, _, Box<dyn Fn(u64) -> Option<u64>>) = match what {
            Do::Fence(order) => {
                next.threads[thread].push(Label::Fence { order: bits(order) });
                return vec![next];
            }
            Do::Store(place, value, order) => {
                let order = bits(order) & !ACQUIRES;
                next.write(thread, Label::Write { place, order, value, updates: false }, &mut reached);
                return reached;
            }
            Do::Load(place, order) => (place, order, order, Box::new(|_| None)),
            Do::Add(place, order) => (place, order, order, Box::new(|old| Some(old + 1))),
            Do::Exchange(place, expected, new, success, failure) => {
                (place, success, failure, Box::new(move |old| (old == expected).then_some(new)))
            }
        };
        for from in &next.orders[place] {
            let mut next = next.clone();
            let old = next.value(*from);
            let new = update(old);
            let order = bits(if new.is_some() { reads } else { fails });
            next.read[thread].push(old);
            next.threads[thread].push(Label::Read { place, order: order & !RELEASES, from: *from });
            match new {
                Some(value) => {
                    let order = order & !ACQUIRES;
                    next.write(thread, Label::Write { place, order, value, updates: true }, &mut reached);
                }
                None => reached.push(next),
            }
        }
        reached
    }
}

/// Every reading that the program can come to.
pub(super) fn readings(program: &Program, model: Model) -> BTreeSet<Vec<u64>> {
    let count = program.len();
    let orders = [0, 1, 2].map(|place| vec![(INITIAL, place)]);
    let first = Graph { threads: vec![vec![]; count], at: vec![0; count], read: vec![vec![]; count], orders };
    let (mut seen, mut todo, mut found) = (BTreeSet::new(), vec![first], BTreeSet::new());
    while let Some(graph) = todo.pop() {
        let mut wants = (0..count).filter_map(|thread| Some((thread, *program[thread].get(graph.at[thread])?)));
        let wants: Vec<(usize, Do)> = match wants.clone().find(|(_, what)| matches!(what, Do::Store(..) | Do::Fence(_)))
        {
            // It can have any place among those that come later, too.
            Some(store) => vec![store],
            None => wants.by_ref().collect(),
        };
        if wants.is_empty() {
            found.insert(graph.read.concat());
        }
        for (thread, what) in wants {
            for next in graph.step(thread, what) {
                if !seen.contains(&next) && is_consistent(&next, model) {
                    seen.insert(next.clone());
                    todo.push(next);
                }
            }
        }
    }
    found
}

/// A relation of at most 64 events.
#[derive(Clone)]
struct Pairs(Vec<u64>);

impl Pairs {
    fn of(n: usize, holds: impl Fn(usize, usize) -> bool) -> Self {
        let row = |a: usize| (0..n).filter(|b| holds(a, *b)).fold(0, |row, b| row | 1 << b);
        Pairs((0..n).map(row).collect())
    }

    fn has(&self, a: usize, b: usize) -> bool {
        self.0[a] >> b & 1 == 1
    }

    fn closed(mut self) -> Self {
        for k in 0..self.0.len() {
            let through = self.0[k];
            for row in &mut self.0 {
                if *row >> k & 1 == 1 {
                    *row |= through;
                }
            }
        }
        self
    }

    fn or(mut self, other: &Pairs) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
        self
    }

    fn then(&self, next: &Pairs) -> Self {
        let follow = |row: &u64| (0..next.0.len()).filter(|b| row >> b & 1 == 1).fold(0, |out, b| out | next.0[b]);
        Pairs(self.0.iter().map(follow).collect())
    }

    fn is_acyclic(&self) -> bool {
        self.clone().closed().0.iter().enumerate().all(|(a, row)| row >> a & 1 == 0)
    }
}

fn is_consistent(graph: &Graph, model: Model) -> bool {
    let mut ids: Vec<Id> = (0..PLACES).map(|place| (INITIAL, place)).collect();
    for (thread, labels) in graph.threads.iter().enumerate() {
        ids.extend((0..labels.len()).map(|number| (thread, number)));
    }
    let n = ids.len();
    let initial = |a: usize| Label::Write { place: ids[a].1, order: 0, value: 0, updates: false };
    let labels: Vec<Label> =
        (0..n).map(|a| graph.threads.get(ids[a].0).map_or_else(|| initial(a), |labels| labels[ids[a].1])).collect();
    let place = |a: usize| match labels[a] {
        Label::Read { place, .. } | Label::Write { place, .. } => Some(place),
        Label::Fence { .. } => None,
    };
    let order = |a: usize, bit: u8| match labels[a] {
        Label::Read { order, .. } | Label::Write { order, .. } | Label::Fence { order } => order & bit != 0,
    };
    let is_fence = |a: usize| matches!(labels[a], Label::Fence { .. });
    let same = |a: usize, b: usize| place(a).is_some() && place(a) == place(b);
    let ranks: Vec<Option<usize>> =
        (0..n).map(|a| graph.orders[place(a)?].iter().position(|id| *id == ids[a])).collect();
    let sb =
        Pairs::of(
            n,
            |a, b| {
                if a < PLACES { b >= PLACES } else { b >= PLACES && ids[a].0 == ids[b].0 && ids[a].1 < ids[b].1 }
            },
        );
    let rf = Pairs::of(n, |a, b| matches!(labels[b], Label::Read { from, .. } if from == ids[a]));
    let mo = Pairs::of(n, |a, b| same(a, b) && ranks[a].zip(ranks[b]).is_some_and(|(a, b)| a < b));
    let rmw = Pairs::of(n, |a, b| {
        let updates = matches!(labels[b], Label::Write { updates: true, .. });
        updates && ids[a].0 == ids[b].0 && ids[a].1 + 1 == ids[b].1
    });
    let rb = Pairs::of(n, |a, b| (0..n).any(|w| rf.has(w, a) && mo.has(w, b)));
    let eco = rf.clone().or(&mo).or(&rb).closed();
    let between = rb.then(&mo);
    if (0..n).any(|a| (0..n).any(|b| rmw.has(a, b) && between.has(a, b))) {
        return false;
    }
    if model == Model::Sc {
        return sb.or(&eco).is_acyclic();
    }
    let identity = |keep: &dyn Fn(usize) -> bool| Pairs::of(n, |a, b| a == b && keep(a));
    let all = identity(&|_| true);
    let sequence = rf.then(&rmw).closed().or(&all);
    let releases = identity(&|a| order(a, RELEASES) && !is_fence(a))
        .or(&identity(&|a| order(a, RELEASES) && is_fence(a)).then(&sb));
    let acquires = identity(&|a| order(a, ACQUIRES) && !is_fence(a))
        .or(&sb.then(&identity(&|a| order(a, ACQUIRES) && is_fence(a))));
    let heads = identity(&|a| a >= PLACES && ranks[a].is_some());
    let sw = releases.then(&heads).then(&sequence).then(&rf).then(&acquires);
    let hb = sb.clone().or(&sw).closed();
    let loops = hb.then(&eco);
    if (0..n).any(|a| hb.has(a, a) || loops.has(a, a)) || !sb.clone().or(&rf).is_acyclic() {
        return false;
    }
    let (accesses, fences) =
        (identity(&|a| order(a, IS_SC) && !is_fence(a)), identity(&|a| order(a, IS_SC) && is_fence(a)));
    let elsewhere = Pairs::of(n, |a, b| sb.has(a, b) && !same(a, b));
    let here = Pairs::of(n, |a, b| hb.has(a, b) && same(a, b));
    let scb = sb.clone().or(&elsewhere.then(&hb).then(&elsewhere)).or(&here).or(&mo).or(&rb);
    let hb_or_same = hb.clone().or(&all);
    let left = accesses.clone().or(&fences.then(&hb_or_same));
    let right = accesses.or(&hb_or_same.then(&fences));
    let by_fences = fences.then(&hb.clone().or(&loops.then(&hb))).then(&fences);
    left.then(&scb).then(&right).or(&by_fences).is_acyclic()
}
