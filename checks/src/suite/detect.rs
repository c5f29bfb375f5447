//! `raddle list --markdown`: which engine sees which bugs. That is what the catalogue declares; checks hold engines to it.

use super::markdown::{head, row};
use crate::{Catalogue, Class, Engine, Pattern, Variant};

/// A row for each class of bugs, and one for each bug that an engine is declared to miss. It is a part of a document: without a
/// title.
pub(super) fn document(catalogue: &'static Catalogue) -> String {
    let variants =
        catalogue.patterns().flat_map(|pattern| pattern.variants.iter().map(move |variant| (pattern, variant)));
    let buggy: Vec<(&Pattern, &Variant)> = variants.filter(|(_, variant)| !variant.is_correct()).collect();
    let mut out = head(&["class", "bugs"], &Engine::DEFAULT, &["seen as"]);
    for class in classes(&buggy) {
        let of_class: Vec<&Variant> =
            buggy.iter().filter(|(_, variant)| variant.class == Some(class)).map(|(_, variant)| *variant).collect();
        let mut cells = vec![class.name().to_owned(), of_class.len().to_string()];
        cells.extend(Engine::DEFAULT.map(|engine| seen(&of_class, engine)));
        cells.push(verdicts(&of_class));
        out += &row(&cells);
    }
    out + "\n" + &misses(&buggy)
}

/// The classes, in the order in which they first appear.
fn classes(buggy: &[(&Pattern, &Variant)]) -> Vec<Class> {
    buggy.iter().filter_map(|(_, variant)| variant.class).fold(Vec::new(), |mut classes, class| {
        if !classes.contains(&class) {
            classes.push(class);
        }
        classes
    })
}

/// `all`, or `1 of 2`.
fn seen(variants: &[&Variant], engine: Engine) -> String {
    let seen = variants.iter().filter(|variant| variant.missed(engine).is_none()).count();
    if seen == variants.len() { "all".to_owned() } else { format!("{seen} of {}", variants.len()) }
}

/// `assertion 3, deadlock 1`: what the bugs end in, the most frequent first.
fn verdicts(variants: &[&Variant]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for variant in variants {
        let name = variant.declared().name();
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

/// What engines can't see, and why: a row for each bug and each reason.
fn misses(buggy: &[(&Pattern, &Variant)]) -> String {
    let mut rows = String::new();
    for (pattern, variant) in buggy {
        let name = format!("{} · {}", pattern.name, variant.name);
        let reasons = Engine::DEFAULT.map(|engine| (variant.missed(engine), engine.name()));
        for alike in reasons.chunk_by(|(one, _), (other, _)| one == other) {
            if let (Some(reason), _) = alike[0] {
                let engines: Vec<&str> = alike.iter().map(|(_, engine)| *engine).collect();
                rows += &row(&[name.as_str(), &engines.join(", "), reason]);
            }
        }
    }
    if rows.is_empty() {
        return "No engine is declared to miss any of them.\n".to_owned();
    }
    head(&["missed", "by", "because"], &[], &[]) + &rows
}
