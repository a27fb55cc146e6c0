//! What other repositories have, and pushing to them.

use std::collections::BTreeMap;

use findings_model::text;

use crate::{Action, CommitId, GitError, PushRefusal, Repository, Ssh, run::Answer, run::Git};

/// What a remote has under the names that were asked for: full names of references and the commits that they lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteRefs {
    /// The commits that the names lead to.
    commits: BTreeMap<String, CommitId>,
    /// What stands under the names themselves.
    objects: BTreeMap<String, CommitId>,
}

impl RemoteRefs {
    /// The newest commit of a branch of the remote.
    pub fn branch(&self, name: &str) -> Option<&CommitId> {
        self.commits.get(&format!("refs/heads/{name}"))
    }

    /// The commit that a tag of the remote leads to.
    pub fn tag(&self, name: &str) -> Option<&CommitId> {
        self.commits.get(&format!("refs/tags/{name}"))
    }

    /// What stands under a tag of the remote: the tag itself where it is annotated, otherwise the commit.
    pub fn tag_object(&self, name: &str) -> Option<&CommitId> {
        self.objects.get(&format!("refs/tags/{name}"))
    }
}

/// What is to be pushed. The remote takes all of it or nothing.
#[derive(Clone, Debug, Default)]
pub struct Push<'a> {
    /// A branch of the remote and the commit that it moves to, which must follow the one that it is at.
    pub branch: Option<(&'a str, &'a CommitId)>,
    /// A tag.
    pub tag: Option<&'a str>,
}

/// What a remote has a commit under.
#[derive(Clone, Copy, Debug)]
pub enum RemoteName<'a> {
    /// A branch.
    Branch(&'a str),
    /// A tag.
    Tag(&'a str),
}

/// What git or a server says where a caller is not let in.
const DENIED: [&str; 7] = [
    "Authentication failed",
    "Permission denied",
    "Permission to ",
    "could not read Username",
    "could not read Password",
    "The requested URL returned error: 403",
    "The requested URL returned error: 401",
];

impl Repository {
    /// Asks a remote for a branch and a tag.
    pub fn remote_refs(&self, remote: &str, branch: Option<&str>, tag: Option<&str>) -> Result<RemoteRefs, GitError> {
        check_remote(remote)?;
        let mut names = Vec::new();
        if let Some(branch) = branch {
            self.check_name("branch", "refs/heads/", branch)?;
            names.push(format!("refs/heads/{branch}"));
        }
        if let Some(tag) = tag {
            self.check_name("tag", "refs/tags/", tag)?;
            names.push(format!("refs/tags/{tag}"));
            names.push(format!("refs/tags/{tag}^{{}}"));
        }
        let git = self.quiet_git(Action::AskRemote)?.args(["ls-remote", "--quiet", "--", remote]).args(names);
        let answer = judged(remote, git.ask()?)?;
        let mut refs = RemoteRefs::default();
        // The commit of an annotated tag stands behind the tag itself, under the same name with `^{}`.
        for line in String::from_utf8_lossy(&answer.stdout).lines() {
            let (id, name) = line.split_once('\t').ok_or_else(|| answer.not_understood())?;
            let id = CommitId::parse(id).ok_or_else(|| answer.not_understood())?;
            let commit_of = name.strip_suffix("^{}");
            if commit_of.is_none() {
                refs.objects.insert(name.to_owned(), id.clone());
            }
            refs.commits.insert(commit_of.unwrap_or(name).to_owned(), id);
        }
        Ok(refs)
    }

    /// Gets a commit or an annotated tag of a remote, which has it under a name, so that it can be read. No branch and no tag here changes.
    pub fn fetch(&self, remote: &str, name: RemoteName<'_>, commit: &CommitId) -> Result<(), GitError> {
        check_remote(remote)?;
        let id = commit.as_str();
        if self.commit_of(id, Action::Fetch)?.is_some() {
            return Ok(());
        }
        let name = match name {
            RemoteName::Branch(name) => {
                self.check_name("branch", "refs/heads/", name)?;
                format!("refs/heads/{name}")
            }
            RemoteName::Tag(name) => {
                self.check_name("tag", "refs/tags/", name)?;
                format!("refs/tags/{name}")
            }
        };
        let git = self.quiet_git(Action::Fetch)?;
        let git = git.args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", remote, &name]);
        judged(remote, git.ask()?)?;
        self.commit_of(id, Action::Fetch)?.map(drop).ok_or(GitError::Answer { action: Action::Fetch })
    }

    /// Pushes a branch and a tag in one step: the remote takes both or nothing.
    pub fn push(&self, remote: &str, push: &Push<'_>) -> Result<(), GitError> {
        check_remote(remote)?;
        let mut what = Vec::new();
        if let Some((branch, commit)) = push.branch {
            self.check_name("branch", "refs/heads/", branch)?;
            what.push(format!("{commit}:refs/heads/{branch}"));
        }
        if let Some(tag) = push.tag {
            self.check_name("tag", "refs/tags/", tag)?;
            what.push(format!("refs/tags/{tag}:refs/tags/{tag}"));
        }
        if what.is_empty() {
            return Ok(());
        }
        let git = self.quiet_git(Action::Push)?;
        let git = git.args(["push", "--atomic", "--no-follow-tags", "--quiet", "--porcelain", "--", remote]).args(what);
        let answer = git.ask()?;
        let refused = String::from_utf8_lossy(&answer.stdout).lines().any(|line| line.starts_with('!'))
            || answer.says(&["[rejected]", "[remote rejected]", "hook declined"]);
        if answer.code() != Some(0) && refused {
            let (said, why) = (refusal(&answer), why_refused(&answer));
            return Err(GitError::PushRefused { remote: text::one_line(remote), said, why });
        }
        judged(remote, answer).map(drop)
    }

    /// A run of git that may talk to a remote and asks nobody for a password.
    fn quiet_git(&self, action: Action) -> Result<Git, GitError> {
        let git = self.git(action);
        if self.ssh == Ssh::Named || self.setting("core.sshCommand")?.is_some() {
            return Ok(git);
        }
        Ok(git.args(["-c", "core.sshCommand=ssh -o BatchMode=yes"]))
    }
}

/// The reasons that git gives for each reference, and what the remote itself said.
fn refusal(answer: &Answer) -> String {
    let stdout = String::from_utf8_lossy(&answer.stdout);
    let mut said: Vec<String> = stdout
        .lines()
        .filter_map(|line| line.strip_prefix("!\t"))
        .map(|line| text::one_line(&text::hide_credentials(line)))
        .collect();
    said.push(answer.said());
    text::shorten(&said.join("; "), 1000).into_owned()
}

/// What the remote itself says where two pushes meet in the same moment.
const RACE: [&str; 5] =
    ["cannot lock ref", "failed to lock", "failed to update ref", "incorrect old value", "Unable to create"];

/// Git itself rejects what would not follow the remote's newest; what the remote rejects is forbidden there, unless it was busy with
/// another push.
fn why_refused(answer: &Answer) -> PushRefusal {
    let stdout = String::from_utf8_lossy(&answer.stdout);
    let forbids = |line: &str| line.contains("[remote rejected]") && !RACE.iter().any(|words| line.contains(words));
    let is_busy = answer.says(&RACE);
    let is_forbidden = stdout.lines().any(forbids) || answer.says(&["hook declined"]);
    if is_forbidden && !is_busy { PushRefusal::Forbidden } else { PushRefusal::Overtaken }
}

fn judged(remote: &str, answer: Answer) -> Result<Answer, GitError> {
    if answer.code() != Some(0) && answer.says(&DENIED) {
        return Err(GitError::Denied { remote: text::one_line(remote), said: answer.said() });
    }
    answer.good()
}

fn check_remote(remote: &str) -> Result<(), GitError> {
    // `ext::` and its like would run a program.
    let bad = remote.is_empty()
        || remote.starts_with('-')
        || remote.len() > 2000
        || remote.contains("::")
        || remote.chars().any(|c| c.is_control() || c.is_whitespace());
    if bad {
        return Err(GitError::BadName {
            what: "remote",
            name: text::shorten(&text::one_line(remote), 100).into_owned(),
        });
    }
    Ok(())
}
