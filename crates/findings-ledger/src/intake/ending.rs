//! Whether a scanner's silence ends a finding.

use findings_model::{
    AdvisoryVerdict, Finding, Package, ResolvedReason, ScanTarget, ScannerName, Subject, Vulnerability,
};

use super::{
    Intake,
    hidden::Hiding,
    run::{Place, Run},
};

/// What a scanner's silence about a finding means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing: it did not look, or what it should have reported is still true.
    Unproved,
    /// Nothing: it may not have looked for the finding, for this reason.
    Hidden(Hiding),
    /// Nothing: its reports leave the package out, which the project itself declares.
    LeftOut(Package),
    /// Nothing: its reports are about other things than this, in which it found it.
    Elsewhere(ScanTarget),
    /// It is there as far as anyone can tell, and a comment in the code suppresses it.
    Suppressed,
    /// It is over.
    Ended(ResolvedReason),
}

/// Judges the silence of one scanner that used to report the finding. `is_reported` tells whether another does: then its numbers may
/// change with this run, and no number that another record has counts, lest a second look at the run says something else.
pub(super) fn of(
    finding: &Finding,
    scanner: &ScannerName,
    is_reported: bool,
    run: &Run<'_>,
    intake: &Intake<'_>,
) -> Ending {
    let place = run.place(scanner, finding);
    match (&finding.subject, place) {
        (_, Place::NotCovered) => Ending::Unproved,
        (_, Place::Elsewhere(target)) => Ending::Elsewhere(target),
        (_, Place::Hidden(hiding)) => Ending::Hidden(hiding),
        (_, Place::Suppressed) => Ending::Suppressed,
        (Subject::Vulnerability(v), place) => {
            let still_named = !is_reported && run.still_names(scanner, v);
            flaw(v, &place, still_named, intake)
        }
        (_, Place::FileGone) => Ending::Ended(ResolvedReason::Removed),
        (subject, _) => {
            let path = subject.path().unwrap_or_default();
            // What nobody can tell of the line is no change of it.
            let is_as_it_was = (intake.still_in)(path, subject);
            Ending::Ended(if is_as_it_was { ResolvedReason::NoLongerReported } else { ResolvedReason::CodeChanged })
        }
    }
}

fn flaw(v: &Vulnerability, place: &Place<'_>, still_named: bool, intake: &Intake<'_>) -> Ending {
    let listed = match place {
        Place::PackageAt(version) => *version,
        _ => None,
    };
    let upgraded = listed.is_some_and(|now| v.version.as_deref().is_some_and(|then| then != now));
    let verdict = if upgraded {
        let now = Vulnerability { version: listed.map(Into::into), ..v.clone() };
        (intake.advisory)(&now)
    } else {
        (intake.advisory)(v)
    };
    match (verdict, place) {
        (AdvisoryVerdict::Withdrawn, _) => Ending::Ended(ResolvedReason::Withdrawn),
        // The flaw's own advisory says more of it than a number that another record lists.
        (AdvisoryVerdict::NotAffected, Place::PackageAt(_)) if upgraded => Ending::Ended(ResolvedReason::Upgraded),
        _ if still_named => Ending::Unproved,
        (_, Place::PackageLeftOut) => Ending::LeftOut(v.package.clone()),
        (_, Place::PackageGone) => Ending::Ended(ResolvedReason::Removed),
        // The installed version is still in an affected range: the scanner stopped reporting, nothing was fixed.
        (AdvisoryVerdict::Affected, Place::PackageAt(_)) => Ending::Unproved,
        // A record that is damaged or out of reach may say the same. An upgrade is evidence of its own.
        (AdvisoryVerdict::Unreadable | AdvisoryVerdict::Unanswered, Place::PackageAt(_)) if !upgraded => {
            Ending::Unproved
        }
        _ if upgraded => Ending::Ended(ResolvedReason::Upgraded),
        _ => Ending::Ended(ResolvedReason::NoLongerReported),
    }
}
