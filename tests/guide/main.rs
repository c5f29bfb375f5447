//! The guide in `docs/`: what it shows is what there is.
//!
//! Each block is a test: a command prints what is shown, a program says so, a file has that text. What is called `rust` is a
//! documentation test, too (`tests/lib.rs`). With `RADDLE_BLESS=1` what differs is written anew instead.
//!
//! This binary is also the project that the guide writes: its command line, its tests, and its programs.

#![expect(
    unreachable_pub,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "what chapters show is written as in a project of its own, or as it must not be"
)]

// The project's own name for itself.
extern crate self as shop;

mod blocks;
mod book;
mod console;
mod programs;
mod project;
mod shown;

#[path = "../../docs/shop/tests/catalogue.rs"]
#[expect(dead_code, reason = "it is there to compile; `test_main` is called below")]
mod catalogue;
#[path = "../../docs/shop/src/main.rs"]
#[expect(dead_code, reason = "it is there to compile; `suite::main` is called below")]
mod command;
#[path = "../../docs/shop/src/lib.rs"]
mod library;

pub use library::CATALOGUE;

use blocks::{Block, Chapter, blocks, chapters, folder};
use libtest_mimic::{Arguments, Trial};
use raddle::{Catalogue, Family};
use std::process::ExitCode;

/// What this binary is in a child process.
const ROLE: &str = "RADDLE_GUIDE";

const MISTAKES: Catalogue = Catalogue {
    name: "mistakes",
    families: &[Family { name: "shop", patterns: &[programs::MISTAKES] }],
    regressions: None,
};

fn main() -> ExitCode {
    match std::env::var(ROLE).as_deref() {
        Ok("shop") => raddle::suite::main(&CATALOGUE),
        Ok("mistakes") => raddle::suite::main(&MISTAKES),
        Ok("tests") => raddle::suite::test_main(&CATALOGUE),
        Ok("program") => {
            programs::check(&std::env::args().nth(1).unwrap_or_default());
            ExitCode::SUCCESS
        }
        Ok(role) => panic!("no role `{role}`"),
        Err(_) if std::env::var_os("RADDLE_BLESS").is_some() => bless(),
        Err(_) => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

/// What a block has to be instead, if it is not what there is.
///
/// # Errors
/// If it can't be told what it shows.
fn differs(block: &Block) -> Result<Option<String>, String> {
    let whole = |text: String| Ok((text != block.text).then_some(text));
    if let Some(file) = block.said("file") {
        return whole(project::file(file)?);
    }
    if let Some(command) = block.said("output") {
        let output = console::output(command)?;
        return whole(if block.info.is_empty() { format!("\n{output}\n") } else { output });
    }
    if let Some(program) = block.said("says") {
        return Ok(programs::differs_from_what_it_says(program, &block.text));
    }
    match block.info.as_str() {
        "console" => console::differs_from_what_is_printed(block),
        // A documentation test, and nothing else.
        "rust" if block.says.is_none() => Ok(None),
        language => Err(format!("nothing tests a block of `{language}` that says {:?}", block.says)),
    }
}

/// Languages that a block may have. `rs` is Rust that is no documentation test, as it is of no use without the rest of its file.
fn is_known(block: &Block) -> bool {
    match block.info.as_str() {
        "" | "console" | "mermaid" | "rust" | "text" => true,
        "rs" | "toml" | "yaml" => block.said("file").is_some(),
        _ => false,
    }
}

fn all_blocks(chapters: &[Chapter]) -> Result<Vec<Block>, String> {
    let blocks = chapters.iter().map(blocks).collect::<Result<Vec<_>, _>>()?.concat();
    match blocks.iter().find(|block| !is_known(block)) {
        Some(block) => Err(format!("{}:{}: nothing tests a block of `{}`", block.chapter, block.line(), block.info)),
        None => Ok(blocks),
    }
}

fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: Box<dyn FnOnce() -> Result<(), String> + Send>| {
        Trial::test(name, move || test().map_err(Into::into))
    };
    let shown = |blocks: Vec<Block>| -> Vec<String> {
        let files = blocks.iter().filter_map(|block| block.said("file"));
        files.map(|said| said.split(' ').next().unwrap_or_default().to_owned()).collect()
    };
    let mut trials = vec![
        trial("what_is_shown_is_told_from_what_is_not", Box::new(shown::tells_apart)),
        trial("every_block_is_of_a_known_language", Box::new(|| all_blocks(&chapters()).map(drop))),
        trial("the_summary_has_every_chapter", Box::new(|| book::summary_has_every_chapter(&chapters()))),
        trial("links_lead_somewhere", Box::new(|| book::links_lead_somewhere(&chapters()))),
        trial("programs_are_documentation_tests", Box::new(|| book::programs_are_tests(&chapters()))),
        trial("the_book_lies_here", Box::new(book::book_lies_here)),
        trial("every_file_is_shown", Box::new(move || project::all_are_shown(&shown(all_blocks(&chapters())?)))),
        trial("cargo_reads_till", Box::new(|| project::manifest("docs/till"))),
        trial("cargo_reads_shop", Box::new(|| project::manifest("docs/shop"))),
        trial(
            "the_workflow_runs",
            Box::new(|| project::workflow("examples/payments-gate/.github/workflows/concurrency.yml")),
        ),
    ];
    for block in all_blocks(&chapters()).unwrap_or_default() {
        let name = format!("{}:{} {}", block.chapter, block.line(), block.info);
        trials.push(trial(&name, Box::new(move || holds(&block))));
    }
    trials
}

fn holds(block: &Block) -> Result<(), String> {
    match differs(block)? {
        Some(actual) => Err(format!("shown:\n{}\nbut there is (`make bless` writes it anew):\n{actual}", block.text)),
        None => Ok(()),
    }
}

/// Writes what differs anew, chapter by chapter.
fn bless() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for chapter in chapters() {
        let mut lines: Vec<String> = chapter.text.lines().map(str::to_owned).collect();
        let blocks = blocks(&chapter).unwrap_or_else(|error| panic!("{error}"));
        // The last first: those before it stay where they are.
        for block in blocks.iter().rev() {
            match differs(block) {
                Ok(Some(actual)) => drop(lines.splice(block.lines.clone(), actual.lines().map(str::to_owned))),
                Ok(None) => {}
                Err(error) => {
                    eprintln!("{}:{}: {error}", chapter.name, block.line());
                    code = ExitCode::FAILURE;
                }
            }
        }
        let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
        if text != chapter.text {
            write_whole(&chapter.name, &text);
        }
    }
    code
}

/// Whoever looks sees the old chapter or the new one.
fn write_whole(name: &str, text: &str) {
    let file = tempfile::Builder::new().prefix(".raddle-").tempfile_in(folder()).unwrap();
    std::fs::write(file.path(), text).unwrap();
    file.persist(folder().join(name)).unwrap();
    println!("docs/src/{name}");
}
