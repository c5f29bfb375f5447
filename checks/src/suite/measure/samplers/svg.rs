//! The plot as an SVG that stands for itself: no script, nothing from elsewhere, dark where the reader's system is.

use super::plot::{Plot, Series};
use maud::{Markup, PreEscaped, html};

const LABEL: f64 = 130.0;
const SCALE: f64 = 640.0;
const HEAD: f64 = 40.0;
const ROW: f64 = 36.0;
/// Where those stand that never found the bug.
const NEVER: f64 = LABEL + SCALE + 40.0;
const WIDTH: f64 = NEVER + 110.0;
/// Entries of the legend in a line.
const LEGEND: usize = 5;

const STYLE: &str = "\
svg { --paper: #fff; --ink: #1b1b1b; --line: #d8d8d8; --c0: #444; --c1: #0072b2; --c2: #b35a00; --c3: #00795a; --c4: #a3417a;
  --c5: #8a7600; --c6: #b3261e; --c7: #5b3fc0; }
@media (prefers-color-scheme: dark) { svg { --paper: #16181b; --ink: #e8e8e8; --line: #43474d; --c0: #bbb; --c1: #6cc3f5;
  --c2: #ffb066; --c3: #5fd3b0; --c4: #f0a3cf; --c5: #e3d36b; --c6: #ff8a80; --c7: #c3a6ff; } }
text { font: 12px ui-monospace, \"DejaVu Sans Mono\", Menlo, Consolas, monospace; fill: var(--ink); }
.middle { text-anchor: middle; } .end { text-anchor: end; }
.paper { fill: var(--paper); } .line { stroke: var(--line); }
.c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); }
.c4 { --c: var(--c4); } .c5 { --c: var(--c5); } .c6 { --c: var(--c6); } .c7 { --c: var(--c7); }
.ours { fill: var(--c); } .published { fill: none; stroke: var(--c); stroke-width: 2; }
.partly { opacity: .5; }";

/// The plot, which ends in a line end.
pub(super) fn draw(plot: &Plot) -> String {
    let bottom = HEAD + ROW * float(plot.rows.len());
    let lines = plot.ours.len().div_ceil(LEGEND) + plot.published.len().div_ceil(LEGEND);
    let height = bottom + 30.0 + 20.0 * float(lines);
    let legend = bottom + 25.0;
    let second = legend + 20.0 * float(plot.ours.len().div_ceil(LEGEND));
    let title = "Schedules until the bug showed, ours beside the published ones";
    let markup = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {height}")) width=(WIDTH) height=(height)
            role="img" aria-labelledby="title" {
            title #title { (title) }
            style { (PreEscaped(STYLE)) }
            rect.paper width=(WIDTH) height=(height) {}
            @for (tick, place) in plot.ticks() {
                line.line x1=(x(place)) y1=(HEAD - 10.0) x2=(x(place)) y2=(bottom) {}
                text.middle x=(x(place)) y=(HEAD - 16.0) { (tick) }
            }
            text x=(NEVER) y=(HEAD - 16.0) { "never" }
            @for (row, name) in plot.rows.iter().enumerate() {
                @let y = HEAD + ROW * float(row);
                line.line x1="0" y1=(y) x2=(WIDTH) y2=(y) {}
                text.end x=(LABEL - 12.0) y=(y + ROW / 2.0 + 4.0) { (name) }
                (marks(plot, &plot.ours, row, "ours", y + 11.0))
                (marks(plot, &plot.published, row, "published", y + 25.0))
            }
            (names(&plot.ours, "ours", legend))
            (names(&plot.published, "published", second))
        }
    };
    // A line for each element, so that two plots can be compared. A `<` of a name is an entity by now.
    let mut text = markup.into_string().replace("><", ">\n<");
    text.push('\n');
    text
}

/// The marks of one row, side by side in height, so that one does not hide another of the same figure.
fn marks(plot: &Plot, series: &[Series], row: usize, class: &str, y: f64) -> Markup {
    let scored = || series.iter().enumerate().filter_map(|(index, of)| Some((index, of, of.scores[row]?)));
    let never =
        |until: usize| scored().take_while(|(index, ..)| *index < until).filter(|(.., s)| s.mean.is_none()).count();
    html! {
        @for (index, of, score) in scored() {
            @let said = format!("{}: {score} ({class})", of.name);
            @let partly = score.mean.is_some() && score.found < score.searches;
            @let class = if partly { format!("{class} partly") } else { class.to_owned() };
            @let y = y + 3.0 * (float(index % 3) - 1.0);
            @match score.mean {
                Some(mean) => (mark(&class, index, x(plot.place(mean)), y, &said)),
                None => (mark(&class, index, NEVER + 5.0 + 14.0 * float(never(index)), y, &said)),
            }
        }
    }
}

/// A disc for ours, a square for a published one, and pale if not every search found the bug.
fn mark(class: &str, index: usize, x: f64, y: f64, said: &str) -> Markup {
    let class = format!("{class} c{}", index % 8);
    html! {
        @if class.starts_with("ours") {
            circle class=(class) cx=(format!("{x:.1}")) cy=(y) r="5" { title { (said) } }
        } @else {
            rect class=(class) x=(format!("{:.1}", x - 4.0)) y=(y - 4.0) width="8" height="8" { title { (said) } }
        }
    }
}

fn names(series: &[Series], class: &str, y: f64) -> Markup {
    html! {
        @for (index, of) in series.iter().enumerate() {
            @let (x, y) = (LABEL + 150.0 * float(index % LEGEND), y + 20.0 * float(index / LEGEND));
            @if index == 0 { text.end x=(LABEL - 12.0) y=(y) { (class) } }
            (mark(class, index, x, y - 4.0, &of.name))
            text x=(x + 12.0) y=(y) { (of.name) }
        }
    }
}

fn x(place: f64) -> f64 {
    LABEL + SCALE * place
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows and samplers")]
fn float(count: usize) -> f64 {
    count as f64
}
