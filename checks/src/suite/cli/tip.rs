//! What is suggested where a command was expected, and is none.

use super::Cli;
use crate::Catalogue;
use crate::suite::select;
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue};

/// Takes commands that are none of the user's out of what a parse error suggests. Gives what else is to be said: of a command
/// that is none, and is called like something in the catalogue.
pub(in crate::suite) fn tip(error: &mut clap::Error, catalogue: &'static Catalogue) -> Option<String> {
    let cli = Cli::command();
    let hidden = |name: &String| cli.find_subcommand(name).is_some_and(clap::Command::is_hide_set);
    match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(names)) if names.iter().any(hidden) => {
            let names = names.iter().filter(|name| !hidden(name)).cloned().collect::<Vec<_>>();
            error.remove(ContextKind::SuggestedSubcommand);
            if !names.is_empty() {
                error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(names));
            }
        }
        Some(ContextValue::String(name)) if hidden(name) => _ = error.remove(ContextKind::SuggestedSubcommand),
        _ => {}
    }
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let called = select::called(catalogue, name);
    let near = called.first()?;
    Some(if near == name {
        format!("`{name}` is no command, but in the catalogue: `check {name}`, `show {name}`, …")
    } else {
        format!("is `{near}` of the catalogue meant? `check {near}`, `show {near}`, …")
    })
}
