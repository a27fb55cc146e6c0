//! Installs the programs that tests talk to: Python tools and Node in one virtual environment, and a browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use test_support::browser::CHROMIUM_PLACES;
use test_support::fixtures::workspace;

use crate::step;

/// The oldest Python that every pinned package runs on.
const PYTHON: (u32, u32) = (3, 10);

/// Distributions that tests judge, and those of them that are source archives.
const WHEELS: &str = "xtask/distributions.txt";
const SOURCES: &str = "xtask/distributions-source.txt";

/// Written last, so that an installation that was cut off is done again.
const STAMP: &str = "installed";

/// Installs what is missing; does nothing where everything is as pinned.
pub(crate) fn install() -> Result<()> {
    let folder = test_support::peers::folder();
    let pins = Pins::read()?;
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|found| found == pins.stamp) {
        println!("peers are installed in {}", folder.display());
    } else {
        println!("installing peers into {}", folder.display());
        environment(&folder, Path::new("xtask/peers.txt"))?;
        packages(&folder)?;
        distributions(&folder)?;
        node_packages(&folder, &pins)?;
        fs::write(&stamp, &pins.stamp).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    chromium()
}

/// The lists that say what is installed.
struct Pins {
    node: Vec<PathBuf>,
    /// The lists' own text, one after the other.
    stamp: String,
}

impl Pins {
    fn read() -> Result<Self> {
        let root = workspace();
        let browser = root.join("crates/test-support/browser");
        let node = vec![browser.join("package.json"), browser.join("package-lock.json")];
        let mut stamp = String::new();
        let lists =
            [root.join("xtask/peers.txt"), root.join("xtask/packages.txt"), root.join(WHEELS), root.join(SOURCES)];
        for path in lists.iter().chain(&node) {
            stamp += &fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        }
        Ok(Self { node, stamp })
    }
}

/// A new virtual environment with the packages of a list of the workspace.
pub(crate) fn environment(folder: &Path, list: &Path) -> Result<()> {
    let python = python()?;
    step::run(Command::new(python).args(["-m", "venv", "--clear"]).arg(folder))
        .context("cannot make a virtual environment (on Debian and Ubuntu: apt-get install python3-venv)")?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"])
        .arg(workspace().join(list));
    step::run(&mut pip).context("cannot install the Python peers")
}

/// What others published, for tests that publish it again to an index of their own.
fn packages(folder: &Path) -> Result<()> {
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"])
        .args(["--require-hashes", "--requirement"])
        .arg(workspace().join("xtask/packages.txt"))
        .arg("--dest")
        .arg(folder.join("packages"));
    step::run(&mut pip).context("cannot download the packages that tests publish again")
}

/// What others published, for tests that judge it beside another program.
fn distributions(folder: &Path) -> Result<()> {
    for (list, kind) in [(WHEELS, "--only-binary=:all:"), (SOURCES, "--no-binary=:all:")] {
        let mut pip = Command::new(folder.join("bin/python"));
        // Of a source archive pip asks the name and version, for which it runs what the archive builds with.
        pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", kind])
            .args(["--require-hashes", "--requirement"])
            .arg(workspace().join(list))
            .arg("--dest")
            .arg(folder.join("distributions"));
        step::run(&mut pip).context("cannot download the distributions that tests judge")?;
    }
    Ok(())
}

fn python() -> Result<&'static str> {
    let (major, minor) = PYTHON;
    let check = format!("import sys; sys.exit(sys.version_info < ({major}, {minor}))");
    let found = ["python3", "python"]
        .into_iter()
        .find(|name| matches!(Command::new(name).args(["-c", &check]).status(), Ok(status) if status.success()));
    found.with_context(|| format!("there is no Python {major}.{minor} or newer on PATH"))
}

fn node_packages(folder: &Path, pins: &Pins) -> Result<()> {
    let node = folder.join("node");
    fs::create_dir_all(&node).with_context(|| format!("cannot create {}", node.display()))?;
    for source in &pins.node {
        let name = source.file_name().context("a list is a file")?;
        fs::copy(source, node.join(name)).with_context(|| format!("cannot copy {}", source.display()))?;
    }
    let bin = folder.join("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin.clone()).chain(std::env::split_paths(&path)))?;
    let mut npm = Command::new(bin.join("npm"));
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"])
        .current_dir(&node)
        .env("PATH", path);
    step::run(&mut npm).context("cannot install the page checker")
}

/// A browser comes from the system: it needs too many libraries to bring along.
fn chromium() -> Result<()> {
    if CHROMIUM_PLACES.iter().any(|path| Path::new(path).is_file()) {
        return Ok(());
    }
    println!("installing chromium");
    let update = step::run(Command::new("apt-get").args(["update", "--quiet"]));
    let done = update.and_then(|()| {
        let mut install = Command::new("apt-get");
        install.args(["install", "--quiet", "--yes", "--no-install-recommends", "chromium"]);
        step::run(install.env("DEBIAN_FRONTEND", "noninteractive"))
    });
    if let Err(error) = done {
        bail!(
            "there is no Chromium at {}, and it could not be installed ({error:#}); install it with the system's \
             package manager, as root (`sudo apt-get install chromium`), and run `cargo xtask peers` again",
            CHROMIUM_PLACES.join(" or ")
        );
    }
    Ok(())
}
