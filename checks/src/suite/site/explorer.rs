//! A variant's page: its runs and its states, for the script that draws them and lets them be stepped through.

use super::Material;
use super::highlight;
use super::page::{Page, explorer_path, lesson_path, root_from};
use crate::report::explorer::{Files, Play, Run};
use crate::report::text::clean;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use maud::html;
use serde::Serialize;
use std::io::Write;

/// What the script reads.
#[derive(Serialize)]
struct Data {
    pattern: String,
    variant: String,
    correct: bool,
    runs: Vec<Run>,
    schedule: Option<Play>,
    files: Vec<SourceFile>,
}

#[derive(Serialize)]
struct SourceFile {
    path: String,
    lines: Vec<highlight::Line>,
}

/// The page.
pub(super) fn page(material: &Material<'_>) -> String {
    let (pattern, variant) = (material.pattern, material.variant);
    let path = explorer_path(pattern, variant);
    let lesson = lesson_path(pattern);
    let sign = if variant.is_correct() { "✓" } else { "✗" };
    let title = format!("{} · {}", pattern.name, variant.name);
    let main = html! {
        h1 { span aria-hidden="true" { (sign) " " } (clean(variant.name)) }
        p.lead {
            @match material.studied.first() {
                Some((_, study)) => (clean(&study.counterexample.verdict.to_string())),
                None if variant.is_correct() => "The correct program: nothing that was searched fails.",
                None => "No counterexample was found.",
            }
        }
        div #explorer {
            noscript {
                p {
                    "Stepping through takes the script of this page. Without it: "
                    code { "raddle trace " (clean(pattern.name)) "/" (clean(variant.name)) }
                }
            }
        }
        script type="text/plain" #data { (data(material)) }
    };
    let above = [(pattern.name, lesson.as_str())];
    Page { title: &title, root: &root_from(&path), above: &above, script: Some("explorer.js"), main }.render()
}

/// The data as the script reads it: JSON, which is compressed, as it says much twice, and then as text.
fn data(material: &Material<'_>) -> String {
    let mut files = Files::default();
    let mut runs: Vec<Run> = Vec::new();
    for (index, (header, study)) in material.studied.iter().enumerate() {
        let id = if index == 0 { "bug".to_owned() } else { format!("bug-{}", index + 1) };
        runs.push(Run::failing(&id, header, study, &mut files));
    }
    if let Some((variant, trace)) = &material.fixed {
        runs.push(Run::passing("fixed", variant.name, trace, &mut files));
    }
    let schedule = material.graph.as_ref().map(|graph| Play::new(graph, &mut files));
    let source = |(path, text): (&str, Option<std::sync::Arc<str>>)| SourceFile {
        path: clean(path),
        lines: highlight::lines(text.as_deref().unwrap_or_default(), "rs")
            .into_iter()
            .map(|line| line.into_iter().map(|(class, text)| (class, clean(&text))).collect())
            .collect(),
    };
    let data = Data {
        pattern: clean(material.pattern.name),
        variant: clean(material.variant.name),
        correct: material.variant.is_correct(),
        runs,
        schedule,
        files: files.texts().map(source).collect(),
    };
    let json = serde_json::to_vec(&data).expect("it is plain data");
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&json).expect("a vector takes everything");
    BASE64_STANDARD.encode(packed.finish().expect("a vector takes everything"))
}
