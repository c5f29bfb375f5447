//! The test harness: every pattern × variant × engine is a test of its own, for `cargo test` and cargo-nextest.

use super::run::{Job, Runner};
use super::{Isolation, isolate, select, study};
use crate::report::text::{Style, counterexample};
use crate::{Catalogue, Checker, Engine, Outcome};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

/// A test for each check of `catalogue` under the default engines, called `family/pattern/variant/engine`, in this process.
#[must_use]
pub fn trials(catalogue: &'static Catalogue) -> Vec<Trial> {
    trials_as(catalogue, Isolation::None)
}

fn trials_as(catalogue: &'static Catalogue, isolation: Isolation) -> Vec<Trial> {
    for pattern in catalogue.patterns() {
        pattern.source.register();
    }
    let jobs = select::jobs(catalogue, &[], &Engine::DEFAULT).unwrap_or_default();
    jobs.into_iter()
        .map(|job| Trial::test(format!("{}/{}", job.name(), job.engine), move || verify(&job, isolation)))
        .collect()
}

/// The `main` of a test with `harness = false` over `catalogue`: each check has a process of its own, which is this
/// executable once more.
#[must_use]
pub fn main(catalogue: &'static Catalogue) -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(isolate::COMMAND) {
        return super::main(catalogue);
    }
    libtest_mimic::run(&Arguments::from_args(), trials_as(catalogue, Isolation::Processes)).exit_code()
}

fn verify(job: &Job, isolation: Isolation) -> Result<(), Failed> {
    let runner = Runner::alone(Checker::DEFAULT_SEED, isolation);
    let result = runner.run_one(job);
    if result.is_met() {
        return Ok(());
    }
    let came_to = match &result.outcome {
        Ok(Outcome::Holds(coverage)) => format!("nothing failed: {coverage}"),
        Ok(Outcome::Fails(_)) => {
            let studied = study::counterexamples(std::slice::from_ref(&result), &runner);
            studied.iter().map(|(header, study)| counterexample(Some(header), study, &Style::PLAIN)).collect()
        }
        Ok(Outcome::Inconclusive { budget, executions, .. }) => {
            format!("inconclusive: out of {budget:?} after {executions} executions")
        }
        Err(error) => error.to_string(),
    };
    Err(format!("{} under {}: expected {}\n{came_to}", job.name(), job.engine, job.expect()).into())
}
