//! Who owns what is shared: how `Arc` counts, as far as somebody can tell.
//!
//! A drop happens before the last one, and before whoever finds itself the only owner (release and acquire, as std's
//! counts): these edges are always drawn. Clones and drops are no operations at first, for nobody can tell in which order
//! they come. Somebody can if the count is looked at (`strong_count`, `get_mut`, `try_unwrap`, an upgrade, …) while another
//! task that has to do with it may run, or if the last drop runs a destructor that does something others can see. Then the
//! search begins again, and they are operations: on all `Arc`s, so that a schedule says the same to every engine. Under
//! loom those that were made where nobody can tell have no gate. [`Counted`] knows which.

use super::step::halt;
use super::{
    Effect, Execution, Handle, Kind, Mode, ObjectId, Op, Site, State, TaskId, TaskState, perform, session, try_with,
};
use crate::engine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

/// What a drop hands to the last one: this and the number of what is owned.
const OWNERS: u64 = 1 << 62;

/// Where something owned was made.
fn place(site: Site) -> String {
    site.to_string()
}

/// Whose counts are operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counted {
    /// All there are, and in whatever order: a schedule is followed that has such operations.
    pub(crate) all: bool,
    /// Where those were made that matter, and whether it matters which drop is the last.
    places: BTreeMap<String, bool>,
}

impl Counted {
    /// All, or none as far as is known.
    pub(crate) fn all_if(all: bool) -> Self {
        Counted { all, ..Counted::default() }
    }

    /// Whether clones and drops are operations.
    pub(crate) fn is_on(&self) -> bool {
        self.all || !self.places.is_empty()
    }

    fn matters(&self, site: Site) -> Option<bool> {
        if self.all {
            return Some(true);
        }
        if self.places.is_empty() { None } else { self.places.get(&place(site)).copied() }
    }

    /// Adds what a search has found out.
    pub(crate) fn extend(&mut self, more: &Counted) {
        self.all |= more.all;
        for (place, ordered) in &more.places {
            *self.places.entry(place.clone()).or_default() |= ordered;
        }
    }

    fn add(&mut self, site: Site, ordered: bool) {
        *self.places.entry(place(site)).or_default() |= ordered;
    }
}

/// Tasks; those from the 63rd on count as one.
#[derive(Clone, Copy, Debug, Default)]
struct Tasks(u64);

impl Tasks {
    fn one(task: TaskId) -> Self {
        Tasks(1 << task.index().min(63))
    }

    fn add(&mut self, task: TaskId) {
        self.0 |= Self::one(task).0;
    }

    fn has_another_than(self, task: TaskId) -> bool {
        self.0 & !Self::one(task).0 != 0 || (task.index() >= 63 && self.0 >> 63 != 0)
    }
}

/// Something that is owned.
#[derive(Clone, Copy, Debug)]
struct Owned {
    site: Site,
    /// Where it is in memory, once somebody has asked.
    address: usize,
    /// What its operations are on, if they are operations.
    object: Option<ObjectId>,
    /// See [`Counted::matters`].
    matters: Option<bool>,
    /// Who has owned it, and who has looked at how many do while others could go on.
    owners: Tasks,
    lookers: Tasks,
    /// Somebody has found to be the only owner after others were.
    acquired: bool,
}

/// All that is owned in an execution.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    pub(crate) counted: Arc<Counted>,
    all: Vec<Owned>,
    /// Who is in a destructor of what.
    dropping: Vec<(TaskId, usize)>,
    /// What destructors have used, of what, and who.
    used: Vec<(ObjectId, usize, TaskId)>,
}

impl Owners {
    pub(crate) fn new(counted: &Arc<Counted>, last: Owners) -> Self {
        let Owners { mut all, mut dropping, mut used, .. } = last;
        all.clear();
        dropping.clear();
        used.clear();
        Owners { counted: Arc::clone(counted), all, dropping, used }
    }
}

/// What owns something has: which of which execution it is, and where the owner was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    id: u32,
    serial: NonZeroU64,
    site: Site,
}

impl Share {
    /// Something new with one owner; nothing outside of an exploration, where nobody counts.
    pub(crate) fn new(site: Site) -> Option<Self> {
        let share = try_with(|x| {
            if x.over {
                return None;
            }
            let id = u32::try_from(x.owners.all.len()).ok()?;
            let mut owners = Tasks::default();
            owners.add(x.current);
            x.owners.all.push(Owned {
                site,
                address: 0,
                object: None,
                matters: x.owners.counted.matters(site),
                owners,
                lookers: Tasks::default(),
                acquired: false,
            });
            Some((Share { id, serial: x.serial, site }, x.owners.counted.is_on()))
        });
        let (share, counts) = share.flatten()?;
        if counts {
            let matters = share.with(|x, id| x.owners.all[id].matters).flatten();
            let state = State::Arc { owners: 1, weaks: 0, ordered: matters == Some(true), gated: matters.is_some() };
            let object = Handle::new(state, site).id();
            share.with(|x, id| x.owners.all[id].object = Some(object));
        }
        Some(share)
    }

    /// Another owner, made here.
    pub(crate) fn at(self, site: Site) -> Self {
        Share { site, ..self }
    }

    /// The newest that is known to be at this address.
    pub(crate) fn find(address: usize, site: Site) -> Option<Self> {
        try_with(|x| {
            let id = x.owners.all.iter().rposition(|owned| owned.address == address)?;
            Some(Share { id: u32::try_from(id).ok()?, serial: x.serial, site })
        })
        .flatten()
    }

    /// It is at this address.
    pub(crate) fn is_at(self, address: usize) {
        self.with(|x, id| x.owners.all[id].address = address);
    }

    /// Runs `f` if the execution is this one, and not over.
    fn with<R>(self, f: impl FnOnce(&mut Execution, usize) -> R) -> Option<R> {
        try_with(|x| (x.serial == self.serial && !x.over).then(|| f(x, self.id as usize))).flatten()
    }

    /// Where this owner was made.
    pub(crate) fn site(self) -> Site {
        self.site
    }

    /// An owner, or who could become one, is about to do this.
    pub(crate) fn step(self, kind: Kind, site: Site) {
        let told = self.with(|x, id| x.can_tell(id, kind));
        if told == Some(true) {
            self.with(|x, id| x.want_counts(id, false));
            halt();
        }
        if let Some(op) = self.with(|x, id| x.counting(id, kind, self.serial, site)).flatten() {
            perform(op);
        }
    }

    /// The owner has given it up, which happens before the last one does.
    pub(crate) fn gave_up(self) {
        self.with(|x, id| {
            if let Some(clocks) = &mut x.clocks {
                clocks.hand(x.current, ObjectId::default(), OWNERS | id as u64);
            }
        });
    }

    /// The owner is the only one, or one that could not be sure to be: what others did before they gave up has happened.
    pub(crate) fn acquires(self) {
        let fence = self.with(|x, id| {
            if let Some(clocks) = &mut x.clocks {
                clocks.receive(x.current, ObjectId::default(), OWNERS | id as u64);
            }
            let owned = &mut x.owners.all[id];
            owned.acquired |= owned.owners.has_another_than(x.current);
            x.mode == Mode::Loom && owned.object.is_some() && owned.matters.is_some() && x.steer.is_none()
        });
        if fence == Some(true) && !std::thread::panicking() {
            engine::loom::acquire();
        }
    }

    /// Runs the destructor of what is owned.
    pub(crate) fn ends(self, destructor: impl FnOnce()) {
        let noted = self.with(|x, id| {
            let (me, owned) = (x.current, &x.owners.all[id]);
            let told = owned.owners.has_another_than(me) && owned.matters != Some(true) && !x.is_alone_for_good(me);
            if told {
                x.owners.dropping.push((me, id));
            }
            told.then_some((me, id))
        });
        destructor();
        if let Some(Some(noted)) = noted {
            self.with(|x, _| {
                if let Some(at) = x.owners.dropping.iter().rposition(|other| *other == noted) {
                    x.owners.dropping.remove(at);
                }
            });
        }
    }
}

impl Execution {
    /// Ends the search, which has to begin again with what is owned counted.
    fn want_counts(&mut self, id: usize, ordered: bool) {
        let site = self.owners.all[id].site;
        session(|session| session.report.needs_counts.add(site, ordered));
        self.over = true;
    }

    /// Whether nobody else has anything left to do, and will have had in any order.
    fn is_alone_for_good(&self, me: TaskId) -> bool {
        let ended = |task: &super::Task| task.state == TaskState::Finished && task.joined;
        self.tasks.iter().enumerate().all(|(index, task)| index == me.index() || ended(task))
    }

    /// Whether somebody can tell in which order this and what others have done came, and no search has been told.
    fn can_tell(&mut self, id: usize, kind: Kind) -> bool {
        let me = self.current;
        let owned = &self.owners.all[id];
        let (looks, owns) = (kind.looks_at_owners(), kind.changes_owners());
        let first = owned.matters.is_none();
        let differs = (looks && owned.owners.has_another_than(me)) || (owns && owned.lookers.has_another_than(me));
        let alone = !(first && (differs || looks)) || self.is_alone_for_good(me);
        let owned = &mut self.owners.all[id];
        if owns {
            owned.owners.add(me);
        }
        if looks && !alone {
            owned.lookers.add(me);
        }
        first && differs && !alone && !std::thread::panicking()
    }

    /// The operation, if it is one: not in the middle of another, whose part it is.
    fn counting(&self, id: usize, kind: Kind, serial: NonZeroU64, site: Site) -> Option<Op> {
        let object = self.owners.all[id].object?;
        let task = &self.tasks[self.current.index()];
        let at_large = task.state == TaskState::Live && task.pending.is_none() && self.wakes.is_none();
        at_large.then(|| Op::new(kind, object, serial, site))
    }

    /// `task` has done `op`, which others may see: in a destructor it matters whose drop is the last. Nobody sees a channel's
    /// end go when the other is gone. loom and plain variables ask for more: see [`Execution::uses`].
    pub(super) fn acts(&mut self, task: TaskId, op: &Op) {
        if self.owners.dropping.is_empty() && self.owners.used.is_empty() {
            return;
        }
        if let (Mode::Loom, Some(object)) = (self.mode, op.object) {
            self.uses(task, object);
            return;
        }
        let state = op.object.map(|object| &self.objects[object.index()].state);
        if matches!(state, Some(State::Channel { senders: 0, receivers: 0, .. })) {
            return;
        }
        if let Some((_, id)) = self.owners.dropping.iter().rfind(|(who, _)| *who == task).copied() {
            self.want_counts(id, true);
        }
    }

    /// `task` uses this: what a destructor has used, and others use later, depends on who runs that. What is used in either
    /// order is used later in one of the two, and both are tried.
    pub(super) fn uses(&mut self, task: TaskId, object: ObjectId) {
        if let Some((_, id, _)) = self.owners.used.iter().find(|(used, _, who)| *used == object && *who != task) {
            self.want_counts(*id, true);
        } else if let Some((_, id)) = self.owners.dropping.iter().rfind(|(who, _)| *who == task) {
            self.owners.used.push((object, *id, task));
        }
    }

    /// Under loom: whether a race that it sees may be none, because it has not been told how owners are counted. Then the
    /// search has to begin again.
    pub(super) fn doubts_races(&mut self) -> bool {
        let doubtful = |owned: &Owned| owned.acquired && owned.matters.is_none();
        let ids: Vec<usize> = (0..self.owners.all.len()).filter(|id| doubtful(&self.owners.all[*id])).collect();
        for id in &ids {
            self.want_counts(*id, false);
        }
        !ids.is_empty()
    }
}

/// What an operation makes of the counts.
pub(super) fn change(kind: Kind, owners: &mut usize, weaks: &mut usize) -> Effect {
    match kind {
        Kind::Upgrade if *owners == 0 => return Effect::Refused,
        Kind::TakeArc | Kind::MutArc if *owners > 1 => return Effect::Refused,
        Kind::CloneArc | Kind::Upgrade => *owners += 1,
        Kind::DropArc | Kind::EndArc | Kind::TakeArc => *owners = owners.saturating_sub(1),
        Kind::Downgrade => *weaks += 1,
        Kind::DropWeak => *weaks = weaks.saturating_sub(1),
        _ => {}
    }
    Effect::Done
}
