//! What a release allows, told beforehand: by the plan, and by an index as strict as PyPI.

use super::*;

fn strict() -> Bench {
    let settings = Settings { token: Some(TOKEN.to_owned()), strict: true, ..Settings::default() };
    Bench::with(settings, Some(TOKEN))
}

async fn planned(bench: &Bench, files: &[Parcel], rules: IndexRules, now: &str) -> Plan {
    let distributions: Vec<&Distribution> = files.iter().map(|parcel| &parcel.distribution).collect();
    let patience = Patience { policy: bench.policy, seed: 1, sleep: async |_| () };
    plan(&bench.client, &distributions, &rules, now.parse().unwrap(), &patience).await.unwrap()
}

#[tokio::test]
async fn a_plan_says_what_the_index_would_not_take() {
    let bench = Bench::new();
    let (wheel_name, wheel_bytes) = wheel("py3");
    let files = [file(wheel("py3")), file(wheel("py2")), file(sdist(""))];
    let fresh = planned(&bench, &files, IndexRules::default(), "2026-03-01T00:00:00Z").await;
    assert!(fresh.new_project && fresh.new_release && fresh.obstacle().is_none());

    // The release began on the fifth of January.
    bench.index.put("sample-package", &wheel_name, &wheel_bytes);
    let actions = |plan: &Plan| plan.files.iter().map(|file| file.action).collect::<Vec<_>>();
    let in_time = planned(&bench, &files, IndexRules::default(), "2026-01-19T03:00:00Z").await;
    assert_eq!(actions(&in_time), [Action::Identical, Action::Upload, Action::Upload]);
    assert!(!in_time.new_project && !in_time.new_release);
    let late = planned(&bench, &files, IndexRules::default(), "2026-01-19T03:00:01Z").await;
    assert_eq!(actions(&late), [Action::Identical, Action::Closed, Action::Closed]);
    let obstacle = late.obstacle().unwrap();
    assert_eq!(
        obstacle.to_string(),
        "the index would not take sample_package-1.0.0-py2-none-any.whl: the release began on 2026-01-05 and takes no \
         new file after 14 days; nothing was sent"
    );
    assert_eq!(obstacle.kind(), ErrorKind::Rejected);
    let open = IndexRules { release_days: None, ..IndexRules::default() };
    assert!(planned(&bench, &files, open, "2027-01-01T00:00:00Z").await.obstacle().is_none());

    let sent = bench.carry_out(&late, &files).await;
    assert!(matches!(sent.failure, Some(PublishError::Plan(PlanError::NotTaken { action: Action::Closed, .. }))));
    assert_eq!(bench.index.count("POST"), 0);

    let small = IndexRules { file_bytes: 10, ..IndexRules::default() };
    let plan = planned(&bench, &files, small, "2026-01-06T00:00:00Z").await;
    assert_eq!(actions(&plan), [Action::Identical, Action::TooBig, Action::TooBig]);
    let full = IndexRules { project_bytes: wheel_bytes.len() as u64 + 10, ..IndexRules::default() };
    let plan = planned(&bench, &files, full, "2026-01-06T00:00:00Z").await;
    assert_eq!(plan.files[1].action, Action::TooBig);

    for other in ["Sample.Package-1.0.0.tar.gz", "sample-package-1.0.0.zip"] {
        let bench = Bench::new();
        bench.index.put("sample-package", other, b"x");
        let plan = planned(&bench, &files, IndexRules::default(), "2026-01-06T00:00:00Z").await;
        assert_eq!(actions(&plan), [Action::Upload, Action::Upload, Action::SecondSdist], "{other}");
    }
}

#[tokio::test]
async fn the_index_is_asked_beforehand() {
    let ask = async |bench: &Bench, parcel: &Parcel| {
        let patience = Patience { policy: bench.policy, seed: 1, sleep: async |_| () };
        preflight(&bench.client, &parcel.distribution, &patience).await.unwrap()
    };
    let newer = METADATA.replace("Metadata-Version: 2.4", "Metadata-Version: 2.5");
    let good = file(sdist_of(&newer));
    let bench = strict();
    assert_eq!(ask(&bench, &good).await, Preflight::Acceptable);
    assert!(bench.index.files().is_empty());

    let bad = file(sdist_of(&newer.replace("Typing :: Typed", "Nothing :: Such")));
    let found = ask(&bench, &bad).await;
    assert_eq!(found.as_str(), "rejected");
    let said = found.answered().unwrap().said.clone().unwrap();
    assert_eq!(said, "400 'Nothing :: Such' is not a valid classifier.");

    let settings = Settings { token: Some(TOKEN.to_owned()), strict: true, file_first: true, ..Settings::default() };
    let hasty = Bench::with(settings, Some(TOKEN));
    assert_eq!(ask(&hasty, &good).await, Preflight::Known);
    assert_eq!(ask(&hasty, &bad).await, Preflight::Known);

    let settings = Settings { token: Some("another".to_owned()), strict: true, ..Settings::default() };
    let refused = ask(&Bench::with(settings, Some(TOKEN)), &good).await;
    assert_eq!((refused.as_str(), refused.answered().unwrap().status), ("refused", 403));
}

#[tokio::test]
async fn a_strict_index_takes_a_whole_release() {
    let newer = METADATA.replace("Metadata-Version: 2.4", "Metadata-Version: 2.5");
    let bench = strict();
    let publication = bench.publish(&[file(wheel_of("py3", &newer, &[])), file(sdist_of(&newer))]).await;
    assert!(publication.verified, "{publication:?}");
    assert_eq!(bench.index.uploads()[0].field("import_name"), ["sample"]);

    bench.index.close_releases("2026-01-01T00:00:00Z");
    // The plan was made too early, or by other rules: the index has the last word.
    let rules = IndexRules { release_days: None, ..IndexRules::default() };
    let files = [file(wheel_of("py2", &newer, &[]))];
    let plan = planned(&bench, &files, rules, "2026-02-01T00:00:00Z").await;
    let (kind, text) = failure(&bench.carry_out(&plan, &files).await);
    assert_eq!(kind, ErrorKind::Rejected);
    assert!(text.contains("older than 14 days"), "{text}");
}

#[tokio::test]
async fn attestations_go_with_their_file_and_with_trusted_publishing_only() {
    let newer = METADATA.replace("Metadata-Version: 2.4", "Metadata-Version: 2.5");
    let bench = strict();
    let attested = Parcel { attestations: Some("[{\"version\":1}]".to_owned()), ..file(sdist_of(&newer)) };
    let (kind, text) = failure(&bench.publish(&[attested]).await);
    assert_eq!(kind, ErrorKind::Rejected);
    assert!(text.contains("only supported when using Trusted Publishing"), "{text}");
}

#[tokio::test]
async fn a_renewed_credential_is_used() {
    let bench = Bench::with(Settings { token: Some("the-next".to_owned()), ..Settings::default() }, Some(TOKEN));
    let next = IndexCredential::from_environment("PYPI_TOKEN", "the-next".to_owned(), TokenShape::Opaque).unwrap();
    bench.client.renew(next);
    assert!(bench.publish(&[file(sdist(""))]).await.verified);
}

#[tokio::test]
async fn what_an_earlier_run_sent_counts_though_it_is_not_listed_yet() {
    let settings = Settings { refuses_identical: true, ..Settings::default() };
    let bench = Bench::with(settings, None);
    let files = [file(sdist(""))];
    let first = bench.publish(&files).await.receipt(None, now());
    // The pages are behind by two: the plan's, and that of the question after the refusal.
    for (earlier, outcome) in [(Some(first), FileOutcome::AlreadyThere), (None, FileOutcome::Failed)] {
        bench.index.serve_stale_pages(2);
        let plan = bench.plan(&files).await;
        let options = PublishOptions { earlier, ..PublishOptions::default() };
        let patience = Patience { policy: bench.policy, seed: 1, sleep: async |_| () };
        let publication = publish(&bench.client, &plan, &files, &options, &patience).await;
        assert_eq!(outcomes(&publication), [(outcome, 1)]);
        assert_eq!(publication.verified, outcome == FileOutcome::AlreadyThere);
    }
}

#[tokio::test]
async fn names_that_look_alike_are_found() {
    let bench = Bench::new();
    bench.index.put("samplepackage", "samplepackage-1.tar.gz", b"x");
    bench.index.put("sample-packages", "sample_packages-1.tar.gz", b"x");
    let name = PackageName::parse("sample-package").unwrap();
    assert_eq!(crate::similar::similar(&bench.client, &name).await, ["samplepackage"]);
}
