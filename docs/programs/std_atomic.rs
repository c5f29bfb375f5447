use raddle::{sync::Arc, thread};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

pub fn std_atomic() {
    let counter = Arc::new(AtomicU32::new(0));
    let theirs = Arc::clone(&counter);
    let adder = thread::spawn(move || theirs.store(theirs.load(SeqCst) + 1, SeqCst));
    counter.store(counter.load(SeqCst) + 1, SeqCst);
    adder.join().unwrap();
    assert_eq!(counter.load(SeqCst), 2, "an increment was lost");
}
