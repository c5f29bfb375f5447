//! What a case is, and what is asked of the checker in one.

use raddle::{Checker, Engine, Outcome, Strategy};

/// What a program came to, in a line; or what is wrong with that.
pub(crate) type Came = Result<String, String>;

/// One program, and what it has to come to.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn() -> Came,
}

/// Programs that show one kind of fault, and correct ones beside them.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The kind of fault, in a sentence.
    pub(crate) what: &'static str,
    pub(crate) cases: &'static [Case],
}

/// Engines that are asked by name.
pub(crate) const LOOM: Engine = Engine::Loom;
pub(crate) const EXHAUSTIVE: Engine = Engine::Exhaustive;
pub(crate) const RANDOM: Engine = Engine::Shuttle(Strategy::Random);

/// The chain that `raddle::check` runs.
pub(crate) fn chain() -> Checker {
    Checker::new()
}

/// One engine alone.
pub(crate) fn under(engine: Engine) -> Checker {
    Checker::new().engine(engine)
}

/// What a checker says, in a line.
pub(crate) fn say(checker: &Checker, program: impl Fn() + Send + Sync + 'static) -> String {
    match checker.run(program) {
        Ok(Outcome::Holds(coverage)) => format!("holds: {} executions, {coverage}", coverage.executions()),
        Ok(Outcome::Fails(found)) => {
            format!("{} at execution {}: {}", found.verdict.name(), found.execution, found.verdict)
        }
        Ok(other) => format!("inconclusive after {} executions", other.executions()),
        Err(error) => format!("error: {error}"),
    }
}

fn expect(begins: &str, said: String) -> Came {
    if said.starts_with(begins) { Ok(said) } else { Err(format!("expected {begins}, got {said}")) }
}

/// The program has to hold.
pub(crate) fn holds(checker: &Checker, program: impl Fn() + Send + Sync + 'static) -> Came {
    expect("holds", say(checker, program))
}

/// The program has to fail with a verdict of this name.
pub(crate) fn fails(checker: &Checker, verdict: &str, program: impl Fn() + Send + Sync + 'static) -> Came {
    expect(verdict, say(checker, program))
}

/// The program has to hold in at most so many executions.
pub(crate) fn holds_within(checker: &Checker, executions: u64, program: impl Fn() + Send + Sync + 'static) -> Came {
    match checker.run(program) {
        Ok(Outcome::Holds(coverage)) if coverage.executions() <= executions => {
            Ok(format!("holds: {} executions, {coverage}", coverage.executions()))
        }
        other => Err(format!("expected a proof within {executions} executions, got {other:?}")),
    }
}

/// What every engine and the chain have to come to: a verdict of this name, or `holds`.
pub(crate) fn everywhere(verdict: &str, program: fn()) -> Came {
    let mut said = String::new();
    for checker in [under(EXHAUSTIVE), under(LOOM), chain(), under(RANDOM)] {
        said = expect(verdict, say(&checker, program))?;
    }
    Ok(said)
}
