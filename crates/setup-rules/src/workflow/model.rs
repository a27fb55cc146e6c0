//! A workflow file as far as the rules look at it.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>.

use crate::node::{Entry, Node, UnreadableDocument, Value};

/// One workflow.
#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    pub(crate) path: String,
    /// The events that start it, with their lines.
    pub(crate) events: Vec<(String, usize)>,
    /// Inputs whose type lets no free text through (`boolean`, `choice`, `number`).
    pub(crate) closed_inputs: Vec<String>,
    pub(crate) permissions: Option<Permissions>,
    pub(crate) env: Vec<Setting>,
    pub(crate) concurrency: Option<Concurrency>,
    pub(crate) jobs: Vec<Job>,
}

/// One job of a workflow.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) line: usize,
    pub(crate) permissions: Option<Permissions>,
    pub(crate) has_environment: bool,
    /// The workflow that it calls instead of running steps.
    pub(crate) calls: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) env: Vec<Setting>,
    pub(crate) concurrency: Option<Concurrency>,
    /// Values that it hands to the workflow that it calls.
    pub(crate) secrets: Vec<Setting>,
    pub(crate) steps: Vec<Step>,
}

/// One step of a job.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The file it stands in: the workflow's, or that of a composite action of the project.
    pub(crate) file: String,
    pub(crate) uses: Option<Located>,
    pub(crate) run: Option<Located>,
    pub(crate) with: Vec<Setting>,
    pub(crate) env: Vec<Setting>,
    pub(crate) continues_on_error: bool,
}

/// A text and the line on which it starts.
#[derive(Debug, Clone)]
pub(crate) struct Located {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// A named value (`env`, `with`, `secrets`).
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) line: usize,
}

/// A `permissions` key.
#[derive(Debug, Clone)]
pub(crate) struct Permissions {
    pub(crate) line: usize,
    grant: Grant,
}

#[derive(Debug, Clone)]
enum Grant {
    ReadAll,
    WriteAll,
    Listed(Vec<(String, String)>),
}

impl Permissions {
    pub(crate) fn writes(&self, scope: &str) -> bool {
        match &self.grant {
            Grant::ReadAll => false,
            Grant::WriteAll => true,
            Grant::Listed(scopes) => scopes.iter().any(|(name, access)| name == scope && access == "write"),
        }
    }

    pub(crate) fn is_write_all(&self) -> bool {
        matches!(self.grant, Grant::WriteAll)
    }

    fn read(node: &Node, line: usize) -> Self {
        let grant = match &node.value {
            Value::Text(word) if word == "write-all" => Grant::WriteAll,
            Value::Text(word) if word == "read-all" => Grant::ReadAll,
            _ => Grant::Listed(
                node.entries()
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.node.text().unwrap_or_default().to_owned()))
                    .collect(),
            ),
        };
        Self { line, grant }
    }
}

/// A `concurrency` key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concurrency {
    /// A run in progress is finished first.
    Waits,
    /// A run in progress is, or may be, cancelled.
    Cancels,
}

impl Workflow {
    /// Reads a workflow; what is no mapping with `jobs` is an error.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self, UnreadableDocument> {
        let root = Node::parse(text)?;
        let unreadable = |reason: &str| UnreadableDocument { line: None, reason: reason.to_owned() };
        if !root.is_map() {
            return Err(unreadable("not a mapping"));
        }
        let jobs = root.get("jobs").filter(|jobs| jobs.is_map()).ok_or_else(|| unreadable("no `jobs` mapping"))?;
        let on = root.get("on").ok_or_else(|| unreadable("no `on` key"))?;
        Ok(Self {
            path: path.to_owned(),
            events: events(on),
            closed_inputs: closed_inputs(on),
            permissions: permissions(&root),
            env: settings(root.get("env")),
            concurrency: concurrency(&root),
            jobs: jobs.entries().iter().map(|entry| job(path, entry)).collect(),
        })
    }
}

/// Reads the steps of a composite action.
pub(crate) fn action_steps(path: &str, text: &str) -> Result<Vec<Step>, UnreadableDocument> {
    let root = Node::parse(text)?;
    let steps = root.get("runs").and_then(|runs| runs.get("steps"));
    Ok(steps.map(|steps| steps.members().iter().map(|node| step(path, node)).collect()).unwrap_or_default())
}

fn events(on: &Node) -> Vec<(String, usize)> {
    match &on.value {
        Value::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), entry.line)).collect(),
        _ => on.members().iter().filter_map(|event| Some((event.text()?.to_owned(), event.line))).collect(),
    }
}

/// An input counts as closed when each event that declares it does so with a closed type.
fn closed_inputs(on: &Node) -> Vec<String> {
    let declared: Vec<(String, bool)> = on
        .entries()
        .iter()
        .filter_map(|event| event.node.get("inputs"))
        .flat_map(Node::entries)
        .map(|input| {
            let kind = input.node.get("type").and_then(Node::text).unwrap_or("string");
            (input.key.to_lowercase(), matches!(kind, "boolean" | "choice" | "number"))
        })
        .collect();
    declared
        .iter()
        .filter(|(name, _)| declared.iter().all(|(other, closed)| other != name || *closed))
        .map(|(name, _)| name.clone())
        .collect()
}

fn job(path: &str, Entry { key: id, line, node }: &Entry) -> Job {
    let environment = node.get("environment");
    Job {
        id: id.clone(),
        line: *line,
        permissions: permissions(node),
        has_environment: environment
            .is_some_and(|environment| !text_of(environment.get("name").unwrap_or(environment)).is_empty()),
        calls: node.get("uses").and_then(Node::text).map(str::to_owned),
        condition: node.get("if").map(text_of),
        env: settings(node.get("env")),
        concurrency: concurrency(node),
        secrets: settings(node.get("secrets")),
        steps: node
            .get("steps")
            .map(|steps| steps.members().iter().map(|node| step(path, node)).collect())
            .unwrap_or_default(),
    }
}

fn step(path: &str, node: &Node) -> Step {
    let located =
        |key: &str| node.get(key).and_then(|value| Some(Located { text: value.text()?.to_owned(), line: value.line }));
    let continues = node.get("continue-on-error");
    Step {
        file: path.to_owned(),
        uses: located("uses"),
        run: located("run"),
        with: settings(node.get("with")),
        env: settings(node.get("env")),
        continues_on_error: continues.is_some_and(|value| value.value != Value::Bool(false)),
    }
}

fn permissions(node: &Node) -> Option<Permissions> {
    node.entry("permissions").map(|entry| Permissions::read(&entry.node, entry.line))
}

fn concurrency(node: &Node) -> Option<Concurrency> {
    let cancel = node.get("concurrency")?.get("cancel-in-progress");
    Some(match cancel.map(|cancel| &cancel.value) {
        None | Some(Value::Bool(false)) => Concurrency::Waits,
        Some(_) => Concurrency::Cancels,
    })
}

fn settings(node: Option<&Node>) -> Vec<Setting> {
    node.map(Node::entries)
        .unwrap_or_default()
        .iter()
        .map(|entry| Setting {
            name: entry.key.clone(),
            value: text_of(&entry.node),
            line: entry.node.line.max(entry.line),
        })
        .collect()
}

fn text_of(node: &Node) -> String {
    match &node.value {
        Value::Text(text) | Value::Expression(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::List(_) | Value::Map(_) => String::new(),
    }
}
