//! The gate: what others think of the templates and the scripts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use test_support::fixtures::workspace;

use crate::{peers, step};

/// The packages of the judges, in an environment of their own.
const LIST: &str = "xtask/peers-infrastructure.txt";
/// The checks that are left out, with their reasons.
const CONFIGURATION: &str = "infrastructure/.checkov.yaml";
const SCRIPTS: [&str; 3] =
    ["infrastructure/common.sh", "infrastructure/cloudformation/deploy.sh", "infrastructure/terraform/deploy.sh"];

/// What could be judged.
pub(crate) enum Lint {
    Everything,
    /// Terraform comes with no package manager that the gates use.
    WithoutTerraform,
}

/// Runs cfn-lint, checkov, shellcheck and, where it is installed, `terraform fmt`; the first that objects ends it.
pub(crate) fn lint() -> Result<Lint> {
    let bin = install()?.join("bin");
    let root = workspace();
    step::run(
        Command::new(bin.join("cfn-lint")).arg("infrastructure/cloudformation/relwarden.yml").current_dir(&root),
    )?;
    let mut checkov = Command::new(bin.join("checkov"));
    checkov.args(["--directory", "infrastructure", "--config-file", CONFIGURATION]);
    // Without these it asks its maker's service for rules and for modules.
    checkov.args(["--compact", "--quiet", "--skip-download"]).env("LOG_LEVEL", "ERROR");
    step::run(checkov.current_dir(&root))?;
    let shellcheck = test_support::peers::folder().join("bin/shellcheck");
    step::run(Command::new(shellcheck).args(SCRIPTS).current_dir(&root))?;
    if Command::new("terraform").arg("version").env("CHECKPOINT_DISABLE", "1").output().is_err() {
        return Ok(Lint::WithoutTerraform);
    }
    let mut terraform = Command::new("terraform");
    step::run(terraform.args(["fmt", "-check", "-recursive", "-diff", "infrastructure/terraform"]).current_dir(&root))?;
    Ok(Lint::Everything)
}

/// The folder of the judges, beside that of the other peers; installed where it is not as pinned.
fn install() -> Result<PathBuf> {
    let folder = test_support::peers::folder().with_file_name("peers-infrastructure");
    let list = workspace().join(LIST);
    let pins = fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    // Written last, so that an installation that was cut off is done again.
    let stamp = folder.join("installed");
    if !fs::read_to_string(&stamp).is_ok_and(|found| found == pins) {
        println!("installing {LIST} into {}", folder.display());
        peers::environment(&folder, Path::new(LIST))?;
        fs::write(&stamp, &pins).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    Ok(folder)
}
