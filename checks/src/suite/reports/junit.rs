//! `--junit`: a test case for each check, in the XML that CI systems read.

use super::finding::{Finding, Severity, all};
use super::matrix::by;
use crate::report::text::{Style, counterexample};
use crate::suite::checked::Checked;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// A suite for each pattern, a case for each variant under each engine. A bug that was found as expected is a case that
/// passed, with its interleaving beside it.
pub(super) fn document(checked: &Checked) -> String {
    let mut report = Report::new(checked.catalogue.name);
    let cases = all(checked);
    for (pattern, of_pattern) in by(&checked.results, |result| result.job.pattern.name) {
        let mut suite = TestSuite::new(pattern);
        suite.set_time(of_pattern.iter().map(|result| result.time).sum());
        let is_of = |case: &&Finding<'_>| case.result.job.pattern.name == pattern;
        suite.add_test_cases(cases.iter().filter(is_of).map(case));
        report.add_test_suite(suite);
    }
    report.set_time(checked.results.iter().map(|result| result.time).sum());
    report.to_string().expect("XML is written to memory")
}

fn case(finding: &Finding<'_>) -> TestCase {
    let result = finding.result;
    let mut case = TestCase::new(format!("{}/{}", result.job.variant.name, result.job.engine), status(finding));
    case.set_classname(result.job.pattern.name).set_time(result.time);
    if let Some((header, study)) = finding.shown {
        case.set_system_out(counterexample(Some(header), study, &Style::PLAIN));
    }
    case
}

fn status(finding: &Finding<'_>) -> TestCaseStatus {
    let kind = match finding.severity() {
        Severity::Pass => return TestCaseStatus::success(),
        _ if finding.result.outcome.is_err() => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(finding.rule()).set_message(finding.message());
    status
}
