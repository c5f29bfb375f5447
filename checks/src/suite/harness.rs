//! The test harness: every pattern × variant × engine is a test of its own, for `cargo test` and cargo-nextest.

use super::run::Job;
use super::{select, study};
use crate::report::text::{Style, counterexample};
use crate::{Catalogue, Checker, Engine, Outcome};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

/// A test for each check of `catalogue` under the default engines, called `family/pattern/variant/engine`.
#[must_use]
pub fn trials(catalogue: &'static Catalogue) -> Vec<Trial> {
    for pattern in catalogue.patterns() {
        pattern.source.register();
    }
    let jobs = select::jobs(catalogue, &[], &Engine::DEFAULT).unwrap_or_default();
    jobs.into_iter().map(|job| Trial::test(format!("{}/{}", job.name(), job.engine), move || verify(&job))).collect()
}

/// The `main` of a test with `harness = false` over `catalogue`.
#[must_use]
pub fn main(catalogue: &'static Catalogue) -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), trials(catalogue)).exit_code()
}

fn verify(job: &Job) -> Result<(), Failed> {
    let result = job.run(&job.checker(Checker::DEFAULT_SEED, None));
    if result.is_met() {
        return Ok(());
    }
    let came_to = match &result.outcome {
        Ok(Outcome::Holds(coverage)) => format!("nothing failed: {coverage}, {} executions", coverage.executions()),
        Ok(Outcome::Fails(_)) => match study::counterexamples(std::slice::from_ref(&result), Checker::DEFAULT_SEED) {
            Ok(studied) => {
                studied.iter().map(|(header, study)| counterexample(Some(header), study, &Style::PLAIN)).collect()
            }
            Err(error) => error.to_string(),
        },
        Ok(Outcome::Inconclusive { budget, executions, .. }) => {
            format!("inconclusive: out of {budget:?} after {executions} executions")
        }
        Err(error) => error.to_string(),
    };
    Err(format!("{} under {}: expected {}\n{came_to}", job.name(), job.engine, job.expect()).into())
}
