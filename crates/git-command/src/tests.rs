use std::{collections::HashSet, path::Path};

use test_support::{Checkout, HookAt};

use crate::{EntryKind, GitError, Head, Push, PushRefusal, RemoteName, Repository, TagMessage};

fn checkout() -> (Checkout, Repository) {
    let checkout = Checkout::empty();
    checkout.write("pyproject.toml", "version = \"1.0.0\"\n");
    checkout.write("sub/project/reports/a.json", "[]");
    checkout.write("sub/project/reports/b.json", "{}");
    checkout.write("sub/project/reports/deeper/c.json", "{}");
    std::os::unix::fs::symlink("a.json", checkout.join("sub/project/reports/link")).unwrap();
    checkout.commit_all("first");
    let repository = Repository::find(&checkout.path()).unwrap();
    (checkout, repository)
}

#[test]
fn files_and_folders_are_read_as_they_were_from_a_project_in_a_subfolder() {
    let (checkout, _) = checkout();
    let first = checkout.git(&["rev-parse", "HEAD"]);
    checkout.write("sub/project/reports/a.json", "[1]");
    checkout.git(&["commit", "--quiet", "-am", "second"]);

    let below = Repository::find(&checkout.join("sub/project")).unwrap();
    let then = below.resolve("HEAD~1").unwrap();
    let now = below.resolve("main").unwrap();
    assert_eq!(then.as_str(), first);
    assert_eq!(below.read(&then, "reports/a.json", 10).unwrap().as_deref(), Some(b"[]".as_slice()));
    assert_eq!(below.read(&now, "./reports/a.json", 10).unwrap().as_deref(), Some(b"[1]".as_slice()));
    assert_eq!(below.read(&now, "reports/none.json", 10).unwrap(), None);
    assert_eq!(below.read(&now, "pyproject.toml", 10).unwrap(), None, "the one above is not the project's");
    let entries = |folder: &str| below.entries(&now, folder).unwrap().into_iter().map(|entry| (entry.name, entry.kind));
    let entries = |folder: &str| entries(folder).collect::<Vec<_>>();
    let (file, folder) = (EntryKind::File, EntryKind::Folder);
    let reports = [("a.json", file), ("b.json", file), ("deeper", folder), ("link", EntryKind::Link)];
    assert_eq!(entries("reports"), reports.map(|(name, kind)| (name.into(), kind)));
    assert_eq!(entries("reports/"), entries("reports"));
    assert_eq!(entries(""), [("reports".into(), folder)]);
    let all =
        ["reports", "reports/a.json", "reports/b.json", "reports/deeper", "reports/deeper/c.json", "reports/link"];
    let objects = below.objects(&now).unwrap();
    assert_eq!(objects.keys().collect::<HashSet<_>>(), all.map(Path::new).map(Path::to_path_buf).iter().collect());
    let object = |path: &str| objects[Path::new(path)].clone();
    assert_eq!(object("reports/a.json"), checkout.git(&["rev-parse", "HEAD:sub/project/reports/a.json"]));
    let top = Repository::find(&checkout.path()).unwrap().objects(&now).unwrap();
    assert!(
        ["pyproject.toml", "sub/project/reports/link"].iter().all(|path| top.contains_key(Path::new(path))),
        "{top:?}"
    );

    let at = |path: &str| below.read(&now, path, 2).unwrap_err();
    assert!(matches!(at("reports/a.json"), GitError::TooLarge { size: 3, limit: 2, .. }));
    assert!(matches!(at("reports"), GitError::NotAFile { kind: "a folder", .. }));
    assert!(matches!(at("reports/link"), GitError::NotAFile { kind: "a symbolic link", .. }));
    assert!(matches!(at("../../pyproject.toml"), GitError::OutsideProject { .. }));
    assert!(matches!(at("/etc/passwd"), GitError::OutsideProject { .. }));
    assert!(matches!(below.entries(&now, "scans").unwrap_err(), GitError::NoSuchPath { .. }));
    assert!(matches!(below.entries(&now, "reports/a.json").unwrap_err(), GitError::NoSuchPath { .. }));
}

#[test]
fn messages_of_commits_and_tags_are_read() {
    let (checkout, repository) = checkout();
    let commit = repository.resolve("HEAD").unwrap();
    checkout.git(&["tag", "light"]);
    checkout.git(&["tag", "-a", "-m", "one\n\nTrailer: x", "heavy"]);
    assert_eq!(repository.tag_object("light").unwrap(), Some(commit.clone()));
    assert_eq!(repository.tag_object("none").unwrap(), None);
    let tag = repository.tag_object("heavy").unwrap().unwrap();
    assert_ne!(tag, commit);
    assert_eq!(repository.message(&tag).unwrap(), "one\n\nTrailer: x\n");
    assert_eq!(repository.message(&commit).unwrap().trim_end(), checkout.git(&["log", "-1", "--format=%B"]).trim_end());
}

#[test]
fn a_revision_is_no_option() {
    let (checkout, repository) = checkout();
    for rev in ["", "-h", "--all", "--output=x", "a\nb", "a\0b"] {
        assert!(matches!(repository.resolve(rev).unwrap_err(), GitError::NoRevision { .. }), "{rev:?}");
    }
    for rev in
        ["v9", "HEAD~7", "main:pyproject.toml", "0000000000000000000000000000000000000000", "main..main", "@{x", "a b"]
    {
        assert!(matches!(repository.resolve(rev).unwrap_err(), GitError::NoSuchRevision { .. }), "{rev:?}");
    }
    checkout.git(&["tag", "-a", "-m", "x", "v1.0.0"]);
    assert_eq!(repository.resolve("v1.0.0").unwrap(), repository.resolve("HEAD").unwrap());
}

#[test]
fn tags_that_can_be_reached_are_listed() {
    let (checkout, repository) = checkout();
    checkout.git(&["tag", "v1.0.0"]);
    checkout.git(&["switch", "--quiet", "-c", "side"]);
    checkout.commit_all("aside");
    checkout.git(&["tag", "v2.0.0"]);
    checkout.git(&["switch", "--quiet", "main"]);
    checkout.git(&["tag", "-a", "-m", "x", "pkg/1.0.1"]);
    assert_eq!(repository.tags_merged().unwrap(), ["pkg/1.0.1", "v1.0.0"]);
    let empty = Checkout::empty();
    let repository = Repository::find(&empty.path()).unwrap();
    assert_eq!(repository.tags_merged().unwrap(), Vec::<String>::new());
    assert_eq!(repository.head().unwrap(), Head::Branch { name: "main".to_owned(), commit: None });
}

#[test]
fn what_is_no_repository_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Repository::find(folder.path()).unwrap_err();
    assert!(matches!(error, GitError::NoRepository { .. }), "{error}");
    let checkout = Checkout::empty();
    let error = Repository::find(&checkout.remote()).unwrap_err();
    assert!(matches!(error, GitError::NoWorkTree { .. }), "{error}");
}

#[test]
fn head_without_a_branch() {
    let (checkout, repository) = checkout();
    let commit = repository.resolve("HEAD").unwrap();
    assert_eq!(repository.head().unwrap().branch(), Some("main"));
    checkout.git(&["switch", "--quiet", "--detach"]);
    assert_eq!(repository.head().unwrap(), Head::Detached(commit));
}

/// A user in the middle of work: one file staged, one edited, one of both, one new.
fn in_the_middle_of_work(checkout: &Checkout) {
    for name in ["staged", "edited", "both"] {
        checkout.write(name, "old\n");
    }
    checkout.commit_all("more");
    checkout.write("staged", "staged\n");
    checkout.write("both", "staged\n");
    checkout.git(&["add", "staged", "both"]);
    checkout.write("both", "and edited\n");
    checkout.write("edited", "edited\n");
    checkout.write("new", "new\n");
}

fn state(checkout: &Checkout) -> [String; 4] {
    [
        checkout.git(&["status", "--porcelain=v1"]),
        checkout.git(&["diff", "--cached"]),
        checkout.git(&["diff"]),
        checkout.git(&["rev-parse", "HEAD"]),
    ]
}

#[test]
fn a_commit_holds_the_given_files_and_can_be_taken_back() {
    let (checkout, repository) = checkout();
    in_the_middle_of_work(&checkout);
    let before = state(&checkout);
    checkout.write("pyproject.toml", "version = \"1.0.1\"\n");
    checkout.write("CHANGELOG.md", "new\n");

    let paths = ["pyproject.toml", "CHANGELOG.md"];
    let states = repository.changed(&paths).unwrap();
    let words: Vec<_> = states.iter().map(|s| (s.path.to_str().unwrap(), s.tracked, s.staged, s.edited)).collect();
    assert_eq!(words, [("pyproject.toml", true, false, true), ("CHANGELOG.md", false, false, true)]);

    let commit = repository.commit(&paths, "chore: one\n\n# two\nRelwarden-Decision: 12\n").unwrap();
    assert_eq!(
        checkout.git(&["show", "--format=%B", "--name-only", "HEAD"]).lines().collect::<Vec<_>>(),
        ["chore: one", "", "# two", "Relwarden-Decision: 12", "", "", "CHANGELOG.md", "pyproject.toml"]
    );
    let after = state(&checkout);
    assert_eq!(&after[..3], &before[..3]);

    repository.undo_commit(&commit, &paths).unwrap();
    std::fs::remove_file(checkout.join("CHANGELOG.md")).unwrap();
    checkout.write("pyproject.toml", "version = \"1.0.0\"\n");
    assert_eq!(state(&checkout), before);
    assert!(matches!(repository.undo_commit(&commit, &paths).unwrap_err(), GitError::Moved { .. }));
}

#[test]
fn a_commit_that_a_hook_refuses_leaves_nothing() {
    let (checkout, repository) = checkout();
    in_the_middle_of_work(&checkout);
    let before = state(&checkout);
    checkout.hook(HookAt::WorkTree, "pre-commit", "echo 'not on a \x1b[31mFriday' >&2; exit 1");
    checkout.write("CHANGELOG.md", "new\n");
    let error = repository.commit(&["CHANGELOG.md"], "x").unwrap_err().to_string();
    assert!(error.contains("not on a \u{fffd}[31mFriday"), "{error}");
    std::fs::remove_file(checkout.join("CHANGELOG.md")).unwrap();
    assert_eq!(state(&checkout), before);
}

#[test]
fn a_push_arrives_whole_or_not_at_all() {
    let (checkout, repository) = checkout();
    checkout.git(&["push", "--quiet", "origin", "main"]);
    let first = repository.resolve("HEAD").unwrap();
    checkout.write("pyproject.toml", "version = \"1.0.1\"\n");
    let second = repository.commit(&["pyproject.toml"], "1.0.1").unwrap();
    repository.tag("v1.0.1", &second, TagMessage("1.0.1")).unwrap();
    assert_eq!(repository.tagged("v1.0.1").unwrap().as_ref(), Some(&second));
    assert_eq!(checkout.git(&["cat-file", "-t", "v1.0.1"]), "tag");

    checkout.hook(HookAt::Remote, "update", "case $1 in refs/tags/*) echo no tags today >&2; exit 1;; esac");
    let push = Push { branch: Some(("main", &second)), tag: Some("v1.0.1") };
    let error = repository.push("origin", &push).unwrap_err();
    assert!(matches!(error, GitError::PushRefused { why: PushRefusal::Forbidden, .. }), "{error}");
    assert!(error.to_string().contains("no tags today"), "{error}");
    let refs = repository.remote_refs("origin", Some("main"), Some("v1.0.1")).unwrap();
    assert_eq!((refs.branch("main"), refs.tag("v1.0.1")), (Some(&first), None));

    checkout.hook(HookAt::Remote, "update", "exit 0");
    repository.push("origin", &push).unwrap();
    repository.push("origin", &push).unwrap();
    let back = repository.push("origin", &Push { branch: Some(("main", &first)), tag: None }).unwrap_err();
    assert!(matches!(back, GitError::PushRefused { why: PushRefusal::Overtaken, .. }), "{back}");
    let refs = repository.remote_refs("origin", Some("main"), Some("v1.0.1")).unwrap();
    assert_eq!((refs.branch("main"), refs.tag("v1.0.1")), (Some(&second), Some(&second)));

    repository.remove_tag("v1.0.1").unwrap();
    assert_eq!(repository.tagged("v1.0.1").unwrap(), None);
    let other = Checkout::empty();
    let elsewhere = Repository::find(&other.path()).unwrap();
    let remote = checkout.remote().to_string_lossy().into_owned();
    assert!(matches!(elsewhere.resolve(second.as_str()).unwrap_err(), GitError::NoSuchRevision { .. }));
    elsewhere.fetch(&remote, RemoteName::Tag("v1.0.1"), &second).unwrap();
    elsewhere.fetch(&remote, RemoteName::Branch("main"), &second).unwrap();
    assert_eq!(elsewhere.read(&second, "pyproject.toml", 99).unwrap().unwrap(), b"version = \"1.0.1\"\n");
    assert_eq!(other.git(&["for-each-ref"]), "");
    assert!(repository.is_ancestor(&first, &second).unwrap());
    assert!(!repository.is_ancestor(&second, &first).unwrap());

    let nowhere = repository.push("nowhere", &push).unwrap_err();
    assert!(matches!(nowhere, GitError::Failed { .. }), "{nowhere}");
}

#[test]
fn a_branch_is_started_and_left() {
    let (checkout, repository) = checkout();
    in_the_middle_of_work(&checkout);
    let before = (state(&checkout), repository.head().unwrap());
    repository.start_branch("release/1.0.1").unwrap();
    assert_eq!(repository.head().unwrap().branch(), Some("release/1.0.1"));
    assert!(repository.start_branch("release/1.0.1").is_err());
    checkout.write("pyproject.toml", "version = \"1.0.1\"\n");
    let commit = repository.commit(&["pyproject.toml"], "1.0.1").unwrap();
    repository.undo_commit(&commit, &["pyproject.toml"]).unwrap();
    repository.leave_branch("release/1.0.1", &before.1).unwrap();
    checkout.write("pyproject.toml", "version = \"1.0.0\"\n");
    assert_eq!((state(&checkout), repository.head().unwrap()), before);
    assert_eq!(repository.branch("release/1.0.1").unwrap(), None);
}

#[test]
fn names_that_git_could_take_for_something_else_are_refused() {
    let (_checkout, repository) = checkout();
    let commit = repository.resolve("HEAD").unwrap();
    for name in ["", "-d", "a b", "a..b", "x.lock", "a~1", "a:b"] {
        assert!(
            matches!(repository.tag(name, &commit, TagMessage("x")).unwrap_err(), GitError::BadName { .. }),
            "{name}"
        );
        assert!(matches!(repository.start_branch(name).unwrap_err(), GitError::BadName { .. }), "{name}");
    }
    for remote in ["", "--upload-pack=x", "ext::sh -c x", "fd::7", "a b"] {
        let error = repository.remote_refs(remote, None, Some("v1")).unwrap_err();
        assert!(matches!(error, GitError::BadName { what: "remote", .. }), "{remote}: {error}");
    }
}

#[test]
fn what_is_ignored_and_how_a_checkout_writes_it() {
    let (checkout, repository) = checkout();
    checkout.write(".gitignore", "_version.py\n");
    checkout.write(".gitattributes", "*.txt eol=crlf\n");
    checkout.write("a.txt", "x\r\n");
    checkout.commit_all("more");
    checkout.write("_version.py", "x");
    assert!(repository.ignores("_version.py").unwrap());
    assert!(!repository.ignores("a.txt").unwrap());
    assert_eq!(repository.changed(&[Path::new("_version.py")]).unwrap(), []);
    checkout.write("sub/.gitignore", "*.json\n!b.json\nlost/\n");
    let below = Repository::find(&checkout.join("sub/project")).unwrap();
    let asked = ["reports/a.json", "none.json", "new/b.json", "lost/x.txt", "ok.txt"];
    let told: Vec<String> = below.ignored(&asked).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(told, ["none.json (sub/.gitignore:1: *.json)", "lost/x.txt (sub/.gitignore:3: lost/)"]);
    let head = repository.resolve("HEAD").unwrap();
    assert_eq!(repository.read(&head, "a.txt", 9).unwrap().as_deref(), Some(b"x\n".as_slice()));
    assert_eq!(repository.read_as_checked_out(&head, "a.txt", 9).unwrap().as_deref(), Some(b"x\r\n".as_slice()));
}

#[test]
fn a_work_tree_goes_on_from_what_the_remote_has_and_keeps_edits() {
    let (checkout, repository) = checkout();
    checkout.git(&["push", "--quiet", "origin", "main"]);
    let base = repository.resolve("HEAD").unwrap();
    checkout.write("sub/project/reports/a.json", "[2]");
    checkout.write("new.txt", "theirs\n");
    let theirs = checkout.commit_all("theirs");
    checkout.git(&["push", "--quiet", "origin", "main"]);
    checkout.git(&["reset", "--quiet", "--hard", base.as_str()]);
    checkout.git(&["update-ref", "-d", "refs/remotes/origin/main"]);

    let tip = repository.fetch_branch("origin", "main").unwrap().unwrap();
    assert_eq!(tip.as_str(), theirs);
    assert_eq!(repository.fetch_branch("origin", "none").unwrap(), None);
    assert_eq!(repository.parent(&tip).unwrap(), Some(base.clone()));
    let below = Repository::find(&checkout.join("sub/project")).unwrap();
    assert_eq!(below.differing(&base, &tip, &["reports"]).unwrap(), [Path::new("reports/a.json")]);
    assert_eq!(below.differing(&base, &tip, &["none"]).unwrap(), Vec::<std::path::PathBuf>::new());
    assert_eq!(repository.differing(&base, &tip, &["."]).unwrap().len(), 2);

    checkout.write("pyproject.toml", "edited\n");
    repository.move_to(&tip).unwrap();
    assert_eq!((checkout.text("new.txt").as_str(), checkout.text("pyproject.toml").as_str()), ("theirs\n", "edited\n"));
    checkout.write("new.txt", "ours\n");
    assert!(matches!(repository.move_to(&base).unwrap_err(), GitError::Failed { .. }), "an edit would be lost");
    assert_eq!(checkout.text("new.txt"), "ours\n");
}
