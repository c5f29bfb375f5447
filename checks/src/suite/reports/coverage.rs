//! `raddle check --markdown`: what the checks came to, as tables: a summary, and one for each section of the article.
//!
//! The same results give the same bytes: no times, and no paths.

use super::matrix::{by, came_to, engines};
use crate::suite::markdown::{head, row, text};
use crate::suite::run::CheckResult;
use crate::suite::show::{class, fails_from};
use crate::{Engine, Outcome};
use std::fmt::Write;

/// The whole document. The seed is that of the engines that draw schedules.
pub(super) fn document(results: &[CheckResult], seed: u64) -> String {
    let engines = engines(results);
    let mut out = "# Coverage\n\n".to_owned();
    let _ = writeln!(
        out,
        "`raddle check --markdown` wrote this, with seed {seed}: what each engine came to on each variant, and how many \
         executions that took.\n"
    );
    out.push_str(&summary(results, &engines));
    for (section, results) in by(results, |result| result.job.pattern.section) {
        let _ = write!(out, "\n## {}\n\n{}", text(section), table(&results, &engines));
    }
    out
}

/// A row for each family.
pub(super) fn summary_of(results: &[CheckResult]) -> String {
    summary(results, &engines(results))
}

fn summary(results: &[CheckResult], engines: &[Engine]) -> String {
    let mut out = head(&["family", "patterns", "correct variants", "buggy variants"], engines, &[]);
    for (family, results) in by(results, |result| result.job.pattern.name.split('/').next().unwrap_or_default()) {
        let patterns = by(results.iter().copied(), |result| result.job.pattern.name).len();
        let variants = by(results.iter().copied(), |result| result.job.name());
        let correct = variants.iter().filter(|(_, results)| results[0].job.variant.is_correct()).count();
        let mut cells = vec![family.to_owned()];
        cells.extend([patterns, correct, variants.len() - correct].map(|count| count.to_string()));
        for engine in engines {
            let of_engine = || results.iter().filter(|result| result.job.engine == *engine);
            let met = of_engine().filter(|result| result.is_met()).count();
            cells.push(format!("{met} of {}", of_engine().count()));
        }
        out.push_str(&row(&cells));
    }
    out
}

/// A row for each variant.
fn table(results: &[&CheckResult], engines: &[Engine]) -> String {
    let mut out = head(&["pattern · variant", "class", "expected"], engines, &["fails from"]);
    for (_, results) in by(results.iter().copied(), |result| result.job.name()) {
        let job = &results[0].job;
        let name = format!("{} · {}", job.pattern.name, job.variant.name);
        let mut cells = vec![name, class(&job.variant), job.variant.declared().to_string()];
        for engine in engines {
            let result = results.iter().find(|result| result.job.engine == *engine);
            cells.push(result.map_or_else(String::new, |result| cell(result)));
        }
        cells.push(fails_from(&job.variant));
        out.push_str(&row(&cells));
    }
    out
}

/// `deadlock in 4`; with `✗` before it if it is not what was expected, and with the reason why a bug is missed.
fn cell(result: &CheckResult) -> String {
    let mark = if result.is_met() { "" } else { "✗ " };
    let came_to = came_to(result);
    match (&result.outcome, result.job.variant.missed(result.job.engine)) {
        (Ok(Outcome::Holds(_)), Some(reason)) => format!("{mark}missed: {reason} ({came_to})"),
        _ => format!("{mark}{came_to}"),
    }
}
