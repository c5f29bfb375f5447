//! What all pages have: where they lie, their head, their way to each other.

use super::folder::Folder;
use crate::report::text::clean;
use crate::{Pattern, Variant};
use maud::{DOCTYPE, Markup, html};

const STYLE: &str = include_str!("assets/site.css");
const EXPLORER_STYLE: &str = include_str!("assets/explorer.css");
const CATALOGUE: &str = include_str!("assets/catalogue.js");
/// In this order: each file may use what those before it declare.
const EXPLORER: [&str; 12] = [
    include_str!("assets/explorer/dom.js"),
    include_str!("assets/explorer/data.js"),
    include_str!("assets/explorer/state.js"),
    include_str!("assets/explorer/layout.js"),
    include_str!("assets/explorer/strokes.js"),
    include_str!("assets/explorer/lanes.js"),
    include_str!("assets/explorer/figure.js"),
    include_str!("assets/explorer/panels.js"),
    include_str!("assets/explorer/cycle.js"),
    include_str!("assets/explorer/schedule.js"),
    include_str!("assets/explorer/controls.js"),
    include_str!("assets/explorer/main.js"),
];

/// A page's head and what it is made of.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// From the page to the site's root: `../../`.
    pub(super) root: &'a str,
    /// The pages above it: their names, and their addresses from the root.
    pub(super) above: &'a [(&'a str, &'a str)],
    /// The script that it runs, if it runs one.
    pub(super) script: Option<&'static str>,
    pub(super) main: Markup,
}

/// The files that pages share.
pub(super) fn assets(folder: &mut Folder) {
    // GitHub Pages would leave files out whose names begin with a dot.
    folder.add(".nojekyll", "");
    folder.add("site.css", STYLE);
    folder.add("explorer.css", EXPLORER_STYLE);
    folder.add("catalogue.js", script(&[CATALOGUE]));
    folder.add("explorer.js", script(&EXPLORER));
}

/// The files as one, with a scope of its own.
fn script(files: &[&str]) -> String {
    format!("(() => {{\n\"use strict\";\n{}}})();\n", files.concat())
}

impl Page<'_> {
    pub(super) fn render(self) -> String {
        // Nothing but what lies beside it.
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:";
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    title { (clean(self.title)) }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href={ (self.root) "site.css" };
                    @if self.script == Some("explorer.js") {
                        link rel="stylesheet" href={ (self.root) "explorer.css" };
                    }
                    @if let Some(script) = self.script {
                        script src={ (self.root) (script) } defer {}
                    }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header.site {
                        nav aria-label="Site" {
                            a href={ (self.root) "index.html" } { "Catalogue" }
                            a href={ (self.root) "engines.html" } { "What engines see" }
                        }
                    }
                    main #main {
                        @if !self.above.is_empty() {
                            nav.above aria-label="Above" {
                                @for (name, path) in self.above {
                                    a href={ (self.root) (path) } { (clean(name)) }
                                    span aria-hidden="true" { " › " }
                                }
                            }
                        }
                        (self.main)
                    }
                    footer { "raddle " (env!("CARGO_PKG_VERSION")) ". " kbd { "raddle report" } " wrote these pages." }
                }
            }
        };
        page.into_string() + "\n"
    }
}

/// A name as a part of a path: what is neither letter, digit, `-` nor `_` as `.` and its number, so that no two are alike.
fn part(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    name.chars().map(|c| if plain(c) { c.to_string() } else { format!(".{:x}.", u32::from(c)) }).collect()
}

/// Where a lesson's page speaks of the variant.
pub(super) fn anchor(variant: &Variant) -> String {
    part(variant.name)
}

/// `locks/mutex`.
fn pattern_path(pattern: &Pattern) -> String {
    pattern.name.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Where a pattern's lesson lies, from the root.
pub(super) fn lesson_path(pattern: &Pattern) -> String {
    format!("patterns/{}.html", pattern_path(pattern))
}

/// Where a variant's explorer lies, from the root.
pub(super) fn explorer_path(pattern: &Pattern, variant: &Variant) -> String {
    format!("patterns/{}/{}.html", pattern_path(pattern), part(variant.name))
}

/// From the page that lies there to the root.
pub(super) fn root_from(path: &str) -> String {
    "../".repeat(path.matches('/').count())
}

/// A table in a region that scrolls by itself where it is too wide.
pub(super) fn wide(label: &str, content: &Markup) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(label) { (content) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder_or_to_another_s_page() {
        for (name, path) in [("held_lock", "held_lock"), ("..", ".2e..2e."), ("a b", "a.20.b"), ("<ü>", ".3c..fc..3e.")]
        {
            assert_eq!(part(name), path);
        }
        assert_eq!(root_from("patterns/locks/mutex/held_lock.html"), "../../../");
    }
}
