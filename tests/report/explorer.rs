//! The page of a variant: a counterexample stepped through, and its scheduler played.

use crate::browser::Browser;
use fantoccini::key::Key;

const DEADLOCK: &str = "patterns/locks/lock_order/opposite_orders.html";
const LOST_UPDATE: &str = "patterns/locks/mutex/split_lock.html";
const CORRECT: &str = "patterns/locks/mutex/held_lock.html";
const CHOICES: &str = "#choices button[data-way]";

async fn open(browser: &Browser<'_>, page: &str) {
    browser.open(page).await;
    browser.find("#explorer #runs button").await;
}

/// So many events have happened.
async fn is_at(browser: &Browser<'_>, moment: usize) {
    let is_there = async || (browser.property("#moment", "value").await == moment.to_string()).then_some(());
    browser.until("#count", is_there).await;
}

async fn last_moment(browser: &Browser<'_>) -> usize {
    browser.property("#moment", "max").await.parse().expect("a number of events")
}

/// What the page says of the present moment.
async fn state(browser: &Browser<'_>) -> Vec<String> {
    let mut said = Vec::new();
    for part in ["#count", "#now", "#tasks", "#objects"] {
        said.extend(browser.texts(part).await);
    }
    said
}

pub(crate) async fn steps_through_a_deadlock(browser: &Browser<'_>) {
    open(browser, DEADLOCK).await;
    browser.press(Key::Home).await;
    is_at(browser, 0).await;
    let last = last_moment(browser).await;
    assert!(last > 4, "two tasks take a lock each, and want another: {last} events");
    for moment in 1..=last {
        browser.press(Key::Right).await;
        is_at(browser, moment).await;
        let count = format!("event {moment} of {last}");
        browser.reads("#count", |text| text.starts_with(&count)).await;
    }
    let why = "each of 2 tasks holds what the next one waits for";
    browser.reads("#verdict", |text| text.contains("a cycle of 2") && text.contains(why)).await;
    for (task, wants, holder) in [("teller", "journal", "auditor"), ("auditor", "accounts", "teller")] {
        let of_task = format!("#cycle li[data-task='{task}']");
        browser.reads(&of_task, |text| [task, wants, holder].iter().all(|word| text.contains(word))).await;
        browser.reads(&format!("#objects [data-object='{wants}']"), |text| text.contains(holder)).await;
        let is_stuck = |text: &str| text.contains("blocked") && text.contains(wants);
        browser.reads(&format!("#tasks [data-task='{task}']"), is_stuck).await;
    }
    browser.press('p').await;
    is_at(browser, last - 1).await;
    browser.press(Key::End).await;
    is_at(browser, last).await;
    browser.press('r').await;
    browser.reads("#count", |text| !text.starts_with(&format!("event {last} "))).await;
}

pub(crate) async fn keeps_its_moment(browser: &Browser<'_>) {
    open(browser, DEADLOCK).await;
    browser.press(Key::Home).await;
    is_at(browser, 0).await;
    for moment in 1..=3 {
        browser.press('n').await;
        is_at(browser, moment).await;
    }
    let (address, said) = (browser.address().await, state(browser).await);
    let fragment = address.fragment().unwrap_or_default();
    assert!(fragment.contains("run=bug") && fragment.contains("moment=3"), "{address}");
    browser.go_to(address.as_str()).await;
    is_at(browser, 3).await;
    assert_eq!(state(browser).await, said, "{address}");
    // What nobody has written in good faith is as near as it gets.
    let last = last_moment(browser).await;
    for (fragment, moment) in [("run=bug&moment=99999", last), ("run=nobody&moment=-7", 0), ("run=bug&moment=2", 2)] {
        open(browser, &format!("{DEADLOCK}#{fragment}")).await;
        is_at(browser, moment).await;
    }
}

/// The run of the correct program stands beside the buggy one's, and the address says so.
pub(crate) async fn compares_with_the_fix(browser: &Browser<'_>) {
    open(browser, LOST_UPDATE).await;
    browser.find("#runs [data-run='fixed']").await;
    browser.press('c').await;
    browser.find("#other svg").await;
    let (address, fixed) = (browser.address().await, browser.reads("#other", |text| text.contains("held_lock")).await);
    assert!(address.fragment().is_some_and(|fragment| fragment.contains("compare=1")), "{address}");
    browser.go_to(address.as_str()).await;
    browser.reads("#other", |text| text == fixed).await;
}

/// The ways that can be chosen, each with its hint.
async fn choices(browser: &Browser<'_>) -> Vec<String> {
    browser.texts(CHOICES).await
}

/// Begins to play.
async fn play(browser: &Browser<'_>, page: &str) {
    open(browser, page).await;
    browser.click("[data-run='schedule']").await;
    browser.find(CHOICES).await;
}

/// Chooses, and waits until that has been done.
async fn choose(browser: &Browser<'_>, index: usize) {
    let before = browser.address().await;
    browser.press(char::from_digit(u32::try_from(index).expect("few") + 1, 10).expect("nine keys")).await;
    browser.until(CHOICES, async || (browser.address().await != before).then_some(())).await;
}

pub(crate) async fn plays_a_lost_update(browser: &Browser<'_>) {
    play(browser, LOST_UPDATE).await;
    browser.reads("#explorer", |text| text.contains(" schedules fail")).await;
    browser.press('h').await;
    browser.reads(CHOICES, |text| text.contains("fail")).await;
    // What was chosen can be taken back.
    let first = choices(browser).await;
    assert!(first.len() > 1, "{first:?}");
    choose(browser, 0).await;
    browser.press('u').await;
    browser.until(CHOICES, async || (choices(browser).await == first).then_some(())).await;
    for turn in 0.. {
        assert!(turn < 50, "it goes on and on at {}", browser.address().await);
        let hints = choices(browser).await;
        if hints.is_empty() {
            break;
        }
        let fails = hints.iter().position(|hint| !hint.contains("none fails"));
        choose(browser, fails.unwrap_or_else(|| panic!("nothing fails any more: {hints:?}"))).await;
    }
    let found = browser.reads("#verdict", |text| text.contains("an increment was lost")).await;
    assert!(found.contains("preemption"), "{found}");
}

pub(crate) async fn keeps_what_was_played(browser: &Browser<'_>) {
    play(browser, LOST_UPDATE).await;
    let first = choices(browser).await;
    choose(browser, 0).await;
    let last = choices(browser).await.len() - 1;
    choose(browser, last).await;
    let (address, said) = (browser.address().await, state(browser).await);
    assert!(address.fragment().is_some_and(|fragment| fragment.contains("run=schedule")), "{address}");
    browser.go_to(address.as_str()).await;
    browser.until("#tasks", async || (state(browser).await == said).then_some(())).await;
    assert_eq!(browser.address().await, address);
    browser.click("#restart").await;
    browser.until(CHOICES, async || (choices(browser).await == first).then_some(())).await;
}

pub(crate) async fn has_no_bug_to_find(browser: &Browser<'_>) {
    open(browser, CORRECT).await;
    browser.click("[data-run='schedule']").await;
    browser.reads("#explorer", |text| text.contains("there is no bug to find")).await;
}
