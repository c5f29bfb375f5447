use raddle::{
    Checker, Engine,
    sync::{Arc, Mutex},
    thread,
};

fn workers(count: u32) {
    let total = Arc::new(Mutex::new(0));
    let spawn = |_| {
        let total = Arc::clone(&total);
        thread::spawn(move || *total.lock().unwrap() += 1)
    };
    let workers: Vec<_> = (0..count).map(spawn).collect();
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(*total.lock().unwrap(), count);
}

pub fn six_threads() {
    Checker::new().engine(Engine::Loom).check(|| workers(5));
}
