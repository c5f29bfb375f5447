//! The events of an execution, an update as two, and what is known of their order from the start.

use super::relation::Relation;
use super::{Event, What};
use std::sync::atomic::Ordering;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Read,
    Write,
    Fence,
    Plain,
}

#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what orders are made of")]
pub(super) struct Node {
    pub(super) role: Role,
    pub(super) place: usize,
    pub(super) value: u64,
    /// A write that was there before every task.
    pub(super) is_initial: bool,
    pub(super) acquires: bool,
    pub(super) releases: bool,
    pub(super) is_sc: bool,
    /// Of an update: its other half.
    pub(super) half: Option<usize>,
}

impl Node {
    pub(super) fn is_write_to(&self, place: usize) -> bool {
        self.role == Role::Write && self.place == place
    }
}

#[derive(Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// The order of each task's program, after the initial writes.
    pub(super) program: Relation,
    /// Happens before, but for what atomics add to it; closed.
    pub(super) before: Relation,
    pub(super) reads: Vec<usize>,
    pub(super) writes: Vec<usize>,
    pub(super) acquire_fences: Vec<usize>,
    pub(super) release_fences: Vec<usize>,
    /// Where each event is, in its last half.
    pub(super) nodes_of: Vec<usize>,
}

fn acquires(order: Ordering) -> bool {
    matches!(order, Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst)
}

fn releases(order: Ordering) -> bool {
    matches!(order, Ordering::Release | Ordering::AcqRel | Ordering::SeqCst)
}

fn node(role: Role, place: usize, value: u64, order: Ordering) -> Node {
    Node {
        role,
        place,
        value,
        is_initial: false,
        acquires: role != Role::Write && acquires(order),
        releases: role != Role::Read && releases(order),
        is_sc: order == Ordering::SeqCst,
        half: None,
    }
}

impl Graph {
    pub(super) fn new(initial: &[(usize, u64)], events: &[Event]) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        for (place, value) in initial {
            nodes.push(Node { is_initial: true, ..node(Role::Write, *place, *value, Ordering::Relaxed) });
        }
        let mut nodes_of = Vec::new();
        let mut event_of = Vec::new();
        for (number, event) in events.iter().enumerate() {
            match event.what {
                What::Load { place, order, value } => nodes.push(node(Role::Read, place, value, order)),
                What::Store { place, order, value } => nodes.push(node(Role::Write, place, value, order)),
                What::Update { place, order, read, written } => {
                    let first = nodes.len();
                    nodes.push(Node { half: Some(first + 1), ..node(Role::Read, place, read, order) });
                    nodes.push(Node { half: Some(first), ..node(Role::Write, place, written, order) });
                }
                What::Fence(order) => nodes.push(node(Role::Fence, usize::MAX, 0, order)),
                What::Plain => nodes.push(node(Role::Plain, usize::MAX, 0, Ordering::Relaxed)),
            }
            event_of.resize(nodes.len() - initial.len(), number);
            nodes_of.push(nodes.len() - 1);
        }
        let mut graph = Graph {
            program: Relation::new(nodes.len()),
            before: Relation::new(nodes.len()),
            reads: Vec::new(),
            writes: Vec::new(),
            acquire_fences: Vec::new(),
            release_fences: Vec::new(),
            nodes_of,
            nodes,
        };
        graph.order(initial.len(), events, &event_of);
        graph.sort();
        graph
    }

    fn order(&mut self, initial: usize, events: &[Event], event_of: &[usize]) {
        for b in initial..self.nodes.len() {
            let later = &events[event_of[b - initial]];
            for a in 0..b {
                let (program, before) = if a < initial {
                    (true, true)
                } else {
                    let earlier = &events[event_of[a - initial]];
                    (earlier.task == later.task, later.follows(earlier))
                };
                if program {
                    self.program.set(a, b);
                }
                if program || before {
                    self.before.set(a, b);
                }
            }
        }
        self.before.close();
    }

    fn sort(&mut self) {
        for (number, node) in self.nodes.iter().enumerate() {
            match node.role {
                Role::Read => self.reads.push(number),
                Role::Write => self.writes.push(number),
                Role::Fence => {
                    if node.acquires {
                        self.acquire_fences.push(number);
                    }
                    if node.releases {
                        self.release_fences.push(number);
                    }
                }
                Role::Plain => {}
            }
        }
    }

    /// Whether two events are accesses to one atomic.
    pub(super) fn same_place(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.nodes[a], &self.nodes[b]);
        let accesses = |node: &Node| matches!(node.role, Role::Read | Role::Write);
        accesses(a) && accesses(b) && a.place == b.place
    }
}
