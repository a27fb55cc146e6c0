//! A workflow file as far as the rules look at it.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>.

use crate::expression;
use crate::node::{Entry, Node, UnreadableDocument, Value};

/// One workflow.
#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    pub(crate) path: String,
    /// The events that start it, with their lines.
    pub(crate) events: Vec<(String, usize)>,
    /// Inputs whose type lets no free text through (`boolean`, `choice`, `number`, `environment`).
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
    /// The jobs that it waits for.
    pub(crate) needs: Vec<String>,
    pub(crate) continues_on_error: bool,
    /// What its matrix is made of, by axis; `*` where an expression makes all of it.
    pub(crate) matrix: Vec<Setting>,
    pub(crate) outputs: Vec<Setting>,
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
    pub(crate) id: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) uses: Option<Located>,
    pub(crate) run: Option<Located>,
    pub(crate) shell: Option<Located>,
    pub(crate) working_directory: Option<String>,
    pub(crate) with: Vec<Setting>,
    pub(crate) env: Vec<Setting>,
    pub(crate) continues_on_error: bool,
    /// Whether it uses an action of the project whose steps are known and stand behind it.
    pub(crate) is_composite: bool,
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

    /// Whether the token may change anything.
    pub(crate) fn writes_something(&self) -> bool {
        match &self.grant {
            Grant::ReadAll => false,
            Grant::WriteAll => true,
            Grant::Listed(scopes) => scopes.iter().any(|(_, access)| access == "write"),
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
    /// The group's name differs from run to run, so that no run waits for another.
    Alone,
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
    let mut found: Vec<(String, usize)> = match &on.value {
        Value::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), entry.line)).collect(),
        _ => on.members().iter().filter_map(|event| Some((event.text()?.to_owned(), event.line))).collect(),
    };
    found.sort();
    found.dedup_by(|a, b| a.0 == b.0);
    found
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
            (input.key.to_lowercase(), matches!(kind, "boolean" | "choice" | "number" | "environment"))
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
        needs: texts(node.get("needs")),
        continues_on_error: continues_on_error(node),
        matrix: node.get("strategy").and_then(|strategy| strategy.get("matrix")).map(matrix).unwrap_or_default(),
        outputs: settings(node.get("outputs")),
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
    Step {
        file: path.to_owned(),
        id: node.get("id").and_then(Node::text).map(str::to_owned),
        condition: node.get("if").map(text_of),
        uses: located("uses"),
        run: located("run"),
        shell: located("shell"),
        working_directory: node.get("working-directory").and_then(Node::text).map(str::to_owned),
        with: settings(node.get("with")),
        env: settings(node.get("env")),
        continues_on_error: continues_on_error(node),
        is_composite: false,
    }
}

fn continues_on_error(node: &Node) -> bool {
    node.get("continue-on-error").is_some_and(|value| value.value != Value::Bool(false))
}

fn texts(node: Option<&Node>) -> Vec<String> {
    node.map(Node::members).unwrap_or_default().iter().filter_map(|member| Some(member.text()?.to_owned())).collect()
}

/// The texts of a matrix by axis; those of `include` stand under the axes that they name.
fn matrix(node: &Node) -> Vec<Setting> {
    let mut found = Vec::new();
    if !node.is_map() {
        leaves("*", node, &mut found);
    }
    for axis in node.entries().iter().filter(|axis| axis.key != "exclude") {
        let included = axis.key == "include";
        for member in axis.node.members() {
            match &member.value {
                Value::Map(entries) if included => {
                    for entry in entries {
                        leaves(&entry.key, &entry.node, &mut found);
                    }
                }
                _ => leaves(if included { "*" } else { &axis.key }, member, &mut found),
            }
        }
    }
    found
}

fn leaves(name: &str, node: &Node, found: &mut Vec<Setting>) {
    match &node.value {
        Value::List(members) => members.iter().for_each(|member| leaves(name, member, found)),
        Value::Map(entries) => entries.iter().for_each(|entry| leaves(name, &entry.node, found)),
        _ => found.push(Setting { name: name.to_owned(), value: text_of(node), line: node.line }),
    }
}

fn permissions(node: &Node) -> Option<Permissions> {
    node.entry("permissions").map(|entry| Permissions::read(&entry.node, entry.line))
}

fn concurrency(node: &Node) -> Option<Concurrency> {
    let concurrency = node.get("concurrency")?;
    let group = text_of(concurrency.get("group").unwrap_or(concurrency));
    let differs =
        expression::embedded(&group).into_iter().flat_map(|found| expression::leaks(found.source)).any(|path| {
            matches!(
                path.iter().map(String::as_str).collect::<Vec<_>>()[..],
                ["github", "run_id" | "run_number" | "sha"]
            )
        });
    if differs {
        return Some(Concurrency::Alone);
    }
    Some(match concurrency.get("cancel-in-progress").map(|cancel| &cancel.value) {
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
