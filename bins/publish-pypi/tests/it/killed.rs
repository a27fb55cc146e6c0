//! Publishes that are killed at any moment: the next run ends what they began.

use test_support::{
    Scratch, fixture,
    index::{Index, Settings},
    killed,
};

use crate::{dist, publish_pypi};

/// How many moments are tried at most; a run has fewer.
const MOST_MOMENTS: usize = 40;

#[test]
fn a_publish_that_is_killed_anywhere_is_ended_by_the_next() {
    let (mut kills, mut ended) = (0, 0);
    for moments in 0..MOST_MOMENTS {
        let project = Scratch::empty();
        let index = Index::start_with(Settings { delay: 5, ..Settings::default() });
        let run = || {
            publish_pypi(&project)
                .args(["--format", "json", "publish", "--auth", "none", "--index", &index.url()])
                .args(dist())
        };
        let folder = [project.path().to_path_buf()];
        let was_killed = killed::killed_after(run(), moments, || {
            (index.asked().len(), index.file_count(), killed::looks_of(&folder))
        });
        if was_killed {
            (kills, ended) = (kills + 1, 0);
        } else {
            ended += 1;
        }
        let document = run().output().expect_success().json();
        assert_eq!(document["verified"], true, "after {moments} changes");
        assert_eq!(project.json("receipt.json")["files"], document["files"], "after {moments} changes");
        let files = index.files();
        assert_eq!((files.len(), index.uploads().len()), (2, 2), "after {moments} changes");
        for (name, bytes) in files {
            assert_eq!(bytes, fixture(&format!("sample-project/dist/{name}")), "after {moments} changes");
        }
        if ended == 3 {
            break;
        }
    }
    assert!(kills >= 3, "{kills} kills");
}
