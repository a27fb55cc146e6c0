//! A project that has lived a while: scanned twice, released once, with run records, a status page and an index on loopback.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use test_support::fixtures::WEEKS;
use test_support::index::{Index, Settings};
use test_support::peers::TOKEN;
use test_support::{Checkout, Run, Scratch, fixture, fixture_path};

use super::binary;
use super::page::Fence;

/// The evening of the newest recorded scan that the project has seen.
const NOW: &str = "2023-07-31T20:00:00Z";

/// What ends with 1 when it has found something: a verdict, not a failure.
const SCANNERS: [&str; 2] = ["bandit", "pip-audit"];

/// A scanner: writes what was recorded to the file that it is told, or to stdout.
const SCANNER: &str = r#"
recorded="$REPORT" out=/dev/stdout
while [ $# -gt 0 ]; do
  case "$1" in
    --version) echo "1.0"; exit 0 ;;
    --output=*) out="${1#*=}" ;;
    -o | --output) out="$2"; shift ;;
  esac
  shift
done
cat "$recorded" > "$out"
exit "$VERDICT"
"#;

/// `python -m build` makes the distributions that were recorded; everything else goes to Python.
const PYTHON: &str = r#"
if [ "${1:-} ${2:-}" = "-m build" ]; then mkdir -p dist && cp "$DISTRIBUTIONS"/sample_package-1.0.1* dist/; exit; fi
exec /usr/bin/env -u PYTHONPATH python3 "$@"
"#;

/// Writes the commands that end with anything but 0, each with how, into the file that is open as 9.
const PREAMBLE: &str = r#"
set -uo pipefail
exec 9>>"$FAILURES"
trap 'printf "%s\t%s\n" "$?" "${BASH_COMMAND%%[[:cntrl:]]*}" >&9' ERR
"#;

pub(super) struct Lived {
    checkout: Checkout,
    index: Index,
    tools: Scratch,
}

impl Lived {
    /// The project as the page's first command finds it.
    pub(super) fn for_page(page: &Path) -> Self {
        let tools = Scratch::empty();
        let lived = Self {
            checkout: Checkout::empty(),
            index: Index::start_with(Settings { token: Some(TOKEN.to_owned()), ..Settings::default() }),
            tools,
        };
        lived.write_tools();
        let project = lived.checkout.path();
        test_support::scratch::copy_sample(&project);
        lived.configure();
        // A reader of the first page begins with a project that nothing has looked at.
        if page == Path::new("README.md") {
            lived.checkout.commit_all("begin");
            return lived;
        }
        test_support::scratch::set_week(&project, WEEKS[0]);
        let week = |now: &str, words: &[&str]| {
            lived.program(words[0], now).args(&words[1..]).output().expect_success();
        };
        let first = "2023-07-24T03:20:00Z";
        week(first, &["integration-orchestrator", "security-workflow"]);
        lived.distributions("1.0.0");
        week(first, &["publish-pypi", "publish", "dist/sample_package-1.0.0-py3-none-any.whl"]);
        fs::remove_dir_all(project.join("dist")).unwrap();
        test_support::scratch::set_week(&project, WEEKS[1]);
        week("2023-07-31T03:20:00Z", &["integration-orchestrator", "security-workflow"]);
        lived.distributions("1.0.1");
        lived.checkout.commit_all("one week later");
        lived
    }

    fn write_tools(&self) {
        let week = fixture_path(&format!("sample-project/weeks/{}/reports", WEEKS[1]));
        for (name, report, verdict) in [
            ("pip-audit", "pip-audit.json", 1),
            ("bandit", "bandit.json", 1),
            ("detect-secrets", "secrets-scan.json", 0),
        ] {
            let set = format!("REPORT='{}' VERDICT={verdict}\n", week.join(report).display());
            self.tool(name, &format!("{set}{SCANNER}"));
        }
        let dist = fixture_path("sample-project/dist");
        self.tool("python", &format!("DISTRIBUTIONS='{}'\n{PYTHON}", dist.display()));
    }

    fn tool(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        self.tools.write(name, format!("#!/bin/bash\n{script}"));
        fs::set_permissions(self.tools.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn configure(&self) {
        let text = self.checkout.text("pyproject.toml");
        let url = self.index.url();
        let more = format!(
            "\n[tool.relwarden.publish]\nindex = \"{url}\"\n\n[tool.relwarden.advisories]\npaths = [\"advisories\"]\n"
        );
        self.checkout.write("pyproject.toml", text + &more);
        test_support::copy_dir(&fixture_path("sample-project/advisories"), &self.checkout.join("advisories"));
        self.checkout.write(".gitignore", "security/reports/\ndist/\n");
    }

    fn distributions(&self, version: &str) {
        for name in [format!("sample_package-{version}-py3-none-any.whl"), format!("sample_package-{version}.tar.gz")] {
            self.checkout.write(&format!("dist/{name}"), fixture(&format!("sample-project/dist/{name}")));
        }
    }

    fn program(&self, name: &str, now: &str) -> Run {
        self.environment(binary(name).run(), now)
    }

    fn environment(&self, run: Run, now: &str) -> Run {
        let programs: PathBuf = binary("publish-pypi").path().parent().unwrap().to_owned();
        let path = format!("{}:{}:/usr/local/bin:/usr/bin:/bin", self.tools.path().display(), programs.display());
        run.env("PATH", path)
            .env("PYPI_TOKEN", TOKEN)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .now(now)
            .current_dir(&self.checkout.path())
            .timeout(Duration::from_mins(2))
    }

    /// Runs a block as it stands and says what went wrong in it.
    pub(super) fn run(&self, fence: &Fence) -> Vec<String> {
        let failures = self.tools.join("failures");
        fs::write(&failures, "").unwrap();
        let run = Run::new("/bin/bash").args(["-c", &format!("{PREAMBLE}{}", fence.text)]).env("FAILURES", &failures);
        let outcome = self.environment(run, NOW).output();
        let mut problems = Vec::new();
        for line in fs::read_to_string(&failures).unwrap().lines() {
            let (code, command) = line.split_once('\t').unwrap();
            let verdict = code == "1" && command.split(' ').any(|word| SCANNERS.contains(&word));
            if !verdict && code.parse() != Ok(fence.exit) {
                problems.push(format!("`{command}` ended with {code}"));
            }
        }
        if !problems.is_empty() {
            problems.push(format!("stdout:\n{}\nstderr:\n{}", outcome.stdout, outcome.stderr));
        }
        problems
    }
}
