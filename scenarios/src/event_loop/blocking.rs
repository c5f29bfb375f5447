//! A loop has one thread: whoever keeps it, keeps everybody on the loop waiting.
//!
//! # What goes wrong
//! A heartbeat has to beat every second. A computation that takes three, done in a task, takes them from everybody, as a
//! loop can't interrupt a poll (`cpu_on_the_loop`). A thread of its own gives the loop back (`offloaded`). A lock for threads
//! that is held across an await keeps the loop in another way: the heartbeat wants it, blocks the thread for it, and who
//! has it is never polled again to give it back (`sync_lock_across_await`). The compiler refuses such a guard in a
//! task that can move between threads, not in what `block_on` polls.
//!
//! A loop can also be kept without blocking. Executors poll the task that the running one has just woken next, from a slot
//! that comes before the queue: what it has been sent is still in the processor's cache. Two tasks that keep waking each
//! other never leave that slot empty, and the queue waits behind them (`ping_pong_never_yields`).
//!
//! # Outcomes
//! | variant                  | the heartbeat           | because                                            |
//! |--------------------------|-------------------------|----------------------------------------------------|
//! | `offloaded`              | is in time              | a thread computes; the slot has a bound            |
//! | `cpu_on_the_loop`        | or is late              | nobody is polled while a poll computes             |
//! | `sync_lock_across_await` | or waits for ever       | it has the loop, and who has the lock wants that   |
//! | `ping_pong_never_yields` | or is passed over       | the slot comes first and is never empty            |
//!
//! # Use instead
//! `spawn_blocking` for what computes. A guard that is dropped before the await, or a `tokio::sync::Mutex`. A bound on polls
//! from the slot; in tasks that never wait, `yield_now`.
//!
//! # In Python
//! `await loop.run_in_executor(executor, cpu_bound_work, 10_000_000)`, and not `cpu_bound_work(10_000_000)`. `async with` an
//! `asyncio.Lock`, and never an `await` in `with threading.Lock():`. asyncio's queue has no such slot: who is woken
//! goes to its end.
//!
//! # Seen in the wild
//! Two futures of `main` that lock one mutex across a sleep: tokio 4588. Tasks that stay in the slot, as what wakes them
//! uses up no budget: tokio PR 5686; a bound on polls in a row came with tokio PR 5712.

use raddle::prelude::*;
use raddle::{
    Bypass,
    sync::{Arc, Mutex},
    task::{self, sync::Notify},
    thread,
    time::{Deadline, Duration, sleep},
};
use std::collections::VecDeque;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "event_loop/blocking",
    "The Event Loop and Coroutines: Writing Non-Blocking Code",
    raddle::source!("blocking.rs"),
    &[
        Variant::correct("offloaded", || run(1, offloaded)).full_size(|| either(3, 4)).property(|| {
            Property::new(&["beats", "rounds"], (1..=4_u32, 1..=4_u32), |(beats, rounds)| either(beats, rounds))
        }),
        Variant::buggy("cpu_on_the_loop", Class::Starvation, || run(1, cpu_on_the_loop))
            .fails_with(Expect::Starvation)
            .property(|| drawn(cpu_on_the_loop))
            .smallest("beats 1", 0),
        Variant::buggy("sync_lock_across_await", Class::Deadlock, || run(1, sync_lock_across_await))
            .fails_with(Expect::Deadlock(2))
            .property(|| drawn(sync_lock_across_await))
            .smallest("beats 1", 0),
        Variant::buggy("ping_pong_never_yields", Class::Starvation, || ping_pong(3, ping_pong_never_yields))
            .fails_with(Expect::Starvation)
            .property(|| Property::new(&["rounds"], 1..=4_u32, |rounds| ping_pong(rounds, ping_pong_never_yields)))
            .smallest("rounds 3", 0),
    ],
);

const SECOND: Duration = Duration::from_secs(1);

fn cpu_bound_work() -> u32 {
    thread::sleep(3 * SECOND);
    285
}

async fn offloaded(total: Arc<Mutex<u32>>) {
    let result = task::spawn_blocking(cpu_bound_work).await.unwrap();
    *total.lock().unwrap() += result;
}

async fn cpu_on_the_loop(total: Arc<Mutex<u32>>) {
    // BUG: the loop polls nobody until this returns.
    let result = cpu_bound_work();
    *total.lock().unwrap() += result;
}

async fn sync_lock_across_await(total: Arc<Mutex<u32>>) {
    let mut total = total.lock().unwrap();
    // BUG: who locks `total` while this waits blocks the loop, without which this never goes on.
    *total += task::spawn_blocking(cpu_bound_work).await.unwrap();
}

/// Tells every second what there is.
async fn heartbeat(beats: u32, total: Arc<Mutex<u32>>) {
    for _ in 0..beats {
        let deadline = Deadline::after(SECOND).named("heartbeat");
        sleep(SECOND).await;
        deadline.met();
        let _so_far = *total.lock().unwrap();
    }
}

fn drawn<F: Future<Output = ()> + 'static>(work: fn(Arc<Mutex<u32>>) -> F) -> Property {
    Property::new(&["beats"], 1..=4_u32, move |beats| run(beats, work))
}

/// A heartbeat, and work that comes after a second.
fn run<F: Future<Output = ()>>(beats: u32, work: fn(Arc<Mutex<u32>>) -> F) {
    task::block_on(async {
        let total = Arc::new(Mutex::new(0).named("total"));
        let beating = heartbeat(beats, Arc::clone(&total));
        let beating = task::Builder::new().name("heartbeat").spawn(beating).unwrap();
        sleep(SECOND).await;
        work(total).await;
        beating.await.unwrap();
    });
}

/// Who is to be polled: the slot has whom the running task has woken, the queue everybody else.
struct Ready {
    slot: Option<usize>,
    queue: VecDeque<usize>,
    from_slot: usize,
}

/// Whom to poll next.
type Next = fn(&mut Ready) -> Option<usize>;

/// How many polls from the slot there may be in a row.
const FROM_SLOT: usize = 3;

fn slot_has_a_bound(ready: &mut Ready) -> Option<usize> {
    ready.from_slot += 1;
    if ready.from_slot > FROM_SLOT || ready.slot.is_none() {
        ready.queue.extend(ready.slot.take());
        ready.from_slot = 0;
    }
    ready.slot.take().or_else(|| ready.queue.pop_front())
}

fn ping_pong_never_yields(ready: &mut Ready) -> Option<usize> {
    // BUG: while two tasks wake each other the slot is never empty, and the queue never comes to its turn.
    ready.slot.take().or_else(|| ready.queue.pop_front())
}

const TASKS: [&str; 3] = ["ping", "pong", "heartbeat"];

/// A worker of an executor, which has one of its tasks polled at a time.
struct Worker {
    ready: Mutex<Ready>,
    polls: [Notify; 3],
    turns: Bypass,
    next: Next,
}

impl Worker {
    /// A poll of `me`, which wakes another task or none.
    async fn poll(&self, me: usize, wakes: Option<usize>) {
        let request = self.turns.request();
        self.polls[me].notified().await;
        request.granted();
        self.poll_next(wakes);
    }

    fn poll_next(&self, woken: Option<usize>) {
        let mut ready = self.ready.lock().unwrap();
        ready.slot = woken;
        let next = (self.next)(&mut ready);
        drop(ready);
        if let Some(task) = next {
            self.polls[task].notify_one();
        }
    }
}

/// Two tasks that wake each other for so many rounds, and one that is in the queue behind the first.
fn ping_pong(rounds: u32, next: Next) {
    task::block_on(async {
        let ready = Ready { slot: None, queue: VecDeque::from([0, 2]), from_slot: 0 };
        // Before the heartbeat there may be the first of the queue, and as many as the slot has in a row.
        let turns = Bypass::new(1 + FROM_SLOT).named("worker");
        let polls = TASKS.map(|name| Notify::new().named(name));
        let worker = Arc::new(Worker { ready: Mutex::new(ready).named_opaque("ready"), polls, turns, next });
        let start = |me: usize| {
            let worker = Arc::clone(&worker);
            let play = async move {
                for round in 1..=if me == 2 { 1 } else { rounds } {
                    let wakes = [Some(1), Some(0).filter(|_| round < rounds), None][me];
                    worker.poll(me, wakes).await;
                }
            };
            task::Builder::new().name(TASKS[me]).spawn(play).unwrap()
        };
        let running = [0, 1, 2].map(start);
        worker.poll_next(None);
        for task in running {
            task.await.unwrap();
        }
    });
}

/// Work in a thread, or a worker whose slot has a bound.
fn either(beats: u32, rounds: u32) {
    match raddle::choose(2) {
        0 => run(beats, offloaded),
        _ => ping_pong(rounds, slot_has_a_bound),
    }
}
