//! What ships: std's and tokio's primitives, on real threads. Outside of an exploration raddle's would panic.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "these tests are not for raddle")]

use stack_and_cache::{Cache, Stack};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

#[test]
fn four_threads_share_a_stack() {
    const ROUNDS: u64 = 10_000;
    let stack = Stack::with_capacity(8);
    let work = |thread: u64| {
        // At most one word of each thread is on the stack, and at most one slot of each on its way.
        let pass_on = |round| {
            stack.push(thread * ROUNDS + round).unwrap();
            stack.pop().expect("there is a word for each thread that looks for one")
        };
        (0..ROUNDS).map(pass_on).collect::<Vec<_>>()
    };
    let popped: Vec<u64> = thread::scope(|scope| {
        let threads = [0, 1, 2, 3].map(|thread| scope.spawn(move || work(thread)));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(
        popped.into_iter().collect::<BTreeSet<_>>(),
        (0..4 * ROUNDS).collect(),
        "a word was lost, or came twice"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_tasks_share_a_load() {
    let (rates, loads) = (Arc::new(Cache::new()), Arc::new(AtomicU32::new(0)));
    let caller = |_| {
        let (rates, loads) = (Arc::clone(&rates), Arc::clone(&loads));
        let load = async move || {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(loads.fetch_add(1, SeqCst))
        };
        tokio::spawn(async move { rates.get("eur", load).await })
    };
    for caller in (0..100).map(caller).collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap(), Ok(0), "the first load's value");
    }
    rates.forget(&"eur");
    assert_eq!(rates.get("eur", async || Ok::<_, Infallible>(1)).await, Ok(1), "what was forgotten is loaded anew");
}

#[test]
fn what_ships_does_not_link_raddle() {
    let tree = |edges: &str| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["tree", "--locked", "--offline", "--prefix=none", "--edges", edges]);
        cargo.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
        let output = cargo.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let is_in = |tree: &str| tree.lines().any(|package| package.starts_with("raddle "));
    assert!(is_in(&tree("dev")), "the tests do");
    let ships = tree("normal,build");
    assert!(!is_in(&ships), "{ships}");
}
