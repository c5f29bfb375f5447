//! Every page of the site, one after the other.

use crate::browser::Browser;

/// How long a page may take until it can be read.
const MILLIS_MAX: f64 = 1_000.0;
/// A machine that has other things to do is not the page's fault: the fastest of so many times counts.
const TIMES: usize = 5;

pub(crate) async fn load_quietly_and_soon(browser: &Browser<'_>) {
    let pages = browser.site.pages();
    assert!(pages.len() > 2, "{pages:?}");
    let mut taken: Vec<(f64, &str)> = Vec::new();
    let mut complaints = Vec::new();
    for page in &pages {
        taken.push((millis(browser, page).await, page));
        complaints.extend(browser.complaints().await.into_iter().map(|complaint| format!("{page}: {complaint}")));
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
    taken.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let slowest = &taken[..taken.len().min(3)];
    eprintln!("{} pages; the slowest, in ms: {slowest:.0?}", pages.len());
    assert!(slowest[0].0 < MILLIS_MAX, "{slowest:#?}");
}

async fn millis(browser: &Browser<'_>, page: &str) -> f64 {
    let mut fastest = f64::INFINITY;
    for _ in 0..TIMES {
        browser.open(page).await;
        fastest = fastest.min(browser.is_ready().await);
        if fastest < MILLIS_MAX {
            break;
        }
    }
    fastest
}
