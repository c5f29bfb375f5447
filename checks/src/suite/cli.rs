//! The arguments. Their help is the documentation of the command line.

mod gate;
mod tip;

pub(super) use gate::{CheckArgs, MergeArgs, Outputs, ReportArgs};
pub(super) use tip::tip;

use crate::{Checker, Engine};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Finds concurrency bugs, proves their fixes, and shows the interleaving that makes the difference.
#[derive(Debug, Parser)]
#[command(name = "raddle", version, about, long_about = None, after_help = AFTER, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) look: Look,
}

const AFTER: &str = "\
Exit codes: 0 every expectation is met; 1 one is not; 2 usage, or input that can't be read; 3 a search was cut short; \
4 worse than the baseline; 130 interrupted.

  raddle check                          every pattern under loom, exhaustive, shuttle and property
  raddle check FAMILY --engine loom     one family, one engine
  raddle show FAMILY/PATTERN            the lesson: prose, sources, interleavings
  raddle trace FAMILY/PATTERN/VARIANT   the interleaving that fails
  raddle stress FAMILY/PATTERN/VARIANT  how often real threads fail
  raddle replay FILE                    what `raddle record` has written, once more
  raddle report                         the same as pages, to look at in a browser
  raddle check --help                   reports for CI, a baseline, several machines";

#[derive(Debug, Args)]
pub(super) struct Look {
    /// When to use colours; `auto` honours `NO_COLOR` and asks the terminal
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: When,
    /// Draw with ASCII characters alone
    #[arg(long, global = true)]
    pub(super) ascii: bool,
    /// Draw for so many columns [default: the terminal's; 120 where there is none]
    #[arg(long, global = true, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..))]
    pub(super) width: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run checks: a progress bar, the counterexample of every bug, and a matrix of verdicts
    Check(CheckArgs),
    /// Put the reports of several machines together, as if one had made all checks
    Merge(MergeArgs),
    /// Write the results as pages: a catalogue, lessons, counterexamples to step through
    Report(ReportArgs),
    /// List the patterns, their variants and what each has to come to
    List(ListArgs),
    /// Show a pattern's lesson: the prose, the sources side by side, the ground truth
    Show(ShowArgs),
    /// Find a variant's counterexample and draw it
    Trace(TraceArgs),
    /// Run a recorded schedule again and hold it against the record, or search again from it
    Replay(ReplayArgs),
    /// Run a variant on real threads, many times: how often the bug shows, beside what the engines needed for it
    Stress(StressArgs),
    /// Record the counterexample of every buggy variant, for `replay`
    Record(RecordArgs),
    /// Measure how well the checker does, over many seeds
    Measure(MeasureArgs),
    /// Run a variant on real threads in this process, for `stress`
    #[command(hide = true)]
    StressChild(StressChildArgs),
    /// Make one check in this process, for `check`
    #[command(hide = true)]
    CheckChild,
    /// Print the JSON Schema of what `--format json` prints, or of what `record` writes
    Schema(SchemaArgs),
}

/// What to run, and how far.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Families, patterns or variants: `locks`, `locks/mutex`, `locks/mutex/split_lock`; all if none is given
    #[arg(value_name = "PATTERN")]
    pub(super) patterns: Vec<String>,
    /// Which engine explores; may be given more than once [default: loom, exhaustive, shuttle and property]
    #[arg(short, long = "engine", value_name = "ENGINE", value_parser = clap::builder::PossibleValuesParser::new(Engine::ALL.map(Engine::name)))]
    pub(super) engines: Vec<String>,
    /// The seed of engines that draw schedules
    #[arg(long, value_name = "S", default_value_t = Checker::DEFAULT_SEED)]
    pub(super) seed: u64,
    /// Schedules that a sampling engine draws (1,000), or after which an enumerating one gives up (1,000,000)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) executions: Option<u64>,
    /// Checks at once; results are the same for any number [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: Option<u16>,
}

impl Selection {
    /// The engines that were asked for.
    pub(super) fn engines(&self) -> Vec<Engine> {
        if self.engines.is_empty() {
            return Engine::DEFAULT.to_vec();
        }
        named(&self.engines)
    }
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Which engine sees which class of bugs, by what the catalogue declares, as tables in Markdown
    #[arg(long, conflicts_with = "json")]
    pub(super) markdown: bool,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The pattern: `family/pattern`
    pub(super) pattern: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lanes
    #[default]
    Text,
    /// Everything, for programs: `raddle schema` says in which form
    Json,
    /// A sequence diagram for Markdown
    Mermaid,
    /// A timeline for ui.perfetto.dev and Chrome's tracing page
    Perfetto,
    /// A page of its own
    Html,
}

#[derive(Debug, Args)]
pub(super) struct TraceArgs {
    /// The variant: `family/pattern/variant`
    pub(super) variant: String,
    /// Which engine looks for it
    #[arg(short, long, value_name = "ENGINE", default_value = "loom",
        value_parser = clap::builder::PossibleValuesParser::new(Engine::ALL.map(Engine::name)))]
    pub(super) engine: String,
    /// The seed of engines that draw schedules
    #[arg(long, value_name = "S", default_value_t = Checker::DEFAULT_SEED)]
    pub(super) seed: u64,
    /// How to draw it
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Every operation, loops folded; every fact; the sources. Otherwise what it takes to see the bug, on one screen
    #[arg(long)]
    pub(super) full: bool,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// A file that `raddle record` has written
    pub(super) file: PathBuf,
    /// Follow the schedule under this engine instead of the one that found it
    #[arg(short, long, value_name = "ENGINE", value_parser = clap::builder::PossibleValuesParser::new(Engine::ALL.map(Engine::name)))]
    pub(super) engine: Option<String>,
    /// Search again where the schedule no longer fits or no longer fails, from the longest part of it that still leads
    /// to the bug, and write the file anew
    #[arg(long, conflicts_with = "engine")]
    pub(super) update: bool,
    /// Every operation, loops folded; every fact; the sources. Otherwise what it takes to see the bug, on one screen
    #[arg(long)]
    pub(super) full: bool,
    /// How to draw it
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// The documents that have a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// What `--format json` prints
    #[default]
    Counterexample,
    /// What `raddle record` writes
    Record,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Of which document
    #[arg(value_enum, value_name = "DOCUMENT", default_value_t)]
    pub(super) of: SchemaOf,
}

#[derive(Debug, Args)]
#[command(after_help = STRESS)]
pub(super) struct StressArgs {
    /// The variant: `family/pattern/variant`; at the article's size where it has one
    pub(super) variant: String,
    /// How often to run it
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) runs: u64,
    /// Milliseconds after which a run counts as hung, and is killed
    #[arg(long, value_name = "MS", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) deadline: u64,
    /// Stop early after so many hung runs, for each costs a deadline
    #[arg(long, value_name = "K", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_hangs: u64,
    /// Run the small program, which loom is given
    #[arg(long)]
    pub(super) small: bool,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
}

const STRESS: &str = "\
The same source runs on the system's threads, with std's primitives, in a child process; nobody decides \
who runs when. A deadlock, a lost wakeup and a livelock all show as a run that hangs. A data race shows only if two \
accesses overlap.

Exit codes: 0 the runs were made, whatever a buggy variant came to; 1 a correct variant failed; 2 usage.";

#[derive(Debug, Args)]
pub(super) struct StressChildArgs {
    /// The variant
    pub(super) variant: String,
    /// The number of the first run
    #[arg(long)]
    pub(super) first: u64,
    /// How many runs
    #[arg(long)]
    pub(super) runs: u64,
    /// The program that loom is given
    #[arg(long)]
    pub(super) small: bool,
    /// Which of the program's processes this is
    #[arg(long)]
    pub(super) process: Option<u16>,
}

#[derive(Debug, Args)]
pub(super) struct RecordArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// The folder to write to: `DIR/family/pattern/variant.engine.json`
    #[arg(long, value_name = "DIR", default_value = "fixtures")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct MeasureArgs {
    #[command(subcommand)]
    pub(super) what: Measured,
}

#[derive(Debug, Subcommand)]
pub(super) enum Measured {
    /// Shrink random failing schedules: how long they were and are, what that took, and whether each still fails alike
    Shrinking(ShrinkingArgs),
    /// How many schedules each sampling engine draws until a bug shows, at every declared size, beside what others have
    /// published
    Samplers(SamplersArgs),
    /// Run variants at many seeds: no correct one may fail at any, and every buggy one has to be found at each
    Seeds(SeedsArgs),
}

#[derive(Debug, Args)]
pub(super) struct SeedsArgs {
    /// Families, patterns or variants; all if none is given
    #[arg(value_name = "PATTERN")]
    pub(super) patterns: Vec<String>,
    /// Which sampling engine; may be given more than once [default: shuttle and property]
    #[arg(short, long = "engine", value_name = "ENGINE", value_parser = drawing())]
    pub(super) engines: Vec<String>,
    /// Correct variants alone: what fails is a false alarm
    #[arg(long, conflicts_with = "buggy")]
    pub(super) correct: bool,
    /// Buggy variants alone
    #[arg(long)]
    pub(super) buggy: bool,
    /// How many seeds
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(super) seeds: u64,
    /// The first seed; each search takes the next
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=1 << 62))]
    pub(super) seed: u64,
    /// Schedules at each seed
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) executions: u64,
    /// Searches at once; results are the same for any number [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: Option<u16>,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl SeedsArgs {
    /// The engines that were asked for.
    pub(super) fn engines(&self) -> Vec<Engine> {
        if self.engines.is_empty() {
            return vec![Engine::shuttle(), Engine::Property];
        }
        named(&self.engines)
    }
}

/// The engines of these names.
fn named(names: &[String]) -> Vec<Engine> {
    Engine::ALL.into_iter().filter(|engine| names.iter().any(|name| name == engine.name())).collect()
}

/// The names of the engines that draw schedules.
fn drawing() -> clap::builder::PossibleValuesParser {
    Engine::ALL.into_iter().filter(|engine| engine.samples()).map(Engine::name).collect::<Vec<_>>().into()
}

#[derive(Debug, Args)]
pub(super) struct ShrinkingArgs {
    /// Families, patterns or variants; every buggy variant if none is given
    #[arg(value_name = "PATTERN")]
    pub(super) patterns: Vec<String>,
    /// How many schedules, over the variants in turn
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(super) cases: usize,
    /// The seed of the first search; each round over the variants takes the next
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    /// Cases at once [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: Option<u16>,
    /// Every case, as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SamplersArgs {
    /// Families, patterns or variants; every variant that declares sizes if none is given
    #[arg(value_name = "PATTERN")]
    pub(super) patterns: Vec<String>,
    /// Which sampling engine; may be given more than once [default: all of them]
    #[arg(short, long = "engine", value_name = "ENGINE", value_parser = samplers())]
    pub(super) engines: Vec<String>,
    /// Searches of each engine at each size
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(super) seeds: u64,
    /// Schedules after which a search is given up
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) cap: u64,
    /// The seed of the first search; each search takes the next
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    /// Searches at once; results are the same for any number [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: Option<u16>,
    /// Every search, as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Draw the plot to this file, too, as SVG
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,
}

/// The names of the engines that sample.
fn samplers() -> clap::builder::PossibleValuesParser {
    Engine::ALL.into_iter().filter(|engine| engine.samples_full_size()).map(Engine::name).collect::<Vec<_>>().into()
}
