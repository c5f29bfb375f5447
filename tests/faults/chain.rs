//! Small correct programs are proven in milliseconds by the engine that fits them.

use crate::cases::{Case, Kind, chain, holds};
use raddle::sync::{Arc, Mutex};
use raddle::thread;

pub(crate) const KIND: Kind = Kind {
    name: "chain",
    what: "no answer where the exhaustive engine needs milliseconds",
    cases: &[Case { name: "three_threads_with_three_locks", run: three_locks }],
};

fn three_locks() -> crate::cases::Came {
    holds(&chain(), || {
        let locks = Arc::new([Mutex::new(0), Mutex::new(0), Mutex::new(0)]);
        let threads = [(); 2].map(|()| {
            let locks = Arc::clone(&locks);
            thread::spawn(move || locks.iter().for_each(|lock| *lock.lock().unwrap() += 1))
        });
        locks.iter().for_each(|lock| *lock.lock().unwrap() += 1);
        threads.map(|thread| thread.join().unwrap());
    })
}
