//! The tables of what every check came to, and what README shows of them and of a counterexample.

use super::{code, raddle};
use raddle::{Catalogue, Class, Expect, Family, Pattern, Variant};
use raddle_tests::{root, stderr, stdout};

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What the whole catalogue has come to is what is committed, and its summary stands in README.
#[track_caller]
pub(crate) fn is_committed(document: &str) {
    assert_eq!(document, read("scenarios/COVERAGE.md"), "scenarios/COVERAGE.md (`make bless` writes it anew)");
    let (summary, _) = document.split_once("\n## ").expect("a summary, and a section");
    let rows: Vec<&str> = summary.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 2 + raddle_scenarios::CATALOGUE.families.len(), "a row for each family: {summary}");
    let readme = read("README.md");
    let block = readme.split_once("<!-- coverage -->").and_then(|(_, rest)| rest.split_once("<!-- /coverage -->"));
    let (block, _) = block.expect("README's marks");
    assert_eq!(block.trim().lines().collect::<Vec<_>>(), rows, "README's summary (`make bless` writes it anew)");
}

#[test]
fn readme_shows_the_counterexample_as_it_is_traced() {
    let command = "trace locks/lock_order/opposite_orders";
    let output = raddle(&command.split(' ').collect::<Vec<_>>());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let trimmed = |text: &str| text.lines().fold(String::new(), |all, line| all + line.trim_end() + "\n");
    let (readme, traced) = (trimmed(&read("README.md")), trimmed(&stdout(&output)));
    assert!(readme.contains(&format!("{command}`:\n\n```text\n{traced}```\n")), "README is to show this:\n{traced}");
}

#[test]
fn tables_are_the_same_at_any_number_of_jobs() {
    let arguments = ["check", "locks/lock_order", "classics/account", "--markdown", "-", "--ascii"];
    let [one, four] = ["1", "4"].map(|jobs| raddle(&[&arguments[..], &["--jobs", jobs]].concat()));
    assert_eq!((code(&one), stderr(&one).as_str()), (0, ""));
    assert_eq!(stdout(&one), stdout(&four));
    assert!(stdout(&one).starts_with("# Coverage\n"), "a document and nothing beside it: {}", stdout(&one));
    assert!(stdout(&one).contains(" · opposite_orders | deadlock | deadlock of 2 | deadlock in "), "{}", stdout(&one));
}

/// What each name and reason would do in Markdown, it does not do.
#[test]
fn tables_take_hostile_text_for_text_and_mark_what_is_not_met() {
    let variants = vec![
        Variant::correct("a_b _c_ __d__", || {}),
        Variant::buggy("*late*", Class::Misuse, || {}).fails_with(Expect::Misuse).missed_by_loom("a | b,\n<i> & `c`"),
        Variant::buggy("[x](y)", Class::Leak, || {})
            .fails_with(Expect::Assertion("~1~ \\| \u{202e}"))
            .smallest("n 2", 1),
    ];
    let source = raddle_scenarios::CATALOGUE.families[0].patterns[0].source;
    let pattern = Pattern::new("fam|ily/<b>", "## A\n<!-- b", source, variants.leak());
    let families = vec![Family { name: "fam|ily", patterns: vec![pattern].leak() }].leak();
    let catalogue: &Catalogue = Box::leak(Box::new(Catalogue { name: "hostile", families, regressions: None }));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.md");
    let arguments = ["raddle", "check", "--engine", "loom", "--markdown", file.to_str().unwrap(), "--seed", "7"];
    assert_eq!(raddle::suite::run(catalogue, arguments), raddle::suite::EXIT_UNMET);
    let document = "\
# Coverage

`raddle check --markdown` wrote this, with seed 7: what each engine came to on each variant, and how many executions \
that took.

| family | patterns | correct variants | buggy variants | loom |
|---|---|---|---|---|
| fam&#124;ily | 1 | 1 | 2 | 2 of 3 |

## &#35;&#35; A&#92;n&#60;!--\u{20}b

| pattern · variant | class | expected | loom | fails from |
|---|---|---|---|---|
| fam&#124;ily/&#60;b&#62; · a_b &#95;c&#95; &#95;&#95;d&#95;&#95; | correct | holds | explored 1 |  |
| fam&#124;ily/&#60;b&#62; · &#42;late&#42; | misuse | misuse | \
missed: a &#124; b,&#92;n&#60;i&#62; &#38; &#96;c&#96; (explored 1) |  |
| fam&#124;ily/&#60;b&#62; · &#91;x&#93;(y) | leak | assertion (&#126;1&#126; &#92;&#124; &#92;u&#123;202e&#125;) | \
✗ explored 1 | n 2 (1 preemption) |
";
    assert_eq!(std::fs::read_to_string(&file).unwrap(), document);
}
