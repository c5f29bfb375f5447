//! The operations of the facade: what a task announces before it acts.
//!
//! An operation says everything that a scheduler may know: who, on what, what kind of access, from where.

use super::{Kind, ObjectId};
use std::num::NonZeroU64;
use std::panic::Location;
use std::time::Duration;

/// A place in the program under test.
pub(crate) type Site = &'static Location<'static>;

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

    /// The same, on a task of this execution.
    pub(crate) fn of(self, serial: Option<NonZeroU64>) -> Self {
        Op { serial, ..self }
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
