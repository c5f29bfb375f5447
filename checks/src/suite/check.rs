//! `raddle check`: runs the checks that were asked for, each in a process of its own.

use super::checked::Checked;
use super::cli::CheckArgs;
use super::isolate;
use super::run::Runner;
use super::terminal::Terminal;
use super::{Isolation, SuiteError, reports, select, study};
use crate::Catalogue;

pub(super) fn run(
    catalogue: &'static Catalogue,
    args: &CheckArgs,
    isolation: Isolation,
    terminal: &Terminal,
) -> Result<u8, SuiteError> {
    let selection = &args.selection;
    let (patterns, engines) = (selection.patterns.clone(), selection.engines());
    let all = select::jobs(catalogue, &patterns, &engines)?;
    let jobs = args.shard.map_or_else(|| all.clone(), |shard| shard.of(&all, selection.executions));
    let on_stdout = args.outputs.are_writable()?;
    let limits = args.isolation.limits(isolation);
    if limits.is_some() {
        isolate::take_interrupts();
    }
    let runner = Runner {
        seed: selection.seed,
        executions: selection.executions,
        at_once: selection.jobs.map(usize::from),
        checkpoints: args.checkpoints.as_deref(),
        limits,
    };
    let results = runner.run(&jobs);
    let studied =
        if args.outputs.show_counterexamples() { study::counterexamples(&results, &runner) } else { Vec::new() };
    let checked = Checked {
        catalogue,
        seed: selection.seed,
        executions: selection.executions,
        patterns,
        engines,
        shard: args.shard,
        wanted: jobs.len(),
        results,
        studied,
    };
    reports::deliver(&checked, &args.outputs, on_stdout, terminal)
}
