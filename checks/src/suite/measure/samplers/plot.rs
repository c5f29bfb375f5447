//! The measurements along a logarithmic scale of schedules: ours beside the published ones.

use super::words::{published, publishers};
use super::{SamplerRow, Score, Search};
use crate::report::text::clean;
use std::fmt::Write;

/// Powers of ten that a number of schedules has room for.
const DECADES_MAX: u32 = 19;

/// What is drawn, by row and sampler.
pub(super) struct Plot {
    /// The sizes.
    pub(super) rows: Vec<String>,
    /// The engines, and what each came to in every row.
    pub(super) ours: Vec<Series>,
    /// The published ones.
    pub(super) published: Vec<Series>,
    /// The scale goes from 1 to ten to the power of this.
    pub(super) decades: u32,
}

/// A sampler, and its figures.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) scores: Vec<Option<Score>>,
}

impl Plot {
    pub(super) fn new(rows: &[SamplerRow], search: &Search) -> Self {
        let ours = search.engines.iter().enumerate().map(|(index, engine)| Series {
            name: engine.name().to_owned(),
            scores: rows.iter().map(|row| Some(row.sampled[index].score)).collect(),
        });
        let theirs = publishers(rows)
            .into_iter()
            .map(|by| Series { name: clean(by), scores: rows.iter().map(|row| published(row, by)).collect() });
        let (ours, published): (Vec<Series>, Vec<Series>) = (ours.collect(), theirs.collect());
        let all = ours.iter().chain(&published).flat_map(|series| &series.scores);
        let most = all.filter_map(|score| (*score)?.mean).fold(1.0, f64::max);
        let decades = (1..DECADES_MAX).find(|decades| f64::from(*decades) >= most.log10()).unwrap_or(DECADES_MAX);
        Plot { rows: rows.iter().map(|row| clean(row.size)).collect(), ours, published, decades }
    }

    /// Where a mean lies on the scale: 0 at 1, 1 at its end.
    pub(super) fn place(&self, mean: f64) -> f64 {
        (mean.max(1.0).log10() / f64::from(self.decades)).min(1.0)
    }

    /// The ticks of the scale, and where they lie.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (u64, f64)> + use<> {
        let decades = self.decades;
        (0..=decades).map(move |power| (10_u64.pow(power), f64::from(power) / f64::from(decades)))
    }
}

/// The plot for a terminal: two lines for each row, ours and the published ones.
pub(super) fn text(plot: &Plot, width: usize) -> String {
    let label = plot.rows.iter().map(|row| row.chars().count()).max().unwrap_or(0);
    let kind = if plot.published.is_empty() { "" } else { "published" };
    // What stands before the scale, and the column of those that never found it after it.
    let (before, after) = (label + kind.len() + 4, 3 + plot.ours.len().max(plot.published.len()));
    let columns = width.saturating_sub(before + after).clamp(20, 100);
    let mut scale = vec![' '; columns + 8];
    for (tick, place) in plot.ticks() {
        for (offset, digit) in tick.to_string().chars().enumerate() {
            scale[column(place, columns) + offset] = digit;
        }
    }
    let mut out = format!("{:before$}{}\n", "", String::from_iter(scale).trim_end());
    for (row, name) in plot.rows.iter().enumerate() {
        for (series, what, first) in [(&plot.ours, "ours", 'A'), (&plot.published, kind, 'a')] {
            if series.is_empty() {
                continue;
            }
            let what = if kind.is_empty() { "" } else { what };
            let name = if first == 'A' { name } else { "" };
            let _ = writeln!(out, "{name:label$}  {what:0$} |{1}", kind.len(), line(plot, series, row, first, columns));
        }
    }
    for (series, first) in [(&plot.ours, 'A'), (&plot.published, 'a')] {
        let names: Vec<String> =
            letters(first).zip(series).map(|(letter, of)| format!("{letter} {}", of.name)).collect();
        if !names.is_empty() {
            let _ = writeln!(out, "{}", names.join("   "));
        }
    }
    out.push_str("*: more than one; beside ✗: who never found it\n");
    out
}

/// The marks of a row on the scale, and who never found the bug.
fn line(plot: &Plot, series: &[Series], row: usize, first: char, columns: usize) -> String {
    let mut marks = vec![' '; columns];
    let mut never = String::new();
    for (letter, of) in letters(first).zip(series) {
        match of.scores[row].map(|score| score.mean) {
            Some(Some(mean)) => {
                let mark = &mut marks[column(plot.place(mean), columns)];
                *mark = if *mark == ' ' { letter } else { '*' };
            }
            Some(None) => never.push(letter),
            None => {}
        }
    }
    let never = if never.is_empty() { String::new() } else { format!(" ✗ {never}") };
    format!("{}|{never}", String::from_iter(marks))
}

fn letters(first: char) -> impl Iterator<Item = char> {
    (0_u8..26).map(move |index| char::from(u8::try_from(first).unwrap_or(b'a') + index))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place is between 0 and 1, and a terminal has few columns"
)]
fn column(place: f64, columns: usize) -> usize {
    ((place * (columns - 1) as f64).round() as usize).min(columns - 1)
}
