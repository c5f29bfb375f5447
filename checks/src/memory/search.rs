//! A write for each read, and an order of the writes, so that all of it is consistent.
//!
//! Reads are given their writes first, the one with the fewest that it can have before others. What that says of
//! modification order is drawn at once, so most of it follows. Only where sequentially consistent accesses are involved is
//! the rest tried both ways: without them any order that what is drawn leaves open will do.

use super::graph::Graph;
use super::relation::Relation;
use super::{Claim, Judgement};

/// What has been decided so far.
#[derive(Clone, Debug)]
struct Decided {
    /// Which write each read reads, by node.
    from: Vec<Option<usize>>,
    /// Which write of a place comes before which; closed.
    order: Relation,
}

struct Search<'a> {
    graph: &'a Graph,
    claim: &'a Claim<'a>,
    has_sc: bool,
    work: u64,
}

/// The search is given up.
struct TooMuch;

pub(super) fn judge(graph: &Graph, claim: &Claim<'_>, work: u64) -> Judgement {
    let n = graph.nodes.len();
    let has_sc = graph.nodes.iter().filter(|node| node.is_sc).count() > 1;
    let mut search = Search { graph, claim, has_sc, work };
    match search.go_on(Decided { from: vec![None; n], order: Relation::new(n) }) {
        Ok(true) => Judgement::Possible,
        Ok(false) => Judgement::Impossible,
        Err(TooMuch) => Judgement::Unknown,
    }
}

impl Search<'_> {
    /// Whether what is decided can be completed.
    fn go_on(&mut self, mut decided: Decided) -> Result<bool, TooMuch> {
        let before = loop {
            self.work = self.work.checked_sub(decided.order.work()).ok_or(TooMuch)?;
            let Some(before) = self.happens_before(&decided.from) else { return Ok(false) };
            if !self.draw_order(&before, &mut decided) {
                return Ok(false);
            }
            let Some((read, candidates)) = self.most_constrained(&before, &decided) else { break before };
            match candidates[..] {
                [] => return Ok(false),
                [only] => decided.from[read] = Some(only),
                _ => {
                    // What was written last is most likely.
                    for write in candidates.into_iter().rev() {
                        let mut next = decided.clone();
                        next.from[read] = Some(write);
                        if self.go_on(next)? {
                            return Ok(true);
                        }
                    }
                    return Ok(false);
                }
            }
        };
        if !self.has_race(&before) {
            return Ok(false);
        }
        self.order_writes(&before, &decided)
    }

    /// Tries the orders of writes that are left open.
    fn order_writes(&mut self, before: &Relation, decided: &Decided) -> Result<bool, TooMuch> {
        if !self.has_sc {
            return Ok(true);
        }
        self.work = self.work.checked_sub(4 * decided.order.work()).ok_or(TooMuch)?;
        if !self.has_sc_order(before, decided) {
            return Ok(false);
        }
        let Some((a, b)) = self.open_pair(decided) else { return Ok(true) };
        for (first, second) in [(a, b), (b, a)] {
            let mut next = decided.clone();
            next.order.set(first, second);
            if self.draw_order(before, &mut next) && self.order_writes(before, &next)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Two writes to one place that may go either way.
    fn open_pair(&self, decided: &Decided) -> Option<(usize, usize)> {
        let writes = &self.graph.writes;
        let pairs = writes.iter().enumerate().flat_map(|(i, a)| writes[i + 1..].iter().map(move |b| (*a, *b)));
        let is_open =
            |a: usize, b: usize| self.graph.same_place(a, b) && !decided.order.has(a, b) && !decided.order.has(b, a);
        pairs.into_iter().find(|(a, b)| is_open(*a, *b))
    }

    /// The read that is not decided and can have the fewest writes, and those.
    fn most_constrained(&self, before: &Relation, decided: &Decided) -> Option<(usize, Vec<usize>)> {
        let open = self.graph.reads.iter().filter(|read| decided.from[**read].is_none());
        let choices = open.map(|read| (*read, self.candidates(*read, before, decided)));
        choices.min_by_key(|(_, candidates)| candidates.len())
    }

    fn candidates(&self, read: usize, before: &Relation, decided: &Decided) -> Vec<usize> {
        let nodes = &self.graph.nodes;
        let node = &nodes[read];
        let may = |write: &&usize| {
            let write = **write;
            let replaced = |later: &usize| decided.order.has(write, *later) && before.has(*later, read);
            nodes[write].is_write_to(node.place)
                && nodes[write].value == node.value
                && node.half != Some(write)
                && !before.has(read, write)
                && !self.graph.writes.iter().any(replaced)
                && !(node.half.is_some() && self.is_updated(write, decided))
        };
        self.graph.writes.iter().filter(may).copied().collect()
    }

    /// Whether an update reads this write.
    fn is_updated(&self, write: usize, decided: &Decided) -> bool {
        let updates = |read: &usize| self.graph.nodes[*read].half.is_some() && decided.from[*read] == Some(write);
        self.graph.reads.iter().any(updates)
    }

    /// Happens before; `None` if there is a cycle of that and of what reads from what.
    fn happens_before(&self, from: &[Option<usize>]) -> Option<Relation> {
        let graph = self.graph;
        let decided = || graph.reads.iter().filter_map(|read| Some((*read, from[*read]?)));
        let mut causes = graph.before.clone();
        decided().for_each(|(read, write)| causes.set(write, read));
        causes.close();
        if !causes.is_irreflexive() {
            return None;
        }
        let mut before = graph.before.clone();
        for (read, write) in decided() {
            let fences = graph.acquire_fences.iter().copied().filter(|fence| graph.program.has(read, *fence));
            let acquires: Vec<usize> = fences.chain(graph.nodes[read].acquires.then_some(read)).collect();
            let mut head = Some(write);
            // What an update continues begins at what it read.
            while let Some(write) = head.filter(|_| !acquires.is_empty()) {
                let node = &graph.nodes[write];
                if node.is_initial {
                    break;
                }
                let fences = graph.release_fences.iter().copied().filter(|fence| graph.program.has(*fence, write));
                for release in fences.chain(node.releases.then_some(write)) {
                    for acquire in &acquires {
                        before.set(release, *acquire);
                    }
                }
                head = node.half.and_then(|read| from[read]);
            }
        }
        before.close();
        Some(before)
    }

    /// Draws what follows of modification order; false if it has a cycle.
    fn draw_order(&self, before: &Relation, decided: &mut Decided) -> bool {
        let graph = self.graph;
        let order = &mut decided.order;
        for a in &graph.writes {
            for b in &graph.writes {
                if graph.same_place(*a, *b) && before.has(*a, *b) {
                    order.set(*a, *b);
                }
            }
        }
        let reads: Vec<(usize, usize)> =
            graph.reads.iter().filter_map(|read| Some((*read, decided.from[*read]?))).collect();
        for (read, write) in &reads {
            for other in graph.writes.iter().filter(|other| *other != write && graph.same_place(**other, *read)) {
                if before.has(*other, *read) {
                    order.set(*other, *write);
                } else if before.has(*read, *other) {
                    order.set(*write, *other);
                }
            }
            for (later, newer) in &reads {
                if newer != write && before.has(*read, *later) && graph.same_place(*read, *later) {
                    order.set(*write, *newer);
                }
            }
        }
        if let Some((old, late)) = self.claim.seen {
            let node = |event: usize| graph.nodes_of.get(event).copied().unwrap_or(graph.nodes.len());
            let (old, late) = (node(old), node(late));
            for (read, write) in reads.iter().filter(|(read, _)| *read >= late) {
                let others = graph.writes.iter().filter(|other| **other < old && *other != write);
                others.filter(|other| graph.same_place(**other, *read)).for_each(|other| order.set(*other, *write));
            }
        }
        loop {
            order.close();
            if !order.is_irreflexive() {
                return false;
            }
            if !keep_updates_whole(graph, &reads, order) {
                return true;
            }
        }
    }

    /// Whether what has to be a race is one.
    fn has_race(&self, before: &Relation) -> bool {
        let node = |event: usize| self.graph.nodes_of[event];
        let unordered = |(a, b): &(usize, usize)| {
            let (a, b) = (node(*a), node(*b));
            !before.has(a, b) && !before.has(b, a)
        };
        self.claim.races.is_none_or(|races| races.iter().any(unordered))
    }

    /// Whether what is drawn leaves an order of the sequentially consistent accesses and fences: the paper's psc.
    fn has_sc_order(&self, before: &Relation, decided: &Decided) -> bool {
        use super::graph::Role;
        let graph = self.graph;
        let n = graph.nodes.len();
        let (mut from, mut reads_before) = (Relation::new(n), Relation::new(n));
        for read in &graph.reads {
            let Some(write) = decided.from[*read] else { continue };
            from.set(write, *read);
            for later in decided.order.after(write).filter(|later| graph.nodes[*read].half != Some(*later)) {
                reads_before.set(*read, later);
            }
        }
        let eco = {
            let mut eco = from.or(&decided.order).or(&reads_before);
            eco.close();
            eco
        };
        let elsewhere = graph.program.filter(|a, b| !graph.same_place(a, b));
        let around = elsewhere.then(before).then(&elsewhere);
        let here = before.filter(|a, b| graph.same_place(a, b));
        let between = graph.program.clone().or(&around).or(&here).or(&decided.order).or(&reads_before);
        let is_sc = |a: usize, fence: bool| graph.nodes[a].is_sc && (graph.nodes[a].role == Role::Fence) == fence;
        let same = Relation::new(n).or_same();
        let (accesses, fences) = (same.filter(|a, _| is_sc(a, false)), same.filter(|a, _| is_sc(a, true)));
        let before_or_same = before.clone().or_same();
        let left = fences.then(&before_or_same).or(&accesses);
        let right = before_or_same.then(&fences).or(&accesses);
        let by_fences = fences.then(&before.then(&eco).then(before).or(before)).then(&fences);
        let mut psc = left.then(&between).then(&right).or(&by_fences);
        psc.close();
        psc.is_irreflexive()
    }
}

/// Nothing comes between an update and what it reads: what comes before or after one does so of the other. Says whether that
/// added anything.
fn keep_updates_whole(graph: &Graph, reads: &[(usize, usize)], order: &mut Relation) -> bool {
    let mut added = false;
    for (read, write) in reads {
        let Some(update) = graph.nodes[*read].half else { continue };
        let mut pairs = vec![(*write, update)];
        let others = graph.writes.iter().filter(|other| graph.same_place(**other, *read));
        for other in others.copied().filter(|other| other != write && *other != update) {
            if order.has(other, update) {
                pairs.push((other, *write));
            }
            if order.has(*write, other) {
                pairs.push((update, other));
            }
        }
        for (a, b) in pairs {
            added |= !order.has(a, b);
            order.set(a, b);
        }
    }
    added
}
