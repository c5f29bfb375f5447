//! Any text is a schedule or refused, and what was read is printed and read as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use raddle::Schedule;

fuzz_target!(|text: &str| {
    match text.parse::<Schedule>() {
        Ok(schedule) => assert_eq!(schedule.to_string().parse(), Ok(schedule)),
        Err(message) => assert!(!message.is_empty() && message.chars().count() < 1_000, "{message}"),
    }
});
