//! Both versions of the stack under the same programs.

use super::Stack;
use super::before::Untagged;
use raddle::proptest::prelude::*;
use raddle::sync::Arc;
use raddle::{Checker, Engine, History, Model, Outcome, Property, Verdict, programs, thread};
use serde::{Deserialize, Serialize};

/// What both versions are.
trait Lifo: Send + Sync + 'static {
    fn with_capacity(capacity: u32) -> Self;
    fn push(&self, word: u64) -> bool;
    fn pop(&self) -> Option<u64>;
}

impl Lifo for Stack {
    fn with_capacity(capacity: u32) -> Self {
        Stack::with_capacity(capacity)
    }

    fn push(&self, word: u64) -> bool {
        self.push(word).is_ok()
    }

    fn pop(&self) -> Option<u64> {
        self.pop()
    }
}

impl Lifo for Untagged {
    fn with_capacity(capacity: u32) -> Self {
        Untagged::with_capacity(capacity)
    }

    fn push(&self, word: u64) -> bool {
        self.push(word)
    }

    fn pop(&self) -> Option<u64> {
        self.pop()
    }
}

/// One pushes while another pops. The one is `main`: loom begins with it, and forgets loads that come before a store (see
/// [`Engine`]).
fn handed_over<S: Lifo>() {
    let stack = Arc::new(S::with_capacity(1));
    let theirs = Arc::clone(&stack);
    let consumer = thread::spawn(move || theirs.pop());
    assert!(stack.push(7), "an empty stack has room");
    let word = consumer.join().unwrap().or_else(|| stack.pop());
    assert_eq!(word, Some(7), "what was popped was never pushed");
}

/// Two words; two who take one, and one who takes one and puts it back.
fn passed_around<S: Lifo>() {
    let stack = Arc::new(S::with_capacity(2));
    assert!(stack.push(1) && stack.push(2), "there is room for two");
    let start = |name: &str, work: fn(&S) -> Option<u64>| {
        let stack = Arc::clone(&stack);
        thread::Builder::new().name(name.into()).spawn(move || work(&stack)).unwrap()
    };
    let threads = [
        start("taker", S::pop),
        start("other", S::pop),
        start("mover", |stack| {
            let word = stack.pop()?;
            assert!(stack.push(word), "the slot that it took is free");
            None
        }),
    ];
    let mut words: Vec<u64> = threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect();
    // A broken stack can be a ring.
    words.extend(std::iter::from_fn(|| stack.pop()).take(3));
    words.sort_unstable();
    assert_eq!(words, [1, 2], "a word was lost, or came twice");
}

#[test]
fn a_word_is_handed_over() {
    raddle::check(handed_over::<Stack>);
    Checker::new().engine(Engine::Exhaustive).check(handed_over::<Stack>);
}

#[test]
fn no_word_is_lost_and_none_comes_twice() {
    // Every interleaving; and, as that engine is sequentially consistent, the memory orders with up to two preemptions.
    Checker::new().engine(Engine::Exhaustive).check(passed_around::<Stack>);
    Checker::new().engine(Engine::Loom).preemptions(2).check(passed_around::<Stack>);
}

/// How `program` fails: the panic's message.
#[track_caller]
fn message(engine: Engine, program: fn()) -> String {
    match Checker::new().engine(engine).run(program) {
        Ok(Outcome::Fails(found)) => match found.verdict {
            Verdict::Assertion { message, .. } => message,
            other => panic!("{engine}: {other}"),
        },
        other => panic!("{engine}: {other:?}"),
    }
}

#[test]
fn without_a_tag_a_slot_that_comes_back_is_taken_for_one_that_never_left() {
    for engine in [Engine::Exhaustive, Engine::Loom, Engine::shuttle()] {
        let message = message(engine, passed_around::<Untagged>);
        assert!(message.contains("a word was lost, or came twice"), "{engine}: {message}");
    }
}

#[test]
fn a_relaxed_link_publishes_no_word_which_loom_alone_sees() {
    let message = message(Engine::Loom, handed_over::<Untagged>);
    assert!(message.contains("what was popped was never pushed"), "{message}");
    let elsewhere = Checker::new().engine(Engine::Exhaustive).run(handed_over::<Untagged>);
    assert!(matches!(elsewhere, Ok(Outcome::Holds(_))), "{elsewhere:?}");
}

/// What a stack does when calls come one by one.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Sequential {
    words: Vec<u64>,
    capacity: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Call {
    Push(u64),
    Pop,
}

#[derive(Clone, Debug, PartialEq)]
enum Returned {
    Pushed,
    Refused,
    Popped(Option<u64>),
}

impl Model for Sequential {
    type Op = Call;
    type Returns = Returned;

    fn apply(&mut self, call: &Call) -> Option<Returned> {
        Some(match call {
            Call::Push(_) if self.words.len() == self.capacity => Returned::Refused,
            Call::Push(word) => {
                self.words.push(*word);
                Returned::Pushed
            }
            Call::Pop => Returned::Popped(self.words.pop()),
        })
    }
}

/// Runs each thread's calls on one stack, and holds what they returned against [`Sequential`].
fn compared<S: Lifo>(capacity: u32, threads: Vec<Vec<Call>>) {
    let model = Sequential { words: Vec::new(), capacity: capacity as usize };
    let shared = Arc::new((S::with_capacity(capacity), History::new(model).named("stack")));
    let start = |calls: Vec<Call>| {
        let shared = Arc::clone(&shared);
        let work = move |call: Call| {
            let (stack, history) = &*shared;
            history.call(call.clone(), || match call {
                Call::Push(word) if stack.push(word) => Returned::Pushed,
                Call::Push(_) => Returned::Refused,
                Call::Pop => Returned::Popped(stack.pop()),
            });
        };
        thread::spawn(move || calls.into_iter().for_each(work))
    };
    for thread in threads.into_iter().map(start).collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    shared.1.check();
}

/// Up to three threads of up to three calls each.
fn drawn<S: Lifo>(capacity: u32) -> Property {
    let call = prop_oneof![(1..4_u64).prop_map(Call::Push), Just(Call::Pop)];
    Property::new(&["calls"], programs(call, 2..=3, 1..=3), move |threads| compared::<S>(capacity, threads))
}

#[test]
fn a_stack_with_room_is_linearizable() {
    Checker::new().executions(5_000).check_property(&drawn::<Stack>(9));
}

/// A slot on its way from one stack to the other is on neither: what the documentation of `push` says.
#[test]
fn a_stack_may_call_itself_full_while_a_slot_is_on_its_way() {
    let outcome = Checker::new().run_property(&drawn::<Stack>(1));
    let Ok(Outcome::Fails(found)) = outcome else { panic!("{outcome:?}") };
    let calls = found.parameters.as_ref().expect("the calls were drawn").to_string();
    assert_eq!(calls, r#"calls [[{"Push":1},"Pop"],[{"Push":1}]]"#);
    let Verdict::Assertion { message, .. } = &found.verdict else { panic!("{}", found.verdict) };
    for words in ["Push(1) → Refused\n", "Pop → Popped(None)\n"] {
        assert!(message.contains(words), "{message}");
    }
}
