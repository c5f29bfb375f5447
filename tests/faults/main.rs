//! Programs that showed a fault of the checker, and their relatives: what each comes to is what a machine shows.
//!
//! `cargo test -p raddle-tests --test faults` runs each by its name; `make faults` prints them as tables, and how many hold.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "what is shared here is the tests' own")]

mod cases;
mod chain;
mod std_facade;

use cases::{Case, Kind};
use std::process::ExitCode;

/// Every kind of fault, in the order of the tables.
const KINDS: &[&Kind] = &[&chain::KIND, &std_facade::STATICS, &std_facade::POINTERS, &std_facade::OWNERS];

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--table") {
        return table();
    }
    let trials = KINDS.iter().flat_map(|kind| {
        kind.cases.iter().map(|Case { name, run }| {
            let run = *run;
            libtest_mimic::Trial::test(format!("{}::{name}", kind.name), move || run().map(drop).map_err(Into::into))
        })
    });
    libtest_mimic::run(&libtest_mimic::Arguments::from_args(), trials.collect()).exit_code()
}

/// Prints what every program comes to.
fn table() -> ExitCode {
    let (mut hold, mut all) = (0, 0);
    for kind in KINDS {
        println!("\n{}: {}", kind.name, kind.what);
        for Case { name, run } in kind.cases {
            let came = run();
            let (mark, text) = match &came {
                Ok(text) => ("✓", text),
                Err(text) => ("✗", text),
            };
            println!("  {mark} {name:<72} {}", text.lines().next().unwrap_or_default());
            hold += usize::from(came.is_ok());
            all += 1;
        }
    }
    println!("\n{hold} of {all} hold");
    if hold == all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
