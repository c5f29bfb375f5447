//! `raddle measure`: how well the checker does what it claims, over many seeds, as a table.

mod samplers;
mod seeds;
mod shrinking;

pub use samplers::{Sampled, SamplerRow, Score, Search, sample};
pub use shrinking::{ShrinkCase, shrink_cases};

use super::SuiteError;
use super::cli::{MeasureArgs, Measured};
use super::terminal::Terminal;
use crate::Catalogue;

pub(super) fn run(catalogue: &'static Catalogue, args: &MeasureArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    match &args.what {
        Measured::Shrinking(args) => shrinking::run(catalogue, args, terminal),
        Measured::Samplers(args) => samplers::run(catalogue, args, terminal),
        Measured::Seeds(args) => seeds::run(catalogue, args, terminal),
    }
}
