//! The directory, the registry and the fixtures agree, and scenario files keep their form.

use raddle_scenarios::CATALOGUE;
use raddle_tests::{files, root};
use std::collections::BTreeSet;
use std::path::Path;

fn relative(path: &Path, to: &str) -> String {
    path.strip_prefix(root().join(to)).expect("below the folder").to_string_lossy().replace('\\', "/")
}

#[test]
fn the_directory_and_the_registry_agree() {
    let in_registry: BTreeSet<String> = CATALOGUE.patterns().map(|pattern| format!("{}.rs", pattern.name)).collect();
    let on_disk: BTreeSet<String> = files(&root().join("scenarios/src"))
        .iter()
        .map(|path| relative(path, "scenarios/src"))
        .filter(|path| path.contains('/') && !path.ends_with("/mod.rs"))
        .collect();
    assert_eq!(in_registry, on_disk, "left: the registry; right: scenarios/src");
    for family in CATALOGUE.families {
        for pattern in family.patterns {
            let file = format!("scenarios/src/{}.rs", pattern.name);
            assert!(
                pattern.name.starts_with(&format!("{}/", family.name)),
                "{} is in family {}",
                pattern.name,
                family.name
            );
            assert_eq!(pattern.source.path.replace('\\', "/"), file, "{}", pattern.name);
        }
    }
}

#[test]
fn the_registry_and_the_fixtures_agree() {
    let mut wanted = BTreeSet::new();
    for pattern in CATALOGUE.patterns() {
        for variant in pattern.variants.iter().filter(|variant| !variant.is_correct()) {
            let property = variant.declared_property().map(|_| "property.json");
            for extension in ["json", "text.snap", "full.snap"].into_iter().chain(property) {
                wanted.insert(format!("{}/{}.{extension}", pattern.name, variant.name));
            }
        }
    }
    let found: BTreeSet<String> = files(&root().join("fixtures"))
        .iter()
        .map(|path| relative(path, "fixtures"))
        .filter(|path| !path.starts_with("bad/"))
        .collect();
    // Some are drawn in the other formats, too.
    let variant = |path: &String| {
        let formats = ["json", "mermaid", "perfetto", "html"];
        formats.iter().find_map(|format| path.strip_suffix(&format!(".{format}.snap")).map(str::to_owned))
    };
    let (drawn, found): (BTreeSet<String>, _) = found.into_iter().partition(|path| variant(path).is_some());
    let stray = drawn.iter().find(|path| !variant(path).is_some_and(|of| wanted.contains(&format!("{of}.json"))));
    assert_eq!(stray, None, "a drawing of no variant");
    assert_eq!(wanted, found, "left: the registry; right: fixtures/ (`make bless` records what is missing)");
}

#[test]
fn every_buggy_variant_is_marked_once_and_declares_its_verdict() {
    for pattern in CATALOGUE.patterns() {
        let text = pattern.source.text;
        let buggy: Vec<_> = pattern.variants.iter().filter(|variant| !variant.is_correct()).collect();
        let marks = text.matches("// BUG: ").count();
        assert_eq!(marks, buggy.len(), "{}: one `// BUG:` for each buggy variant", pattern.name);
        for variant in buggy {
            assert_ne!(
                variant.declared(),
                raddle::Expect::Holds,
                "{}/{} declares no verdict",
                pattern.name,
                variant.name
            );
        }
        assert!(pattern.variants[0].is_correct(), "{}: a correct variant comes first", pattern.name);
        for variant in pattern.variants {
            let function = format!("fn {}(", variant.name);
            assert!(text.contains(&function), "{}: `{function}` is the variant's own function", pattern.name);
        }
        for title in ["# What goes wrong", "# Outcomes", "# Use instead", "# In Python"] {
            assert!(text.contains(title), "{}: the lesson has no `{title}`", pattern.name);
        }
        let lines = text.lines().count();
        assert!(lines <= 240, "{}: {lines} lines", pattern.name);
    }
}

/// The checker knows nothing of the catalogue, scenarios nothing of engines, and renderers nothing of either.
#[test]
fn nobody_names_what_is_not_theirs() {
    let forbidden: [(&str, &[&str]); 3] = [
        ("scenarios/src", &["std::sync", "std::thread", "loom::", "shuttle::"]),
        ("checks/src/report", &["loom::", "shuttle::", "crate::engine", "crate::execution"]),
        ("checks/src/suite", &["loom::", "shuttle::", "crate::execution"]),
    ];
    let read = |path: &Path| std::fs::read_to_string(path).expect("a source file");
    for (folder, words) in forbidden {
        for path in files(&root().join(folder)) {
            let text = read(&path);
            for word in words {
                assert!(!text.contains(word), "{} names `{word}`", path.display());
            }
        }
    }
    for path in files(&root().join("checks/src")) {
        let text = read(&path);
        for pattern in CATALOGUE.patterns().filter(|pattern| pattern.name != "locks/mutex") {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("///"));
            let named = code.filter(|line| line.contains(pattern.name)).find(|line| !line.contains("raddle "));
            assert_eq!(named, None, "{} names a scenario", path.display());
        }
    }
    let engines = ["engine/", "sync/mutex.rs", "sync/atomic.rs"];
    for path in files(&root().join("checks/src")) {
        let name = relative(&path, "checks/src");
        let owns = engines.iter().any(|engine| name.starts_with(engine));
        let text = read(&path);
        let uses = |word: &str| {
            text.lines().any(|line| {
                line.contains(word) && !line.contains("engine::loom::") && !line.contains("engine::shuttle::")
            })
        };
        assert!(owns || !(uses("loom::sync") || uses("loom::thread") || uses(" shuttle::")), "{name} names an engine");
    }
}

/// A conflict that was committed as it stood.
#[test]
fn no_merge_is_left_half_done() {
    let marks = ["<", "|", ">"].map(|mark| mark.repeat(7) + " ");
    let folders = ["checks", "docs", "examples", "scenarios", "tests"].map(|folder| root().join(folder));
    let at_root = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let within =
        folders.iter().flat_map(|folder| files(folder)).filter(|path| !relative(path, "").contains("node_modules"));
    for path in at_root.chain(within) {
        // A picture is no text.
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let marked = text.lines().position(|line| marks.iter().any(|mark| line.starts_with(mark)));
        assert_eq!(marked, None, "{}: a merge's mark in this line, counted from 0", path.display());
    }
}

/// The packages of a lock file that come from a registry, each with its version.
fn locked(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).expect("a lock file");
    let packages = text.split("[[package]]").filter(|package| package.contains("\nsource = "));
    packages.map(|package| package.lines().skip(1).take(2).collect::<Vec<_>>().join(", ")).collect()
}

/// What is tested there is what is tested here; `cp Cargo.lock examples/…/` and a build make it so again.
#[test]
fn the_examples_lock_the_versions_of_the_workspace() {
    let ours = locked(&root().join("Cargo.lock"));
    let folders = std::fs::read_dir(root().join("examples")).expect("a folder");
    let examples: Vec<_> = folders.map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(examples.len(), 2, "{examples:?}");
    for example in examples {
        let theirs = locked(&example.join("Cargo.lock"));
        let others: Vec<_> = theirs.difference(&ours).collect();
        assert!(theirs.len() > 20 && others.is_empty(), "{}: {others:?}", example.display());
    }
}
