use raddle::sync::{Arc, Mutex};

pub fn std_thread() {
    let total = Arc::new(Mutex::new(0));
    let theirs = Arc::clone(&total);
    let adder = std::thread::spawn(move || *theirs.lock().unwrap() += 1);
    *total.lock().unwrap() += 1;
    adder.join().unwrap();
    assert_eq!(*total.lock().unwrap(), 2);
}
