//! The arguments of `raddle check`, `raddle merge` and `raddle report`.

use super::Selection;
use crate::suite::isolate::Limits;
use crate::suite::shard::Shard;
use crate::suite::{Isolation, baseline};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
#[command(after_help = CHECK)]
pub(in crate::suite) struct CheckArgs {
    #[command(flatten)]
    pub(in crate::suite) selection: Selection,
    #[command(flatten)]
    pub(in crate::suite) outputs: Outputs,
    /// Make this machine's part of the checks alone, `2/8` being the second of eight; `raddle merge` puts the reports together
    #[arg(long, value_name = "I/N")]
    pub(in crate::suite) shard: Option<Shard>,
    #[command(flatten)]
    pub(in crate::suite) isolation: IsolationArgs,
    /// Keep exhaustive searches that a budget cuts in this folder, and go on from those that are there
    #[arg(long, value_name = "DIR")]
    pub(in crate::suite) checkpoints: Option<PathBuf>,
}

const CHECK: &str = "\
Each check has a process of its own. One that aborts, overflows its stack, runs out of memory, exits or hangs is run again to \
see in which interleaving, and that is its result; the others are made all the same. Ctrl-C ends them, and what is done is printed.

  raddle check --junit junit.xml --sarif raddle.sarif --github     what CI systems read
  raddle check --json baseline.json                                what is known, and how far was searched
  raddle check --baseline baseline.json                            what is worse than that
  raddle check --shard 2/8 --json shard-2.json                     a machine's part
  raddle merge shard-*.json --junit junit.xml                      all of them";

fn seconds() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=1_000_000)
}

/// The reports.
#[derive(Debug, Args)]
pub(in crate::suite) struct Outputs {
    /// Write the results to this file as JSON, which `--baseline` and `raddle merge` read; `-` writes them to stdout and
    /// nothing else
    #[arg(long, value_name = "FILE")]
    pub(in crate::suite) json: Option<PathBuf>,
    /// Write the results to this file as tables in Markdown; `-` for stdout
    #[arg(long, value_name = "FILE")]
    pub(in crate::suite) markdown: Option<PathBuf>,
    /// Write the results to this file as XML of the kind that `JUnit` writes, a test case for each check; `-` for stdout
    #[arg(long, value_name = "FILE")]
    pub(in crate::suite) junit: Option<PathBuf>,
    /// Write the results to this file as SARIF 2.1.0, with the interleavings as code flows; `-` for stdout
    #[arg(long, value_name = "FILE")]
    pub(in crate::suite) sarif: Option<PathBuf>,
    /// Leave out of the SARIF what came to what was expected: for services that show every result as an alert
    #[arg(long, requires = "sarif")]
    pub(in crate::suite) findings: bool,
    /// Print annotations for checks on `GitHub`, and add the matrix to the job's summary
    #[arg(long)]
    pub(in crate::suite) github: bool,
    /// Hold the results against this file, which `--json` has written: what is a finding there is none here, and what was
    /// explored less, or found later, is one
    #[arg(long, value_name = "FILE")]
    pub(in crate::suite) baseline: Option<PathBuf>,
    /// How many times as many executions as in the baseline a bug may take
    #[arg(long, value_name = "TIMES", default_value_t = baseline::FACTOR, requires = "baseline", value_parser = factor)]
    pub(in crate::suite) factor: f64,
    /// Leave the counterexamples out, and print the matrix alone
    #[arg(short, long)]
    pub(in crate::suite) quiet: bool,
}

fn factor(text: &str) -> Result<f64, String> {
    let factor: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if factor.is_finite() && factor >= 1.0 { Ok(factor) } else { Err("it is a number from 1 on".into()) }
}

#[derive(Debug, Args)]
pub(in crate::suite) struct MergeArgs {
    /// What `raddle check --shard I/N --json FILE` has written, for each I
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::suite) reports: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::suite) outputs: Outputs,
}

/// How checks are kept apart.
#[derive(Debug, Args)]
pub(in crate::suite) struct IsolationArgs {
    /// Seconds after which a check is ended, be it that it searches still, or that it hangs
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::DEADLINE_SECONDS, value_parser = seconds())]
    deadline: u64,
    /// MiB of address space that a check may have, where the system can tell
    #[arg(long, value_name = "MIB", default_value_t = Limits::MEMORY_MIB, value_parser = clap::value_parser!(u64).range(256..=1 << 30))]
    memory: u64,
    /// Make the checks in this process, for a debugger, or to see what programs print; what ends a process ends them all
    #[arg(long)]
    in_process: bool,
}

impl IsolationArgs {
    /// What each process may spend; none if there is one for all.
    pub(in crate::suite) fn limits(&self, isolation: Isolation) -> Option<Limits> {
        let limits = Limits { deadline: Duration::from_secs(self.deadline), memory: self.memory };
        (isolation == Isolation::Processes && !self.in_process).then_some(limits)
    }
}

#[derive(Debug, Args)]
#[command(after_help = REPORT)]
pub(in crate::suite) struct ReportArgs {
    #[command(flatten)]
    pub(in crate::suite) selection: Selection,
    #[command(flatten)]
    pub(in crate::suite) isolation: IsolationArgs,
    /// The folder to write; one that is there is replaced if it is a report, and left alone if it is not
    #[arg(short, long, value_name = "DIR", default_value = "report")]
    pub(in crate::suite) out: PathBuf,
    /// Read the results from what `raddle check --json` has written, of this build, instead of making the checks
    #[arg(long, value_name = "FILE", conflicts_with_all = ["patterns", "engines", "executions", "seed"])]
    pub(in crate::suite) from: Option<PathBuf>,
    /// Say nothing of what was written, nor of what the checks came to
    #[arg(short, long)]
    pub(in crate::suite) quiet: bool,
}

const REPORT: &str = "\
The pages need no server and nothing from elsewhere: open DIR/index.html, or put the folder on GitHub Pages. They are written whole \
or not at all, and the same results give the same bytes.

  raddle report                                      all checks, to report/
  raddle report locks --out target/locks             a family
  raddle check --json all.json; raddle report --from all.json

Exit codes are those of `raddle check`.";
