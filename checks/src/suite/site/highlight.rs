//! Source text as tokens of a few classes, for pages to colour: by syntect, with Sublime Text's grammars.

use std::sync::LazyLock;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// A line: the class of each token, and its text. The class is one letter, or none for what needs no colour.
pub(super) type Line = Vec<(&'static str, String)>;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// Which scopes make which class; the first that fits, from the innermost scope outwards.
static CLASSES: LazyLock<Vec<(Scope, &'static str)>> = LazyLock::new(|| {
    let classes = [
        ("comment", "c"),
        ("string", "s"),
        ("constant", "n"),
        ("meta.annotation", "a"),
        ("keyword.operator", ""),
        ("keyword", "k"),
        ("storage", "k"),
        ("variable.language", "k"),
        ("entity.name.function", "f"),
        ("support.function", "f"),
        ("support.macro", "f"),
        ("entity.name", "t"),
        ("support.type", "t"),
    ];
    classes.into_iter().filter_map(|(scope, class)| Some((Scope::new(scope).ok()?, class))).collect()
});

/// The lines of `text`, written in the language that files with this extension are.
pub(super) fn lines(text: &str, extension: &str) -> Vec<Line> {
    let text = &text.replace('\t', "    ");
    let plain = || SYNTAXES.find_syntax_plain_text();
    let syntax = SYNTAXES.find_syntax_by_extension(extension).unwrap_or_else(plain);
    tokens(text, syntax).unwrap_or_else(|| text.lines().map(|line| vec![("", line.to_owned())]).collect())
}

fn tokens(text: &str, syntax: &SyntaxReference) -> Option<Vec<Line>> {
    let (mut state, mut stack) = (ParseState::new(syntax), ScopeStack::new());
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let (mut tokens, mut at): (Line, usize) = (Vec::new(), 0);
        for (from, change) in state.parse_line(line, &SYNTAXES).ok()? {
            push(&mut tokens, class(&stack), line.get(at..from)?);
            at = from;
            stack.apply(&change).ok()?;
        }
        push(&mut tokens, class(&stack), line.get(at..)?);
        lines.push(tokens);
    }
    Some(lines)
}

fn class(stack: &ScopeStack) -> &'static str {
    let of = |scope: &Scope| CLASSES.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, class)| *class);
    stack.as_slice().iter().rev().find_map(of).unwrap_or_default()
}

/// Adds a token, or makes the last one longer.
fn push(line: &mut Line, class: &'static str, text: &str) {
    let text = text.trim_end_matches(['\n', '\r']);
    // White space looks the same in every class.
    let class = if text.trim().is_empty() { line.last().map_or("", |(class, _)| *class) } else { class };
    match line.last_mut() {
        _ if text.is_empty() => {}
        Some((last, token)) if *last == class => token.push_str(text),
        _ => line.push((class, text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_stays_and_has_its_class() {
        let text = "// why\nlet mut lock: Mutex<u32> = \"a\\n\".lock();\n";
        let lines = lines(text, "rs");
        let whole: Vec<String> =
            lines.iter().map(|line| line.iter().map(|(_, text)| text.as_str()).collect()).collect();
        assert_eq!(whole, text.lines().collect::<Vec<_>>());
        assert_eq!(lines[0], [("c", "// why".to_owned())]);
        assert_eq!(lines[1][0], ("k", "let mut".to_owned()));
        assert!(lines[1].contains(&("s", "\"a".to_owned())), "{:?}", lines[1]);
    }

    #[test]
    fn a_language_that_is_not_known_is_plain() {
        assert_eq!(lines("a < b", "no-such"), [vec![("", "a < b".to_owned())]]);
    }
}
