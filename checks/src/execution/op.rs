//! The operations of the facade: what a task announces before it acts.
//!
//! An operation says everything that a scheduler may know: who, on what, what kind of access, from where.

use super::{ObjectId, TaskId};
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
    DropSender,
    DropReceiver,
    Arrive,
    /// Waits until the barrier's generation is over.
    Leave(u64),
    OnceEnter,
    OnceDone,
    OnceFail,
    OnceCheck,
    Request,
    Grant,
}

/// An announced operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    /// The object that the operation is on; tasks and choices have none.
    pub(crate) object: Option<ObjectId>,
    /// How long the task is ready to wait, in virtual time; `None` waits forever.
    pub(crate) timeout: Option<Duration>,
    pub(crate) site: Site,
}

impl Op {
    pub(crate) fn new(kind: Kind, object: ObjectId, site: Site) -> Self {
        Op { kind, object: Some(object), timeout: None, site }
    }

    pub(crate) fn bare(kind: Kind, site: Site) -> Self {
        Op { kind, object: None, timeout: None, site }
    }

    pub(crate) fn timeout(self, timeout: Option<Duration>) -> Self {
        Op { timeout, ..self }
    }

    /// A number that tells this operation from others at other places; equal in every execution.
    pub(crate) fn signature(&self) -> u32 {
        let object = self.object.map_or(0, |object| object.0 + 1);
        let place = self.site.line() << 8 | self.site.column() & 0xff;
        mix(u64::from(self.kind.ordinal()) << 40 ^ u64::from(object) << 20 ^ u64::from(place))
    }
}

/// A well-mixed 32 bits of `x` (Fibonacci hashing, Knuth vol. 3, 6.4).
#[expect(clippy::cast_possible_truncation, reason = "the upper half is the hash")]
pub(crate) fn mix(x: u64) -> u32 {
    (x.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

impl Kind {
    /// What the operation is called in a trace.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Kind::Start => "start",
            Kind::Spawn => "spawn",
            Kind::Join(_) => "join",
            Kind::IsFinished(_) => "is finished",
            Kind::Yield => "yield",
            Kind::Park => "park",
            Kind::Unpark(_) => "unpark",
            Kind::Choose(_) => "choose",
            Kind::Lock => "lock",
            Kind::TryLock => "try lock",
            Kind::Unlock => "unlock",
            Kind::Read => "read lock",
            Kind::TryRead => "try read lock",
            Kind::ReadUnlock => "read unlock",
            Kind::Write => "write lock",
            Kind::TryWrite => "try write lock",
            Kind::WriteUnlock => "write unlock",
            Kind::Acquire(_) => "acquire",
            Kind::TryAcquire(_) => "try acquire",
            Kind::Release(_) => "release",
            Kind::Wait { .. } => "wait",
            Kind::Wake { .. } => "wake",
            Kind::NotifyOne => "notify one",
            Kind::NotifyAll => "notify all",
            Kind::Load(_) => "load",
            Kind::Store(_) => "store",
            Kind::Rmw(_) => "update",
            Kind::Cas(..) => "compare exchange",
            Kind::Fence(_) => "fence",
            Kind::Send => "send",
            Kind::TrySend => "try send",
            Kind::Taken(_) => "hand over",
            Kind::Recv => "receive",
            Kind::TryRecv => "try receive",
            Kind::DropSender => "drop sender",
            Kind::DropReceiver => "drop receiver",
            Kind::Arrive => "arrive",
            Kind::Leave(_) => "leave",
            Kind::OnceEnter => "enter once",
            Kind::OnceDone => "complete once",
            Kind::OnceFail => "abandon once",
            Kind::OnceCheck => "check once",
            Kind::Request => "request",
            Kind::Grant => "grant",
        }
    }

    fn ordinal(self) -> u8 {
        // The label's address would do, but is not the same on every machine; its bytes are.
        let label = self.label().as_bytes();
        label.iter().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte))
    }

    /// Whether the task asks for others to run: a switch here is no preemption.
    pub(crate) fn yields(self) -> bool {
        matches!(self, Kind::Yield)
    }
}
