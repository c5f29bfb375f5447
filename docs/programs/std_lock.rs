use raddle::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};
use std::sync::Mutex;

pub fn std_lock() {
    let log = Arc::new((Mutex::new(Vec::new()), AtomicU32::new(0)));
    let append = |log: &(Mutex<Vec<u32>>, AtomicU32)| {
        let mut entries = log.0.lock().unwrap();
        entries.push(log.1.fetch_add(1, SeqCst));
    };
    let theirs = Arc::clone(&log);
    let writer = thread::spawn(move || append(&theirs));
    append(&log);
    writer.join().unwrap();
}
