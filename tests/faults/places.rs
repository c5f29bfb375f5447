//! What a failing check says: where, in a form that an editor opens; of what, by its name; and what is no bug of the
//! program's, but a wrong use of raddle, as that.

use crate::cases::{Came, Case, Kind, chain, holds, say};
use crate::replay::{message, wants};
use raddle::sync::atomic::{AtomicU64, Ordering::SeqCst, fence};
use raddle::sync::{Arc, Condvar, Mutex, mpsc};
use raddle::{CheckError, Checker, Outcome, Verdict, thread};
use std::sync::OnceLock;

pub(crate) const KIND: Kind = Kind {
    name: "places",
    what: "a place outside the user's code, or that no editor opens; a wrong use that looks like a bug; a wrong name",
    cases: &[
        Case { name: "a_lock_in_a_static", run: lock_in_a_static },
        Case { name: "an_atomic_in_a_static", run: atomic_in_a_static },
        Case { name: "a_channel_in_a_static", run: channel_in_a_static },
        Case { name: "a_thread_in_a_static", run: thread_in_a_static },
        Case { name: "a_join_handle_in_a_static", run: handle_in_a_static },
        Case { name: "a_choice_from_nothing", run: choice_from_nothing },
        Case { name: "a_lock_made_outside", run: lock_made_outside },
        Case { name: "a_receive_in_a_thread_of_std", run: received_outside },
        Case { name: "a_lock_made_inside_holds", run: lock_made_inside },
        Case { name: "the_message_begins_with_the_place", run: begins_with_the_place },
        Case { name: "a_panic_of_raddle_s_own_is_told_of_the_user_s_line", run: panic_of_raddle_s },
        Case { name: "a_trace_over_two_files", run: two_files },
        Case { name: "a_field_of_a_struct_on_one_line", run: field_on_one_line },
        Case { name: "a_task_with_a_long_name", run: long_name },
        Case { name: "numbers_are_not_cut", run: packed },
    ],
};

fn misuse(part: &str, line: u32, program: impl Fn() + Send + Sync + 'static) -> Came {
    match Checker::new().run(program) {
        Err(error @ CheckError::Usage { .. }) => {
            wants(part, &error)?;
            wants(&format!("places.rs:{line}:"), error)
        }
        other => Err(format!("{other:?}")),
    }
}

fn lock_in_a_static() -> Came {
    static LOCK: OnceLock<Mutex<u32>> = OnceLock::new();
    misuse("create it inside the closure", line!() + 1, || {
        *LOCK.get_or_init(|| Mutex::new(0)).lock().unwrap() += 1;
    })
    .or_else(|_| misuse("create it inside the closure", line!() - 2, || drop(LOCK.get().unwrap().lock())))
}

fn atomic_in_a_static() -> Came {
    static COUNT: OnceLock<AtomicU64> = OnceLock::new();
    misuse("carried from one execution into another", line!(), || _ = COUNT.get_or_init(|| 0.into()).load(SeqCst))
}

fn channel_in_a_static() -> Came {
    static SENDER: OnceLock<mpsc::Sender<u32>> = OnceLock::new();
    misuse("carried from one execution into another", line!() + 4, || {
        let (sender, receiver) = mpsc::channel();
        let sender = SENDER.get_or_init(|| sender);
        // The receiver is of this execution, and the sender of the first.
        let _ = sender.send(1);
        drop(receiver);
    })
}

fn thread_in_a_static() -> Came {
    static MAIN: OnceLock<thread::Thread> = OnceLock::new();
    misuse("carried from one execution into another", line!() + 2, || {
        thread::spawn(|| {}).join().unwrap();
        MAIN.get_or_init(thread::current).unpark();
    })
}

fn handle_in_a_static() -> Came {
    static HANDLE: std::sync::Mutex<Option<thread::JoinHandle<()>>> = std::sync::Mutex::new(None);
    misuse("carried from one execution into another", line!() + 3, || {
        let earlier = HANDLE.lock().unwrap().replace(thread::spawn(|| {}));
        if let Some(earlier) = earlier {
            let _ = earlier.join();
        }
    })
}

fn choice_from_nothing() -> Came {
    misuse("there is nothing to choose from", line!(), || _ = raddle::choose(0))
}

fn lock_made_outside() -> Came {
    let line = line!() + 1;
    let panic = std::panic::catch_unwind(|| drop(Mutex::new(0))).expect_err("it is refused");
    wants(&format!("places.rs:{line}:"), panic.downcast::<String>().map_err(|_| "no message")?)
}

/// One of std's threads is in no execution.
#[expect(clippy::disallowed_methods, reason = "it is what must not be done")]
fn received_outside() -> Came {
    let line = line!() + 6;
    let outcome = message(&chain(), || {
        let (sender, receiver) = mpsc::channel::<()>();
        // To drop it there would be the next mistake.
        let receiver = std::mem::ManuallyDrop::new(receiver);
        let outside = move || {
            let _ = receiver.recv();
        };
        let panic = std::thread::spawn(outside).join().expect_err("it is refused");
        drop(sender);
        std::panic::resume_unwind(panic);
    })?;
    wants(&format!("places.rs:{line}:"), outcome)
}

fn lock_made_inside() -> Came {
    holds(&chain(), || *Mutex::new(0).lock().unwrap() += 1)
}

fn begins_with_the_place() -> Came {
    let line = line!() + 1;
    let panics = message(&chain(), || assert_eq!(raddle::choose(2), 0))?;
    wants(&format!("a counterexample at tests/faults/places.rs:{line}:39\n"), panics)?;
    let line = line!() + 4;
    let itself = message(&chain(), || {
        let lock = Mutex::new(0);
        let _one = lock.lock();
        let _two = lock.lock();
    })?;
    wants(&format!("a counterexample at tests/faults/places.rs:{line}:25\n"), itself).map(|_| "both".into())
}

fn panic_of_raddle_s() -> Came {
    let line = line!() + 3;
    let run = Checker::new().run(|| {
        let count = AtomicU64::new(0);
        fence(if count.load(SeqCst) == 0 { std::sync::atomic::Ordering::Relaxed } else { SeqCst });
    });
    match run {
        Ok(Outcome::Fails(found)) => match &found.verdict {
            Verdict::Assertion { at: Some(at), .. } if at.line == line && at.file.ends_with("places.rs") => {
                Ok(at.clickable())
            }
            other => Err(format!("{other:?}")),
        },
        other => Err(format!("{other:?}")),
    }
}

fn two_files() -> Came {
    let message = message(&chain(), || {
        let count = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&count);
        let adder = thread::spawn(move || crate::replay::adds(&theirs));
        crate::replay::adds(&count);
        adder.join().unwrap();
        assert_eq!(count.load(SeqCst), 2);
    })?;
    wants(" tests/faults/replay.rs:", &message)?;
    wants(" tests/faults/places.rs:", message).map(|_| "both".into())
}

#[rustfmt::skip]
fn field_on_one_line() -> Came {
    struct Queue { items: Mutex<Vec<u32>>, changed: Condvar }
    let run = Checker::new().run(|| {
        let q = Arc::new(Queue { items: Mutex::new(Vec::new()), changed: Condvar::new() });
        drop(q.changed.wait(q.items.lock().unwrap()));
    });
    match run {
        Ok(Outcome::Fails(found)) => match &found.verdict {
            Verdict::Stuck { waiting } if waiting[0].object == "changed" => Ok(found.verdict.to_string()),
            other => Err(format!("{other:?}")),
        },
        other => Err(format!("{other:?}")),
    }
}

fn long_name() -> Came {
    let message = message(&chain(), || {
        let count = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&count);
        let name = "worker".repeat(2_000);
        let adder = thread::Builder::new().name(name).spawn(move || crate::replay::adds(&theirs)).unwrap();
        crate::replay::adds(&count);
        adder.join().unwrap();
        assert_eq!(count.load(SeqCst), 2);
    })?;
    if message.len() < 5_000 { Ok(format!("{} bytes", message.len())) } else { Err(format!("{} bytes", message.len())) }
}

fn packed() -> Came {
    let message = message(&chain(), || {
        let packed_state_of_the_queue = Arc::new(AtomicU64::new(11 << 60));
        let tasks = [(); 4].map(|()| {
            let packed = Arc::clone(&packed_state_of_the_queue);
            thread::spawn(move || packed.store(packed.load(SeqCst) + (1 << 32) + 1, SeqCst))
        });
        tasks.into_iter().for_each(|task| task.join().unwrap());
        assert_eq!(packed_state_of_the_queue.load(SeqCst), (11 << 60) + 4 * ((1 << 32) + 1));
    })?;
    let cut = |line: &str| line.match_indices('…').any(|(at, _)| line[..at].ends_with(|c: char| c.is_ascii_digit()));
    let is_cut = message.lines().any(cut);
    if is_cut { Err(message) } else { Ok(say(&chain(), || ())) }
}
