//! A schedule as proptest draws and shrinks it: a number for every decision, of which 0 interrupts nobody.

use crate::engine::Program;
use crate::engine::errand::Errand;
use crate::engine::pilot::{End, by_default};
use crate::execution::{Execution, Found, Source, TaskId, thread_time};
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy};
use proptest::prop_oneof;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How the decisions of an execution go. What is not said is 0, and what is said too much is not asked for: every script
/// fits every program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// Of those that can go on, in order: 0 is who runs if nothing says who, and counting goes round.
    pub(super) choices: Vec<u8>,
    /// The answers to the program's own choices; counting goes round.
    pub(super) answers: Vec<u8>,
}

/// Every number of tasks up to six divides it, so each of them is as likely.
const SIDES: u8 = 60;

/// Decisions beyond those that a program asks for when it is not interrupted.
const ROUNDS: usize = 40;

/// How much of a script is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    pub(super) choices: usize,
    pub(super) answers: usize,
}

/// Scripts for a program of which so much was asked when nothing was said. Half of them decide everything by the dice, the
/// others interrupt now and then.
pub(super) fn scripts(asked: Asked) -> BoxedStrategy<Script> {
    // An interrupted program may ask for more than one that was not, and one that goes round in circles for much more.
    let (choices, answers) = (0..=2 * asked.choices + ROUNDS, 0..=2 * asked.answers);
    let dice = vec(0..SIDES, choices.clone());
    let now_and_then = vec(prop_oneof![7 => Just(0), 1 => 0..SIDES], choices);
    let choices = prop_oneof![dice, now_and_then];
    (choices, vec(0..SIDES, answers)).prop_map(|(choices, answers)| Script { choices, answers }).boxed()
}

/// The program that runs next; every execution of the engine's run looks here.
#[derive(Clone)]
pub(super) struct Stage(Arc<Mutex<Program>>);

impl Stage {
    pub(super) fn new(program: &Program) -> Self {
        Stage(Arc::new(Mutex::new(program.clone())))
    }

    /// A program that is whichever is on.
    pub(super) fn program(&self) -> Program {
        let stage = self.clone();
        Arc::new(move || {
            let program = stage.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            program();
        })
    }
}

/// What came of a script.
pub(super) enum Came {
    To(Box<Found>),
    Passed,
    /// It took too many steps.
    TooLong,
    /// The engine stopped.
    Nowhere,
}

pub(super) struct Ran {
    pub(super) came: Came,
    pub(super) asked: Asked,
    /// What the thread that it ran on has run so far.
    pub(super) thread_time: Duration,
}

/// Runs one program along one script.
pub(super) struct Follow {
    pub(super) stage: Stage,
    pub(super) program: Program,
    pub(super) script: Script,
    pub(super) asked: usize,
}

impl Errand for Follow {
    type Report = Ran;

    fn begin(&mut self, source: &mut Source) {
        *self.stage.0.lock().unwrap_or_else(PoisonError::into_inner) = self.program.clone();
        *source = Source::Recorded(self.script.answers.iter().map(|answer| usize::from(*answer)).collect());
        self.asked = 0;
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        let first = by_default(x, enabled);
        if enabled.len() == 1 {
            return Some(first);
        }
        let choice = self.script.choices.get(self.asked).copied().unwrap_or(0);
        self.asked += 1;
        let mut others = enabled.iter().copied().filter(|task| *task != first);
        let chosen = (usize::from(choice) % enabled.len()).checked_sub(1).and_then(|nth| others.nth(nth));
        Some(chosen.unwrap_or(first))
    }

    fn end(self, x: &Execution, end: End) -> Ran {
        let came = match end {
            End::Found(found) => Came::To(found),
            End::Passed => Came::Passed,
            End::TooLong => Came::TooLong,
            End::GivenUp | End::Problem => Came::Nowhere,
        };
        let asked = Asked { choices: self.asked, answers: x.answers.len() };
        Ran { came, asked, thread_time: thread_time() }
    }
}
