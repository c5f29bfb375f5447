//! A plain test that calls `raddle::check` has no process of its own: what hangs there, or ends the process, is told all the
//! same, and no such test binary is green. Each program runs in a child process, which is this binary once more.

mod programs;

pub(crate) use programs::child;

use crate::cases::{Came, Case, Kind};
use std::process::{Command, Output};

/// The argument that makes this process a child, which runs the program of that name as a test would.
pub(crate) const CHILD: &str = "--process-child";

pub(crate) const KIND: Kind = Kind {
    name: "process",
    what: "what hangs, or ends the process, in a plain test; how time counts; what the environment says",
    cases: &[
        Case { name: "a_lock_of_stds_hangs", run: || hangs("std_lock", "thread-1", "std_lock") },
        Case { name: "a_channel_of_stds_hangs", run: || hangs("std_channel", "main", "std_channel") },
        Case { name: "a_loop_without_operations_hangs", run: || hangs("endless", "a busy thread", "endless") },
        Case { name: "a_destructor_hangs", run: || hangs("endless_destructor", "main", "endless_destructor") },
        Case { name: "a_hang_under_loom", run: || hangs("loom_endless", "thread-1", "loom_endless") },
        Case { name: "a_long_computation_does_not_hang", run: || computes("4") },
        Case { name: "a_hang_may_be_allowed", run: || computes("0") },
        Case { name: "a_stack_overflows_in_a_thread", run: || overflows("deep") },
        Case { name: "a_stack_overflows_in_main", run: || overflows("deep_main") },
        Case { name: "a_stack_overflows_between_operations", run: || overflows("deep_operations") },
        Case { name: "a_stack_overflows_in_a_destructor", run: || overflows("deep_destructor") },
        Case { name: "a_stack_overflows_in_a_future", run: || overflows("deep_future") },
        Case { name: "a_stack_overflow_under_the_exhaustive_engine", run: || overflows("deep_exhaustive") },
        Case { name: "a_null_pointer_is_read", run: || ends("null", "a fault of memory", "thread-1") },
        Case { name: "exit_is_not_green", run: || ends("exit", "calls `exit`", "thread-1") },
        Case { name: "exit_in_main_is_not_green", run: || ends("exit_main", "calls `exit`", "main") },
        Case { name: "exit_under_loom_is_not_green", run: || ends("exit_loom", "calls `exit`", "thread-1") },
        Case {
            name: "exit_in_a_thread_of_stds_is_not_green",
            run: || ends("exit_elsewhere", "a thread calls", "main"),
        },
        Case { name: "abort_is_told", run: || ends("abort", "aborts the process", "thread-1") },
        Case { name: "a_double_free_is_told", run: || ends("double_free", "aborts the process", "main") },
        Case { name: "exit_after_the_checks_is_as_it_was", run: exits_after },
        Case { name: "exit_after_a_failing_check_is_as_it_was", run: exits_after_failing },
        Case { name: "a_program_that_holds_says_nothing", run: || passes("holds", &[]) },
        Case { name: "a_busy_machine_makes_nothing_slow", run: || passes("busy", &[]) },
        Case { name: "a_busy_machine_ends_no_search", run: || passes("busy_deadline", &[]) },
        Case { name: "time_ends_a_search", run: time_ends },
        Case { name: "a_backtrace_is_the_programs_and_comes_once", run: backtrace },
        Case { name: "no_backtrace_where_none_is_wanted", run: no_backtrace },
        Case { name: "what_is_printed_in_the_last_run_comes_once", run: prints_once },
        Case { name: "what_raddles_macros_print_comes_once", run: macros_print_once },
        Case { name: "a_seed_from_outside", run: seed },
        Case { name: "executions_from_outside", run: executions },
        Case { name: "an_engine_from_outside", run: engine },
        Case { name: "a_time_from_outside", run: time },
        Case { name: "a_bound_from_outside", run: preemptions },
        Case { name: "what_can_t_be_read_from_outside", run: unreadable },
        Case { name: "no_flag_where_there_is_none", run: no_flag },
        Case { name: "a_typo_suggests_no_hidden_command", run: typo },
    ],
};

fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(CHILD).args(arguments);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("RADDLE_") {
            command.env_remove(variable);
        }
    }
    command.env_remove("RUST_BACKTRACE").envs(environment.iter().copied()).output().unwrap()
}

/// How a child ended, and what it wrote to stderr.
fn told(name: &str, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = start(&[name], environment);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn says(text: &str, words: &[&str]) -> Came {
    match words.iter().find(|words| !text.contains(**words)) {
        None => Ok(text.trim().lines().next().unwrap_or_default().to_owned()),
        Some(missing) => Err(format!("`{missing}` is missing in: {text}")),
    }
}

fn hangs(name: &str, task: &str, test: &str) -> Came {
    let (code, text) = told(name, &[("RADDLE_HANG", "1")]);
    if code != Some(101) {
        return Err(format!("it ended with {code:?}: {text}"));
    }
    let who = format!("task      {task}, after step ");
    says(
        &text,
        &[
            "hangs: it has not made a step for 1 seconds",
            &format!("test_of_{test}"),
            &who,
            "schedule  main",
            "programs.rs:",
        ],
    )
}

fn ends(name: &str, how: &str, task: &str) -> Came {
    let (code, text) = told(name, &[]);
    if code == Some(0) {
        return Err(format!("it is green: {text}"));
    }
    let who = format!("task      {task}, after step ");
    says(&text, &[how, &format!("test_of_{name}"), &who, "schedule  main", "programs.rs:"])
}

fn overflows(name: &str) -> Came {
    let task = match name {
        "deep_main" => "main",
        "deep_future" => "task-1",
        _ => "thread-1",
    };
    ends(name, "in safe code, a stack overflow", task)
}

fn passes(name: &str, environment: &[(&str, &str)]) -> Came {
    match told(name, environment) {
        (Some(0), text) if text.is_empty() => Ok("passes, without a word".into()),
        (code, text) => Err(format!("it ended with {code:?}: {text}")),
    }
}

/// Two runs of a second and a half each.
fn computes(hang: &str) -> Came {
    match told("computes", &[("RADDLE_HANG", hang)]) {
        (Some(0), text) if !text.contains("hangs") => says(&text, &["an execution takes"]),
        (code, text) => Err(format!("it ended with {code:?}: {text}")),
    }
}

fn exits_after() -> Came {
    match told("exit_after", &[]) {
        (Some(3), text) if text.is_empty() => Ok("ends with its own code".into()),
        (code, text) => Err(format!("it ended with {code:?}: {text}")),
    }
}

/// Threads that have studied the failure may be about to end.
fn exits_after_failing() -> Came {
    for _ in 0..5 {
        match told("exit_after_failing", &[]) {
            (Some(3), text) if !text.contains("raddle: ") => {}
            (code, text) => return Err(format!("it ended with {code:?}: {text}")),
        }
    }
    Ok("ends with its own code, 5 times of 5".into())
}

fn time_ends() -> Came {
    says(&told("runs", &[]).1, &["the time ran out after"])
}

fn backtrace() -> Came {
    let (_, text) = told("fails", &[("RUST_BACKTRACE", "1")]);
    says(&text, &["an update is lost", "backtrace of the panic in main", "lost_update", "assert_all_counted"])?;
    let frame =
        |line: &&str| line.trim_start().split_once(": ").is_some_and(|(number, _)| number.parse::<u8>().is_ok());
    let frames: Vec<&str> = text.lines().filter(frame).collect();
    if let Some(frame) = frames.iter().find(|frame| frame.contains(" raddle::") || frame.contains("panicking")) {
        return Err(format!("a frame of raddle's own, {frame}: {text}"));
    }
    let times = frames.iter().filter(|frame| frame.contains("assert_all_counted")).count();
    if times == 1 { Ok(format!("{} frames", frames.len())) } else { Err(format!("{times} times: {text}")) }
}

fn no_backtrace() -> Came {
    let (_, text) = told("fails", &[]);
    if text.contains("backtrace of the panic") { Err(text) } else { says(&text, &["an update is lost"]) }
}

fn prints_once() -> Came {
    let output = start(&["prints"], &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().collect::<Vec<_>>()[..] {
        ["it begins"] if output.status.code() == Some(101) => Ok("printed once".into()),
        _ => Err(format!("it ended with {:?}, and printed {text}", output.status.code())),
    }
}

fn macros_print_once() -> Came {
    let output = start(&["prints_by_macros"], &[]);
    let (printed, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let debugged = told.lines().filter(|line| line.ends_with("] 1 + 1 = 2")).count();
    let never = told.contains("never reached where it fails");
    match (&*printed, debugged, never) {
        ("it begins 1\nand ", 1, false) => Ok("each printed once".into()),
        _ => Err(format!("printed {printed}, and {told}")),
    }
}

fn seed() -> Came {
    let found = |seed| {
        let (_, text) =
            told("many", &[("RADDLE_ENGINE", "shuttle"), ("RADDLE_EXECUTIONS", "1"), ("RADDLE_SEED", seed)]);
        // Before that stands the thread's number.
        text.split_once("raddle found").map_or(String::new(), |(_, text)| text.to_owned())
    };
    let all: std::collections::BTreeSet<String> = ["1", "2", "3", "4", "5"].map(found).into_iter().collect();
    let (decimal, hexadecimal) = (found("1"), found("0x1"));
    if decimal != hexadecimal {
        return Err(format!("a seed is the same in hexadecimal: {decimal}\n{hexadecimal}"));
    }
    if all.len() > 1 {
        Ok(format!("{} searches of 5 differ", all.len()))
    } else {
        Err("every seed finds the same".into())
    }
}

fn executions() -> Came {
    let environment = [("RADDLE_ENGINE", "exhaustive"), ("RADDLE_EXECUTIONS", "1")];
    says(&told("holds", &environment).1, &["the budget of executions ran out after 1 executions"])
}

fn engine() -> Came {
    says(&told("many", &[("RADDLE_ENGINE", "loom")]).1, &["6 threads", "more than loom's 5"])
}

fn time() -> Came {
    let environment = [("RADDLE_ENGINE", "shuttle"), ("RADDLE_EXECUTIONS", "1000000000"), ("RADDLE_TIME", "200ms")];
    says(&told("holds", &environment).1, &["the time ran out after"])
}

fn preemptions() -> Came {
    passes("fails", &[("RADDLE_ENGINE", "exhaustive"), ("RADDLE_PREEMPTIONS", "0")])
}

fn unreadable() -> Came {
    for (variable, value) in
        [("RADDLE_SEED", "x"), ("RADDLE_TIME", "soon"), ("RADDLE_ENGINE", "loon"), ("RADDLE_HANG", "often")]
    {
        let (code, text) = told("holds", &[(variable, value)]);
        if code != Some(101) {
            return Err(format!("{variable}: it ended with {code:?}: {text}"));
        }
        says(&text, &[&format!("{variable}=`{value}`"), "it may be"])?;
    }
    Ok("named, with what it may be".into())
}

fn no_flag() -> Came {
    let (_, text) = told("many", &[]);
    if text.contains("--full") { Err(text) } else { says(&text, &["raddle found a counterexample"]) }
}

fn typo() -> Came {
    let said = |arguments: &[&str]| {
        let output = start(&[&["typo"], arguments].concat(), &[]);
        format!("{:?}: {}", output.status.code(), String::from_utf8_lossy(&output.stderr))
    };
    for typo in ["check-chil", "check-children", "checks", "stres-child", "stress-chil"] {
        let text = said(&[typo]);
        if text.lines().any(|line| line.contains("tip:") && line.contains("-child")) {
            return Err(format!("{typo}: {text}"));
        }
    }
    says(&said(&["locks/mutex"]), &["in the catalogue: `check locks/mutex`"])?;
    says(&said(&["locks/mutxe"]), &["is `locks/mutex` of the catalogue meant?"])?;
    let text = said(&["check", "locks/mutxe"]);
    says(&text, &["no pattern `locks/mutxe`", "locks/mutex"])?;
    if text.contains("child") { Err(text) } else { Ok("suggests what there is".into()) }
}
