//! What is written down of an execution, where anything is: events, and what they make of objects.

use super::step::Confirmed;
use super::{Execution, try_with, with};
use crate::trace::{Phase, Recorder};

impl Execution {
    /// An event is about to change objects: what the last one has made of its own is looked at before that.
    #[inline]
    pub(crate) fn settle(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.settle(&self.objects);
        }
    }

    /// Writes something down, if anything is.
    #[inline]
    pub(crate) fn record(&mut self, note: impl FnOnce(&mut Recorder)) {
        if let Some(recorder) = &mut self.recorder {
            note(recorder);
            self.tell();
        }
    }
}

/// Gives the event just recorded, if any is, the value it read or wrote.
#[inline]
pub(crate) fn confirm_value(confirmed: Confirmed, value: impl FnOnce() -> String) {
    if confirmed.recording {
        record_value(value());
    }
}

/// Gives the event just recorded, if any is, this value.
pub(crate) fn record_value(value: String) {
    with(|x| {
        let me = x.current;
        x.record(|recorder| recorder.value(me, value));
    });
}

/// How the event just recorded, if any is, went for an asynchronous primitive.
pub(crate) fn record_phase(phase: Phase) {
    with(|x| {
        let me = x.current;
        x.record(|recorder| recorder.phase(me, phase));
    });
}

/// Whether events are recorded; on real threads there is no execution, and they are not.
pub(crate) fn is_recording() -> bool {
    try_with(|x| x.recorder.is_some()).unwrap_or(false)
}
