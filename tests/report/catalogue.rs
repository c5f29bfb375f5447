//! The matrix: what is searched and filtered in it, that its address keeps that, and where it leads.

use crate::browser::Browser;
use raddle_scenarios::CATALOGUE;
use std::collections::BTreeSet;

const ROWS: &str = "#matrix tbody tr[data-variant]";

/// Every variant's full name, in the catalogue's order.
fn all() -> Vec<String> {
    let names = |pattern: &'static raddle::Pattern| {
        pattern.variants.iter().map(move |variant| format!("{}/{}", pattern.name, variant.name))
    };
    CATALOGUE.patterns().flat_map(names).collect()
}

async fn open(browser: &Browser<'_>) {
    browser.open("index.html").await;
    shows(browser, &all()).await;
}

/// The rows that can be seen are these, in whatever order, and the page says how many they are.
async fn shows(browser: &Browser<'_>, wanted: &[String]) {
    let set: BTreeSet<&String> = wanted.iter().collect();
    let are_shown = async || {
        let shown = browser.attributes(ROWS, "data-variant").await;
        (shown.len() == wanted.len() && shown.iter().collect::<BTreeSet<_>>() == set).then_some(())
    };
    browser.until(ROWS, are_shown).await;
    let count = format!("{} of {} ", wanted.len(), all().len());
    browser.reads("#count", |text| text.starts_with(&count)).await;
}

fn those(are_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    all().into_iter().filter(|name| are_wanted(name)).collect()
}

pub(crate) async fn searches(browser: &Browser<'_>) {
    open(browser).await;
    browser.fill("#search", "split_lock").await;
    let found = those(|name| name.contains("split_lock"));
    assert!(found.contains(&"locks/mutex/split_lock".to_owned()));
    shows(browser, &found).await;
    browser.fill("#search", "no such program").await;
    shows(browser, &[]).await;
    browser.fill("#search", "LOCK_ORDER").await;
    shows(browser, &those(|name| name.contains("lock_order"))).await;
    browser.fill("#search", "").await;
    shows(browser, &all()).await;
}

pub(crate) async fn filters_a_family(browser: &Browser<'_>) {
    open(browser).await;
    for family in CATALOGUE.families {
        browser.select("#family", family.name).await;
        shows(browser, &those(|name| name.starts_with(&format!("{}/", family.name)))).await;
    }
    browser.select("#family", "").await;
    shows(browser, &all()).await;
}

/// The rows in which this engine has come to this verdict, by the table's cells.
async fn with_verdict(browser: &Browser<'_>, engine: &str, verdict: &str) -> Vec<String> {
    let script = "const [rows, engine, verdict] = arguments;
        const has = row => row.querySelector(`[data-engine='${engine}'][data-verdict='${verdict}']`);
        return [...document.querySelectorAll(rows)].filter(has).map(row => row.dataset.variant);";
    browser.evaluate(script, vec![ROWS.into(), engine.into(), verdict.into()]).await
}

pub(crate) async fn filters_engine_and_verdict(browser: &Browser<'_>) {
    open(browser).await;
    let deadlocks = with_verdict(browser, "loom", "deadlock").await;
    let is_among = |name: &str| deadlocks.iter().any(|found| found == name);
    assert!(is_among("locks/lock_order/opposite_orders") && !is_among("locks/mutex/split_lock"), "{deadlocks:?}");
    browser.select("#engine", "loom").await;
    browser.select("#verdict", "deadlock").await;
    shows(browser, &deadlocks).await;
    browser.select("#family", "locks").await;
    let in_family: Vec<String> = deadlocks.iter().filter(|name| name.starts_with("locks/")).cloned().collect();
    shows(browser, &in_family).await;
}

/// What the controls are set to.
async fn controls(browser: &Browser<'_>) -> Vec<String> {
    let mut values = Vec::new();
    for control in ["#search", "#family", "#class", "#engine", "#verdict"] {
        values.push(browser.property(control, "value").await);
    }
    values
}

pub(crate) async fn keeps_its_filters(browser: &Browser<'_>) {
    open(browser).await;
    browser.select("#family", "locks").await;
    browser.select("#engine", "exhaustive").await;
    browser.select("#verdict", "deadlock").await;
    browser.fill("#search", "order").await;
    let found: Vec<String> = with_verdict(browser, "exhaustive", "deadlock").await;
    let found: Vec<String> =
        found.into_iter().filter(|name| name.starts_with("locks/") && name.contains("order")).collect();
    assert!(!found.is_empty());
    shows(browser, &found).await;
    let (address, set) = (browser.address().await, controls(browser).await);
    browser.go_to(address.as_str()).await;
    shows(browser, &found).await;
    assert_eq!(controls(browser).await, set, "{address}");
}

pub(crate) async fn opens_a_lesson(browser: &Browser<'_>) {
    open(browser).await;
    let row = "#matrix tr[data-variant='locks/mutex/split_lock']";
    browser.click(&format!("{row} a[href='patterns/locks/mutex.html#split_lock']")).await;
    browser.find("section#split_lock:target").await;
    assert_eq!(browser.address().await, browser.site.address("patterns/locks/mutex.html#split_lock"));
    browser.reads("h1", |title| title.contains("locks/mutex")).await;
}

pub(crate) async fn opens_an_explorer(browser: &Browser<'_>) {
    open(browser).await;
    let row = "#matrix tr[data-variant='locks/mutex/split_lock']";
    browser.click(&format!("{row} a[href='patterns/locks/mutex/split_lock.html']")).await;
    browser.find("#explorer #runs button").await;
    browser.reads("h1", |title| title.contains("split_lock")).await;
}
