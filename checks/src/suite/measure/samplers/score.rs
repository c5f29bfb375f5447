//! A mean number of schedules, of ours or published, and which of two is better.

use crate::scenario::Published;
use serde::Serialize;
use std::cmp::Ordering;
use std::fmt;

/// How many schedules it took until the bug showed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The mean over the searches that found it; nothing if none did.
    pub mean: Option<f64>,
    /// Searches that found it.
    pub found: u64,
    /// Searches.
    pub searches: u64,
}

impl Score {
    /// Over searches, each with the schedule that showed the bug.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "sums of schedules that were run are far below 2^53")]
    pub fn of(executions: &[Option<u64>]) -> Self {
        let (found, sum) = executions.iter().flatten().fold((0, 0), |(found, sum), at| (found + 1, sum + at));
        let mean = (found > 0).then(|| sum as f64 / found as f64);
        Score { mean, found, searches: executions.len() as u64 }
    }

    /// The mean as it is printed and published: in whole schedules.
    #[must_use]
    pub fn rounded(self) -> Option<f64> {
        self.mean.map(f64::round)
    }

    /// The better of two is less: who found the bug in a greater part of the searches, and then who needed fewer
    /// schedules.
    #[must_use]
    pub fn order(self, other: Self) -> Ordering {
        let part = |one: Self, two: Self| u128::from(one.found) * u128::from(two.searches);
        let mean = |score: Self| score.rounded().unwrap_or(f64::INFINITY);
        part(other, self).cmp(&part(self, other)).then_with(|| mean(self).total_cmp(&mean(other)))
    }

    /// The best of some, if any found the bug at all.
    pub fn best(scores: impl Iterator<Item = Score>) -> Option<Score> {
        scores.filter(|score| score.found > 0).min_by(|one, two| one.order(*two))
    }
}

impl From<Published> for Score {
    fn from(published: Published) -> Self {
        Score {
            mean: published.mean.map(f64::from),
            found: u64::from(published.found),
            searches: u64::from(published.trials),
        }
    }
}

impl fmt::Display for Score {
    /// As [`Published`]: `454`, `3225 (16)`, `✗`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rounded() {
            None => f.write_str("✗"),
            Some(mean) if self.found == self.searches => write!(f, "{mean}"),
            Some(mean) => write!(f, "{mean} ({})", self.found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_of_the_searches_that_found_the_bug() {
        for (executions, mean, text) in [
            (&[Some(1), Some(2), Some(6)][..], Some(3.0), "3"),
            (&[Some(4), None, Some(7), None], Some(5.5), "6 (2)"),
            (&[None, None], None, "✗"),
            (&[], None, "✗"),
        ] {
            let score = Score::of(executions);
            assert_eq!(score.mean, mean, "{executions:?}");
            assert_eq!(score.to_string(), text, "{executions:?}");
            assert_eq!(score.found, executions.iter().flatten().count() as u64, "{executions:?}");
        }
    }

    #[test]
    fn who_finds_it_more_often_is_better_and_then_who_needs_fewer() {
        let all = |mean| Score::from(Published::mean(mean, 20, 20));
        let better = [
            (all(454), Score::from(Published::mean(56, 19, 20))),
            (all(5), all(6)),
            (Score::from(Published::mean(9_999, 1, 20)), Score::from(Published::never(20))),
            // 90 of 100 is more often than 17 of 20.
            (Score { mean: Some(8.0), found: 90, searches: 100 }, Score::from(Published::mean(2, 17, 20))),
        ];
        for (one, two) in better {
            assert_eq!(one.order(two), Ordering::Less, "{one} and {two}");
            assert_eq!(two.order(one), Ordering::Greater, "{one} and {two}");
        }
        // As they are printed: what was published is rounded, too.
        let ours = Score { mean: Some(6.4), found: 100, searches: 100 };
        assert_eq!(ours.order(all(6)), Ordering::Equal);
        let scores = [Score::from(Published::never(20)), all(7), all(6)];
        assert_eq!(Score::best(scores.into_iter()), Some(all(6)));
        assert_eq!(Score::best([Score::from(Published::never(20))].into_iter()), None);
    }
}
