//! `raddle stress-child`: the process in which a program runs on real threads.

use crate::engine::real::{self, Failure, Process};
use crate::process::report_to_parent;
use crate::suite::cli::StressChildArgs;
use crate::suite::{EXIT_MET, EXIT_USAGE, SuiteError, select};
use crate::{Catalogue, Engine};
use serde::{Deserialize, Serialize};

/// What the child says of a run, on a line of its own. Run 0 says that the program begins.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) run: u64,
    pub(super) failure: Option<Failure>,
    /// What it has observed.
    pub(super) observed: Vec<String>,
}

pub(crate) fn run(catalogue: &'static Catalogue, args: &StressChildArgs) -> Result<u8, SuiteError> {
    let (_, variant) = select::variant(catalogue, &args.variant)?;
    // What the program panics with is in the report.
    std::panic::set_hook(Box::new(|_| {}));
    std::thread::spawn(|| {
        // The parent holds the other end. When it goes, so does this process, whatever hangs in it.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(i32::from(EXIT_USAGE));
    });
    let process = Process { variant: args.variant.clone(), small: args.small, number: args.process };
    let program = variant.program(if args.small { Engine::Loom } else { Engine::shuttle() });
    if args.process.is_some() {
        real::run(process, program, args.first, args.runs, report_to_parent);
        return Ok(real::NOT_THERE);
    }
    report(0, None);
    real::run(process, program, args.first, args.runs, report);
    Ok(EXIT_MET)
}

fn report(run: u64, failure: Option<&Failure>) {
    real::say(&Line { run, failure: failure.cloned(), observed: real::observed() });
}
