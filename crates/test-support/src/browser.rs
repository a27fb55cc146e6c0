//! Looks at a page as a reader with a browser does: headless Chromium, and axe for accessibility.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::{fixtures, peers};

/// Where a system's Chromium lies, the first that exists is taken.
pub const CHROMIUM_PLACES: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];

/// What the reader's system asks pages to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorScheme {
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

impl ColorScheme {
    fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How the page is shown.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The colour scheme that the reader prefers.
    pub color_scheme: ColorScheme,
    /// The window's width in CSS pixels; 360 is a small telephone.
    pub width: u32,
}

/// What was seen on a page.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The picture of the whole page, a PNG.
    pub screenshot: PathBuf,
    /// The words on the page, as laid out.
    pub text: String,
    /// The page's title.
    pub title: String,
    /// The `lang` of the document; empty when it has none.
    pub language: String,
    /// The policy in the page's meta tag.
    pub content_security_policy: Option<String>,
    /// How many script elements the document has.
    pub scripts: u64,
    /// How wide the content is, in CSS pixels.
    pub scroll_width: u64,
    /// How wide the window is for it, in CSS pixels.
    pub client_width: u64,
    /// What the browser wrote to its console: errors, broken policies.
    pub console: Vec<String>,
    /// Every address asked for beside the page itself.
    pub requests: Vec<String>,
    /// What axe objects to: `id`, `impact`, `help`, `nodes` each.
    pub violations: Vec<Value>,
    /// How many of axe's rules the page met.
    pub passed: u64,
}

impl Seen {
    /// Whether a reader would have to scroll sideways.
    pub fn scrolls_sideways(&self) -> bool {
        self.scroll_width > self.client_width
    }
}

/// Opens the HTML file `page` and writes its picture to `screenshot`.
///
/// Needs Chromium, and Node with the packages that `cargo xtask peers` installs; fails with a text that says
/// so where one is missing. The page has no network.
#[track_caller]
pub fn look_at(page: &Path, screenshot: &Path, view: View) -> Seen {
    let request = json!({
        "node": node_folder(),
        "chromium": chromium(),
        "page": page,
        "screenshot": screenshot,
        "width": view.width,
        "height": 800,
        "colorScheme": view.color_scheme.word(),
    });
    let script = fixtures::workspace().join("crates/test-support/browser/axe.mjs");
    let seen = peers::tool("node")
        .arg(script)
        .arg(request.to_string())
        .timeout(Duration::from_mins(2))
        .output()
        .expect_success()
        .json();
    Seen {
        screenshot: screenshot.to_path_buf(),
        text: string(&seen, "text"),
        title: string(&seen, "title"),
        language: string(&seen, "language"),
        content_security_policy: seen["content_security_policy"].as_str().map(str::to_owned),
        scripts: number(&seen, "scripts"),
        scroll_width: number(&seen, "scroll_width"),
        client_width: number(&seen, "client_width"),
        console: strings(&seen, "console"),
        requests: strings(&seen, "requests"),
        violations: list(&seen, "violations").clone(),
        passed: number(&seen, "passed"),
    }
}

#[track_caller]
fn node_folder() -> PathBuf {
    let folder = peers::folder().join("node");
    let package = folder.join("node_modules/playwright-core");
    assert!(package.is_dir(), "{}", peers::missing(&package));
    folder
}

#[track_caller]
fn chromium() -> PathBuf {
    let places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    places
        .iter()
        .map(PathBuf::from)
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{}", peers::missing(Path::new(places[0]))))
}

#[track_caller]
fn list<'a>(seen: &'a Value, key: &str) -> &'a Vec<Value> {
    seen[key].as_array().expect("axe.mjs prints a list")
}

#[track_caller]
fn strings(seen: &Value, key: &str) -> Vec<String> {
    let texts = list(seen, key).iter();
    texts.map(|text| text.as_str().expect("axe.mjs prints texts").to_owned()).collect()
}

#[track_caller]
fn string(seen: &Value, key: &str) -> String {
    seen[key].as_str().expect("axe.mjs prints a text").to_owned()
}

#[track_caller]
fn number(seen: &Value, key: &str) -> u64 {
    seen[key].as_u64().expect("axe.mjs prints a number")
}
