//! What ends the process in the middle of an execution: a signal that an access to no memory raises, as a stack that has
//! overflowed makes one, `abort`, and `exit`. No check can say what came of it then, so this says it: in which test, after
//! which step of which task, and along which schedule.
//!
//! Little is allowed in a signal's handler: it says on the [trail](super::trail) what happens, and waits until the watchdog, a
//! thread of its own, has told that. Then what was to happen happens, but for `exit`: a process whose checks were not made
//! does not end as one that has passed.
//!
//! A child of the command line leaves this to its parent, which knows better (`suite/isolate.rs`).

use std::sync::atomic::{AtomicBool, Ordering};

/// What ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// A signal that comes of an access to memory, or of an instruction.
    Fault,
    /// `SIGABRT`.
    Abort,
    /// A call of `exit`.
    Exit,
    /// Such a call, of a thread that does not explore.
    ExitElsewhere,
}

impl Ending {
    const ALL: [Ending; 4] = [Ending::Fault, Ending::Abort, Ending::Exit, Ending::ExitElsewhere];

    /// As a number, for an atomic; 0 is none.
    fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Back from a number.
    pub(super) fn of(number: u8) -> Option<Self> {
        Ending::ALL.into_iter().find(|ending| ending.number() == number)
    }

    /// What happens, and what to do.
    pub(super) fn words(self) -> &'static str {
        match self {
            Ending::Fault => {
                "an execution ends the process with a fault of memory: in safe code, a stack overflow. A task's stack is small \
                 (`main` 32 KiB under loom, others 64, 128 under shuttle): put what is large in a `Box`, and recurse less. In \
                 unsafe code, run this test alone under Miri or a debugger."
            }
            Ending::Abort => {
                "an execution aborts the process. Say it with a panic, which is one execution's failure and has a message. What \
                 an allocator that finds its memory damaged has to say stands above."
            }
            Ending::Exit => {
                "an execution calls `exit`, which would end the tests as if all had passed: this process ends with code 101. Say \
                 it with a panic, which is one execution's failure."
            }
            Ending::ExitElsewhere => {
                "a thread calls `exit` while an execution is on, which would end the tests as if all had passed: this process \
                 ends with code 101. Let explorations come to their end first."
            }
        }
    }
}

/// Somebody else sees to it that ends are told.
static LEFT: AtomicBool = AtomicBool::new(false);

/// Leaves what ends this process, and what hangs in it, to whoever has started it.
#[cfg(feature = "suite")]
pub(crate) fn leave_to_parent() {
    LEFT.store(true, Ordering::Relaxed);
}

/// Whether somebody else sees to it.
pub(super) fn is_left() -> bool {
    LEFT.load(Ordering::Relaxed)
}

/// Notices what ends the process from now on, where the system allows it.
pub(super) fn notice() {
    #[cfg(unix)]
    unix::notice();
}

/// Ends the process now, as one that has failed.
pub(super) fn end_process() -> ! {
    #[cfg(unix)]
    unix::end_process();
    #[cfg(not(unix))]
    std::process::exit(FAILED);
}

/// The exit code of a test binary that has failed.
const FAILED: i32 = 101;

#[cfg(unix)]
mod unix {
    use super::{Ending, FAILED, is_left};
    use crate::execution::trail::{self, Trail};
    use std::sync::atomic::Ordering;
    use std::sync::{Once, OnceLock};

    /// Signals that a thread raises by what it does.
    const FAULTS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

    /// What they did before.
    static BEFORE: [OnceLock<libc::sigaction>; FAULTS.len()] = [const { OnceLock::new() }; FAULTS.len()];

    type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

    /// How often an end looks whether it has been told, 10 ms apart.
    const LOOKS: usize = 300;

    pub(super) fn notice() {
        static NOTICED: Once = Once::new();
        if !is_left() {
            NOTICED.call_once(install);
        }
    }

    /// Has the watchdog tell that this ends the process, and waits until it has.
    fn have_told(trail: &Trail, ending: Ending) {
        trail.ending.store(ending.number(), Ordering::Release);
        let told = (0..LOOKS).any(|_| {
            wait();
            trail.ending.load(Ordering::Acquire) == 0
        });
        if !told {
            write(b"raddle: an execution ends the process\n");
        }
    }

    /// The trail of the execution that this thread is in.
    fn of_this_execution() -> Option<&'static Trail> {
        trail::of_this_thread().filter(|trail| trail.far().is_some() && !is_left())
    }

    /// What comes before an `abort`.
    pub(in crate::execution) fn on_abort() {
        if let Some(trail) = of_this_execution() {
            have_told(trail, Ending::Abort);
        }
    }

    extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        let before = FAULTS.iter().position(|other| *other == signal).and_then(|index| BEFORE[index].get());
        let trail = of_this_execution();
        match (before, trail.is_some_and(|trail| !trail.is_loom_s())) {
            // Nobody else knows of shuttle's stacks.
            (Some(before), false) if before.sa_sigaction > libc::SIG_IGN => {
                // loom's handler does not come back from an overflow of its stacks: that becomes the verdict. Otherwise it
                // has taken itself, and so this, out of the way, and the instruction does what it did once more.
                call(before, signal, info, context);
            }
            (before, shuttle_s) => {
                let before = if shuttle_s { None } else { before };
                put_back(signal, before);
            }
        }
        if let Some(trail) = trail {
            have_told(trail, Ending::Fault);
        }
    }

    extern "C" fn on_exit() {
        if let Some(trail) = of_this_execution() {
            have_told(trail, Ending::Exit);
            end_process();
        }
        // A thread that waits for more to explore, and is about to hear that there is none, is in no execution.
        let mut running = if is_left() { Vec::new() } else { trail::all() };
        running.retain(|trail| trail.far().is_some());
        for trail in &running {
            have_told(trail, Ending::ExitElsewhere);
        }
        if !running.is_empty() {
            end_process();
        }
    }

    /// Takes the signals and `exit` over.
    #[expect(unsafe_code, reason = "std has no signal handlers, and none for `exit`")]
    fn install() {
        for (signal, before) in FAULTS.into_iter().zip(&BEFORE) {
            // SAFETY: `sigaction` is given valid pointers to structures for which all zeroes is a valid value (the default
            // action, no flags, an empty mask). The handler does what a handler may: it reads and writes atomics, reads a
            // thread-local without a destructor, sleeps and writes by system call, and calls what was installed before. It
            // runs on the alternate stack, where std has made one. Tested by `tests/faults/process.rs`.
            unsafe {
                let mut old: libc::sigaction = std::mem::zeroed();
                if libc::sigaction(signal, std::ptr::null(), &raw mut old) == 0 {
                    let _ = before.set(old);
                    let mut new: libc::sigaction = std::mem::zeroed();
                    new.sa_sigaction = on_fault as *const () as usize;
                    new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                    libc::sigaction(signal, &raw const new, std::ptr::null_mut());
                }
            }
        }
        // SAFETY: the function is there as long as the process, and unwinds from nothing. Tested by the same.
        unsafe {
            libc::atexit(on_exit);
        }
    }

    /// Has a signal do what it did before, or what it does by default.
    fn put_back(signal: libc::c_int, before: Option<&libc::sigaction>) {
        // SAFETY: as in `install`; and `sigaction` may be called in a handler (POSIX, 2.4.3).
        #[expect(unsafe_code, reason = "std has no signal handlers")]
        unsafe {
            let default: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, before.unwrap_or(&default), std::ptr::null_mut());
        }
    }

    /// Calls the handler that was there before.
    fn call(before: &libc::sigaction, signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: the system would have called this function with these arguments: it is no `SIG_DFL` and no `SIG_IGN`, and
        // one that takes the signal's number alone may be given more in every calling convention of C on Unix.
        #[expect(unsafe_code, reason = "a handler is kept as a number")]
        let handler = unsafe { std::mem::transmute::<libc::sighandler_t, Handler>(before.sa_sigaction) };
        handler(signal, info, context);
    }

    /// Waits 10 ms.
    fn wait() {
        let time = libc::timespec { tv_sec: 0, tv_nsec: 10_000_000 };
        // SAFETY: the pointer is valid, and null is allowed; `nanosleep` may be called in a handler.
        #[expect(unsafe_code, reason = "a signal handler can wait by system call alone")]
        unsafe {
            libc::nanosleep(&raw const time, std::ptr::null_mut());
        }
    }

    fn write(text: &[u8]) {
        // SAFETY: the pointer is to so many bytes; `write` may be called in a handler.
        #[expect(unsafe_code, reason = "a signal handler can write by system call alone")]
        unsafe {
            libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len());
        }
    }

    pub(super) fn end_process() -> ! {
        // SAFETY: `_exit` has no preconditions: it leaves all that other threads hold as it is.
        #[expect(
            unsafe_code,
            reason = "`exit` would run what is registered for it, and wait for who has called it before"
        )]
        unsafe {
            libc::_exit(FAILED)
        }
    }
}

#[cfg(unix)]
pub(super) use unix::on_abort;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_a_number() {
        for ending in Ending::ALL {
            assert_eq!(Ending::of(ending.number()), Some(ending));
        }
        assert_eq!(Ending::of(0), None);
    }
}
