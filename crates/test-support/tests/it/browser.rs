//! The page check sees what it is there to see.

use test_support::Scratch;
use test_support::browser::{ColorScheme, View, look_at};

const GOOD: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>A page</title>
<style>
  :root { color-scheme: light dark; }
  @media (prefers-color-scheme: dark) { .light { display: none; } }
  @media (prefers-color-scheme: light) { .dark { display: none; } }
</style>
<main><h1>A page</h1><p class="light">by day</p><p class="dark">by night</p></main>
</html>"#;

const BAD: &str = r#"<!doctype html>
<html>
<meta http-equiv="Content-Security-Policy" content="script-src 'none'">
<title></title>
<script>document.body.textContent = "run";</script>
<img src="nowhere.png" width="900" height="10">
</html>"#;

fn view(color_scheme: ColorScheme) -> View {
    View { color_scheme, width: 360 }
}

#[test]
fn a_plain_page_has_nothing_to_object_to() {
    let folder = Scratch::empty();
    folder.write("page.html", GOOD);
    for (scheme, word) in [(ColorScheme::Light, "by day"), (ColorScheme::Dark, "by night")] {
        let seen = look_at(&folder.join("page.html"), &folder.join("page.png"), view(scheme));
        assert!(seen.violations.is_empty(), "{:#?}", seen.violations);
        assert!(seen.console.is_empty(), "{:?}", seen.console);
        assert!(seen.requests.is_empty(), "{:?}", seen.requests);
        assert!(!seen.scrolls_sideways());
        assert!(seen.text.contains(word), "{}", seen.text);
        assert_eq!(seen.scripts, 0);
        assert_eq!(seen.language, "en");
        assert!(seen.content_security_policy.unwrap().starts_with("default-src 'none'"));
        assert!(seen.passed > 5);
        assert_eq!(&folder.bytes("page.png")[1..4], b"PNG");
    }
}

#[test]
fn what_is_wrong_with_a_page_is_told() {
    let folder = Scratch::empty();
    folder.write("page.html", BAD);
    let seen = look_at(&folder.join("page.html"), &folder.join("page.png"), view(ColorScheme::Light));
    let ids: Vec<&str> = seen.violations.iter().filter_map(|violation| violation["id"].as_str()).collect();
    for id in ["document-title", "html-has-lang", "image-alt"] {
        assert!(ids.contains(&id), "{id} is not among {ids:?}");
    }
    assert!(seen.scrolls_sideways());
    assert_eq!(seen.scripts, 1);
    assert_eq!(seen.requests.len(), 1);
    assert!(seen.console.iter().any(|line| line.contains("Content Security Policy")), "{:?}", seen.console);
}
