//! `security`: the checks that need no network.

use cli_support::{Context, ExitStatus};
use orchestrate::{
    project::Project,
    validation::{self, ValidationRequest},
};
use setup_rules::Group;

use crate::{report, settings::Settings};

pub(crate) fn run(cx: &mut Context) -> anyhow::Result<ExitStatus> {
    let settings = Settings::of(cx)?;
    let request = ValidationRequest {
        groups: &[Group::Security],
        settings: settings.borrowed(),
        responses: &[],
        output: None,
        now: cx.now(),
    };
    let validation = validation::validate(&Project::at(cx.project()), &request);
    report::print(&validation, cx)
}
