use std::path::{Path, PathBuf};

use cli_support::{Context, ExitStatus, ResultExt as _};
use metrics::DashboardDocument;
use orchestrate::{monitoring, project::Project};

use crate::failure;

/// Write the dashboard page: one HTML file without scripts.
#[derive(Debug, clap::Args)]
pub(crate) struct Dashboard {
    /// Where to; a name that ends in .json gets the JSON document instead
    #[arg(long, value_name = "FILE", default_value = monitoring::DASHBOARD_PAGE)]
    output: PathBuf,
}

impl Dashboard {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        if self.output != Path::new(monitoring::DASHBOARD_PAGE) {
            cx.output(&self.output, DashboardDocument::is_one)?;
        }
        let project = Project::at(cx.project());
        let dashboard = monitoring::get_monitoring_dashboard(&project, cx.now())
            .or_fail(ExitStatus::Outside, "cannot read the run records")?;
        let path = self.output.display().to_string();
        monitoring::write_dashboard(&project, &self.output, &dashboard)
            .map_err(|error| failure::dashboard(error, &path))?;
        failure::warn_of_skipped(cx, &dashboard.data_quality);
        cx.actions().outputs([("dashboard", path.as_str()), ("health_status", dashboard.health_status.as_str())])?;
        cx.result(&dashboard, &format!("Dashboard generated: {path}"))?;
        Ok(ExitStatus::Done)
    }
}
