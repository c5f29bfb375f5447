//! Programs whose names would break out of what they are written into, and where they come from.

use raddle::report::{Header, Words};
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::sync::{Arc, Condvar, Mutex, RwLock, mpsc};
use raddle::{Engine, Finder, Place, thread};

/// Ends an SVG, a script, a style, a title; begins another element.
const MARKUP: &str = "</svg><script>alert(1)</script></style></title><img src=x onerror=alert(2)>";
/// Ends a statement, a block and a line of Mermaid, and gives it directives.
const STATEMENT: &str = "a;b\nend\r\n%%{init: {\"securityLevel\": \"loose\"}}%%";
/// Is a keyword.
const KEYWORD: &str = "end";
/// Makes Mermaid drop a semicolon, ends attributes and comments.
const STYLE: &str = "style x:#35; classDef y:#36; \"quote\" ' --> ]]> --";
/// Colours a terminal, and turns what follows around.
const CONTROL: &str = "\u{1b}[31mred \u{202e}drawkcab\u{2066}";

/// Where the counterexample of a hostile program comes from.
pub(crate) fn hostile_header() -> Header {
    Header {
        pattern: MARKUP.into(),
        variant: STATEMENT.into(),
        found: vec![Finder::new(Engine::Loom, 1, 2)],
        record: Some(STYLE.into()),
        fixed: vec![KEYWORD.into(), CONTROL.into()],
        words: vec![Words { text: MARKUP.into(), at: Place { file: STATEMENT.into(), line: 3, column: 4 } }],
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().name(name.into()).spawn(work).unwrap()
}

/// An increment is lost, under hostile names.
pub(crate) fn racy() {
    let counter = Arc::new(AtomicU32::new(0).named(STYLE));
    let lock = Arc::new(Mutex::new(STATEMENT).named(MARKUP));
    let workers = [MARKUP, KEYWORD, CONTROL].map(|name| {
        let (counter, lock) = (Arc::clone(&counter), Arc::clone(&lock));
        spawn(name, move || {
            drop(lock.lock().unwrap());
            let value = counter.load(SeqCst);
            counter.store(value + 1, SeqCst);
        })
    });
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(counter.load(SeqCst), 3, "{MARKUP}{STATEMENT}{CONTROL}");
}

/// Tasks wait for each other in every way that there is; then it fails.
pub(crate) fn busy() {
    let gate = Arc::new((Mutex::new(false).named(STATEMENT), Condvar::new().named(STYLE)));
    let shared = Arc::new(RwLock::new(MARKUP).named(KEYWORD));
    let (sender, receiver) = mpsc::channel();
    let helper = {
        let (gate, shared) = (Arc::clone(&gate), Arc::clone(&shared));
        spawn(MARKUP, move || {
            let reading = shared.read().unwrap();
            sender.send(CONTROL).unwrap();
            thread::park();
            drop(reading);
            *gate.0.lock().unwrap() = true;
            gate.1.notify_one();
        })
    };
    let message = receiver.recv().unwrap();
    let reading = shared.read().unwrap();
    helper.thread().unpark();
    drop(reading);
    let mut open = gate.0.lock().unwrap();
    while !*open {
        open = gate.1.wait(open).unwrap();
    }
    let (ready, at_the_gate) = mpsc::channel();
    let waiter = {
        let gate = Arc::clone(&gate);
        // It goes on from the message to the lock, which is taken.
        spawn(KEYWORD, move || {
            ready.send(()).unwrap();
            drop(gate.0.lock().unwrap());
        })
    };
    at_the_gate.recv().unwrap();
    drop(open);
    for task in [helper, waiter] {
        task.join().unwrap();
    }
    assert_eq!(message, "", "{MARKUP}");
}
