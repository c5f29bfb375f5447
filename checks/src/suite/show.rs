//! `raddle show`: a pattern's lesson.

use super::cli::ShowArgs;
use super::run::{Job, Runner};
use super::select::{self, function};
use super::terminal::{Terminal, table};
use super::{EXIT_MET, Isolation, SuiteError, study};
use crate::report::text::{self, Style};
use crate::{Catalogue, Checker, Engine, Pattern, Variant};

pub(super) fn run(
    catalogue: &'static Catalogue,
    args: &ShowArgs,
    isolation: Isolation,
    terminal: &Terminal,
) -> Result<u8, SuiteError> {
    let pattern = select::pattern(catalogue, &args.pattern)?;
    let style = terminal.style;
    terminal.print(&format!("{}  {}\n\n", style.good(pattern.name), style.dim(pattern.section)));
    for line in pattern.source.text.lines().take_while(|line| line.starts_with("//!")) {
        let line = line.trim_start_matches("//!").trim_start_matches(' ');
        match line.strip_prefix("# ") {
            Some(title) => terminal.print(&format!("{}\n", style.warn(title))),
            None => terminal.print(&format!("{line}\n")),
        }
    }
    terminal.print("\n");
    let correct = pattern.variants.iter().find(|variant| variant.is_correct());
    let drawings = interleavings(pattern, style, isolation);
    let mut shown = false;
    for buggy in pattern.variants.iter().filter(|variant| !variant.is_correct()) {
        terminal.print(&pair(pattern.source.text, correct, buggy, style, terminal.style.width, shown));
        shown = true;
        if let Some((_, drawn)) = drawings.iter().find(|(name, _)| name == buggy.name) {
            terminal.print(&format!("{drawn}\n"));
        }
    }
    terminal.print(&truth(pattern.variants, style.ascii, terminal.style.width));
    Ok(EXIT_MET)
}

/// Who is asked for an interleaving, the one that looks for the smallest first.
const ASKED: [Engine; 4] = [Engine::Property, Engine::Exhaustive, Engine::Loom, Engine::shuttle()];

/// The interleaving that shows the bug of each buggy variant, by the variant's name: found now, and not written down.
fn interleavings(pattern: &'static Pattern, style: Style, isolation: Isolation) -> Vec<(String, String)> {
    let job = |variant: &Variant| {
        let engine = ASKED.into_iter().find(|engine| variant.missed(*engine).is_none())?;
        Some(Job::new(pattern, variant, engine))
    };
    let jobs: Vec<Job> = pattern.variants.iter().filter(|variant| !variant.is_correct()).filter_map(job).collect();
    let runner = Runner { at_once: None, ..Runner::alone(Checker::DEFAULT_SEED, isolation) };
    let results = runner.run(&jobs);
    let studied = study::counterexamples(&results, &runner);
    let drawn = studied.into_iter().map(|(header, study)| (header.variant, text::interleaving(&study, &style)));
    let held = results.iter().filter(|result| result.counterexample().is_none()).map(|result| {
        let Job { variant, engine, .. } = result.job;
        (variant.name.to_owned(), format!("  no interleaving: {} under {engine}\n", result.verdict()))
    });
    drawn.chain(held).collect()
}

/// The class of its bug, or `correct`.
pub(super) fn class(variant: &Variant) -> String {
    variant.class.map_or_else(|| "correct".to_owned(), |class| class.to_string())
}

/// `threads 2 (1 preemption)`: the smallest parameters at which it fails, if they are declared.
pub(super) fn fails_from(variant: &Variant) -> String {
    let smallest = variant.declared_smallest().map(|(parameters, preemptions)| {
        let s = if preemptions == 1 { "" } else { "s" };
        format!("{parameters} ({preemptions} preemption{s})")
    });
    smallest.unwrap_or_default()
}

/// What each variant has to come to, from which size on, and who can't see it.
fn truth(variants: &[Variant], ascii: bool, width: usize) -> String {
    let mut table = table(ascii, width);
    table.set_header(["variant", "class", "comes to", "fails from", "missed by"]);
    for variant in variants {
        let missed = |engine: Engine| variant.missed(engine).map(|reason| format!("{engine}: {reason}"));
        let missed: Vec<String> = Engine::DEFAULT.into_iter().filter_map(missed).collect();
        let comes_to = variant.declared().to_string();
        table.add_row([variant.name.to_owned(), class(variant), comes_to, fails_from(variant), missed.join("; ")]);
    }
    format!("{table}\n")
}

/// The correct function and the buggy one side by side; one below the other where there is no room, and then the correct
/// one only if it has not been `shown` before.
fn pair(source: &str, correct: Option<&Variant>, buggy: &Variant, style: Style, width: usize, shown: bool) -> String {
    let right = function(source, buggy.name).map(|(_, lines)| lines);
    let left = correct.and_then(|correct| function(source, correct.name)).map(|(_, lines)| lines);
    let Some(right) = right else { return String::new() };
    let title = |name: &str, mark: &str| format!("{mark} {name}");
    let Some(left) = left else {
        return format!("{}\n{}\n\n", style.bad(&title(buggy.name, "✗")), right.join("\n"));
    };
    let widest = |lines: &[&str]| lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let name = correct.map_or("", |correct| correct.name);
    let (good, bad) = (title(name, "✓"), title(buggy.name, "✗"));
    let column = widest(&left).max(good.chars().count()) + 4;
    if column + widest(&right) > width {
        let right = format!("{}\n{}\n\n", style.bad(&bad), right.join("\n"));
        return if shown { right } else { format!("{}\n{}\n\n{right}", style.good(&good), left.join("\n")) };
    }
    let pad = |text: &str| " ".repeat(column.saturating_sub(text.chars().count()));
    let mut out = format!("{}{}{}\n", style.good(&good), pad(&good), style.bad(&bad));
    for row in 0..left.len().max(right.len()) {
        let (one, two) = (left.get(row).copied().unwrap_or(""), right.get(row).copied().unwrap_or(""));
        out.push_str(format!("{one}{}{two}", pad(one)).trim_end());
        out.push('\n');
    }
    out.push('\n');
    out
}
