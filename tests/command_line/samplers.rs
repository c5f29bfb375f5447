//! `raddle measure samplers` and `raddle measure seeds`.

use super::{code, raddle, refused};
use raddle_tests::{stderr, stdout};
use serde_json::Value;

const QUICK: [&str; 8] =
    ["measure", "samplers", "classics/reorder", "classics/carter01", "--seeds", "11", "--cap", "25"];

fn with(more: &[&str]) -> String {
    let output = raddle(&[&QUICK[..], more].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    stdout(&output)
}

#[test]
fn samplers_are_measured_beside_what_is_published() {
    let text = with(&[]);
    let row =
        |size: &str| text.lines().find(|line| line.trim_start().starts_with(size)).unwrap_or_else(|| panic!("{text}"));
    let cells = |size: &str| row(size).split_whitespace().collect::<Vec<_>>();
    // Depth, tasks, and steps: main's start, 3 spawns and 3 joins, 2 setters of 3 steps, a checker of 3.
    assert_eq!(cells("reorder_3 ")[1..4], ["3", "4", "16"], "{text}");
    // Main's start, 4 spawns and 4 joins; 2 idle tasks; 2 visitors, each of a start, 3 locks and 6 accesses, with no unlock.
    assert_eq!(cells("carter01 ")[1..4], ["2", "5", "31"], "{text}");
    for (size, published) in
        [("reorder_3 ", ["✗", "185", "86", "24", "7", "7"]), ("carter01 ", ["1", "5", "2", "–", "–", "2"])]
    {
        let published_here = cells(size).into_iter().skip_while(|cell| *cell != "|").skip(1);
        assert!(published_here.eq(published), "{size}\n{text}");
    }
    // A random walk does not find this one in 10 times 25 schedules.
    assert_eq!(cells("reorder_100 ")[4], "✗", "{text}");
    for words in [
        "the mean over the searches that found it, of 11 from seed 1, each",
        "after the first 10",
        "A step is one operation of the program",
        "reorder_10   ours      |",
        "a RW   b PCT d=3   c POS   d URW   e SURW   f RFF",
        "The best of ours needs no more schedules than RW on ",
        "fewer than the best published figure of the",
    ] {
        assert!(text.contains(words), "`{words}` is missing in:\n{text}");
    }
    let ascii = with(&["--ascii", "-e", "shuttle"]);
    assert!(ascii.is_ascii(), "{ascii}");
}

#[test]
fn samplers_as_json_have_every_search_and_are_the_same_at_any_number_of_jobs() {
    let json = with(&["--json", "--jobs", "1"]);
    assert_eq!(json, with(&["--json", "--jobs", "3"]), "one job, and three");
    let report: Value = serde_json::from_str(&json).expect("JSON");
    for (key, value) in [("schema", 1), ("seed", 1), ("seeds", 11), ("cap", 25)] {
        assert_eq!(report[key], value, "{key}");
    }
    let sizes = report["sizes"].as_array().unwrap();
    assert_eq!(sizes.len(), 8, "seven sizes of the one, and the other");
    let drawing_sizes = raddle::Engine::Property;
    let samplers =
        raddle::Engine::ALL.into_iter().filter(|engine| engine.samples() && *engine != drawing_sizes).count();
    for size in sizes {
        let sampled = size["sampled"].as_array().unwrap();
        assert_eq!(sampled.len(), samplers, "{size}");
        for sampled in sampled {
            let executions: Vec<Option<u64>> =
                sampled["executions"].as_array().unwrap().iter().map(Value::as_u64).collect();
            let found: Vec<u64> = executions.iter().flatten().copied().collect();
            let hopeless = executions[..10].iter().all(Option::is_none);
            assert_eq!(executions.len(), if hopeless { 10 } else { 11 }, "{sampled}");
            assert_eq!(sampled["stopped_early"], hopeless, "{sampled}");
            assert_eq!(sampled["found"], found.len() as u64, "{sampled}");
            assert_eq!(sampled["mean"].is_null(), found.is_empty(), "{sampled}");
            assert!(found.iter().all(|execution| (1..=25).contains(execution)), "{sampled}");
        }
    }
    let tally = report["summary"]["no_more_than"].as_array().unwrap();
    let of = |by: &str| tally.iter().find(|tally| tally["by"] == by).unwrap_or_else(|| panic!("{by}"))["of"].clone();
    assert_eq!((of("RW"), of("SURW")), (8.into(), 7.into()), "nobody has published SURW's for carter01");
    assert_eq!(report["summary"]["fewer_than_the_best"]["of"], 8);
}

#[test]
fn samplers_are_drawn_as_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plot.svg");
    let _ = with(&["--engine", "shuttle-urw", "--svg", file.to_str().unwrap()]);
    let text = std::fs::read_to_string(&file).unwrap();
    let picture = roxmltree::Document::parse(&text).expect("XML");
    let drawn = |tag| picture.descendants().filter(|node| node.tag_name().name() == tag).count();
    // One for each size and one in the legend; beside the published ones, the paper.
    assert_eq!(drawn("circle"), 8 + 1, "{text}");
    assert_eq!(drawn("rect"), 7 * 6 + 4 + 6 + 1, "{text}");
    assert!(text.contains(">reorder_100<") && text.contains("<title>SURW: 194 (published)</title>"), "{text}");
    refused(&[&QUICK[..], &["--svg", "/nowhere/plot.svg"]].concat(), &["/nowhere/plot.svg"]);
}

#[test]
fn samplers_refuse_what_does_not_sample_and_what_is_not_there() {
    refused(&["measure", "samplers", "--engine", "loom"], &["loom", "shuttle-urw"]);
    refused(&["measure", "samplers", "classics/reordr"], &["`classics/reorder`"]);
    refused(&["measure", "samplers", "--seeds", "0"], &["--seeds"]);
    let nothing = raddle(&["measure", "samplers", "locks/mutex"]);
    assert_eq!(code(&nothing), 0);
    assert!(stdout(&nothing).contains("declares sizes"), "{}", stdout(&nothing));
}

#[test]
fn list_has_the_sizes_and_what_is_published() {
    let list: Value = serde_json::from_str(&stdout(&raddle(&["list", "--json"]))).expect("JSON");
    let pattern = list["patterns"].as_array().unwrap().iter().find(|pattern| pattern["name"] == "classics/twostage");
    let variants = pattern.unwrap()["variants"].as_array().unwrap();
    assert!(variants[0]["sizes"].is_null(), "a correct variant has no bug to look for: {}", variants[0]);
    let sizes = variants[1]["sizes"].as_array().unwrap();
    let names: Vec<&str> = sizes.iter().map(|size| size["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["twostage(1,1)", "twostage_20", "twostage_50", "twostage_100"]);
    assert_eq!(sizes[3]["depth"], 100);
    let pct = &sizes[3]["published"][1];
    assert_eq!(
        (&pct["by"], &pct["mean"], &pct["found"], &pct["trials"]),
        (&"PCT d=3".into(), &7466.into(), &3.into(), &20.into())
    );
    let text = stdout(&raddle(&["list"]));
    assert!(text.lines().any(|line| line.split_whitespace().eq(["twostage_100", "depth", "100"])), "{text}");
}

#[test]
fn seeds_are_counted_and_what_is_missed_is_told() {
    let some = ["measure", "seeds", "locks/mutex", "--seeds", "3", "--executions", "200"];
    let output = raddle(&some);
    let text = stdout(&output);
    assert_eq!(code(&output), 0, "{text}{}", stderr(&output));
    // Four variants, two engines.
    assert!(text.contains("24 of 24 searches came to what was expected"), "{text}");
    let correct = raddle(&[&some[..], &["--correct", "--engine", "shuttle", "--json"]].concat());
    let report: Value = serde_json::from_str(&stdout(&correct)).expect("JSON");
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{report}");
    for (key, value) in [("met", 3), ("seeds", 3), ("executions", 600), ("most", 200)] {
        assert_eq!(rows[0][key], value, "{key}: {report}");
    }
    let engines = ["--engine", "shuttle", "--engine", "shuttle-pos"];
    let both: Value = serde_json::from_str(&stdout(&raddle(&[&some[..], &engines, &["--json"]].concat()))).unwrap();
    let of = |engine: usize, key: &str| both["engines"][engine][key].as_u64().unwrap();
    let sum = |name: &str| -> u64 {
        let rows = both["rows"].as_array().unwrap().iter().filter(|row| row["engine"] == name);
        rows.map(|row| row["executions"].as_u64().unwrap()).sum()
    };
    assert_eq!((of(0, "searches"), of(1, "met")), (12, 12), "{both}");
    assert_eq!((of(0, "executions"), of(1, "executions")), (sum("shuttle"), sum("shuttle-pos")), "{both}");
    assert!(of(0, "best") + of(1, "best") >= 4, "somebody is best at each: {both}");
    // One schedule is too few.
    let output = raddle(&["measure", "seeds", "locks/lock_order/ring", "--seeds", "5", "--executions", "1"]);
    assert_eq!(code(&output), 1, "{}", stdout(&output));
    assert!(stdout(&output).contains(" ✗ holds at seed "), "{}", stdout(&output));
    refused(&["measure", "seeds", "--engine", "loom"], &["invalid value 'loom'"]);
}
