use raddle::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};
use std::time::Duration;

pub fn real_sleep() {
    let ready = Arc::new(AtomicBool::new(false).named("ready"));
    let theirs = Arc::clone(&ready);
    let setter = thread::spawn(move || theirs.store(true, SeqCst));
    std::thread::sleep(Duration::from_millis(60)); // by then it is ready
    assert!(ready.load(SeqCst), "it was not ready yet");
    setter.join().unwrap();
}
