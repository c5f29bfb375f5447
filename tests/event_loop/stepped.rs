//! Futures of the primitives, polled one by one by tokio-test's mock task: what each poll gives, and who is woken when.

use raddle::task::sync::{Mutex, Notify, Semaphore, mpsc, oneshot};
use raddle::{Checker, Engine, Outcome};
use raddle_scenarios::event_loop::waker::{Inbox, checks_then_registers, keeps_stale_waker, registers_then_checks};
use std::future::poll_fn;
use tokio_test::{assert_pending, assert_ready, assert_ready_eq, task};

/// Nothing is scheduled here: there is one execution.
#[track_caller]
fn once(program: fn()) {
    let outcome = Checker::new().engine(Engine::Exhaustive).run(program);
    assert!(matches!(&outcome, Ok(Outcome::Holds(coverage)) if coverage.executions() == 1), "{outcome:?}");
}

#[test]
fn a_mutex_wakes_the_first_who_waits() {
    once(|| {
        let mutex = Mutex::new(1);
        let guard = assert_ready!(task::spawn(mutex.lock()).poll());
        let (mut one, mut two) = (task::spawn(mutex.lock()), task::spawn(mutex.lock()));
        assert_pending!(one.poll());
        assert_pending!(two.poll());
        drop(guard);
        assert!(one.is_woken() && !two.is_woken());
        // Whoever was woken and goes away lets the next one in.
        drop(one);
        assert!(two.is_woken());
        assert_eq!(*assert_ready!(two.poll()), 1);
    });
}

#[test]
fn permits_and_notifications_are_handed_on() {
    once(|| {
        let (permits, bell) = (Semaphore::new(0), Notify::new());
        let mut waits = task::spawn(permits.acquire());
        assert_pending!(waits.poll());
        permits.add_permits(1);
        assert!(waits.is_woken());
        assert!(permits.try_acquire().is_err(), "it is the one's who waits");
        drop(waits);
        assert!(permits.try_acquire().is_ok());
        let (mut one, mut two) = (task::spawn(bell.notified()), task::spawn(bell.notified()));
        assert_pending!(one.poll());
        assert_pending!(two.poll());
        bell.notify_one();
        assert!(one.is_woken() && !two.is_woken());
        drop(one);
        assert!(two.is_woken());
        assert_ready!(two.poll());
    });
}

#[test]
fn channels_wake_their_other_end() {
    once(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        {
            let mut next = task::spawn(receiver.recv());
            assert_pending!(next.poll());
            assert_ready!(task::spawn(sender.send(1)).poll()).unwrap();
            assert!(next.is_woken());
            assert_ready_eq!(next.poll(), Some(1));
        }
        sender.try_send(2).unwrap();
        let mut sends = task::spawn(sender.send(3));
        assert_pending!(sends.poll());
        assert_eq!(receiver.try_recv(), Ok(2));
        assert!(sends.is_woken());
        drop(receiver);
        assert_eq!(assert_ready!(sends.poll()).unwrap_err().0, 3);
        let (sender, receiver) = oneshot::channel::<u32>();
        let mut next = task::spawn(receiver);
        assert_pending!(next.poll());
        drop(sender);
        assert!(next.is_woken());
        assert!(assert_ready!(next.poll()).is_err());
    });
}

/// The catalogue's own futures.
#[test]
fn who_registers_first_is_woken_and_who_keeps_a_stale_waker_is_not() {
    once(|| {
        let inbox = Inbox::default();
        let mut next = task::spawn(poll_fn(|cx| registers_then_checks(&inbox, cx)));
        assert_pending!(next.poll());
        inbox.push(1);
        assert!(!next.is_woken(), "the push is one step, and the wake another");
        inbox.wake();
        assert!(next.is_woken());
        assert_ready_eq!(next.poll(), 1);
    });
    once(|| {
        let inbox = Inbox::default();
        let mut before = task::spawn(poll_fn(|cx| keeps_stale_waker(&inbox, cx)));
        assert_pending!(before.poll());
        let mut after = task::spawn(poll_fn(|cx| keeps_stale_waker(&inbox, cx)));
        assert_pending!(after.poll());
        inbox.push(1);
        inbox.wake();
        assert!(before.is_woken() && !after.is_woken(), "the task that it was handed over to sleeps on");
    });
    once(|| {
        let inbox = Inbox::default();
        inbox.push(1);
        inbox.wake();
        let mut next = task::spawn(poll_fn(|cx| checks_then_registers(&inbox, cx)));
        assert_ready_eq!(next.poll(), 1, "one step after the other it is right");
    });
}
