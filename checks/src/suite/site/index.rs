//! The catalogue: a row for each variant, a column for each engine, to be searched and filtered.

use super::page::{Page, anchor, explorer_path, lesson_path, wide};
use super::{Checked, Material};
use crate::report::text::clean;
use crate::suite::reports::{by, came_to, engines};
use crate::suite::run::CheckResult;
use crate::suite::show::class;
use crate::suite::terminal::grouped;
use crate::{Engine, Outcome};
use maud::{Markup, html};
use std::collections::BTreeSet;

pub(super) fn page(checked: &Checked, material: &[Material<'_>]) -> String {
    let engines = engines(&checked.results);
    let main = html! {
        h1 { (clean(checked.catalogue.name)) }
        (summary(checked, material))
        (filters(material, &engines))
        (wide("The matrix of verdicts", &matrix(material, &engines)))
        p.note { "✓ came to what is expected of it, ✗ did not. " (guarantee(&engines)) }
    };
    Page { title: checked.catalogue.name, root: "", above: &[], script: Some("catalogue.js"), main }.render()
}

fn summary(checked: &Checked, material: &[Material<'_>]) -> Markup {
    let met = checked.results.iter().filter(|result| result.is_met()).count();
    let correct = material.iter().filter(|material| material.variant.is_correct()).count();
    let executions: u64 =
        checked.results.iter().filter_map(|result| Some(result.outcome.as_ref().ok()?.executions())).sum();
    html! {
        p.lead {
            (correct) " correct programs and " (material.len() - correct) " buggy ones, " (grouped(executions))
            " executions: " (met) " of " (checked.results.len()) " expectations met."
        }
        p { "Each program has a page in which its interleaving is stepped through, and each pattern a lesson." }
    }
}

fn guarantee(engines: &[Engine]) -> Markup {
    html! {
        @for (engine, guarantee) in engines.iter().filter_map(|engine| Some((engine, engine.guarantee()?))) {
            (engine.name()) ": " (guarantee) " "
        }
    }
}

/// The controls. Without the script they would do nothing: it shows them.
fn filters(material: &[Material<'_>], engines: &[Engine]) -> Markup {
    let families: Vec<&str> = distinct(material.iter().map(|material| family(material)));
    let classes: Vec<String> = distinct(material.iter().map(|material| class(material.variant)));
    let verdicts: BTreeSet<&str> =
        material.iter().flat_map(|material| &material.results).map(|result| result.verdict()).collect();
    html! {
        form #filters role="search" aria-label="Filter the matrix" hidden {
            label { "Search " input #search type="search" placeholder="name or section" autocomplete="off"; }
            (choice("family", "Family", families.iter().copied()))
            (choice("class", "Class", classes.iter().map(String::as_str)))
            (choice("engine", "Engine", engines.iter().map(|engine| engine.name())))
            (choice("verdict", "Verdict", verdicts.into_iter()))
            button #clear type="reset" { "Clear" }
            output #count aria-live="polite" {}
        }
    }
}

fn choice<'a>(id: &str, label: &str, options: impl Iterator<Item = &'a str>) -> Markup {
    html! {
        label {
            (label) " "
            select id=(id) {
                option value="" { "any" }
                @for option in options { option value=(clean(option)) { (clean(option)) } }
            }
        }
    }
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut distinct, one| {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
        distinct
    })
}

fn family<'a>(material: &Material<'a>) -> &'a str {
    material.pattern.name.split('/').next().unwrap_or_default()
}

fn matrix(material: &[Material<'_>], engines: &[Engine]) -> Markup {
    html! {
        table #matrix {
            thead {
                tr {
                    @for head in ["program", "class", "comes to"] { th scope="col" { (head) } }
                    @for engine in engines { th scope="col" data-engine=(engine.name()) { (engine.name()) } }
                    th scope="col" { "pages" }
                }
            }
            tbody {
                @for material in material { (row(material, engines)) }
            }
        }
    }
}

fn row(material: &Material<'_>, engines: &[Engine]) -> Markup {
    let (pattern, variant) = (material.pattern, material.variant);
    let name = format!("{}/{}", pattern.name, variant.name);
    let lesson = format!("{}#{}", lesson_path(pattern), anchor(variant));
    html! {
        tr data-variant=(clean(&name)) data-family=(clean(family(material))) data-class=(clean(&class(variant)))
            data-words=(clean(&format!("{name} {}", pattern.section)).to_lowercase()) {
            th scope="row" { a href=(lesson) { (clean(pattern.name)) " · " b { (clean(variant.name)) } } }
            td data-label="class" { (clean(&class(variant))) }
            td data-label="comes to" { (clean(&variant.declared().to_string())) }
            @for engine in engines {
                @let result = material.results.iter().find(|result| result.job.engine == *engine);
                td data-label=(engine.name()) data-engine=(engine.name()) data-verdict=[result.map(|result| result.verdict())] {
                    @if let Some(result) = result { (cell(result)) }
                }
            }
            td data-label="pages" {
                @let does = if variant.is_correct() { "a run" } else { "step through" };
                a href=(explorer_path(pattern, variant)) aria-label=(clean(&format!("{does}: {name}"))) { (does) }
            }
        }
    }
}

/// `✓ deadlock in 4`: whether that was expected, what it came to, how many executions that took, and why a bug is missed.
pub(super) fn cell(result: &CheckResult) -> Markup {
    let (sign, sort) = if result.is_met() { ("✓", "good") } else { ("✗", "bad") };
    let missed = result.job.variant.missed(result.job.engine);
    html! {
        span class=(sort) { (sign) } " " (came_to(result))
        @match (&result.outcome, missed) {
            (Ok(Outcome::Holds(_)), Some(reason)) => span.note { " missed, as declared: " (clean(reason)) },
            (Err(error), _) => span.note { ": " (clean(&error.to_string())) },
            _ => {},
        }
    }
}

/// The results of a variant: a row for each engine.
pub(super) fn results(results: &[&CheckResult]) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" { "engine" } th scope="col" { "came to" } } }
            tbody {
                @for (engine, results) in by(results.iter().copied(), |result| result.job.engine) {
                    tr {
                        th scope="row" { (engine.name()) }
                        td { @for result in results { (cell(result)) } }
                    }
                }
            }
        }
    }
}
