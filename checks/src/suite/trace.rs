//! `raddle trace`: a variant's counterexample.

use super::cli::TraceArgs;
use super::render::{print, render, say, write};
use super::run::{Job, Runner};
use super::terminal::Terminal;
use super::{EXIT_INCONCLUSIVE, EXIT_MET, EXIT_UNMET, Isolation, SuiteError, select, study};
use crate::report::text::Style;
use crate::{Catalogue, Engine, Outcome};

pub(super) fn run(
    catalogue: &'static Catalogue,
    args: &TraceArgs,
    isolation: Isolation,
    terminal: &Terminal,
) -> Result<u8, SuiteError> {
    let (pattern, variant) = select::variant(catalogue, &args.variant)?;
    let engine: Engine = args.engine.parse().expect("the argument's parser knows the engines");
    let job = Job::new(pattern, variant, engine);
    let runner = Runner::alone(args.seed, isolation);
    let result = runner.run_one(&job);
    let name = format!("{} under {engine}", job.name());
    match &result.outcome {
        Ok(Outcome::Fails(_)) => {
            for (header, study) in study::counterexamples(std::slice::from_ref(&result), &runner) {
                // A file has no colours.
                let style = Style { colour: terminal.style.colour && args.out.is_none(), ..terminal.view(args.full) };
                let text = render(args.format, &header, &study, &style);
                match &args.out {
                    Some(path) => write(path, &text)?,
                    None => print(args.format, &text, terminal),
                }
            }
        }
        Ok(Outcome::Holds(coverage)) => {
            let held = format!("{name}: holds: {coverage}: there is nothing to trace\n");
            say(args.format, &held, terminal);
            if let Some(reason) = variant.missed(engine) {
                say(args.format, &format!("  {engine} can't see this bug: {reason}\n"), terminal);
            }
        }
        Ok(Outcome::Inconclusive { executions, .. }) => {
            say(args.format, &format!("{name}: inconclusive after {executions} executions\n"), terminal);
            return Ok(EXIT_INCONCLUSIVE);
        }
        Err(error) => return Err(SuiteError::Check { name, source: error.clone() }),
    }
    Ok(if result.is_met() { EXIT_MET } else { EXIT_UNMET })
}
