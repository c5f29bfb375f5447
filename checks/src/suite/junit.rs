//! `raddle check --junit`: a test case for each check, in the XML that CI systems read.

use super::check::{by, came_to};
use super::run::CheckResult;
use super::study::{Studied, is_of};
use crate::report::text::{Style, counterexample};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// A suite for each pattern, a case for each variant under each engine. A bug that was found as expected is a case that
/// passed, with its interleaving beside it.
pub(super) fn document(catalogue: &str, results: &[CheckResult], studied: &[Studied]) -> String {
    let mut report = Report::new(catalogue);
    for (pattern, of_pattern) in by(results, |result| result.job.pattern.name) {
        let mut suite = TestSuite::new(pattern);
        suite.add_test_cases(of_pattern.into_iter().map(|result| case(result, studied)));
        report.add_test_suite(suite);
    }
    report.to_string().expect("XML is written to memory")
}

fn case(result: &CheckResult, studied: &[Studied]) -> TestCase {
    let mut case = TestCase::new(format!("{}/{}", result.job.variant.name, result.job.engine), status(result));
    case.set_classname(result.job.pattern.name).set_time(result.time);
    if let Some((header, study)) = studied.iter().find(|(header, _)| is_of(header, result)) {
        case.set_system_out(counterexample(Some(header), study, &Style::PLAIN));
    }
    case
}

fn status(result: &CheckResult) -> TestCaseStatus {
    if result.is_met() {
        return TestCaseStatus::success();
    }
    let kind = if result.outcome.is_err() { NonSuccessKind::Error } else { NonSuccessKind::Failure };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(result.verdict());
    status.set_message(match &result.outcome {
        Err(error) => error.to_string(),
        Ok(_) => format!("expected {}, and it came to {}", result.job.expect(), came_to(result)),
    });
    status
}
