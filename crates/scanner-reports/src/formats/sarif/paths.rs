//! Where a result is: the locations of a run's artifacts as paths below the project.

use std::{borrow::Cow, collections::HashMap};

use findings_model::text;

use super::wire::{ArtifactLocation, Location, LogicalLocation, Run};
use crate::{clean, wire::Record};

/// What turns a run's artifact locations into paths below the project.
pub(super) struct Paths<'r> {
    artifacts: Vec<Option<&'r ArtifactLocation<'r>>>,
    logical: &'r [Record<LogicalLocation<'r>>],
    by_id: HashMap<&'r str, &'r ArtifactLocation<'r>>,
    /// The absolute folders that the run names as its bases, the longest first.
    bases: Vec<&'r str>,
}

impl<'r> Paths<'r> {
    pub(super) fn of(run: &'r Run<'r>) -> Self {
        let artifacts = run.artifacts.items().iter().map(|a| a.good()?.location.get()).collect();
        let named = run.bases.entries().iter();
        let by_id: HashMap<_, _> = named.filter_map(|(id, base)| Some((id.as_ref(), base.get()?))).collect();
        let mut bases: Vec<&str> = by_id
            .values()
            .filter_map(|base| base.uri.get())
            .filter(|uri| uri.contains(":/") && uri.ends_with('/'))
            .collect();
        bases.sort_unstable_by_key(|base| std::cmp::Reverse(base.len()));
        Self { artifacts, logical: run.logical.items(), by_id, bases }
    }

    pub(super) fn of_location(&self, location: &Location<'_>) -> Option<String> {
        self.of_artifact(location.physical.get()?.artifact.get()?)
    }

    /// What a location without a file is called in the code: a function, a class, a module.
    pub(super) fn name_in_code<'l>(&'l self, location: &'l Location<'_>) -> Option<&'l str> {
        let own = location.logical.items().first()?.good()?;
        let by_index = || self.logical.get(usize::try_from(own.index.count()?).ok()?)?.good();
        let qualified = own.qualified.get().or_else(|| by_index()?.qualified.get());
        qualified.or(own.name.get()).or_else(|| by_index()?.name.get())
    }

    pub(super) fn of_artifact(&self, artifact: &ArtifactLocation<'_>) -> Option<String> {
        let by_index = || self.artifacts.get(usize::try_from(artifact.index.count()?).ok()?).copied().flatten();
        let artifact = if artifact.uri.get().is_some() { artifact } else { by_index()? };
        self.of_uri(artifact.uri.get()?, artifact.base.get())
    }

    /// The folders that a relative address is below, as far as the run's bases are relative too: an absolute one is the project.
    fn below(&self, base: Option<&str>) -> String {
        let mut folders = String::new();
        let mut base = base.and_then(|id| self.by_id.get(id));
        for _ in 0..BASES {
            let Some(of) = base else { break };
            match of.uri.get() {
                Some(uri) if is_relative(uri) && uri.len() <= BASE => {
                    folders.insert_str(0, &format!("{}/", uri.trim_end_matches('/')));
                }
                Some(_) => break,
                None => {}
            }
            base = of.base.get().and_then(|id| self.by_id.get(id));
        }
        folders
    }

    pub(super) fn of_uri(&self, uri: &str, base: Option<&str>) -> Option<String> {
        let below = if is_relative(uri) { self.below(base) } else { String::new() };
        let whole = if below.is_empty() { Cow::Borrowed(uri) } else { Cow::Owned(below + uri) };
        let uri = &*text::hide_credentials_in_path(&whole);
        let uri = self.bases.iter().find_map(|base| uri.strip_prefix(base)).unwrap_or(uri);
        let path = match uri.split_once("://") {
            // What stands between `file://` and the first slash is a host.
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => {
                rest.find('/').map_or(rest, |slash| &rest[slash..])
            }
            Some((_, rest)) => rest,
            None => uri.strip_prefix("file:").unwrap_or(uri),
        };
        let path = clean::percent_decoded(path);
        // `file:///C:/code` has a slash before the drive.
        let drive = path.strip_prefix('/').filter(|rest| rest.as_bytes().get(1) == Some(&b':'));
        clean::path(drive.unwrap_or(&path))
    }
}

/// The most bases that are followed, one below the other, and the most bytes of one.
const BASES: usize = 8;
const BASE: usize = 1024;

fn is_relative(uri: &str) -> bool {
    !uri.starts_with(['/', '\\']) && !uri.contains(':')
}
