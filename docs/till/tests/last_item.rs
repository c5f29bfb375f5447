use raddle::{
    sync::{Arc, Mutex},
    thread,
};

fn sell(stock: &Mutex<i32>) {
    if *stock.lock().unwrap() > 0 {
        *stock.lock().unwrap() -= 1;
    }
}

/// Two tills, and one item in stock.
pub fn two_tills() {
    let stock = Arc::new(Mutex::new(1).named("stock"));
    let theirs = Arc::clone(&stock);
    let other = thread::Builder::new().name("other till".into());
    let other = other.spawn(move || sell(&theirs)).unwrap();
    sell(&stock);
    other.join().unwrap();
    assert!(*stock.lock().unwrap() >= 0, "an item was sold twice");
}

#[test]
fn the_last_item_is_sold_once() {
    raddle::check(two_tills);
}
