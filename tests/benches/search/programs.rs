//! The programs that are searched, and how many Mazurkiewicz traces each has: executions that differ in the order of steps
//! that commute are one trace.

/// The same programs over two `sync` and `thread` modules.
macro_rules! programs {
    ($module:ident: $sync:path, $thread:path) => {
        pub(crate) mod $module {
            use std::sync::Arc;
            use sync::atomic::{AtomicUsize, Ordering};
            use sync::{Mutex, RwLock, mpsc};
            use thread::JoinHandle;
            use $sync as sync;
            use $thread as thread;

            fn all(threads: Vec<JoinHandle<()>>) {
                for thread in threads {
                    thread.join().unwrap();
                }
            }

            /// Threads with lock-guarded increments.
            pub(crate) fn locks(threads: usize, rounds: usize) {
                let counter = Arc::new(Mutex::new(0));
                let add = |_| {
                    let counter = Arc::clone(&counter);
                    thread::spawn(move || (0..rounds).for_each(|_| *counter.lock().unwrap() += 1))
                };
                all((0..threads).map(add).collect());
                assert_eq!(*counter.lock().unwrap(), threads * rounds);
            }

            /// Readers that look once and writers that add once.
            pub(crate) fn readers_writers(readers: usize, writers: usize) {
                let value = Arc::new(RwLock::new(0));
                let read = |_| {
                    let value = Arc::clone(&value);
                    thread::spawn(move || assert!(*value.read().unwrap() <= writers))
                };
                let write = |_| {
                    let value = Arc::clone(&value);
                    thread::spawn(move || *value.write().unwrap() += 1)
                };
                let mut threads: Vec<_> = (0..readers).map(read).collect();
                threads.extend((0..writers).map(write));
                all(threads);
                assert_eq!(*value.read().unwrap(), writers);
            }

            /// Producers, and `main` that takes as many messages as they send.
            pub(crate) fn channels(producers: usize, messages: usize) {
                let (sender, receiver) = mpsc::channel();
                let produce = |_| {
                    let sender = sender.clone();
                    thread::spawn(move || (0..messages).for_each(|message| sender.send(message).unwrap()))
                };
                let threads = (0..producers).map(produce).collect();
                let sum: usize = (0..producers * messages).map(|_| receiver.recv().unwrap()).sum();
                all(threads);
                assert_eq!(sum, producers * (0..messages).sum::<usize>());
            }

            /// Threads with an atomic each.
            pub(crate) fn independent(threads: usize, steps: usize) {
                let work = |_| {
                    thread::spawn(move || {
                        let own = AtomicUsize::new(0);
                        (0..steps).for_each(|_| _ = own.fetch_add(1, Ordering::AcqRel));
                    })
                };
                all((0..threads).map(work).collect());
            }

            /// Each takes the lower of its two forks first.
            pub(crate) fn philosophers(seats: usize) {
                let forks: Arc<Vec<_>> = Arc::new((0..seats).map(|_| Mutex::new(())).collect());
                let dine = |seat: usize| {
                    let forks = Arc::clone(&forks);
                    thread::spawn(move || {
                        let next = (seat + 1) % seats;
                        let _low = forks[seat.min(next)].lock().unwrap();
                        let _high = forks[seat.max(next)].lock().unwrap();
                    })
                };
                all((0..seats).map(dine).collect());
            }
        }
    };
}

programs!(on_raddle: raddle::sync, raddle::thread);
programs!(on_loom: loom::sync, loom::thread);

/// A program over raddle and over loom, and how many Mazurkiewicz traces it has.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) ours: fn(),
    pub(crate) loom: fn(),
    pub(crate) traces: u64,
}

macro_rules! row {
    ($program:ident($($size:literal),+), $traces:expr) => {
        Row {
            name: concat!(stringify!($program), "(", stringify!($($size),+), ")"),
            ours: || on_raddle::$program($($size),+),
            loom: || on_loom::$program($($size),+),
            traces: $traces,
        }
    };
}

fn factorial(number: u64) -> u64 {
    (1..=number).product()
}

/// Orders of `threads` times `steps` of which any two conflict: (nk)! / (k!)ⁿ.
pub(crate) fn orders(threads: u64, steps: u64) -> u64 {
    (0..threads).fold(factorial(threads * steps), |orders, _| orders / factorial(steps))
}

/// Writers come in any order, and each reader between any two of them, before or after: reads commute with one another and
/// with no write.
fn reads_and_writes(readers: u32, writers: u64) -> u64 {
    factorial(writers) * (writers + 1).pow(readers)
}

/// Each fork goes to one of its two neighbours first, but not each to the one on the same side: 2ⁿ − 2.
fn seatings(seats: u32) -> u64 {
    2_u64.pow(seats) - 2
}

/// Of a channel, sends conflict with one another. The one consumer takes the first message as soon as it likes, which
/// commutes with every later send, so the orders of the sends are all there is.
pub(crate) fn rows() -> [Row; 14] {
    [
        row!(locks(2, 1), orders(2, 1)),
        row!(locks(3, 1), orders(3, 1)),
        row!(locks(3, 2), orders(3, 2)),
        row!(locks(4, 1), orders(4, 1)),
        row!(readers_writers(2, 1), reads_and_writes(2, 1)),
        row!(readers_writers(3, 2), reads_and_writes(3, 2)),
        row!(channels(2, 2), orders(2, 2)),
        row!(channels(3, 1), orders(3, 1)),
        row!(independent(3, 3), 1),
        row!(independent(8, 5), 1),
        row!(philosophers(2), seatings(2)),
        row!(philosophers(3), seatings(3)),
        row!(philosophers(4), seatings(4)),
        row!(philosophers(5), seatings(5)),
    ]
}
