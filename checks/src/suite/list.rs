//! `raddle list`: what there is, and what each variant has to come to.

use super::cli::ListArgs;
use super::show::class;
use super::terminal::Terminal;
use super::{EXIT_MET, detect};
use crate::{Catalogue, Engine, Pattern, Published, Size, Variant};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct List {
    schema: u32,
    patterns: Vec<PatternRow>,
}

#[derive(Serialize)]
struct PatternRow {
    name: &'static str,
    section: &'static str,
    variants: Vec<VariantRow>,
}

#[derive(Serialize)]
struct VariantRow {
    name: &'static str,
    /// `holds` or `fails`.
    expect: &'static str,
    class: Option<&'static str>,
    /// What each engine has to come to.
    verdicts: BTreeMap<&'static str, &'static str>,
    /// Why an engine can't see the bug, where one can't.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    missed: BTreeMap<&'static str, &'static str>,
    /// The sizes that it is measured at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sizes: Vec<SizeRow>,
}

#[derive(Serialize)]
struct SizeRow {
    name: &'static str,
    /// Orders of two operations that make the bug, where that is known.
    depth: Option<usize>,
    /// What others have published.
    published: Vec<PublishedRow>,
}

impl SizeRow {
    fn new(size: &Size) -> Self {
        SizeRow { name: size.name, depth: size.depth, published: PublishedRow::of(size.published) }
    }
}

/// What somebody else's sampler needed.
#[derive(Serialize)]
pub(super) struct PublishedRow {
    /// Whose.
    by: &'static str,
    #[serde(flatten)]
    figure: Published,
}

impl PublishedRow {
    pub(super) fn of(published: &[(&'static str, Published)]) -> Vec<Self> {
        published.iter().map(|(by, figure)| PublishedRow { by, figure: *figure }).collect()
    }
}

impl VariantRow {
    fn new(variant: &Variant) -> Self {
        VariantRow {
            name: variant.name,
            expect: if variant.is_correct() { "holds" } else { "fails" },
            class: variant.class.map(crate::Class::name),
            verdicts: Engine::DEFAULT.iter().map(|engine| (engine.name(), variant.expect(*engine).name())).collect(),
            missed: Engine::DEFAULT
                .iter()
                .filter_map(|engine| Some((engine.name(), variant.missed(*engine)?)))
                .collect(),
            sizes: variant.declared_sizes().iter().map(SizeRow::new).collect(),
        }
    }
}

pub(super) fn run(catalogue: &'static Catalogue, args: &ListArgs, terminal: &Terminal) -> u8 {
    if args.json {
        let row = |pattern: &Pattern| PatternRow {
            name: pattern.name,
            section: pattern.section,
            variants: pattern.variants.iter().map(VariantRow::new).collect(),
        };
        let list = List { schema: 1, patterns: catalogue.patterns().map(row).collect() };
        let text = serde_json::to_string_pretty(&list).expect("a catalogue is plain data");
        terminal.print(&format!("{text}\n"));
        return EXIT_MET;
    }
    if args.markdown {
        terminal.print_exactly(&detect::document(catalogue));
        return EXIT_MET;
    }
    for pattern in catalogue.patterns() {
        terminal.print(&format!("{}  {}\n", pattern.name, terminal.style.dim(pattern.section)));
        for variant in pattern.variants {
            let expected = variant.declared().to_string();
            let expected = if variant.is_correct() { terminal.style.good(&expected) } else { expected };
            let class = class(variant);
            terminal.print(&format!("  {:<28} {class:<20} {expected}\n", variant.name));
            for size in variant.declared_sizes() {
                let depth = size.depth.map(|depth| format!("depth {depth}")).unwrap_or_default();
                terminal
                    .print(&format!("    {}\n", terminal.style.dim(format!("{:<26} {depth}", size.name).trim_end())));
            }
        }
    }
    EXIT_MET
}
