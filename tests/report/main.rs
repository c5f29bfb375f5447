//! The pages that `raddle report` writes, opened in a real browser: what a reader does with them works, nothing complains, and
//! nothing is asked for from anywhere else.
//!
//! The tests need `chromium` and `chromedriver`; those of accessibility `npm ci --prefix tests/report`, too (`make page`). Where
//! these are missing the tests are ignored. In the environment:
//!
//! | variable               | says                                                                                      |
//! |------------------------|-------------------------------------------------------------------------------------------|
//! | `RADDLE_BROWSER`       | `required`: what is missing is a failure, as in CI                                        |
//! | `CHROMIUM`             | which browser, if not the one in `PATH`                                                   |
//! | `CHROMEDRIVER`         | which driver, if not the one in `PATH`                                                    |
//! | `RADDLE_REPORT_SITE`   | a folder that `raddle report` has written before: it takes minutes, and this one is read  |
//! | `RADDLE_SCREENSHOTS`   | a folder: there the tests of accessibility draw their pages, wide and narrow, light and dark |

#![expect(clippy::disallowed_types, reason = "no engine looks at this: a browser is driven, from threads of std's")]

mod axe;
mod browser;
mod catalogue;
mod driver;
mod explorer;
mod hostile;
mod pages;
mod site;

use browser::Browser;
use driver::Driver;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use site::Site;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Each test has a browser of its own, and a browser has many threads.
const BROWSERS_AT_ONCE: usize = 4;

fn main() -> ExitCode {
    if hostile::is_asked_for() {
        return hostile::main();
    }
    let mut arguments = Arguments::from_args();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert(cores.min(BROWSERS_AT_ONCE));
    // The trials are gone when they have run: what they shared, the driver's process among it, ends with this function.
    let suite = Arc::new(Suite::new());
    if let (Some(missing), false) = (suite.missing(), arguments.list) {
        eprintln!("tests/report: {missing}: what needs it is not tested");
    }
    let trials = trials(&suite);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What the tests share; each part is there when the first test asks for it.
struct Suite {
    /// The browser's path and the driver's; if one is missing, how to come by it.
    programs: Result<(PathBuf, PathBuf), String>,
    /// The script of axe-core; if it is missing, how to come by it.
    axe: Result<String, String>,
    required: bool,
    site: OnceLock<Site>,
    hostile: OnceLock<Site>,
    driver: Mutex<Option<Arc<Driver>>>,
}

/// Which of the sites.
#[derive(Clone, Copy)]
enum Of {
    OurCatalogue,
    HostileNames,
}

impl Suite {
    fn new() -> Self {
        Suite {
            programs: driver::programs(),
            axe: axe::script(),
            required: std::env::var("RADDLE_BROWSER").is_ok_and(|wish| wish == "required"),
            site: OnceLock::new(),
            hostile: OnceLock::new(),
            driver: Mutex::new(None),
        }
    }

    /// What is not on this machine.
    fn missing(&self) -> Option<String> {
        let missing: Vec<&str> =
            [self.programs.as_ref().err(), self.axe.as_ref().err()].into_iter().flatten().map(String::as_str).collect();
        (!missing.is_empty()).then(|| missing.join("; "))
    }

    fn site(&self, of: Of) -> &Site {
        match of {
            Of::OurCatalogue => self.site.get_or_init(Site::of_our_catalogue),
            Of::HostileNames => self.hostile.get_or_init(hostile::site),
        }
    }

    /// One driver serves all browsers.
    fn driver(&self, chromedriver: &Path) -> Arc<Driver> {
        let mut driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(driver.get_or_insert_with(|| Arc::new(Driver::start(chromedriver))))
    }

    /// Opens a browser, has it tested, and closes it whatever becomes of the test.
    fn browse(&self, of: Of, test: impl AsyncFnOnce(&Browser<'_>)) -> Result<Completion, Failed> {
        let (chromium, chromedriver) = match &self.programs {
            Ok(programs) => programs,
            Err(missing) => return self.without(missing),
        };
        let site = self.site(of);
        let driver = self.driver(chromedriver);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let browser = runtime.block_on(Browser::start(&driver, chromium, site));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                test(&browser).await;
                browser.has_nothing_to_complain_of().await;
            });
        }));
        runtime.block_on(browser.close());
        outcome.map_or_else(|panic| resume_unwind(panic), |()| Ok(Completion::Completed))
    }

    /// The end of a test that lacks something. Stderr has said already how to come by it.
    fn without(&self, missing: &str) -> Result<Completion, Failed> {
        let short = missing.split(';').next().unwrap_or_default();
        if self.required { Err(missing.into()) } else { Ok(Completion::ignored_with(short)) }
    }
}

fn trials(suite: &Arc<Suite>) -> Vec<Trial> {
    let mut trials = vec![
        on_disk(suite, "the_site_weighs_less_than_three_megabytes", site::weighs_little),
        on_disk(suite, "no_page_refers_to_anything_outside", site::refers_to_nothing_outside),
        on_disk(suite, "what_pages_refer_to_is_there", site::links_lead_somewhere),
        on_disk(suite, "every_variant_has_its_pages", site::has_every_variant),
        in_browser(suite, "a_search_filters_the_matrix", catalogue::searches),
        in_browser(suite, "a_family_filters_the_matrix", catalogue::filters_a_family),
        in_browser(suite, "engine_and_verdict_filter_the_matrix_together", catalogue::filters_engine_and_verdict),
        in_browser(suite, "the_address_keeps_what_is_filtered", catalogue::keeps_its_filters),
        in_browser(suite, "the_matrix_leads_to_a_lesson", catalogue::opens_a_lesson),
        in_browser(suite, "the_matrix_leads_to_an_explorer", catalogue::opens_an_explorer),
        in_browser(suite, "a_deadlock_is_stepped_through_with_the_keyboard", explorer::steps_through_a_deadlock),
        in_browser(suite, "the_address_says_the_moment", explorer::keeps_its_moment),
        in_browser(suite, "a_bug_is_held_beside_its_fix", explorer::compares_with_the_fix),
        in_browser(suite, "a_lost_update_is_found_by_playing_the_scheduler", explorer::plays_a_lost_update),
        in_browser(suite, "an_address_plays_the_same_schedule", explorer::keeps_what_was_played),
        in_browser(suite, "in_a_correct_program_there_is_no_bug_to_find", explorer::has_no_bug_to_find),
        in_browser(suite, "every_page_loads_quietly_and_soon", pages::load_quietly_and_soon),
    ];
    for page in axe::PAGES {
        let shared = Arc::clone(suite);
        trials.push(Trial::ignorable_test(format!("accessible::{}", page.name), move || match &shared.axe {
            Ok(script) => {
                shared.browse(Of::OurCatalogue, async |browser| axe::finds_nothing(browser, page, script).await)
            }
            Err(missing) => shared.without(missing),
        }));
    }
    let shared = Arc::clone(suite);
    trials.push(Trial::ignorable_test("no_name_gets_out_of_its_place", move || {
        shared.browse(Of::HostileNames, hostile::nothing_gets_out_of_its_place)
    }));
    trials
}

/// A test of the site's files.
fn on_disk(suite: &Arc<Suite>, name: &str, test: fn(&Site)) -> Trial {
    let suite = Arc::clone(suite);
    Trial::test(name, move || {
        test(suite.site(Of::OurCatalogue));
        Ok(())
    })
}

fn in_browser(suite: &Arc<Suite>, name: &str, test: impl AsyncFnOnce(&Browser<'_>) + Send + 'static) -> Trial {
    let suite = Arc::clone(suite);
    Trial::ignorable_test(name, move || suite.browse(Of::OurCatalogue, test))
}
