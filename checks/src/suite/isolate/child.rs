//! `raddle check-child`: the process that a check has to itself.

use super::{Beat, Limits, Line, Order, Work};
use crate::Catalogue;
use crate::engine::blackbox::{executions_begun, install_black_box};
use crate::suite::run::Job;
use crate::suite::{EXIT_MET, EXIT_USAGE, SuiteError, select, study};
use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a child says how far it is.
const BEAT: Duration = Duration::from_millis(20);

/// Does as the order on stdin says, and answers on stdout.
pub(crate) fn run(catalogue: &'static Catalogue) -> Result<u8, SuiteError> {
    let mut line = String::new();
    let order = std::io::stdin().lock().read_line(&mut line).map_err(serde_json::Error::io);
    let order: Order = match order.and_then(|_| serde_json::from_str(&line)) {
        Ok(order) => order,
        Err(error) => {
            eprintln!("the order on stdin: {error}; this command is for `raddle check` alone");
            return Ok(EXIT_USAGE);
        }
    };
    crate::engine::blackbox::leave_to_parent();
    let (pattern, variant) = select::variant(catalogue, &order.variant)?;
    let job = Job { regressions: catalogue.regressions, part: order.part, ..Job::new(pattern, variant, order.engine) };
    let report = Report::open();
    limit(order.memory.unwrap_or(Limits::MEMORY_MIB));
    std::thread::spawn(|| {
        // The parent holds the other end. When it goes, so does this process, and whatever it has started.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        end_all();
    });
    let (explored, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let far = Far { explored: Arc::clone(&explored), done: Arc::clone(&done) };
    if order.wanted.from.or(order.wanted.whole).is_some() {
        let (report, far) = (report.clone(), far.clone());
        install_black_box(order.wanted, move |told| report.say(&Line::Told(far.beat(), told)));
    }
    {
        let report = report.clone();
        std::thread::spawn(move || beat(&report, &far));
    }
    let answer = match &order.work {
        Work::Check => {
            let mut checker = job.checker(order.seed, order.executions).progress(explored).estimate(done);
            if let Some(file) = &order.checkpoint {
                checker = checker.checkpoint(file);
            }
            if order.one_by_one {
                checker = checker.threads(1);
            }
            let result = job.run(&checker);
            Line::Checked { outcome: result.outcome, awaits_cancelled: result.awaits_cancelled }
        }
        Work::Study(found) => Line::Studied(Box::new(study::in_this_process(&job, found))),
        Work::Along(found) => Line::Followed(study::along_in_this_process(&job, found).map(Box::new)),
        Work::Graph(states_max) => Line::Drawn(study::graph_in_this_process(&job, *states_max).map(Box::new)),
    };
    report.say(&answer);
    // Threads that the program has left behind don't keep it.
    std::process::exit(i32::from(EXIT_MET));
}

/// How far the check is.
#[derive(Clone)]
struct Far {
    explored: Arc<AtomicU64>,
    done: Arc<AtomicU64>,
}

impl Far {
    fn beat(&self) -> Beat {
        Beat {
            begun: executions_begun(),
            explored: self.explored.load(Ordering::Relaxed),
            done: self.done.load(Ordering::Relaxed),
        }
    }
}

/// Says from time to time how far the check is, if it has got any further.
fn beat(report: &Report, far: &Far) {
    let mut said = Beat::default();
    loop {
        std::thread::park_timeout(BEAT);
        let now = far.beat();
        if now != said {
            report.say(&Line::Beat(now));
            said = now;
        }
    }
}

/// Where the parent reads.
#[derive(Clone)]
struct Report(Arc<Mutex<Box<dyn Write + Send>>>);

impl Report {
    /// Keeps stdout for itself, where it can: what the program prints goes to stderr then, and it may close its stdout.
    fn open() -> Self {
        Report(Arc::new(Mutex::new(own_stdout())))
    }

    /// If the parent is gone, so is this process.
    fn say(&self, line: &Line) {
        let mut text = serde_json::to_string(line).expect("it is plain data");
        text.insert(0, '\n');
        text.push('\n');
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            end_all();
        }
    }
}

#[cfg(unix)]
fn own_stdout() -> Box<dyn Write + Send> {
    let own = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3);
    match own {
        Ok(own) if rustix::stdio::dup2_stdout(rustix::stdio::stderr()).is_ok() => Box::new(std::fs::File::from(own)),
        _ => Box::new(std::io::stdout()),
    }
}

#[cfg(not(unix))]
fn own_stdout() -> Box<dyn Write + Send> {
    Box::new(std::io::stdout())
}

/// No more memory than this, in MiB of address space, and no core file. What the system does not know it leaves out.
#[cfg(unix)]
fn limit(memory: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let most = |most| Rlimit { current: Some(most), maximum: Some(most) };
    let _ = setrlimit(Resource::As, most(memory << 20));
    let _ = setrlimit(Resource::Core, most(0));
}

#[cfg(not(unix))]
fn limit(_memory: u64) {}

/// Ends this process, and those that it has started, which are of its group.
fn end_all() -> ! {
    #[cfg(unix)]
    if std::env::args().nth(1).as_deref() == Some(super::COMMAND)
        && rustix::process::getpgrp() == rustix::process::getpid()
    {
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::KILL);
    }
    std::process::exit(i32::from(EXIT_USAGE))
}
