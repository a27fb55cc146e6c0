//! What the silence of a scanner about one finding says of the place where it was.

use findings_model::{Clearance, ExceptedBy, Finding, ScanTarget, ScannerName, Status, Subject};

use super::{
    super::{
        group::Group,
        hidden::{self, Hiding},
        silenced, unchanged, used_with,
    },
    Run,
};

/// What the reports of a scanner say about the place of a finding that they do not report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Place<'a> {
    /// They did not look there, or cannot prove that they did.
    NotCovered,
    /// None of them is about this, in which the scanner found it.
    Elsewhere(ScanTarget),
    /// They do not show that it was looked for, for this reason.
    Hidden(Hiding),
    /// A comment in the code may have suppressed it.
    Suppressed,
    /// The package is no longer there.
    PackageGone,
    /// They list packages without this one, which the project itself declares.
    PackageLeftOut,
    /// The package was looked at, at this version.
    PackageAt(Option<&'a str>),
    /// They do not list packages.
    PackageUnlisted,
    /// The file is gone.
    FileGone,
    /// The file was looked at, or they do not list files and it is there.
    FileThere,
}

impl<'a> Run<'a> {
    /// What a scanner's reports say about the place of a finding that is not in them.
    pub(in super::super) fn place(&self, scanner: &ScannerName, finding: &Finding) -> Place<'a> {
        let may_tell = |group: &&Group<'a>| group.ends && group.speaks_of.include(&finding.subject);
        let Some(group) = self.groups.get(scanner).filter(may_tell) else { return Place::NotCovered };
        let seen_in = finding.scanners.get(scanner).map_or(&[][..], |attribution| &attribution.seen_in);
        if let Some(target) = group.lacks(seen_in) {
            return Place::Elsewhere(target.clone());
        }
        match &finding.subject {
            Subject::Vulnerability(v) => {
                if group.gap_packages.contains(&v.package) {
                    return Place::NotCovered;
                }
                match group.packages().get(&v.package) {
                    // Two reports may list one package at two versions: neither proves which one is in use.
                    Some(versions) => Place::PackageAt(versions.only()),
                    // The project itself is skipped by auditors where it is installed from its source: that is no scan of it.
                    None if v.package == self.own => Place::NotCovered,
                    None if group.lists_packages && (self.intake.declares)(&v.package) => Place::PackageLeftOut,
                    None if group.lists_packages && !v.package.is_unnamed() => Place::PackageGone,
                    None => Place::PackageUnlisted,
                }
            }
            Subject::Secret(_) if self.silenced.contains(scanner) => Place::Hidden(Hiding::said(silenced::REASON)),
            Subject::Code(_) | Subject::Secret(_) => {
                let path = finding.subject.path().unwrap_or_default();
                if group.gap_files.contains(path) {
                    Place::NotCovered
                } else if let Some(hiding) = hidden::by_other_rules(group, &finding.subject) {
                    Place::Hidden(hiding)
                } else if group.files().contains(path) {
                    self.in_file(group, scanner, finding, path)
                } else if !group.lists_files
                    && let Place::Hidden(reason) = self.in_file(group, scanner, finding, path)
                {
                    // A file that is gone may be where a new filter does not let the scan look.
                    Place::Hidden(reason)
                } else if !(self.intake.file_exists)(path) {
                    // Where nothing of what the scan looked at is at hand, nothing can be told of what it did not look at.
                    let untold = group.lists_files && !group.tree_is_there(self.intake);
                    // It may have gone to a file that could not be read.
                    let elsewhere = || group.gap_files.iter().any(|gap| (self.intake.still_in)(gap, &finding.subject));
                    if untold || elsewhere() {
                        Place::NotCovered
                    } else {
                        self.in_namesakes(group, scanner, finding, path)
                    }
                } else if group.lists_files {
                    // The file is there and was not looked at: the scan was narrower than the one that found it.
                    Place::NotCovered
                } else {
                    self.in_file(group, scanner, finding, path)
                }
            }
        }
    }

    /// What the silence about a file that is gone says: it may have moved to another folder as it was, where a comment suppresses the
    /// finding, or where the scan did not look.
    fn in_namesakes(&self, group: &Group<'a>, scanner: &ScannerName, finding: &Finding, path: &str) -> Place<'a> {
        let subject = &finding.subject;
        if !silenced::knows_line(subject) {
            return Place::FileGone;
        }
        let others = (self.intake.namesakes)(path);
        if others.iter().any(|other| (self.intake.suppressed_in)(other, scanner, subject)) {
            return Place::Suppressed;
        }
        let is_looked_at = |other: &str| {
            if group.lists_files { group.files().contains(other) } else { hidden::has_record_in(group, other) }
        };
        let is_unseen_in = |other: &String| !is_looked_at(other) && (self.intake.still_in)(other, subject);
        if others.iter().any(is_unseen_in) { Place::NotCovered } else { Place::FileGone }
    }

    /// What the silence about a file that was looked at says.
    fn in_file(&self, group: &Group<'a>, scanner: &ScannerName, finding: &Finding, path: &str) -> Place<'a> {
        if (self.intake.suppressed_in)(path, scanner, &finding.subject) {
            return Place::Suppressed;
        }
        let is_there = || silenced::is_there(finding, self.intake);
        if let Some(before) = self.before.get(scanner) {
            if let Some(reason) = used_with::hides(&group.used, &before.rule_sets, finding, scanner, is_there) {
                return Place::Hidden(Hiding::said(reason));
            }
            let suppressed = group.suppressed.get(path).copied().unwrap_or(0);
            let was = before.suppressed.get(path).copied().unwrap_or(0);
            let is_suppressed = finding.status == Status::Excepted { by: ExceptedBy::Report(Clearance::Suppressed) };
            let is_counted = suppressed > was || (is_suppressed && suppressed > 0);
            if is_counted && (self.intake.may_suppress_in)(path, scanner, &finding.subject) {
                return Place::Suppressed;
            }
        }
        // What is no longer in its file may have gone to one that could not be read.
        let is_in = |path: &str| (self.intake.still_in)(path, &finding.subject);
        if !is_in(path) && group.gap_files.iter().any(|gap| is_in(gap)) {
            return Place::NotCovered;
        }
        let is_trusted = self.trusted.contains(scanner) && group.found.iter().all(|found| found.is_empty());
        // A rule that is known to have been run may have become another one.
        let files = self.before.get(scanner).map(|before| &before.files).filter(|_| !group.lists_rules && !is_trusted);
        if files.is_some_and(|files| unchanged::is(files, scanner, finding, self.intake)) {
            return Place::Hidden(Hiding::FileUnchanged);
        }
        let is_as_it_was = || is_there() && !(self.intake.in_part)(path, &finding.subject);
        let untold = hidden::by_silence(group, &finding.subject).filter(|_| !is_trusted && is_as_it_was());
        untold.map_or(Place::FileThere, Place::Hidden)
    }
}
