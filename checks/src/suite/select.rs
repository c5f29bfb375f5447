//! Which checks to run.

use super::run::Job;
use crate::schedule::excerpt;
use crate::{Catalogue, Engine, Pattern, Variant};

/// A name that the catalogue does not have.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// Nothing is called so.
    #[error("no {what} `{}`{}", excerpt(name), nearest(.near))]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// The name.
        name: String,
        /// The names that come closest.
        near: Vec<String>,
    },
}

fn nearest(near: &[String]) -> String {
    if near.is_empty() {
        return "; `raddle list` has them all".to_owned();
    }
    let quoted: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    format!("; the nearest: {}", quoted.join(", "))
}

/// Bytes of a name that is compared with others. Comparing takes the product of the lengths, and a damaged record can
/// have a name of megabytes, which is near to none.
const NAME_BYTES_MAX: usize = 1_000;

/// The names closest to `name`, the closest first, three at most.
fn near(name: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    if name.len() > NAME_BYTES_MAX {
        return Vec::new();
    }
    let mut scored: Vec<(f64, String)> = names
        .map(|candidate| {
            let last = candidate.rsplit('/').next().unwrap_or(&candidate);
            let score = strsim::jaro_winkler(name, &candidate).max(strsim::jaro_winkler(name, last));
            (score, candidate)
        })
        .filter(|(score, _)| *score >= 0.7)
        .collect();
    scored.sort_by(|one, two| two.0.total_cmp(&one.0).then_with(|| one.1.cmp(&two.1)));
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}

fn full_name(pattern: &Pattern, variant: &Variant) -> String {
    format!("{}/{}", pattern.name, variant.name)
}

/// Whether what is asked for by `name` is, or has in it, what is called `family/pattern/variant`.
pub(super) fn is_called(name: &str, full: &str) -> bool {
    let name = name.trim_end_matches('/');
    full == name || full.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
}

/// The checks of `engines` on what is called `names`, in the catalogue's order; on everything if no name is given.
///
/// # Errors
/// If the catalogue has nothing of a name.
pub fn jobs(catalogue: &'static Catalogue, names: &[String], engines: &[Engine]) -> Result<Vec<Job>, SelectError> {
    let all =
        || catalogue.patterns().flat_map(|pattern| pattern.variants.iter().map(move |variant| (pattern, variant)));
    let is_called = |name: &str, pattern: &Pattern, variant: &Variant| is_called(name, &full_name(pattern, variant));
    for name in names {
        if !all().any(|(pattern, variant)| is_called(name, pattern, variant)) {
            let families = catalogue.families.iter().map(|family| family.name.to_owned());
            let patterns = catalogue.patterns().map(|pattern| pattern.name.to_owned());
            let variants = all().map(|(pattern, variant)| full_name(pattern, variant));
            let near = near(name, families.chain(patterns).chain(variants));
            return Err(SelectError::Unknown { what: "pattern", name: name.clone(), near });
        }
    }
    let wanted = |pattern: &Pattern, variant: &Variant| {
        names.is_empty() || names.iter().any(|name| is_called(name, pattern, variant))
    };
    let selected = all().filter(|(pattern, variant)| wanted(pattern, variant));
    Ok(selected
        .flat_map(|(pattern, variant)| engines.iter().map(move |engine| (pattern, variant, *engine)))
        .map(|(pattern, variant, engine)| Job {
            regressions: catalogue.regressions,
            ..Job::new(pattern, variant, engine)
        })
        .collect())
}

/// What the catalogue calls so, or nearly so: families, patterns and variants.
pub(super) fn called(catalogue: &'static Catalogue, name: &str) -> Vec<String> {
    jobs(catalogue, &[name.to_owned()], &[])
        .map_or_else(|SelectError::Unknown { near, .. }| near, |_| vec![name.to_owned()])
}

/// The pattern of this name.
pub(super) fn pattern(catalogue: &'static Catalogue, name: &str) -> Result<&'static Pattern, SelectError> {
    catalogue.patterns().find(|pattern| pattern.name == name).ok_or_else(|| SelectError::Unknown {
        what: "pattern",
        name: name.to_owned(),
        near: near(name, catalogue.patterns().map(|pattern| pattern.name.to_owned())),
    })
}

/// The variant called `family/pattern/variant`.
pub(super) fn variant(
    catalogue: &'static Catalogue,
    name: &str,
) -> Result<(&'static Pattern, &'static Variant), SelectError> {
    // A name may have a `/` of its own.
    let mut all =
        catalogue.patterns().flat_map(|pattern| pattern.variants.iter().map(move |variant| (pattern, variant)));
    let found = all.find(|(pattern, variant)| full_name(pattern, variant) == name);
    found.ok_or_else(|| {
        let names = catalogue
            .patterns()
            .flat_map(|pattern| pattern.variants.iter().map(move |variant| full_name(pattern, variant)));
        SelectError::Unknown { what: "variant", name: name.to_owned(), near: near(name, names) }
    })
}

/// Where `fn name` begins, counted from 0, and its lines, up to the brace in the first column that closes it.
pub(super) fn function<'a>(source: &'a str, name: &str) -> Option<(usize, Vec<&'a str>)> {
    let declares = |line: &str| {
        let (before, rest) = line.split_once("fn ")?;
        let qualifies = |word: &str| word.starts_with("pub") || ["async", "const", "unsafe"].contains(&word);
        let is_it = rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(['(', '<']));
        Some(is_it && !line.starts_with(' ') && before.split_whitespace().all(qualifies))
    };
    let start = source.lines().position(|line| declares(line) == Some(true))?;
    let lines: Vec<&str> = source.lines().skip(start).collect();
    let end = lines.iter().position(|line| *line == "}")?;
    Some((start, lines[..=end].to_vec()))
}
