//! The identity token of the job that runs, for signing.

use cli_support::{Context, ExitStatus, Failure, ResultExt as _};
use serde::Deserialize;

use crate::index::block_on;

#[derive(Deserialize)]
struct Answer {
    value: String,
}

/// Asks the Actions runner for an identity token for Sigstore.
pub(super) fn request(cx: &mut Context) -> anyhow::Result<String> {
    let what = "cannot have an identity token of this job";
    let address = cx.var("ACTIONS_ID_TOKEN_REQUEST_URL").map(str::to_owned);
    let bearer = cx.take_secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
    let (Some(address), Some(bearer)) = (address, bearer) else {
        let hint = "sign in a job of GitHub Actions that has `permissions: id-token: write`";
        return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
    };
    block_on(async {
        let request = reqwest::Client::new().get(format!("{address}&audience=sigstore")).bearer_auth(bearer);
        let answer = request.send().await.or_fail(ExitStatus::Outside, what)?;
        let answer = answer.error_for_status().or_fail(ExitStatus::Refused, what)?;
        let answer: Answer = answer.json().await.or_fail(ExitStatus::Outside, what)?;
        Ok(answer.value)
    })?
}
