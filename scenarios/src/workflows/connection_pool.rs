//! Five queries over two connections: who gives a connection back, when, and in what state.
//!
//! # What goes wrong
//! A task that is cancelled is dropped at an await, and no line below that await runs: `leaked_on_cancel` gives its
//! connection back in such a line, and who waits for one then waits for ever. A guard gives it back on every way out;
//! but `returned_mid_transaction` gives back a connection with a transaction open, and the next task's query is part of
//! what the first had begun. Whoever needs two connections and waits for the second with the first in hand can wait for
//! somebody who does the same (`hold_and_wait`). And a connection that is tried out before it is taken off the list is
//! there for others meanwhile (`double_checkout`).
//!
//! # Outcomes
//! | variant                    | seen                              | because                                         |
//! |----------------------------|-----------------------------------|-------------------------------------------------|
//! | `guard_returns`            | five rows, less those cancelled   | dropped, the guard rolls back and gives back    |
//! | `leaked_on_cancel`         | or tasks that wait for ever       | the cancelled task never came to its last line  |
//! | `hold_and_wait`            | or tasks that wait for each other | each has one connection and wants another       |
//! | `double_checkout`          | or two tasks on one connection    | both have seen it on the list                   |
//! | `returned_mid_transaction` | or another's transaction          | the connection was given back, not rolled back  |
//!
//! # Use instead
//! A guard, which undoes what is half done before it gives back. Take off the list first, then try out. Take all that is
//! needed at once (`acquire_many(2)`), or one at a time.
//!
//! # In Python
//! `async with pool.acquire() as connection:` is the guard, and `async with connection.transaction():` inside rolls back;
//! `connection = await pool.acquire()`, the query, and `await pool.release(connection)` leak the connection when
//! `CancelledError` comes up in the query.
//!
//! # Seen in the wild
//! A pool in Rust that ran dry: a `get` that was dropped, by a timeout, kept what it had counted as its own: djc/bb8 59.

use crate::wire::{self, Reply, Server};
use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{
        self,
        sync::{Semaphore, SemaphorePermit},
    },
    time::{Duration, sleep},
};
use std::collections::BTreeSet;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "workflows/connection_pool",
    "Practical Examples of Async Workflows: Async Database Queries",
    raddle::source!("connection_pool.rs"),
    &[
        Variant::correct("guard_returns", || run(2, 1, 0, guard_returns, conserved))
            .full_size(|| run(5, 2, 1, guard_returns, conserved))
            .proven_at("3 ids", || run(3, 2, 1, guard_returns, conserved))
            .cancel_anywhere()
            .property(|| drawn(guard_returns, conserved)),
        Variant::buggy("leaked_on_cancel", Class::Leak, || run(2, 1, 1, leaked_on_cancel, any))
            .fails_with(Expect::Stuck)
            .property(|| drawn(leaked_on_cancel, any))
            .smallest("cancelled 1, connections 1, ids 2", 0),
        Variant::buggy("hold_and_wait", Class::Deadlock, || run(2, 2, 0, hold_and_wait, any))
            .fails_with(Expect::Deadlock(2))
            .property(|| drawn(hold_and_wait, any))
            .smallest("cancelled 0, connections 1, ids 1", 0),
        Variant::buggy("double_checkout", Class::AtomicityViolation, || run(2, 2, 0, double_checkout, any))
            .fails_with(Expect::Assertion("a query ran in another's transaction"))
            .property(|| drawn(double_checkout, any))
            .smallest("cancelled 0, connections 2, ids 2", 0),
        Variant::buggy("returned_mid_transaction", Class::AtomicityViolation, || {
            run(2, 1, 1, returned_mid_transaction, any);
        })
        .fails_with(Expect::Assertion("a query ran in another's transaction"))
        .property(|| drawn(returned_mid_transaction, any))
        .smallest("cancelled 1, connections 1, ids 2", 0),
    ],
);

/// Connections to the database, and whether each is in a transaction; how many of them nobody has, and which these are.
struct Pool {
    connections: Vec<AtomicBool>,
    free: Semaphore,
    idle: Mutex<BTreeSet<usize>>,
}

/// `BEGIN`, the query, and `COMMIT`: whether the row is this one's, and was read in no transaction but its own.
async fn fetch(connection: &AtomicBool, id: usize) -> bool {
    wire::transaction(server(connection), id).await.unwrap() == Some(id)
}

/// Replies to a query after a second.
fn server(in_transaction: &AtomicBool) -> Server<impl FnMut(&str) -> Option<Reply>> {
    Server::new(|line: &str| match line.split(' ').next_back().unwrap() {
        "BEGIN" if in_transaction.swap(true, SeqCst) => Some((Duration::ZERO, "WARNING\r\n".to_owned())),
        "COMMIT" => {
            in_transaction.store(false, SeqCst);
            Some((Duration::ZERO, "COMMIT\r\n".to_owned()))
        }
        "BEGIN" => Some((Duration::ZERO, "BEGIN\r\n".to_owned())),
        id => Some((Duration::from_secs(1), format!("{id}\r\n"))),
    })
}

impl Pool {
    fn new(connections: usize) -> Self {
        let flag = |number| AtomicBool::new(false).named(format!("connection-{number} in transaction"));
        Pool {
            connections: (0..connections).map(flag).collect(),
            free: Semaphore::new(connections).named("free connections"),
            idle: Mutex::new((0..connections).collect()).named("idle"),
        }
    }

    /// A connection that goes back when it is dropped.
    async fn acquire(&self) -> Lease<'_> {
        let permit = self.free.acquire().await.unwrap();
        let number = self.idle.lock().unwrap().pop_last().unwrap();
        Lease { pool: self, number, _permit: permit }
    }
}

/// A connection, until it is dropped.
struct Lease<'a> {
    pool: &'a Pool,
    number: usize,
    _permit: SemaphorePermit<'a>,
}

impl Lease<'_> {
    fn connection(&self) -> &AtomicBool {
        &self.pool.connections[self.number]
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.pool.idle.lock().unwrap().insert(self.number);
    }
}

/// Rolls back what is open when it is dropped.
struct RollsBack<'a>(&'a AtomicBool);

impl Drop for RollsBack<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

async fn guard_returns(pool: Arc<Pool>, id: usize) -> bool {
    let lease = pool.acquire().await;
    let transaction = RollsBack(lease.connection());
    fetch(transaction.0, id).await
}

async fn leaked_on_cancel(pool: Arc<Pool>, id: usize) -> bool {
    pool.free.acquire().await.unwrap().forget();
    let number = pool.idle.lock().unwrap().pop_last().unwrap();
    let transaction = RollsBack(&pool.connections[number]);
    let alone = fetch(transaction.0, id).await;
    // BUG: a task that is cancelled in the await above doesn't come by here.
    pool.idle.lock().unwrap().insert(number);
    pool.free.add_permits(1);
    alone
}

async fn hold_and_wait(pool: Arc<Pool>, id: usize) -> bool {
    let lease = pool.acquire().await;
    let transaction = RollsBack(lease.connection());
    let alone = fetch(transaction.0, id).await;
    // BUG: the others keep theirs, too, while they wait for a second one.
    let log = pool.acquire().await;
    fetch(log.connection(), id).await && alone
}

async fn double_checkout(pool: Arc<Pool>, id: usize) -> bool {
    let permit = pool.free.acquire().await.unwrap();
    let number = *pool.idle.lock().unwrap().last().unwrap();
    // A ping: is the server still there?
    sleep(Duration::from_secs(1)).await;
    // BUG: it was on the list during the await above, and another can have chosen it.
    pool.idle.lock().unwrap().remove(&number);
    let lease = Lease { pool: &pool, number, _permit: permit };
    let transaction = RollsBack(lease.connection());
    fetch(transaction.0, id).await
}

async fn returned_mid_transaction(pool: Arc<Pool>, id: usize) -> bool {
    let lease = pool.acquire().await;
    // BUG: cancelled here, the task gives the connection back as it is: in a transaction.
    fetch(lease.connection(), id).await
}

trait Task: Future<Output = bool> + Send + 'static {}
impl<F: Future<Output = bool> + Send + 'static> Task for F {}
/// One query: whether it ran in a transaction of its own.
type Query<F> = fn(Arc<Pool>, usize) -> F;
/// Looks at what is left of the pool.
type End = fn(&Pool);

fn any(_pool: &Pool) {}

fn conserved(pool: &Pool) {
    let back = [pool.free.available_permits(), pool.idle.lock().unwrap().len()];
    assert!(back == [pool.connections.len(); 2], "a connection was not given back");
}

fn drawn<F: Task>(query: Query<F>, end: End) -> Property {
    let sizes = (0..=1_usize, 1..=3_usize, 1..=5_usize);
    Property::new(&["cancelled", "connections", "ids"], sizes, move |(cancelled, connections, ids)| {
        run(ids, connections, cancelled, query, end);
    })
}

/// Queries for so many ids, the first `cancelled` of which are cancelled after a second.
fn run<F: Task>(ids: usize, connections: usize, cancelled: usize, query: Query<F>, end: End) {
    task::block_on(async {
        let pool = Arc::new(Pool::new(connections));
        let start = |id| task::Builder::new().name(format!("user-{id}")).spawn(query(Arc::clone(&pool), id)).unwrap();
        let tasks: Vec<_> = (1..=ids).map(start).collect();
        if cancelled > 0 {
            sleep(Duration::from_secs(1)).await;
            tasks.iter().take(cancelled).for_each(|task| task.abort());
        }
        for task in tasks {
            let alone = task.await.ok();
            raddle::observe("alone", format_args!("{alone:?}"));
            assert!(alone != Some(false), "a query ran in another's transaction");
        }
        end(&pool);
    });
}
