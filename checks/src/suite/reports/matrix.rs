//! The matrix of verdicts, for the terminal.

use crate::report::text::{Style, clean};
use crate::suite::run::CheckResult;
use crate::suite::terminal::{grouped, table};
use crate::{Engine, Outcome};
use comfy_table::{ColumnConstraint, Table, Width};
use std::fmt::Write;

/// The results in groups of one key each, in the order in which keys first appear.
pub(in crate::suite) fn by<'a, K: PartialEq>(
    results: impl IntoIterator<Item = &'a CheckResult>,
    key: impl Fn(&'a CheckResult) -> K,
) -> Vec<(K, Vec<&'a CheckResult>)> {
    let mut groups: Vec<(K, Vec<&CheckResult>)> = Vec::new();
    for result in results {
        let key = key(result);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(result),
            None => groups.push((key, vec![result])),
        }
    }
    groups
}

/// The engines, in the order in which they first appear.
pub(in crate::suite) fn engines(results: &[CheckResult]) -> Vec<Engine> {
    by(results, |result| result.job.engine).into_iter().map(|(engine, _)| engine).collect()
}

/// A row for each variant, a column for each engine, and a summary.
#[must_use]
pub fn matrix(results: &[CheckResult], style: Style, width: usize) -> String {
    let engines = engines(results);
    let mut table = table(style.ascii, width);
    let mut head = vec!["variant".to_owned(), "expected".to_owned()];
    head.extend(engines.iter().map(|engine| engine.name().to_owned()));
    table.set_header(head);
    for (name, of_name) in by(results, |result| result.job.name()) {
        let mut row = vec![name, of_name[0].job.variant.declared().name().to_owned()];
        for engine in &engines {
            let result = of_name.iter().find(|result| result.job.engine == *engine);
            row.push(result.map_or_else(String::new, |result| cell(result)));
        }
        table.add_row(row);
    }
    let met = results.iter().filter(|result| result.is_met()).count();
    let mut summary = format!("{met} of {} expectations met", results.len());
    for verdict in ["inconclusive", "error"] {
        let count = results.iter().filter(|result| result.verdict() == verdict).count();
        if count > 0 {
            let _ = write!(summary, ", {count} {verdict}");
        }
    }
    let summary = if met == results.len() { style.good(&summary) } else { style.bad(&summary) };
    // Colour goes in afterwards: a table's widths are those of its plain text.
    let guarantees: String =
        engines.iter().filter_map(|engine| Some(format!("{engine}: {}\n\n", engine.guarantee()?))).collect();
    keep_names_whole(&mut table, results, width);
    let table = table.to_string().replace('✓', &style.good("✓")).replace('✗', &style.bad("✗"));
    format!("{}\n\n{guarantees}{summary}\n", style.chars(&table))
}

/// A name is to be found, and to be copied, as it is: it wraps only where it would take half of the width.
fn keep_names_whole(table: &mut Table, results: &[CheckResult], width: usize) {
    let longest = results.iter().map(|result| result.job.name().chars().count()).max().unwrap_or(0);
    let wanted = Width::Fixed(u16::try_from(longest.min(width / 2) + 2).unwrap_or(u16::MAX));
    if let Some(names) = table.column_mut(0) {
        names.set_constraint(ColumnConstraint::LowerBoundary(wanted));
    }
}

/// `✓ deadlock in 4`: whether it is met, what it came to, how many executions that took.
fn cell(result: &CheckResult) -> String {
    let mark = if result.is_met() { "✓" } else { "✗" };
    let missed = result.job.variant.missed(result.job.engine).is_some();
    let note = match &result.outcome {
        Ok(Outcome::Holds(_)) if missed => " (missed, as declared)".to_owned(),
        Err(error) => format!(": {}", clean(error.to_string().lines().next().unwrap_or_default())),
        _ => String::new(),
    };
    format!("{mark} {}{note}", came_to(result))
}

/// `deadlock in 4`: what it came to, and how many executions that took.
pub(in crate::suite) fn came_to(result: &CheckResult) -> String {
    match &result.outcome {
        Ok(Outcome::Holds(coverage)) => {
            let awaits = result.awaits_cancelled.map(|awaits| format!(", cancelled at {awaits} awaits"));
            let word = coverage.word();
            format!("{word} {}{}", grouped(coverage.executions()), awaits.unwrap_or_default())
        }
        Ok(Outcome::Fails(found)) => format!("{} in {}", found.verdict.name(), grouped(found.execution)),
        Ok(Outcome::Inconclusive { executions, done: Some(done), .. }) => {
            format!("inconclusive {}, {} of it", grouped(*executions), share(*done))
        }
        Ok(Outcome::Inconclusive { executions, .. }) => format!("inconclusive {}", grouped(*executions)),
        Err(_) => "error".to_owned(),
    }
}

/// `about 3.1 %`.
fn share(done: f64) -> String {
    if done < 0.001 { "less than 0.1 %".to_owned() } else { format!("about {:.1} %", done * 100.0) }
}
