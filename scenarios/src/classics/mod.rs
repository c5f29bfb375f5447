//! The small programs that the literature measures concurrency testing by.
//!
//! They are written from their published descriptions, at the sizes that have been measured. `SCTBench` (Thomson,
//! Donaldson and Betts, `PPoPP` 2014) collected most of them. The figures are means of schedules until the bug first
//! showed, over 20 trials: SURW's artifact (ASPLOS 2025, up to 10,000 schedules a trial) has the random walk (RW),
//! PCT, POS (Yuan et al., CAV 2018), the uniform random walk (URW) and SURW; RFF is reads-from fuzzing's (ASPLOS
//! 2024, five minutes a trial). What counts as a step differs from one to the next: compare how the figures grow, and
//! who needs fewer.

use raddle::{Family, Published};

pub mod account;
pub mod bluetooth;
pub mod carter01;
pub mod deadlock01;
pub mod lazy01;
pub mod philosophers;
pub mod reorder;
pub mod token_ring;
pub mod twostage;
pub mod wronglock;

/// The patterns of this family.
pub const FAMILY: Family = Family {
    name: "classics",
    patterns: &[
        account::PATTERN,
        lazy01::PATTERN,
        token_ring::PATTERN,
        deadlock01::PATTERN,
        carter01::PATTERN,
        bluetooth::PATTERN,
        twostage::PATTERN,
        reorder::PATTERN,
        wronglock::PATTERN,
        philosophers::PATTERN,
    ],
};

/// Trials behind each published mean.
const TRIALS: u32 = 20;
/// No trial found the bug.
const NEVER: Published = Published::never(TRIALS);

/// Every trial found the bug.
const fn mean(mean: u32) -> Published {
    Published::mean(mean, TRIALS, TRIALS)
}

/// So many trials found the bug.
const fn some(mean: u32, found: u32) -> Published {
    Published::mean(mean, found, TRIALS)
}

/// A whole row of published figures.
const fn row([rw, pct, pos, urw, surw, rff]: [Published; 6]) -> [(&'static str, Published); 6] {
    [("RW", rw), ("PCT d=3", pct), ("POS", pos), ("URW", urw), ("SURW", surw), ("RFF", rff)]
}
