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

/// A command, and what it is shown to print.
struct Shown<'a> {
    command: String,
    prompt: Vec<&'a str>,
    output: String,
}

fn commands(text: &str) -> Vec<Shown<'_>> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        let part = if goes_on { Some(line) } else { line.strip_prefix("$ ") };
        match (part, commands.last_mut()) {
            (Some(part), last) => {
                let command = part.trim_end_matches('\\').to_owned();
                match last.filter(|_| goes_on) {
                    Some(last) => {
                        last.command += &command;
                        last.prompt.push(line);
                    }
                    None => commands.push(Shown { command, prompt: vec![line], output: String::new() }),
                }
                goes_on = part.ends_with('\\');
            }
            (None, Some(last)) => last.output += &format!("{line}\n"),
            (None, None) => commands.push(Shown { command: String::new(), prompt: Vec::new(), output: line.into() }),
        }
    }
    commands
}

/// The block as its commands have it; nothing if it is so already.
pub(crate) fn differs_from_what_is_printed(block: &Block) -> Result<Option<String>, String> {
    let mut shell = Shell::new(block.said("catalogue").unwrap_or("shop"));
    let commands = commands(&block.text);
    let (mut text, mut same) = (String::new(), true);
    for (index, shown) in commands.iter().enumerate() {
        if shown.command.is_empty() {
            return Err("it begins with no command".into());
        }
        let printed = shell.run(&shown.command);
        let asks_for_code = commands.get(index + 1).is_some_and(|next| next.command == "echo $?");
        if shell.code != 0 && !asks_for_code {
            return Err(format!("`{}` ended with {}, which is not shown:\n{printed}", shown.command, shell.code));
        }
        let differs = differs(&shown.output, &printed);
        same &= differs.is_none();
        text += &shown.prompt.iter().fold(String::new(), |text, line| text + line + "\n");
        text += differs.as_ref().unwrap_or(&shown.output);
    }
    Ok((!same).then_some(text))
}

/// What a command prints that is to be shown whole.
pub(crate) fn output(command: &str) -> Result<String, String> {
    let mut shell = Shell::new("shop");
    let printed = shell.run(command);
    if shell.code == 0 { Ok(printed) } else { Err(format!("`{command}` ended with {}:\n{printed}", shell.code)) }
}
