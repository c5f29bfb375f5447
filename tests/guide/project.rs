//! What chapters show of files: manifests, which cargo reads, and a workflow, whose commands run.

use super::console::Shell;
use raddle_tests::root;
use std::path::Path;

fn read(file: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    Ok(text.replace("\r\n", "\n"))
}

/// The text of a file, or of one of its functions: `docs/programs/a.rs`, or `docs/programs/a.rs fn b`.
pub(crate) fn file(said: &str) -> Result<String, String> {
    let Some((file, name)) = said.split_once(" fn ") else { return read(said) };
    let (text, declared) = (read(file)?, format!("fn {name}("));
    let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with(&declared)).collect();
    let end = lines.iter().position(|line| *line == "}").ok_or(format!("{file} has no `{declared}`"))?;
    Ok(lines[..=end].iter().fold(String::new(), |text, line| text + line + "\n"))
}

/// How a project names raddle's folder.
const BESIDE: &str = "../raddle/checks";

/// cargo reads the manifest of this project, and finds in raddle what it asks for.
pub(crate) fn manifest(project: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for path in raddle_tests::files(&root().join(project)) {
        let to = folder.path().join(path.strip_prefix(root().join(project)).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(path, to).unwrap();
    }
    let text = read(&format!("{project}/Cargo.toml"))?;
    if !text.contains(BESIDE) {
        return Err(format!("{project} has no raddle in `{BESIDE}`"));
    }
    let beside = root().join("checks").display().to_string();
    std::fs::write(folder.path().join("Cargo.toml"), text.replace(BESIDE, &beside)).unwrap();
    // What is known already need not be asked for.
    std::fs::copy(root().join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    raddle_tests::metadata(folder.path(), &[]).map_err(|error| format!("{project}/Cargo.toml: {error}"))?;
    Ok(())
}

const SHARD: &str = "${{ matrix.shard }}";

/// The commands of a workflow, in order, those of a matrix once for each of `shard: […]`.
fn commands(workflow: &str) -> Vec<String> {
    let shards = workflow.lines().find_map(|line| line.trim().strip_prefix("shard: [")?.strip_suffix(']'));
    let shards: Vec<&str> = shards.unwrap_or_default().split(", ").collect();
    let runs = workflow.lines().filter_map(|line| line.trim().strip_prefix("- run: "));
    let of_each = |command: &str| -> Vec<String> {
        if !command.contains(SHARD) {
            return vec![command.to_owned()];
        }
        shards.iter().map(|shard| command.replace(SHARD, shard)).collect()
    };
    runs.flat_map(of_each).collect()
}

/// The workflow's commands do what they are there for, on the catalogue of the project.
pub(crate) fn workflow(file: &str) -> Result<(), String> {
    let (mut shell, text) = (Shell::new("shop"), read(file)?);
    let mut last = String::new();
    for command in commands(&text) {
        last = shell.run(&command);
        if command.contains("${{") || shell.code != 0 {
            return Err(format!("`{command}` ended with {}:\n{last}", shell.code));
        }
    }
    let all = 4 * shop::CATALOGUE.patterns().map(|pattern| pattern.variants.len()).sum::<usize>();
    let met = format!("{all} of {all} expectations met");
    if !last.contains(&met) {
        return Err(format!("the last command does not come to `{met}`:\n{last}"));
    }
    // What is uploaded is what has been written.
    for option in ["--junit", "--sarif"] {
        let mut words = text.split_whitespace().skip_while(|word| *word != option).skip(1);
        let written = words.next().ok_or(format!("{file} has no {option}"))?;
        if !shell.folder().join(written).is_file() || !words.any(|word| word == written) {
            return Err(format!("{written} is not written, or not uploaded"));
        }
    }
    Ok(())
}

/// Every file of the guide's projects is shown somewhere.
pub(crate) fn all_are_shown(shown: &[String]) -> Result<(), String> {
    for folder in ["docs/programs", "docs/shop", "docs/till"] {
        for path in raddle_tests::files(&root().join(folder)) {
            let file = path.strip_prefix(root()).unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
            if !shown.contains(&file) {
                return Err(format!("no chapter shows {file}"));
            }
        }
    }
    Ok(())
}
