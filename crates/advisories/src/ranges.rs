//! Whether a version lies in what an advisory calls affected (OSV schema, "affected" evaluation), for Python packages.

use std::{cmp::Ordering, str::FromStr};

use pep440_rs::Version;

use crate::record::{Affected, Event};

/// Whether a version is affected; none where versions cannot be compared.
pub(crate) fn is_affected(affected: &Affected, version: &str) -> Option<bool> {
    if affected.versions.iter().any(|v| v == version) {
        return Some(true);
    }
    if !affected.package.ecosystem().is_pypi() {
        // Other ecosystems order versions in other ways: only their lists can be believed.
        return None;
    }
    let version = Version::from_str(version).ok()?;
    if affected.versions.iter().any(|v| Version::from_str(v).is_ok_and(|v| v == version)) {
        return Some(true);
    }
    for events in &affected.ranges {
        if in_range(events, &version)? {
            return Some(true);
        }
    }
    (!affected.ranges.is_empty() || !affected.versions.is_empty()).then_some(false)
}

fn in_range(events: &[Event], version: &Version) -> Option<bool> {
    let mut points = Vec::with_capacity(events.len());
    for event in events {
        points.push((point(event)?, event));
    }
    points.sort_by(|(a, x), (b, y)| match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        // At one version a fix comes before a new introduction.
        (Some(a), Some(b)) => a.cmp(b).then_with(|| rank(x).cmp(&rank(y))),
    });
    let mut inside = false;
    for (at, event) in &points {
        let at = at.as_ref();
        match event {
            Event::Introduced(_) if at.is_none_or(|at| version >= at) => inside = true,
            Event::Fixed(_) if at.is_some_and(|at| version >= at) => inside = false,
            Event::LastAffected(_) if at.is_some_and(|at| version > at) => inside = false,
            _ => {}
        }
    }
    Some(inside)
}

/// The version of an event: outer none if it cannot be read, inner none for "0", the beginning of time.
#[expect(clippy::option_option, reason = "unreadable and the beginning are two answers")]
fn point(event: &Event) -> Option<Option<Version>> {
    match event {
        Event::Introduced(v) if v == "0" => Some(None),
        Event::Introduced(v) | Event::Fixed(v) | Event::LastAffected(v) => Version::from_str(v).ok().map(Some),
    }
}

fn rank(event: &Event) -> u8 {
    match event {
        Event::Fixed(_) => 0,
        Event::Introduced(_) => 1,
        Event::LastAffected(_) => 2,
    }
}
