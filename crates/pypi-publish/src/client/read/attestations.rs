use std::time::Duration;

use findings_model::{PackageName, text};
use reqwest::StatusCode;
use web_address::may_be_asked;

use super::{ReadError, each_chunk, patiently, success};
use crate::{IndexClient, Patience};

/// What attestations are asked for as (PEP 740).
const TYPES: &str = "application/vnd.pypi.integrity.v1+json, application/json;q=0.5";
/// The most bytes of a file's attestations. One has some ten thousand.
const LARGEST: u64 = 8 << 20;

impl IndexClient {
    /// What the index has of the attestations of a file, as it sent it: a provenance object of PEP 740. None if it has none.
    ///
    /// `listed` is the address on the project's page ([`crate::FoundFile::provenance`]); a relative one starts there.
    /// Temporary failures are retried.
    pub async fn attestations<S: AsyncFn(Duration)>(
        &self,
        project: &PackageName,
        listed: &str,
        patience: &Patience<S>,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let url = self.address.page(project).join(listed).ok().filter(may_be_asked);
        let url = url.ok_or_else(|| {
            let given = text::shorten(&text::one_line(listed), 200).into_owned();
            ReadError::Attestations { given }
        })?;
        patiently(patience, async || {
            let response = self.get_as(&url, TYPES).await?;
            if response.status() == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            let mut body = Vec::new();
            each_chunk(&url, success(&url, response)?, LARGEST, |chunk| body.extend_from_slice(chunk)).await?;
            Ok(Some(body))
        })
        .await
    }
}
