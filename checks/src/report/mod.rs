//! Renderers: each turns a trace or an outcome into text of one form, and reads nothing else.

pub mod text;
