//! The book's form: the summary has every chapter, links lead somewhere, and each chapter's programs are tests.

use super::blocks::{Chapter, folder};
use raddle_tests::root;
use std::collections::BTreeSet;
use std::path::Path;

const SUMMARY: &str = "SUMMARY.md";

/// The targets of the links in `text`, in order: what stands in `](…)`.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

/// The anchors that mdBook and GitHub give to a chapter's titles.
fn anchors(chapter: &Chapter) -> BTreeSet<String> {
    let titles =
        chapter.text.lines().filter_map(|line| line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' '));
    let kept = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
        _ => None,
    };
    titles.map(|title| title.chars().filter_map(kept).collect()).collect()
}

/// The summary names every chapter once, by its title.
pub(crate) fn summary_has_every_chapter(chapters: &[Chapter]) -> Result<(), String> {
    let of = |name: &str| chapters.iter().find(|chapter| chapter.name == name);
    let summary = of(SUMMARY).ok_or("there is no SUMMARY.md")?;
    let mut named = links(&summary.text);
    for name in &named {
        let chapter = of(name).ok_or(format!("the summary names {name}, which is not there"))?;
        let title = chapter.text.lines().next().unwrap_or_default().trim_start_matches("# ");
        if !summary.text.contains(&format!("- [{title}]({name})\n")) {
            return Err(format!("{name} is called `{title}`; the summary has another title"));
        }
    }
    named.push(SUMMARY);
    named.sort_unstable();
    let found: Vec<&str> = chapters.iter().map(|chapter| chapter.name.as_str()).collect();
    if named == found { Ok(()) } else { Err(format!("the summary names {named:?}, and there are {found:?}")) }
}

/// Links lead to chapters, and to titles that these have; or to pictures that are there.
pub(crate) fn links_lead_somewhere(chapters: &[Chapter]) -> Result<(), String> {
    for chapter in chapters {
        for link in links(&chapter.text) {
            let (name, anchor) = link.split_once('#').map_or((link, None), |(name, anchor)| (name, Some(anchor)));
            let name = if name.is_empty() { &chapter.name } else { name };
            let nowhere = || format!("{}: `{link}` leads nowhere", chapter.name);
            if Path::new(name).extension().is_some_and(|end| end == "png") && folder().join(name).is_file() {
                continue;
            }
            let to = chapters.iter().find(|chapter| chapter.name == name).ok_or_else(nowhere)?;
            if anchor.is_some_and(|anchor| !anchors(to).contains(anchor)) {
                return Err(nowhere());
            }
        }
    }
    Ok(())
}

/// Every chapter's programs are documentation tests of `tests/lib.rs`.
pub(crate) fn programs_are_tests(chapters: &[Chapter]) -> Result<(), String> {
    let tests = std::fs::read_to_string(root().join("tests/lib.rs")).unwrap();
    for chapter in chapters.iter().filter(|chapter| chapter.name != SUMMARY) {
        if !tests.contains(&format!("include_str!(\"../docs/src/{}\")", chapter.name)) {
            return Err(format!("tests/lib.rs has no documentation test of {}", chapter.name));
        }
    }
    Ok(())
}

/// mdBook finds the chapters.
pub(crate) fn book_lies_here() -> Result<(), String> {
    let book = std::fs::read_to_string(folder().with_file_name("book.toml")).map_err(|error| error.to_string())?;
    let wanted = ["[book]", "src = \"src\""];
    if wanted.iter().all(|line| book.lines().any(|found| found == *line)) { Ok(()) } else { Err(book) }
}
