use std::path::{Path, PathBuf};

use findings_model::PackageName;
use release_decision::{setup_cfg_name, setup_py_name};
use serde::{Deserialize, de::DeserializeOwned};
use state_store::{CONFIG_LIMIT, read_if_there};

use super::{Config, from_toml};
use crate::{ExitStatus, Failure, ResultExt as _};

#[derive(Deserialize)]
struct Pyproject {
    project: Option<Named>,
    tool: Option<Tool>,
}

#[derive(Deserialize)]
struct Tool {
    relwarden: Option<Config>,
    poetry: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

/// Reads the configuration of a project, or of `file` (a `relwarden.toml`, or a `pyproject.toml` by that name).
pub(crate) fn load(project: &Path, file: Option<&Path>) -> anyhow::Result<Config> {
    let text_of = |path: &Path| text_of(project, path);
    let pyproject_text = text_of(Path::new("pyproject.toml"))?;
    let pyproject = pyproject_text.as_deref().map(|text| parse::<Pyproject>("pyproject.toml", text)).transpose()?;
    let (in_project, names) = match pyproject {
        Some(Pyproject { project, tool }) => {
            let (ours, poetry) = tool.map_or((None, None), |t| (t.relwarden, t.poetry));
            (ours, [project.and_then(|p| p.name), poetry.and_then(|p| p.name)])
        }
        None => (None, [None, None]),
    };
    let mut settings = None;
    let mut config: Config = match file {
        Some(file) => {
            let label = file.display().to_string();
            settings = Some(label.clone());
            let text = text_of(file)?
                .ok_or_else(|| Failure::new(ExitStatus::Usage, format!("there is no configuration file {label}")))?;
            if file.file_name().is_some_and(|n| n == "pyproject.toml") {
                parse::<Pyproject>(&label, &text)?.tool.and_then(|t| t.relwarden).unwrap_or_default()
            } else {
                parse(&label, &text)?
            }
        }
        None => match (text_of(Path::new("relwarden.toml"))?, in_project) {
            (Some(_), Some(_)) => {
                let what = "both pyproject.toml ([tool.relwarden]) and relwarden.toml hold the configuration";
                return Err(Failure::new(ExitStatus::Usage, what).hint("keep one of them").into());
            }
            (Some(text), None) => {
                settings = Some("relwarden.toml".to_owned());
                parse("relwarden.toml", &text)?
            }
            (None, Some(config)) => config,
            (None, None) => Config::default(),
        },
    };
    if let Some((what, hint)) = config.fault() {
        return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
    }
    let [pep621, poetry] = names;
    let written = [
        ("project.name of the configuration", config.project.name.clone()),
        ("[project] of pyproject.toml", pep621),
        ("[tool.poetry] of pyproject.toml", poetry),
    ];
    let mut written = written.into_iter().find_map(|(place, name)| Some((place, name?)));
    if written.is_none() {
        // Nothing else of it is looked at here, so that it need be in order only where it is needed.
        let text = text_of(Path::new("setup.cfg"))?;
        written = text.as_deref().and_then(setup_cfg_name).map(|name| ("setup.cfg", name.to_owned()));
    }
    if written.is_none() {
        // A program, not a document of ours: one that cannot be read gives no name, as one that computes it.
        let text = text_of(Path::new("setup.py")).ok().flatten();
        written = text.as_deref().and_then(setup_py_name).map(|name| ("setup.py", name.to_owned()));
    }
    if let Some((place, name)) = written {
        let name = PackageName::parse(&name)
            .or_fail(ExitStatus::Usage, format!("the project's name in {place} cannot be used"))?;
        config.found.name = Some(name);
    }
    config.found.pyproject = pyproject_text;
    config.found.settings = settings;
    Ok(config)
}

fn parse<T: DeserializeOwned>(label: &str, text: &str) -> Result<T, Failure> {
    from_toml(text).or_fail(ExitStatus::Usage, format!("{label} cannot be used"))
}

fn text_of(project: &Path, path: &Path) -> anyhow::Result<Option<String>> {
    let full: PathBuf = project.join(path);
    let what = || format!("cannot read {}", path.display());
    let Some(bytes) = read_if_there(&full, CONFIG_LIMIT).or_fail(ExitStatus::Usage, what())? else {
        return Ok(None);
    };
    Ok(Some(String::from_utf8(bytes).or_fail(ExitStatus::Usage, format!("{} is not UTF-8", path.display()))?))
}
