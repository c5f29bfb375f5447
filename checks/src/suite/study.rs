//! What the checks of one variant found, studied.

use super::run::{CheckResult, Job, Runner, side_by_side};
use super::terminal::progress_bar;
use super::{isolate, select};
use crate::graph::Graph;
use crate::report::{Header, Words};
use crate::verdict::{Place, Verdict};
use crate::{CheckError, Counterexample, Effort, Finder, Pattern, Study, Trace, Variant};

/// A counterexample, and where it comes from.
pub(super) type Studied = (Header, Study);

/// What several checks found alike: one program of one variant that fails in one way.
struct Group<'a> {
    /// The first that found it.
    first: &'a CheckResult,
    found: &'a Counterexample,
    finders: Vec<Finder>,
}

/// Studies what `results` found: one counterexample for each variant, and for each program of it if the engines ran
/// two; and one for each way of failing. Those that were done when the user wanted an end.
pub(super) fn counterexamples(results: &[CheckResult], runner: &Runner<'_>) -> Vec<Studied> {
    let groups = groups(results, runner.seed);
    let bar = progress_bar("counterexamples studied", groups.len() as u64);
    let studied = side_by_side(groups.len(), runner.at_once, |index| {
        let Group { first, found, finders } = &groups[index];
        let study = study(&first.job, found, runner)?;
        bar.inc(1);
        Some((header(first.job.pattern, &first.job.variant, finders.clone()), study))
    });
    bar.finish_and_clear();
    studied.into_iter().flatten().collect()
}

fn groups(results: &[CheckResult], seed: u64) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for result in results {
        let Some(found) = result.counterexample() else { continue };
        let job = &result.job;
        let finder = Finder {
            member: found.found_by,
            parameters: found.parameters.as_ref().map(ToString::to_string),
            ..Finder::new(job.engine, seed, found.execution)
        };
        let is_alike = |group: &&mut Group<'_>| is_alike(&group.first.job, &group.found.verdict, job, &found.verdict);
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.finders.push(finder),
            None => groups.push(Group { first: result, found, finders: vec![finder] }),
        }
    }
    groups
}

/// Whether two checks ran one program of one variant, which failed in one way.
pub(super) fn is_alike(one: &Job, verdict: &Verdict, other: &Job, others_verdict: &Verdict) -> bool {
    one.name() == other.name()
        && one.variant.is_same_program(one.engine, other.engine)
        && others_verdict.is_like(verdict)
}

/// Whether what this check found is what was studied under `header`.
pub(super) fn is_of(header: &Header, result: &CheckResult) -> bool {
    let job = &result.job;
    header.pattern == job.pattern.name
        && header.variant == job.variant.name
        && result.counterexample().is_some()
        && header.found.iter().any(|finder| finder.engine == job.engine)
}

/// None if the user wanted an end.
fn study(job: &Job, found: &Counterexample, runner: &Runner<'_>) -> Option<Study> {
    if let Verdict::Crash { .. } | Verdict::Hang { .. } = found.verdict {
        return Some(Study::untried(found, "each try would end a process"));
    }
    if let Some(limits) = &runner.limits {
        return isolate::study(job, found, limits);
    }
    let study = in_this_process(job, found);
    Some(study.unwrap_or_else(|error| Study::untried(found, error.to_string())))
}

pub(super) fn in_this_process(job: &Job, found: &Counterexample) -> Result<Study, CheckError> {
    let program = job.variant.program_of(job.engine, found);
    job.variant.checker(job.engine).study(move || program(), found, Effort::default())
}

/// What happens in the variant's program along what was found in another variant, if it passes.
pub(super) fn along(job: &Job, found: &Counterexample, runner: &Runner<'_>) -> Option<Trace> {
    match &runner.limits {
        Some(limits) => isolate::along(job, found, limits),
        None => along_in_this_process(job, found),
    }
}

pub(super) fn along_in_this_process(job: &Job, found: &Counterexample) -> Option<Trace> {
    let program = job.variant.program_of(job.engine, found);
    job.variant.checker(job.engine).along(move || program(), &found.schedule).ok()?.passed
}

/// The states of the variant's program, if there are no more than so many.
pub(super) fn graph(job: &Job, states_max: usize, runner: &Runner<'_>) -> Option<Graph> {
    match &runner.limits {
        Some(limits) => isolate::graph(job, states_max, limits),
        None => graph_in_this_process(job, states_max),
    }
}

pub(super) fn graph_in_this_process(job: &Job, states_max: usize) -> Option<Graph> {
    job.variant.checker(job.engine).graph(job.variant.program(job.engine), states_max)
}

/// What is known of a variant's counterexample without looking at it: its names, its fixes, and what its source says.
#[must_use]
pub fn header(pattern: &Pattern, variant: &Variant, found: Vec<Finder>) -> Header {
    // A correct one that fails is not fixed by any other, nor by itself.
    let fixed = pattern.variants.iter().filter(|other| other.is_correct() && !variant.is_correct());
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
