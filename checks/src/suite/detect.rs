//! `raddle list --markdown`: which engine sees which bugs. That is what the catalogue declares; checks hold engines to it.

use super::markdown::{head, row};
use crate::{Catalogue, Class, Engine, Pattern, Variant};

/// A table.
pub(super) struct Rows {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Rows {
    fn markdown(&self) -> String {
        let cells: Vec<&str> = self.head.iter().map(String::as_str).collect();
        head(&cells, &[], &[]) + &self.rows.iter().map(|cells| row(cells)).collect::<String>()
    }
}

/// The tables as a part of a document: without a title.
pub(super) fn document(catalogue: &'static Catalogue) -> String {
    let missed = missed(catalogue);
    let seen = seen(catalogue).markdown();
    match missed.rows.as_slice() {
        [] => format!("{seen}\nNo engine is declared to miss any of them.\n"),
        _ => format!("{seen}\n{}", missed.markdown()),
    }
}

fn buggy(catalogue: &'static Catalogue) -> Vec<(&'static Pattern, &'static Variant)> {
    let variants =
        catalogue.patterns().flat_map(|pattern| pattern.variants.iter().map(move |variant| (pattern, variant)));
    variants.filter(|(_, variant)| !variant.is_correct()).collect()
}

/// A row for each class of bugs: how many each engine sees, and as what.
pub(super) fn seen(catalogue: &'static Catalogue) -> Rows {
    let buggy = buggy(catalogue);
    let row = |class: Class| {
        let of_class: Vec<&Variant> =
            buggy.iter().filter(|(_, variant)| variant.class == Some(class)).map(|(_, variant)| *variant).collect();
        let mut cells = vec![class.name().to_owned(), of_class.len().to_string()];
        cells.extend(Engine::DEFAULT.map(|engine| share(&of_class, engine)));
        cells.push(verdicts(&of_class));
        cells
    };
    let engines = Engine::DEFAULT.iter().map(|engine| engine.name());
    let head = ["class", "bugs"].into_iter().chain(engines).chain(["seen as"]).map(str::to_owned).collect();
    Rows { head, rows: classes(&buggy).into_iter().map(row).collect() }
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
fn share(variants: &[&Variant], engine: Engine) -> String {
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
pub(super) fn missed(catalogue: &'static Catalogue) -> Rows {
    let mut rows = Vec::new();
    for (pattern, variant) in buggy(catalogue) {
        let name = format!("{} · {}", pattern.name, variant.name);
        let reasons = Engine::DEFAULT.map(|engine| (variant.missed(engine), engine.name()));
        for alike in reasons.chunk_by(|(one, _), (other, _)| one == other) {
            if let (Some(reason), _) = alike[0] {
                let engines: Vec<&str> = alike.iter().map(|(_, engine)| *engine).collect();
                rows.push(vec![name.clone(), engines.join(", "), reason.to_owned()]);
            }
        }
    }
    Rows { head: ["missed", "by", "because"].map(str::to_owned).to_vec(), rows }
}
