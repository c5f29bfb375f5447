//! A child process, as its parent has it: what it says, for how long to wait for that, and that it goes when it has to.
//!
//! A child is this executable once more. It says what it has to say on its stdout, in lines of JSON. Its stdin is a lifeline:
//! it gets its order there, if it gets one, and when the parent goes, so does the child.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long what a process has said is waited for after its end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What came within the time that there was.
pub(super) enum Answer<L> {
    /// A line.
    Line(L),
    /// The process has ended.
    Ended(ExitStatus),
    Nothing,
}

/// A child process. It is killed when this is dropped, with all processes that it has started, and it ends by itself when
/// this process does.
pub(super) struct Process<L> {
    child: Child,
    lines: Receiver<L>,
    errors: Tail,
    /// Tells that all of its stderr has been read.
    errors_end: Receiver<()>,
}

impl<L: DeserializeOwned + Send + 'static> Process<L> {
    /// Starts this executable with these arguments, and gives it an order, if there is one.
    pub(super) fn start<O: Serialize>(arguments: &[&str], order: Option<&O>) -> std::io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Each of glibc's arenas takes 64 MiB of address space, which is limited.
        command.env("MALLOC_ARENA_MAX", "2");
        // Ctrl-C is for the parent, which ends its children itself.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let (out, err) = (child.stdout.take().expect("it is a pipe"), child.stderr.take().expect("it is a pipe"));
        let (sender, lines) = channel();
        let (errors, (end, errors_end)) = (Tail::default(), channel());
        let mut process = Process { child, lines, errors: errors.clone(), errors_end };
        // Both end when their pipes do, and those end with the child.
        std::thread::Builder::new().name("child's report".into()).spawn(move || {
            let lines = BufReader::new(out).split(b'\n').map_while(Result::ok);
            // What else is there, the program has written.
            lines.filter_map(|line| serde_json::from_slice(&line).ok()).all(|line| sender.send(line).is_ok());
        })?;
        std::thread::Builder::new().name("child's stderr".into()).spawn(move || {
            errors.keep(err);
            let _ = end.send(());
        })?;
        if let Some(order) = order {
            let stdin = process.child.stdin.as_mut().expect("it is a pipe");
            // If the child is gone by now, its end says more than this.
            let _ = serde_json::to_writer(&mut *stdin, order).map_err(Into::into).and_then(|()| stdin.write_all(b"\n"));
            let _ = stdin.flush();
        }
        Ok(process)
    }

    /// Waits for the next line, or for the end.
    pub(super) fn answer(&mut self, within: Duration) -> Answer<L> {
        match self.lines.recv_timeout(within) {
            Ok(line) => Answer::Line(line),
            // What it said last may still be on its way; and another process may hold its stdout.
            Err(RecvTimeoutError::Timeout) => match self.child.try_wait() {
                Ok(Some(status)) => self.lines.recv_timeout(LAST_WORDS).map_or(Answer::Ended(status), Answer::Line),
                _ => Answer::Nothing,
            },
            // Its stdout is closed: it ends, unless the program closed it.
            Err(RecvTimeoutError::Disconnected) => self.wait(within).map_or(Answer::Nothing, Answer::Ended),
        }
    }

    /// How it ended, if it does so in time.
    fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < within {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        None
    }

    /// The last that it wrote to stderr, now that it has ended. Another process may still hold that.
    pub(super) fn errors(&self) -> String {
        let _ = self.errors_end.recv_timeout(LAST_WORDS);
        self.errors.text()
    }
}

impl<L> Drop for Process<L> {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            // The group bears the child's number, which nobody else gets before the child is waited for, or the last
            // of the group has gone.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a process ended, in words: `was ended by SIGABRT`, `exited with code 0`.
pub(super) fn how(status: ExitStatus) -> String {
    if let Some(code) = status.code() {
        return format!("exited with code {code}");
    }
    // `signal: 6 (SIGABRT) (core dumped)`
    let text = status.to_string();
    let name = text.split(['(', ')']).find(|word| word.starts_with("SIG"));
    name.map_or_else(|| format!("ended ({text})"), |name| format!("was ended by {name}"))
}

/// The end of what is read from somewhere.
#[derive(Clone, Debug, Default)]
struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    const BYTES_MAX: usize = 8 << 10;

    fn keep(&self, mut from: impl Read) {
        let mut block = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut block) {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(&block[..count]);
            let more = kept.len().saturating_sub(Self::BYTES_MAX);
            kept.drain(..more);
        }
    }

    fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept.iter().copied().collect::<Vec<u8>>()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_the_end() {
        let tail = Tail::default();
        let text = "a".repeat(3 * Tail::BYTES_MAX) + "the end";
        tail.keep(text.as_bytes());
        assert_eq!(tail.text().len(), Tail::BYTES_MAX);
        assert!(tail.text().ends_with("athe end"));
    }

    #[cfg(unix)]
    #[test]
    fn an_end_is_told_in_words() {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(how(ExitStatus::from_raw(0)), "exited with code 0");
        assert_eq!(how(ExitStatus::from_raw(3 << 8)), "exited with code 3");
        assert_eq!(how(ExitStatus::from_raw(6)), "was ended by SIGABRT");
        assert_eq!(how(ExitStatus::from_raw(6 | 0x80)), "was ended by SIGABRT", "with a core or without");
    }
}
