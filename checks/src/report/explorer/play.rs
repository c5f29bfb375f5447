//! The states of a program, for whoever wants to play the scheduler.

use super::{Files, Happening, Lane, Object, lanes, objects};
use crate::report::text::clean;
use crate::report::words;
use crate::study::graph::{Graph, State, Step};
use serde::Serialize;

/// A graph, with each text once.
#[derive(Serialize)]
pub(crate) struct Play {
    lanes: Vec<Lane>,
    objects: Vec<Object>,
    events: Vec<Happening>,
    /// The object, and its state from then on.
    changes: Vec<(usize, String)>,
    /// How executions fail: in a word or two, and in a sentence.
    verdicts: Vec<(String, String)>,
    states: Vec<Place>,
}

/// A state: how it fails, by number; or the ways on, of which there are none where the execution has passed.
#[derive(Serialize)]
#[serde(untagged)]
enum Place {
    Over(usize),
    On(Vec<Way>),
}

/// Who goes on, to which state, whether leaving it alone would have preempted it, what happens, and what that changes.
type Way = (usize, usize, u8, Vec<usize>, Vec<usize>);

impl Play {
    pub(crate) fn new(graph: &Graph, files: &mut Files) -> Self {
        let mut verdicts: Vec<(String, String)> = Vec::new();
        let mut place = |state: &State| match &state.verdict {
            None => Place::On(state.steps.iter().map(way).collect()),
            Some(verdict) => {
                let text = (clean(&words::title(verdict)), clean(&verdict.to_string()));
                let known = verdicts.iter().position(|known| *known == text);
                Place::Over(known.unwrap_or_else(|| {
                    verdicts.push(text);
                    verdicts.len() - 1
                }))
            }
        };
        let states = graph.states.iter().map(&mut place).collect();
        Play {
            lanes: lanes(&graph.tasks, &graph.futures, &graph.polled_by),
            objects: objects(&graph.objects),
            events: graph.events.iter().map(|event| Happening::new(event, graph, files)).collect(),
            changes: graph.changes.iter().map(|(object, state)| (*object, clean(state))).collect(),
            verdicts,
            states,
        }
    }
}

fn way(step: &Step) -> Way {
    (step.task, step.to, u8::from(step.goes_on), step.events.clone(), step.changes.clone())
}
