//! Programs that showed a fault of the checker, and their relatives: what each comes to is what a machine shows.
//!
//! `cargo test -p raddle-tests --test faults` runs each by its name; `make faults` prints them as tables, and how many hold.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "what is shared here is the tests' own")]
#![expect(
    clippy::await_holding_lock,
    clippy::enum_glob_use,
    clippy::format_push_string,
    clippy::needless_for_each,
    clippy::semicolon_if_nothing_returned,
    clippy::similar_names,
    clippy::single_match_else,
    reason = "the programs are written as users write them"
)]

mod arc;
mod cases;
mod chain;
mod estimates;
mod leash;
mod loom_s_own;
mod loops;
mod owners;
mod places;
mod pointers;
mod process;
mod proofs;
mod queued_writers;
mod random;
mod replay;
mod samplers;
mod statics;
mod tasks;
mod tokens;

use cases::{Case, Kind};
use std::process::ExitCode;

/// Every kind of fault, in the order of the tables.
const KINDS: &[&Kind] = &[
    &chain::KIND,
    &proofs::KIND,
    &queued_writers::KIND,
    &samplers::KIND,
    &estimates::KIND,
    &replay::KIND,
    &places::KIND,
    &loops::KIND,
    &process::KIND,
    &leash::KIND,
    &loom_s_own::KIND,
    &random::KIND,
    &arc::KIND,
    &tasks::by_reference::KIND,
    &tasks::ends::KIND,
    &tasks::wakers::KIND,
    &statics::KIND,
    &pointers::KIND,
    &owners::KIND,
    &tokens::TAKEN,
    &tokens::RENDEZVOUS,
];

fn main() -> ExitCode {
    if let [_, argument, program, ..] = &std::env::args().collect::<Vec<_>>()[..]
        && argument == process::CHILD
    {
        return process::child(program);
    }
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
    let proven = proofs::table();
    println!("\n{hold} of {all} hold");
    if hold == all && proven { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
