//! Random programs on atomics, against every execution that the model has: what is reported as failing, the model allows.
//!
//! A program has two or three threads of loads, stores, updates, compare-and-exchanges and fences on two or three atomics. What
//! it can read under RC11 and under sequential consistency is enumerated here, plainly: every write that a read may have, every
//! place of a write in modification order, and of what results the consistent. `make soak` draws 2,000.

mod model;

use self::model::{Do, Model, Program, readings};
use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, RANDOM, chain, under};
use raddle::sync::Arc;
use raddle::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use raddle::sync::atomic::{AtomicU64, fence};
use raddle::{Checker, Outcome, thread};
use raddle_tests::soak;
use std::collections::BTreeSet;

pub(crate) const KIND: Kind = Kind {
    name: "random",
    what: "random programs come to what the memory model forbids",
    cases: &[
        Case { name: "the_enumeration_knows_the_litmus_tests", run: litmus },
        Case { name: "no_engine_reports_what_its_model_forbids", run: differential },
    ],
};

const PLACES: usize = 3;

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap_or_default()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn operation(&mut self, places: usize) -> Do {
        let place = self.below(places);
        match self.below(12) {
            0..4 => Do::Load(place, self.of(&[Relaxed, Acquire, SeqCst])),
            4..8 => Do::Store(place, 1 + self.below(2) as u64, self.of(&[Relaxed, Release, SeqCst])),
            8..10 => Do::Add(place, self.of(&[Relaxed, Acquire, Release, AcqRel, SeqCst])),
            10 => {
                let orders = self.of(&[(Relaxed, Relaxed), (Acquire, Acquire), (AcqRel, Relaxed), (SeqCst, SeqCst)]);
                Do::Exchange(place, self.below(2) as u64, 1 + self.below(2) as u64, orders.0, orders.1)
            }
            _ => Do::Fence(self.of(&[Acquire, Release, AcqRel, SeqCst])),
        }
    }

    fn program(&mut self) -> Program {
        let (threads, places) = (2 + self.below(2), 2 + self.below(PLACES - 1));
        let length = if threads == 2 { 4 } else { 3 };
        (0..threads).map(|_| (0..=self.below(length)).map(|_| self.operation(places)).collect()).collect()
    }

    /// A reading to ask for: one that is possible, one beside it, or any.
    fn reading(&mut self, allowed: &BTreeSet<Vec<u64>>) -> Vec<u64> {
        let index = self.below(allowed.len());
        let mut reading = allowed.iter().nth(index).cloned().unwrap_or_default();
        match self.below(4) {
            0 => {}
            1..3 if !reading.is_empty() => {
                let at = self.below(reading.len());
                reading[at] = self.below(3) as u64;
            }
            _ => reading.iter_mut().for_each(|value| *value = self.below(3) as u64),
        }
        reading
    }
}

fn perform(atomics: &[AtomicU64], what: Do) -> Option<u64> {
    match what {
        Do::Load(place, order) => Some(atomics[place].load(order)),
        Do::Store(place, value, order) => {
            atomics[place].store(value, order);
            None
        }
        Do::Add(place, order) => Some(atomics[place].fetch_add(1, order)),
        Do::Exchange(place, expected, new, success, failure) => {
            let (Ok(old) | Err(old)) = atomics[place].compare_exchange(expected, new, success, failure);
            Some(old)
        }
        Do::Fence(order) => {
            fence(order);
            None
        }
    }
}

/// Runs the program, and fails if it comes to this reading.
fn excludes(program: &Program, excluded: &[u64]) -> impl Fn() + Send + Sync + 'static {
    let (program, excluded) = (program.clone(), excluded.to_vec());
    move || {
        let atomics = Arc::new([(); PLACES].map(|()| AtomicU64::new(0)));
        let run = |operations: Vec<Do>, atomics: &[AtomicU64]| {
            operations.into_iter().filter_map(|what| perform(atomics, what)).collect::<Vec<u64>>()
        };
        let threads: Vec<_> = program[1..]
            .iter()
            .map(|operations| {
                let (operations, atomics) = (operations.clone(), Arc::clone(&atomics));
                thread::spawn(move || run(operations, &*atomics))
            })
            .collect();
        let mut read = run(program[0].clone(), &*atomics);
        for thread in threads {
            read.extend(thread.join().unwrap());
        }
        assert_ne!(read, excluded, "that can be");
    }
}

fn litmus() -> Came {
    let buffering = |write, read| {
        let one = vec![Do::Store(0, 1, write), Do::Load(1, read)];
        let two = vec![Do::Store(1, 1, write), Do::Load(0, read)];
        readings(&vec![one, two], Model::Rc11).len()
    };
    let adds = readings(&vec![vec![Do::Add(0, Relaxed)]; 3], Model::Rc11);
    let passing = |write, read| {
        let one = vec![Do::Store(0, 1, Relaxed), Do::Store(1, 1, write)];
        readings(&vec![one, vec![Do::Load(1, read), Do::Load(0, Relaxed)]], Model::Rc11).len()
    };
    let counts = [
        buffering(Relaxed, Relaxed),
        buffering(SeqCst, SeqCst),
        adds.len(),
        passing(Relaxed, Acquire),
        passing(Release, Acquire),
    ];
    if counts == [4, 3, 6, 4, 3] { Ok(format!("{counts:?}")) } else { Err(format!("{counts:?}")) }
}

/// What was asked, and what came of it.
#[derive(Debug, Default)]
struct Tally {
    asked: u32,
    failed: u32,
    /// The model allows it, and the engine holds.
    missed: u32,
    inconclusive: u32,
}

fn ask(
    tally: &mut Tally,
    (who, checker): (&str, &Checker),
    program: &Program,
    reading: &[u64],
    allowed: bool,
) -> Result<(), String> {
    tally.asked += 1;
    match checker.run(excludes(program, reading)) {
        Ok(Outcome::Fails(_)) if allowed => tally.failed += 1,
        Ok(Outcome::Fails(_)) => {
            return Err(format!("{reading:?} is not possible, and {who} reports it: {program:?}"));
        }
        Ok(Outcome::Holds(coverage)) if allowed && coverage.is_exhaustive() => {
            return Err(format!("{reading:?} is possible, and {who} says of {program:?}: {coverage}"));
        }
        Ok(Outcome::Holds(_)) => tally.missed += u32::from(allowed),
        Ok(_) => tally.inconclusive += 1,
        Err(error) => return Err(format!("{who}: {error}: {program:?}")),
    }
    Ok(())
}

fn differential() -> Came {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut tallies: [Tally; 4] = Default::default();
    let sampled = under(RANDOM).executions(50);
    for _ in 0..soak(2_000) {
        let program = dice.program();
        let (sc, weak) = (readings(&program, Model::Sc), readings(&program, Model::Rc11));
        for _ in 0..3 {
            let reading = dice.reading(&weak);
            let (in_sc, in_weak) = (sc.contains(&reading), weak.contains(&reading));
            ask(&mut tallies[0], ("exhaustive", &under(EXHAUSTIVE)), &program, &reading, in_sc)?;
            ask(&mut tallies[1], ("shuttle", &sampled), &program, &reading, in_sc)?;
            ask(&mut tallies[2], ("loom", &under(LOOM)), &program, &reading, in_weak)?;
            ask(&mut tallies[3], ("the chain", &chain()), &program, &reading, in_weak)?;
        }
        if tallies[0].missed > 0 {
            return Err(format!("the exhaustive engine misses an interleaving: {program:?}"));
        }
    }
    let [exhaustive, random, loom, chain] = tallies;
    Ok(format!("exhaustive {exhaustive:?}, sampled {random:?}, loom {loom:?}, chain {chain:?}"))
}
