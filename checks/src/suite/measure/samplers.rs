//! `raddle measure samplers`: how many schedules each sampling engine draws until a bug shows, at every declared size, beside
//! what others have published.

mod plot;
mod score;
mod svg;
mod words;

pub use score::Score;

use crate::scenario::{Published, Size};
use crate::suite::cli::SamplersArgs;
use crate::suite::list::PublishedRow;
use crate::suite::run::{Job, progress_bar, side_by_side};
use crate::suite::terminal::Terminal;
use crate::suite::{EXIT_MET, SuiteError, render, select};
use crate::{Catalogue, CheckError, Engine, Extent, Outcome};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Searches after which an engine is given up at a size, if every one of them was.
const HOPELESS: u64 = 10;

/// What to search.
#[derive(Clone, Debug)]
pub struct Search {
    /// The engines: those that sample.
    pub engines: Vec<Engine>,
    /// Searches of each engine at each size.
    pub seeds: u64,
    /// The seed of the first; each takes the next.
    pub seed: u64,
    /// Schedules after which a search is given up.
    pub cap: u64,
}

/// What was measured at one size.
#[derive(Debug, Serialize)]
pub struct SamplerRow {
    /// `family/pattern`.
    pub pattern: &'static str,
    /// The variant.
    pub variant: &'static str,
    /// The size.
    pub size: &'static str,
    /// The bug's depth, where it is known.
    pub depth: Option<usize>,
    /// The program's tasks and steps.
    #[serde(flatten)]
    pub extent: Extent,
    /// What each engine came to.
    pub sampled: Vec<Sampled>,
    /// What others have published.
    #[serde(serialize_with = "as_rows")]
    pub published: &'static [(&'static str, Published)],
}

fn as_rows<S: serde::Serializer>(
    published: &&'static [(&'static str, Published)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    PublishedRow::of(published).serialize(serializer)
}

/// What one engine came to at one size.
#[derive(Debug, Serialize)]
pub struct Sampled {
    /// The engine.
    pub engine: Engine,
    /// Over all its searches.
    #[serde(flatten)]
    pub score: Score,
    /// The first searches all found nothing, and so the rest were not made.
    pub stopped_early: bool,
    /// The schedule that showed the bug, counted from 1, for each search; nothing where it was given up.
    pub executions: Vec<Option<u64>>,
}

impl Sampled {
    fn new(engine: Engine, executions: Vec<Option<u64>>, seeds: u64) -> Self {
        let stopped_early = (executions.len() as u64) < seeds;
        Sampled { engine, score: Score::of(&executions), stopped_early, executions }
    }
}

/// A size of a selected variant.
struct Subject {
    job: Job,
    size: &'static Size,
    extent: Extent,
}

impl Subject {
    fn name(&self) -> String {
        format!("{} at {}", self.job.name(), self.size.name)
    }

    fn failed(&self, source: CheckError) -> SuiteError {
        SuiteError::Check { name: self.name(), source }
    }

    /// The schedule that shows the bug.
    fn search(
        &self,
        engine: Engine,
        seed: u64,
        cap: u64,
        explored: &Arc<AtomicU64>,
    ) -> Result<Option<u64>, SuiteError> {
        let checker = self.job.variant.checker(engine).seed(seed).executions(cap).progress(Arc::clone(explored));
        let expected = self.job.variant.declared().name();
        let other = |what: &str| {
            let text = format!("{what} under {engine} at seed {seed}, where {expected} was expected");
            Err(self.failed(CheckError::Engine(text)))
        };
        match checker.run(self.size.program).map_err(|source| self.failed(source))? {
            Outcome::Fails(found) if found.verdict.name() == expected => Ok(Some(found.execution)),
            Outcome::Fails(found) => other(&found.verdict.to_string()),
            Outcome::Holds(_) => Ok(None),
            Outcome::Inconclusive { .. } => other("an inconclusive search"),
        }
    }
}

/// Searches at every size that the variants called `names` declare, so many searches at once.
///
/// # Errors
/// If the catalogue has nothing of a name, or a size fails otherwise than its variant declares.
pub fn sample(
    catalogue: &'static Catalogue,
    names: &[String],
    search: &Search,
    at_once: Option<usize>,
) -> Result<Vec<SamplerRow>, SuiteError> {
    let subjects = subjects(catalogue, names)?;
    let cells: Vec<(&Subject, Engine)> =
        subjects.iter().flat_map(|subject| search.engines.iter().map(move |engine| (subject, *engine))).collect();
    let explored = Arc::new(AtomicU64::new(0));
    let bar = progress_bar(cells.len() * usize::try_from(search.seeds).unwrap_or(usize::MAX), Arc::clone(&explored));
    let run = |cell: usize, nth: u64| {
        let (subject, engine) = cells[cell];
        bar.set_message(format!("{} under {engine}", subject.name()));
        let found = subject.search(engine, search.seed.wrapping_add(nth), search.cap, &explored);
        bar.inc(1);
        found
    };
    // The first searches of every cell, and then the others where there is hope.
    let first = search.seeds.min(HOPELESS);
    let wanted: Vec<(usize, u64)> = (0..cells.len()).flat_map(|cell| (0..first).map(move |nth| (cell, nth))).collect();
    let mut found: Vec<Vec<Option<u64>>> = vec![Vec::new(); cells.len()];
    let results = side_by_side(wanted.len(), at_once, |index| run(wanted[index].0, wanted[index].1));
    for ((cell, _), result) in wanted.into_iter().zip(results) {
        found[cell].push(result?);
    }
    let hopeful = |cell: &usize| found[*cell].iter().any(Option::is_some);
    let rest: Vec<(usize, u64)> =
        (0..cells.len()).filter(hopeful).flat_map(|cell| (first..search.seeds).map(move |nth| (cell, nth))).collect();
    let results = side_by_side(rest.len(), at_once, |index| run(rest[index].0, rest[index].1));
    for ((cell, _), result) in rest.into_iter().zip(results) {
        found[cell].push(result?);
    }
    bar.finish_and_clear();
    let mut found = found.into_iter();
    let row = |subject: &Subject| SamplerRow {
        pattern: subject.job.pattern.name,
        variant: subject.job.variant.name,
        size: subject.size.name,
        depth: subject.size.depth,
        extent: subject.extent,
        sampled: search
            .engines
            .iter()
            .zip(&mut found)
            .map(|(engine, executions)| Sampled::new(*engine, executions, search.seeds))
            .collect(),
        published: subject.size.published,
    };
    Ok(subjects.iter().map(row).collect())
}

fn subjects(catalogue: &'static Catalogue, names: &[String]) -> Result<Vec<Subject>, SuiteError> {
    let mut subjects = Vec::new();
    for job in select::jobs(catalogue, names, &[Engine::shuttle()])? {
        for size in job.variant.declared_sizes() {
            let extent = job.variant.checker(job.engine).extent(size.program);
            let extent = extent.map_err(|source| SuiteError::Check { name: job.name(), source })?;
            subjects.push(Subject { job, size, extent });
        }
    }
    Ok(subjects)
}

pub(super) fn run(catalogue: &'static Catalogue, args: &SamplersArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let is_wanted = |engine: &Engine| args.engines.is_empty() || args.engines.iter().any(|name| name == engine.name());
    let engines = Engine::ALL.into_iter().filter(|engine| engine.samples_full_size()).filter(is_wanted).collect();
    let search = Search { engines, seeds: args.seeds, seed: args.seed, cap: args.cap };
    let rows = sample(catalogue, &args.patterns, &search, args.jobs.map(usize::from))?;
    if let Some(path) = &args.svg {
        render::write(path, &svg::draw(&plot::Plot::new(&rows, &search)))?;
    }
    if args.json {
        terminal.print_exactly(&words::json(&rows, &search));
    } else {
        terminal.print(&words::text(&rows, &search, terminal));
    }
    Ok(EXIT_MET)
}
