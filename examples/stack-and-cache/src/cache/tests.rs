//! Both versions of the cache under the same programs.

use super::Cache;
use super::before::Announced;
use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::tokio::task::{self, JoinHandle};
use raddle::{Checker, Engine, Outcome, Verdict};

/// What both versions are, of one key.
trait Rates: Default + Send + Sync + 'static {
    fn rate(&self, bank: &Bank) -> impl Future<Output = Result<u32, Closed>> + Send;
}

impl Rates for Cache<&'static str, u32> {
    async fn rate(&self, bank: &Bank) -> Result<u32, Closed> {
        self.get("eur", || bank.ask()).await
    }
}

impl Rates for Announced<&'static str, u32> {
    async fn rate(&self, bank: &Bank) -> Result<u32, Closed> {
        self.get("eur", || bank.ask()).await
    }
}

#[derive(Debug, PartialEq)]
struct Closed;

/// Whom a load asks.
struct Bank {
    asked: AtomicU32,
    /// So many questions are turned down first.
    closed_for: u32,
}

impl Bank {
    async fn ask(&self) -> Result<u32, Closed> {
        let asked = self.asked.fetch_add(1, SeqCst);
        task::yield_now().await;
        if asked < self.closed_for { Err(Closed) } else { Ok(7) }
    }
}

/// Callers for one rate, each a task: what each was given, `None` where it was cancelled; and how often the bank was asked.
fn callers<R: Rates>(closed_for: u32, names: &'static [&'static str]) -> (Vec<Option<Result<u32, Closed>>>, u32) {
    task::block_on(async {
        let shared = Arc::new((R::default(), Bank { asked: AtomicU32::new(0), closed_for }));
        let start = |name: &&str| -> JoinHandle<_> {
            let shared = Arc::clone(&shared);
            let call = async move { shared.0.rate(&shared.1).await };
            task::Builder::new().name(*name).spawn(call).unwrap()
        };
        let mut given = Vec::new();
        for caller in names.iter().map(start).collect::<Vec<_>>() {
            given.push(caller.await.ok());
        }
        (given, shared.1.asked.load(SeqCst))
    })
}

const TWO: &[&str] = &["first", "second"];
const THREE: &[&str] = &["first", "second", "third"];

fn share_a_load<R: Rates>(names: &'static [&'static str]) {
    let (given, asked) = callers::<R>(0, names);
    assert!(given.iter().all(|given| *given == Some(Ok(7))), "{given:?}");
    assert_eq!(asked, 1, "more than one load");
}

/// For [`Checker::cancel_anywhere`]: who is not cancelled is served.
fn outlive_a_caller<R: Rates>() {
    let (given, asked) = callers::<R>(0, THREE);
    let cancelled = given.iter().filter(|given| given.is_none()).count();
    assert!(given.iter().flatten().all(|given| *given == Ok(7)), "{given:?}");
    assert!(cancelled <= 1 && asked as usize <= 1 + cancelled, "asked {asked} times, and {cancelled} cancelled");
}

fn outlive_a_failed_load<R: Rates>() {
    let (given, asked) = callers::<R>(1, THREE);
    let failed = given.iter().filter(|given| **given == Some(Err(Closed))).count();
    assert_eq!((failed, asked), (1, 2), "{given:?}");
}

/// Every interleaving. Three tasks on one loop are loom's work for minutes, and there are no memory orders in them.
fn exhaustively() -> Checker {
    Checker::new().engine(Engine::Exhaustive)
}

#[test]
fn concurrent_callers_share_a_load() {
    raddle::check(|| share_a_load::<Cache<_, _>>(TWO));
    exhaustively().check(|| share_a_load::<Cache<_, _>>(THREE));
}

#[test]
fn a_cancelled_caller_takes_nobody_with_it() {
    let checker = exhaustively().cancel_anywhere();
    checker.check(outlive_a_caller::<Cache<_, _>>);
    // Of each caller: before its first poll, and where it first waits, be it for the lock or for the bank.
    assert_eq!(checker.awaits_cancelled(), Some(6));
}

#[test]
fn the_next_caller_loads_after_a_load_that_failed() {
    exhaustively().check(outlive_a_failed_load::<Cache<_, _>>);
}

/// Who waits in vain when `program` is stuck.
#[track_caller]
fn stuck(checker: &Checker, program: fn()) -> Vec<String> {
    match checker.run(program) {
        Ok(Outcome::Fails(found)) => match found.verdict {
            Verdict::Stuck { waiting } => waiting.into_iter().map(|waiting| waiting.task).collect(),
            other => panic!("{other}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_only_says_that_it_loads_shares_while_nobody_is_cancelled() {
    exhaustively().check(|| share_a_load::<Announced<_, _>>(THREE));
}

#[test]
fn who_only_says_that_it_loads_leaves_the_others_waiting() {
    for engine in [Engine::Exhaustive, Engine::shuttle()] {
        let checker = Checker::new().engine(engine);
        for (checker, program) in [
            (checker.clone().cancel_anywhere(), outlive_a_caller::<Announced<_, _>> as fn()),
            (checker, outlive_a_failed_load::<Announced<_, _>>),
        ] {
            let waiting = stuck(&checker, program);
            assert_eq!(waiting.len(), 3, "main, and two of the callers: {waiting:?}");
        }
    }
}
