//! Reports of checks whose names and messages have everything in them that a report's form could take for its own.

use crate::{Raddle, json};
use raddle_tests::{Validator, stderr, stdout};
use serde_json::Value;
use std::collections::BTreeSet;

/// Characters that a terminal or an editor acts on, or that XML can't have.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{fffe}'
}

/// A run of the catalogue that has all kinds of results, and what it has written.
struct Written {
    raddle: Raddle,
    out: String,
}

impl Written {
    fn new(arguments: &[&str]) -> Self {
        let raddle = Raddle::new();
        let documents = ["--junit", "junit.xml", "--sarif", "raddle.sarif", "--json", "report.json", "--github"];
        let arguments = [&["check", "--memory", "512", "--ascii"][..], arguments, &documents].concat();
        let output = raddle.command(&arguments).env("GITHUB_STEP_SUMMARY", "summary.md").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        Written { raddle, out: stdout(&output) }
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.raddle.folder.path().join(file)).unwrap()
    }
}

/// What was expected as it was, what was not, what could not be checked, and what was not checked wholly.
const ALL_KINDS: [&str; 6] =
    ["hostile/programs", "hostile/unmet", "hostile/errors", "hostile/large", "--executions", "2000"];

pub(crate) fn nothing_gets_out_of_its_place() {
    let written = Written::new(&ALL_KINDS);
    for file in ["junit.xml", "raddle.sarif", "report.json", "summary.md"] {
        let text = written.read(file);
        assert_eq!(text.find(acts), None, "{file}");
        // As it is in the program's panic.
        assert!(!file.ends_with("xml") || !text.contains("<script>"), "{file}");
    }
    assert_eq!(written.out.find(acts), None);
    written.raddle.has_left(&["junit.xml", "raddle.sarif", "report.json", "summary.md"]);
}

/// Pages are made of whatever checks come to. The script puts texts into them as texts; a browser looks at that in
/// `tests/report/`.
pub(crate) fn nothing_gets_out_of_its_place_in_a_page() {
    let raddle = Raddle::new();
    let arguments = [&["report", "--memory", "512", "--quiet", "--out", "pages"][..], &ALL_KINDS].concat();
    let output = raddle.run(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let pages = raddle_tests::files(&raddle.folder.path().join("pages"));
    assert!(pages.len() > 10, "{pages:?}");
    for page in pages.iter().filter(|page| page.extension().is_some_and(|end| end == "html")) {
        let text = std::fs::read_to_string(page).unwrap();
        assert_eq!(text.find(acts), None, "{}", page.display());
        // Its own script stands in its head.
        let scripts =
            text.matches("<script src=").count() + text.matches("<script id=\"data\" type=\"text/plain\"").count();
        assert_eq!(text.matches("<script").count(), scripts, "{}", page.display());
    }
    raddle.has_left(&["pages"]);
}

pub(crate) fn junit_is_of_its_schema() {
    let written = Written::new(&ALL_KINDS);
    let text = written.read("junit.xml");
    let schema = xmlschema::parse_schema(include_str!("../schema/junit.xsd")).unwrap();
    let check = |text: &str| xmlschema::validate(&oxml::parse(text).unwrap(), &schema).violations;
    assert!(check(&text).is_empty(), "{:?}", check(&text));
    let damaged = text.replacen("<testcase name=", "<testcase called=", 1);
    assert!(!check(&damaged).is_empty(), "a case without a name goes through");

    let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
    let rows = json(written.read("report.json").as_bytes());
    let rows = rows["results"].as_array().unwrap();
    let count = |is: &dyn Fn(&Value) -> bool| rows.iter().filter(|row| is(row)).count();
    let errors = count(&|row| row["verdict"] == "error");
    assert_eq!((report.tests, report.errors), (rows.len(), errors));
    assert_eq!(report.failures, count(&|row| row["met"] == false) - errors);
    let cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let caught = cases.filter(|case| case.system_out.as_ref().is_some_and(|out| out.as_str().contains("why: ")));
    assert_eq!(caught.count(), count(&|row| row["coverage"].is_null() && row["budget"].is_null()) - errors);
}

/// The schema of OASIS, as the library has it that writes the report.
fn sarif_schema() -> String {
    let metadata = raddle_tests::metadata(&raddle_tests::root(), &["--locked"]).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let library = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
    let manifest = std::path::Path::new(library["manifest_path"].as_str().unwrap());
    std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap()
}

pub(crate) fn sarif_is_of_its_schema() {
    let written = Written::new(&ALL_KINDS);
    let sarif = json(written.read("raddle.sarif").as_bytes());
    let validator = Validator::new(&sarif_schema());
    validator.validate(&sarif).unwrap();
    let mut damaged = sarif.clone();
    damaged["runs"][0]["results"][0]["level"] = "terrible".into();
    validator.validate(&damaged).unwrap_err();

    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let rows = json(written.read("report.json").as_bytes());
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), rows["results"].as_array().unwrap().len());
    for (result, row) in results.iter().zip(rows["results"].as_array().unwrap()) {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let (kind, level) = match (row["met"].as_bool(), row["verdict"].as_str()) {
            (Some(true), _) => ("pass", "none"),
            (_, Some("inconclusive")) => ("open", "none"),
            _ => ("fail", "error"),
        };
        assert_eq!((&result["kind"], &result["level"]), (&kind.into(), &level.into()), "{row}");
        assert!(!result["locations"].as_array().unwrap().is_empty(), "{row}");
        let fails = row["coverage"].is_null() && row["budget"].is_null() && row["verdict"] != "error";
        assert_eq!(!result["codeFlows"].as_array().unwrap().is_empty(), fails, "{row}");
        result["codeFlows"].as_array().unwrap().iter().for_each(is_in_order);
    }
}

/// The locations of all thread flows together come one after another.
fn is_in_order(flow: &Value) {
    let mut seen = BTreeSet::new();
    for thread in flow["threadFlows"].as_array().unwrap() {
        let orders =
            thread["locations"].as_array().unwrap().iter().map(|place| place["executionOrder"].as_u64().unwrap());
        let orders: Vec<u64> = orders.collect();
        assert!(orders.is_sorted(), "{thread}");
        seen.extend(orders);
    }
    assert!(seen.iter().copied().eq(1..=seen.len() as u64), "{seen:?}");
}

pub(crate) fn the_findings_alone() {
    let raddle = Raddle::new();
    let arguments = ["check", "hostile/programs/aborts", "hostile/unmet", "--engine", "shuttle", "--sarif", "-"];
    let [all, findings] = [&[][..], &["--findings"]].map(|more| {
        let output = raddle.run(&[&arguments, more].concat());
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        json(&output.stdout)["runs"][0]["results"].as_array().unwrap().clone()
    });
    assert_eq!(all.len(), 3);
    assert_eq!(findings, all[1..]);
}

pub(crate) fn github_sees_each_finding() {
    let written = Written::new(&["hostile/unmet", "hostile/errors", "hostile/large", "--executions", "2000"]);
    let annotations: Vec<&str> = written.out.lines().filter(|line| line.starts_with("::")).collect();
    let rows = json(written.read("report.json").as_bytes());
    let findings: Vec<&Value> = rows["results"].as_array().unwrap().iter().filter(|row| row["met"] == false).collect();
    assert_eq!(annotations.len(), findings.len());
    for (annotation, row) in annotations.iter().zip(findings) {
        let level = if row["verdict"] == "inconclusive" { "::warning " } else { "::error " };
        assert!(annotation.starts_with(level), "{annotation}");
        let place = annotation.split_once("file=tests/isolation/hostile.rs,line=").unwrap().1;
        assert!(place.split_once(',').unwrap().0.parse::<u32>().is_ok_and(|line| line > 0), "{annotation}");
        assert!(annotation.contains(row["variant"].as_str().unwrap()), "{annotation}");
    }
    let missed = "nothing failed: 2,000 schedules drawn by shuttle from seed";
    assert!(annotations.iter().any(|line| line.contains(missed)), "{annotations:#?}");
    let summary = written.read("summary.md");
    assert!(summary.contains("of 16 expectations met") && summary.contains("\n- 4 missed\n"), "{summary}");
    assert!(summary.contains("\n- 4 error\n") && summary.contains("| hostile | 3 "), "{summary}");
}
