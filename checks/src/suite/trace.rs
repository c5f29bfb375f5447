//! `raddle trace`: a variant's counterexample.

use super::cli::{Format, TraceArgs};
use super::run::Job;
use super::terminal::Terminal;
use super::{EXIT_INCONCLUSIVE, EXIT_MET, EXIT_UNMET, SuiteError, select, study};
use crate::report::text::counterexample;
use crate::{Catalogue, Engine, Outcome};

pub(super) fn run(catalogue: &'static Catalogue, args: &TraceArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let (pattern, variant) = select::variant(catalogue, &args.variant)?;
    let engine: Engine = args.engine.parse().expect("the argument's parser knows the engines");
    let job = Job::new(pattern, variant, engine);
    let result = job.run(&job.checker(args.seed, None));
    let name = format!("{} under {engine}", job.name());
    match &result.outcome {
        Ok(Outcome::Fails(_)) => {
            for (header, study) in study::counterexamples(std::slice::from_ref(&result), args.seed)? {
                let text = match args.format {
                    Format::Text => counterexample(Some(&header), &study, &terminal.view(args.full)),
                    Format::Json => {
                        let json = serde_json::to_string_pretty(&study).expect("a study is plain data");
                        format!("{json}\n")
                    }
                };
                terminal.print(&text);
            }
        }
        Ok(Outcome::Holds(coverage)) => {
            let executions = coverage.executions();
            terminal.print(&format!("{name}: holds, {coverage}, {executions} executions: there is nothing to trace\n"));
            if let Some(reason) = variant.missed(engine) {
                terminal.print(&format!("  {engine} can't see this bug: {reason}\n"));
            }
        }
        Ok(Outcome::Inconclusive { executions, .. }) => {
            terminal.print(&format!("{name}: inconclusive after {executions} executions\n"));
            return Ok(EXIT_INCONCLUSIVE);
        }
        Err(error) => return Err(SuiteError::Check { name, source: error.clone() }),
    }
    Ok(if result.is_met() { EXIT_MET } else { EXIT_UNMET })
}
