//! Stopping a thread that is about to abort the process.
//!
//! A destructor that panics while a panic unwinds can't be unwound: Rust calls the panic hook a last time and then
//! aborts. There is no way out of that thread but not to go on. It can't be stopped in the hook, which runs under the
//! hook's lock: everybody who sets a hook later (libtest does, at its end) would wait for ever. So it is stopped a
//! step further on, in the handler of the signal that `abort` raises.
//!
//! Another abort of a thread that explores ends the process, and is told before (`ending.rs`).

/// Notices every abort from now on, where the system allows it.
pub(super) fn notice() {
    #[cfg(unix)]
    unix::notice();
}

/// Makes the current thread wait for ever when it aborts, where the system allows it.
pub(super) fn stop_here() {
    #[cfg(unix)]
    unix::stop_here();
}

#[cfg(unix)]
mod unix {
    use std::cell::Cell;
    use std::sync::Once;

    thread_local! {
        static STOPS: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn notice() {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(install);
    }

    pub(super) fn stop_here() {
        notice();
        STOPS.set(true);
    }

    extern "C" fn on_abort(_signal: libc::c_int) {
        // Of any other thread: `abort` goes on with what it does when a handler returns, which is to end the process.
        if !STOPS.get() {
            crate::execution::ending::on_abort();
        }
        while STOPS.get() {
            // SAFETY: `pause` has no preconditions and may be called in a signal handler (POSIX, 2.4.3). The stack
            // below is never resumed, so nothing sees its state. Tested by `tests/teardown.rs`: `a_panic_in_drop_*`.
            #[expect(unsafe_code, reason = "a signal handler can wait by system call alone")]
            unsafe {
                libc::pause();
            }
        }
    }

    /// Takes SIGABRT over, unless somebody else has.
    #[expect(unsafe_code, reason = "std has no signal handlers")]
    fn install() {
        // SAFETY: `sigaction` is given valid pointers to zeroed structures, for which all zeroes is a valid value
        // (the default action, no flags, an empty mask), and a handler that does only what a handler may: it reads
        // thread-locals without a destructor, which need no initialization, calls `pause`, and what `ending.rs` says of
        // itself.
        unsafe {
            let mut old: libc::sigaction = std::mem::zeroed();
            let known = libc::sigaction(libc::SIGABRT, std::ptr::null(), &raw mut old) == 0;
            if known && old.sa_sigaction == libc::SIG_DFL {
                let mut new: libc::sigaction = std::mem::zeroed();
                new.sa_sigaction = on_abort as *const () as usize;
                libc::sigaction(libc::SIGABRT, &raw const new, std::ptr::null_mut());
            }
        }
    }
}
