//! The process that drives browsers, chromedriver: found, started, and surely ended.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take until it can be spoken to.
const BEGINNING: Duration = Duration::from_mins(1);
/// How long it may take to end by itself.
const FAREWELL: Duration = Duration::from_secs(10);

/// The paths of the browser and of its driver.
///
/// # Errors
/// What is missing, and how to come by it.
pub(crate) fn programs() -> Result<(PathBuf, PathBuf), String> {
    let chromium = program("CHROMIUM", &["chromium", "chromium-browser", "google-chrome", "chrome"]);
    let chromedriver = program("CHROMEDRIVER", &["chromedriver"]);
    let missing = match (&chromium, &chromedriver) {
        (Some(_), Some(_)) => "",
        (None, Some(_)) => "no chromium here",
        (Some(_), None) => "no chromedriver here",
        (None, None) => "neither chromium nor chromedriver here",
    };
    let (Some(chromium), Some(chromedriver)) = (chromium, chromedriver) else {
        return Err(format!(
            "{missing}; `apt-get install chromium chromium-driver` installs both, CHROMIUM and CHROMEDRIVER name others"
        ));
    };
    Ok((chromium, chromedriver))
}

/// What the environment names, or else the first of these that is in `PATH`.
fn program(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(variable) {
        return Some(named.into()).filter(|path: &PathBuf| path.is_file());
    }
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let file = |name: &str| format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(file(name))));
    candidates.into_iter().find(|path| path.is_file())
}

/// A driver at work. Dropping it ends it, and the browsers that it has started.
pub(crate) struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    pub(crate) fn start(program: &Path) -> Self {
        // A file and no pipe: it can be looked at without waiting for it, and never be full.
        let said = tempfile::NamedTempFile::new().expect("a file");
        let stdout = said.reopen().expect("a file");
        let mut command = Command::new(program);
        // Port 0: one that is free; it says which.
        command.arg("--port=0").stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut driver = Driver { child, port: 0 };
        let port = || std::fs::read_to_string(said.path()).ok().and_then(|said| port(&said));
        let is_known = until(BEGINNING, || {
            driver.port = port().unwrap_or(0);
            driver.port != 0 || driver.has_ended()
        });
        assert!(
            is_known && driver.port != 0,
            "{} does not begin: {:?}",
            program.display(),
            std::fs::read_to_string(said.path())
        );
        driver
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Asks it to close its browsers and to end.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(FAREWELL))?;
        write!(stream, "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port)?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    }
}

/// In `ChromeDriver was started successfully on port 36541.`
fn port(said: &str) -> Option<u16> {
    let (_, rest) = said.split_once("successfully on port ")?;
    rest.split_once('.')?.0.parse().ok()
}

/// Whether it is done before the time is over.
fn until(time: Duration, mut is_done: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + time;
    while !is_done() {
        if Instant::now() > until {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

impl Drop for Driver {
    fn drop(&mut self) {
        let is_gone = self.shut_down().is_ok() && until(FAREWELL, || self.has_ended());
        if !is_gone {
            // Whatever is wrong with it; and there is nobody left to be told.
            _ = self.child.kill();
            _ = self.child.wait();
        }
    }
}
