//! Atomics and fences.

use super::*;

/// An integer's operations, against std's.
macro_rules! updates_as_std {
    ($($atomic:ident $value:ty),*) => {
        $({
            let ours = $atomic::new(<$value>::MAX - 1);
            let theirs = std::sync::atomic::$atomic::new(<$value>::MAX - 1);
            for order in [Ordering::Relaxed, Ordering::Acquire, Ordering::Release, Ordering::AcqRel, Ordering::SeqCst] {
                assert_eq!(ours.fetch_add(3, order), theirs.fetch_add(3, order), "fetch_add wraps");
                assert_eq!(ours.fetch_sub(2, order), theirs.fetch_sub(2, order), "fetch_sub wraps");
                assert_eq!(ours.fetch_and(0b110, order), theirs.fetch_and(0b110, order), "fetch_and");
                assert_eq!(ours.fetch_or(0b101, order), theirs.fetch_or(0b101, order), "fetch_or");
                assert_eq!(ours.fetch_xor(0b011, order), theirs.fetch_xor(0b011, order), "fetch_xor");
                assert_eq!(ours.fetch_nand(0b111, order), theirs.fetch_nand(0b111, order), "fetch_nand");
                assert_eq!(ours.fetch_max(9, order), theirs.fetch_max(9, order), "fetch_max");
                assert_eq!(ours.fetch_min(4, order), theirs.fetch_min(4, order), "fetch_min");
                assert_eq!(ours.swap(7, order), theirs.swap(7, order), "swap");
            }
            assert_eq!(ours.load(Ordering::SeqCst), 7, "the last swap");
            let (set, fetch) = (Ordering::AcqRel, Ordering::Acquire);
            assert_eq!(ours.update(set, fetch, |value| value * 2), theirs.update(set, fetch, |value| value * 2), "update");
            let halve = |value: $value| (value % 2 == 0).then_some(value / 2);
            assert_eq!(ours.try_update(set, fetch, halve), theirs.try_update(set, fetch, halve), "14 is even");
            assert_eq!(ours.try_update(set, fetch, halve), theirs.try_update(set, fetch, halve), "7 is odd");
            assert_eq!(format!("{ours:?}"), "7", "it shows its value");
            assert_eq!(ours.into_inner(), 7, "into_inner");
            assert_eq!($atomic::default().into_inner(), 0, "default");
            assert_eq!($atomic::from(3).into_inner(), 3, "from");
        })*
    };
}

#[test]
fn atomic_integers_update_as_std() {
    holds(|| {
        updates_as_std!(
            AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize,
            AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize
        );
    });
}

#[test]
fn atomic_bool_and_pointer_update_as_std() {
    holds(|| {
        let flag = AtomicBool::new(true);
        assert!(flag.fetch_and(false, Ordering::AcqRel), "fetch_and gives the old value");
        assert!(!flag.fetch_or(true, Ordering::AcqRel), "fetch_or gives the old value");
        assert!(flag.fetch_xor(true, Ordering::AcqRel), "fetch_xor gives the old value");
        assert!(!flag.fetch_nand(true, Ordering::AcqRel), "fetch_nand gives the old value");
        assert!(flag.swap(false, Ordering::AcqRel), "not (false and true) is true");

        let (mut one, mut two) = (1, 2);
        let (one, two): (*mut u32, *mut u32) = (&raw mut one, &raw mut two);
        let pointer = AtomicPtr::new(one);
        assert_eq!(pointer.swap(two, Ordering::AcqRel), one, "swap gives the old pointer");
        let exchanged = pointer.compare_exchange(one, one, Ordering::AcqRel, Ordering::Acquire);
        assert_eq!(exchanged, Err(two), "it points elsewhere");
        let exchanged = pointer.compare_exchange_weak(two, one, Ordering::AcqRel, Ordering::Acquire);
        assert_eq!((exchanged, pointer.load(Ordering::Acquire)), (Ok(two), one), "and now it does not");
        assert!(AtomicPtr::<u32>::default().into_inner().is_null() && !AtomicBool::default().into_inner(), "default");
    });
}

#[test]
fn atomics_take_every_order_that_std_takes() {
    holds(|| {
        let value = AtomicU32::new(0);
        for (order, expected) in [(Ordering::Relaxed, 1), (Ordering::Release, 2), (Ordering::SeqCst, 3)] {
            value.store(expected, order);
            assert_eq!(value.load(Ordering::SeqCst), expected, "stored with {order:?}");
        }
        for order in [Ordering::Relaxed, Ordering::Acquire, Ordering::SeqCst] {
            assert_eq!(value.load(order), 3, "loaded with {order:?}");
        }
        let successes = [Ordering::Relaxed, Ordering::Acquire, Ordering::Release, Ordering::AcqRel, Ordering::SeqCst];
        for success in successes {
            for failure in [Ordering::Relaxed, Ordering::Acquire, Ordering::SeqCst] {
                assert_eq!(value.compare_exchange(9, 0, success, failure), Err(3), "it is 3, not 9");
                assert_eq!(value.compare_exchange(3, 3, success, failure), Ok(3), "it is 3");
            }
        }
        for order in [Ordering::Acquire, Ordering::Release, Ordering::AcqRel, Ordering::SeqCst] {
            fence(order);
        }
        let even = |value: u32| value.is_multiple_of(2).then_some(value + 2);
        assert_eq!(value.fetch_update(Ordering::AcqRel, Ordering::Acquire, even), Err(3), "3 is odd");
        value.store(4, Ordering::Relaxed);
        assert_eq!(value.fetch_update(Ordering::AcqRel, Ordering::Acquire, even), Ok(4), "the old value");
        assert_eq!(value.load(Ordering::Relaxed), 6, "the new one");
    });
}

#[test]
fn atomic_relaxed_fence_is_refused_as_in_std() {
    fails(|| fence(Ordering::Relaxed), |verdict| is_assertion(verdict, "relaxed fence"));
}

#[test]
fn atomic_updates_are_indivisible_and_load_then_store_is_not() {
    fn update() -> u32 {
        sum(|sum| _ = sum.fetch_add(1, Ordering::Relaxed))
    }
    outcomes(update, [2]);
    fn fetch_update() -> u32 {
        sum(|sum| _ = sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |value| Some(value + 1)))
    }
    outcomes(fetch_update, [2]);
    fn load_then_store() -> u32 {
        sum(|sum| sum.store(sum.load(Ordering::SeqCst) + 1, Ordering::SeqCst))
    }
    outcomes(load_then_store, [1, 2]);
}

#[test]
fn atomic_compare_exchange_has_one_winner() {
    fn program() -> (Result<u32, u32>, Result<u32, u32>) {
        let owner = AtomicU32::new(0);
        let take = |me: u32| owner.compare_exchange(0, me, Ordering::AcqRel, Ordering::Acquire);
        both(|| take(1), || take(2))
    }
    outcomes(program, [(Ok(0), Err(1)), (Err(2), Ok(0))]);
}

/// Data published by a flag.
fn publish(store: fn(&AtomicBool), load: fn(&AtomicBool) -> bool) -> Option<u32> {
    let (data, flag) = (RaceCell::new(0).named("data"), AtomicBool::new(false));
    let write = || {
        data.set(1);
        store(&flag);
    };
    both(write, || load(&flag).then(|| data.get())).1
}

#[test]
fn atomic_release_and_acquire_publish_data() {
    fn program() -> Option<u32> {
        publish(|flag| flag.store(true, Ordering::Release), |flag| flag.load(Ordering::Acquire))
    }
    outcomes(program, [None, Some(1)]);
    fn by_update() -> Option<u32> {
        let take = |flag: &AtomicBool| flag.compare_exchange(true, false, Ordering::Acquire, Ordering::Relaxed).is_ok();
        publish(|flag| _ = flag.swap(true, Ordering::Release), take)
    }
    outcomes(by_update, [None, Some(1)]);
}

#[test]
fn atomic_relaxed_flag_publishes_nothing() {
    let store = || _ = publish(|flag| flag.store(true, Ordering::Relaxed), |flag| flag.load(Ordering::Acquire));
    fails(store, is_race_on_data);
    let load = || _ = publish(|flag| flag.store(true, Ordering::Release), |flag| flag.load(Ordering::Relaxed));
    fails(load, is_race_on_data);
    let failed_exchange = || {
        // The exchange fails where it reads `true`, so the order of its failure counts.
        let look =
            |flag: &AtomicBool| flag.compare_exchange(false, false, Ordering::Acquire, Ordering::Relaxed).is_err();
        let _ = publish(|flag| flag.store(true, Ordering::Release), look);
    };
    fails(failed_exchange, is_race_on_data);
}

#[test]
fn atomic_fences_order_relaxed_accesses() {
    fn store(flag: &AtomicBool) {
        fence(Ordering::Release);
        flag.store(true, Ordering::Relaxed);
    }
    fn load(flag: &AtomicBool) -> bool {
        let seen = flag.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        seen
    }
    outcomes(|| publish(store, load), [None, Some(1)]);
    let without_release = || _ = publish(|flag| flag.store(true, Ordering::Relaxed), load);
    fails(without_release, is_race_on_data);
    let without_acquire = || _ = publish(store, |flag| flag.load(Ordering::Relaxed));
    fails(without_acquire, is_race_on_data);
}

/// Each task writes one variable and reads the other (Dekker's pattern).
fn store_buffering(between: fn(), order: fn() -> (Ordering, Ordering)) -> (u32, u32) {
    let (x, y) = (AtomicU32::new(0), AtomicU32::new(0));
    let (store, load) = order();
    let side = |mine: &AtomicU32, other: &AtomicU32| {
        mine.store(1, store);
        between();
        other.load(load)
    };
    both(|| side(&x, &y), || side(&y, &x))
}

#[test]
fn atomic_store_buffering_reads_two_zeros_under_loom_and_shuttle_is_blind_to_it() {
    fn program() -> (u32, u32) {
        store_buffering(|| (), || (Ordering::Relaxed, Ordering::Relaxed))
    }
    outcomes_with(LOOM, &Checker::new(), program, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    outcomes_with(SHUTTLE, &Checker::new(), program, [(0, 1), (1, 0), (1, 1)]);
}

#[test]
fn atomic_store_buffering_with_seq_cst_fences_never_reads_two_zeros() {
    fn program() -> (u32, u32) {
        store_buffering(|| fence(Ordering::SeqCst), || (Ordering::Relaxed, Ordering::Relaxed))
    }
    outcomes(program, [(0, 1), (1, 0), (1, 1)]);
}

#[test]
fn atomic_store_buffering_with_seq_cst_accesses_reads_two_zeros_under_loom_which_is_wrong() {
    fn program() -> (u32, u32) {
        store_buffering(|| (), || (Ordering::SeqCst, Ordering::SeqCst))
    }
    outcomes_with(LOOM, &Checker::new(), program, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    outcomes_with(SHUTTLE, &Checker::new(), program, [(0, 1), (1, 0), (1, 1)]);
}
