//! Runs a catalogue: the command line, and the test harness. It knows patterns and outcomes, and nothing of any
//! particular catalogue.

mod check;
mod cli;
mod coverage;
mod harness;
mod list;
mod measure;
mod render;
mod replay;
mod run;
mod select;
mod show;
mod stress;
mod study;
mod terminal;
mod trace;

pub use check::{Report, ResultRow, matrix};
pub use harness::{main as test_main, trials};
pub use measure::{Sampled, SamplerRow, Score, Search, ShrinkCase, sample, shrink_cases};
pub use run::{CheckResult, Job, run_jobs};
pub use select::{SelectError, jobs};
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
    /// A file that can't be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// The command line over `catalogue`: a project's `main` is this one call.
#[must_use]
pub fn main(catalogue: &'static Catalogue) -> ExitCode {
    ExitCode::from(run(catalogue, std::env::args_os()))
}

/// The command line with these arguments, the program's name first. Gives the exit code.
pub fn run(catalogue: &'static Catalogue, args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    for pattern in catalogue.patterns() {
        pattern.source.register();
    }
    let cli = match cli::Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no failure.
            let _ = error.print();
            return if error.use_stderr() { EXIT_USAGE } else { EXIT_MET };
        }
    };
    let terminal = terminal::Terminal::new(&cli.look);
    let result = match cli.command {
        cli::Command::Check(args) => check::run(catalogue, &args, &terminal),
        cli::Command::List(args) => Ok(list::run(catalogue, &args, &terminal)),
        cli::Command::Show(args) => show::run(catalogue, &args, &terminal),
        cli::Command::Trace(args) => trace::run(catalogue, &args, &terminal),
        cli::Command::Replay(args) => replay::run(catalogue, &args, &terminal),
        cli::Command::Stress(args) => stress::run(catalogue, &args, &terminal),
        cli::Command::StressChild(args) => stress::run_child(catalogue, &args),
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
