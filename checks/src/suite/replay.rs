//! `raddle record` and `raddle replay`: counterexamples that are kept.

use super::cli::{RecordArgs, ReplayArgs};
use super::run::{Job, run_jobs};
use super::terminal::Terminal;
use super::{EXIT_MET, EXIT_UNMET, SuiteError, check, select, study};
use crate::report::Header;
use crate::report::text::counterexample;
use crate::{Catalogue, Effort, Engine, Record, RecordError};

pub(super) fn run(catalogue: &'static Catalogue, args: &ReplayArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let (record, schedule) = Record::read(&args.file)?;
    let foreign = |message: String| SuiteError::Foreign { path: args.file.clone(), message };
    let name = format!("{}/{}", record.pattern, record.variant);
    let (pattern, variant) = select::variant(catalogue, &name).map_err(|error| foreign(error.to_string()))?;
    let first = record.found.first().expect("a record that has been read names an engine").engine;
    let engine: Engine = match &args.engine {
        Some(name) => name.parse().expect("the argument's parser knows the engines"),
        None => first,
    };
    let changed = pattern.source.hash() != record.source_hash;
    if changed {
        let path = pattern.source.path;
        terminal.warn(&format!("{}: {path} has changed since this was recorded", args.file.display()));
    }
    // The program is the one that the record's engine ran, whichever engine follows the schedule.
    let program = variant.program(first);
    let checker = variant.checker(engine);
    let replayed = checker.replay(program, &schedule).map_err(|error| {
        let hint = if changed {
            format!("; {} has changed since: record it anew (`raddle record {name}`)", pattern.source.path)
        } else {
            String::new()
        };
        foreign(format!("{error}{hint}"))
    })?;
    let Some(found) = replayed else {
        terminal.print(&format!("✗ {name}: the schedule no longer fails; it was: {}\n", record.verdict));
        return Ok(EXIT_UNMET);
    };
    let study = checker.study(program, &found, Effort::default());
    let study = study.map_err(|source| SuiteError::Check { name: name.clone(), source })?;
    let header = study::header(pattern, variant, record.found.clone());
    let header = Header { record: Some(args.file.display().to_string()), ..header };
    terminal.print(&counterexample(Some(&header), &study, &terminal.style));
    if found.verdict == record.verdict {
        terminal.print(&format!("\n{} reproduced under {engine}\n", terminal.style.good("✓")));
        return Ok(EXIT_MET);
    }
    terminal.print(&format!("\n✗ it was recorded as: {}\n", record.verdict));
    Ok(EXIT_UNMET)
}

pub(super) fn record(catalogue: &'static Catalogue, args: &RecordArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let selection = &args.selection;
    let buggy = |job: &Job| !job.variant.is_correct() && job.variant.missed(job.engine).is_none();
    let jobs: Vec<Job> =
        select::jobs(catalogue, &selection.patterns, &selection.engines())?.into_iter().filter(buggy).collect();
    let results = run_jobs(&jobs, selection.seed, selection.executions, selection.jobs.map(usize::from));
    let code = check::exit_code(&results);
    if code != EXIT_MET {
        terminal.print(&check::matrix(&results, terminal.style, Terminal::width()));
        terminal.error("nothing was recorded: not every variant fails as it has to");
        return Ok(code);
    }
    for (header, study) in study::counterexamples(&results, selection.seed)? {
        let pattern = select::pattern(catalogue, &header.pattern)?;
        let path = args.out.join(pattern.name).join(format!("{}.json", header.variant));
        let record = Record::new(pattern.name, &header.variant, header.found, pattern.source.hash(), &study);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| RecordError::Io { path: folder.into(), source })?;
        }
        record.write(&path)?;
        terminal.print(&format!("{}\n", path.display()));
    }
    Ok(EXIT_MET)
}
