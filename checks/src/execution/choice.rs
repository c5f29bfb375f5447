//! `choose`, and where its answers, and those of racing timeouts, come from.

use super::misfit::drift_at;
use super::{Effect, Kind, Op, Site, TaskId, halt, perform, record_value, usage, with};
use std::collections::VecDeque;

/// A seeded generator: `SplitMix64` (Steele, Lea, Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = bound.max(1) as u64;
        // The modulo's bias is under 2^-50 for the handfuls that programs choose from.
        usize::try_from(self.next() % bound).unwrap_or(0)
    }
}

/// One way to answer every choice, for engines that have no choices of their own: each choice is named by its
/// task and by how many that task made before. Scripts are enumerated from outside, depth first, and the engine
/// explores all interleavings of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    answers: Vec<Answer>,
}

#[derive(Clone, Debug)]
struct Answer {
    task: TaskId,
    nth: usize,
    value: usize,
    options: usize,
}

impl Script {
    fn choose(&mut self, task: TaskId, nth: usize, options: usize) -> usize {
        if let Some(answer) = self.answers.iter_mut().find(|answer| answer.task == task && answer.nth == nth) {
            // How many there are to choose from can depend on the interleaving.
            answer.options = answer.options.max(options);
            return answer.value.min(options - 1);
        }
        self.answers.push(Answer { task, nth, value: 0, options });
        0
    }

    /// Moves on to the next way; false when all have been had.
    pub(crate) fn advance(&mut self) -> bool {
        while let Some(last) = self.answers.last_mut() {
            if last.value + 1 < last.options {
                last.value += 1;
                return true;
            }
            self.answers.pop();
        }
        false
    }
}

/// The source of an execution's choices.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Random(Random),
    Script(Script),
    /// The recorded answers, in order; then always 0.
    Recorded(VecDeque<usize>),
    /// The recorded answers, which have to fit, each of them.
    Exactly(VecDeque<usize>),
}

impl Source {
    /// One of `0..options`, for the `nth` choice of `task`.
    pub(crate) fn choose(&mut self, task: TaskId, nth: usize, options: usize) -> usize {
        match self {
            Source::Random(random) => random.below(options),
            Source::Script(script) => script.choose(task, nth, options),
            Source::Recorded(answers) | Source::Exactly(answers) => answers.pop_front().unwrap_or(0) % options,
        }
    }

    /// Why the next answer is none to a choice among so many, if it is none: what was expected, and what is the case.
    fn misfit(&self, options: usize) -> Option<(String, String)> {
        let Source::Exactly(answers) = self else { return None };
        match answers.front() {
            Some(answer) if *answer < options => None,
            Some(answer) => Some((format!("the answer {answer}"), format!("the choice is one of 0..{options}"))),
            None => Some(("no choice".into(), format!("there is one of 0..{options}"))),
        }
    }
}

/// One of `0..options`, as the search decides.
pub(crate) fn choose(options: usize, site: Site) -> usize {
    if options == 0 && !std::thread::panicking() {
        usage("there is nothing to choose from: `choose` takes how many answers there are, 1 or more", site);
    }
    let options = options.max(1);
    if options == 1 || perform(Op::bare(Kind::Choose(options), site)) == Effect::Inert {
        return 0;
    }
    let value = answer(options);
    record_value(value.to_string());
    value
}

/// The answer to a choice of the current task.
pub(crate) fn answer(options: usize) -> usize {
    if let Some((expected, found)) = with(|x| x.source.misfit(options)) {
        // The choice itself is a step that has been done.
        with(|x| drift_at(x, x.log.len(), expected, found));
        halt();
    }
    with(|x| {
        let task = x.current;
        let nth = x.tasks[task.index()].choices;
        x.tasks[task.index()].choices += 1;
        let value = x.source.choose(task, nth, options);
        x.answers.push(value);
        let identity = x.tasks[task.index()].identity;
        if let Some(journal) = &mut x.journal {
            journal.answered(task, identity, value);
        }
        value
    })
}
