//! A study without what comes round again: of a livelock, its first round is enough to see it.

use crate::study::Study;
use crate::trace::{Change, Phase};
use std::collections::BTreeSet;

/// `study` with the events of a livelock up to the end of its first round, those after it that the study points at, and
/// every index changed to match. Anything else stays as it is.
pub(crate) fn once(study: &Study) -> Study {
    let mut study = study.clone();
    let Some((_, end)) = study.counterexample.trace.recurs else { return study };
    let pointed_at = study.pairs.iter().flat_map(|pair| [pair.first, pair.second]);
    let missed = study.missed.iter().flat_map(|missed| [missed.waits, missed.notified].into_iter().chain(missed.woke));
    let late = study.late.iter().map(|late| late.first);
    let pointed_at: BTreeSet<usize> = pointed_at.chain(missed).chain(late).collect();
    let events = std::mem::take(&mut study.counterexample.trace.events);
    let mut index_now = vec![None; events.len()];
    let kept = &mut study.counterexample.trace.events;
    for (index, mut event) in events.into_iter().enumerate() {
        // What tasks were about to do says something only where it decides.
        let in_time = event.step <= end && event.phase != Phase::Next;
        if in_time || pointed_at.contains(&index) {
            index_now[index] = Some(kept.len());
            event.step = event.step.min(end + 1);
            kept.push(event);
        }
    }
    // What is pointed at has been kept.
    let now = |index: usize| index_now[index].unwrap_or_default();
    let changes = std::mem::take(&mut study.counterexample.trace.changes).into_iter();
    let kept = changes.filter_map(|change| Some(Change { event: index_now[change.event]?, ..change }));
    study.counterexample.trace.changes = kept.collect();
    for pair in &mut study.pairs {
        (pair.first, pair.second) = (now(pair.first), now(pair.second));
    }
    for late in &mut study.late {
        late.first = now(late.first);
    }
    for missed in &mut study.missed {
        (missed.waits, missed.notified) = (now(missed.waits), now(missed.notified));
        missed.woke = missed.woke.map(now);
    }
    study
}
