//! Executors of the program's own.

use super::{all_fail, all_hold};
use crate::cases::{Came, Case, Kind};
use raddle::sync::{Arc, Condvar, Mutex};
use raddle::task::sync::{Notify, mpsc, oneshot};
use raddle::task::{JoinSet, runtime};
use raddle::thread;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc as StdArc;
use std::task::{Context, Poll, Wake, Waker};

mod by_hand;
mod hidden;

pub(crate) const KIND: Kind = Kind {
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
        Case { name: "an_executor_that_parks_polls_a_hand_written_oneshot", run: by_hand::parks_for_a_slot },
        Case { name: "an_atomic_waker_registers_before_it_looks", run: by_hand::registers_then_looks },
        Case { name: "an_atomic_waker_looks_before_it_registers", run: by_hand::looks_then_registers },
        Case { name: "an_atomic_waker_drops_a_wake_that_comes_while_it_registers", run: by_hand::drops_a_wake },
        Case { name: "a_notify_of_one_s_own_keeps_what_nobody_waited_for", run: by_hand::own_notify_keeps },
        Case { name: "a_notify_of_one_s_own_forgets_what_nobody_waited_for", run: by_hand::own_notify_forgets },
        Case { name: "four_senders_through_a_channel_of_std_come_in_every_order", run: hidden::four_senders },
        Case { name: "two_senders_before_a_receiver_that_is_a_task", run: hidden::senders_then_receiver },
        Case { name: "a_thread_sends_through_a_oneshot_of_std", run: hidden::thread_sends },
        Case { name: "two_threads_race_for_a_slot_of_std", run: hidden::threads_race },
        Case { name: "a_semaphore_of_std_lets_one_in_after_the_other", run: hidden::own_semaphore },
        Case { name: "an_order_of_four_senders_that_must_not_be", run: hidden::four_senders_fail },
        Case { name: "a_oneshot_of_std_carries_what_its_sender_did", run: hidden::carries },
        Case { name: "loom_says_that_it_can_t_see_a_channel_of_std", run: hidden::loom_refuses },
        Case { name: "a_check_goes_on_where_loom_can_t_see_a_channel_of_std", run: hidden::chain_goes_on },
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
