//! `performance`: response time of the status page, run time of the workflows.

use cli_support::{Context, ExitStatus};
use orchestrate::{
    project::Project,
    validation::{self, ValidationRequest},
};
use setup_rules::{Group, PublishSettings};

use crate::{probe, report};

pub(crate) fn run(args: &probe::ProbeArgs, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    let responses = probe::run(args, cx)?;
    let request = ValidationRequest {
        groups: &[Group::Performance],
        settings: PublishSettings::default(),
        responses: &responses,
        output: None,
        now: cx.now(),
    };
    let validation = validation::validate(&Project::at(cx.project()), &request);
    report::print(&validation, cx)
}
