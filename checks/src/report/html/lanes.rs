//! The lanes, as an SVG: time goes down, a lane for each task, a column for each lock.

mod layout;

use super::clean;
use crate::report::story::{self, Hold, Link};
use crate::report::words;
use crate::study::{Pair, Study};
use crate::trace::{Event, Phase, Trace};
use layout::{HEAD, LABEL, LABEL_MAX, Layout, ROW, Row};
use maud::{Markup, html};

/// The figure, its caption among it.
pub(super) fn figure(name: &str, study: &Study) -> Markup {
    let layout = Layout::new(study);
    html! {
        figure {
            div.wide tabindex="0" role="region" aria-label="The lanes" { (drawing(name, study, &layout)) }
            figcaption {
                "A lane for each task, time downwards; a column for each lock, with who holds it. A number is a step of \
                 the schedule, a pale bar a wait, an arrow what let another task go on. Ringed and joined by a dashed \
                 line: two operations whose order decides."
            }
        }
    }
}

fn drawing(name: &str, study: &Study, layout: &Layout) -> Markup {
    let trace = &study.counterexample.trace;
    let (width, height) = (layout.width, layout.height);
    let described = clean(&format!("{} The same is said in words below.", study.counterexample.verdict));
    html! {
        svg viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height) role="img"
            aria-labelledby="lanes-title lanes-words" {
            title #lanes-title { (name) }
            desc #lanes-words { (described) }
            defs {
                marker #tip viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" {
                    path.tip d="M0 0 L8 4 L0 8 z" {}
                }
            }
            @if let Some((from, to)) = layout.round {
                rect.round x="0" y=(from) width=(width) height=(to - from) {}
            }
            @for task in 0..trace.tasks.len() { (lane(trace, task, layout)) }
            @for column in &layout.locks {
                text.head.label x=(column.x) y=(HEAD / 2) {
                    (layout::short(&clean(&trace.objects[column.object].name), LABEL_MAX))
                }
            }
            @for hold in story::holds(trace) { (held(trace, &hold, layout)) }
            @for link in story::links(trace) { (arrow(&link, trace, layout)) }
            @for pair in study.critical() { (order(pair, trace, layout)) }
            @for (row, y) in layout.rows() {
                @match row {
                    Row::Event(index) => (happens(trace, *index, y, layout)),
                    Row::Rule(text) => (rule(text, "rule", "faint", y, layout)),
                    Row::Final(text) => (rule(text, "final", "final", y, layout)),
                }
            }
        }
    }
}

/// The class that gives a task its colour.
fn colour(task: usize) -> String {
    format!("t{}", task % 8)
}

/// A task's name, its line from its first event to its last one, and its waits.
fn lane(trace: &Trace, task: usize, layout: &Layout) -> Markup {
    let x = layout.lanes[task];
    let of_task = || (0..trace.events.len()).filter(|index| trace.events[*index].task == task);
    let ends = of_task().next_back().filter(|last| trace.events[*last].operation == "finish");
    let bottom = ends.map_or(layout.height - ROW / 2, |last| layout.y(last));
    let top = of_task().next().map_or(bottom, |first| layout.y(first));
    html! {
        g class=(colour(task)) {
            text.head.label x=(x) y=(HEAD / 2) { (layout::short(&clean(trace.task(task)), LABEL_MAX)) }
            line.lane x1=(x) y1=(HEAD - ROW / 2) x2=(x) y2=(layout.height) {}
            line.life x1=(x) y1=(top) x2=(x) y2=(bottom) {}
            @for wait in story::waits(trace).iter().filter(|wait| wait.task == task) {
                @let from = layout.y(wait.from);
                @let to = wait.to.map_or(layout.height - ROW / 2, |to| layout.y(to));
                rect.wait x=(x - 6) y=(from) width="12" height=(to.saturating_sub(from)) rx="3" {}
            }
        }
    }
}

/// Who holds a lock, in the lock's column.
fn held(trace: &Trace, hold: &Hold, layout: &Layout) -> Markup {
    let Some(column) = layout.locks.iter().find(|column| column.object == hold.object) else { return html! {} };
    let from = layout.y(hold.from) - ROW / 2 + 2;
    let to = hold.to.map_or(layout.height - 4, |to| layout.y(to) + ROW / 2 - 2);
    let name = clean(trace.task(hold.task));
    let lock = clean(&trace.objects[hold.object].name);
    html! {
        g class=(colour(hold.task)) {
            rect.hold x=(column.x) y=(from) width=(column.width - 8) height=(to.saturating_sub(from)) rx="3" {
                title { (name) " holds " (lock) }
            }
            text.label x=(column.x + 6) y=(from + 15) { (layout::short(&name, LABEL_MAX)) }
        }
    }
}

/// From the event that lets another go on to that one.
fn arrow(link: &Link, trace: &Trace, layout: &Layout) -> Markup {
    let end = |index: usize| (layout.lanes[trace.events[index].task], layout.y(index));
    let ((x1, y1), (x2, y2)) = (end(link.from), end(link.to));
    // The tip stops short of the dot.
    let x2 = if x1 < x2 { x2 - 6 } else { x2 + 6 };
    html! {
        path.link d=(format!("M{x1} {y1} L{x2} {y2}")) marker-end="url(#tip)" { title { (link.kind) } }
    }
}

/// Two operations whose order decides.
fn order(pair: &Pair, trace: &Trace, layout: &Layout) -> Markup {
    let end = |index: usize| (layout.lanes[trace.events[index].task], layout.y(index));
    let ((x1, y1), (x2, y2)) = (end(pair.first), end(pair.second));
    let middle = usize::midpoint(x1, x2);
    html! {
        g {
            title { "decisive: " (clean(&words::order(trace, pair))) }
            path.order d=(format!("M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}")) {}
            circle.ring cx=(x1) cy=(y1) r="9" {}
            circle.ring cx=(x2) cy=(y2) r="9" {}
        }
    }
}

/// A line across all lanes, with its text above it.
fn rule(text: &str, line: &str, label: &str, y: usize, layout: &Layout) -> Markup {
    html! {
        line class=(line) x1="0" y1=(y) x2=(layout.width) y2=(y) {}
        text class=(format!("label {label}")) x=(LABEL * 2) y=(y.saturating_sub(4)) { (clean(text)) }
    }
}

/// An event: its step, its sign, its words.
fn happens(trace: &Trace, index: usize, y: usize, layout: &Layout) -> Markup {
    let event: &Event = &trace.events[index];
    let x = layout.lanes[event.task];
    let label = layout::label(trace, event);
    let whole = format!("{}: {}", trace.task(event.task), words::whole(trace, event));
    let place = if words::has_place(event) { format!(", {}", event.at) } else { String::new() };
    html! {
        g class=(colour(event.task)) {
            title { (clean(&format!("{whole}{place}"))) }
            @if words::is_step(event) {
                text.faint.end x=(LABEL) y=(y + 4) { (event.step) }
            }
            @match event.phase {
                Phase::Refused => path.refused d=(cross(x, y)) {},
                Phase::Waits | Phase::Next => circle.open cx=(x) cy=(y) r="4" {},
                _ => circle.dot cx=(x) cy=(y) r="4" {},
            }
            text.label x=(x + 14) y=(y + 4) { (layout::short(&label, LABEL_MAX)) }
        }
    }
}

fn cross(x: usize, y: usize) -> String {
    let (left, right, top, bottom) = (x - 4, x + 4, y - 4, y + 4);
    format!("M{left} {top} L{right} {bottom} M{right} {top} L{left} {bottom}")
}
