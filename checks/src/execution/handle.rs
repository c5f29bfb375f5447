//! What a primitive of the facade holds: which object it is, and of which execution.

use super::{Kind, Object, ObjectId, Op, Site, State, with};
use crate::engine;
use std::borrow::Cow;
use std::num::NonZeroU64;

/// The serial of what lives on real threads and in no execution. Those count from 1, and none gets this far.
const REAL: NonZeroU64 = NonZeroU64::MAX;

/// What a primitive holds: which object of which execution it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handle {
    id: ObjectId,
    serial: NonZeroU64,
}

impl Handle {
    /// Registers an object, created at `site`.
    #[track_caller]
    pub(crate) fn new(state: State, site: Site) -> Self {
        Handle::register(state, site, None)
    }

    /// The same; `identity` is what a static is known by, which nobody in particular creates.
    pub(super) fn register(state: State, site: Site, identity: Option<u64>) -> Self {
        if engine::real::is_on() {
            return Handle { id: ObjectId::default(), serial: REAL };
        }
        super::expect_exploration(site);
        with(|x| {
            let native = match identity {
                Some(_) => engine::loom::ObjectPart::of_static(x),
                None => engine::loom::ObjectPart::new(x, &state),
            };
            let identity = identity.unwrap_or_else(|| x.next_identity());
            x.objects.push(Object { identity, name: None, site, state, native });
            let id = ObjectId(u32::try_from(x.objects.len() - 1).expect("an execution has under 2^32 objects"));
            Handle { id, serial: x.serial }
        })
    }

    /// An atomic begins with this value, where it is held to the memory model.
    pub(crate) fn begins_with(self, value: u64) {
        if !self.is_real() {
            with(|x| {
                if let Some(accesses) = &mut x.accesses {
                    accesses.created(self.id.index(), value);
                }
            });
        }
    }

    /// Whether the primitive is std's own, on real threads. Nothing of an execution may be asked for then.
    #[inline]
    pub(crate) fn is_real(self) -> bool {
        self.serial == REAL
    }

    /// The object, after making sure that it belongs to the current execution.
    pub(crate) fn id(self) -> ObjectId {
        let (owns, last) = with(|x| (x.owns(Some(self.serial)), x.site));
        if !owns {
            super::usage(super::CARRIED, last);
        }
        self.id
    }

    /// The object, if it belongs to this execution.
    pub(crate) fn own_id(self, x: &super::Execution) -> Option<ObjectId> {
        (self.serial == x.serial).then_some(self.id)
    }

    pub(crate) fn name(self, name: Cow<'static, str>) {
        if self.is_real() {
            return;
        }
        let id = self.id();
        with(|x| x.objects[id.index()].name = Some(name));
    }

    pub(crate) fn op(self, kind: Kind, site: Site) -> Op {
        Op::new(kind, self.id, self.serial, site)
    }
}
