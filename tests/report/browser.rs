//! A browser with one page: what a reader does with it and sees in it, and what it has to complain of.
//!
//! Nothing waits for a time: what is to be seen is looked for until it is there, or its deadline has passed.

use crate::driver::Driver;
use crate::site::Site;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use url::{ParseError, Url};

/// How long something may take to be seen.
const DEADLINE: Duration = Duration::from_secs(20);
const PERIOD: Duration = Duration::from_millis(20);

/// How a page is looked at.
#[derive(Clone, Copy)]
pub(crate) struct View {
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) scheme: &'static str,
}

const WIDE: View = View { name: "desktop-light", width: 1280, height: 900, scheme: "light" };
const NARROW: View = View { name: "phone-light", width: 360, height: 740, scheme: "light" };
pub(crate) const VIEWS: [View; 4] = [
    WIDE,
    View { name: "desktop-dark", scheme: "dark", ..WIDE },
    NARROW,
    View { name: "phone-dark", scheme: "dark", ..NARROW },
];

impl View {
    pub(crate) fn is_narrow(self) -> bool {
        self.width == NARROW.width
    }
}

pub(crate) struct Browser<'a> {
    client: Client,
    pub(crate) site: &'a Site,
}

impl<'a> Browser<'a> {
    pub(crate) async fn start(driver: &Driver, chromium: &Path, site: &'a Site) -> Self {
        let mut flags = vec!["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"];
        // Root has no sandbox; and only CI and containers are root.
        if is_root() {
            flags.push("--no-sandbox");
        }
        let capabilities = json!({
            "goog:chromeOptions": { "binary": chromium, "args": flags },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let capabilities = capabilities.as_object().expect("an object").clone();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&driver.address()).await;
        let browser = Browser { client: client.unwrap_or_else(|error| panic!("no browser: {error}")), site };
        browser.look(WIDE).await;
        browser
    }

    pub(crate) async fn close(self) {
        // If it is gone already, the test has failed of that.
        _ = self.client.close().await;
    }

    /// Sets the window's size, and whether the reader likes it dark.
    pub(crate) async fn look(&self, view: View) {
        let View { width, height, scheme, .. } = view;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": view.is_narrow() });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Loads a page of the site, also if only its fragment differs from the one that is open.
    pub(crate) async fn open(&self, page: &str) {
        self.go_to(self.site.address(page).as_str()).await;
    }

    /// Loads what has this address.
    pub(crate) async fn go_to(&self, address: &str) {
        self.client.goto("about:blank").await.expect("an empty page");
        self.client.goto(address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    pub(crate) async fn address(&self) -> Url {
        self.client.current_url().await.expect("an address")
    }

    /// The first of these elements, as soon as there is one.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(DEADLINE).every(PERIOD).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("no `{css}` at {}: {error}", self.address().await),
        }
    }

    pub(crate) async fn click(&self, css: &str) {
        let clicked = self.find(css).await.click().await;
        clicked.unwrap_or_else(|error| panic!("`{css}` can't be clicked: {error}"));
    }

    /// Types into a field what it is to have instead.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        // As a reader does it: the protocol's own `clear` is no input that a page hears of.
        let all = format!("{}a{}{}", char::from(Key::Control), char::from(Key::Null), char::from(Key::Backspace));
        field.send_keys(&(all + text)).await.unwrap_or_else(|error| panic!("`{css}` can't be written to: {error}"));
    }

    /// Chooses an option by its value.
    pub(crate) async fn select(&self, css: &str, value: &str) {
        // A reader's choice is heard of as both events; the driver's click on an option as the second alone.
        let script = "const [css, value] = arguments;
            const select = document.querySelector(css);
            select.value = value;
            for (const kind of ['input', 'change']) select.dispatchEvent(new Event(kind, { bubbles: true }));
            return select.value === value;";
        self.find(css).await;
        let is_chosen: bool = self.evaluate(script, vec![css.into(), value.into()]).await;
        assert!(is_chosen, "`{css}` has no option `{value}`");
    }

    /// Presses a key, wherever the focus is.
    pub(crate) async fn press(&self, key: impl Into<char>) {
        let value = key.into();
        let keys = KeyActions::new("keyboard".to_owned()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
        self.client.perform_actions(keys).await.expect("a keyboard");
    }

    /// What a script, a function's body, comes to.
    pub(crate) async fn evaluate<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> T {
        let value = self.client.execute(script, arguments).await.unwrap_or_else(|error| panic!("{script}: {error}"));
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// What a script comes to that calls its last argument when it is done.
    pub(crate) async fn evaluate_async<T: DeserializeOwned>(&self, script: &str) -> T {
        let value = self.client.execute_async(script, vec![]).await;
        let value = value.unwrap_or_else(|error| panic!("{script}: {error}"));
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// What is to be read in each of these elements; nothing in one that can't be seen.
    pub(crate) async fn texts(&self, css: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .map(element => element.checkVisibility() ? element.innerText.trim() : '');";
        self.evaluate(script, vec![css.into()]).await
    }

    /// An attribute of each of these elements that can be seen.
    pub(crate) async fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .filter(element => element.checkVisibility())
            .map(element => element.getAttribute(arguments[1]) ?? '');";
        self.evaluate(script, vec![css.into(), name.into()]).await
    }

    /// A property of the first of these elements, as text.
    pub(crate) async fn property(&self, css: &str, name: &str) -> String {
        let property = self.find(css).await.prop(name).await.expect("a property");
        property.unwrap_or_default()
    }

    /// The texts of these elements, all in one, as soon as they are as they are meant to be.
    pub(crate) async fn reads(&self, css: &str, is_meant: impl Fn(&str) -> bool) -> String {
        self.until(css, async || Some(self.texts(css).await.join("\n")).filter(|text| is_meant(text))).await
    }

    /// What there is as soon as there is something.
    pub(crate) async fn until<T>(&self, what: &str, there_is: impl AsyncFn() -> Option<T>) -> T {
        let until = Instant::now() + DEADLINE;
        let mut period = tokio::time::interval(PERIOD);
        loop {
            if let Some(found) = there_is().await {
                return found;
            }
            if Instant::now() > until {
                let (address, seen) = (self.address().await, format!("{:?}", self.texts(what).await));
                let seen: String = seen.chars().take(2_000).collect();
                panic!("{what} is not as it is meant to be at {address}: {seen}");
            }
            period.tick().await;
        }
    }

    /// Waits until the page can be read, scripts and all, and says after how many milliseconds that was; at most.
    pub(crate) async fn is_ready(&self) -> f64 {
        let script = "const done = arguments[0];
            const explorer = document.querySelector('#explorer');
            const is_built = () => !explorer || explorer.querySelector(':scope > :not(noscript)');
            const look = () => {
                if (document.readyState === 'complete' && is_built()) done(performance.now());
                else if (performance.now() > 20000) done(null);
                else requestAnimationFrame(look);
            };
            look();";
        let Some(millis) = self.evaluate_async(script).await else {
            panic!("{} is never ready: {:#?}", self.address().await, self.complaints().await);
        };
        millis
    }

    /// The whole page as a picture, PNG.
    pub(crate) async fn screenshot(&self) -> Vec<u8> {
        let layout = self.devtools("Page.getLayoutMetrics", json!({})).await;
        let size = &layout["cssContentSize"];
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let wish = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.devtools("Page.captureScreenshot", wish).await;
        BASE64_STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64")
    }

    /// Since this was asked last: what the console was told that is a warning or worse, and every request for something that
    /// is none of the site's files.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for entry in self.log("browser").await {
            if matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")) {
                complaints.push(format!("the console: {}", entry["message"]));
            }
        }
        for entry in self.log("performance").await {
            let message: Value =
                serde_json::from_str(entry["message"].as_str().expect("a message")).expect("a message is JSON");
            let (method, parameters) = (&message["message"]["method"], &message["message"]["params"]);
            let address = parameters["request"]["url"].as_str().unwrap_or_default();
            if method == "Network.requestWillBeSent" && !self.is_ours(address) {
                complaints.push(format!("a request for {address}"));
            }
        }
        complaints
    }

    pub(crate) async fn has_nothing_to_complain_of(&self) {
        let complaints = self.complaints().await;
        assert!(complaints.is_empty(), "at {}: {complaints:#?}", self.address().await);
    }

    /// Is it a file of the site, or nothing that anybody has to be asked for?
    fn is_ours(&self, address: &str) -> bool {
        address.starts_with(self.site.address("").as_str()) || address.starts_with("data:") || address == "about:blank"
    }

    async fn log(&self, kind: &'static str) -> Vec<Value> {
        let log = self.command("se/log", json!({ "type": kind })).await;
        serde_json::from_value(log).expect("a log has entries")
    }

    /// A command of the protocol that the browser's own tools speak.
    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.command("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// A command of chromedriver's own.
    async fn command(&self, path: &'static str, body: Value) -> Value {
        let answer = self.client.issue_cmd(Command { path, body }).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

#[derive(Debug)]
struct Command {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
