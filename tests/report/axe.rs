//! Accessibility: axe-core finds nothing in a page of each kind, wide and narrow, light and dark; and a narrow page does not
//! scroll sideways.

use crate::browser::{Browser, VIEWS, View};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A page, at a moment at which there is much to see.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    pub(crate) name: &'static str,
    path: &'static str,
    /// What is to be seen before it is looked into.
    shows: &'static str,
}

pub(crate) const PAGES: [Page; 7] = [
    Page { name: "matrix", path: "index.html", shows: "#matrix" },
    Page { name: "engines", path: "engines.html", shows: "h1" },
    Page { name: "lesson", path: "patterns/locks/mutex.html", shows: "section" },
    Page {
        name: "deadlock",
        path: "patterns/locks/lock_order/opposite_orders.html#run=bug&moment=9999&compare=1",
        shows: "#cycle li",
    },
    Page {
        name: "starvation",
        path: "patterns/pitfalls/unfair_lock/barging.html#run=bug&moment=9999",
        shows: "#verdict",
    },
    Page {
        name: "cancellation",
        path: "patterns/advanced/cancellation/torn_update.html#run=bug&moment=9999",
        shows: "#verdict",
    },
    Page { name: "schedule", path: "patterns/locks/mutex/split_lock.html#run=schedule", shows: "#choices button" },
];

/// The script that is injected into each page.
///
/// # Errors
/// If it is not here, how to come by it.
pub(crate) fn script() -> Result<String, String> {
    let path = raddle_tests::root().join("tests/report/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(path).map_err(|_| "no axe-core here; `npm ci --prefix tests/report` installs it".to_owned())
}

#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    impact: Option<String>,
    help: String,
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    html: String,
    failure_summary: Option<String>,
}

impl Violation {
    fn is_grave(&self) -> bool {
        matches!(self.impact.as_deref(), Some("serious" | "critical"))
    }

    fn describe(&self, page: &str) -> String {
        let impact = self.impact.as_deref().unwrap_or("no impact");
        let mut text = format!("{page}: {impact}: {}: {} ({} times)", self.id, self.help, self.nodes.len());
        for node in self.nodes.iter().take(3) {
            let html: String = node.html.chars().take(160).collect();
            let why = node.failure_summary.as_deref().unwrap_or_default().replace('\n', " ");
            text.extend(["\n    ", &html, "\n    ", &why]);
        }
        text
    }
}

pub(crate) async fn finds_nothing(browser: &Browser<'_>, page: Page, script: &str) {
    let mut grave = Vec::new();
    for view in VIEWS {
        let name = format!("{}, {}", page.name, view.name);
        show(browser, page, view).await;
        // axe-core itself may have things to say to the console.
        browser.has_nothing_to_complain_of().await;
        for violation in violations(browser, script).await {
            let description = violation.describe(&name);
            if violation.is_grave() {
                grave.push(description);
            } else {
                eprintln!("{description}");
            }
        }
        browser.complaints().await;
        let (wide, window) = widths(browser).await;
        assert!(!view.is_narrow() || wide <= window, "{name}: {wide} pixels wide, and the window is {window}");
    }
    assert!(grave.is_empty(), "{}", grave.join("\n"));
}

/// Opens the page in this view, and draws it if it is asked for.
async fn show(browser: &Browser<'_>, page: Page, view: View) {
    browser.look(view).await;
    browser.open(page.path).await;
    browser.is_ready().await;
    browser.reads(page.shows, |text| !text.trim().is_empty()).await;
    if let Some(folder) = std::env::var_os("RADDLE_SCREENSHOTS").map(PathBuf::from) {
        let file = folder.join(format!("{}-{}.png", page.name, view.name));
        write(&file, &browser.screenshot().await).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

fn write(file: &Path, content: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    std::fs::write(file, content)
}

async fn violations(browser: &Browser<'_>, script: &str) -> Vec<Violation> {
    browser.evaluate::<()>(script, vec![]).await;
    // Styles are not loaded a second time: the page's policy would forbid that.
    let run = "const done = arguments[0];
        axe.run(document, { preload: false, resultTypes: ['violations'] })
            .then(({ violations }) => done(violations), error => done(String(error)));";
    browser.evaluate_async(run).await
}

/// How wide the page is, and its window.
async fn widths(browser: &Browser<'_>) -> (f64, f64) {
    let script = "const page = document.documentElement; return [page.scrollWidth, page.clientWidth];";
    browser.evaluate(script, vec![]).await
}
