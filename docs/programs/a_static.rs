use raddle::{
    sync::{Arc, Mutex},
    thread,
};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

static LOADED: AtomicBool = AtomicBool::new(false);

pub fn a_static() {
    let settings = Arc::new(Mutex::new(0).named("settings"));
    let theirs = Arc::clone(&settings);
    let reader = thread::spawn(move || *theirs.lock().unwrap());
    if !LOADED.swap(true, SeqCst) {
        *settings.lock().unwrap() = 1;
    }
    reader.join().unwrap();
}
