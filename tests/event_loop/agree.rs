//! Generated programs of tasks: the exhaustive engine comes to what depth-first search does, and so does loom.

use super::{Checker, DFS, Engine, Outcome};
use raddle::proptest::prelude::*;
use raddle::proptest::strategy::ValueTree;
use raddle::proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::task::sync::{Mutex, Notify, Semaphore, mpsc};
use raddle::task::{self, runtime};
use raddle::time::{self, Duration};
use raddle_tests::soak;
use std::collections::BTreeSet;
use std::sync::{Arc as StdArc, Mutex as StdMutex};

#[derive(Clone, Debug)]
enum Step {
    /// Adds one to the counter, under the mutex, with an await in between.
    Add,
    Acquire,
    Release,
    Send(u32),
    TryReceive,
    Sleep(u64),
    Yield,
    NotifyOne,
    NotifyAll,
    /// Waits for a notification, a second at most.
    Notified,
    /// Aborts the task of this number.
    Abort(usize),
}

#[derive(Clone, Debug)]
struct Plan {
    tasks: Vec<Vec<Step>>,
    on_several: bool,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Add),
        1 => Just(Step::Acquire),
        1 => Just(Step::Release),
        1 => (1..3_u32).prop_map(Step::Send),
        1 => Just(Step::TryReceive),
        2 => (1..3_u64).prop_map(Step::Sleep),
        1 => Just(Step::Yield),
        1 => Just(Step::NotifyOne),
        1 => Just(Step::NotifyAll),
        1 => Just(Step::Notified),
        1 => (0..2_usize).prop_map(Step::Abort),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let tasks = raddle::proptest::collection::vec(raddle::proptest::collection::vec(step(), 1..=2), 2..=3);
    (tasks, prop::bool::weighted(0.2)).prop_map(|(mut tasks, on_several)| {
        if on_several {
            tasks.truncate(2);
            for steps in &mut tasks {
                steps.truncate(1);
            }
        }
        Plan { tasks, on_several }
    })
}

struct Shared {
    counter: AtomicU32,
    mutex: Mutex<()>,
    permits: Semaphore,
    sender: mpsc::Sender<u32>,
    receiver: raddle::sync::Mutex<mpsc::Receiver<u32>>,
    bell: Notify,
    aborts: raddle::sync::Mutex<Vec<task::AbortHandle>>,
}

async fn run_steps(steps: Vec<Step>, shared: Arc<Shared>) -> Vec<u32> {
    let mut seen = Vec::new();
    for step in steps {
        match step {
            Step::Add => {
                let _guard = shared.mutex.lock().await;
                let value = shared.counter.load(SeqCst);
                task::yield_now().await;
                shared.counter.store(value + 1, SeqCst);
                seen.push(value);
            }
            Step::Acquire => {
                let permit = time::timeout(Duration::from_secs(1), shared.permits.acquire()).await;
                seen.push(u32::from(permit.is_ok()));
                if let Ok(Ok(permit)) = permit {
                    permit.forget();
                }
            }
            Step::Release => shared.permits.add_permits(1),
            Step::Send(value) => seen.push(u32::from(shared.sender.try_send(value).is_ok())),
            Step::TryReceive => {
                let received = shared.receiver.lock().unwrap().try_recv();
                seen.push(received.unwrap_or(0));
            }
            Step::Sleep(seconds) => time::sleep(Duration::from_secs(seconds)).await,
            Step::Yield => task::yield_now().await,
            Step::NotifyOne => shared.bell.notify_one(),
            Step::NotifyAll => shared.bell.notify_waiters(),
            Step::Notified => {
                let rang = time::timeout(Duration::from_secs(1), shared.bell.notified()).await;
                seen.push(u32::from(rang.is_ok()));
            }
            Step::Abort(number) => {
                let handle = shared.aborts.lock().unwrap().get(number).cloned();
                if let Some(handle) = handle {
                    handle.abort();
                }
            }
        }
    }
    seen
}

/// What each task has seen, unless it was cancelled, the counter, and the time.
type Came = (Vec<Option<Vec<u32>>>, u32, Duration);

fn run(plan: &Plan) -> Came {
    let mut builder =
        if plan.on_several { runtime::Builder::new_multi_thread() } else { runtime::Builder::new_current_thread() };
    let runtime = builder.build().unwrap();
    let plan = plan.clone();
    runtime.block_on(async move {
        let start = time::Instant::now();
        let (sender, receiver) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            counter: AtomicU32::new(0),
            mutex: Mutex::new(()),
            permits: Semaphore::new(1),
            sender,
            receiver: raddle::sync::Mutex::new(receiver),
            bell: Notify::new(),
            aborts: raddle::sync::Mutex::new(Vec::new()),
        });
        let start_task = |steps: Vec<Step>| {
            let handle = task::spawn(run_steps(steps, Arc::clone(&shared)));
            shared.aborts.lock().unwrap().push(handle.abort_handle());
            handle
        };
        let handles: Vec<_> = plan.tasks.into_iter().map(start_task).collect();
        let mut seen = Vec::new();
        for handle in handles {
            seen.push(handle.await.ok());
        }
        (seen, shared.counter.load(SeqCst), start.elapsed())
    })
}

/// What an engine comes to; nothing if a budget cut it.
fn search(engine: Engine, plan: &Plan, executions: u64) -> Option<(BTreeSet<Came>, u64)> {
    let seen = StdArc::new(StdMutex::new(BTreeSet::new()));
    let (theirs, plan) = (StdArc::clone(&seen), plan.clone());
    let outcome = Checker::new().engine(engine).executions(executions).run(move || {
        let came = run(&plan);
        theirs.lock().unwrap().insert(came);
    });
    match outcome {
        Ok(Outcome::Holds(coverage)) => Some((std::mem::take(&mut *seen.lock().unwrap()), coverage.executions())),
        Ok(Outcome::Inconclusive { .. }) => None,
        other => panic!("{engine}: {other:?}"),
    }
}

#[test]
fn the_engines_that_search_all_come_to_the_same() {
    let programs = soak(1_500);
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let (mut compared, mut with_loom) = (0, 0);
    for number in 0..programs {
        let plan = plan().new_tree(&mut runner).unwrap().current();
        let Some((expected, executions)) = search(DFS, &plan, 5_000) else { continue };
        let (exhaustive, traces) =
            search(Engine::Exhaustive, &plan, 50_000).expect("it needs no more than plain search");
        assert_eq!(exhaustive, expected, "program {number}: left: exhaustive; right: depth-first\n{plan:#?}");
        assert!(traces <= executions, "program {number}: {traces} executions, depth-first {executions}\n{plan:#?}");
        compared += 1;
        if let Some((loom, _)) = search(Engine::Loom, &plan, 3_000) {
            assert_eq!(loom, expected, "program {number}: left: loom; right: depth-first\n{plan:#?}");
            with_loom += 1;
        }
    }
    assert!(compared * 3 >= programs, "only {compared} of {programs} were compared");
    assert!(with_loom * 4 >= programs, "only {with_loom} of {programs} were compared with loom");
    println!("{compared} of {programs} programs compared, {with_loom} with loom");
}
