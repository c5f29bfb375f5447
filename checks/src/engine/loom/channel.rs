//! An unbounded channel of loom's own, for one of the facade's: it says what is sent and who goes, and the messages are the
//! facade's.
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
enum Did {
    Send,
    Go,
}

/// loom's part of an unbounded channel.
pub(crate) struct NativeChannel {
    sender: Sender<Did>,
    /// It asks loom for what is left when it is dropped, and its execution may be over then.
    receiver: ManuallyDrop<Receiver<Did>>,
    /// How much of what senders did nobody has received yet.
    waiting: Cell<usize>,
}

impl NativeChannel {
    pub(super) fn new() -> Rc<Self> {
        let (sender, receiver) = channel();
        Rc::new(NativeChannel { sender, receiver: ManuallyDrop::new(receiver), waiting: Cell::new(0) })
    }

    /// That of this object.
    pub(crate) fn of(x: &Execution, channel: ObjectId) -> Option<Rc<Self>> {
        x.objects[channel.index()].native.channel.clone()
    }

    /// Lets others run before `op`, and waits until it can go on.
    pub(crate) fn pass(&self, op: &Op) {
        if std::thread::panicking() {
            // To let others run would show them the panic; whoever catches it is explored with gates.
            return with(|x| x.unseen = true);
        }
        let me = with(|x| x.current);
        match op.kind {
            Kind::Send => self.send(op),
            Kind::DropSender if with(|x| receivers(x, op) > 0) => self.tell(Did::Go),
            Kind::DropSender => {}
            Kind::Recv if op.timeout.is_none() => self.receive(op),
            Kind::DropReceiver if with(|x| is_drained(x, op)) => {}
            _ => want_object_gates(),
        }
        with(|x| x.current = me);
    }

    /// Whether a message comes before its receiver goes is something to try: gates do that.
    fn send(&self, op: &Op) {
        if with(|x| receivers(x, op) == 0) {
            want_object_gates();
        }
        self.tell(Did::Send);
        // Others have run before that.
        if with(|x| receivers(x, op) == 0) {
            want_object_gates();
        }
    }

    fn tell(&self, did: Did) {
        let _ = self.sender.send(did);
        self.waiting.set(self.waiting.get() + 1);
    }

    fn hear(&self) -> Option<Did> {
        let did = self.receiver.recv().ok();
        self.waiting.set(self.waiting.get() - 1);
        did
    }

    fn receive(&self, op: &Op) {
        while self.waiting.get() > 0 || with(|x| senders(x, op) > 0) {
            let did = self.hear();
            if with(|x| x.over) {
                halt();
            }
            if matches!(did, Some(Did::Send)) {
                return;
            }
        }
    }

    /// Receives what is left: loom calls it a leak.
    fn end(self: Rc<Self>) {
        while self.waiting.get() > 0 {
            self.hear();
        }
        if let Ok(channel) = Rc::try_unwrap(self) {
            drop(ManuallyDrop::into_inner(channel.receiver));
        }
    }
}

/// All tasks have finished: receives what is left in all channels.
pub(super) fn end_all() {
    let channels = with(|x| x.objects.iter_mut().filter_map(|object| object.native.channel.take()).collect::<Vec<_>>());
    channels.into_iter().for_each(NativeChannel::end);
}

fn senders(x: &Execution, op: &Op) -> usize {
    match op.object.map(|object| &x.objects[object.index()].state) {
        Some(State::Channel { senders, .. }) => *senders,
        _ => 0,
    }
}

fn receivers(x: &Execution, op: &Op) -> usize {
    match op.object.map(|object| &x.objects[object.index()].state) {
        Some(State::Channel { receivers, .. }) => *receivers,
        _ => 0,
    }
}

/// Whether all that was sent has been received.
fn is_drained(x: &Execution, op: &Op) -> bool {
    let state = op.object.map(|object| &x.objects[object.index()].state);
    matches!(state, Some(State::Channel { length: 0, .. }))
}
