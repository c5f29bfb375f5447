//! What the checks of one variant found, studied.

use super::run::CheckResult;
use super::{SuiteError, select};
use crate::report::{Header, Words};
use crate::verdict::Place;
use crate::{Counterexample, Effort, Finder, Pattern, Study, Variant};

/// A counterexample, and where it comes from.
pub(super) type Studied = (Header, Study);

/// Studies what `results` found: one counterexample for each variant, and for each program of it if the engines ran
/// two; and one for each way of failing.
pub(super) fn counterexamples(results: &[CheckResult], seed: u64) -> Result<Vec<Studied>, SuiteError> {
    let mut left: Vec<(&CheckResult, &Counterexample)> =
        results.iter().filter_map(|result| Some((result, result.counterexample()?))).collect();
    let mut studied = Vec::new();
    while let Some((first, found)) = left.first().copied() {
        let alike = |(other, counterexample): &(&CheckResult, &Counterexample)| {
            other.job.name() == first.job.name()
                && other.job.variant.is_same_program(first.job.engine, other.job.engine)
                && counterexample.verdict.is_like(&found.verdict)
        };
        let (alike, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(alike);
        let finders = alike.iter().map(|(result, found)| Finder {
            member: found.found_by,
            parameters: found.parameters.as_ref().map(ToString::to_string),
            ..Finder::new(result.job.engine, seed, found.execution)
        });
        studied.push(study(first, found, finders.collect())?);
        left = rest;
    }
    Ok(studied)
}

fn study(result: &CheckResult, found: &Counterexample, finders: Vec<Finder>) -> Result<Studied, SuiteError> {
    let job = &result.job;
    let program = job.variant.program_of(job.engine, found);
    let study = job.variant.checker(job.engine).study(move || program(), found, Effort::default());
    let study = study.map_err(|source| SuiteError::Check { name: job.name(), source })?;
    Ok((header(job.pattern, &job.variant, finders), study))
}

/// What is known of a variant's counterexample without looking at it: its names, its fixes, and what its source says.
#[must_use]
pub fn header(pattern: &Pattern, variant: &Variant, found: Vec<Finder>) -> Header {
    let fixed = pattern.variants.iter().filter(|variant| variant.is_correct());
    Header {
        pattern: pattern.name.to_owned(),
        variant: variant.name.to_owned(),
        found,
        record: None,
        fixed: fixed.map(|variant| variant.name.to_owned()).collect(),
        words: if variant.is_correct() { Vec::new() } else { words(pattern, variant) },
    }
}

/// The `// BUG:` comments in the variant's own function.
fn words(pattern: &Pattern, variant: &Variant) -> Vec<Words> {
    let source = pattern.source.text;
    let Some((start, lines)) = select::function(source, variant.name) else { return Vec::new() };
    let bug = |(index, line): (usize, &&str)| {
        let text = line.trim_start().strip_prefix("// BUG: ")?.to_owned();
        // It is said of the line below.
        let line = u32::try_from(start + index + 2).ok()?;
        Some(Words { text, at: Place { file: pattern.source.path.to_owned(), line, column: 1 } })
    };
    lines.iter().enumerate().filter_map(bug).collect()
}
