//! Nothing works reliably, and everything arrives once.

use super::*;

#[tokio::test]
async fn two_hundred_files_arrive_once_though_three_of_ten_requests_fail() {
    let files: Vec<Parcel> = (0..200).map(|n| file(wheel_with(&format!("cp3{n}"), &[n; 2000]))).collect();
    for seed in [1, 7, 2026] {
        let bench = Bench::new();
        bench.index.fail_by_chance(seed, 30);
        let mut receipts: Vec<Receipt> = Vec::new();
        // Six tries a file are not enough for every one of them: a person, or the workflow, runs the step again.
        for _ in 0..5 {
            let plan = bench.plan(&files).await;
            let options = PublishOptions { earlier: receipts.last().cloned(), ..PublishOptions::default() };
            let patience = Patience { policy: bench.policy, seed, sleep: async |_| () };
            let publication = publish(&bench.client, &plan, &files, &options, &patience).await;
            receipts.push(publication.receipt(None, now()));
            if publication.failure.is_none() {
                break;
            }
        }
        let last = receipts.last().unwrap();
        assert!(last.verified, "seed {seed}: {last:?}");

        // Each file is there once, and with its own bytes.
        let mut names: Vec<String> = bench.index.uploads().into_iter().map(|upload| upload.file_name).collect();
        names.sort();
        names.dedup();
        assert_eq!((names.len(), bench.index.uploads().len()), (200, 200), "seed {seed}");
        let stored = bench.index.files();
        for (parcel, told) in files.iter().zip(&last.files) {
            let sha256 = Sha256::of(&stored[parcel.distribution.file_name()]);
            assert_eq!((sha256, told.sha256.as_str()), (parcel.distribution.sha256(), &*sha256.to_string()));
            assert!(matches!(told.outcome, FileOutcome::Uploaded | FileOutcome::AlreadyThere));
        }
        // No receipt says of a file that it was sent before it was there.
        let uploaded = receipts.iter().flat_map(|r| &r.files).filter(|file| file.outcome == FileOutcome::Uploaded);
        let mut told: Vec<&str> = uploaded.map(|file| file.file.as_str()).collect();
        told.sort_unstable();
        let count = told.len();
        told.dedup();
        assert_eq!(told.len(), count, "seed {seed}: a file was told to be uploaded twice");
        assert!(receipts.len() < 4, "seed {seed}: {} runs", receipts.len());
    }
}

#[tokio::test]
async fn an_index_that_only_fails_is_left_alone() {
    let mut bench = Bench::new();
    bench.policy.breaker = 5;
    let files: Vec<Parcel> = ["py3", "py2", "cp39", "cp310", "cp311", "cp312"].map(|tag| file(wheel(tag))).into();
    let faults = std::iter::once(Fault::Slow(0)).chain([Fault::Status(503); 50]);
    bench.index.fail_uploads(faults);
    let publication = bench.publish(&files).await;
    assert_eq!(failure(&publication).0, ErrorKind::Outside);
    assert_eq!(publication.files[0].outcome, FileOutcome::Uploaded);
    // Four at a time meet the fifth failure together, and those not begun are not begun.
    assert!(bench.index.count("POST") <= 1 + 8, "{}", bench.index.count("POST"));
    assert_eq!(publication.files[5].outcome, FileOutcome::Skipped);
}

#[tokio::test]
async fn one_file_that_cannot_be_sent_does_not_keep_the_others() {
    let bench = Bench::new();
    let files: Vec<Parcel> = ["py3", "py2", "cp39"].map(|tag| file(wheel(tag))).into();
    bench.index.fail_uploads(std::iter::once(Fault::Slow(0)).chain([Fault::Status(502); 6]));
    let options = PublishOptions { jobs: Jobs::new(1).unwrap(), ..PublishOptions::default() };
    let plan = bench.plan(&files).await;
    let patience = Patience { policy: bench.policy, seed: 1, sleep: async |_| () };
    let publication = publish(&bench.client, &plan, &files, &options, &patience).await;
    let expected = [(FileOutcome::Uploaded, 1), (FileOutcome::Failed, 6), (FileOutcome::Uploaded, 1)];
    assert_eq!(outcomes(&publication), expected);
    assert!(!publication.verified);
    let answered = publication.failure.as_ref().and_then(PublishError::answered).unwrap();
    assert_eq!((answered.status, answered.request_id.as_deref()), (502, Some("request-4711-of-the-index")));
}

#[tokio::test]
async fn each_fault_ends_in_one_file_on_the_index() {
    let body = 3000;
    for fault in [
        Fault::Hangup,
        Fault::ResetAt(body),
        Fault::ResetAt(0),
        Fault::Html(504),
        Fault::RetryAfter(429, 1),
        Fault::LoseAnswer,
        Fault::TruncateAnswer,
        Fault::DoThenStatus(502),
        Fault::Slow(1),
    ] {
        let bench = Bench::new();
        bench.index.fail_uploads([fault, fault]);
        let publication = bench.publish(&[file(wheel_with("py3", &[7; 10_000]))]).await;
        assert!(publication.verified, "{fault:?}: {publication:?}");
        assert_eq!(outcomes(&publication)[0].0, FileOutcome::Uploaded, "{fault:?}");
        assert_eq!(bench.index.uploads().len(), 1, "{fault:?}");
    }
}
