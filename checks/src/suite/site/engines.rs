//! Which engine sees which bugs, and why one does not.

use super::Checked;
use super::page::{Page, wide};
use crate::report::text::clean;
use crate::suite::detect::{self, Rows};
use maud::{Markup, html};

pub(super) fn page(checked: &Checked) -> String {
    let (seen, missed) = (detect::seen(checked.catalogue), detect::missed(checked.catalogue));
    let main = html! {
        h1 { "What engines see" }
        p.lead { "By what the catalogue declares; the checks hold each engine to it, in what it sees and in what it misses." }
        h2 { "By class of bug" }
        (wide("Bugs that each engine sees, by class", &table(&seen)))
        h2 { "Expected misses" }
        @if missed.rows.is_empty() {
            p { "No engine is declared to miss any of them." }
        } @else {
            (wide("Bugs that engines are declared to miss", &table(&missed)))
        }
    };
    Page { title: "What engines see", root: "", above: &[("Catalogue", "index.html")], script: None, main }.render()
}

fn table(rows: &Rows) -> Markup {
    html! {
        table {
            thead { tr { @for cell in &rows.head { th scope="col" { (clean(cell)) } } } }
            tbody {
                @for row in &rows.rows {
                    tr {
                        @for (column, cell) in row.iter().enumerate() {
                            @if column == 0 { th scope="row" { (clean(cell)) } }
                            @else { td data-label=(clean(&rows.head[column])) { (clean(cell)) } }
                        }
                    }
                }
            }
        }
    }
}
