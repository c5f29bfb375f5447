//! Checks that do their worst: each has its own clear result, nothing else is lost, and nothing is left behind.
//!
//! This binary is both: the tests, and the command line over the hostile catalogue with its child processes.

mod hostile;
mod newcomers;
mod reports;

use libtest_mimic::{Arguments, Trial};
use raddle::{Catalogue, Family};
use raddle_tests::{stderr, stdout};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Output, Stdio};
use std::time::{Duration, Instant};

const HOSTILE: Catalogue = Catalogue {
    name: "hostile",
    families: &[Family {
        name: "hostile",
        patterns: &[
            hostile::PATTERN,
            hostile::HANGS,
            hostile::UNMET,
            hostile::ERRORS,
            hostile::LARGE,
            hostile::BUSY,
            hostile::ENDLESS,
        ],
    }],
    regressions: None,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("check" | "check-child" | "trace" | "show" | "report") => raddle::suite::main(&HOSTILE),
        Some("newcomer") => {
            newcomers::run(&arguments[1]);
            ExitCode::SUCCESS
        }
        Some("park") => loop {
            std::thread::park();
        },
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
    vec![
        trial("each_hostile_check_has_its_own_result", each_has_its_own_result),
        trial("what_has_no_end_is_ended_by_its_deadline", what_has_no_end),
        trial("what_crashes_is_shown_as_far_as_it_came", what_crashes_is_shown),
        trial("a_check_that_is_killed_from_outside_is_an_error", killed_from_outside),
        trial("an_interrupt_ends_the_children_and_shows_what_was_done", interrupted),
        trial("a_search_that_is_not_done_by_its_deadline_is_inconclusive", not_done_by_its_deadline),
        trial("nothing_in_a_name_or_a_message_gets_out_of_its_place", reports::nothing_gets_out_of_its_place),
        trial("nothing_gets_out_of_its_place_in_a_page", reports::nothing_gets_out_of_its_place_in_a_page),
        trial("junit_is_of_its_schema", reports::junit_is_of_its_schema),
        trial("sarif_is_of_its_schema", reports::sarif_is_of_its_schema),
        trial("sarif_can_have_the_findings_alone", reports::the_findings_alone),
        trial("github_sees_each_finding", reports::github_sees_each_finding),
        trial("who_is_new_is_told_what_to_write_instead", newcomers::each_is_told_what_to_write_instead),
        trial("a_test_that_hangs_is_told_of", newcomers::what_hangs_is_told_of),
        trial("a_child_without_an_order_says_so", without_an_order),
    ]
}

/// What the processes of one test have in their arguments or their environment.
pub(crate) fn mark() -> String {
    std::env::var("RADDLE_TEST_MARK").unwrap_or_default()
}

/// The command line over the hostile catalogue, in a folder of its own.
struct Raddle {
    folder: tempfile::TempDir,
    mark: String,
}

impl Raddle {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mark = format!("mark-{}", folder.path().file_name().unwrap().to_string_lossy());
        Raddle { folder, mark }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(arguments).current_dir(self.folder.path()).env("TMPDIR", self.folder.path());
        command.env("RADDLE_TEST_MARK", &self.mark).env("LC_ALL", "C.UTF-8").env_remove("CLICOLOR_FORCE");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Nothing of it runs any more, and there are no files but these.
    #[track_caller]
    fn has_left(&self, files: &[&str]) {
        let mut found: Vec<_> = self.folder.path().read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
        found.sort();
        assert_eq!(found, files);
        // A process that has been killed may take a moment to go.
        let until = Instant::now() + Duration::from_secs(10);
        while !self.processes().is_empty() && Instant::now() < until {
            std::thread::yield_now();
        }
        assert_eq!(self.processes(), Vec::<String>::new(), "processes that are left");
    }

    /// The processes that bear this one's mark.
    fn processes(&self) -> Vec<String> {
        let marked = |folder: &Path| {
            let read = |file: &str| std::fs::read(folder.join(file)).unwrap_or_default();
            let is_zombie = || String::from_utf8_lossy(&read("stat")).contains(") Z ");
            String::from_utf8_lossy(&read("environ")).contains(&self.mark) && !is_zombie()
        };
        let processes = Path::new("/proc").read_dir().unwrap().map(|entry| entry.unwrap().path());
        processes.filter(|path| marked(path)).map(|path| path.display().to_string()).collect()
    }
}

#[track_caller]
fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(text)))
}

/// The results, and the counterexamples, without what differs from run to run.
fn results(report: &Value) -> BTreeMap<(String, String), Value> {
    let key = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let row = |row: &Value| {
        let mut rest = row.clone();
        rest.as_object_mut().unwrap().remove("millis");
        ((key(row, "variant"), key(row, "engine")), rest)
    };
    report["results"].as_array().unwrap().iter().map(row).collect()
}

/// Checks one at a time, and eight at once.
#[track_caller]
fn are_same(many: &Value, one: &Value) {
    let (many_results, one_results) = (results(many), results(one));
    assert!(many_results.keys().eq(one_results.keys()));
    for (key, row) in &many_results {
        assert_eq!(row, &one_results[key]);
    }
    assert_eq!(many["counterexamples"], one["counterexamples"]);
}

/// The report of these checks, so many at once.
fn report(raddle: &Raddle, arguments: &[&str], jobs: &str, code: i32) -> Value {
    let output =
        raddle.run(&[&["check", "--memory", "512", "--json", "report.json", "--jobs", jobs], arguments].concat());
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    json(&std::fs::read(raddle.folder.path().join("report.json")).unwrap())
}

fn what_has_no_end() {
    let raddle = Raddle::new();
    let started = Instant::now();
    let [many, one] = ["8", "1"].map(|jobs| report(&raddle, &["hostile/hangs", "--deadline", "2"], jobs, 0));
    // Each has a deadline, and is looked into once more; and the machine may have other things to do.
    let deadline = Duration::from_secs(2 * 8 * (2 + 2) + 60);
    assert!(started.elapsed() < deadline, "it took {:?}", started.elapsed());
    are_same(&many, &one);
    assert_eq!(results(&many).len(), 2 * 4);
    raddle.has_left(&["report.json"]);
}

fn each_has_its_own_result() {
    let raddle = Raddle::new();
    let arguments = ["hostile/programs", "hostile/errors"];
    let [many, one] = ["8", "1"].map(|jobs| report(&raddle, &arguments, jobs, 2));
    are_same(&many, &one);
    for ((variant, engine), row) in results(&many) {
        if variant == "differs_from_run_to_run" {
            let error = row["error"].as_str().unwrap();
            assert!(row["verdict"] == "error" && error.contains("not deterministic"), "{engine}: {row}");
        } else {
            assert_eq!(row["met"], true, "{variant} under {engine}: {row}");
        }
    }
    assert_eq!(results(&many).len(), 14 * 4);
    for shown in many["counterexamples"].as_array().unwrap() {
        let events = shown["study"]["counterexample"]["trace"]["events"].as_array().unwrap();
        assert!(!events.is_empty(), "{} has no trace", shown["variant"]);
    }
    raddle.has_left(&["report.json"]);
}

fn what_crashes_is_shown() {
    let raddle = Raddle::new();
    for (variant, engine, sentences) in [
        (
            "aborts",
            "shuttle",
            ["crash", "while rogue ran, the process was ended by SIGABRT", "load flag = 0", "say it with a panic"],
        ),
        (
            "exits",
            "loom",
            ["crash", "while rogue ran, the process exited with code 0", "load flag = 0", "`exit` ends every check"],
        ),
        ("overflows", "exhaustive", ["crash", "in safe code, a stack overflow", "load flag = 0", "stacks are small"]),
        ("spins", "loom", ["hang", "rogue does not come to its next operation", "load flag = 0", "yield_now"]),
    ] {
        let pattern = if variant == "spins" { "hangs" } else { "programs" };
        let name = format!("hostile/{pattern}/{variant}");
        let output = raddle.run(&["check", &name, "--engine", engine, "--deadline", "4"]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        for sentence in sentences {
            let out = stdout(&output);
            assert!(out.contains(sentence), "{name}: `{sentence}` is missing in:\n{out}");
        }
    }
    raddle.has_left(&[]);
}

/// A run of `says_so_and_spins` with what comes before it, and the number of the process that spins.
fn spinning(raddle: &Raddle, arguments: &[&str]) -> (Child, i32) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let arguments = [&["check", "hostile/endless", "--engine", "shuttle", "--deadline", "600"], arguments].concat();
    let mut command = raddle.command(&arguments);
    let command = command.env("RADDLE_TEST_LISTENER", address).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let (mut spins, _) = listener.accept().unwrap();
    let mut number = [0; 4];
    spins.read_exact(&mut number).unwrap();
    (child, i32::from_le_bytes(number))
}

fn signal(process: i32, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_raw(process).unwrap(), signal).unwrap();
}

fn killed_from_outside() {
    let raddle = Raddle::new();
    let (child, process) = spinning(&raddle, &["hostile/programs/obeys"]);
    signal(process, rustix::process::Signal::KILL);
    let output = child.wait_with_output().unwrap();
    let (out, err) = (stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(2), "{out}{err}");
    assert!(err.contains("was ended by SIGKILL, which comes from outside"), "{err}");
    assert!(out.contains("1 of 2 expectations met, 1 error"), "the other is made all the same: {out}");
    raddle.has_left(&[]);
}

fn interrupted() {
    let raddle = Raddle::new();
    let (child, _) = spinning(&raddle, &["hostile/programs/obeys", "--jobs", "1", "--json", "report.json"]);
    signal(i32::try_from(child.id()).unwrap(), rustix::process::Signal::INT);
    let output = child.wait_with_output().unwrap();
    let (out, err) = (stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(130), "{out}{err}");
    assert!(err.contains("interrupted: 1 of 2 checks were done"), "{err}");
    assert!(out.contains("obeys") && out.contains("1 of 1 expectations met"), "{out}");
    let report = json(&std::fs::read(raddle.folder.path().join("report.json")).unwrap());
    assert_eq!((&report["checks"], report["results"].as_array().unwrap().len()), (&2.into(), 1));
    raddle.has_left(&["report.json"]);
}

fn not_done_by_its_deadline() {
    let raddle = Raddle::new();
    let arguments = ["check", "hostile/programs/obeys", "--engine", "shuttle", "--executions", "1000000000"];
    let output = raddle.run(&[&arguments[..], &["--deadline", "2", "--json", "-"]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let report = json(&output.stdout);
    let row = &report["results"][0];
    assert_eq!((&row["verdict"], &row["budget"]), (&"inconclusive".into(), &"time".into()));
    assert!(row["executions"].as_u64().unwrap() > 0, "{row}");

    // No execution hangs here.
    let output = raddle.run(&["check", "hostile/busy", "--engine", "property", "--deadline", "2", "--json", "-"]);
    assert_eq!(output.status.code(), Some(3), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(json(&output.stdout)["results"][0]["budget"], "time");
    raddle.has_left(&[]);
}

fn without_an_order() {
    let raddle = Raddle::new();
    let output = raddle.command(&["check-child"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("this command is for `raddle check` alone"), "{}", stderr(&output));
}
