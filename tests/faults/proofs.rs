//! `raddle::check` on the catalogue's correct programs: proven, and what the chain that asked loom first took.

use crate::cases::{Came, Case, Kind, LOOM, RANDOM, chain, under};
use raddle::{Outcome, Variant};
use raddle_scenarios::CATALOGUE;
use std::time::{Duration, Instant};

pub(crate) const KIND: Kind = Kind {
    name: "proofs",
    what: "correct programs of three to five tasks are not proven in seconds",
    cases: &[Case { name: "the_catalogues_correct_programs_are_proven", run: all_are_proven }],
};

/// Programs that the table has to have.
const PROGRAMS: usize = 30;
/// What a proof may take in release, as the table has it.
const SECONDS: f64 = 2.0;

fn correct() -> impl Iterator<Item = (String, &'static Variant)> {
    let named = |pattern: &'static raddle::Pattern| {
        pattern.variants.iter().map(|variant| (format!("{}/{}", pattern.name, variant.name), variant))
    };
    CATALOGUE.patterns().flat_map(named).filter(|(_, variant)| variant.is_correct())
}

fn all_are_proven() -> Came {
    let mut executions = 0;
    let mut programs = 0;
    for (name, variant) in correct() {
        match chain().run(variant.program(LOOM)) {
            Ok(Outcome::Holds(coverage)) if !coverage.is_doubtful() => executions += coverage.executions(),
            other => return Err(format!("{name}: {other:?}")),
        }
        programs += 1;
    }
    let said = format!("{programs} programs, {executions} executions");
    if programs >= PROGRAMS { Ok(said) } else { Err(said) }
}

/// A row for each program, and whether all are proven in time.
pub(crate) fn table() -> bool {
    println!("\nraddle::check on correct programs: samples and loom, as before; and as it is now");
    println!("  {:<50} {:>22} {:>22}", "", "before", "now");
    let mut proven = 0;
    let mut programs = 0;
    for (name, variant) in correct() {
        let start = Instant::now();
        let sampled = under(RANDOM).run(variant.program(LOOM));
        let before = under(LOOM).time(Duration::from_secs(20)).run(variant.program(LOOM));
        let before = match (sampled, before) {
            (Ok(sampled), Ok(Outcome::Holds(coverage))) => {
                row(sampled.executions() + coverage.executions(), start.elapsed())
            }
            _ => "not in 20 s".to_owned(),
        };
        let start = Instant::now();
        let now = chain().run(variant.program(LOOM));
        let took = start.elapsed();
        let holds = matches!(&now, Ok(Outcome::Holds(coverage)) if !coverage.is_doubtful());
        let holds = holds && took.as_secs_f64() < SECONDS;
        let mark = if holds { "✓" } else { "✗" };
        let now = now.map_or_else(|error| error.to_string(), |outcome| row(outcome.executions(), took));
        println!("  {mark} {name:<48} {before:>22} {now:>22}");
        proven += usize::from(holds);
        programs += 1;
    }
    println!("  {proven} of {programs} proven in under {SECONDS} s");
    proven == programs && programs >= PROGRAMS
}

fn row(executions: u64, took: Duration) -> String {
    format!("{executions} in {:.2} s", took.as_secs_f64())
}
