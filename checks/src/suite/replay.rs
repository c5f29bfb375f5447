//! `raddle replay` and `raddle record`: counterexamples that are kept.

use super::cli::{RecordArgs, ReplayArgs};
use super::render::{print, render, say};
use super::run::{Job, Runner, property_file};
use super::terminal::Terminal;
use super::{EXIT_MET, EXIT_UNMET, Isolation, SuiteError, reports, select, study};
use crate::report::Header;
use crate::schedule::excerpt;
use crate::{
    Catalogue, Checker, Drift, Effort, Engine, Finder, Followed, Outcome, Pattern, Record, RecordError, Schedule,
};
use crate::{Study, Variant};
use std::path::Path;

/// A record, and what it is of.
struct Kept<'a> {
    path: &'a Path,
    record: Record,
    schedule: Schedule,
    pattern: &'static Pattern,
    variant: &'static Variant,
    /// The engine that found it, whose program is the one to run.
    first: Engine,
    engine: Engine,
}

impl<'a> Kept<'a> {
    fn read(catalogue: &'static Catalogue, args: &'a ReplayArgs) -> Result<Self, SuiteError> {
        let path = args.file.as_path();
        let (record, schedule) = Record::read(path)?;
        let foreign = |message: String| SuiteError::Foreign { path: path.into(), message };
        let name = format!("{}/{}", record.pattern, record.variant);
        let (pattern, variant) = select::variant(catalogue, &name).map_err(|error| foreign(error.to_string()))?;
        let first = record.found.first().ok_or_else(|| foreign("no engine is named in `found`".into()))?.engine;
        let engine = match &args.engine {
            Some(name) => name.parse().expect("the argument's parser knows the engines"),
            None => first,
        };
        Ok(Kept { path, record, schedule, pattern, variant, first, engine })
    }

    fn name(&self) -> String {
        format!("{}/{}", self.pattern.name, self.variant.name)
    }

    fn foreign(&self, message: String) -> SuiteError {
        SuiteError::Foreign { path: self.path.into(), message }
    }

    fn check_error(&self, source: crate::CheckError) -> SuiteError {
        SuiteError::Check { name: self.name(), source }
    }

    fn has_changed(&self) -> bool {
        self.pattern.source.hash() != self.record.source_hash
    }

    fn checker(&self) -> Checker {
        self.variant.checker(self.engine)
    }

    fn program(&self) -> fn() {
        self.variant.program(self.first)
    }

    fn follow(&self, schedule: &Schedule) -> Result<Followed, SuiteError> {
        self.checker().follow(self.program(), schedule).map_err(|source| self.check_error(source))
    }

    /// The first step that the program does not do as it was recorded, if one can be told.
    fn drift(&self, followed: &Followed) -> Result<Option<Drift>, SuiteError> {
        let (was, is) = (&self.record.operations, &followed.operations);
        let Some(step) = was.iter().zip(is).position(|(was, is)| was != is) else { return Ok(followed.drift.clone()) };
        // Whoever is asked for next is not there, which tells who is.
        let mut steps = self.schedule.steps[..step.min(self.schedule.steps.len())].to_vec();
        steps.push("\u{0}".into());
        let Schedule { answers, gated, counted, .. } = self.schedule.clone();
        let until = Schedule { steps, answers, gated, counted, ..Schedule::default() };
        let enabled = self.follow(&until)?.drift.map(|drift| drift.enabled).unwrap_or_default();
        let (expected, found) = (format!("`{}`", excerpt(&was[step])), format!("it is `{}`", is[step]));
        Ok(Some(Drift { step: step + 1, expected, found, enabled }))
    }

    /// Looks for the declared failure near the schedule; where that takes a weak memory, as loom does.
    fn search_again(&self) -> Result<Option<Study>, crate::CheckError> {
        let (checker, program, expect) = (self.checker(), self.program(), self.variant.declared());
        if !self.schedule.weak {
            let like = move |verdict: &crate::Verdict| expect.matches(verdict);
            return checker.update(program, &self.schedule, like, Effort::default());
        }
        match checker.engine(Engine::Loom).run(program)? {
            Outcome::Fails(found) if expect.matches(&found.verdict) => {
                self.checker().study(program, &found, Effort::default()).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// What to do about a record that does not fit.
    fn hint(&self) -> String {
        let path = self.path.display();
        if self.has_changed() {
            let source = self.pattern.source.path;
            format!(
                "{source} has changed since it was recorded; `raddle replay --update {path}` searches again from here"
            )
        } else {
            format!("{} is as it was recorded: the checker differs, or the record is damaged", self.pattern.source.path)
        }
    }
}

pub(super) fn run(catalogue: &'static Catalogue, args: &ReplayArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let kept = Kept::read(catalogue, args)?;
    if args.update {
        return update(&kept, args, terminal);
    }
    if kept.schedule.weak && kept.engine != Engine::Loom {
        let message =
            format!("loads see replaced stores in it, which {} does not have: replay it under loom", kept.engine);
        return Err(kept.foreign(message));
    }
    if kept.has_changed() {
        let source = kept.pattern.source.path;
        terminal.warn(&format!("{}: {source} has changed since this was recorded", kept.path.display()));
    }
    let followed = kept.follow(&kept.schedule)?;
    let drift = kept.drift(&followed)?;
    let (Some(found), None) = (&followed.found, &followed.drift) else {
        if let Some(drift) = drift {
            return Err(kept.foreign(format!("the schedule does not fit the program: {drift}\n{}", kept.hint())));
        }
        let text = format!("✗ {}: the schedule no longer fails; it was: {}\n", kept.name(), kept.record.verdict);
        say(args.format, &text, terminal);
        return Ok(EXIT_UNMET);
    };
    if let Some(drift) = drift {
        terminal.warn(&format!("{}: it fits still, but not to the letter: {drift}", kept.path.display()));
    }
    let study = kept.checker().study(kept.program(), found, Effort::default());
    draw(&kept, kept.record.found.clone(), &study.map_err(|source| kept.check_error(source))?, args, terminal);
    if found.verdict == kept.record.verdict {
        say(args.format, &format!("\n{} reproduced under {}\n", terminal.style.good("✓"), kept.engine), terminal);
        return Ok(EXIT_MET);
    }
    say(args.format, &format!("\n✗ it was recorded as: {}\n", kept.record.verdict), terminal);
    Ok(EXIT_UNMET)
}

fn draw(kept: &Kept<'_>, found: Vec<Finder>, study: &Study, args: &ReplayArgs, terminal: &Terminal) {
    let header = study::header(kept.pattern, kept.variant, found);
    let header = Header { record: Some(kept.path.display().to_string()), ..header };
    print(args.format, &render(args.format, &header, study, &terminal.view(args.full)), terminal);
}

/// Searches again from the longest part of the schedule that still leads to the bug, and records what is found.
fn update(kept: &Kept<'_>, args: &ReplayArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let expect = kept.variant.declared();
    let Some(study) = kept.search_again().map_err(|source| kept.check_error(source))? else {
        let text = format!(
            "✗ {}: nothing fails as {expect} any more, near this schedule: the record is left as it is\n",
            kept.name()
        );
        say(args.format, &text, terminal);
        return Ok(EXIT_UNMET);
    };
    let Record { pattern, variant, found, .. } = &kept.record;
    let record = Record::new(pattern, variant, found.clone(), kept.pattern.source.hash(), &study);
    draw(kept, found.clone(), &study, args, terminal);
    if record == kept.record {
        say(args.format, "\nthe record is as it has to be\n", terminal);
    } else {
        record.write(kept.path)?;
        say(args.format, &format!("\n{} updated\n", kept.path.display()), terminal);
    }
    Ok(EXIT_MET)
}

/// Writes down the smallest parameters at which the variant's property fails, if it has one.
fn keep_smallest(folder: &Path, pattern: &Pattern, variant: &Variant, seed: u64) -> Result<(), SuiteError> {
    let Some(property) = variant.declared_property() else { return Ok(()) };
    let path = property_file(folder, pattern, variant);
    let failed = |source| SuiteError::Write { path: path.clone(), source };
    // Found as if nothing had been kept; the old file stays until there is a new one.
    let elsewhere = tempfile::tempdir().map_err(failed)?;
    let found = elsewhere.path().join("property.json");
    let checker = variant.checker(Engine::Property).seed(seed);
    let kept = checker.run_property(&property.regressions(&found));
    kept.map_err(|source| SuiteError::Check { name: format!("{}/{}", pattern.name, variant.name), source })?;
    match std::fs::read(&found) {
        Ok(smallest) => crate::schedule::write_whole(&path, &smallest).map_err(failed),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && path.exists() => {
            std::fs::remove_file(&path).map_err(failed)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn record(catalogue: &'static Catalogue, args: &RecordArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let selection = &args.selection;
    let buggy = |job: &Job| !job.variant.is_correct() && job.variant.missed(job.engine).is_none();
    let jobs: Vec<Job> =
        select::jobs(catalogue, &selection.patterns, &selection.engines())?.into_iter().filter(buggy).collect();
    let at_once = selection.jobs.map(usize::from);
    let runner = Runner { at_once, executions: selection.executions, ..Runner::alone(selection.seed, Isolation::None) };
    let results = runner.run(&jobs);
    let code = reports::exit_code(&results);
    if code != EXIT_MET {
        terminal.print(&reports::matrix(&results, terminal.style, terminal.style.width));
        terminal.error("nothing was recorded: not every variant fails as it has to");
        return Ok(code);
    }
    let mut studied = study::counterexamples(&results, &runner);
    // Of a variant that engines ran at two sizes, the first engine's: that is the smaller one.
    studied.dedup_by(|(later, _), (first, _)| (&later.pattern, &later.variant) == (&first.pattern, &first.variant));
    for (header, study) in studied {
        let pattern = select::pattern(catalogue, &header.pattern)?;
        let path = args.out.join(pattern.name).join(format!("{}.json", header.variant));
        let record = Record::new(pattern.name, &header.variant, header.found, pattern.source.hash(), &study);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| RecordError::Io { path: folder.into(), source })?;
        }
        record.write(&path)?;
        let variant = pattern.variant(&header.variant).expect("it is the variant that was studied");
        keep_smallest(&args.out, pattern, variant, selection.seed)?;
        terminal.print(&format!("{}\n", path.display()));
    }
    Ok(EXIT_MET)
}
