//! The site that is tested, and what holds of its files without a browser.

use raddle_scenarios::CATALOGUE;
use raddle_tests::{files, stderr};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use url::Url;

const BYTES_MAX: u64 = 3_000_000;

/// A folder with a site in it.
pub(crate) struct Site {
    folder: PathBuf,
    /// Takes the folder away with it, if it was written for this suite.
    _temporary: Option<tempfile::TempDir>,
}

impl Site {
    /// What `raddle report` writes of this repository's catalogue, or has written where `RADDLE_REPORT_SITE` says.
    pub(crate) fn of_our_catalogue() -> Self {
        let folder = std::env::var_os("RADDLE_REPORT_SITE").map_or_else(written_once, PathBuf::from);
        Site { folder: std::path::absolute(folder).expect("a path"), _temporary: None }
    }

    /// What this command line writes.
    pub(crate) fn written_by(raddle: Command) -> Self {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path().canonicalize().expect("a folder").join("site");
        write_site(raddle, &folder);
        Site { folder, _temporary: Some(temporary) }
    }

    /// The address of a page, which may have a fragment.
    pub(crate) fn address(&self, page: &str) -> Url {
        let folder = Url::from_directory_path(&self.folder).expect("an absolute path");
        folder.join(page).unwrap_or_else(|error| panic!("{page}: {error}"))
    }

    /// All files, by their paths from the site's root.
    pub(crate) fn files(&self) -> Vec<String> {
        let relative = |path: PathBuf| {
            path.strip_prefix(&self.folder).expect("below the folder").to_string_lossy().replace('\\', "/")
        };
        files(&self.folder).into_iter().map(relative).collect()
    }

    pub(crate) fn pages(&self) -> Vec<String> {
        self.files().into_iter().filter(|path| is(path, "html")).collect()
    }

    pub(crate) fn read(&self, file: &str) -> String {
        let path = self.folder.join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// Writes the site once for each build of `raddle`: nextest has a process for each test, and it takes a minute.
fn written_once() -> PathBuf {
    let raddle = env!("CARGO_BIN_EXE_raddle");
    let [folder, stamp, lock] =
        ["report", "report.stamp", "report.lock"].map(|name| Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
    let lock = File::create(lock).expect("a file to lock");
    lock.lock().expect("a lock");
    let build = std::fs::metadata(raddle).expect("the binary is there");
    let build = format!("{} bytes, of {:?}", build.len(), build.modified().expect("the system keeps times"));
    if std::fs::read_to_string(&stamp).ok().as_ref() != Some(&build) || !folder.is_dir() {
        write_site(Command::new(raddle), &folder);
        std::fs::write(stamp, build).expect("a file");
    }
    folder
}

fn write_site(mut raddle: Command, folder: &Path) {
    let output = raddle.args(["report", "--quiet", "--out"]).arg(folder).output().expect("a command line");
    assert!(output.status.success(), "{}: {}", output.status, stderr(&output));
}

fn is(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

pub(crate) fn weighs_little(site: &Site) {
    let bytes = |file: &String| std::fs::metadata(site.folder.join(file)).expect("a file").len();
    let mut weights: Vec<(u64, String)> = site.files().into_iter().map(|file| (bytes(&file), file)).collect();
    weights.sort_by(|one, other| other.cmp(one));
    let total: u64 = weights.iter().map(|(bytes, _)| bytes).sum();
    let heaviest = &weights[..weights.len().min(5)];
    assert!(total <= BYTES_MAX, "{total} bytes, of which the most are in {heaviest:#?}");
    eprintln!("the site weighs {total} bytes in {} files; the heaviest: {:?}", weights.len(), heaviest[0]);
}

/// The attributes of a page that name another file: all that HTML has, of whatever element.
fn references(page: &str) -> Vec<&str> {
    let names = ["src", "href", "srcset", "action", "formaction", "poster", "data", "cite", "background", "xlink:href"];
    let starts = names.iter().flat_map(|name| {
        page.match_indices(&format!("{name}=\""))
            .map(|(start, found)| (start, start + found.len()))
            .filter(|(start, _)| page[..*start].ends_with(|c: char| c.is_ascii_whitespace()))
            .collect::<Vec<_>>()
    });
    starts.map(|(_, start)| &page[start..start + page[start..].find('"').expect("an end")]).collect()
}

/// A reader follows a link from a lesson to the literature by hand; what a page *loads* has to be the site's.
fn is_a_link(page: &str, reference: &str) -> bool {
    page.contains(&format!("<a href=\"{reference}\""))
}

pub(crate) fn refers_to_nothing_outside(site: &Site) {
    let mut found = 0;
    for page in site.pages() {
        let text = site.read(&page);
        for reference in references(&text) {
            let elsewhere = reference.contains(':') || reference.starts_with('/');
            let is_fine = !elsewhere || reference.starts_with("data:") || is_a_link(&text, reference);
            assert!(is_fine, "{page} refers to {reference}");
            found += 1;
        }
    }
    assert!(found > 0, "pages refer to each other");
    for style in site.files().iter().filter(|path| is(path, "css")) {
        let text = site.read(style);
        let elsewhere =
            ["@import", "url(http", "url(//", "url(\"http", "url('http"].iter().find(|word| text.contains(*word));
        assert_eq!(elsewhere, None, "{style} refers to something outside");
    }
}

pub(crate) fn links_lead_somewhere(site: &Site) {
    let files: BTreeSet<Url> = site.files().iter().map(|file| site.address(file)).collect();
    for page in site.pages() {
        let text = site.read(&page);
        for reference in references(&text).into_iter().filter(|reference| !reference.contains(':')) {
            let mut target = site.address(&page).join(reference).unwrap_or_else(|error| panic!("{reference}: {error}"));
            let fragment = target.fragment().map(str::to_owned);
            target.set_fragment(None);
            target.set_query(None);
            assert!(files.contains(&target), "{page} refers to {reference}, which is not there");
            // What an explorer's fragment says is its script's.
            let Some(id) = fragment.filter(|fragment| !fragment.is_empty() && !fragment.contains('=')) else {
                continue;
            };
            let file = target.to_file_path().expect("a file");
            let text = std::fs::read_to_string(file).expect("a page");
            assert!(text.contains(&format!("id=\"{id}\"")), "{page} refers to {reference}, and there is no such part");
        }
    }
}

pub(crate) fn has_every_variant(site: &Site) {
    let pages: BTreeSet<String> = site.pages().into_iter().collect();
    for pattern in CATALOGUE.patterns() {
        let lesson = format!("patterns/{}.html", pattern.name);
        assert!(pages.contains(&lesson), "no {lesson}");
        let text = site.read(&lesson);
        for variant in pattern.variants {
            let explorer = format!("patterns/{}/{}.html", pattern.name, variant.name);
            assert!(pages.contains(&explorer), "no {explorer}");
            assert!(text.contains(&format!("id=\"{}\"", variant.name)), "{lesson} has no part for {}", variant.name);
        }
    }
}
