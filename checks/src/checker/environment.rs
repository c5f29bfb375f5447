//! What a test is told from outside: variables of the environment that go before what its checker was built with, so that a
//! test can be run another way without being changed.
//!
//! They are for [`check`](crate::check), [`Checker::check`] and [`Checker::check_property`]; the command line has flags.

use super::Checker;
use crate::engine::Engine;
use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

const SEED: &str = "RADDLE_SEED";
const EXECUTIONS: &str = "RADDLE_EXECUTIONS";
const TIME: &str = "RADDLE_TIME";
const ENGINE: &str = "RADDLE_ENGINE";
const PREEMPTIONS: &str = "RADDLE_PREEMPTIONS";
const HANG: &str = "RADDLE_HANG";

/// A variable that can't be read.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable {
    variable: &'static str,
    value: String,
    may_be: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unreadable { variable, value, may_be } = self;
        write!(f, "the environment has {variable}=`{}`, which can't be read: it may be {may_be}", value.escape_debug())
    }
}

/// The environment, or what stands for it.
struct Environment<F>(F);

impl<F: Fn(&str) -> Option<OsString>> Environment<F> {
    /// What a variable says, if it is there and says anything.
    fn read<T>(
        &self,
        variable: &'static str,
        may_be: impl FnOnce() -> String,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Unreadable> {
        let Some(value) = (self.0)(variable).filter(|value| !value.is_empty()) else { return Ok(None) };
        let parsed = value.to_str().and_then(|value| parse(value.trim()));
        parsed.map(Some).ok_or_else(|| Unreadable {
            variable,
            value: value.to_string_lossy().into_owned(),
            may_be: may_be(),
        })
    }

    fn hang(&self) -> Result<Option<Duration>, Unreadable> {
        let may_be = || "a time, as `60s`, `10m`, or in seconds; 0 for never".to_owned();
        self.read(HANG, may_be, |text| duration(text).filter(|time| time.is_zero() || time.as_secs() > 0))
    }

    fn over(&self, mut checker: Checker) -> Result<Checker, Unreadable> {
        let number = || format!("a number up to {}, also as 0x2a", u64::MAX);
        if let Some(seed) = self.read(SEED, number, seed)? {
            checker.plan.seed = seed;
        }
        let positive = || "a number, from 1 on".to_owned();
        let executions = |text: &str| text.replace('_', "").parse().ok().filter(|number| *number > 0);
        if let Some(executions) = self.read(EXECUTIONS, positive, executions)? {
            checker.plan.executions = Some(executions);
        }
        let time = || "a time, as `500ms`, `30s`, `2m`, or in seconds".to_owned();
        if let Some(time) = self.read(TIME, time, |text| duration(text).filter(|time| !time.is_zero()))? {
            checker.plan.time = Some(time);
        }
        let names = || Engine::ALL.map(Engine::name).join(", ");
        if let Some(engine) = self.read(ENGINE, names, |text| text.parse().ok())? {
            checker.engine = Some(engine);
        }
        let number = || "a number, from 0 on".to_owned();
        if let Some(preemptions) = self.read(PREEMPTIONS, number, |text| text.parse().ok())? {
            checker.plan.preemptions = Some(preemptions);
        }
        self.hang()?;
        Ok(checker)
    }
}

/// Decimal, or hexadecimal after `0x`.
fn seed(text: &str) -> Option<u64> {
    let text = text.replace('_', "");
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// `500ms`, `30s`, `2m`, `1h`; seconds without a unit.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit.trim() {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" | "min" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

fn environment() -> Environment<impl Fn(&str) -> Option<OsString>> {
    Environment(|variable: &str| std::env::var_os(variable))
}

/// After how long without a step an execution hangs, if the environment says so; zero for never.
pub(crate) fn hang() -> Option<Duration> {
    environment().hang().ok().flatten()
}

impl Checker {
    /// This checker, but for what the environment says.
    ///
    /// # Panics
    /// If a variable can't be read.
    #[track_caller]
    pub(super) fn as_told(&self) -> Self {
        match environment().over(self.clone()) {
            Ok(checker) => checker,
            Err(unreadable) => panic!("{unreadable}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)]) -> Result<Checker, Unreadable> {
        let variable =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).into());
        Environment(variable).over(Checker::new().seed(1).executions(7))
    }

    #[test]
    fn what_is_said_goes_first() {
        let all = [(SEED, "0x2a"), (EXECUTIONS, "1_000"), (TIME, "2m"), (ENGINE, "shuttle-pos"), (PREEMPTIONS, "2")];
        let checker = told(&all).unwrap();
        assert_eq!((checker.plan.seed, checker.plan.executions), (42, Some(1_000)));
        assert_eq!((checker.plan.time, checker.plan.preemptions), (Some(Duration::from_mins(2)), Some(2)));
        assert_eq!(checker.engine.map(Engine::name), Some("shuttle-pos"));
    }

    #[test]
    fn what_is_not_said_stays() {
        let checker = told(&[(SEED, ""), (HANG, "0")]).unwrap();
        assert_eq!((checker.plan.seed, checker.plan.executions, checker.engine), (1, Some(7), None));
    }

    #[test]
    fn times_have_units() {
        let of = |text: &str| duration(text).map(|time| time.as_millis());
        assert_eq!(
            [of("500ms"), of("30s"), of("30"), of("2m"), of("1h")],
            [500, 30_000, 30_000, 120_000, 3_600_000].map(Some)
        );
        assert_eq!([of("soon"), of("-1"), of("1.5s"), of("3 weeks"), of("99999999999999999999m")], [None; 5]);
    }

    #[test]
    fn what_can_t_be_read_says_what_it_may_be() {
        let wrong =
            [(SEED, "-1"), (EXECUTIONS, "0"), (TIME, "soon"), (ENGINE, "loon"), (PREEMPTIONS, "few"), (HANG, "100ms")];
        for (variable, value) in wrong {
            let text = told(&[(variable, value)]).unwrap_err().to_string();
            assert!(text.contains(&format!("{variable}=`{value}`")) && text.contains("it may be "), "{text}");
        }
        assert!(told(&[(ENGINE, "loon")]).unwrap_err().to_string().contains("exhaustive, shuttle, "));
    }
}
