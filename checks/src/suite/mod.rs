//! Runs a catalogue: the command line, and the test harness. It knows patterns and outcomes, and nothing of any
//! particular catalogue.

mod baseline;
mod check;
mod checked;
mod cli;
mod detect;
mod harness;
mod isolate;
mod list;
mod markdown;
mod measure;
mod merge;
mod process;
mod render;
mod replay;
mod reports;
mod run;
mod select;
mod shard;
mod show;
mod site;
mod stress;
mod study;
mod terminal;
mod trace;

pub use checked::{Report, ResultRow, Shown};
pub use harness::{main as test_main, trials};
pub use measure::{Sampled, SamplerRow, Score, Search, ShrinkCase, sample, shrink_cases};
pub use reports::matrix;
pub use run::{CheckResult, Job, Part, run_jobs};
pub use select::{SelectError, jobs};
pub use shard::Shard;
pub use stress::{Stress, StressError, StressFailure, Stressed};
pub use study::header;

use crate::{Catalogue, RecordError};
use clap::Parser;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Every expectation is met.
pub const EXIT_MET: u8 = 0;
/// An expectation is not met.
pub const EXIT_UNMET: u8 = 1;
/// Usage, or input that can't be read.
pub const EXIT_USAGE: u8 = 2;
/// A search was cut short.
pub const EXIT_INCONCLUSIVE: u8 = 3;

/// Nothing is a finding, but something is worse than in the baseline.
pub const EXIT_WORSE: u8 = 4;
/// The user wanted an end.
pub const EXIT_INTERRUPTED: u8 = 130;

/// Where checks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Isolation {
    /// Each in a process of its own, which is this executable.
    Processes,
    /// In this process.
    None,
}

/// What a command can't do, said so that the next step is clear. All of these exit with [`EXIT_USAGE`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// A pattern, variant or engine that isn't there.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// A record that can't be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A record that is not of this catalogue, or not of this program.
    #[error("{}: {message}", path.display())]
    Foreign {
        /// The record.
        path: PathBuf,
        /// What does not fit.
        message: String,
    },
    /// A check that can't be made.
    #[error("{name}: {source}")]
    Check {
        /// Which.
        name: String,
        /// Why.
        source: crate::CheckError,
    },
    /// A program that can't be run on real threads.
    #[error("{name}: {source}")]
    Stress {
        /// Which.
        name: String,
        /// Why.
        source: StressError,
    },
    /// A file that can't be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file that can't be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// The command line over `catalogue`: a project's `main` is this one call. `check` and `trace` make each check in a process
/// of its own, which is this executable once more.
#[must_use]
pub fn main(catalogue: &'static Catalogue) -> ExitCode {
    ExitCode::from(run_as(catalogue, std::env::args_os(), Isolation::Processes))
}

/// The command line with these arguments, the program's name first, and all in this process. Gives the exit code.
pub fn run(catalogue: &'static Catalogue, args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    run_as(catalogue, args, Isolation::None)
}

fn run_as(
    catalogue: &'static Catalogue,
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    isolation: Isolation,
) -> u8 {
    for pattern in catalogue.patterns() {
        pattern.source.register();
    }
    let cli = match cli::Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(mut error) => {
            let tip = cli::tip(&mut error, catalogue);
            // Help and version go to stdout and are no failure.
            let _ = error.print();
            if let Some(tip) = tip {
                eprintln!("\n  tip: {tip}");
            }
            return if error.use_stderr() { EXIT_USAGE } else { EXIT_MET };
        }
    };
    let terminal = terminal::Terminal::new(&cli.look);
    let result = match cli.command {
        cli::Command::Check(args) => check::run(catalogue, &args, isolation, &terminal),
        cli::Command::Merge(args) => merge::run(catalogue, &args, &terminal),
        cli::Command::Report(args) => site::run(catalogue, &args, isolation, &terminal),
        cli::Command::List(args) => Ok(list::run(catalogue, &args, &terminal)),
        cli::Command::Show(args) => show::run(catalogue, &args, isolation, &terminal),
        cli::Command::Trace(args) => trace::run(catalogue, &args, isolation, &terminal),
        cli::Command::Replay(args) => replay::run(catalogue, &args, &terminal),
        cli::Command::Stress(args) => stress::run(catalogue, &args, &terminal),
        cli::Command::StressChild(args) => stress::run_child(catalogue, &args),
        cli::Command::CheckChild => isolate::run_child(catalogue),
        cli::Command::Record(args) => replay::record(catalogue, &args, &terminal),
        cli::Command::Measure(args) => measure::run(catalogue, &args, &terminal),
        cli::Command::Schema(args) => {
            render::print_schema(&args, &terminal);
            Ok(EXIT_MET)
        }
    };
    result.unwrap_or_else(|error| {
        terminal.error(&error.to_string());
        EXIT_USAGE
    })
}
