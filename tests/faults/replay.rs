//! What a failing check prints runs the same execution again: everything that decided is in it, and what does not fit is an
//! error that names the step.

use crate::cases::{Came, Case, Kind, holds, under};
use raddle::suite::{Job, jobs};
use raddle::sync::{Mutex, atomic::AtomicU32, atomic::AtomicU64, atomic::Ordering::SeqCst};
use raddle::{Checker, Effort, Engine, Outcome, ReplayLine, Schedule, Study, thread};
use raddle_scenarios::CATALOGUE;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(crate) const KIND: Kind = Kind {
    name: "replay",
    what: "what is printed of a failure does not lead to it again, or not to the place",
    cases: &[
        Case { name: "every_buggy_variant_fails_again_along_its_line", run: catalogue },
        Case { name: "a_schedule_has_the_answers_of_choose", run: answers },
        Case { name: "a_schedule_has_a_livelock_s_round", run: round },
        Case { name: "a_line_that_is_cut_short", run: cut_short },
        Case { name: "a_line_with_a_letter_changed", run: damaged },
        Case { name: "a_line_of_another_program", run: another },
        Case { name: "an_answer_out_of_range", run: out_of_range },
        Case { name: "answers_that_nobody_asks_for", run: left_over_answers },
        Case { name: "steps_that_nobody_takes", run: left_over_steps },
        Case { name: "a_program_that_passes_by_now", run: passes },
        Case { name: "a_correct_program_holds", run: correct },
        Case { name: "a_line_in_the_environment_runs_one_execution", run: in_the_environment },
        Case { name: "what_is_run_for_the_case_before", run: child },
    ],
};

/// Little: what is replayed need not be the shortest.
const EFFORT: Effort = Effort { replays: 100, executions: 200, continuations: 1 };

fn again(job: &Job) -> Result<(), String> {
    let name = |what: &dyn std::fmt::Display| format!("{} under {}: {what}", job.name(), job.engine);
    let checker = job.checker(Checker::DEFAULT_SEED, None);
    let found = match job.run(&checker).outcome {
        Ok(Outcome::Fails(found)) => found,
        other => return Err(name(&format!("{other:?}"))),
    };
    let program = job.variant.program_of(job.engine, &found);
    let run = || {
        let program = Arc::clone(&program);
        move || program()
    };
    // Of one engine as `check` does it; of the others as they were found.
    let study = if job.engine == Engine::Exhaustive || found.verdict.name() == "livelock" {
        checker.study(run(), &found, EFFORT).map_err(|error| name(&error))?
    } else {
        Study::untried(&found, "not studied")
    };
    let printed = checker.replay_line(run(), &study).map_err(|error| name(&error))?.to_string();
    if !printed.chars().all(|c| c.is_ascii_graphic() && c != '\'') {
        return Err(name(&format!("not for a shell: {printed}")));
    }
    let line: ReplayLine = printed.parse().map_err(|error| name(&error))?;
    // As a test would: the program is made from what the line says.
    let values = line.parameters().cloned();
    let drawn = job.variant.declared_property().zip(values).map(|(property, values)| property.at(&values).unwrap());
    let replayed = match drawn {
        Some(program) => checker.run_line(program, &line),
        None => checker.run_line(run(), &line),
    };
    let replayed = replayed.map_err(|error| name(&format!("{error}\n{printed}")))?;
    let wanted = &study.counterexample;
    let same = replayed.verdict == wanted.verdict && replayed.trace.operations() == wanted.trace.operations();
    if same && replayed.schedule.steps == wanted.schedule.steps { Ok(()) } else { Err(name(&replayed.verdict)) }
}

fn catalogue() -> Came {
    let all = jobs(&CATALOGUE, &[], &Engine::DEFAULT).map_err(|error| error.to_string())?;
    let buggy = |job: &&Job| !job.variant.is_correct() && job.variant.missed(job.engine).is_none();
    let buggy: Vec<&Job> = all.iter().filter(buggy).collect();
    let half = |jobs: &[&Job]| jobs.iter().filter_map(|job| again(job).err()).collect::<Vec<_>>();
    let (one, two) = buggy.split_at(buggy.len() / 2);
    let wrong = std::thread::scope(|scope| {
        let one = scope.spawn(|| half(one));
        [half(two), one.join().unwrap()].concat()
    });
    match (&wrong[..], buggy.len()) {
        ([], count) if count > 100 => Ok(format!("{count} fail again, step by step")),
        _ => Err(format!("{} of {}:\n{}", wrong.len(), buggy.len(), wrong.join("\n"))),
    }
}

/// What a failing check of `program` panics with.
pub(crate) fn message(checker: &Checker, program: impl Fn() + Send + Sync + 'static) -> Result<String, String> {
    let panic = catch_unwind(AssertUnwindSafe(|| checker.check(program))).err().ok_or("it passes")?;
    Ok(*panic.downcast::<String>().map_err(|_| "no message")?)
}

/// What a failing check of `program` prints: the message, the `schedule`, and the line.
fn printed(checker: &Checker, program: impl Fn() + Send + Sync + 'static) -> Result<(String, String, String), String> {
    let message = message(checker, program)?;
    let schedule = message.lines().find_map(|line| line.trim().strip_prefix("schedule")).ok_or("no schedule")?;
    let line = message.split_once("RADDLE_REPLAY='").and_then(|(_, rest)| rest.split_once('\''));
    let (line, _) = line.ok_or_else(|| format!("no line:\n{message}"))?;
    Ok((message.clone(), schedule.trim().to_owned(), line.to_owned()))
}

pub(crate) fn wants(part: &str, error: impl std::fmt::Display) -> Came {
    let error = error.to_string();
    if error.contains(part) { Ok(error) } else { Err(format!("expected `{part}`, got {error}")) }
}

fn refuses(part: &str, program: fn(), line: &str) -> Came {
    let line: ReplayLine = line.parse().map_err(|error| format!("{error}: {line}"))?;
    match Checker::new().run_line(program, &line) {
        Ok(found) => Err(format!("it fails as ever: {}", found.verdict)),
        Err(error) => wants(part, error),
    }
}

/// Changes one of the fields of a line, counted from 0, and makes the checksum fit.
fn with(line: &str, field: usize, value: &str) -> String {
    let mut fields: Vec<&str> = line.split(':').collect();
    fields[field] = value;
    fields.pop();
    let text = fields.join(":");
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{text}:{:08x}", (hash ^ hash >> 32) & 0xffff_ffff)
}

const ANSWERS: usize = 7;

/// Fails where the second answer is 2.
fn chooses() {
    let first = raddle::choose(3);
    let adder = thread::spawn(move || first + raddle::choose(3));
    assert_ne!(adder.join().unwrap(), 4, "two and two");
}

fn lost_update() {
    let counter = Arc::new(AtomicU32::new(0));
    let theirs = Arc::clone(&counter);
    let adder = thread::spawn(move || theirs.store(theirs.load(SeqCst) + 1, SeqCst));
    counter.store(counter.load(SeqCst) + 1, SeqCst);
    adder.join().unwrap();
    assert_eq!(counter.load(SeqCst), 2);
}

/// Adds one, unless somebody else does meanwhile.
pub(crate) fn adds(counter: &AtomicU64) {
    counter.store(counter.load(SeqCst) + 1, SeqCst);
}

/// The same threads with as many steps, and other ones.
fn lost_money() {
    let account = Arc::new(Mutex::new(0));
    let theirs = Arc::clone(&account);
    let adder = thread::spawn(move || {
        let seen = *theirs.lock().unwrap();
        *theirs.lock().unwrap() = seen + 1;
    });
    let seen = *account.lock().unwrap();
    *account.lock().unwrap() = seen + 1;
    adder.join().unwrap();
    assert_eq!(*account.lock().unwrap(), 2);
}

fn adds_up() {
    let counter = Arc::new(AtomicU32::new(0));
    let theirs = Arc::clone(&counter);
    let adder = thread::spawn(move || theirs.store(theirs.load(SeqCst) + 1, SeqCst));
    counter.store(counter.load(SeqCst) + 1, SeqCst);
    adder.join().unwrap();
    assert!(counter.load(SeqCst) > 0);
}

fn polite() {
    let locks = Arc::new([Mutex::new(()), Mutex::new(())]);
    let theirs = Arc::clone(&locks);
    let takes = |one: &Mutex<()>, two: &Mutex<()>| loop {
        let held = one.lock().unwrap();
        if two.try_lock().is_ok() {
            break;
        }
        drop(held);
        thread::yield_now();
    };
    let other = thread::spawn(move || takes(&theirs[1], &theirs[0]));
    takes(&locks[0], &locks[1]);
    other.join().unwrap();
}

fn replays_its_schedule(program: fn(), part: &str, verdict: &str) -> Came {
    let (_, schedule, _) = printed(&Checker::new(), program)?;
    wants(part, &schedule)?;
    let parsed: Schedule = schedule.parse()?;
    match Checker::new().replay(program, &parsed) {
        Ok(Some(found)) if found.verdict.name() == verdict => Ok(format!("{schedule}: {}", found.verdict)),
        other => Err(format!("{schedule}: {other:?}")),
    }
}

fn answers() -> Came {
    replays_its_schedule(chooses, "; answers 2 2", "assertion")
}

fn round() -> Came {
    replays_its_schedule(polite, "; round ", "livelock")
}

fn cut_short() -> Came {
    let (_, _, line) = printed(&Checker::new(), lost_update)?;
    for length in 3..line.len() {
        match line[..length].parse::<ReplayLine>() {
            Ok(_) => return Err(format!("it passes for whole: {}", &line[..length])),
            Err(error) => wants("it is cut short at step ", error).map(drop)?,
        }
    }
    let steps = line.split(':').nth(3).unwrap_or_default();
    let in_the_middle = line.find(".1x").ok_or("no second run")? + 1;
    wants("cut short at step 4 of ", line[..in_the_middle].parse::<ReplayLine>().unwrap_err())?;
    wants(&format!("cut short at step {steps} of {steps}"), line[..line.len() - 1].parse::<ReplayLine>().unwrap_err())
}

fn damaged() -> Came {
    let (_, _, line) = printed(&Checker::new(), lost_update)?;
    wants("it is not as it was printed", line.replace("1x3", "1x2").parse::<ReplayLine>().unwrap_err())
}

fn another() -> Came {
    let (_, _, line) = printed(&Checker::new(), lost_update)?;
    refuses("step 3: expected what was done when the line was printed, but it is `", lost_money, &line)?;
    let (_, _, line) = printed(&Checker::new(), chooses)?;
    refuses("step 2: expected what was done when the line was printed", lost_update, &line)?;
    let (_, _, line) = printed(&Checker::new(), lost_update)?;
    refuses("there is no such task: the tasks are main", || assert_eq!(raddle::choose(2), 0), &line)
        .or_else(|_| refuses("step 2", || assert_eq!(raddle::choose(2), 0), &line))
}

fn out_of_range() -> Came {
    let (_, _, line) = printed(&Checker::new(), chooses)?;
    let came = refuses("expected the answer 3, but the choice is one of 0..3", chooses, &with(&line, ANSWERS, "3.2"))?;
    wants("step 2: ", came)?;
    refuses("expected the answer 9, but the choice is one of 0..3", chooses, &with(&line, ANSWERS, "2.9"))?;
    refuses("expected no choice, but there is one of 0..3", chooses, &with(&line, ANSWERS, "2"))
}

fn left_over_answers() -> Came {
    let (_, _, line) = printed(&Checker::new(), chooses)?;
    refuses("2 of 3 answers are asked for", chooses, &with(&line, ANSWERS, "2.2.1"))
}

fn left_over_steps() -> Came {
    let (_, _, line) = printed(&Checker::new(), lost_update)?;
    let fields: Vec<&str> = line.split(':').collect();
    let (count, steps) = (fields[3].parse::<usize>().unwrap(), format!("{}.0", fields[5]));
    let longer = with(&with(&line, 3, &(count + 1).to_string()), 5, &steps);
    let step = format!("step {}: expected `main` to go on", count + 1);
    wants(&step, refuses("the execution is over: main panicked", lost_update, &longer)?)
}

fn passes() -> Came {
    let (_, _, line) = printed(&Checker::new(), lost_update)?;
    refuses("the execution passes", adds_up, &line)
}

fn correct() -> Came {
    holds(&under(Engine::Exhaustive), adds_up)
}

/// Where it is set, [`child`] checks a program that fails.
const CHILD: &str = "RADDLE_FAULTS_CHILD";

/// A test that fails, if it is asked to.
fn child() -> Came {
    static EXECUTIONS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    if std::env::var_os(CHILD).is_none() {
        return Ok("it is not asked".into());
    }
    let message = message(&Checker::new(), || {
        EXECUTIONS.fetch_add(1, SeqCst);
        chooses();
    })?;
    Err(format!("{} executions\n{message}", EXECUTIONS.load(SeqCst)))
}

fn in_the_environment() -> Came {
    let run = |line: Option<&str>| {
        let mut command = std::process::Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
        command.args(["--exact", "replay::what_is_run_for_the_case_before"]).env(CHILD, "1");
        line.map(|line| command.env("RADDLE_REPLAY", line));
        let output = command.output().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if output.status.success() { Err(format!("it passes:\n{text}")) } else { Ok(text) }
    };
    let first = run(None)?;
    let (_, line) = first.split_once("RADDLE_REPLAY='").ok_or("no line")?;
    let (line, _) = line.split_once('\'').ok_or("no end of the line")?;
    let second = run(Some(line))?;
    wants("\n1 executions\n", &second)?;
    let lanes = |text: &str| {
        let from = text.find("✗ assertion").unwrap_or(0);
        text[from..text.find("\n\n  failed").unwrap_or(text.len())].to_owned()
    };
    if lanes(&first) != lanes(&second) {
        return Err(format!("{}\n{}", lanes(&first), lanes(&second)));
    }
    wants(&format!("RADDLE_REPLAY='{line}' cargo test"), second)?;
    wants("RADDLE_REPLAY: it is cut short at step ", run(Some(&line[..line.len() / 2]))?)
}
