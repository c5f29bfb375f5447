//! Three URLs fetched at once over one session: who may close it, whose body is which, and how many at a time.
//!
//! # What goes wrong
//! A task that has been started has done nothing yet. `session_closed_early` leaves the session's block when all
//! fetches are started, not when they are done, and they find it closed. Bodies come in any order:
//! `results_by_completion` takes them as they come, and credits the first to the first URL. And whoever starts a task for
//! each URL has as many connections as there are URLs (`unbounded_fan_out`), however few the server takes.
//!
//! # Outcomes
//! | variant                    | seen                                 | because                                     |
//! |----------------------------|--------------------------------------|---------------------------------------------|
//! | `session_outlives_fetches` | each URL's own body, within limits   | all are awaited, in the order of the URLs   |
//! | `session_closed_early`     | a request on a closed session        | a started task has not been polled yet      |
//! | `results_by_completion`    | or a body credited to another URL    | bodies come in any order                    |
//! | `unbounded_fan_out`        | more connections than the limit      | nothing stands between a task and a request |
//!
//! # Use instead
//! Await all tasks before the session goes, in the order in which they were started (a `JoinSet` gives them as they end:
//! let each return its URL along with the body). A semaphore with as many permits as there may be connections.
//!
//! # In Python
//! `asyncio.gather(*tasks)` inside `async with aiohttp.ClientSession() as session`: it keeps the order, which
//! `asyncio.as_completed(tasks)` does not. One indentation less, and the session is closed before the first `get`:
//! `RuntimeError: Session is closed`. `aiohttp.TCPConnector(limit=2)` or an `asyncio.Semaphore(2)` around the `get`
//! bounds the connections; the task for each URL doesn't.

use crate::wire::{self, Reply, Server};
use raddle::prelude::*;
use raddle::{
    misuse,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{self, JoinHandle, JoinSet, sync::Semaphore},
    time::Duration,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "workflows/scraper",
    "Practical Examples of Async Workflows: Async Web Scraping",
    raddle::source!("scraper.rs"),
    &[
        Variant::correct("session_outlives_fetches", || run(2, 1, session_outlives_fetches))
            .full_size(|| run(3, 2, session_outlives_fetches))
            .cancel_anywhere()
            .property(|| drawn(session_outlives_fetches)),
        Variant::buggy("session_closed_early", Class::OrderViolation, || run(1, 1, session_closed_early))
            .fails_with(Expect::Misuse)
            .property(|| drawn(session_closed_early))
            .smallest("limit 1, urls 1", 0),
        Variant::buggy("results_by_completion", Class::OrderViolation, || run(2, 1, results_by_completion))
            .fails_with(Expect::Assertion("a body was credited to another URL"))
            .property(|| drawn(results_by_completion))
            .smallest("limit 1, urls 2", 0),
        Variant::buggy("unbounded_fan_out", Class::Misuse, || run(2, 1, unbounded_fan_out))
            .fails_with(Expect::Assertion("there were more connections than the limit"))
            .property(|| drawn(unbounded_fan_out))
            .smallest("limit 1, urls 2", 0),
    ],
);

/// A body for each URL, in order; none where the fetch was cancelled.
type Bodies = Vec<Option<usize>>;

/// What all requests go through, until it is closed.
struct Session {
    closed: AtomicBool,
    connections: AtomicUsize,
    most: AtomicUsize,
    permits: Semaphore,
}

impl Session {
    fn new(limit: usize) -> Self {
        Session {
            closed: AtomicBool::new(false).named("closed"),
            connections: AtomicUsize::new(0).named("connections"),
            most: AtomicUsize::new(0).named("most connections"),
            permits: Semaphore::new(limit).named("permits"),
        }
    }

    /// The body of this URL: its number, after a second.
    async fn get(&self, url: usize) -> usize {
        if self.closed.load(SeqCst) {
            misuse(format!("GET {url}: the session is closed"));
        }
        let _connection = Connection::open(self);
        wire::get(server(), url).await.unwrap()
    }

    fn close(&self) {
        self.closed.store(true, SeqCst);
    }
}

/// Replies to each request, after a second, with its number.
fn server() -> Server<impl FnMut(&str) -> Option<Reply>> {
    let mut url = String::new();
    Server::new(move |line| {
        if let Some(rest) = line.strip_prefix("GET /") {
            rest.split(' ').next().unwrap().clone_into(&mut url);
        }
        let page = || format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{url}", url.len());
        line.is_empty().then(|| (Duration::from_secs(1), page()))
    })
}

/// Of a request, until it is dropped.
struct Connection<'a>(&'a Session);

impl<'a> Connection<'a> {
    fn open(session: &'a Session) -> Self {
        let connections = session.connections.fetch_add(1, SeqCst) + 1;
        session.most.fetch_max(connections, SeqCst);
        Connection(session)
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, SeqCst);
    }
}

async fn fetch(session: Arc<Session>, url: usize) -> usize {
    let _permit = session.permits.acquire().await.unwrap();
    session.get(url).await
}

async fn fetch_at_once(session: Arc<Session>, url: usize) -> usize {
    session.get(url).await
}

async fn session_outlives_fetches(session: Arc<Session>, urls: usize) -> Bodies {
    let tasks = (0..urls).map(|url| start(url, fetch(Arc::clone(&session), url))).collect();
    let bodies = gather(tasks).await;
    session.close();
    bodies
}

async fn session_closed_early(session: Arc<Session>, urls: usize) -> Bodies {
    let tasks = (0..urls).map(|url| start(url, fetch(Arc::clone(&session), url))).collect();
    // BUG: the fetches have been started, and none of them has come to its request.
    session.close();
    gather(tasks).await
}

async fn results_by_completion(session: Arc<Session>, urls: usize) -> Bodies {
    let (mut tasks, mut bodies) = (JoinSet::new(), Vec::new());
    for url in 0..urls {
        tasks.spawn_named(format!("fetch-{url}"), fetch(Arc::clone(&session), url));
    }
    while let Some(body) = tasks.join_next().await {
        // BUG: this is the body that came next, and its place says that it is the next URL's.
        bodies.push(body.ok());
    }
    session.close();
    bodies
}

async fn unbounded_fan_out(session: Arc<Session>, urls: usize) -> Bodies {
    // BUG: there are as many requests under way as there are URLs.
    let tasks = (0..urls).map(|url| start(url, fetch_at_once(Arc::clone(&session), url))).collect();
    let bodies = gather(tasks).await;
    session.close();
    bodies
}

fn start<F: Future<Output = usize> + Send + 'static>(url: usize, fetch: F) -> JoinHandle<usize> {
    task::Builder::new().name(format!("fetch-{url}")).spawn(fetch).unwrap()
}

/// All results, in the order of the tasks.
async fn gather(tasks: Vec<JoinHandle<usize>>) -> Bodies {
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.ok());
    }
    results
}

/// Fetches so many URLs over a session: the body of each, in order.
type Scrape<F> = fn(Arc<Session>, usize) -> F;

fn drawn<F: Future<Output = Bodies> + 'static>(scrape: Scrape<F>) -> Property {
    Property::new(&["limit", "urls"], (1..=3_usize, 1..=5_usize), move |(limit, urls)| run(urls, limit, scrape))
}

/// URLs 0, 1, … of a server that takes `limit` connections.
fn run<F: Future<Output = Bodies>>(urls: usize, limit: usize, scrape: Scrape<F>) {
    task::block_on(async {
        let session = Arc::new(Session::new(limit));
        let bodies = scrape(Arc::clone(&session), urls).await;
        raddle::observe("bodies", format_args!("{bodies:?}"));
        let is_own = |(url, body): (usize, &Option<usize>)| body.is_none_or(|body| body == url);
        let all_own = bodies.len() == urls && bodies.iter().enumerate().all(is_own);
        assert!(all_own, "a body was credited to another URL");
        assert!(session.most.load(SeqCst) <= limit, "there were more connections than the limit");
        let back = session.connections.load(SeqCst) == 0 && session.permits.available_permits() == limit;
        assert!(back, "a connection or a permit was not given back");
    });
}
