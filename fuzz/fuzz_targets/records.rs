//! Any text is a record or refused, and what was read is written and read as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use raddle::{Record, SCHEMA};
use std::path::Path;

fuzz_target!(|text: &str| {
    let path = Path::new("record.json");
    match Record::parse(text, path) {
        Ok((record, schedule)) => {
            assert_eq!(record.schema, SCHEMA);
            let _ = record.verdict.to_string();
            // The file that `Record::write` writes, without the file.
            let written = serde_json::to_string_pretty(&record).unwrap();
            assert_eq!(Record::parse(&written, path).unwrap(), (record, schedule));
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("record.json: ") && message.chars().count() < 1_000, "{message}");
        }
    }
});
