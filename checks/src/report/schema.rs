//! The JSON Schemas (draft 2020-12) of what raddle writes; the descriptions in them are the types' own documentation.
//!
//! `raddle schema` prints them, and `checks/schema/` keeps them.

use super::json::Document;
use crate::schedule::Record;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};

/// The schema of a counterexample, as [`json::counterexample`](super::json::counterexample) writes it.
#[must_use]
pub fn counterexample() -> String {
    text(&of::<Document<'_>>(SchemaSettings::draft2020_12().for_serialize()))
}

/// The schema of a recorded counterexample, as [`Record::read`] reads it.
#[must_use]
pub fn record() -> String {
    text(&of::<Record>(SchemaSettings::draft2020_12().for_deserialize()))
}

fn of<T: JsonSchema>(settings: SchemaSettings) -> Schema {
    SchemaGenerator::new(settings).into_root_schema_for::<T>()
}

fn text(schema: &Schema) -> String {
    format!("{:#}\n", schema.as_value())
}
