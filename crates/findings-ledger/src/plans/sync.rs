//! Keeps the plan file in step with the ledger, block by block.

use std::{
    borrow::Cow,
    cell::OnceCell,
    collections::{HashMap, HashSet},
};

use findings_model::{AdvisoryId, Finding, Status, Timestamp};
use serde_json::Value;

use super::{
    Plan, PlanProblem, Plans, PlansError,
    edit::{self, Step},
    layout::{ARCHIVED_DATE, ARCHIVED_NOTE, ARCHIVED_STATUS, Entry, Layout, Said, Section},
};
use crate::Ledger;

/// The plan file as it was read.
#[derive(Debug)]
pub struct PlanFile<'t> {
    /// The whole text.
    content: &'t str,
    /// The byte order mark that it begins with, or nothing.
    mark: &'t str,
    /// Where everything stands behind the mark.
    layout: Layout<'t>,
    plans: Plans,
}

/// The plan file after a run, and what was changed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlansSynced<'t> {
    /// The file's text; the same as before where nothing had to change.
    pub text: Cow<'t, str>,
    /// The plans in it: those that somebody touched, and of the others no more than a document needs.
    pub plans: Plans,
    /// Plans that were made for findings without one.
    pub added: usize,
    /// Untouched plans that went with their findings.
    pub removed: usize,
    /// Plans that stayed as they are.
    pub preserved: usize,
    /// Edited plans that went to the archive.
    pub archived: usize,
    /// Plans that came back from the archive with their findings.
    pub restored: usize,
    /// Exceptions that no finding has ever matched: a slip in the id, perhaps.
    pub unused: Vec<String>,
}

/// Brings the text of the plan file (none where there is none yet) in step with the ledger: see [`PlanFile::sync`].
pub(crate) fn sync_plans<'t>(
    existing: Option<&'t str>,
    ledger: &Ledger,
    now: Timestamp,
) -> Result<PlansSynced<'t>, PlansError> {
    PlanFile::of_text(existing.unwrap_or_default())?.sync(ledger, now)
}

impl<'t> PlanFile<'t> {
    /// Reads the file's bytes; none of a file that is not there yet.
    pub fn read(bytes: &'t [u8]) -> Result<Self, PlansError> {
        Self::of_text(std::str::from_utf8(bytes).map_err(|e| PlansError::Encoding(e.valid_up_to()))?)
    }

    fn of_text(content: &'t str) -> Result<Self, PlansError> {
        let (mark, text) = byte_order_mark(content);
        let layout = Layout::read(text)?;
        let plans = Plans::edited_of_layout(&layout);
        Ok(Self { content, mark, layout, plans })
    }

    /// The plans in it without those that say nothing but what this program wrote: what people decided.
    pub fn into_decisions(self) -> Plans {
        self.plans
    }

    pub(super) fn all_plans(&self) -> Plans {
        Plans::of_layout(&self.layout)
    }

    /// Brings the file in step with the ledger: every finding that is not resolved has a plan.
    ///
    /// A finding without one gets the default plan. When a finding is resolved, a plan that nobody edited goes, and an edited
    /// one moves to the archive as it is; it comes back as it was when the finding does. Plans are found by id or by any alias.
    /// Nothing else in the file is touched, and the same ledger a second time changes nothing at all. A file that is YAML but
    /// not written one plan below the other is left as it is, with a problem that says so.
    pub fn sync(self, ledger: &Ledger, now: Timestamp) -> Result<PlansSynced<'t>, PlansError> {
        let Self { content, mark, layout, plans: decisions } = self;
        let marked = |mut text: String| {
            text.insert_str(0, mark);
            Cow::Owned(text)
        };
        let step = plan_step(&layout, &decisions, ledger);
        let there = layout.findings.as_ref().map_or(0, |s| s.entries.len());
        let kept = there - step.remove.len() - step.archive.len();
        let synced = |text, plans| PlansSynced {
            text,
            plans,
            added: step.add.len(),
            removed: step.remove.len(),
            preserved: kept,
            archived: step.archive.len(),
            restored: step.restore.len(),
            unused: step.unused.clone(),
        };
        if layout.content.trim().is_empty() {
            let text = edit::fresh(&step, now);
            let plans = Plans::counted_of_layout(&Layout::read(&text)?);
            return Ok(synced(marked(text), plans));
        }
        if step.is_empty() {
            return Ok(synced(Cow::Borrowed(content), Plans::counted_of_layout(&layout)));
        }
        let written = layout.editable.map(|()| edit::write(&layout, &step, now));
        match written.and_then(|text| verify(&layout, &step, &text).map(|plans| (text, plans))) {
            Ok((text, plans)) => Ok(synced(marked(text), plans)),
            Err(why) => {
                let mut plans = Plans::counted_of_layout(&layout);
                plans.problems.push(PlanProblem::Layout(why));
                Ok(PlansSynced {
                    text: Cow::Borrowed(content),
                    plans,
                    added: 0,
                    removed: 0,
                    preserved: there,
                    archived: 0,
                    restored: 0,
                    unused: step.unused,
                })
            }
        }
    }
}

/// The byte order mark that a text begins with, if it does, and what follows.
pub(crate) fn byte_order_mark(text: &str) -> (&str, &str) {
    text.split_at(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 })
}

impl PlansSynced<'_> {
    /// Parts it from the text that was read, which may go then. Gives the file's new text; none where it stays as it is.
    pub fn into_change(self) -> (Option<String>, PlansSynced<'static>) {
        let Self { text, plans, added, removed, preserved, archived, restored, unused } = self;
        let change = match text {
            Cow::Owned(text) => Some(text),
            Cow::Borrowed(_) => None,
        };
        let text = Cow::Borrowed("");
        (change, PlansSynced { text, plans, added, removed, preserved, archived, restored, unused })
    }

    /// What is wrong with single plans, or with the file.
    pub fn problems(&self) -> &[PlanProblem] {
        self.plans.problems()
    }
}

/// Which finding a plan's key speaks about.
struct Owners<'l> {
    findings: &'l [Finding],
    /// Positions in the order of the ids: most plans stand in it, too, and are found without a search.
    order: Vec<usize>,
    next: usize,
    by_name: OnceCell<ByName<'l>>,
}

/// Positions by the spelling that all writings of an id share.
#[derive(Default)]
struct ByName<'l> {
    by_id: HashMap<String, usize>,
    by_alias: HashMap<&'l str, Vec<usize>>,
}

impl<'l> Owners<'l> {
    fn new(findings: &'l [Finding]) -> Self {
        let mut order: Vec<usize> = (0..findings.len()).collect();
        order.sort_by(|a, b| findings[*a].finding_id.cmp(&findings[*b].finding_id));
        Self { findings, order, next: 0, by_name: OnceCell::new() }
    }

    /// The finding under this id, else those that carry it as an alias.
    fn of(&mut self, key: &str) -> Vec<usize> {
        let id_at = |at: usize| self.order.get(at).map(|index| self.findings[*index].finding_id.as_str());
        // The next finding in order, or one behind a few that have no plan of their own.
        let ahead = (self.next..self.next + 4).find(|at| id_at(*at) == Some(key));
        let found = ahead
            .or_else(|| self.order.binary_search_by(|index| self.findings[*index].finding_id.as_str().cmp(key)).ok());
        if let Some(at) = found {
            self.next = at + 1;
            return vec![self.order[at]];
        }
        let names = self.by_name.get_or_init(|| ByName::of(self.findings));
        let key = AdvisoryId::canonical_or(key);
        match names.by_id.get(&key) {
            Some(index) => vec![*index],
            None => names.by_alias.get(key.as_str()).cloned().unwrap_or_default(),
        }
    }
}

impl<'l> ByName<'l> {
    fn of(findings: &'l [Finding]) -> Self {
        let mut names = Self::default();
        for (index, finding) in findings.iter().enumerate() {
            names.by_id.insert(AdvisoryId::canonical_or(finding.finding_id.as_str()), index);
            for id in finding.subject.advisory_ids() {
                names.by_alias.entry(id.as_str()).or_default().push(index);
            }
        }
        // What a finding was called once speaks of it as long as nothing else is called so.
        for (index, finding) in findings.iter().enumerate() {
            for id in finding.former_ids() {
                names.by_id.entry(AdvisoryId::canonical_or(id.as_str())).or_insert(index);
            }
        }
        for (index, finding) in findings.iter().enumerate() {
            for id in finding.former_aliases() {
                names.by_alias.entry(id.as_str()).or_insert_with(|| vec![index]);
            }
        }
        names
    }
}

fn is_present(finding: &Finding) -> bool {
    !matches!(finding.status, Status::Resolved { .. })
}

fn plan_step<'l>(layout: &Layout<'_>, decisions: &Plans, ledger: &'l Ledger) -> Step<'l> {
    let mut step = Step::default();
    let mut owners = Owners::new(&ledger.findings);
    let mut planned = vec![false; ledger.findings.len()];
    let archived: HashSet<&str> = layout.archive.iter().flat_map(|s| &s.entries).map(|e| e.key.as_ref()).collect();
    // The decisions stand in the order of their entries; those that cannot be used are left out.
    let mut decided = decisions.all.iter().filter(|p| !p.archived).peekable();
    for (at, entry) in layout.findings.iter().flat_map(|s| &s.entries).enumerate() {
        let plan: Option<&Plan> = decided.next_if(|plan| plan.key == entry.key);
        let found = owners.of(&entry.key);
        for index in &found {
            planned[*index] = true;
        }
        if found.iter().any(|index| is_present(&ledger.findings[*index])) {
            continue;
        }
        if matches!(entry.said, Said::Untouched { .. }) && !entry.has_comment {
            step.remove.insert(at);
            continue;
        }
        // A plan that cannot be read is told as a problem and left where a person will look for it.
        let Some(plan) = plan else { continue };
        if !plan.edited {
            step.remove.insert(at);
        } else if found.is_empty() && plan.status.is_exception() {
            step.unused.push(entry.key.clone().into_owned());
        } else if !archived.contains(entry.key.as_ref()) {
            step.archive.insert(at);
        }
    }
    for (at, entry) in layout.archive.iter().flat_map(|s| &s.entries).enumerate() {
        let mut back = owners.of(&entry.key);
        back.retain(|index| is_present(&ledger.findings[*index]) && !planned[*index]);
        for index in back {
            planned[index] = true;
            step.restore.insert(at);
        }
    }
    let without = ledger.findings.iter().zip(planned).filter(|(finding, planned)| is_present(finding) && !planned);
    step.add = without.map(|(finding, _)| finding.finding_id.as_str()).collect();
    step
}

/// What came out must hold every plan that was to stay, unchanged in what it says. Gives the plans of the new text.
fn verify(before: &Layout<'_>, step: &Step<'_>, text: &str) -> Result<Plans, &'static str> {
    const LOST: &str = "a plan would not have stayed what it is";
    let after = Layout::read(text).map_err(|_| LOST)?;
    let entries = |section: &'_ Option<Section<'_>>| section.as_ref().map_or(0, |s| s.entries.len());
    let mut findings = Vec::with_capacity(entries(&before.findings));
    let mut archive = Vec::with_capacity(entries(&before.archive));
    for (at, entry) in before.findings.iter().flat_map(|s| &s.entries).enumerate() {
        if step.archive.contains(&at) {
            archive.push(entry);
        } else if !step.remove.contains(&at) {
            findings.push(entry);
        }
    }
    for (at, entry) in before.archive.iter().flat_map(|s| &s.entries).enumerate() {
        if step.restore.contains(&at) { findings.push(entry) } else { archive.push(entry) }
    }
    let now_findings = after.findings.iter().flat_map(|s| &s.entries).filter(|e| !step.add.contains(e.key.as_ref()));
    let now_archive = after.archive.iter().flat_map(|s| &s.entries);
    let same = say_the_same(findings, now_findings.collect())
        && say_the_same(archive, now_archive.collect())
        && after.editable.is_ok();
    if same { Ok(Plans::counted_of_layout(&after)) } else { Err(LOST) }
}

fn say_the_same(mut before: Vec<&Entry<'_>>, mut after: Vec<&Entry<'_>>) -> bool {
    before.sort_by(|a, b| a.key.cmp(&b.key));
    after.sort_by(|a, b| a.key.cmp(&b.key));
    before.len() == after.len()
        && before.iter().zip(&after).all(|(a, b)| a.key == b.key && (a.said == b.said || bare(a) == bare(b)))
}

/// A plan's values as they are outside the archive.
fn bare(entry: &Entry<'_>) -> Value {
    let mut value = match &entry.said {
        Said::Untouched { created, updated } => super::untouched::value(&entry.key, *created, *updated),
        Said::Yaml(value) => value.clone(),
    };
    if let Some(map) = value.as_object_mut() {
        map.remove(ARCHIVED_DATE);
        map.remove(ARCHIVED_NOTE);
        if let Some(status) = map.remove(ARCHIVED_STATUS) {
            map.insert("status".to_owned(), status);
        }
    }
    value
}
