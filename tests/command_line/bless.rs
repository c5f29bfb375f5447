//! `make bless`, which makes everything that is kept anew: every file is whole, old or new, whatever becomes of it.
#![cfg(unix)]

use raddle_tests::{files, root, stderr};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// What is blessed here: one pattern, for a quick test.
const PATTERN: &str = "threads/join";

/// Every drawing is half done for a while.
const DRAW: &str = "cd \"$RADDLE_FIXTURES\"; for file in $(find . -name '*.snap'); do
  printf 'half ' >\"$file\"; eval \"$WHILE_DRAWING\"; printf 'whole\\n' >>\"$file\"
done";

/// A repository to be blessed, with old files in it.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        };
        for file in files(&root().join("fixtures").join(PATTERN)) {
            write(&format!("fixtures/{PATTERN}/{}", file.file_name().unwrap().display()), "old\n");
        }
        write("README.md", "# old\n<!-- coverage -->\nold\n<!-- /coverage -->\n");
        for file in
            ["scenarios/COVERAGE.md", "checks/schema/counterexample.schema.json", "checks/schema/record.schema.json"]
        {
            write(file, "old\n");
        }
        write("bin/draw", &format!("#!/bin/sh\n{DRAW}\n"));
        // Stand in for others: each kills who calls it before its `n`th call, if that is wanted.
        for (name, real) in [("raddle", env!("CARGO_BIN_EXE_raddle")), ("mv", "/bin/mv")] {
            let count = format!("echo >>\"$CALLS.{name}\"; [ $(wc -l <\"$CALLS.{name}\") != \"$KILL_AT_{name}\" ]");
            write(&format!("bin/{name}"), &format!("#!/bin/sh\n{{ {count}; }} || kill -9 $PPID\nexec {real} \"$@\"\n"));
        }
        Repository(folder)
    }

    /// `tests/bless.sh` on it.
    fn bless(&self, calls: &str) -> Command {
        let bin = self.0.path().join("bin");
        let mut command = Command::new("/bin/sh");
        command.arg(root().join("tests/bless.sh")).arg(PATTERN);
        command.env("DEST", self.0.path()).env("RADDLE", bin.join("raddle")).env("DRAW", bin.join("draw"));
        command.env("PATH", format!("{}:/usr/bin:/bin", bin.display())).env("CALLS", self.0.path().join(calls));
        command.env("WHILE_DRAWING", ":");
        command
    }

    /// Everything that is kept.
    fn files(&self) -> BTreeMap<String, String> {
        let folders = ["fixtures", "scenarios", "checks"].map(|folder| files(&self.0.path().join(folder))).concat();
        let name = |path: &Path| path.strip_prefix(self.0.path()).unwrap().display().to_string();
        let read = |path: &Path| (name(path), std::fs::read_to_string(path).unwrap());
        let mut files: BTreeMap<String, String> = folders.iter().map(|path| read(path)).collect();
        files.extend([read(&self.0.path().join("README.md"))]);
        files
    }

    fn is_staged(&self) -> bool {
        let names = self.0.path().read_dir().unwrap().map(|file| file.unwrap().file_name());
        names.into_iter().any(|name| name.to_string_lossy().starts_with(".bless."))
    }
}

/// What everything was, and what it becomes.
fn old_and_new() -> [BTreeMap<String, String>; 2] {
    let repository = Repository::new();
    let old = repository.files();
    let output = repository.bless("calls").output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let new = repository.files();
    assert!(old.keys().eq(new.keys()));
    assert!(new.values().zip(old.values()).all(|(new, old)| new != old), "something is as it was: {new:#?}");
    assert!(new["README.md"].starts_with("# old\n<!-- coverage -->\n\n| family |"), "{}", new["README.md"]);
    assert!(!repository.is_staged());
    [old, new]
}

#[test]
fn two_at_once_leave_what_one_leaves() {
    let [_, new] = old_and_new();
    let repository = Repository::new();
    let both = ["one", "two"].map(|calls| repository.bless(calls).stdout(Stdio::null()).spawn().unwrap());
    for mut one in both {
        assert!(one.wait().unwrap().success());
    }
    assert_eq!(repository.files(), new);
    assert!(!repository.is_staged());
}

#[test]
fn a_kill_in_the_middle_leaves_every_file_old_or_new() {
    let [old, new] = old_and_new();
    let at_raddle = (1..=4).map(|call| ("KILL_AT_raddle", call.to_string()));
    let at_mv = (1..=new.len()).map(|call| ("KILL_AT_mv", call.to_string()));
    let while_drawing = [("WHILE_DRAWING", "kill -9 $PPID".to_owned())];
    let mut published = 0;
    for (name, value) in at_raddle.chain(while_drawing).chain(at_mv) {
        let repository = Repository::new();
        let output = repository.bless("calls").env(name, &value).output().unwrap();
        assert!(!output.status.success(), "{name}={value}");
        let files = repository.files();
        assert!(files.keys().eq(old.keys()), "{name}={value}");
        for (file, text) in &files {
            assert!(*text == old[file] || *text == new[file], "{name}={value}: {file} is {text:?}");
        }
        published = published.max(files.iter().filter(|(file, text)| **text == new[*file]).count());
    }
    assert!(published > new.len() / 2, "none was killed in the middle of moving: {published}");
}

/// As far as a program can tell: writing more than so much fails.
#[test]
fn a_full_disk_leaves_every_file_as_it_was() {
    let [old, _] = old_and_new();
    for blocks in ["1", "4", "16"] {
        let repository = Repository::new();
        let full = format!("trap '' XFSZ; ulimit -f {blocks}; exec /bin/sh \"$0\" \"$@\"");
        let bless = repository.bless("calls");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &full]).args(bless.get_args());
        command.envs(bless.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = command.output().unwrap();
        assert!(!output.status.success(), "{blocks} blocks are enough");
        assert!(stderr(&output).contains("File too large"), "{blocks} blocks: {}", stderr(&output));
        assert_eq!(repository.files(), old, "{blocks} blocks");
        assert!(!repository.is_staged(), "{blocks} blocks");
    }
}
