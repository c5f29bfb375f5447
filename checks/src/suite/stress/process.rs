//! The child, as its parent has it: what it says, for how long to wait for that, and that it goes when it has to.

use super::child::Line;
use crate::engine::real::Failure;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a process may take to get to the program.
const START_MAX: Duration = Duration::from_mins(1);

/// Why a program can't be run on real threads.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StressError {
    /// The child process can't be started.
    #[error("the child process that runs it can't be started: {0}")]
    Start(#[from] std::io::Error),
    /// The child process did not get to the program.
    #[error("the child process {0} before it ran the program; does `main` pass its arguments to `raddle::suite`?")]
    NotReady(String),
}

/// What came within the deadline.
pub(super) enum Answer {
    /// A run has ended, and has observed this.
    Run(Option<Failure>, Vec<String>),
    /// The process has, without a word: how.
    Ended(String),
    Nothing,
}

/// A child process. It is killed when this is dropped, and it ends by itself when this process does.
pub(super) struct Process {
    child: Child,
    lines: Receiver<Line>,
}

impl Process {
    /// A process that is about to run the program `runs` times, the first run being number `first`.
    pub(super) fn start(variant: &str, small: bool, first: u64, runs: u64) -> Result<Self, StressError> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["stress-child", variant, "--first", &first.to_string(), "--runs", &runs.to_string()])
            .args(small.then_some("--small"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (sender, lines) = channel();
        let out = child.stdout.take().expect("its stdout is a pipe");
        let mut process = Process { child, lines };
        // Ends when the pipe does, and that ends with the child.
        std::thread::Builder::new().name("child's report".into()).spawn(move || {
            let lines = BufReader::new(out).split(b'\n').map_while(Result::ok);
            // What else is there, the program has written.
            lines.filter_map(|line| serde_json::from_slice(&line).ok()).all(|line| sender.send(line).is_ok());
        })?;
        match process.answer(START_MAX) {
            Answer::Run(..) => Ok(process),
            Answer::Ended(how) => Err(StressError::NotReady(how)),
            Answer::Nothing => Err(StressError::NotReady("did nothing for a minute".into())),
        }
    }

    /// Waits for the end of a run.
    pub(super) fn answer(&mut self, deadline: Duration) -> Answer {
        match self.lines.recv_timeout(deadline) {
            Ok(line) => Answer::Run(line.failure, line.observed),
            Err(RecvTimeoutError::Timeout) => Answer::Nothing,
            // Its stdout is closed: it ends, unless the program closed it.
            Err(RecvTimeoutError::Disconnected) => self.wait(deadline).map_or(Answer::Nothing, Answer::Ended),
        }
    }

    /// How it ended, if it does so in time.
    fn wait(&mut self, deadline: Duration) -> Option<String> {
        let started = Instant::now();
        while started.elapsed() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(format!("ended with {status}"));
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        None
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
