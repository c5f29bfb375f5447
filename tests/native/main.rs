//! Programs on real threads: every primitive of the facade is std's there, and what fails is reported for what it is.
//!
//! Real threads want a process of their own. This binary is both: the tests, and the child in which their programs run.

mod failures;
mod primitives;

use libtest_mimic::{Arguments, Failed, Trial};
use raddle::suite::{Stress, Stressed};
use raddle::{Catalogue, Ending, Engine, Expect, Family, Pattern, Variant};
use raddle_tests::{run, stderr, stdout};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

const OURS: Catalogue = Catalogue {
    name: "native",
    families: &[Family { name: "native", patterns: &[primitives::PATTERN, failures::PATTERN] }],
    regressions: None,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is = |nth: usize, start: &str| arguments.get(nth).is_some_and(|argument| argument.starts_with(start));
    match (is(0, "stress"), is(1, "native/")) {
        (true, true) => raddle::suite::main(&OURS),
        (true, false) if is(0, "stress-child") => raddle::suite::main(&raddle_scenarios::CATALOGUE),
        _ => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let mut trials = vec![
        trial("a_program_that_never_ends_is_killed_and_the_rest_is_left_out", a_program_that_never_ends),
        trial("runs_after_a_failure_are_made", runs_after_a_failure_are_made),
        trial("choices_differ_from_run_to_run_and_not_from_time_to_time", choices),
        trial("a_program_may_print", a_program_may_print),
        trial("a_correct_variant_that_fails_is_exit_code_1", a_correct_variant_that_fails),
        trial("a_buggy_variant_that_fails_is_exit_code_0", a_buggy_variant_that_fails),
        trial("a_variant_that_the_child_does_not_have_is_an_error", a_variant_that_is_not_there),
        trial("a_child_ends_with_its_parent", a_child_ends_with_its_parent),
    ];
    let correct = |pattern: Pattern| pattern.variants.iter().filter(|variant| variant.is_correct());
    for pattern in raddle_scenarios::CATALOGUE.patterns().copied().chain([primitives::PATTERN]) {
        trials.extend(correct(pattern).map(|variant| holds(pattern, variant)));
    }
    let flaky_test = raddle_scenarios::pitfalls::flaky_test::PATTERN;
    for pattern in LOOPS.into_iter().flat_map(|family| family.patterns).copied().chain([flaky_test]) {
        trials.extend(pattern.variants.iter().map(|variant| conforms(pattern, variant)));
    }
    trials.extend(failures::EXPECTED.map(|(variant, kind, message)| fails(variant, kind, message)));
    trials
}

/// So many runs, as long as each may take.
fn stress(variant: &str, runs: u64) -> Stressed {
    let patient = Stress { runs, deadline: Duration::from_mins(2), max_hangs: 1, small: false };
    patient.run(variant, |_| {}).unwrap_or_else(|error| panic!("{variant}: {error}"))
}

/// A correct variant does on real threads what it does under the engines.
fn holds(pattern: Pattern, variant: &Variant) -> Trial {
    let name = format!("{}/{}", pattern.name, variant.name);
    Trial::test(format!("{name}/holds"), move || {
        let stressed = stress(&name, 50);
        if stressed.runs == 50 && stressed.failed() == 0 {
            return Ok(());
        }
        Err(Failed::from(format!("{name}: {stressed:#?}")))
    })
}

/// The families whose programs run on the real tokio here.
const LOOPS: [Family; 5] = {
    use raddle_scenarios::{advanced, bridge, event_loop, flows, workflows};
    [event_loop::FAMILY, workflows::FAMILY, advanced::FAMILY, bridge::FAMILY, flows::FAMILY]
};

/// A variant comes to nothing on the real tokio that the model does not come to: what it observes, and how it ends. A wait for
/// ever is a run that hangs there, and has observed nothing; of leaks and lateness nothing shows.
fn conforms(pattern: Pattern, variant: &'static Variant) -> Trial {
    let name = format!("{}/{}", pattern.name, variant.name);
    let hangs = matches!(variant.declared(), Expect::Deadlock(_) | Expect::Stuck | Expect::Livelock);
    Trial::test(format!("{name}/conforms"), move || {
        let program = variant.program(Engine::Loom);
        let endings = variant.checker(Engine::Exhaustive).executions(200_000).endings(program);
        if !endings.whole {
            return Err(Failed::from(format!("{name}: the model is larger than {} executions", endings.executions)));
        }
        let model: BTreeSet<Ending> = endings.seen.into_iter().flat_map(as_real).collect();
        // One that may hang is waited for as long as a test can afford; on a slow machine others take their time.
        let (runs, deadline) = if hangs { (10, Duration::from_millis(1_500)) } else { (50, Duration::from_mins(2)) };
        let stress = Stress { runs, deadline, max_hangs: 1, small: true };
        let stressed = stress.run(&name, |_| {}).map_err(|error| Failed::from(format!("{name}: {error}")))?;
        let late = model.iter().any(|ending| ending.verdict == "starvation");
        let goes_on =
            |ending: &Ending| if late && ending.verdict == "holds" { ended_well() } else { said(ending.clone()) };
        let real = stressed.endings.iter().map(|(ending, _)| goes_on(ending));
        match real.into_iter().find(|ending| !model.contains(ending)) {
            Some(strange) => Err(Failed::from(format!("{name}: {strange:?} is not in the model: {model:#?}"))),
            None => Ok(()),
        }
    })
}

/// How an ending of the model's looks on real threads: in one way or another.
fn as_real(ending: Ending) -> Vec<Ending> {
    let Ending { observed, verdict, message } = said(ending);
    match verdict.as_str() {
        "deadlock" | "stuck" | "livelock" => vec![hung()],
        "leak" => {
            vec![Ending { observed: observed.clone(), ..ended_well() }, Ending { observed, verdict, message }]
        }
        // Who is late goes on there, and what it observes then is not known here.
        "starvation" => vec![ended_well(), Ending { observed, verdict, message }],
        _ => vec![Ending { observed, verdict, message }],
    }
}

fn ended_well() -> Ending {
    Ending { observed: Vec::new(), verdict: "holds".into(), message: String::new() }
}

fn hung() -> Ending {
    Ending { observed: Vec::new(), verdict: "hung".into(), message: String::new() }
}

/// Without who said it, and where: on threads tasks have no names, and of waits only their end is known.
fn said(ending: Ending) -> Ending {
    if ending.verdict == "hung" {
        return hung();
    }
    let message = ending.message.split_once(": ").map_or(ending.message.clone(), |(_, said)| said.to_owned());
    Ending { message, ..ending }
}

/// A program that can't but fail does, as `kind`, with a message that has `message` in it.
fn fails(variant: &'static str, kind: &'static str, message: &'static str) -> Trial {
    let name = format!("native/failures/{variant}");
    Trial::test(format!("{name}/fails"), move || {
        let stressed = stress(&name, 2);
        match &stressed.failures[..] {
            [failure] if failure.kind == kind && failure.message.contains(message) && failure.count == 2 => Ok(()),
            _ => Err(Failed::from(format!("expected `{kind}` twice, with `{message}`: {stressed:#?}"))),
        }
    })
}

fn a_program_that_never_ends() {
    let stress = Stress { runs: 5, deadline: Duration::from_millis(50), max_hangs: 3, small: false };
    let mut ticks = Vec::new();
    let stressed = stress.run("native/failures/waits_for_itself", |runs| ticks.push(runs)).unwrap();
    assert_eq!((stressed.runs, stressed.count("hung")), (3, 3), "{stressed:?}");
    assert_eq!(stressed.failures[0].message, "no end within 0.05 s");
    assert_eq!(ticks, [1, 2, 3]);
}

fn runs_after_a_failure_are_made() {
    let stressed = stress("native/failures/main_panics", 5);
    assert_eq!((stressed.runs, stressed.failed()), (5, 5), "{stressed:?}");
    assert_eq!(stressed.failures[0].first_run, 1);
}

fn choices() {
    let [one, two] = [(), ()].map(|()| stress("native/failures/one_choice_panics", 64));
    assert_eq!((one.runs, one.failed()), (64, two.failed()));
    assert_eq!(one.failures[0].first_run, two.failures[0].first_run);
    assert!((1..64).contains(&one.failed()), "all 64 runs chose alike: {one:?}");
    let mut endings: Vec<_> = one.endings.iter().map(|(ending, runs)| (ending.observed.concat(), *runs)).collect();
    endings.sort_unstable();
    assert_eq!(endings, [("choice=0".to_owned(), 64 - one.failed()), ("choice=1".to_owned(), one.failed())]);
    let (_, out, err) = command(&["stress", "native/failures/one_choice_panics", "--runs", "64", "--small"]);
    for (verdict, (observed, runs)) in ["holds", "assertion"].iter().zip(endings) {
        let row = format!("\n  {verdict:<11} {runs:<6} {observed}\n");
        assert!(out.contains(&row), "`{row}` is missing in:\n{out}{err}");
    }
}

fn a_program_may_print() {
    let stressed = stress("native/primitives/print", 3);
    assert_eq!((stressed.runs, stressed.failed()), (3, 0), "{stressed:?}");
}

/// The command line over this catalogue.
fn command(arguments: &[&str]) -> (Option<i32>, String, String) {
    let binary = std::env::current_exe().unwrap();
    let output = run(binary.to_str().unwrap(), arguments);
    (output.status.code(), stdout(&output), stderr(&output))
}

fn a_correct_variant_that_fails() {
    let (code, out, err) = command(&["stress", "native/failures/correct_but_panics", "--runs", "2"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("2 of 2 runs failed (2 assertion)"), "{out}");
}

fn a_buggy_variant_that_fails() {
    let name = "native/failures/waits_for_itself";
    let (code, out, err) = command(&["stress", name, "--runs", "1500", "--deadline", "50", "--max-hangs", "2"]);
    assert_eq!(code, Some(0), "{out}{err}");
    for words in [
        "native/failures · waits_for_itself on real threads: 2 of 2 runs failed (2 hung)",
        "\n  hung        2      no end within 0.05 s\n",
        "\n  stopped     after 2 hung runs (--max-hangs): 1,498 of 1,500 runs were not made\n",
        "\n  engines     loom: stuck in execution 1\n              exhaustive: stuck in execution 1\n              shuttle: stuck in execution 1\n              property: stuck in execution 1\n",
    ] {
        assert!(out.contains(words), "`{words}` is missing in:\n{out}");
    }
}

fn a_variant_that_is_not_there() {
    let error = Stress::default().run("native/primitives/nothing", |_| {}).unwrap_err().to_string();
    assert!(error.contains("before it ran the program"), "{error}");
}

/// Not even a program that hangs outlives whoever started it: the pipe to it is closed then, however that came.
fn a_child_ends_with_its_parent() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["stress-child", "native/failures/waits_for_itself", "--first", "1", "--runs", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut begins = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    while !begins.contains("\"run\":0") {
        assert_ne!(out.read_line(&mut begins).unwrap(), 0, "the child ended at once: {begins}");
    }
    drop(child.stdin.take());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(2));
}
