//! A site of a second catalogue, with names that would be markup, script or address if anything forgot that they are names.
//!
//! This binary is its command line, too: its child processes, and theirs, have [`ROLE`] in their environment.

use crate::browser::Browser;
use crate::site::Site;
use raddle::prelude::*;
use raddle::sync::{Arc, Mutex};
use raddle::{Catalogue, Family, thread};
use std::process::{Command, ExitCode};

const ROLE: &str = "RADDLE_TEST_HOSTILE_SITE";

const HOSTILE: Catalogue = Catalogue {
    name: "</title><script>document.hacked = 1</script>",
    families: &[Family { name: "<b>", patterns: &[NAMES] }],
    regressions: None,
};

/// What nobody would call anything. (A variant's name has no `/`: what is before the last one is the pattern's.)
const NAMES: Pattern = Pattern::new(
    "<b>/\" onmouseover=\"document.hacked = 1",
    "</td><img src=x onerror='document.hacked = 1'>",
    raddle::source!("hostile.rs"),
    &[
        Variant::correct("javascript:document.hacked=1", || embrace(false)),
        Variant::buggy("..\\&quot;><svg onload=document.hacked=1>", Class::Deadlock, || embrace(true))
            .fails_with(Expect::Deadlock(2)),
        Variant::buggy("<script>document.hacked = 1<!--", Class::Misuse, says_so)
            .fails_with(Expect::Assertion("</script>")),
    ],
);

const TASK: &str = "<script>document.hacked = 1</script>\u{1b}[31m\u{202e}";
const LOCK: &str = "__proto__\"><iframe src=javascript:document.hacked=1>";

fn task(program: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().name(TASK.to_owned()).spawn(program).unwrap()
}

/// Two take two locks, the one in this order, the other in this or in that.
fn embrace(crosswise: bool) {
    let locks = Arc::new([Mutex::new(0).named(LOCK), Mutex::new(0).named("constructor")]);
    let theirs = Arc::clone(&locks);
    let task = task(move || {
        let _one = theirs[usize::from(crosswise)].lock().unwrap();
        // BUG: <!-- --> </code></pre> the other way round.
        let _other = theirs[usize::from(!crosswise)].lock().unwrap();
    });
    let one = locks[0].lock().unwrap();
    let other = locks[1].lock().unwrap();
    drop((one, other));
    task.join().unwrap();
}

fn says_so() {
    // BUG: </script> all by itself.
    task(|| panic!("</script><script>document.hacked = 1</script>")).join().unwrap();
}

pub(crate) fn is_asked_for() -> bool {
    std::env::var_os(ROLE).is_some()
}

pub(crate) fn main() -> ExitCode {
    raddle::suite::main(&HOSTILE)
}

/// What `raddle report` writes of it.
pub(crate) fn site() -> Site {
    let mut raddle = Command::new(std::env::current_exe().expect("this binary"));
    raddle.env(ROLE, "1");
    Site::written_by(raddle)
}

pub(crate) async fn nothing_gets_out_of_its_place(browser: &Browser<'_>) {
    let pages = browser.site.pages();
    // The catalogue, the engines, the lesson, and an explorer for each variant.
    assert_eq!(pages.len(), 3 + NAMES.variants.len(), "{pages:?}");
    for page in &pages {
        browser.open(page).await;
        browser.is_ready().await;
        stays_in_its_place(browser, page).await;
        // The scheduler among them.
        for run in browser.attributes("#runs button:not(:disabled)", "data-run").await {
            browser.click(&format!("#runs button[data-run='{run}']")).await;
            stays_in_its_place(browser, page).await;
        }
    }
    let explorer = pages.iter().find(|page| page.contains("onload")).expect("the deadlock's page");
    browser.open(&format!("{explorer}#run=bug&moment=9999")).await;
    browser.reads("#cycle", |text| text.contains("<script>document.hacked") && text.contains("__proto__")).await;
    stays_in_its_place(browser, explorer).await;
}

/// No name has become an element or an attribute, or has been run.
async fn stays_in_its_place(browser: &Browser<'_>, page: &str) {
    let script = "const elements = [...document.querySelectorAll('*')];
        const handlers = elements.filter(element =>
            [...element.attributes].some(({ name, value }) => name.startsWith('on') ||
                (/^(href|src|action|formaction|data)$/.test(name) && /^\\s*javascript:/i.test(value))));
        const foreign = document.querySelectorAll('img, iframe, object, embed, base, title ~ title, svg[onload]');
        const scripts = [...document.scripts].filter(script => !script.hasAttribute('src') && script.id !== 'data');
        return [document.hacked ?? null, ...[...handlers, ...foreign, ...scripts].map(element => element.outerHTML)]
            .filter(found => found !== null);";
    let found: Vec<serde_json::Value> = browser.evaluate(script, vec![]).await;
    assert!(found.is_empty(), "{page}: {found:#?}");
}
