//! What an operation does, and what follows from that alone.

use super::{ObjectId, TaskId};
use std::sync::atomic::Ordering;

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

impl Kind {
    /// What the operation is called in a trace.
    pub(crate) fn label(self) -> &'static str {
        self.row().1
    }

    /// A number and a name for each kind; the numbers are part of signatures and have to differ.
    pub(super) fn row(self) -> (u8, &'static str) {
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
    pub(super) fn is_fickle(self) -> bool {
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
