use raddle::{
    sync::{Arc, Mutex},
    thread,
};
use std::collections::HashMap;

pub fn hash_order() {
    let accounts: HashMap<u32, Mutex<u32>> = (0..16).map(|number| (number, Mutex::new(10))).collect();
    let accounts = Arc::new(accounts);
    let theirs = Arc::clone(&accounts);
    let auditor = thread::spawn(move || theirs.values().map(|account| *account.lock().unwrap()).sum::<u32>());
    *accounts[&7].lock().unwrap() -= 1;
    assert!(auditor.join().unwrap() <= 160);
}
