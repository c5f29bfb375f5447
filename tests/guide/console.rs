//! Commands, as a reader would type them, and what they print.
//!
//! `raddle` is the binary over raddle's catalogue. `cargo` stands for what it would run in the guide's project: this binary,
//! which has that project in it.

use super::blocks::Block;
use super::shown::differs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// The commands that a block may use besides the system's.
const COMMANDS: &str = r#"
raddle() { "$RADDLE" "$@"; }
cargo() {
  what="$1"
  shift
  while [ $# -gt 0 ] && [ "$1" != "--" ]; do shift; done
  [ $# -eq 0 ] || shift
  case "$what" in
    run) RADDLE_GUIDE="$CATALOGUE" "$GUIDE" "$@" ;;
    test) RADDLE_GUIDE=tests "$GUIDE" "$@" ;;
    *) echo "the guide's test knows no cargo $what" >&2; return 64 ;;
  esac
}
"#;

/// A folder, in which one command is run after another.
pub(crate) struct Shell {
    folder: tempfile::TempDir,
    /// Of which catalogue `cargo run` is the command line.
    catalogue: String,
    /// What the last command came to.
    pub(crate) code: i32,
}

impl Shell {
    pub(crate) fn new(catalogue: &str) -> Self {
        Shell { folder: tempfile::tempdir().unwrap(), catalogue: catalogue.to_owned(), code: 0 }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command, and gives what it prints, to stdout and to stderr.
    pub(crate) fn run(&mut self, command: &str) -> String {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{COMMANDS}\n(exit {})\n{command}", self.code)]).current_dir(self.folder.path());
        shell.env("RADDLE", env!("CARGO_BIN_EXE_raddle")).env("GUIDE", std::env::current_exe().unwrap());
        shell.env("CATALOGUE", &self.catalogue).env("LC_ALL", "C.UTF-8");
        for name in ["CLICOLOR_FORCE", "CLICOLOR", "NO_COLOR", "GITHUB_STEP_SUMMARY"] {
            shell.env_remove(name);
        }
        shell.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
        let mut child = shell.spawn().unwrap();
        // It has ends of the pipe, too.
        drop(shell);
        let mut printed = Vec::new();
        reader.read_to_end(&mut printed).unwrap();
        self.code = child.wait().unwrap().code().unwrap_or(-1);
        String::from_utf8(printed).expect("UTF-8")
    }
}

/// The commands of a block, each with what it is shown to print. Lines before the first are a command without words.
fn commands(text: &str) -> Vec<(&str, String)> {
    let mut commands = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let mut output = String::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            output.extend([line, "\n"]);
        }
        commands.push((line.strip_prefix("$ ").unwrap_or_default(), output));
    }
    commands
}

/// The block as its commands have it; nothing if it is so already.
pub(crate) fn differs_from_what_is_printed(block: &Block) -> Result<Option<String>, String> {
    let mut shell = Shell::new(block.said("catalogue").unwrap_or("shop"));
    let commands = commands(&block.text);
    let (mut text, mut same) = (String::new(), true);
    for (index, (command, shown)) in commands.iter().enumerate() {
        if command.is_empty() {
            return Err("it begins with no command".into());
        }
        let printed = shell.run(command);
        let asks_for_code = commands.get(index + 1).is_some_and(|(next, _)| *next == "echo $?");
        if shell.code != 0 && !asks_for_code {
            return Err(format!("`{command}` ended with {}, which is not shown:\n{printed}", shell.code));
        }
        let differs = differs(shown, &printed);
        same &= differs.is_none();
        text.extend(["$ ", command, "\n", differs.as_ref().unwrap_or(shown)]);
    }
    Ok((!same).then_some(text))
}

/// What a command prints that is to be shown whole.
pub(crate) fn output(command: &str) -> Result<String, String> {
    let mut shell = Shell::new("shop");
    let printed = shell.run(command);
    if shell.code == 0 { Ok(printed) } else { Err(format!("`{command}` ended with {}:\n{printed}", shell.code)) }
}
