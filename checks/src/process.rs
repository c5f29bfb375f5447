//! Processes that compute: each has a copy of what its parent had, and they share messages alone.
//!
//! Under an engine a process is a thread, and what it is given stands for its copy. On real threads (`raddle stress`) it
//! is a child process: this executable once more, which runs the same program until it comes to the same [`spawn`], runs the
//! process's part there, and ends. That is how Python's `multiprocessing` spawns, too. What a program does before it spawns
//! has to be its main thread's, and the same each time; threads that it has started by then would run in the child as well.

use crate::engine::real::{self, Failure, Role};
use crate::sync::mpsc::{self, Receiver, SendError};
use crate::thread;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::{BufRead, BufReader};
use std::panic::Location;
use std::process::{Command, Stdio};

/// What can be sent from one process to another.
pub trait Message: Serialize + DeserializeOwned + Send + 'static {}
impl<T: Serialize + DeserializeOwned + Send + 'static> Message for T {}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It came to its end.
    Done,
    /// Something ended it: a signal, or want of memory.
    Killed,
}

/// A channel between processes, or within one. Its receiver stays where it was made.
#[track_caller]
#[must_use]
pub fn channel<T: Message>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = mpsc::channel();
    (Sender { inner: End::Channel(sender) }, receiver)
}

/// The end of a channel that sends.
#[derive(Debug)]
pub struct Sender<T> {
    inner: End<T>,
}

#[derive(Debug)]
enum End<T> {
    Channel(mpsc::Sender<T>),
    /// Of a child process: its parent reads the other end.
    Stdout,
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        let inner = match &self.inner {
            End::Channel(sender) => End::Channel(sender.clone()),
            End::Stdout => End::Stdout,
        };
        Sender { inner }
    }
}

impl<T: Message> Sender<T> {
    /// Names the channel in traces.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        if let End::Channel(sender) = self.inner {
            self.inner = End::Channel(sender.named(name));
        }
        self
    }

    /// Sends `value`.
    ///
    /// # Errors
    /// If the receiver is gone, as far as this process knows: a child process does not.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        match &self.inner {
            End::Channel(sender) => sender.send(value),
            End::Stdout => {
                real::say(&Said::Message(value));
                Ok(())
            }
        }
    }
}

/// A process that has been spawned.
#[derive(Debug)]
pub struct Child {
    thread: thread::JoinHandle<Exit>,
}

impl Child {
    /// Waits for its end: how it came to it.
    ///
    /// # Panics
    /// Never: a panic in a process fails the execution.
    #[track_caller]
    #[must_use = "a process can have been killed"]
    pub fn wait(self) -> Exit {
        self.thread.join().expect("a panic has ended the execution")
    }
}

/// Spawns a process for `body`, which gets an end of its own of the channel; that one is closed when the process ends,
/// however it does. A body that gives [`Exit::Killed`] is killed there: on real threads by a signal.
///
/// ```
/// use raddle::process::{Exit, channel, spawn};
///
/// raddle::check(|| {
///     let (squares, results) = channel();
///     let worker = spawn("worker", &squares, |squares| {
///         squares.send(3 * 3).unwrap();
///         Exit::Done
///     });
///     drop(squares);
///     assert_eq!(results.into_iter().collect::<Vec<u32>>(), [9]);
///     assert_eq!(worker.wait(), Exit::Done);
/// });
/// ```
///
/// # Panics
/// If the system gives no thread, which only real threads can lack.
#[track_caller]
pub fn spawn<T: Message>(
    name: impl Into<String>,
    results: &Sender<T>,
    body: impl FnOnce(&Sender<T>) -> Exit + Send + 'static,
) -> Child {
    let role = if real::is_on() { real::next_process() } else { Role::Model };
    let ends_here = matches!(role, Role::Child);
    let own = if ends_here { Sender { inner: End::Stdout } } else { results.clone() };
    let program = move || match role {
        Role::Model => body(&own),
        Role::Parent(arguments) => run_child(&arguments, &own),
        Role::Sibling => Exit::Done,
        Role::Child => match body(&own) {
            Exit::Done => std::process::exit(0),
            Exit::Killed => std::process::abort(),
        },
    };
    let child = Child { thread: thread::start(Some(name.into()), program, Location::caller()) };
    if ends_here {
        // What follows is the parent's.
        child.thread.join().expect("it ends the process");
        unreachable!("the process has ended");
    }
    child
}

/// What a child says to its parent, on a line of its own.
#[derive(Serialize, Deserialize)]
enum Said<T> {
    Message(T),
    Failure(Failure),
}

/// Hands on what a child process says, until it has ended.
fn run_child<T: Message>(arguments: &[String], results: &Sender<T>) -> Exit {
    let started = std::env::current_exe().and_then(|executable| {
        let (stdin, stdout) = (Stdio::piped(), Stdio::piped());
        Command::new(executable).args(arguments).stdin(stdin).stdout(stdout).stderr(Stdio::null()).spawn()
    });
    let mut child = started.unwrap_or_else(|error| fail(format!("a process can't be started: {error}")));
    let out = child.stdout.take().expect("its stdout is a pipe");
    for line in BufReader::new(out).split(b'\n').map_while(Result::ok) {
        match serde_json::from_slice(&line) {
            // Nobody may want it any more.
            Ok(Said::Message(value)) => _ = results.send(value),
            Ok(Said::Failure(failure)) => real::fail(failure),
            // What else is there, the program has written.
            Err(_) => {}
        }
    }
    match child.wait() {
        Ok(status) if status.success() => Exit::Done,
        Ok(status) if status.code() == Some(i32::from(real::NOT_THERE)) => {
            fail("a process did not come to its part of the program, which differs from run to run".into())
        }
        Ok(_) => Exit::Killed,
        Err(error) => fail(format!("a process can't be waited for: {error}")),
    }
}

fn fail(message: String) -> ! {
    real::fail(Failure { kind: "error".into(), message })
}

/// Says how the run of this child process failed.
#[cfg(feature = "suite")]
pub(crate) fn report_to_parent(_run: u64, failure: Option<&Failure>) {
    if let Some(failure) = failure {
        real::say(&Said::<()>::Failure(failure.clone()));
    }
}
