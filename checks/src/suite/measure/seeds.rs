//! `raddle measure seeds`: every variant under sampling engines at many seeds. A correct one that fails anywhere is a false
//! alarm; a buggy one that is not found, or fails otherwise than declared, is a miss.

use crate::suite::cli::SeedsArgs;
use crate::suite::run::{CheckResult, Job, progress_bar, side_by_side};
use crate::suite::terminal::{Terminal, table};
use crate::suite::{EXIT_MET, EXIT_UNMET, SuiteError, select};
use crate::{Catalogue, Engine, Outcome};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What one variant came to under one engine, over all seeds.
#[derive(Debug, Serialize)]
struct SeedsRow {
    pattern: &'static str,
    variant: &'static str,
    engine: Engine,
    expected: &'static str,
    /// Seeds at which it came to what was expected.
    met: u64,
    seeds: u64,
    /// Schedules, over all seeds.
    executions: u64,
    /// The most schedules that a seed took.
    most: u64,
    /// The first seed at which it came to something else, and what.
    #[serde(skip_serializing_if = "Option::is_none")]
    unmet: Option<(u64, String)>,
}

/// What one engine came to, over all variants and seeds.
#[derive(Debug, Serialize)]
struct EngineRow {
    engine: Engine,
    /// Searches that came to what was expected.
    met: u64,
    searches: u64,
    /// Schedules, over all searches: of one that is not met as many as it drew.
    executions: u64,
    /// Variants of which no other engine drew fewer schedules and met as many expectations.
    best: usize,
}

pub(super) fn run(catalogue: &'static Catalogue, args: &SeedsArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let wanted = |job: &Job| match (args.correct, args.buggy) {
        (true, false) => job.variant.is_correct(),
        (false, true) => !job.variant.is_correct(),
        _ => true,
    };
    let jobs: Vec<Job> = select::jobs(catalogue, &args.patterns, &args.engines())?.into_iter().filter(wanted).collect();
    let rows = rows(&jobs, args);
    if args.json {
        let document = serde_json::json!({
            "schema": 1, "seed": args.seed, "executions": args.executions, "rows": rows, "engines": engines(&rows),
        });
        terminal.print(&format!("{document:#}\n"));
    } else {
        terminal.print(&draw(&rows, terminal));
    }
    Ok(if rows.iter().all(|row| row.met == row.seeds) { EXIT_MET } else { EXIT_UNMET })
}

fn rows(jobs: &[Job], args: &SeedsArgs) -> Vec<SeedsRow> {
    let explored = Arc::new(AtomicU64::new(0));
    let seeds = usize::try_from(args.seeds).unwrap_or(usize::MAX);
    let bar = progress_bar(jobs.len() * seeds, Arc::clone(&explored));
    let results = side_by_side(jobs.len() * seeds, args.jobs.map(usize::from), |index| {
        let (job, seed) = (&jobs[index / seeds], args.seed + (index % seeds) as u64);
        bar.set_message(format!("{} under {}, seed {seed}", job.name(), job.engine));
        let checker = job.checker(seed, Some(args.executions)).progress(Arc::clone(&explored));
        let result = job.run(&checker);
        bar.inc(1);
        (seed, result)
    });
    bar.finish_and_clear();
    jobs.iter().zip(results.chunks(seeds)).map(|(job, results)| row(job, results)).collect()
}

fn row(job: &Job, results: &[(u64, CheckResult)]) -> SeedsRow {
    let executions = |(_, result): &(u64, CheckResult)| result.outcome.as_ref().map_or(0, Outcome::executions);
    let unmet = results.iter().find(|(_, result)| !result.is_met());
    SeedsRow {
        pattern: job.pattern.name,
        variant: job.variant.name,
        engine: job.engine,
        expected: job.expect().name(),
        met: results.iter().filter(|(_, result)| result.is_met()).count() as u64,
        seeds: results.len() as u64,
        executions: results.iter().map(executions).sum(),
        most: results.iter().map(executions).max().unwrap_or(0),
        unmet: unmet.map(|(seed, result)| (*seed, result.verdict().to_owned())),
    }
}

/// The engines in the order of the rows.
fn engines(rows: &[SeedsRow]) -> Vec<EngineRow> {
    let mut engines: Vec<Engine> = Vec::new();
    for row in rows {
        if !engines.contains(&row.engine) {
            engines.push(row.engine);
        }
    }
    let rank = |row: &SeedsRow| (std::cmp::Reverse(row.met), row.executions);
    let is_best = |row: &&SeedsRow| {
        let others = rows.iter().filter(|other| (other.pattern, other.variant) == (row.pattern, row.variant));
        others.map(rank).min() == Some(rank(row))
    };
    let total = |engine: Engine| {
        let of = || rows.iter().filter(move |row| row.engine == engine);
        EngineRow {
            engine,
            met: of().map(|row| row.met).sum(),
            searches: of().map(|row| row.seeds).sum(),
            executions: of().map(|row| row.executions).sum(),
            best: of().filter(is_best).count(),
        }
    };
    engines.into_iter().map(total).collect()
}

fn draw_engines(engines: &[EngineRow], terminal: &Terminal) -> String {
    let style = terminal.style;
    let mut table = table(style.ascii, style.width);
    table.set_header(["engine", "searches met", "schedules in all", "variants at which none is better"]);
    for EngineRow { engine, met, searches, executions, best } in engines {
        table.add_row([engine.to_string(), format!("{met} of {searches}"), executions.to_string(), best.to_string()]);
    }
    style.chars(&table.to_string())
}

fn draw(rows: &[SeedsRow], terminal: &Terminal) -> String {
    let style = terminal.style;
    let mut table = table(style.ascii, style.width);
    table.set_header(["variant", "engine", "expected", "seeds met", "schedules", "most at a seed"]);
    for row in rows {
        let otherwise = row.unmet.as_ref().map(|(seed, came_to)| format!(" ✗ {came_to} at seed {seed}"));
        table.add_row([
            format!("{}/{}", row.pattern, row.variant),
            row.engine.to_string(),
            row.expected.to_owned(),
            format!("{} of {}{}", row.met, row.seeds, otherwise.unwrap_or_default()),
            row.executions.to_string(),
            row.most.to_string(),
        ]);
    }
    let (met, all) = rows.iter().fold((0, 0), |(met, all), row| (met + row.met, all + row.seeds));
    let executions: u64 = rows.iter().map(|row| row.executions).sum();
    let summary = format!("{met} of {all} searches came to what was expected, in {executions} schedules");
    let summary = if met == all { style.good(&summary) } else { style.bad(&summary) };
    let mut text = style.chars(&table.to_string().replace('✗', &style.bad("✗")));
    let engines = engines(rows);
    if engines.len() > 1 {
        text = format!("{text}\n\n{}", draw_engines(&engines, terminal));
    }
    format!("{text}\n\n{summary}\n")
}
