//! The virtual clock.

use super::*;
use raddle::sync::{Arc, Mutex};
use raddle::task::{self, runtime};
use raddle::thread;
use raddle::time::{self, Deadline, Duration, Instant, MissedTickBehavior};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn sleeps_end_in_order_and_ties_in_any() {
    let ends = outcomes(|| {
        task::block_on(async {
            let ends = Arc::new(Mutex::new(Vec::new()));
            let sleeper = |name: &'static str, seconds| {
                let ends = Arc::clone(&ends);
                task::spawn(async move {
                    time::sleep(SECOND * seconds).await;
                    ends.lock().unwrap().push(name);
                })
            };
            let sleepers = [sleeper("two", 2), sleeper("one", 1), sleeper("uno", 1)];
            for sleeper in sleepers {
                sleeper.await.unwrap();
            }
            Arc::into_inner(ends).unwrap().into_inner().unwrap()
        })
    });
    assert_eq!(ends, BTreeSet::from([vec!["one", "uno", "two"], vec!["uno", "one", "two"]]));
}

#[test]
fn threads_that_sleep_wake_in_order_and_ties_in_any() {
    let ends = outcomes(|| {
        let ends = Arc::new(Mutex::new(Vec::new()));
        let sleeper = |name: &'static str, seconds| {
            let ends = Arc::clone(&ends);
            thread::spawn(move || {
                thread::sleep(SECOND * seconds);
                ends.lock().unwrap().push(name);
            })
        };
        let sleepers = [sleeper("two", 2), sleeper("one", 1), sleeper("uno", 1)];
        for sleeper in sleepers {
            sleeper.join().unwrap();
        }
        Arc::into_inner(ends).unwrap().into_inner().unwrap()
    });
    assert_eq!(ends, BTreeSet::from([vec!["one", "uno", "two"], vec!["uno", "one", "two"]]));
}

#[test]
fn what_blocks_the_loop_takes_time_from_everybody_on_it() {
    let took = outcomes(|| {
        task::block_on(async {
            let start = Instant::now();
            let other = task::spawn(async move {
                time::sleep(SECOND).await;
                start.elapsed()
            });
            task::yield_now().await;
            thread::sleep(SECOND * 5);
            (other.await.unwrap(), start.elapsed())
        })
    });
    // The other task has slept since it was first polled: before the loop was blocked, or after.
    assert_eq!(took, BTreeSet::from([(SECOND * 5, SECOND * 5), (SECOND * 6, SECOND * 6)]));
}

#[test]
fn a_thread_for_blocking_calls_takes_no_time_from_the_loop() {
    holds(|| {
        task::block_on(async {
            let start = Instant::now();
            let call = task::spawn_blocking(|| thread::sleep(SECOND * 3));
            time::sleep(SECOND).await;
            assert_eq!(start.elapsed(), SECOND);
            call.await.unwrap();
            assert_eq!(start.elapsed(), SECOND * 3);
        });
    });
}

#[test]
fn a_timeout_gives_the_value_up_to_its_last_instant() {
    holds(|| {
        task::block_on(async {
            let after = |seconds| async move {
                time::sleep(SECOND * seconds).await;
                seconds
            };
            assert_eq!(time::timeout(SECOND * 2, after(1)).await, Ok(1));
            assert_eq!(time::timeout(SECOND * 2, after(2)).await, Ok(2), "at the last instant");
            assert!(time::timeout(SECOND * 2, after(3)).await.is_err());
            assert_eq!(time::timeout_at(Instant::now() + SECOND, after(1)).await, Ok(1));
        });
    });
}

#[test]
fn an_interval_makes_up_for_ticks_that_it_missed_or_does_not() {
    fn ticks(behavior: MissedTickBehavior) -> Vec<u128> {
        task::block_on(async {
            let start = Instant::now();
            let mut interval = time::interval(SECOND);
            interval.set_missed_tick_behavior(behavior);
            let mut ticks = Vec::new();
            for tick in 0..4 {
                interval.tick().await;
                ticks.push(start.elapsed().as_millis());
                if tick == 0 {
                    time::sleep(SECOND * 5 / 2).await;
                }
            }
            ticks
        })
    }
    let of = |program: fn() -> Vec<u128>| outcomes(program).into_iter().next().unwrap();
    assert_eq!(of(|| ticks(MissedTickBehavior::Burst)), [0, 2_500, 2_500, 3_000]);
    assert_eq!(of(|| ticks(MissedTickBehavior::Delay)), [0, 2_500, 3_500, 4_500]);
    assert_eq!(of(|| ticks(MissedTickBehavior::Skip)), [0, 2_500, 3_000, 4_000]);
}

#[test]
fn who_comes_after_the_deadline_is_starved() {
    fails(
        || {
            task::block_on(async {
                let heartbeat = task::Builder::new().name("heartbeat").spawn(async {
                    let deadline = Deadline::after(SECOND).named("the next beat");
                    time::sleep(SECOND).await;
                    deadline.met();
                });
                task::yield_now().await;
                thread::sleep(SECOND * 3);
                heartbeat.unwrap().await.unwrap();
            });
        },
        |verdict| {
            let Verdict::Late { task, deadline, late } = verdict else { return false };
            verdict.name() == "starvation" && task == "heartbeat" && deadline == "the next beat" && *late == SECOND * 2
        },
    );
}

#[test]
fn a_sleep_that_is_dropped_wakes_nobody_and_the_clock_passes_it() {
    holds(|| {
        task::block_on(async {
            let start = Instant::now();
            assert!(time::timeout(SECOND, time::sleep(SECOND * 10)).await.is_err());
            time::sleep(SECOND).await;
            assert_eq!(start.elapsed(), SECOND * 2);
        });
    });
}

#[test]
fn the_trace_says_what_the_clock_said() {
    fn program() {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            time::sleep(SECOND * 2).await;
            assert!(Instant::now().elapsed() > Duration::ZERO, "no time passes while nobody waits");
        });
    }
    for engine in ALL {
        let found = found(&Checker::new().engine(engine), program);
        let clocks: Vec<Option<u64>> = found.trace.events.iter().map(|event| event.clock_micros).collect();
        assert_eq!(clocks.first(), Some(&Some(0)), "{engine}");
        assert_eq!(clocks.last(), Some(&Some(2_000_000)), "{engine}");
    }
}
