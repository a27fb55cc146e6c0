//! What lies in a commit.

use std::{
    collections::HashMap,
    ffi::OsString,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use findings_model::{order, text};

use crate::{
    Action, CommitId, GitError, Repository,
    run::{Answer, joined},
};

/// The most that the paths of a commit may hold together: 256 MiB, several million of them.
const LISTING_LIMIT: u64 = 256 * 1024 * 1024;

/// What a folder of a commit holds under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderEntry {
    /// The name.
    pub name: OsString,
    /// What it is.
    pub kind: EntryKind,
}

/// What an entry of a folder of a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum EntryKind {
    File,
    Link,
    Folder,
    Submodule,
}

/// One entry of a folder of a commit, as git tells it.
struct TreeEntry<'a> {
    kind: EntryKind,
    object: &'a str,
    /// Bytes of a file; none for what is no file.
    size: Option<u64>,
    path: &'a [u8],
}

impl Repository {
    /// The bytes of a file as they were at a commit; none if it was not there.
    ///
    /// Only regular files are read, of at most `limit` bytes. What git would change on a checkout (line ends, filters) is as it
    /// was committed.
    pub fn read(&self, commit: &CommitId, path: impl AsRef<Path>, limit: u64) -> Result<Option<Vec<u8>>, GitError> {
        let path = path.as_ref();
        let Some(object) = self.file_at(commit, path, Some(limit))? else { return Ok(None) };
        let git = self.git(Action::ReadFile).args(["cat-file", "blob"]).arg(object).limit(limit);
        git.run().map(|answer| Some(answer.stdout))
    }

    /// As [`Repository::read`], in the form in which a checkout would write the file into the work tree.
    pub fn read_as_checked_out(
        &self,
        commit: &CommitId,
        path: impl AsRef<Path>,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, GitError> {
        let path = path.as_ref();
        if self.file_at(commit, path, Some(limit))?.is_none() {
            return Ok(None);
        }
        let object = joined(format!("{commit}:"), self.full(path)?);
        let git = self.git(Action::ReadFile).args(["cat-file", "--filters"]).arg(object).limit(limit);
        git.run().map(|answer| Some(answer.stdout))
    }

    /// What lies directly in a folder at a commit, by name. An empty path is the project's folder.
    pub fn entries(&self, commit: &CommitId, folder: impl AsRef<Path>) -> Result<Vec<FolderEntry>, GitError> {
        let folder = folder.as_ref();
        let mut tree = joined(format!("{commit}:"), self.full(folder)?).into_vec();
        // The project's own folder has a slash at its end, which the name of a tree has not.
        if tree.last() == Some(&b'/') {
            tree.pop();
        }
        let answer = self.git(Action::ListFolder).args(["ls-tree", "-z", "-l"]).arg(OsString::from_vec(tree)).ask()?;
        if answer.says(&["Not a valid object name", "not a tree object"]) {
            return Err(GitError::NoSuchPath { path: shown(folder), commit: commit.short().to_owned() });
        }
        let answer = answer.good()?;
        let entries = tree_entries(&answer)?.into_iter();
        let mut entries: Vec<FolderEntry> = entries
            .map(|entry| FolderEntry { name: OsString::from_vec(entry.path.to_vec()), kind: entry.kind })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Everything that lies in the project at a commit, by its path, with the id of its object: files, links, submodules and the
    /// folders around them.
    pub fn objects(&self, commit: &CommitId) -> Result<HashMap<PathBuf, String>, GitError> {
        let git = self.git(Action::ListFolder).args(["ls-tree", "-r", "-t", "-z", "--full-tree"]);
        let git = git.arg(commit.as_str()).limit(LISTING_LIMIT);
        let project = self.full(Path::new(""))?;
        let answer = if project.is_empty() { git.run()? } else { git.arg("--").arg(project).run()? };
        let mut objects = HashMap::new();
        for entry in answer.stdout.split(|b| *b == 0).filter(|entry| !entry.is_empty()) {
            let (object, path) = object_entry(entry).ok_or_else(|| answer.not_understood())?;
            if let Some(path) = self.below_project(path).filter(|path| !path.as_os_str().is_empty()) {
                objects.insert(path, object.to_owned());
            }
        }
        Ok(objects)
    }

    /// The names of the tags that can be reached from HEAD, sorted; none before the first commit.
    pub fn tags_merged(&self) -> Result<Vec<String>, GitError> {
        if self.head()?.commit().is_none() {
            return Ok(Vec::new());
        }
        let question = ["for-each-ref", "--merged=HEAD", "--format=%(refname)", "refs/tags"];
        let answer = self.git(Action::ListTags).args(question).run()?;
        Ok(tags_of(&answer.stdout))
    }

    /// The names of the tags that lead to a commit, sorted.
    pub fn tags_at(&self, commit: &CommitId) -> Result<Vec<String>, GitError> {
        let question = ["for-each-ref", "--format=%(refname)", "--points-at"];
        let answer = self.git(Action::ListTags).args(question).arg(commit.as_str()).arg("refs/tags").run()?;
        Ok(tags_of(&answer.stdout))
    }

    /// The regular files of the project that git knows, staged ones among them, sorted; links and submodules are left out.
    pub fn tracked(&self) -> Result<Vec<PathBuf>, GitError> {
        let answer = self.git(Action::ReadState).args(["ls-files", "--stage", "--full-name", "-z"]).run()?;
        let mut files = Vec::new();
        for entry in answer.stdout.split(|b| *b == 0).filter(|entry| !entry.is_empty()) {
            let tab = entry.iter().position(|b| *b == b'\t').ok_or_else(|| answer.not_understood())?;
            if entry.starts_with(b"100")
                && let Some(path) = self.below_project(&entry[tab + 1..])
            {
                files.push(path);
            }
        }
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The object of a regular file at a commit; none if nothing is there.
    fn file_at(&self, commit: &CommitId, path: &Path, limit: Option<u64>) -> Result<Option<String>, GitError> {
        let full = self.full(path)?;
        let git = self.git(Action::ReadFile).args(["ls-tree", "-z", "-l", "--full-tree"]).arg(commit.as_str());
        let answer = git.arg("--").arg(&full).run()?;
        let entries = tree_entries(&answer)?;
        let Some(entry) = entries.first() else { return Ok(None) };
        let (path, commit) = (shown(path), commit.short().to_owned());
        let kind = match entry.kind {
            EntryKind::File => {
                return match (limit, entry.size) {
                    (Some(limit), Some(size)) if size > limit => Err(GitError::TooLarge { path, commit, size, limit }),
                    _ => Ok(Some(entry.object.to_owned())),
                };
            }
            EntryKind::Link => "a symbolic link",
            EntryKind::Folder => "a folder",
            EntryKind::Submodule => "a submodule",
        };
        Err(GitError::NotAFile { path, commit, kind })
    }
}

/// The object and the path of `mode type object<TAB>path`.
fn object_entry(entry: &[u8]) -> Option<(&str, &[u8])> {
    let tab = entry.iter().position(|b| *b == b'\t')?;
    let object = std::str::from_utf8(&entry[..tab]).ok()?.split(' ').nth(2)?;
    Some((object, &entry[tab + 1..]))
}

/// Reads `mode type object size<TAB>path`, each ended by a NUL.
fn tree_entries(answer: &Answer) -> Result<Vec<TreeEntry<'_>>, GitError> {
    let entries = answer.stdout.split(|b| *b == 0).filter(|entry| !entry.is_empty());
    entries.map(|entry| tree_entry(entry).ok_or_else(|| answer.not_understood())).collect()
}

fn tree_entry(entry: &[u8]) -> Option<TreeEntry<'_>> {
    let tab = entry.iter().position(|b| *b == b'\t')?;
    let (words, path) = (std::str::from_utf8(&entry[..tab]).ok()?, &entry[tab + 1..]);
    let mut words = words.split_ascii_whitespace();
    let (mode, kind, object, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let kind = match (kind, mode) {
        ("blob", "120000") => EntryKind::Link,
        ("blob", _) => EntryKind::File,
        ("tree", _) => EntryKind::Folder,
        _ => EntryKind::Submodule,
    };
    Some(TreeEntry { kind, object, size: size.parse().ok(), path })
}

/// A path as an error shows it.
fn shown(path: &Path) -> String {
    text::shorten(&text::one_line(&path.to_string_lossy()), 200).into_owned()
}

/// The names of tags in git's answer, sorted.
fn tags_of(answer: &[u8]) -> Vec<String> {
    let names = String::from_utf8_lossy(answer);
    let tags = names.lines().filter_map(|name| name.strip_prefix("refs/tags/"));
    let mut tags: Vec<String> = tags.map(str::to_owned).collect();
    order::sort_by(&mut tags, Ord::cmp);
    tags
}
