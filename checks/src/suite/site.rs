//! `raddle report`: what the checks came to, as pages: a catalogue, a lesson for each pattern, and for each program a page in
//! which its counterexample is stepped through, and its scheduler played.
//!
//! The pages are files that need nothing but each other: no server, nothing from elsewhere. The same results give the same
//! bytes. They read [`Checked`] and what is gathered here, and know no engine.

mod beside;
mod engines;
mod explorer;
mod folder;
mod highlight;
mod index;
mod lesson;
mod page;
mod prose;

use super::checked::Checked;
use super::cli::ReportArgs;
use super::isolate;
use super::run::{CheckResult, Job, Runner, side_by_side};
use super::study::{self, Studied};
use super::terminal::{Terminal, grouped, progress_bar};
use super::{EXIT_INTERRUPTED, Isolation, SuiteError, reports, select};
use crate::graph::Graph;
use crate::{Catalogue, Counterexample, Engine, Pattern, Trace, Variant, Verdict};
use folder::Folder;

/// States up to which a program is small enough to play its scheduler.
const STATES_MAX: usize = 1_500;

/// All that the pages say of one variant.
struct Material<'a> {
    pattern: &'static Pattern,
    variant: &'static Variant,
    results: Vec<&'a CheckResult>,
    /// What was found in it, the shortest first.
    studied: Vec<&'a Studied>,
    /// What happens in the correct program along what was found in the buggy one: of a correct variant in itself, along what
    /// was found in the first buggy one of its pattern.
    fixed: Option<(&'static Variant, Trace)>,
    /// The states of its smallest program, if that is small.
    graph: Option<Graph>,
}

pub(super) fn run(
    catalogue: &'static Catalogue,
    args: &ReportArgs,
    isolation: Isolation,
    terminal: &Terminal,
) -> Result<u8, SuiteError> {
    let mut folder = Folder::open(&args.out)?;
    let limits = args.isolation.limits(isolation);
    if limits.is_some() {
        isolate::take_interrupts();
    }
    let runner = Runner {
        seed: args.selection.seed,
        executions: args.selection.executions,
        at_once: args.selection.jobs.map(usize::from),
        checkpoints: None,
        limits,
    };
    let checked = checked(catalogue, args, &runner)?;
    let material = gather(&checked, &runner);
    if isolate::is_interrupted() {
        let (done, wanted) = (checked.results.len(), checked.wanted);
        terminal
            .error(&format!("interrupted, {done} of {wanted} checks were done: {} is as it was", args.out.display()));
        return Ok(EXIT_INTERRUPTED);
    }
    page::assets(&mut folder);
    folder.add("index.html", index::page(&checked, &material));
    folder.add("engines.html", engines::page(&checked));
    for of_pattern in material.chunk_by(|one, other| std::ptr::eq(one.pattern, other.pattern)) {
        folder.add(&page::lesson_path(of_pattern[0].pattern), lesson::page(of_pattern));
        for material in of_pattern {
            folder.add(&page::explorer_path(material.pattern, material.variant), explorer::page(material));
        }
    }
    let (files, bytes) = folder.write(&args.out)?;
    if !args.quiet {
        terminal.print(&reports::matrix(&checked.results, terminal.style, terminal.style.width));
        let size = grouped(bytes / 1_000);
        terminal.print(&format!("{files} files, {size} kB: open {}\n", args.out.join("index.html").display()));
    }
    Ok(reports::exit_code(&checked.results))
}

/// The checks: made now, or read from what `raddle check --json` has written.
fn checked(catalogue: &'static Catalogue, args: &ReportArgs, runner: &Runner<'_>) -> Result<Checked, SuiteError> {
    if let Some(path) = &args.from {
        return Checked::read(catalogue, path);
    }
    let (patterns, engines) = (args.selection.patterns.clone(), args.selection.engines());
    let jobs = select::jobs(catalogue, &patterns, &engines)?;
    let results = runner.run(&jobs);
    let studied = study::counterexamples(&results, runner);
    let (seed, executions, wanted) = (runner.seed, runner.executions, jobs.len());
    Ok(Checked { catalogue, seed, executions, patterns, engines, shard: None, wanted, results, studied })
}

/// Puts together what is known of each variant that was checked, in the catalogue's order, and runs what is missing.
fn gather<'a>(checked: &'a Checked, runner: &Runner<'_>) -> Vec<Material<'a>> {
    let all = checked.catalogue.patterns();
    let variants: Vec<(&'static Pattern, &'static Variant, Vec<&CheckResult>)> = all
        .flat_map(|pattern| pattern.variants.iter().map(move |variant| (pattern, variant)))
        .map(|(pattern, variant)| {
            let is_of = |job: &Job| job.pattern.name == pattern.name && job.variant.name == variant.name;
            (pattern, variant, checked.results.iter().filter(|result| is_of(&result.job)).collect())
        })
        .filter(|(.., results): &(_, _, Vec<_>)| !results.is_empty())
        .collect();
    let bar = progress_bar("programs drawn", variants.len() as u64);
    let material = side_by_side(variants.len(), runner.at_once, |index| {
        let (pattern, variant, results) = variants[index].clone();
        let studied = studied(checked, pattern, variant);
        let fixed = fixed(checked, pattern, variant, &studied, runner);
        let graph = if ends_processes(&studied) { None } else { graph(pattern, variant, runner) };
        bar.inc(1);
        Some(Material { pattern, variant, results, studied, fixed, graph })
    });
    bar.finish_and_clear();
    material.into_iter().flatten().collect()
}

/// Whether each try of it may end a process, or not come to an end.
fn ends_processes(studied: &[&Studied]) -> bool {
    let is_hard = |verdict: &Verdict| matches!(verdict, Verdict::Crash { .. } | Verdict::Hang { .. });
    studied.iter().any(|(_, study)| is_hard(&study.counterexample.verdict))
}

fn graph(pattern: &'static Pattern, variant: &Variant, runner: &Runner<'_>) -> Option<Graph> {
    study::graph(&Job::new(pattern, variant, Engine::Loom), STATES_MAX, runner)
}

/// What was found in the variant, the shortest first.
fn studied<'a>(checked: &'a Checked, pattern: &Pattern, variant: &Variant) -> Vec<&'a Studied> {
    let is_of = |(header, _): &&Studied| header.pattern == pattern.name && header.variant == variant.name;
    let mut studied: Vec<&Studied> = checked.studied.iter().filter(is_of).collect();
    studied.sort_by_key(|(_, study)| study.counterexample.trace.events.len());
    studied
}

/// The run of the correct program to hold beside the buggy one's.
fn fixed(
    checked: &Checked,
    pattern: &'static Pattern,
    variant: &'static Variant,
    studied: &[&Studied],
    runner: &Runner<'_>,
) -> Option<(&'static Variant, Trace)> {
    let correct =
        if variant.is_correct() { Some(variant) } else { pattern.variants.iter().find(|other| other.is_correct()) }?;
    let found: Option<(Engine, &Counterexample)> = match studied.first() {
        Some(studied) => engine_and_found(studied),
        None => {
            pattern.variants.iter().find_map(|other| engine_and_found(self::studied(checked, pattern, other).first()?))
        }
    };
    let (engine, found) = found?;
    let trace = study::along(&Job::new(pattern, correct, engine), found, runner)?;
    Some((correct, trace))
}

fn engine_and_found((header, study): &Studied) -> Option<(Engine, &Counterexample)> {
    Some((header.found.first()?.engine, &study.counterexample))
}
