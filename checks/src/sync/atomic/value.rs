//! What is known of an atomic's value.

/// What knows of an atomic's value as much as is compared and shown: all, of a number.
#[derive(Default)]
pub(super) struct Number;

impl Number {
    #[expect(clippy::unused_self, reason = "a pointer is held")]
    pub(super) fn set(&self, value: u64) -> u64 {
        value
    }

    pub(super) fn show<T: std::fmt::Debug>(value: T) -> String {
        crate::sync::show(&value)
    }
}

/// A number that is equal when a value is, within an execution.
pub(super) trait Raw {
    fn raw(self) -> u64;
}

impl Raw for u64 {
    fn raw(self) -> u64 {
        self
    }
}

impl<T> Raw for *mut T {
    fn raw(self) -> u64 {
        self.addr() as u64
    }
}
