//! Two functions side by side, the lines that differ marked: what is right, and what is not.

use super::highlight::{self, Line};
use super::prose::tokens;
use crate::report::text::clean;
use maud::{Markup, html};
use similar::{DiffOp, TextDiff};

/// A function: its variant, and its lines.
#[derive(Clone, Copy)]
pub(super) struct Function<'a> {
    pub(super) variant: &'a str,
    /// The number of its first line, counted from 1.
    pub(super) first: usize,
    pub(super) lines: &'a [&'a str],
}

/// A row: a line, or the room for one that only the other side has.
struct Row {
    line: Option<usize>,
    differs: bool,
}

/// `good` and `bad` side by side.
pub(super) fn beside(good: Function<'_>, bad: Function<'_>) -> Markup {
    let (left, right) = rows(good, bad);
    html! {
        div.beside {
            (side(good, &left, GOOD, &format!("The source of {}, beside {}", good.variant, bad.variant)))
            (side(bad, &right, BAD, &format!("The source of {}", bad.variant)))
        }
    }
}

/// A function that there is nothing to hold beside.
pub(super) fn alone(function: Function<'_>, is_correct: bool) -> Markup {
    let rows: Vec<Row> = (0..function.lines.len()).map(|line| Row { line: Some(line), differs: false }).collect();
    let label = format!("The source of {}", function.variant);
    side(function, &rows, if is_correct { GOOD } else { BAD }, &label)
}

/// The class and the sign of a side.
type Look = (&'static str, &'static str);

const GOOD: Look = ("good", "✓");
const BAD: Look = ("bad", "✗");

/// The rows of both sides, as many of each. That the functions have different names is no difference.
fn rows(good: Function<'_>, bad: Function<'_>) -> (Vec<Row>, Vec<Row>) {
    let without_name = |function: &Function<'_>| -> Vec<String> {
        function.lines.iter().map(|line| line.replace(&format!("fn {}", function.variant), "fn")).collect()
    };
    let (one, two) = (without_name(&good), without_name(&bad));
    let (one, two): (Vec<&str>, Vec<&str>) =
        (one.iter().map(String::as_str).collect(), two.iter().map(String::as_str).collect());
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for operation in TextDiff::from_slices(&one, &two).ops() {
        let differs = !matches!(operation, DiffOp::Equal { .. });
        let (old, new) = (operation.old_range(), operation.new_range());
        for row in 0..old.len().max(new.len()) {
            let line = |range: &std::ops::Range<usize>| (row < range.len()).then_some(range.start + row);
            left.push(Row { line: line(&old), differs });
            right.push(Row { line: line(&new), differs });
        }
    }
    (left, right)
}

fn side(function: Function<'_>, rows: &[Row], (class, sign): Look, label: &str) -> Markup {
    let lines: Vec<Line> = highlight::lines(&function.lines.join("\n"), "rs");
    html! {
        figure class=(class) {
            figcaption { span aria-hidden="true" { (sign) " " } code { (clean(function.variant)) } }
            div.wide tabindex="0" role="region" aria-label=(clean(label)) {
                table.source {
                    tbody {
                        @for row in rows {
                            @match row.line {
                                None => tr.none { td.number {} td {} td {} },
                                Some(index) => tr.differs[row.differs] {
                                    th.number scope="row" { (function.first + index) }
                                    td.sign { @if row.differs { (sign) } }
                                    td { code { (tokens(&lines[index])) } }
                                },
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_stand_beside_each_other() {
        let good = Function { variant: "held", first: 10, lines: &["fn held() {", "    both();", "    done();", "}"] };
        let bad = Function {
            variant: "split",
            first: 20,
            lines: &["fn split() {", "    one();", "    two();", "    done();", "}"],
        };
        let (left, right) = rows(good, bad);
        let shape = |rows: &[Row]| rows.iter().map(|row| (row.line, row.differs)).collect::<Vec<_>>();
        assert_eq!(shape(&left), [(Some(0), false), (Some(1), true), (None, true), (Some(2), false), (Some(3), false)]);
        assert_eq!(
            shape(&right),
            [(Some(0), false), (Some(1), true), (Some(2), true), (Some(3), false), (Some(4), false)]
        );
        let page = beside(good, bad).into_string();
        assert!(page.contains(">20<") && page.contains(">split<"), "{page}");
    }
}
