//! The operations of the facade: what a task announces before it acts.
//!
//! An operation says everything that a scheduler may know: who, on what, what kind of access, from where.

use super::{ObjectId, TaskId};
use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A place in the program under test.
pub(crate) type Site = &'static Location<'static>;

/// What an operation does to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A task's first step.
    Start,
    Spawn,
    Join(TaskId),
    IsFinished(TaskId),
    Yield,
    Park,
    Unpark(TaskId),
    Choose(usize),
    Lock,
    TryLock,
    Unlock,
    Read,
    TryRead,
    ReadUnlock,
    Write,
    TryWrite,
    /// A write looks before it waits, and is queued then: a step of its own where somebody can tell.
    StartWrite,
    WriteUnlock,
    Acquire(usize),
    TryAcquire(usize),
    Release(usize),
    /// Releases the mutex and joins the condition variable's waiters, in one step.
    Wait {
        mutex: ObjectId,
    },
    /// Leaves the condition variable and takes the mutex back, in one step.
    Wake {
        mutex: ObjectId,
    },
    NotifyOne,
    NotifyAll,
    Load(Ordering),
    Store(Ordering),
    Rmw(Ordering),
    /// A compare-and-exchange, with its orders on success and on failure.
    Cas(Ordering, Ordering),
    Fence(Ordering),
    Send,
    TrySend,
    /// Waits until a rendezvous message, the one with this number, has been taken.
    Taken(u64),
    Recv,
    TryRecv,
    /// A send or a receive looks before it waits: a step of its own where what it does meanwhile can be told.
    StartSend,
    StartRecv,
    DropSender,
    DropReceiver,
    Arrive,
    /// Waits until the barrier's generation is over.
    Leave(u64),
    OnceEnter,
    OnceDone,
    OnceFail,
    OnceCheck,
    /// Waits until it has run.
    OnceWait,
    Request,
    Grant,
    /// An operation on an object with a specification begins.
    Call,
    Return,
    /// A task of an event loop goes on: it has been woken, and takes the loop, where tasks take turns on one.
    Poll {
        turn: Option<ObjectId>,
    },
    /// It gives the loop back, and waits to be woken; or has ended.
    Pending {
        turn: Option<ObjectId>,
    },
    /// A task is to be polled.
    WakeTask,
    /// A task is to be polled, and to be dropped then.
    Abort,
    /// A step of an asynchronous primitive, by its name: it never waits.
    Use(&'static str),
    /// Waits until the clock has come to the task's alarm.
    Sleep,
    /// One more owner.
    CloneArc,
    /// One owner less: with the last, what is owned goes.
    DropArc,
    /// Looks at how many own it.
    CountArc,
    /// Takes it out, if nobody else owns it.
    TakeArc,
    /// One owner less, who takes it out if it is the last.
    EndArc,
    /// Uses it as its only owner, if nobody else can come to it.
    MutArc,
    /// Owns it, too, if somebody still does.
    Upgrade,
    Downgrade,
    DropWeak,
}

/// An announced operation.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    /// The object that the operation is on; tasks and choices have none.
    pub(crate) object: Option<ObjectId>,
    /// How long the task is ready to wait, in virtual time; `None` waits forever.
    pub(crate) timeout: Option<Duration>,
    pub(crate) site: Site,
    /// The execution that the object belongs to.
    pub(crate) serial: Option<NonZeroU64>,
    /// Data was written since the task's last operation.
    pub(crate) progress: bool,
    /// The bytes of what was written are what they were.
    pub(crate) idle: bool,
    /// An update that may leave the value as it is: what it touches depends on what it finds.
    pub(crate) may_keep: bool,
    /// It has looked in vain, and waits as std does, by parking: it takes its thread's token.
    pub(crate) parks: bool,
}

impl Op {
    pub(crate) fn new(kind: Kind, object: ObjectId, serial: NonZeroU64, site: Site) -> Self {
        Op {
            kind,
            object: Some(object),
            timeout: None,
            site,
            serial: Some(serial),
            progress: false,
            idle: false,
            may_keep: false,
            parks: false,
        }
    }

    pub(crate) fn bare(kind: Kind, site: Site) -> Self {
        Op {
            kind,
            object: None,
            timeout: None,
            site,
            serial: None,
            progress: false,
            idle: false,
            may_keep: false,
            parks: false,
        }
    }

    pub(crate) fn timeout(self, timeout: Option<Duration>) -> Self {
        Op { timeout, ..self }
    }

    pub(crate) fn parking(self, parks: bool) -> Self {
        Op { parks, ..self }
    }

    /// Whether it changes its object though it was not done: it begins to wait there, or ends.
    pub(crate) fn changes_undone(&self) -> bool {
        matches!(self.kind, Kind::Wake { .. } | Kind::StartRecv | Kind::StartWrite)
            || (self.kind == Kind::Recv && self.parks)
    }

    /// Whether what it touches depends on what it finds.
    pub(crate) fn is_fickle(&self) -> bool {
        self.may_keep || self.kind.is_fickle()
    }

    /// A number that tells this operation from others at other places; equal in every execution.
    pub(crate) fn signature(&self) -> u32 {
        let object = self.object.map_or(0, |object| object.0 + 1);
        mix(u64::from(self.kind.row().0) << 40 ^ u64::from(object) << 20 ^ u64::from(self.line_and_column()))
    }

    /// A number for its kind and its place, whatever it is on.
    pub(crate) fn place(&self) -> u64 {
        u64::from(self.kind.row().0) << 40 | u64::from(self.line_and_column())
    }

    fn line_and_column(&self) -> u32 {
        self.site.line() << 8 | self.site.column() & 0xff
    }
}

/// A well-mixed 32 bits of `x` (Fibonacci hashing, Knuth vol. 3, 6.4).
pub(crate) fn mix(x: u64) -> u32 {
    (x.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

impl Kind {
    /// What the operation is called in a trace.
    pub(crate) fn label(self) -> &'static str {
        self.row().1
    }

    /// A number and a name for each kind; the numbers are part of signatures and have to differ.
    fn row(self) -> (u8, &'static str) {
        match self {
            Kind::Start => (0, "start"),
            Kind::Spawn => (1, "spawn"),
            Kind::Join(_) => (2, "join"),
            Kind::IsFinished(_) => (3, "is finished"),
            Kind::Yield => (4, "yield"),
            Kind::Park => (5, "park"),
            Kind::Unpark(_) => (6, "unpark"),
            Kind::Choose(_) => (7, "choose"),
            Kind::Lock => (8, "lock"),
            Kind::TryLock => (9, "try lock"),
            Kind::Unlock => (10, "unlock"),
            Kind::Read => (11, "read lock"),
            Kind::TryRead => (12, "try read lock"),
            Kind::ReadUnlock => (13, "read unlock"),
            Kind::Write => (14, "write lock"),
            Kind::TryWrite => (15, "try write lock"),
            Kind::WriteUnlock => (16, "write unlock"),
            Kind::Acquire(_) => (17, "acquire"),
            Kind::TryAcquire(_) => (18, "try acquire"),
            Kind::Release(_) => (19, "release"),
            Kind::Wait { .. } => (20, "wait"),
            Kind::Wake { .. } => (21, "wake"),
            Kind::NotifyOne => (22, "notify one"),
            Kind::NotifyAll => (23, "notify all"),
            Kind::Load(_) => (24, "load"),
            Kind::Store(_) => (25, "store"),
            Kind::Rmw(_) => (26, "update"),
            Kind::Cas(..) => (27, "compare exchange"),
            Kind::Fence(_) => (28, "fence"),
            Kind::Send => (29, "send"),
            Kind::TrySend => (30, "try send"),
            Kind::Taken(_) => (31, "hand over"),
            Kind::Recv => (32, "receive"),
            Kind::TryRecv => (33, "try receive"),
            Kind::DropSender => (34, "drop sender"),
            Kind::DropReceiver => (35, "drop receiver"),
            Kind::Arrive => (36, "arrive"),
            Kind::Leave(_) => (37, "leave"),
            Kind::OnceEnter => (38, "enter once"),
            Kind::OnceDone => (39, "complete once"),
            Kind::OnceFail => (40, "abandon once"),
            Kind::OnceCheck => (41, "check once"),
            Kind::Request => (42, "request"),
            Kind::Grant => (43, "grant"),
            Kind::Call => (44, "call"),
            Kind::Return => (45, "return"),
            Kind::Poll { .. } => (46, "poll"),
            Kind::Pending { .. } => (47, "pending"),
            Kind::WakeTask => (48, "wake task"),
            Kind::Abort => (49, "abort"),
            Kind::Use(name) => (50, name),
            Kind::Sleep => (51, "sleep"),
            Kind::CloneArc => (60, "clone"),
            Kind::DropArc => (61, "drop"),
            Kind::CountArc => (62, "count"),
            Kind::TakeArc => (63, "take out"),
            Kind::MutArc => (64, "borrow alone"),
            Kind::Upgrade => (65, "upgrade"),
            Kind::Downgrade => (66, "downgrade"),
            Kind::DropWeak => (67, "drop weak"),
            Kind::EndArc => (68, "take out"),
            Kind::OnceWait => (69, "wait for once"),
            Kind::StartSend => (70, "send"),
            Kind::StartRecv => (71, "receive"),
            Kind::StartWrite => (72, "write lock"),
        }
    }

    /// Whether it may have to wait at all.
    #[inline]
    pub(crate) fn may_wait(self) -> bool {
        use Kind::{Acquire, Join, Leave, Lock, OnceEnter, OnceWait};
        use Kind::{Park, Poll, Read, Recv, Send, Sleep, Taken, Wake, Write};
        matches!(
            self,
            Lock | Read
                | Write
                | Acquire(_)
                | Wake { .. }
                | Send
                | Taken(_)
                | Recv
                | Leave(_)
                | OnceEnter
                | OnceWait
                | Join(_)
                | Park
                | Poll { .. }
                | Sleep
        )
    }

    /// The mutex or the loop that it gives back or takes besides acting on its object.
    pub(crate) fn mutex(self) -> Option<ObjectId> {
        match self {
            Kind::Wait { mutex } | Kind::Wake { mutex } => Some(mutex),
            Kind::Poll { turn } | Kind::Pending { turn } => turn,
            _ => None,
        }
    }

    /// Whether it gives back or hands on what others may be waiting for.
    pub(crate) fn gives(self) -> bool {
        use Kind::{Abort, DropReceiver, DropSender, Taken, TryRecv, Unlock, WakeTask, WriteUnlock};
        use Kind::{Arrive, NotifyAll, NotifyOne, OnceDone, OnceFail, ReadUnlock, Recv, Release, Send, TrySend};
        use Kind::{StartRecv, StartSend};
        matches!(
            self,
            Unlock
                | ReadUnlock
                | WriteUnlock
                | Release(_)
                | NotifyOne
                | NotifyAll
                | Send
                | TrySend
                | StartSend
                | Recv
                | TryRecv
                | StartRecv
                | Taken(_)
                | DropSender
                | DropReceiver
                | Arrive
                | OnceDone
                | OnceFail
                | WakeTask
                | Abort
        )
    }

    /// Whether what an operation of this kind touches depends on what it finds.
    fn is_fickle(self) -> bool {
        use Kind::{Arrive, Cas, OnceEnter, Recv, Send, TryAcquire, TryLock, TryRead, TryRecv, TrySend, TryWrite};
        use Kind::{StartRecv, StartSend, StartWrite};
        matches!(
            self,
            TryLock
                | TryRead
                | TryWrite
                | StartWrite
                | TryAcquire(_)
                | Cas(..)
                | Send
                | TrySend
                | StartSend
                | Recv
                | TryRecv
                | StartRecv
                | Arrive
                | OnceEnter
        )
    }

    /// Whether it asks for what it may not get, and then is told so and orders nothing.
    pub(crate) fn may_be_refused(self) -> bool {
        use Kind::{IsFinished, StartWrite, TryAcquire, TryLock, TryRead, TryWrite};
        matches!(self, TryLock | TryRead | TryWrite | StartWrite | TryAcquire(_) | IsFinished(_))
            || self.tries_a_channel()
    }

    /// Whether it is how an operation begins that waits if this is refused.
    pub(crate) fn looks_before_it_waits(self) -> bool {
        matches!(self, Kind::StartSend | Kind::StartRecv | Kind::StartWrite)
    }

    /// Whether it sends or receives at once, or not at all.
    pub(crate) fn tries_a_channel(self) -> bool {
        matches!(self, Kind::TrySend | Kind::TryRecv | Kind::StartSend | Kind::StartRecv)
    }

    /// Whether it reads what only an acquire fence after it orders.
    pub(crate) fn reads_unordered(self) -> bool {
        let is_weak = |order| matches!(order, Ordering::Relaxed | Ordering::Release);
        match self {
            Kind::Load(order) | Kind::Rmw(order) => is_weak(order),
            Kind::Cas(success, failure) => is_weak(success) || is_weak(failure),
            _ => false,
        }
    }

    /// Whether the memory model says what it orders.
    pub(crate) fn is_atomic(self) -> bool {
        use Kind::{Cas, Fence, Load, Rmw, Store};
        matches!(self, Load(_) | Store(_) | Rmw(_) | Cas(..) | Fence(_))
    }

    /// Whether it is on how many own something.
    pub(crate) fn is_on_owners(self) -> bool {
        self.changes_owners() || self.looks_at_owners()
    }

    /// Whether what it comes to depends on how many own it.
    pub(crate) fn looks_at_owners(self) -> bool {
        matches!(self, Kind::CountArc | Kind::TakeArc | Kind::EndArc | Kind::MutArc | Kind::Upgrade)
    }

    /// Whether others' counting depends on it.
    pub(crate) fn changes_owners(self) -> bool {
        use Kind::{CloneArc, Downgrade, DropArc, DropWeak, EndArc, MutArc, TakeArc, Upgrade};
        matches!(self, CloneArc | DropArc | EndArc | Downgrade | DropWeak | MutArc | TakeArc | Upgrade)
    }

    /// Whether it is on how many owners an `Arc` has.
    pub(crate) fn is_about_owners(self) -> bool {
        self.changes_owners() || self.looks_at_owners()
    }

    /// Whether the task asks for others to run: a switch here is no preemption.
    pub(crate) fn yields(self) -> bool {
        matches!(self, Kind::Yield)
    }

    /// Whether it is on a task of an event loop, or on what such tasks share.
    pub(crate) fn is_of_a_task(self) -> bool {
        matches!(self, Kind::Poll { .. } | Kind::WakeTask | Kind::Abort | Kind::Use(_))
    }

    /// Whether to go on with another task instead is no preemption: this one has yielded, or its loop decides whom it
    /// polls next.
    pub(crate) fn gives_way(self) -> bool {
        self.yields() || matches!(self, Kind::Poll { .. })
    }
}
