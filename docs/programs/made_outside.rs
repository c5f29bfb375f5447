use raddle::{
    sync::{Arc, Mutex},
    thread,
};

pub fn made_outside() {
    let total = Arc::new(Mutex::new(0));
    raddle::check(move || {
        let theirs = Arc::clone(&total);
        let adder = thread::spawn(move || *theirs.lock().unwrap() += 1);
        *total.lock().unwrap() += 1;
        adder.join().unwrap();
    });
}
