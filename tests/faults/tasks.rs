//! Futures that are polled by reference, runtimes that are dropped, and wakers and executors of one's own.

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, RANDOM, chain, fails, holds, under};
use raddle::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use raddle::sync::{Arc, Condvar, Mutex};
use raddle::task::sync::{Mutex as AsyncMutex, Notify, Semaphore, broadcast, mpsc, oneshot, watch};
use raddle::task::{self, JoinSet, runtime};
use raddle::time::{self, Duration};
use raddle::{Engine, Outcome, Strategy, select, thread};
use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc as StdArc, Mutex as StdMutex};
use std::task::{Context, Poll, Wake, Waker};

const DFS: Engine = Engine::Shuttle(Strategy::Dfs);

pub(crate) const BY_REFERENCE: Kind = Kind {
    name: "by_reference",
    what: "a future that was polled by reference, and is used on",
    cases: &[
        Case { name: "a_receiver_that_has_lost_a_select_is_closed_and_asked", run: closes_and_asks },
        Case { name: "a_receiver_that_was_closed_after_a_poll_takes_nothing", run: closed_takes_nothing },
        Case { name: "a_sender_learns_that_a_polled_receiver_was_closed", run: sender_learns },
        Case { name: "a_receiver_that_was_polled_can_be_asked_and_awaited_again", run: asked_and_awaited },
        Case { name: "a_receiver_that_has_given_its_value_is_closed", run: given_is_closed },
        Case { name: "a_lock_a_permit_and_a_notification_keep_their_place", run: keep_their_place },
        Case { name: "a_notification_is_waited_for_before_the_first_poll", run: enables },
        Case { name: "channels_receive_after_a_receive_was_given_up", run: receives_again },
        Case { name: "a_join_handle_is_awaited_after_it_lost_a_select", run: joins_again },
        Case { name: "a_join_handle_that_has_given_its_value_panics", run: joins_twice },
        Case { name: "a_sleep_that_is_reset_wakes_at_its_new_time", run: resets },
        Case { name: "an_interval_goes_on_after_a_tick_was_given_up", run: ticks_on },
    ],
};

pub(crate) const ENDS: Kind = Kind {
    name: "runtimes_end",
    what: "what tasks have done when their runtime is dropped can be anything",
    cases: &[
        Case { name: "a_runtime_is_dropped_before_during_and_after_its_tasks", run: drops },
        Case { name: "a_task_in_two_steps_is_dropped_at_each", run: drops_at_each },
        Case { name: "a_runtime_is_shut_down_in_the_background", run: background },
        Case { name: "a_runtime_is_shut_down_with_a_timeout", run: timeout },
        Case { name: "a_task_that_spawns_another_is_dropped_with_it", run: spawns_another },
        Case { name: "a_set_is_dropped_before_and_after_its_tasks", run: set_dropped },
        Case { name: "a_task_is_aborted_before_and_after_it_ran", run: aborted },
        Case { name: "a_loop_that_nobody_blocks_on_polls_nobody_when_it_is_dropped", run: loop_dropped },
        Case { name: "blocking_calls_have_ended_when_their_runtime_is_gone", run: blocking },
        Case { name: "a_runtime_whose_tasks_were_all_awaited_ends_as_one", run: awaited },
    ],
};

/// What executions of a program come to, where every one is searched: the same under these engines.
fn all_come_to<T>(engines: &[Engine], expected: &[T], program: impl Fn() -> T + Send + Sync + Clone + 'static) -> Came
where
    T: Ord + Clone + std::fmt::Debug + Send + 'static,
{
    let mut said = String::new();
    for engine in engines {
        let seen = StdArc::new(StdMutex::new(BTreeSet::new()));
        let (theirs, program) = (StdArc::clone(&seen), program.clone());
        let outcome = under(*engine).executions(100_000).run(move || {
            let value = program();
            theirs.lock().unwrap().insert(value);
        });
        let sampled = *engine == RANDOM;
        let executions = match outcome {
            Ok(Outcome::Holds(coverage)) => coverage.executions(),
            other => return Err(format!("{engine}: expected a proof, got {other:?}")),
        };
        let seen = seen.lock().unwrap();
        let expected: BTreeSet<T> = expected.iter().cloned().collect();
        if *seen != expected && !(sampled && seen.is_subset(&expected)) {
            return Err(format!("{engine}: expected {expected:?}, got {seen:?} in {executions}"));
        }
        said += &format!("{engine}: {} ends in {executions}; ", seen.len());
    }
    Ok(said)
}

const THREE: [Engine; 3] = [EXHAUSTIVE, LOOM, DFS];

/// What each engine says.
fn said(run: impl Fn(Engine) -> Came) -> Came {
    let said: Result<Vec<String>, String> =
        [EXHAUSTIVE, LOOM, RANDOM].iter().map(|engine| Ok(format!("{engine} {}", run(*engine)?))).collect();
    Ok(said?.join("; "))
}

/// The program holds under every engine.
fn all_hold(program: fn()) -> Came {
    said(|engine| holds(&under(engine).executions(5_000), program))
}

/// It fails under every engine with a verdict of this name.
fn all_fail(verdict: &str, program: fn()) -> Came {
    said(|engine| fails(&under(engine), verdict, program))
}

/// Polls once with the waker of the task.
async fn once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|cx| match Pin::new(&mut *future).poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn closes_and_asks() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (sender, mut receiver) = oneshot::channel();
            let sends = task::spawn(async move { sender.send(7).is_ok() });
            let got = select! {
                value = &mut receiver => value.ok(),
                () = task::yield_now() => {
                    receiver.close();
                    receiver.try_recv().ok()
                },
            };
            assert_eq!(got.is_some(), sends.await.unwrap(), "what was sent has come, and what has not was given back");
        });
    })
}

fn closed_takes_nothing() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (sender, mut receiver) = oneshot::channel();
            assert!(once(&mut receiver).await.is_none());
            receiver.close();
            assert_eq!(sender.send(1), Err(1));
            assert!(receiver.await.is_err());
        });
    })
}

fn sender_learns() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (mut sender, mut receiver) = oneshot::channel::<u32>();
            assert!(once(&mut receiver).await.is_none());
            let learns = task::spawn(async move {
                sender.closed().await;
                sender.is_closed()
            });
            receiver.close();
            assert!(learns.await.unwrap());
        });
    })
}

fn asked_and_awaited() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (sender, mut receiver) = oneshot::channel();
            assert!(once(&mut receiver).await.is_none());
            assert_eq!(receiver.try_recv(), Err(oneshot::error::TryRecvError::Empty));
            let sends = task::spawn(async move { sender.send(3) });
            assert_eq!((&mut receiver).await, Ok(3));
            sends.await.unwrap().unwrap();
        });
    })
}

fn given_is_closed() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (sender, mut receiver) = oneshot::channel();
            sender.send(3).unwrap();
            assert_eq!((&mut receiver).await, Ok(3));
            receiver.close();
            assert_eq!(receiver.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        });
    })
}

fn keep_their_place() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (lock, permits, notify) = (AsyncMutex::new(0), Semaphore::new(0), Notify::new());
            let held = lock.lock().await;
            let (mut waits, mut acquires, mut notified) =
                (pin!(lock.lock()), pin!(permits.acquire()), pin!(notify.notified()));
            assert!(once(&mut waits).await.is_none());
            assert!(once(&mut acquires).await.is_none());
            assert!(once(&mut notified).await.is_none());
            drop(held);
            permits.add_permits(1);
            notify.notify_one();
            *waits.await += 1;
            drop(acquires.await);
            notified.await;
        });
    })
}

fn enables() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (notify, ready) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
            let (theirs, sets) = (Arc::clone(&notify), Arc::clone(&ready));
            let notifies = task::spawn(async move {
                sets.store(true, SeqCst);
                theirs.notify_one();
            });
            loop {
                let mut notified = pin!(notify.notified());
                notified.as_mut().enable();
                if ready.load(SeqCst) {
                    break;
                }
                notified.await;
            }
            notifies.await.unwrap();
        });
    })
}

fn receives_again() -> Came {
    all_hold(|| {
        task::block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            let (shouts, mut hears) = broadcast::channel(2);
            let (sets, mut sees) = watch::channel(0);
            assert!(once(&mut pin!(receiver.recv())).await.is_none());
            assert!(once(&mut pin!(hears.recv())).await.is_none());
            assert!(once(&mut pin!(sees.changed())).await.is_none());
            sender.send(1).await.unwrap();
            shouts.send(2).unwrap();
            sets.send(3).unwrap();
            receiver.close();
            assert_eq!(receiver.recv().await, Some(1));
            assert_eq!(hears.recv().await, Ok(2));
            sees.changed().await.unwrap();
            assert_eq!(sees.borrow(), 3);
        });
    })
}

fn joins_again() -> Came {
    all_hold(|| {
        task::block_on(async {
            let mut handle = task::spawn(async { 5 });
            let value = select! {
                value = &mut handle => value,
                () = task::yield_now() => {
                    handle.abort();
                    handle.await
                },
            };
            assert!(value.map_or_else(|error| error.is_cancelled(), |value| value == 5));
        });
    })
}

fn joins_twice() -> Came {
    all_fail("assertion", || {
        task::block_on(async {
            let mut handle = task::spawn(async { 5 });
            (&mut handle).await.unwrap();
            _ = handle.await;
        });
    })
}

fn resets() -> Came {
    all_hold(|| {
        task::block_on(async {
            let start = time::Instant::now();
            let sleep = StdArc::new(StdMutex::new(Box::pin(time::sleep(Duration::from_secs(9)))));
            assert!(once(&mut *sleep.lock().unwrap()).await.is_none());
            let theirs = StdArc::clone(&sleep);
            let reset = async move {
                task::yield_now().await;
                theirs.lock().unwrap().as_mut().reset(start + Duration::from_secs(1));
            };
            let waits = std::future::poll_fn(move |cx| sleep.lock().unwrap().as_mut().poll(cx));
            raddle::tokio::join!(waits, reset);
            assert_eq!(start.elapsed(), Duration::from_secs(1));
        });
    })
}

fn ticks_on() -> Came {
    all_hold(|| {
        task::block_on(async {
            let start = time::Instant::now();
            let mut interval = time::interval(Duration::from_secs(2));
            interval.tick().await;
            let early = time::timeout(Duration::from_secs(1), interval.tick()).await;
            assert!(early.is_err());
            interval.tick().await;
            assert_eq!(start.elapsed(), Duration::from_secs(2));
        });
    })
}

fn drops() -> Came {
    all_come_to(&THREE, &[0, 1, 2], || {
        let count = Arc::new(AtomicU32::new(0));
        let runtime = runtime::Runtime::new().unwrap();
        for _ in 0..2 {
            let count = Arc::clone(&count);
            drop(runtime.spawn(async move { count.fetch_add(1, SeqCst) }));
        }
        drop(runtime);
        count.load(SeqCst)
    })
}

fn drops_at_each() -> Came {
    all_come_to(&THREE, &[0, 1, 2], || {
        let count = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&count);
        let runtime = runtime::Runtime::new().unwrap();
        drop(runtime.spawn(async move {
            theirs.store(1, SeqCst);
            task::yield_now().await;
            theirs.store(2, SeqCst);
        }));
        drop(runtime);
        count.load(SeqCst)
    })
}

fn background() -> Came {
    all_come_to(&THREE, &[0, 1], || {
        let count = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&count);
        let runtime = runtime::Runtime::new().unwrap();
        drop(runtime.spawn(async move { theirs.fetch_add(1, SeqCst) }));
        runtime.shutdown_background();
        count.load(SeqCst)
    })
}

fn timeout() -> Came {
    all_come_to(&THREE, &[(false, 0), (false, 1), (true, 0), (true, 1)], || {
        let (called, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (calls, theirs) = (Arc::clone(&called), Arc::clone(&count));
        let runtime = runtime::Runtime::new().unwrap();
        drop(runtime.spawn(async move { theirs.fetch_add(1, SeqCst) }));
        drop(runtime.spawn_blocking(move || calls.store(true, SeqCst)));
        runtime.shutdown_timeout(Duration::from_secs(1));
        (called.load(SeqCst), count.load(SeqCst))
    })
}

fn spawns_another() -> Came {
    all_come_to(&[EXHAUSTIVE, DFS], &[0, 1, 11], || {
        let count = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&count);
        let runtime = runtime::Runtime::new().unwrap();
        drop(runtime.spawn(async move {
            theirs.fetch_add(1, SeqCst);
            task::spawn(async move { theirs.fetch_add(10, SeqCst) });
        }));
        drop(runtime);
        count.load(SeqCst)
    })
}

fn set_dropped() -> Came {
    all_come_to(&THREE, &[0, 1], || {
        runtime::Runtime::new().unwrap().block_on(async {
            let count = Arc::new(AtomicU32::new(0));
            let theirs = Arc::clone(&count);
            let mut set = JoinSet::new();
            set.spawn(async move { _ = theirs.fetch_add(1, SeqCst) });
            drop(set);
            count.load(SeqCst)
        })
    })
}

fn aborted() -> Came {
    all_come_to(&THREE, &[(false, 0), (false, 1), (true, 1)], || {
        runtime::Runtime::new().unwrap().block_on(async {
            let count = Arc::new(AtomicU32::new(0));
            let theirs = Arc::clone(&count);
            let handle = task::spawn(async move {
                theirs.fetch_add(1, SeqCst);
                task::yield_now().await;
            });
            handle.abort();
            (handle.await.is_ok(), count.load(SeqCst))
        })
    })
}

fn loop_dropped() -> Came {
    all_come_to(&THREE, &[0, 1], || {
        let count = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&count);
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async move {
            drop(task::spawn(async move { theirs.fetch_add(1, SeqCst) }));
            task::yield_now().await;
        });
        drop(runtime);
        count.load(SeqCst)
    })
}

fn blocking() -> Came {
    all_come_to(&THREE, &[1], || {
        let count = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&count);
        task::block_on(async move {
            drop(task::spawn_blocking(move || theirs.fetch_add(1, SeqCst)));
        });
        count.load(SeqCst)
    })
}

fn awaited() -> Came {
    holds_in_three(|| {
        let runtime = runtime::Runtime::new().unwrap();
        let task = runtime.spawn(async { 1 });
        assert_eq!(runtime.block_on(task).unwrap(), 1);
        drop(runtime);
    })
}

fn holds_in_three(program: fn()) -> Came {
    crate::cases::holds_within(&under(EXHAUSTIVE), 3, program)
}

pub(crate) const WAKERS: Kind = Kind {
    name: "wakers",
    what: "wakers and executors of the program's own, and channels that raddle does not see into",
    cases: &[
        Case { name: "an_executor_that_parks_awaits_a_oneshot", run: parks },
        Case { name: "an_executor_that_parks_awaits_two_tasks_of_a_runtime", run: parks_for_tasks },
        Case { name: "an_executor_that_parks_joins_a_set", run: parks_for_a_set },
        Case { name: "an_executor_that_parks_before_it_polls_is_stuck", run: parks_too_early },
        Case { name: "an_executor_with_a_flag_and_a_condvar_awaits_a_channel", run: waits_with_a_condvar },
        Case { name: "an_executor_with_a_queue_polls_two_tasks", run: queues },
        Case { name: "an_executor_with_a_queue_forgets_whom_it_wakes", run: queues_and_forgets },
        Case { name: "an_executor_that_parks_polls_a_hand_written_oneshot", run: parks_for_a_slot },
        Case { name: "an_atomic_waker_registers_before_it_looks", run: registers_then_looks },
        Case { name: "an_atomic_waker_looks_before_it_registers", run: looks_then_registers },
        Case { name: "an_atomic_waker_drops_a_wake_that_comes_while_it_registers", run: drops_a_wake },
        Case { name: "a_notify_of_one_s_own_keeps_what_nobody_waited_for", run: own_notify_keeps },
        Case { name: "a_notify_of_one_s_own_forgets_what_nobody_waited_for", run: own_notify_forgets },
        Case { name: "four_senders_through_a_channel_of_std_come_in_every_order", run: four_senders },
        Case { name: "two_senders_before_a_receiver_that_is_a_task", run: senders_then_receiver },
        Case { name: "a_thread_sends_through_a_oneshot_of_std", run: thread_sends },
        Case { name: "two_threads_race_for_a_slot_of_std", run: threads_race },
        Case { name: "a_semaphore_of_std_lets_one_in_after_the_other", run: own_semaphore },
        Case { name: "an_order_of_four_senders_that_must_not_be", run: four_senders_fail },
        Case { name: "a_oneshot_of_std_carries_what_its_sender_did", run: carries },
        Case { name: "loom_says_that_it_can_t_see_a_channel_of_std", run: loom_refuses },
        Case { name: "a_check_goes_on_where_loom_can_t_see_a_channel_of_std", run: chain_goes_on },
    ],
};

/// Unparks the thread that blocks.
struct Unparker(thread::Thread);

impl Wake for Unparker {
    fn wake(self: StdArc<Self>) {
        self.0.unpark();
    }
}

/// An executor as everybody writes it once.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(StdArc::new(Unparker(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        thread::park();
    }
}

fn parks() -> Came {
    all_hold(|| {
        let (sender, receiver) = oneshot::channel();
        let sends = thread::spawn(move || sender.send(1).unwrap());
        assert_eq!(block_on(receiver), Ok(1));
        sends.join().unwrap();
    })
}

fn parks_for_tasks() -> Came {
    all_hold(|| {
        let runtime = runtime::Runtime::new().unwrap();
        let tasks = [1, 2].map(|number| runtime.spawn(async move { number }));
        let sum: u32 = block_on(async {
            let [one, two] = tasks;
            one.await.unwrap() + two.await.unwrap()
        });
        assert_eq!(sum, 3);
    })
}

fn parks_for_a_set() -> Came {
    all_hold(|| {
        let runtime = runtime::Runtime::new().unwrap();
        let mut set = runtime.block_on(async {
            let mut set = JoinSet::new();
            set.spawn(async { 1 });
            set
        });
        assert_eq!(block_on(set.join_next()).unwrap().unwrap(), 1);
        drop(set);
    })
}

fn parks_too_early() -> Came {
    all_fail("stuck", || {
        let notify = Arc::new(Notify::new());
        let theirs = Arc::clone(&notify);
        let notifies = thread::spawn(move || theirs.notify_waiters());
        block_on(async move {
            let notified = notify.notified();
            thread::park();
            notified.await;
        });
        notifies.join().unwrap();
    })
}

/// Says that it was woken.
#[derive(Default)]
struct Flag(Mutex<bool>, Condvar);

struct Raiser(Arc<Flag>);

impl Wake for Raiser {
    fn wake(self: StdArc<Self>) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_one();
    }
}

fn waits_with_a_condvar() -> Came {
    all_hold(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let sends = thread::spawn(move || {
            sender.blocking_send(1).unwrap();
            sender.blocking_send(2).unwrap();
        });
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(StdArc::new(Raiser(Arc::clone(&flag))));
        let mut both = pin!(async { (receiver.recv().await, receiver.recv().await) });
        let got = loop {
            if let Poll::Ready(got) = both.as_mut().poll(&mut Context::from_waker(&waker)) {
                break got;
            }
            let mut raised = flag.0.lock().unwrap();
            while !*raised {
                raised = flag.1.wait(raised).unwrap();
            }
            *raised = false;
        };
        assert_eq!(got, (Some(1), Some(2)));
        sends.join().unwrap();
    })
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A task of an executor with a queue.
struct Queued {
    number: usize,
    queue: Arc<(Mutex<VecDeque<usize>>, Condvar)>,
    /// The bug: it wakes nobody.
    tells: bool,
}

impl Wake for Queued {
    fn wake(self: StdArc<Self>) {
        self.queue.0.lock().unwrap().push_back(self.number);
        if self.tells {
            self.queue.1.notify_one();
        }
    }
}

fn run_queue(tasks: Vec<Task>, tells: bool) {
    let queue = Arc::new((Mutex::new((0..tasks.len()).collect::<VecDeque<_>>()), Condvar::new()));
    let mut tasks: Vec<Option<Task>> = tasks.into_iter().map(Some).collect();
    let mut left = tasks.len();
    while left > 0 {
        let number = {
            let mut ready = queue.0.lock().unwrap();
            loop {
                match ready.pop_front() {
                    Some(number) => break number,
                    None => ready = queue.1.wait(ready).unwrap(),
                }
            }
        };
        let Some(task) = &mut tasks[number] else { continue };
        let waker = Waker::from(StdArc::new(Queued { number, queue: Arc::clone(&queue), tells }));
        if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            tasks[number] = None;
            left -= 1;
        }
    }
}

fn queue_of_two(tells: bool) {
    let (to_one, one) = oneshot::channel::<u32>();
    let (to_two, two) = oneshot::channel::<u32>();
    let sends = thread::spawn(move || to_one.send(1).unwrap());
    run_queue(
        vec![
            Box::pin(async move { to_two.send(one.await.unwrap() + 1).unwrap() }),
            Box::pin(async move { assert_eq!(two.await, Ok(2)) }),
        ],
        tells,
    );
    sends.join().unwrap();
}

fn queues() -> Came {
    all_hold(|| queue_of_two(true))
}

fn queues_and_forgets() -> Came {
    all_fail("stuck", || queue_of_two(false))
}

/// A oneshot, by hand, of raddle's mutex.
struct Slot<T>(Mutex<(Option<T>, Option<Waker>)>);

impl<T> Slot<T> {
    fn new() -> Arc<Self> {
        Arc::new(Slot(Mutex::new((None, None))))
    }

    fn send(&self, value: T) {
        let waker = {
            let mut slot = self.0.lock().unwrap();
            slot.0 = Some(value);
            slot.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<T> {
        let mut slot = self.0.lock().unwrap();
        match slot.0.take() {
            Some(value) => Poll::Ready(value),
            None => {
                slot.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn parks_for_a_slot() -> Came {
    all_hold(|| {
        let slot = Slot::new();
        let theirs = Arc::clone(&slot);
        let sends = thread::spawn(move || theirs.send(4));
        assert_eq!(block_on(std::future::poll_fn(|cx| slot.poll(cx))), 4);
        sends.join().unwrap();
    })
}

/// A waker that others call, and whether there is something to be woken for.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Bell {
    fn ring(&self) {
        self.rung.store(true, SeqCst);
        let waker = self.waker.lock().unwrap().take();
        waker.into_iter().for_each(Waker::wake);
    }

    fn register(&self, cx: &Context<'_>) {
        *self.waker.lock().unwrap() = Some(cx.waker().clone());
    }
}

fn ring_for(poll: fn(&Bell, &Context<'_>) -> Poll<()>) {
    let bell = Arc::new(Bell::default());
    let theirs = Arc::clone(&bell);
    let rings = thread::spawn(move || theirs.ring());
    task::block_on(std::future::poll_fn(|cx| poll(&bell, cx)));
    rings.join().unwrap();
}

fn rung(bell: &Bell) -> Poll<()> {
    if bell.rung.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
}

fn registers_then_looks() -> Came {
    all_hold(|| {
        ring_for(|bell, cx| {
            bell.register(cx);
            rung(bell)
        })
    })
}

fn looks_then_registers() -> Came {
    all_fail("stuck", || {
        ring_for(|bell, cx| {
            if rung(bell).is_ready() {
                return Poll::Ready(());
            }
            bell.register(cx);
            Poll::Pending
        })
    })
}

/// As `AtomicWaker`: whoever comes while somebody registers leaves a note, which this one does not read.
#[derive(Default)]
struct Careless {
    busy: AtomicBool,
    rung: AtomicBool,
    waker: StdMutex<Option<Waker>>,
}

impl Careless {
    fn ring(&self) {
        self.rung.store(true, SeqCst);
        if !self.busy.swap(true, SeqCst) {
            let waker = self.waker.lock().unwrap().take();
            self.busy.store(false, SeqCst);
            waker.into_iter().for_each(Waker::wake);
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if self.rung.load(SeqCst) {
            return Poll::Ready(());
        }
        if !self.busy.swap(true, SeqCst) {
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            self.busy.store(false, SeqCst);
        }
        Poll::Pending
    }
}

fn drops_a_wake() -> Came {
    all_fail("stuck", || {
        let bell = Arc::new(Careless::default());
        let theirs = Arc::clone(&bell);
        let rings = thread::spawn(move || theirs.ring());
        task::block_on(std::future::poll_fn(|cx| bell.poll(cx)));
        rings.join().unwrap();
    })
}

/// A `Notify` by hand: a permit, and who waits for it.
#[derive(Default)]
struct OwnNotify {
    state: Mutex<(bool, VecDeque<Waker>)>,
    forgets: bool,
}

impl OwnNotify {
    fn notify_one(&self) {
        let waker = {
            let mut state = self.state.lock().unwrap();
            let waker = state.1.pop_front();
            state.0 = waker.is_some() || !self.forgets;
            waker
        };
        waker.into_iter().for_each(Waker::wake);
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock().unwrap();
        if std::mem::take(&mut state.0) {
            return Poll::Ready(());
        }
        state.1.push_back(cx.waker().clone());
        Poll::Pending
    }
}

fn own_notify(forgets: bool) {
    let notify = Arc::new(OwnNotify { forgets, ..OwnNotify::default() });
    let theirs = Arc::clone(&notify);
    runtime::Runtime::new().unwrap().block_on(async move {
        let waits = task::spawn(std::future::poll_fn(move |cx| theirs.poll(cx)));
        notify.notify_one();
        waits.await.unwrap();
    });
}

fn own_notify_keeps() -> Came {
    all_hold(|| own_notify(false))
}

fn own_notify_forgets() -> Came {
    all_fail("stuck", || own_notify(true))
}

/// A channel by hand of std's mutex, as that of `futures` is, seen from here: nobody can look into it.
struct Hidden<T>(StdMutex<(VecDeque<T>, Option<Waker>)>);

impl<T> Hidden<T> {
    fn new() -> StdArc<Self> {
        StdArc::new(Hidden(StdMutex::new((VecDeque::new(), None))))
    }

    /// The waker is called with the lock held.
    fn send(&self, value: T) {
        let mut slot = self.0.lock().unwrap();
        slot.0.push_back(value);
        if let Some(waker) = slot.1.take() {
            waker.wake();
        }
    }

    async fn recv(&self) -> T {
        std::future::poll_fn(|cx| {
            let mut slot = self.0.lock().unwrap();
            match slot.0.pop_front() {
                Some(value) => Poll::Ready(value),
                None => {
                    slot.1 = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

fn received(senders: u32) -> Vec<u32> {
    runtime::Runtime::new().unwrap().block_on(async {
        let channel = Hidden::new();
        for number in 0..senders {
            let channel = StdArc::clone(&channel);
            drop(task::spawn(async move { channel.send(number) }));
        }
        let mut got = Vec::new();
        for _ in 0..senders {
            got.push(channel.recv().await);
        }
        got
    })
}

fn orders(of: u32) -> Vec<Vec<u32>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let with = |order: Vec<u32>| {
        (0..=order.len()).map(move |at| {
            let mut order = order.clone();
            order.insert(at, of - 1);
            order
        })
    };
    orders(of - 1).into_iter().flat_map(with).collect()
}

fn four_senders() -> Came {
    all_come_to(&[EXHAUSTIVE], &orders(4), || received(4))
}

fn four_senders_fail() -> Came {
    fails(&under(EXHAUSTIVE), "assertion", || assert_ne!(received(4), [2, 3, 1, 0]))
}

fn senders_then_receiver() -> Came {
    all_come_to(&[EXHAUSTIVE], &orders(2), || {
        runtime::Runtime::new().unwrap().block_on(async {
            let channel = Hidden::new();
            for number in 0..2 {
                let channel = StdArc::clone(&channel);
                drop(task::spawn(async move { channel.send(number) }));
            }
            let receives = task::spawn(async move { vec![channel.recv().await, channel.recv().await] });
            receives.await.unwrap()
        })
    })
}

fn thread_sends() -> Came {
    all_come_to(&[EXHAUSTIVE, DFS], &[(1, false), (1, true)], || {
        let channel = Hidden::new();
        let theirs = StdArc::clone(&channel);
        let polls = StdArc::new(StdMutex::new(0));
        let sends = thread::spawn(move || theirs.send(1));
        let value = task::block_on(async {
            let mut received = pin!(channel.recv());
            std::future::poll_fn(|cx| {
                *polls.lock().unwrap() += 1;
                received.as_mut().poll(cx)
            })
            .await
        });
        sends.join().unwrap();
        let waited = *polls.lock().unwrap() > 1;
        (value, waited)
    })
}

fn threads_race() -> Came {
    all_come_to(&[EXHAUSTIVE, DFS], &orders(2), || {
        let channel = Hidden::new();
        let threads = [0, 1].map(|number| {
            let channel = StdArc::clone(&channel);
            thread::spawn(move || channel.send(number))
        });
        let got = task::block_on(async { vec![channel.recv().await, channel.recv().await] });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        got
    })
}

/// A semaphore by hand of std's mutex.
fn own_semaphore() -> Came {
    all_come_to(&[EXHAUSTIVE], &orders(2), || {
        let state = StdArc::new(StdMutex::new((1_u32, Vec::<Waker>::new(), Vec::new())));
        runtime::Runtime::new().unwrap().block_on(async {
            let tasks = [0, 1].map(|number| {
                let state = StdArc::clone(&state);
                task::spawn(async move {
                    std::future::poll_fn(|cx| {
                        let mut state = state.lock().unwrap();
                        if state.0 == 0 {
                            state.1.push(cx.waker().clone());
                            return Poll::Pending;
                        }
                        state.0 -= 1;
                        state.2.push(number);
                        Poll::Ready(())
                    })
                    .await;
                    task::yield_now().await;
                    let wakers = {
                        let mut state = state.lock().unwrap();
                        state.0 += 1;
                        std::mem::take(&mut state.1)
                    };
                    wakers.into_iter().for_each(Waker::wake);
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
        let state = state.lock().unwrap();
        state.2.clone()
    })
}

fn loom_refuses() -> Came {
    match under(LOOM).run(|| _ = received(2)) {
        Err(error) if error.to_string().contains("by a way that raddle does not see") => Ok(error.to_string()),
        other => Err(format!("expected a refusal, got {other:?}")),
    }
}

fn chain_goes_on() -> Came {
    holds(&chain(), || assert_eq!(received(2).iter().sum::<u32>(), 1))
}

/// What the sender did before it sent has happened for the receiver.
fn carries() -> Came {
    let program = || {
        let done = Arc::new(AtomicU32::new(0));
        let channel = Hidden::new();
        let (theirs, does) = (StdArc::clone(&channel), Arc::clone(&done));
        let sends = thread::spawn(move || {
            does.store(1, SeqCst);
            theirs.send(());
        });
        task::block_on(channel.recv());
        assert_eq!(done.load(SeqCst), 1);
        sends.join().unwrap();
    };
    let proven = holds(&under(EXHAUSTIVE), program)?;
    // loom can't see that std's mutex orders the two: it says so, or holds, and never that the program fails.
    match under(LOOM).run(program) {
        Ok(Outcome::Fails(found)) => Err(format!("loom: {}", found.verdict)),
        Ok(_) => Ok(proven),
        Err(error) => Ok(format!("{proven}; loom: {error}")),
    }
}
