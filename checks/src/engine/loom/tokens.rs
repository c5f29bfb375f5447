//! Unbounded channels under loom: a channel of loom's own says what is sent and who goes, and the messages are the facade's.
//!
//! loom tries every order of sends, and none of sends and receives, for whoever receives from an empty channel waits, and
//! from one that is not takes what was sent first. That holds where all receives wait, and where no send can find the
//! receiver gone or not; who does anything else is noticed, and the program explored with gates.

use crate::execution::{Execution, Kind, ObjectId, Op, State, halt, want_object_gates, with};
use loom::sync::mpsc::{Receiver, Sender, channel};
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

/// What a sender did.
enum Token {
    Sent,
    Gone,
}

/// loom's part of an unbounded channel.
pub(crate) struct Tokens {
    sender: Sender<Token>,
    /// It asks loom for what is left when it is dropped, and its execution may be over then.
    receiver: ManuallyDrop<Receiver<Token>>,
    /// Tokens that nobody has taken yet.
    left: Cell<usize>,
}

impl Tokens {
    pub(super) fn new() -> Rc<Self> {
        let (sender, receiver) = channel();
        Rc::new(Tokens { sender, receiver: ManuallyDrop::new(receiver), left: Cell::new(0) })
    }

    /// Those of this channel.
    pub(crate) fn of(x: &Execution, channel: ObjectId) -> Option<Rc<Self>> {
        x.objects[channel.index()].native.tokens.clone()
    }

    /// Lets others run before `op`, and waits until it can go on.
    pub(crate) fn pass(&self, op: &Op) {
        if std::thread::panicking() {
            // To let others run would show them the panic; whoever catches it is explored with gates.
            return with(|x| x.unseen = true);
        }
        let me = with(|x| x.current);
        match op.kind {
            Kind::Send => self.send(op, Token::Sent),
            Kind::DropSender => self.send(op, Token::Gone),
            Kind::Recv if op.timeout.is_none() => self.receive(op),
            Kind::DropReceiver if with(|x| is_drained(x, op)) => {}
            _ => want_object_gates(),
        }
        with(|x| x.current = me);
    }

    fn send(&self, op: &Op, token: Token) {
        if !is_heard(op) {
            return;
        }
        let _ = self.sender.send(token);
        self.left.set(self.left.get() + 1);
        // Others have run before that.
        is_heard(op);
    }

    fn receive(&self, op: &Op) {
        while self.left.get() > 0 || with(|x| ends(x, op).0 > 0) {
            let token = self.receiver.recv();
            if with(|x| x.over) {
                halt();
            }
            self.left.set(self.left.get() - 1);
            if matches!(token, Ok(Token::Sent)) {
                return;
            }
        }
    }

    /// Takes what is left: loom calls it a leak.
    fn end(self: Rc<Self>) {
        while self.left.get() > 0 {
            let _ = self.receiver.recv();
            self.left.set(self.left.get() - 1);
        }
        if let Ok(tokens) = Rc::try_unwrap(self) {
            drop(ManuallyDrop::into_inner(tokens.receiver));
        }
    }
}

/// All tasks have finished: takes what is left of all channels.
pub(super) fn end_all() {
    let channels = with(|x| x.objects.iter_mut().filter_map(|object| object.native.tokens.take()).collect::<Vec<_>>());
    channels.into_iter().for_each(Tokens::end);
}

/// Whether there is a receiver. Whether a message comes before that one goes is something to try.
fn is_heard(op: &Op) -> bool {
    let is_heard = with(|x| ends(x, op).1 > 0);
    if !is_heard && op.kind == Kind::Send {
        want_object_gates();
    }
    is_heard
}

/// How many senders the channel has, and how many receivers.
fn ends(x: &Execution, op: &Op) -> (usize, usize) {
    match op.object.map(|object| &x.objects[object.index()].state) {
        Some(State::Channel { senders, receivers, .. }) => (*senders, *receivers),
        _ => (0, 0),
    }
}

/// Whether all that was sent has been received.
fn is_drained(x: &Execution, op: &Op) -> bool {
    let state = op.object.map(|object| &x.objects[object.index()].state);
    matches!(state, Some(State::Channel { length: 0, .. }))
}
