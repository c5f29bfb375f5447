//! Noticing that tasks run and nothing comes of it.
//!
//! A livelock is a fair cycle: the same state recurs, every enabled task takes part, and nothing is marked as
//! progress. States are compared only at *retries* (a refused `try_`, a failed compare-and-exchange, a yield, a
//! timeout), so a program without any pays nothing. A state is what the facade sees: what each task is about to
//! do and where, and the objects' states; local variables and data behind a lock it can't see. A write through a
//! lock's guard counts as progress. So a recurring state is a suspicion, which is put to the test: where the
//! scheduler is ours, the cycle is forced over and over, and has to repeat to the letter.

use super::{Decision, Execution, TaskId, TaskState};
use crate::verdict::Verdict;

/// Recurrences that raise the suspicion in a search for bugs.
pub(crate) const RECURRENCES: usize = 3;
/// Fair rounds that confirm it; where the scheduler is ours, repeated to the letter.
pub(crate) const ROUNDS: usize = 20;

/// A cycle that is being put to the test.
#[derive(Clone, Debug)]
struct Trial {
    cycle: Vec<Decision>,
    /// The schedule's length when the trial began.
    since: usize,
    /// The state then.
    state: u64,
}

/// A state whose cycle did not repeat, and the schedule's length when it was suspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acquittal {
    state: u64,
    at: usize,
}

/// What has been seen of recurring states.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// A state's hash and the schedule's length then, oldest first, since the last progress.
    seen: Vec<(u64, usize)>,
    trial: Option<Trial>,
    acquitted: Vec<Acquittal>,
    /// Recurrences that raise the suspicion.
    recurrences: usize,
    /// An acquittal is of a moment, not of a state: the execution can be run again up to there.
    momentary: bool,
}

/// A confirmed livelock.
pub(crate) struct Cycle {
    pub(crate) tasks: Vec<TaskId>,
    /// Where in the schedule a round begins and ends.
    pub(crate) round: std::ops::Range<usize>,
    pub(crate) rounds: usize,
}

impl Watch {
    pub(crate) fn new(recurrences: usize, acquitted: &[Acquittal], momentary: bool) -> Self {
        Watch { recurrences, acquitted: acquitted.to_vec(), momentary, ..Watch::default() }
    }

    /// What has been acquitted, in this execution and before.
    pub(crate) fn acquitted(&self) -> &[Acquittal] {
        &self.acquitted
    }

    fn is_acquitted(&self, state: u64, at: usize) -> bool {
        self.acquitted.iter().any(|known| known.state == state && (!self.momentary || known.at == at))
    }

    /// Whether a state that has been seen so often is to be suspected. Where a suspicion can come again at any time it
    /// comes at doubled distances.
    fn suspects(&self, times: usize) -> bool {
        let Some(beyond) = times.checked_sub(self.recurrences) else { return false };
        !self.momentary || (beyond + 1).is_power_of_two()
    }

    pub(crate) fn progress(&mut self) {
        if self.seen.is_empty() {
            return;
        }
        self.seen.clear();
        self.trial = None;
    }

    /// No cycle is being put to the test.
    pub(crate) fn is_idle(&self) -> bool {
        self.trial.is_none()
    }

    /// Who must run next for the suspected cycle to go on.
    pub(crate) fn next(&self, steps: usize) -> Option<TaskId> {
        let trial = self.trial.as_ref()?;
        Some(trial.cycle[(steps - trial.since) % trial.cycle.len()].task)
    }

    /// Gives the suspicion up: the cycle did not repeat.
    pub(crate) fn acquit(&mut self) {
        if self.trial.take().is_some() {
            if let Some((state, at)) = self.seen.last() {
                self.acquitted.push(Acquittal { state: *state, at: *at });
            }
            self.seen.clear();
        }
    }
}

impl Execution {
    /// To be called after every decision; `retry` says that it got its task nowhere.
    #[inline]
    pub(super) fn watch(&mut self, retry: bool) {
        if retry || self.has_clock() || !self.watch.seen.is_empty() {
            self.note_able();
        }
        if retry && self.has_clock() {
            self.let_time_pass();
        }
        let cycle = if self.watch.trial.is_some() {
            self.watch_trial()
        } else if retry {
            self.watch_retry()
        } else {
            None
        };
        if let Some(cycle) = cycle {
            self.livelock(&cycle);
        }
    }

    fn watch_retry(&mut self) -> Option<Cycle> {
        if self.awaits_clock() {
            // It ends when time has passed.
            return None;
        }
        let hash = self.state_hash();
        let now = self.log.len();
        if let Some(round) = self.recorded_round() {
            if round.end == now && self.is_fair(round.clone()) {
                self.watch.seen.push((hash, now));
                self.watch.trial = Some(Trial { cycle: self.log[round].to_vec(), since: now, state: hash });
            }
            return None;
        }
        if !self.watch.momentary && self.watch.is_acquitted(hash, now) {
            return None;
        }
        self.watch.seen.push((hash, now));
        let times: Vec<usize> = self.watch.seen.iter().filter(|(seen, _)| *seen == hash).map(|(_, at)| *at).collect();
        let fair = |range: &std::ops::Range<usize>| self.is_fair(range.clone());
        let mut rounds = times.windows(2).map(|pair| pair[0]..pair[1]).filter(fair);
        if self.mode == super::Mode::Loom {
            let first = rounds.next()?;
            return (rounds.count() + 1 >= ROUNDS).then(|| self.cycle(first));
        }
        let last = times.len().checked_sub(2).map(|index| times[index]..now)?;
        if self.watch.suspects(times.len()) && fair(&last) && !self.watch.is_acquitted(hash, now) {
            self.watch.trial = Some(Trial { cycle: self.log[last].to_vec(), since: now, state: hash });
        }
        None
    }

    fn watch_trial(&mut self) -> Option<Cycle> {
        let trial = self.watch.trial.as_ref()?;
        let done = self.log.len() - trial.since;
        let length = trial.cycle.len();
        if self.log.last() != Some(&trial.cycle[(done - 1) % length]) {
            self.watch.acquit();
            return None;
        }
        if done < length * ROUNDS {
            return None;
        }
        let since = trial.since;
        if trial.state != self.state_hash() {
            self.watch.acquit();
            return None;
        }
        Some(self.cycle(since - length..since))
    }

    fn cycle(&self, round: std::ops::Range<usize>) -> Cycle {
        let mut tasks: Vec<TaskId> = self.log[round.clone()].iter().map(|decision| decision.task).collect();
        tasks.sort_unstable();
        tasks.dedup();
        Cycle { tasks, round, rounds: ROUNDS }
    }

    fn livelock(&mut self, cycle: &Cycle) {
        let names = self.names();
        let tasks = cycle.tasks.iter().map(|task| names.task(*task).to_owned()).collect();
        self.round = Some(cycle.round.clone());
        self.fail(Verdict::Livelock { tasks, steps: cycle.round.len(), rounds: cycle.rounds });
    }

    /// Whether every task that could run does, in this stretch of the schedule, and more than one does.
    fn is_fair(&self, stretch: std::ops::Range<usize>) -> bool {
        let log = &self.log[stretch.clone()];
        let runs = |task: TaskId| log.iter().any(|decision| decision.task == task);
        self.task_ids().all(|task| !self.is_enabled(task) || runs(task))
            && (self.mode == super::Mode::Loom || self.gave_all_a_turn(stretch.start, stretch.end))
            && log.iter().any(|decision| decision.task != log[0].task)
    }

    /// The steps that come round again and again, if the schedule that is followed says so. It is put to the test where they
    /// end, as it was when it was found, whatever else recurs before.
    fn recorded_round(&self) -> Option<std::ops::Range<usize>> {
        if self.mode == super::Mode::Loom {
            return None;
        }
        self.steer.as_ref()?.round()
    }

    /// A hash of all that the facade sees of the state.
    pub(crate) fn state_hash(&self) -> u64 {
        let mut hash = u64::try_from(self.now.as_nanos()).unwrap_or(u64::MAX);
        let mut add = |value: u64| hash = (hash ^ value).wrapping_mul(0x0100_0000_01B3).rotate_left(23);
        for (index, task) in self.tasks.iter().enumerate() {
            let pending = task.pending.as_ref().map_or(0, |op| u64::from(op.signature()));
            let here = u64::from(index == self.current.index());
            add(pending << 4 | u64::from(task.state == TaskState::Finished) << 2 | u64::from(task.token) << 1 | here);
        }
        for object in &self.objects {
            add(object.state.hash());
        }
        hash
    }
}
