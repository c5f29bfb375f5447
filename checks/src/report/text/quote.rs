//! The sources of what decides, with the operations underlined, as rustc does it.

use super::{Style, clean};
use crate::report::words::{has_place, target, verb};
use crate::study::Study;
use crate::trace::{Event, Phase, Trace};
use crate::verdict::Place;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::collections::BTreeMap;
use std::ops::Range;

/// What is said of one place at most.
const LABELS_MAX: usize = 3;

/// A file's text, and the places in it with what happened there.
type Quoted = (std::sync::Arc<str>, BTreeMap<(usize, usize), Vec<String>>);

/// The lines of `study` that decide and where it ends, quoted; nothing where the sources are not at hand.
pub(super) fn sources(study: &Study, style: Style) -> String {
    let trace = &study.counterexample.trace;
    let mut files: BTreeMap<&str, Quoted> = BTreeMap::new();
    let decisive = study.critical().flat_map(|pair| [pair.first, pair.second]);
    let ends = (0..trace.events.len()).filter(|index| is_end(trace, *index));
    // What a destructor does stands nowhere in the source.
    let mut events: Vec<usize> = decisive.chain(ends).filter(|index| has_place(&trace.events[*index])).collect();
    events.sort_unstable();
    events.dedup();
    for index in events {
        let event = &trace.events[index];
        let Some(text) = crate::source::text(&event.at.file) else { continue };
        let Some(span) = span(&text, &event.at) else { continue };
        let (_, places) = files.entry(&event.at.file).or_insert_with(|| (text, BTreeMap::new()));
        places.entry((span.start, span.end)).or_default().push(label(trace, event));
    }
    let mut out = String::new();
    for (file, (text, places)) in &files {
        let annotations = places.iter().map(|((from, to), labels)| {
            let more = labels.len().saturating_sub(LABELS_MAX);
            let mut label = labels[..labels.len() - more].join("; ");
            if more > 0 {
                label = format!("{label}; and {more} more");
            }
            AnnotationKind::Primary.span(*from..*to).label(label)
        });
        let snippet = Snippet::source(&**text).path(*file).annotations(annotations);
        let report = &[Level::NOTE.primary_title("where it is decided").element(snippet)];
        let decor = if style.ascii { DecorStyle::Ascii } else { DecorStyle::Unicode };
        let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(decor).term_width(style.width);
        out.push('\n');
        out.push_str(&renderer.render(report));
        out.push('\n');
    }
    out
}

/// Whether the event is where a task waits in vain.
fn is_end(trace: &Trace, index: usize) -> bool {
    let event = &trace.events[index];
    let rest = &trace.events[index + 1..];
    event.phase == Phase::Waits && rest.iter().all(|other| other.task != event.task || other.phase == Phase::Waits)
}

fn label(trace: &Trace, event: &Event) -> String {
    let does = format!("{} {} {}", trace.task(event.task), verb(event), target(trace, event));
    let does = clean(does.trim_end());
    match event.phase {
        Phase::Waits => does.replace(" locks ", " waits for "),
        Phase::Next => format!("next, {does}"),
        _ => format!("{}: {does}", event.step),
    }
}

/// The bytes of the word at `at`: a method's or a function's name.
fn span(text: &str, at: &Place) -> Option<Range<usize>> {
    let line = usize::try_from(at.line).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let line = text.get(start..)?.lines().next()?;
    let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
    let from = line.char_indices().nth(column).map(|(index, _)| index)?;
    let rest = &line[from..];
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
    let length = word.max(rest.chars().next()?.len_utf8());
    Some(start + from..start + from + length)
}
