use std::str::FromStr;

use pep440_rs::Version;
use proptest::prelude::*;

use crate::{
    Bump, CurrentVersion, DynamicVersion, IndexError, IndexVersions, VersionError, Versions, bump, current_version_of,
};

fn v(text: &str) -> Version {
    Version::from_str(text).unwrap()
}

fn next(current: &str, index: Option<&[&str]>, by: Bump) -> String {
    let versions = Versions {
        current: Some(CurrentVersion::Static(v(current))),
        index: index.map(|list| list.iter().map(|text| v(text)).collect()),
        ..Versions::default()
    };
    versions.next(by).unwrap().version.unwrap().to_string()
}

#[test]
fn bumps_follow_pep_440() {
    for (from, patch, post, minor) in [
        ("1.2.3", "1.2.4", "1.2.3.post1", "1.3.0"),
        ("1.2", "1.2.1", "1.2.post1", "1.3"),
        ("1", "1.0.1", "1.post1", "1.1"),
        ("2026.1.15", "2026.1.16", "2026.1.15.post1", "2026.2.0"),
        ("1.2.3.4", "1.2.4.0", "1.2.3.4.post1", "1.3.0.0"),
        ("1.2.3rc1", "1.2.3", "1.2.3rc2", "1.3.0"),
        ("1.3.0rc1", "1.3.0", "1.3.0rc2", "1.3.0"),
        ("1.2.3a1.dev4", "1.2.3", "1.2.3a1.dev5", "1.3.0"),
        ("1.2.3.dev1", "1.2.3", "1.2.3.dev2", "1.3.0"),
        ("1.2.3.post1", "1.2.4", "1.2.3.post2", "1.3.0"),
        ("1.2.3.post1.dev2", "1.2.4", "1.2.3.post1.dev3", "1.3.0"),
        ("1.2.3rc1.post1", "1.2.3", "1.2.3rc1.post2", "1.3.0"),
        ("1.3rc1.post1.dev2", "1.3", "1.3rc1.post1.dev3", "1.3"),
        ("1!2.0", "1!2.0.1", "1!2.0.post1", "1!2.1"),
        ("1.2.3+local.1", "1.2.4", "1.2.3.post1", "1.3.0"),
        ("v1.2.3-1", "1.2.4", "1.2.3.post2", "1.3.0"),
    ] {
        let bumped = |by| bump(&v(from), by).unwrap().to_string();
        assert_eq!(
            (bumped(Bump::Patch).as_str(), bumped(Bump::Post).as_str(), bumped(Bump::Minor).as_str()),
            (patch, post, minor),
            "{from}"
        );
    }
    assert!(bump(&v("1.2.18446744073709551615"), Bump::Patch).is_err());
}

#[test]
fn the_projects_own_version_is_used_while_it_is_newer_than_all() {
    for (current, index, expected) in [
        ("1.2.4", vec!["1.2.3"], "1.2.4"),
        ("1.2.3", vec!["1.2.3"], "1.2.4"),
        ("1.2.3.0", vec!["1.2.3"], "1.2.4"),
        ("1.2.2", vec!["1.2.3"], "1.2.4"),
        ("1.0.0", vec![], "1.0.0"),
        ("1.2.3+build5", vec![], "1.2.3"),
        ("1.2.3+build5", vec!["1.2.3"], "1.2.4"),
        ("1.3.0rc1", vec!["1.2.3"], "1.3.0rc1"),
        ("1.3.0rc1", vec!["1.2.3", "1.3.0rc1"], "1.3.0"),
        ("1.3.0rc1", vec!["1.3.0rc2"], "1.3.0"),
        ("2.0", vec!["1!1.0"], "1!1.0.1"),
        // Somebody's release candidate is not made a release by an automatic one.
        ("1.2.3", vec!["1.2.3", "2.0.0a1"], "2.0.0a2"),
        ("1.2.3", vec!["1.2.3", "2.0.0.dev5"], "2.0.0.dev6"),
    ] {
        assert_eq!(next(current, Some(&index), Bump::Patch), expected, "{current} {index:?}");
    }
    assert_eq!(next("1.2.3", None, Bump::Patch), "1.2.4", "the index may have 1.2.3");
    assert_eq!(next("1.2.3", Some(&["1.2.3"]), Bump::Post), "1.2.3.post1");
    assert_eq!(next("1.2.3", Some(&["1.2.3"]), Bump::Minor), "1.3.0");
}

#[test]
fn the_last_recorded_release_counts_like_the_index() {
    let versions = |released| Versions {
        current: Some(CurrentVersion::Static(v("1.2.3"))),
        released: Some(v(released)),
        ..Versions::default()
    };
    assert_eq!(versions("1.2.3").next(Bump::Patch).unwrap().version, Some(v("1.2.4")));
    assert_eq!(
        versions("1.2.2").next(Bump::Patch).unwrap().version,
        Some(v("1.2.3")),
        "a failed publish reuses its number"
    );
}

#[test]
fn a_wanted_version_must_be_free() {
    let wanted = |given: &str| {
        let index = Some(["1.2.3"].iter().map(|t| v(t)).collect());
        Versions { index, given: Some(v(given)), released: Some(v("1.1")), ..Versions::default() }.next(Bump::Patch)
    };
    assert_eq!(wanted("2.0").unwrap().version, Some(v("2.0")));
    assert_eq!(wanted("1.2.3.0").unwrap_err(), VersionError::Taken(v("1.2.3")));
    assert!(matches!(wanted("1.1").unwrap_err(), VersionError::Taken(_)));
    assert!(matches!(wanted("2.0+x").unwrap_err(), VersionError::Local(_)));
}

#[test]
fn a_version_that_may_not_be_wanted_comes_with_a_warning() {
    let warnings = |own: &str, index: &[&str], given: Option<&str>| -> Vec<String> {
        let versions = Versions {
            current: Some(CurrentVersion::Static(v(own))),
            index: Some(index.iter().map(|t| v(t)).collect()),
            given: given.map(v),
            ..Versions::default()
        };
        versions.next(Bump::Patch).unwrap().warnings.iter().map(ToString::to_string).collect()
    };
    // The rule stays; who is used to final versions is told that nobody gets this one by itself.
    let other_line = warnings("1.5.0", &["1.5.0", "2.0.0rc1"], None);
    assert!(
        other_line[0].starts_with("2.0.0rc2 is a pre-release") && other_line[0].contains("who has 1.5.0"),
        "{other_line:?}"
    );
    assert!(other_line[0].contains("--next-version"), "{other_line:?}");
    assert_eq!(warnings("1.6.0rc1", &["1.5.0"], None).len(), 1);
    for (own, index) in [("1.5.0", &["1.5.0"] as &[&str]), ("0.1a2", &["0.1a1"]), ("1.0rc1", &["1.0rc1"])] {
        assert!(warnings(own, index, None).is_empty(), "{own} {index:?}");
    }

    let given = |given| warnings("1.5.0", &["1.5.0", "2.0.0rc1"], Some(given));
    assert!(given("1.5.1").is_empty(), "installers do not take 2.0.0rc1");
    let older = given("1.4.9");
    assert!(older[0].contains("older than 1.5.0, the newest released version"), "{older:?}");
    assert!(older[1].contains("older than 1.5.0, which the project says it is"), "{older:?}");
    assert!(warnings("2.0", &[], Some("1.0"))[0].contains("older than 2.0"));
}

fn sample() -> findings_model::PackageName {
    findings_model::PackageName::parse("demo").unwrap()
}

#[test]
fn a_page_of_another_project_is_refused() {
    let page = br#"{"meta":{"api-version":"1.0"},"name":"numpy","files":[{"filename":"numpy-2.1.0.tar.gz"}]}"#;
    let error = IndexVersions::from_pep691(page, &sample()).unwrap_err();
    assert_eq!(error.to_string(), "the index document is of the project \"numpy\", not of demo");
    let spelled = br#"{"meta":{"api-version":"1.0"},"name":"Demo","files":[]}"#;
    assert!(IndexVersions::from_pep691(spelled, &sample()).is_ok());
}

#[test]
fn an_index_page_tells_versions_and_files() {
    let page = br#"{"meta":{"api-version":"1.1"},"name":"demo","versions":["1.0","1.1","nonsense"],"files":[
        {"filename":"demo-1.1-py3-none-any.whl","yanked":"broken"},{"filename":"demo-1.0.macosx-10.9.tar.gz"},
        {"filename":"demo-1.1-20200101.tar.gz"},{"filename":"README"}]}"#;
    let index = IndexVersions::from_pep691(page, &sample()).unwrap();
    assert_eq!(index.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.0", "1.1"], "the page lists them");
    let made = br#"{"meta":{"api-version":"1.0"},"versions":["1.0"],"files":[{"filename":"demo-1.1.zip"}]}"#;
    let index = IndexVersions::from_pep691(made, &sample()).unwrap();
    assert_eq!(index.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.0", "1.1"], "both tell some");
    assert!(index.contains(&v("1.0.0")));
    let old = br#"{"meta":{"api-version":"1.0"},"name":"demo","files":[{"filename":"demo-1.1-py3-none-any.whl"}]}"#;
    assert_eq!(IndexVersions::from_pep691(old, &sample()).unwrap().newest(), Some(&v("1.1")));
    let empty = br#"{"meta":{"api-version":"1.1"},"name":"demo","versions":[],"files":[]}"#;
    assert_eq!(IndexVersions::from_pep691(empty, &sample()).unwrap(), IndexVersions::none());
    for bad in ["", "{}", "[]", "<html>", r#"{"meta":{"api-version":"1.1"}}"#] {
        assert!(matches!(IndexVersions::from_pep691(bad.as_bytes(), &sample()), Err(IndexError::Json(_))), "{bad}");
    }
    assert!(matches!(
        IndexVersions::from_pep691(br#"{"meta":{"api-version":"2.0"},"files":[]}"#, &sample()),
        Err(IndexError::ApiVersion(_))
    ));
}

#[test]
fn the_name_of_a_file_is_read_as_one_of_the_project() {
    let read = |file: &str, project: &str| {
        let page = serde_json::json!({ "meta": { "api-version": "1.0" }, "files": [{ "filename": file }] }).to_string();
        let project = findings_model::PackageName::parse(project).unwrap();
        let index = IndexVersions::from_pep691(page.as_bytes(), &project).unwrap();
        index.newest().map(ToString::to_string)
    };
    for (file, version) in [
        ("my_pkg-1.2.tar.gz", Some("1.2")),
        ("my-pkg-1.2.tar.gz", Some("1.2")),
        ("My.Pkg-1.2.zip", Some("1.2")),
        ("my_pkg-0.9-20200101.tar.gz", Some("0.9.post20200101")),
        ("my_pkg-1.0.macosx-10.9.tar.gz", Some("1.0")),
        ("my_pkg-1.0.linux-x86_64.tar.gz", Some("1.0")),
        ("my_pkg-1.2-py3-none-any.whl", Some("1.2")),
        ("my_pkg-1.2-7-py3-none-any.whl", Some("1.2")),
        ("my_pkg-1.2_1-py2.7.egg", Some("1.2.post1")),
        ("other_pkg-99.0.tar.gz", None),
        ("my-99.0.tar.gz", None),
        ("my_pkg_extra-99.0-py3-none-any.whl", None),
        ("my_pkg-docs-99.0.tar.gz", None),
        ("my_pkg.tar.gz", None),
        ("my_pkg-.tar.gz", None),
    ] {
        assert_eq!(read(file, "my-pkg").as_deref(), version, "{file}");
    }
}

#[test]
fn the_project_file_tells_its_version_or_where_it_comes_from() {
    let fixed = |text| CurrentVersion::Static(v(text));
    let dynamic = |rest: &str| format!("[project]\nname = 'my-demo'\ndynamic = ['version']\n{rest}");
    for (text, expected) in [
        ("[project]\nversion = '1.2.3'".to_owned(), fixed("1.2.3")),
        ("[tool.poetry]\nversion = \"1.2.3\"".to_owned(), fixed("1.2.3")),
        ("project = { version = '1.2' }".to_owned(), fixed("1.2")),
        (dynamic("[tool.poetry]\nversion = '1.2.3'"), fixed("1.2.3")),
        (
            dynamic("[tool.poetry]\nversion = '0.0.0'\n[tool.poetry-dynamic-versioning]\nenable = true"),
            CurrentVersion::Dynamic(DynamicVersion::Tag),
        ),
        (
            dynamic("[tool.setuptools.dynamic]\nversion = {attr = 'demo.__version__'}"),
            CurrentVersion::Dynamic(DynamicVersion::Attribute("demo.__version__".to_owned())),
        ),
        (
            dynamic("[tool.setuptools.dynamic]\nversion = {file = ['VERSION']}"),
            CurrentVersion::Dynamic(DynamicVersion::File("VERSION".to_owned())),
        ),
        (
            dynamic("[tool.hatch.version]\npath = 'src/demo/__about__.py'"),
            CurrentVersion::Dynamic(DynamicVersion::File("src/demo/__about__.py".to_owned())),
        ),
        (
            dynamic("[tool.hatch.version]\nsource = 'code'\npath = 'v.py'\nexpression = 'MAJOR + get()'"),
            CurrentVersion::Dynamic(DynamicVersion::Expression("MAJOR + get()".to_owned())),
        ),
        (
            dynamic("[tool.hatch.version]\nsource = 'code'\npath = 'v.py'\nexpression = 'MINE'"),
            CurrentVersion::Dynamic(DynamicVersion::File("v.py".to_owned())),
        ),
        (dynamic("[tool.hatch.version]\nsource = 'vcs'"), CurrentVersion::Dynamic(DynamicVersion::Tag)),
        (dynamic("[tool.setuptools_scm]"), CurrentVersion::Dynamic(DynamicVersion::Tag)),
        (
            dynamic("[build-system]\nbuild-backend = 'flit_core.buildapi'"),
            CurrentVersion::Dynamic(DynamicVersion::Attribute("my_demo.__version__".to_owned())),
        ),
        (
            dynamic("[build-system]\nbuild-backend = 'maturin'"),
            CurrentVersion::Dynamic(DynamicVersion::File("Cargo.toml".to_owned())),
        ),
        (dynamic(""), CurrentVersion::Dynamic(DynamicVersion::Backend)),
    ] {
        assert_eq!(current_version_of(&text).unwrap(), expected, "{text}");
    }
    let error = |text: &str| current_version_of(text).unwrap_err().to_string();
    assert_eq!(
        error("[project]\nname = 'x'"),
        "neither [project] nor [tool.poetry] has a version, and `dynamic` does not name it"
    );
    assert_eq!(error("[project]\nversion = 1.2"), "project.version is not text");
    assert_eq!(error("[project]\nversion = 'one'"), "project.version \"one\" is not a valid PEP 440 version");
    assert_eq!(error("[project"), "the project file is not TOML");
    assert_eq!(
        error("[project]\nversion = '1'\n[tool.poetry]\nversion = '2'"),
        "project.version is 1 and tool.poetry.version is 2: they must agree"
    );
}

/// Versions of every shape, small numbers so that they meet.
fn version() -> impl Strategy<Value = Version> {
    let release = prop::collection::vec(0..4_u64, 1..5)
        .prop_map(|n| n.iter().map(ToString::to_string).collect::<Vec<_>>().join("."));
    (
        prop::option::weighted(0.1, 1..3_u64),
        release,
        prop::option::weighted(0.2, (prop::sample::select(vec!["a", "b", "rc"]), 0..3_u64)),
        prop::option::weighted(0.2, 0..3_u64),
        prop::option::weighted(0.2, 0..3_u64),
        prop::option::weighted(0.1, "[a-z0-9]{1,3}"),
    )
        .prop_map(|(epoch, release, pre, post, dev, local)| {
            let epoch = epoch.map(|e| format!("{e}!")).unwrap_or_default();
            let pre = pre.map(|(kind, n)| format!("{kind}{n}")).unwrap_or_default();
            let post = post.map(|n| format!(".post{n}")).unwrap_or_default();
            let dev = dev.map(|n| format!(".dev{n}")).unwrap_or_default();
            let local = local.map(|l| format!("+{l}")).unwrap_or_default();
            v(&format!("{epoch}{release}{pre}{post}{dev}{local}"))
        })
}

/// The same version, written with two more zeros.
fn with_zeros(version: &Version) -> Version {
    let release = version.release().iter().copied().chain([0, 0]).collect::<Vec<_>>();
    version.clone().with_release(release)
}

fn any_bump() -> impl Strategy<Value = Bump> {
    prop::sample::select(vec![Bump::Patch, Bump::Post, Bump::Minor])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_bump_is_newer_and_public(from in version(), by in any_bump()) {
        let to = bump(&from, by).unwrap();
        prop_assert!(to > from.clone().without_local(), "{from} {to}");
        prop_assert!(!to.is_local());
        prop_assert_eq!(to.epoch(), from.epoch());
        prop_assert_eq!(v(&to.to_string()), to);
    }

    #[test]
    fn the_next_version_is_newer_than_everything(
        current in version(),
        index in prop::collection::vec(version(), 0..6),
        released in prop::option::of(version()),
        by in any_bump(),
    ) {
        let index: IndexVersions = index.into_iter().map(Version::without_local).collect();
        let next = |current: &Version| {
            let current = Some(CurrentVersion::Static(current.clone()));
            let released = released.clone().map(Version::without_local);
            Versions { current, index: Some(index.clone()), released, given: None }.next(by).unwrap().version.unwrap()
        };
        let own = current.clone().without_local();
        let to = next(&current);
        prop_assert!(index.iter().all(|taken| *taken < to), "{current} {to}");
        // However the index spells it: 1.0 is 1.0.0.
        prop_assert!(!index.contains(&with_zeros(&to)) && with_zeros(&to) == to);
        prop_assert!(to >= own && !to.is_local());
        let newest = index.newest().cloned().into_iter().chain(released.clone()).max();
        prop_assert_eq!(to.epoch(), own.epoch().max(newest.as_ref().map_or(0, Version::epoch)));
        if newest.is_none_or(|newest| own > newest.without_local()) {
            prop_assert_eq!(&to, &own);
        }
        // A project that is ahead stays where it is, however often it is asked.
        prop_assert_eq!(next(&to), to);
    }
}
