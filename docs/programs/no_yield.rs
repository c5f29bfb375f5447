use raddle::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

pub fn no_yield() {
    let ready = Arc::new(AtomicBool::new(false).named("ready"));
    let theirs = Arc::clone(&ready);
    let setter = thread::spawn(move || theirs.store(true, SeqCst));
    while !ready.load(SeqCst) {}
    setter.join().unwrap();
}
