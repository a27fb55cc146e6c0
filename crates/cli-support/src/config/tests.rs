use super::load::load;

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        state_store::replace(&dir.path().join(name), text.as_bytes()).unwrap();
    }
    dir
}

fn error(files: &[(&str, &str)]) -> String {
    let dir = project(files);
    let error = load(dir.path(), None).unwrap_err();
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_written_is_the_default() {
    let dir = project(&[("pyproject.toml", "[project]\nname = 'Sample.Package'\n")]);
    let config = load(dir.path(), None).unwrap();
    assert_eq!(config.project_name().unwrap().as_str(), "sample-package");
    assert_eq!(config.status.max_scan_age_days, 10);
    assert_eq!(config.scanners.required, None);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let text = error(&[("pyproject.toml", "[project]\nname = 'a1'\n[tool.relwarden.status]\nmax_scan_age = 3\n")]);
    assert!(text.contains("pyproject.toml") && text.contains("line 4") && text.contains("max_scan_age"), "{text}");
    let text = error(&[("relwarden.toml", "[scanners]\nrequird = ['bandit']\n")]);
    assert!(text.contains("relwarden.toml") && text.contains("requird"), "{text}");
}

#[test]
fn two_configurations_are_one_too_many() {
    let text = error(&[("pyproject.toml", "[tool.relwarden]\nquality_gates = []\n"), ("relwarden.toml", "")]);
    assert!(text.contains("pyproject.toml") && text.contains("relwarden.toml"), "{text}");
}

#[test]
fn a_scanner_has_its_own_table() {
    let dir = project(&[(
        "relwarden.toml",
        "[scanners]\nrequired = ['pip-audit']\naccepted_gaps = ['x']\n[scanners.detect-secrets]\ntrust_empty = true\n",
    )]);
    let scanners = load(dir.path(), None).unwrap().scanners;
    assert_eq!(scanners.trusted_when_empty().len(), 1);
    assert_eq!(scanners.required.unwrap().len(), 1);
}

#[test]
fn the_name_is_looked_for_in_order() {
    let name = |files: &[(&str, &str)]| load(project(files).path(), None).unwrap().found.name.map(String::from);
    assert_eq!(name(&[("setup.cfg", "[metadata]\nname = old_style\n")]).as_deref(), Some("old-style"));
    assert_eq!(
        name(&[("pyproject.toml", "[tool.poetry]\nname = 'po'\n"), ("setup.cfg", "[metadata]\nname = x1\n")])
            .as_deref(),
        Some("po")
    );
    assert_eq!(
        name(&[("pyproject.toml", "[project]\nname = 'a1'\n[tool.relwarden.project]\nname = 'b1'\n")]).as_deref(),
        Some("b1")
    );
    assert_eq!(name(&[]), None);
}

#[test]
fn the_file_that_a_missing_name_belongs_in_is_told() {
    let hint = |files: &[(&str, &str)]| {
        let config = load(project(files).path(), None).unwrap();
        config.project_name().unwrap_err().hint_text().map(str::to_owned)
    };
    let in_file = |file: &str| Some(format!("set name in [project] of {file}"));
    assert_eq!(hint(&[]), in_file("pyproject.toml"));
    assert_eq!(hint(&[("pyproject.toml", "[tool.relwarden]\nquality_gates = []\n")]), in_file("pyproject.toml"));
    assert_eq!(hint(&[("relwarden.toml", "")]), in_file("relwarden.toml"));
    let other = project(&[("pyproject.toml", ""), ("ci/guard.toml", "")]);
    let config = load(other.path(), Some(std::path::Path::new("ci/guard.toml"))).unwrap();
    assert_eq!(config.project_name().unwrap_err().hint_text(), Some("set name in [project] of ci/guard.toml"));
}

#[test]
fn setup_cfg_is_read_as_setuptools_reads_it_and_only_where_nothing_else_has_the_name() {
    for text in ["[metadata]\nname: demo\n", "[options]\nname = other\n[metadata]\r\nversion = 1\r\nname=demo\r\n"] {
        let dir = project(&[("setup.cfg", text)]);
        let name = load(dir.path(), None).unwrap().found.name.map(String::from);
        assert_eq!(name.as_deref(), Some("demo"), "{text:?}");
    }
    let latin = |files: &[(&str, &str)]| {
        let dir = project(files);
        state_store::replace(&dir.path().join("setup.cfg"), b"[metadata]\nauthor = Ren\xe9\nname = old\n").unwrap();
        load(dir.path(), None).map(|config| config.found.name.map(String::from))
    };
    assert_eq!(latin(&[("pyproject.toml", "[project]\nname = 'a1'\n")]).unwrap().as_deref(), Some("a1"));
    assert!(latin(&[]).unwrap_err().to_string().contains("setup.cfg is not UTF-8"));
}

#[test]
fn setup_py_is_read_where_it_says_the_name_plainly_and_nothing_else_does() {
    let name = |files: &[(&str, &str)]| load(project(files).path(), None).unwrap().found.name.map(String::from);
    let call = "from setuptools import setup\nversion = f()\nsetup(\n    version=version,\n    name='Old_Style',\n)\n";
    assert_eq!(name(&[("setup.py", call)]).as_deref(), Some("old-style"));
    assert_eq!(name(&[("pyproject.toml", "[build-system]\n"), ("setup.py", call)]).as_deref(), Some("old-style"));
    assert_eq!(name(&[("setup.cfg", "[metadata]\nname = a1\n"), ("setup.py", call)]).as_deref(), Some("a1"));
    assert_eq!(name(&[("setup.py", "if x:\n  setup(name='a')\nelse:\n  setup(name='a')\n")]).as_deref(), Some("a"));
    for text in [
        "setup(name=NAME)",
        "setup(name='a' + b)",
        "setup(name=f'a')",
        "setup(**{'name': 'a'})",
        "setup(packages=[dict(name='a')])",
        "name = 'a'\nsetup()",
        "def setup(name='a'): pass",
        "other.setup(name='a')",
        "if x:\n  setup(name='a')\nelse:\n  setup(name='b')\n",
        "setup(name='a'",
    ] {
        assert_eq!(name(&[("setup.py", text)]), None, "{text}");
    }
    let dir = project(&[]);
    state_store::replace(&dir.path().join("setup.py"), b"setup(name='a') # Ren\xe9\n").unwrap();
    assert_eq!(load(dir.path(), None).unwrap().found.name, None);
    assert!(error(&[("setup.py", "setup(name='-')")]).contains("the project's name in setup.py cannot be used"));
}

#[test]
fn an_exception_names_what_it_speaks_of_and_why() {
    let text = "[[exceptions]]\nrule = 'B101'\npath = 'tests/**'\nstatus = 'false_positive'\nreason = 'tests assert'\nexpires = 2027-01-31\n\
                [[exceptions]]\nid = 'CVE-2023-1'\nstatus = 'not_affected'\nreason = 'r'\nowner = 'maintainers'\nexpires = '2027-02-01'\n";
    let dir = project(&[("relwarden.toml", text)]);
    let config = load(dir.path(), None).unwrap();
    let labels: Vec<String> = config.exceptions.iter().map(|e| format!("{} {:?}", e.0.label(), e.0.expires)).collect();
    assert_eq!(labels, ["B101 in tests/** Some(2027-01-31)", "CVE-2023-1 Some(2027-02-01)"]);

    let nothing = error(&[("relwarden.toml", "[[exceptions]]\nstatus = 'accepted_risk'\nreason = 'r'\n")]);
    assert!(nothing.contains("at least one of id, rule, package and path") && nothing.contains("line 1"), "{nothing}");
    for (key, value) in
        [("reason", "' '"), ("expires", "'soon'"), ("path", "'/etc'"), ("package", "'-'"), ("rules", "'B1'")]
    {
        let reason = if key == "reason" { "" } else { "reason = 'r'\n" };
        let text = format!("[[exceptions]]\nid = 'X-1'\nstatus = 'accepted_risk'\n{reason}{key} = {value}\n");
        let said = error(&[("relwarden.toml", &text)]);
        assert!(said.contains("relwarden.toml") && said.contains("line "), "{key}: {said}");
    }
}

#[test]
fn a_value_of_another_kind_is_shown_where_it_stands() {
    let text = error(&[("relwarden.toml", "# ü\n[publish]\nlimits = { file_bytes = 'much' }\n")]);
    let shown = "publish.limits.file_bytes, line 3, column 25\n  |\n3 | limits = { file_bytes = 'much' }\n  |                         ^^^^^^\n\
                 expected a whole number, 0 or more, found the text \"much\"";
    assert!(text.ends_with(shown), "{text}");
    for (written, said) in [
        ("status = []", "status, line 1, column 10\n"),
        ("status = []", "expected a table, found a list"),
        ("[status]\nurl = 2027-01-31", "expected a text in quotes, found a date"),
        ("[status]\nmax_scan_age_days = -1", "expected a whole number, 0 or more, found the number -1"),
        ("[status]\nmax_scan_age_days = 1.5", "found the number 1.5"),
        ("[publish]\nauth = 'nothing'", "unknown value \"nothing\"; known are "),
        ("[publish]\nauth = {}", "expected a text in quotes, found a table"),
        ("[publish]\nauths = ''", "unknown key \"auths\"; known are index, "),
        ("[publish.notify]\non = 'failure'", "expected a list, found the text \"failure\""),
        ("[scanners.bandit]\ntrust_empty = 1", "expected true or false, found the number 1"),
        ("[scanners]\nrequire = ['bandit']", "scanners.require, line 2, column 11\n"),
        ("[scanners]\nrequire = ['bandit']", "unknown key; did you mean \"required\"?"),
        (
            "[scanners]\nignored = 'x'",
            "unknown key; known are required, retired, accepted_gaps, and a table for each scanner",
        ),
        ("[scanners]\nbandit = true", "expected a table with the settings of this scanner"),
        ("[scanners.bandit]\nreport = 2", "scanners.bandit, line 2, column 1\n"),
        ("[[exceptions]]\nid = 'X-1'\nreason = 'r'", "line 1, column 1"),
        ("[bump]\nfiles = ['ok', 7]", "expected a path, or a table with path and pattern, found the number 7"),
        ("quality_gates = ['a', 1]", "line 1, column 23"),
        ("[release\n", "TOML syntax error, line 1, column 9"),
    ] {
        let text = error(&[("relwarden.toml", written)]);
        assert!(text.contains("relwarden.toml cannot be used") && text.contains(said), "{written}: {text}");
    }
}

#[test]
fn tables_may_be_written_in_each_way_of_toml() {
    for text in [
        "[release]\nnew = { from = 'low', kinds = ['code'] }\n[bump]\nfiles = [{ path = 'a', pattern = 'v{version}' }, 'b']\n",
        "release.new.from = 'low'\nrelease.new.kinds = ['code']\nbump = { files = [{ path = 'a', pattern = 'v{version}' }, 'b'] }\n",
        "[release.new]\nfrom = 'low'\nkinds = ['code']\n[[bump.files]]\npath = 'a'\npattern = 'v{version}'\n[[bump.files]]\npath = 'b'\n",
    ] {
        let config = super::Config::from_toml(text).unwrap();
        assert_eq!(config.release.new.from.to_string(), "low");
        assert_eq!(config.bump.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }
}

#[test]
fn an_address_in_place_of_a_variable_is_refused_and_not_shown() {
    for address in ["https://hooks.example/T0/SECRET", "", "1HOOK"] {
        let said = error(&[("relwarden.toml", &format!("[publish.notify]\nurl_env = '{address}'\n"))]);
        assert!(said.contains("publish.notify.url_env is no name of an environment variable"), "{said}");
        assert!(!said.contains("SECRET"), "{said}");
    }
}

#[test]
fn an_address_that_no_page_may_link_is_refused_and_not_shown() {
    for address in ["foo", "", "http://", "javascript:alert(1)", "https://bob:SECRET@example.org/"] {
        for table in ["project", "status"] {
            let said = error(&[("relwarden.toml", &format!("[{table}]\nurl = '{address}'\n"))]);
            assert!(said.contains(&format!("{table}.url is no address that a page may link")), "{said}");
            assert!(!said.contains("SECRET"), "{said}");
        }
    }
}
