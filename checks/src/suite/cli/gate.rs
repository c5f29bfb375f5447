//! The arguments of `raddle check` and `raddle merge`.

use super::Selection;
use crate::suite::baseline;
use crate::suite::isolate::Limits;
use crate::suite::shard::Shard;
use clap::Args;
use std::path::PathBuf;

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
    /// Seconds after which a check is ended, be it that it searches still, or that it hangs
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::DEADLINE_SECONDS, value_parser = seconds())]
    pub(in crate::suite) deadline: u64,
    /// MiB of address space that a check may have, where the system can tell
    #[arg(long, value_name = "MIB", default_value_t = Limits::MEMORY_MIB, value_parser = clap::value_parser!(u64).range(256..=1 << 30))]
    pub(in crate::suite) memory: u64,
    /// Make the checks in this process, for a debugger, or to see what programs print; what ends a process ends them all
    #[arg(long)]
    pub(in crate::suite) in_process: bool,
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
