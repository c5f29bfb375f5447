//! A pattern's lesson: its prose, each buggy program beside the correct one, and what the checks came to.

use super::Material;
use super::beside::{Function, alone, beside};
use super::index::results;
use super::page::{Page, anchor, explorer_path, lesson_path, root_from, wide};
use super::prose::{documentation, prose};
use crate::graph::Graph;
use crate::report::text::clean;
use crate::suite::select::function;
use crate::suite::show::{class, fails_from};
use crate::{Engine, Variant};
use maud::{Markup, html};

pub(super) fn page(material: &[Material<'_>]) -> String {
    let pattern = material[0].pattern;
    let path = lesson_path(pattern);
    let root = root_from(&path);
    let correct = material.iter().find(|material| material.variant.is_correct());
    let main = html! {
        h1 { (clean(pattern.name)) }
        p.section { (clean(pattern.section)) }
        (prose(&documentation(pattern.source.text)))
        h2 { "What each program comes to" }
        (wide("What each program comes to", &outcomes(material)))
        h2 { "The programs" }
        @for material in material {
            (program(material, correct, &root))
        }
        h2 { "Reproduce it" }
        pre tabindex="0" { code {
            "raddle show " (clean(pattern.name)) "\n"
            @for material in material.iter().filter(|material| !material.variant.is_correct()) {
                "raddle trace " (clean(pattern.name)) "/" (clean(material.variant.name)) (engine(material)) "\n"
            }
            "raddle check " (clean(pattern.name)) "\n"
        } }
    };
    Page { title: pattern.name, root: &root, above: &[("Catalogue", "index.html")], script: None, main }.render()
}

/// ` --engine shuttle`, if the one that is asked unless told otherwise does not find it.
fn engine(material: &Material<'_>) -> String {
    let finders = material.studied.iter().flat_map(|(header, _)| &header.found);
    let engines: Vec<Engine> = finders.map(|finder| finder.engine).collect();
    match engines.first() {
        Some(engine) if !engines.contains(&Engine::Loom) => format!(" --engine {engine}"),
        _ => String::new(),
    }
}

/// What was searched, and what came of it: from the runs, not from the declaration.
fn outcomes(material: &[Material<'_>]) -> Markup {
    html! {
        table {
            thead {
                tr { @for head in ["program", "class", "came to", "schedules that fail", "fails from"] { th scope="col" { (head) } } }
            }
            tbody {
                @for material in material {
                    tr {
                        th scope="row" { a href={ "#" (anchor(material.variant)) } { (clean(material.variant.name)) } }
                        td data-label="class" { (clean(&class(material.variant))) }
                        td data-label="came to" { (verdicts(material)) }
                        td data-label="schedules that fail" { (schedules(material.graph.as_ref())) }
                        td data-label="fails from" { (clean(&fails_from(material.variant))) }
                    }
                }
            }
        }
    }
}

/// The verdicts that were reached, and by which engines: `deadlock (loom, shuttle)`.
fn verdicts(material: &Material<'_>) -> Markup {
    let mut verdicts: Vec<(&str, Vec<&str>)> = Vec::new();
    for result in &material.results {
        let engine = result.job.engine.name();
        match verdicts.iter_mut().find(|(verdict, _)| *verdict == result.verdict()) {
            Some((_, engines)) => engines.push(engine),
            None => verdicts.push((result.verdict(), vec![engine])),
        }
    }
    html! {
        @for (verdict, engines) in verdicts {
            div { b { (verdict) } " (" (engines.join(", ")) ")" }
        }
    }
}

/// `8 of 34`, of the smallest program.
fn schedules(graph: Option<&Graph>) -> String {
    let Some(count) = graph.and_then(|graph| graph.schedules().first().copied()) else {
        return "too many states to count".to_owned();
    };
    let number = |count: f64| if count < 1e6 { format!("{count}") } else { format!("about {count:.1e}") };
    format!("{} of {}", number(count.failing), number(count.failing + count.passing))
}

/// One program: beside the correct one if it is buggy, with its results and its page.
fn program(material: &Material<'_>, correct: Option<&Material<'_>>, root: &str) -> Markup {
    let (pattern, variant) = (material.pattern, material.variant);
    let text = pattern.source.text;
    let own = function(text, variant.name);
    let its = |variant: &'static Variant| function(text, variant.name);
    let right = correct
        .filter(|_| !variant.is_correct())
        .and_then(|correct| Some((correct.variant.name, its(correct.variant)?)));
    let sign = if variant.is_correct() { "✓" } else { "✗" };
    html! {
        section id=(anchor(variant)) aria-labelledby={ "title-" (anchor(variant)) } {
            h3 id={ "title-" (anchor(variant)) } { span aria-hidden="true" { (sign) " " } (clean(variant.name)) }
            p {
                @if let Some((_, study)) = material.studied.first() {
                    (clean(&study.counterexample.verdict.to_string())) ". "
                }
                a href={ (root) (explorer_path(pattern, variant)) } {
                    @if variant.is_correct() { "Step through a run of " } @else { "Step through " } (clean(variant.name))
                }
            }
            @if let Some((first, lines)) = &own {
                @let own = Function { variant: variant.name, first: first + 1, lines };
                @match &right {
                    Some((name, (first, lines))) => (beside(Function { variant: name, first: first + 1, lines }, own)),
                    None => (alone(own, variant.is_correct())),
                }
            }
            details {
                summary { "What each engine came to" }
                (wide(&format!("What each engine came to on {}", variant.name), &results(&material.results)))
            }
        }
    }
}
