//! Plans of the old file, and how they come into ours.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use findings_model::{AdvisoryId, Timestamp};
use serde_json::{Map, Value};

use super::{Sighting, fault, scrubbed, yaml};
use crate::{
    Ledger, Plan, PlanStatus, Plans, PlansError,
    plans::{self, KNOWN_KEYS},
    sync_plans,
};

/// What `remediation-plans.yml` of the old system says, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourcePlans {
    /// Every plan that can be used, in the file's order.
    pub plans: Vec<SourcePlan>,
    /// What cannot be used, a line each; empty for a sound file.
    pub faults: Vec<String>,
    /// What was changed on the way, a line each.
    pub notes: Vec<String>,
}

/// One plan of the old file.
#[derive(Clone, Debug, PartialEq)]
pub struct SourcePlan {
    /// What it says.
    pub plan: Plan,
    /// Its lines in our file, two spaces from the margin.
    block: String,
}

impl SourcePlans {
    /// Reads the file. A plan that cannot be used is left out and named, a torn one too.
    pub fn read(bytes: &[u8]) -> Self {
        let sections = yaml::read(bytes);
        let mut source = Self { faults: sections.faults, ..Self::default() };
        let mut known = false;
        for entry in sections.entries {
            match entry.section.as_str() {
                "findings" => known = true,
                // Ours has an archive too; the old one has none.
                "archive" | "metadata" => {
                    known = true;
                    continue;
                }
                _ => continue,
            }
            match entry.value {
                Value::Object(fields) => source.take(&entry.key, fields),
                _ => source.faults.push(fault(&format!("plan {}: it is not a mapping of keys to values", entry.key))),
            }
        }
        if !known && source.faults.is_empty() {
            source.faults.push("it has no findings".to_owned());
        }
        source
    }

    fn take(&mut self, key: &str, fields: Map<String, Value>) {
        let key = findings_model::text::one_line(&scrubbed(key));
        let mut cleaned = Map::new();
        for (name, value) in fields {
            let value = clean(value);
            let value = match (name.as_str(), value) {
                ("notes", Value::String(notes)) => {
                    let (kept, repeated) = without_repeats(&notes);
                    if repeated > 0 {
                        let what = format!("plan {key}: {repeated} repeated lines of its notes were folded into one");
                        self.notes.push(fault(&what));
                    }
                    Value::String(kept)
                }
                (_, value) => value,
            };
            cleaned.insert(name, value);
        }
        let block = block(&key, &cleaned);
        match Plans::from_yaml(format!("findings:\n{block}").as_bytes()) {
            Ok(plans) => {
                self.faults.extend(plans.problems().iter().map(|problem| fault(&problem.to_string())));
                self.plans
                    .extend(plans.all().iter().map(|plan| SourcePlan { plan: plan.clone(), block: block.clone() }));
            }
            Err(error) => self.faults.push(fault(&format!("plan {key}: {error}"))),
        }
    }

    /// When findings were there: nobody plans for a finding before it is.
    pub fn sightings(&self) -> Vec<Sighting> {
        let dated = self.plans.iter().filter_map(|p| Some((p, p.plan.created?)));
        dated.map(|(p, on)| Sighting { id: p.plan.key.clone(), package: None, on }).collect()
    }
}

fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(scrubbed(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(clean).collect()),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (scrubbed(&key), clean(value))).collect())
        }
        other => other,
    }
}

/// The lines of a text, each once: the old system wrote the same note at every run.
fn without_repeats(notes: &str) -> (String, usize) {
    let mut seen = BTreeSet::new();
    let mut repeated = 0;
    let mut kept: Vec<&str> = Vec::new();
    for line in notes.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        if seen.insert(line) {
            kept.push(line);
        } else {
            repeated += 1;
        }
    }
    if repeated == 0 { (notes.to_owned(), 0) } else { (kept.join("\n"), repeated) }
}

/// A plan's lines. Values are written as JSON, which is YAML too and leaves nothing to guess; plain words stay plain.
fn block(key: &str, fields: &Map<String, Value>) -> String {
    let name = |name: &str| scalar(&Value::String(name.to_owned()), true);
    let line = |(key, value): (&str, &Value)| {
        let is_word = matches!(key, "finding_id" | "status" | "priority" | "severity");
        format!("    {}: {}\n", name(key), scalar(value, is_word))
    };
    let known = KNOWN_KEYS.into_iter().filter_map(|key| Some((key, fields.get(key)?)));
    let others = fields.iter().map(|(key, value)| (key.as_str(), value)).filter(|(key, _)| !KNOWN_KEYS.contains(key));
    std::iter::once(format!("  {}:\n", name(key))).chain(known.chain(others).map(line)).collect()
}

fn scalar(value: &Value, may_be_plain: bool) -> String {
    match value {
        Value::String(text) if may_be_plain && is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether every reader takes the text for text, as it stands.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@' | b'/'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// Our plan file with the old plans in it.
#[derive(Clone, Debug, PartialEq)]
pub struct MergedPlans {
    /// The file's text; as it was where nothing had to change.
    pub text: String,
    /// How many of the old plans are in it now, in the same words.
    pub taken: usize,
    /// Plans that nobody had touched: there is nothing in them to take.
    pub untouched: usize,
    /// Old plans that are not in it because ours was edited and says something else, by key.
    pub kept_ours: Vec<String>,
    /// Plans that except their findings now.
    pub exceptions: Vec<String>,
    /// Why none could be taken, where the file cannot be changed safely.
    pub refused: Option<&'static str>,
}

/// Brings old plans into our plan file (none where there is none yet). A plan of ours that a person edited stays as it is.
pub fn merge_plans(
    existing: Option<&str>,
    source: &SourcePlans,
    ledger: &Ledger,
    now: Timestamp,
) -> Result<MergedPlans, PlansError> {
    let empty = Ledger::empty(&ledger.project, now);
    let (mark, there) = plans::byte_order_mark(existing.unwrap_or_default());
    let before =
        if there.trim().is_empty() { sync_plans(None, &empty, now)?.text.into_owned() } else { there.to_owned() };
    let ours = Plans::from_yaml(before.as_bytes())?;
    let index = OurPlans::of(&ours, ledger);
    let mut merged = MergedPlans {
        text: existing.unwrap_or_default().to_owned(),
        taken: 0,
        untouched: 0,
        kept_ours: Vec::new(),
        exceptions: Vec::new(),
        refused: None,
    };
    let mut add: BTreeMap<String, &SourcePlan> = BTreeMap::new();
    let mut replace: BTreeSet<String> = BTreeSet::new();
    let mut there = 0;
    for old in &source.plans {
        if !old.plan.edited {
            merged.untouched += 1;
            continue;
        }
        match index.of_key(&old.plan.key) {
            Some(plan) if says_the_same(plan, &old.plan) => there += 1,
            Some(plan) if plan.edited || plan.archived => merged.kept_ours.push(old.plan.key.clone()),
            Some(plan) => {
                replace.insert(plan.key.clone());
                add.insert(old.plan.key.clone(), old);
            }
            None => drop(add.insert(old.plan.key.clone(), old)),
        }
    }
    if !add.is_empty() {
        let text = insert(&before, &add, &replace);
        match text.filter(|text| holds(text, &ours, &add, &replace)) {
            Some(text) => {
                merged.exceptions =
                    add.values().filter(|p| p.plan.status.is_exception()).map(|p| p.plan.key.clone()).collect();
                merged.taken = add.len();
                merged.text = format!("{mark}{text}");
            }
            None => {
                merged.refused = Some("our plans do not stand one below the other, so none could be put between them");
            }
        }
    }
    merged.taken += there;
    Ok(merged)
}

/// A file that holds these plans and nothing else: in place of one of ours that is damaged.
pub fn rebuilt(source: &SourcePlans, ledger: &Ledger, now: Timestamp) -> Result<String, PlansError> {
    let head = sync_plans(None, &Ledger::empty(&ledger.project, now), now)?.text.into_owned();
    let all = source.plans.iter().map(|plan| (plan.plan.key.clone(), plan)).collect();
    Ok(insert(&head, &all, &BTreeSet::new()).unwrap_or(head))
}

fn says_the_same(ours: &Plan, old: &Plan) -> bool {
    let bare = |plan: &Plan| Plan { key: String::new(), archived: false, edited: true, ..plan.clone() };
    let is_closed = ours.archived && ours.status == PlanStatus::Completed;
    let (mut ours, old) = (bare(ours), bare(old));
    // Our archive closes a plan; that is no other word.
    if is_closed {
        ours.status = old.status;
    }
    ours == old
}

/// Our plans by their keys, and by the findings that they are about.
struct OurPlans<'p> {
    by_key: HashMap<String, &'p Plan>,
    by_finding: HashMap<usize, &'p Plan>,
    names: HashMap<String, Vec<usize>>,
}

impl<'p> OurPlans<'p> {
    fn of(plans: &'p Plans, ledger: &Ledger) -> Self {
        let mut names: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, finding) in ledger.findings.iter().enumerate() {
            names.entry(AdvisoryId::canonical_or(finding.finding_id.as_str())).or_default().push(at);
            for id in finding.subject.advisory_ids() {
                names.entry(id.as_str().to_owned()).or_default().push(at);
            }
        }
        let mut index = Self { by_key: HashMap::new(), by_finding: HashMap::new(), names };
        for plan in plans.all() {
            let key = AdvisoryId::canonical_or(&plan.key);
            for at in index.names.get(&key).into_iter().flatten() {
                index.by_finding.entry(*at).or_insert(plan);
            }
            index.by_key.entry(key).or_insert(plan);
        }
        index
    }

    /// The plan under this key, else one about the same finding.
    fn of_key(&self, key: &str) -> Option<&'p Plan> {
        let key = AdvisoryId::canonical_or(key);
        self.by_key
            .get(&key)
            .copied()
            .or_else(|| self.names.get(&key).into_iter().flatten().find_map(|at| self.by_finding.get(at).copied()))
    }
}

/// The text with plans put in at the beginning of `findings:`, and without those to be replaced.
fn insert(text: &str, add: &BTreeMap<String, &SourcePlan>, replace: &BTreeSet<String>) -> Option<String> {
    let eol = if text.lines().next().is_some_and(|_| text.contains("\r\n")) { "\r\n" } else { "\n" };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let header = lines.iter().position(|line| plans::is_header(line, "findings"))?;
    let is_text = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let margin = lines[header + 1..].iter().find(|line| is_text(line)).map_or(2, |line| indent(line).max(1));
    let mut out = String::with_capacity(text.len() + 1024);
    let mut skipping = false;
    let mut inside = false;
    for (at, line) in lines.iter().enumerate() {
        if at == header {
            out.push_str(&plans::header(line, false, true));
            if !out.ends_with('\n') {
                out.push_str(eol);
            }
            for plan in add.values() {
                for line in plan.block.lines() {
                    out.push_str(&" ".repeat(margin.saturating_sub(2)));
                    out.push_str(if margin == 1 { line.strip_prefix(' ').unwrap_or(line) } else { line });
                    out.push_str(eol);
                }
            }
            inside = true;
            continue;
        }
        if is_text(line) && indent(line) == 0 {
            (inside, skipping) = (false, false);
        }
        if inside && is_text(line) && indent(line) == margin {
            skipping = !replace.is_empty() && key_of(line).is_some_and(|key| replace.contains(&key));
        }
        if !(skipping && is_text(line)) {
            out.push_str(line);
        }
    }
    Some(out)
}

/// The key that a plan's first line holds.
fn key_of(line: &str) -> Option<String> {
    let bare = line.trim().strip_suffix(':').filter(|key| is_plain(key));
    bare.map(str::to_owned).or_else(|| {
        let alone = Plans::from_yaml(format!("findings:\n{} {{}}\n", line.trim_end()).as_bytes()).ok()?;
        alone.all().first().map(|plan| plan.key.clone())
    })
}

/// Whether a text holds every plan of ours, unchanged, and every plan that was put in.
fn holds(text: &str, ours: &Plans, add: &BTreeMap<String, &SourcePlan>, replace: &BTreeSet<String>) -> bool {
    let Ok(after) = Plans::from_yaml(text.as_bytes()) else { return false };
    let there: HashMap<(&str, bool), &Plan> =
        after.all().iter().map(|plan| ((plan.key.as_str(), plan.archived), plan)).collect();
    let is_kept = |plan: &Plan| {
        there.get(&(plan.key.as_str(), plan.archived)).is_some_and(|now| *now == plan)
            || (!plan.archived && replace.contains(&plan.key))
    };
    let is_added = |old: &SourcePlan| {
        there.get(&(old.plan.key.as_str(), false)).is_some_and(|plan| says_the_same(plan, &old.plan))
    };
    let count = ours.all().len() - replace.len() + add.len();
    ours.all().iter().all(is_kept)
        && add.values().all(|old| is_added(old))
        && after.all().len() == count
        && after.problems().len() == ours.problems().len()
}
