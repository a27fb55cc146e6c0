//! Against a real index on loopback: every way an upload can go.

use std::{
    io::{Cursor, Write as _},
    sync::Mutex,
    time::Duration,
};

use credentials::{IndexCredential, TokenShape};
use dist_check::{CheckOptions, Distribution, Sha256, inspect};
use findings_model::{FileOutcome, PackageName, Receipt, Timestamp};
use test_support::index::{Fault, Index, Pages, Settings};

use crate::{
    Action, Content, ErrorKind, IndexAddress, IndexClient, IndexRules, Jobs, Observer, Parcel, Patience, Plan,
    PlanError, Preflight, Publication, PublishError, PublishOptions, RetryPolicy, plan, preflight, publish, releases,
    verify,
};

mod chaos;
mod release;
mod time_outs;

const TOKEN: &str = "hunter2-of-the-test-index";
const METADATA: &str = "Metadata-Version: 2.4\nName: Sample.Package\nVersion: 1.0.0\nSummary: A sample\n\
    Keywords: a,b c\nClassifier: Programming Language :: Python :: 3\nClassifier: Typing :: Typed\n\
    Requires-Python: >=3.9\nRequires-Dist: requests>=2; python_version<'4'\nProvides-Extra: x\n\
    Project-URL: Home, https://example.org/\nLicense-Expression: MIT\nLicense-File: LICENSE\nImport-Name: sample\n\
    Description-Content-Type: text/markdown\n\n# Sample \u{fc}\n\nText.\n";

fn sdist(padding: &str) -> (&'static str, Vec<u8>) {
    sdist_with(METADATA, padding)
}

fn sdist_of(metadata: &str) -> (&'static str, Vec<u8>) {
    sdist_with(metadata, "")
}

fn sdist_with(metadata: &str, padding: &str) -> (&'static str, Vec<u8>) {
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, text) in [("PKG-INFO", metadata), ("LICENSE", "MIT\n"), ("x.py", padding)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("sample_package-1.0.0/{path}"), text.as_bytes()).unwrap();
    }
    ("sample_package-1.0.0.tar.gz", builder.into_inner().unwrap().finish().unwrap())
}

fn wheel(python: &str) -> (String, Vec<u8>) {
    wheel_of(python, METADATA, &[])
}

/// A wheel with these bytes in it, as they are.
fn wheel_with(python: &str, data: &[u8]) -> (String, Vec<u8>) {
    wheel_of(python, METADATA, data)
}

fn wheel_of(python: &str, metadata: &str, data: &[u8]) -> (String, Vec<u8>) {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("sample/data", stored).unwrap();
    writer.write_all(data).unwrap();
    for (file, text) in [("METADATA", metadata), ("WHEEL", "Wheel-Version: 1.0\n"), ("RECORD", "")] {
        let path = format!("sample_package-1.0.0.dist-info/{file}");
        writer.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    (format!("sample_package-1.0.0-{python}-none-any.whl"), writer.finish().unwrap().into_inner())
}

fn file((name, bytes): (impl AsRef<str>, Vec<u8>)) -> Parcel {
    let inspection = inspect(name.as_ref(), &mut Cursor::new(&bytes), &CheckOptions::default()).unwrap();
    Parcel::new(inspection.distribution.unwrap(), Content::new(Cursor::new(bytes)))
}

/// A day after everything that the index has from the start.
fn now() -> Timestamp {
    "2026-01-06T03:00:00Z".parse().unwrap()
}

/// An index, a client of it, and a clock that only notes what it is asked to wait.
struct Bench {
    index: Index,
    client: IndexClient,
    waits: Mutex<Vec<Duration>>,
    policy: RetryPolicy,
}

impl Bench {
    fn new() -> Self {
        Self::with(Settings { token: Some(TOKEN.to_owned()), ..Settings::default() }, Some(TOKEN))
    }

    fn with(settings: Settings, token: Option<&str>) -> Self {
        // Another test of this process may have installed it.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let index = Index::start_with(settings);
        let address = IndexAddress::parse(&index.url(), None).unwrap();
        let credential = token.map(|token| {
            IndexCredential::from_environment("PYPI_TOKEN", token.to_owned(), TokenShape::Opaque).unwrap()
        });
        let client = IndexClient::new(address, credential).unwrap();
        Self { index, client, waits: Mutex::default(), policy: RetryPolicy::default() }
    }

    async fn plan(&self, files: &[Parcel]) -> Plan {
        let distributions: Vec<&Distribution> = files.iter().map(|parcel| &parcel.distribution).collect();
        let patience = Patience { policy: self.policy, seed: 1, sleep: async |_| () };
        plan(&self.client, &distributions, &IndexRules::default(), now(), &patience).await.unwrap()
    }

    async fn carry_out(&self, plan: &Plan, files: &[Parcel]) -> Publication {
        let sleep = async |wait| self.waits.lock().unwrap().push(wait);
        let patience = Patience { policy: self.policy, seed: 1, sleep };
        publish(&self.client, plan, files, &PublishOptions::default(), &patience).await
    }

    async fn publish(&self, files: &[Parcel]) -> Publication {
        let plan = self.plan(files).await;
        self.carry_out(&plan, files).await
    }

    fn waits(&self) -> usize {
        self.waits.lock().unwrap().len()
    }
}

fn outcomes(publication: &Publication) -> Vec<(FileOutcome, u32)> {
    publication.files.iter().map(|file| (file.outcome, file.attempts)).collect()
}

fn failure(publication: &Publication) -> (ErrorKind, String) {
    let error = publication.failure.as_ref().expect("the publication failed");
    let mut text = error.to_string();
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        text = format!("{text} / {deeper}");
        cause = deeper;
    }
    assert!(!text.contains(TOKEN) && !format!("{error:?}").contains(TOKEN), "{text}");
    assert!(!error.hint().is_empty());
    (error.kind(), text)
}

#[tokio::test]
async fn a_release_is_sent_once_and_complete() {
    let bench = Bench::new();
    let files = [file(wheel("py3")), file(sdist(""))];
    let publication = bench.publish(&files).await;
    assert!(publication.failure.is_none(), "{publication:?}");
    assert!(publication.verified);
    assert_eq!(outcomes(&publication), [(FileOutcome::Uploaded, 1), (FileOutcome::Uploaded, 1)]);

    let uploads = bench.index.uploads();
    let upload = &uploads[0];
    assert_eq!(upload.file_name, "sample_package-1.0.0-py3-none-any.whl");
    assert_eq!(Sha256::of(&upload.bytes), files[0].distribution.sha256());
    for (field, values) in [
        (":action", &["file_upload"][..]),
        ("protocol_version", &["1"]),
        ("blake2_256_digest", &[files[0].content.blake2(1 << 20).unwrap().as_str()]),
        ("filetype", &["bdist_wheel"]),
        ("pyversion", &["py3"]),
        ("metadata_version", &["2.4"]),
        ("name", &["Sample.Package"]),
        ("version", &["1.0.0"]),
        ("keywords", &["a,b c"]),
        ("classifiers", &["Programming Language :: Python :: 3", "Typing :: Typed"]),
        ("requires_dist", &["requests>=2; python_version<'4'"]),
        ("project_urls", &["Home, https://example.org/"]),
        ("license_file", &["LICENSE"]),
        ("import_name", &["sample"]),
        ("description", &["# Sample \u{fc}\n\nText.\n"]),
        ("sha256_digest", &[files[0].distribution.sha256().to_string().as_str()]),
    ] {
        assert_eq!(upload.field(field), values, "{field}");
    }
    assert_eq!(uploads[1].field("pyversion"), ["source"]);

    // Again: nothing is sent.
    let again = bench.publish(&files).await;
    assert!(again.verified);
    assert_eq!(outcomes(&again), [(FileOutcome::AlreadyThere, 0), (FileOutcome::AlreadyThere, 0)]);
    assert_eq!(bench.index.count("POST"), 2);
}

#[tokio::test]
async fn temporary_failures_are_retried() {
    for fault in [Fault::Status(503), Fault::Status(500), Fault::Status(429), Fault::Status(408), Fault::Hangup] {
        let bench = Bench::new();
        bench.index.fail_uploads([fault, fault]);
        let publication = bench.publish(&[file(sdist(""))]).await;
        assert!(publication.verified, "{fault:?}: {publication:?}");
        assert_eq!(outcomes(&publication), [(FileOutcome::Uploaded, 3)], "{fault:?}");
        assert_eq!((bench.waits(), bench.index.uploads().len()), (2, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn the_index_says_how_long_to_wait() {
    let bench = Bench::new();
    bench.index.fail_uploads([Fault::RetryAfter(429, 77)]);
    assert!(bench.publish(&[file(sdist(""))]).await.verified);
    assert_eq!(*bench.waits.lock().unwrap(), [Duration::from_secs(77)]);
}

#[tokio::test]
async fn a_lost_answer_is_not_a_lost_file() {
    for fault in [Fault::LoseAnswer, Fault::DoThenStatus(502), Fault::DoThenStatus(400)] {
        let bench = Bench::new();
        bench.index.fail_uploads([fault]);
        let publication = bench.publish(&[file(sdist(""))]).await;
        assert!(publication.verified, "{fault:?}: {publication:?}");
        assert_eq!(publication.files[0].attempts, 1, "{fault:?}");
        assert_eq!(bench.index.uploads().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn tries_end() {
    let bench = Bench::new();
    bench.index.fail_uploads([Fault::Status(503); 20]);
    let publication = bench.publish(&[file(wheel("py3")), file(sdist(""))]).await;
    assert_eq!(outcomes(&publication), [(FileOutcome::Failed, 6), (FileOutcome::Skipped, 0)]);
    let (kind, text) = failure(&publication);
    assert_eq!(kind, ErrorKind::Outside);
    assert!(text.contains("could not be sent in 6 tries") && text.contains("503"), "{text}");
    assert_eq!((bench.index.count("POST"), bench.waits()), (6, 5));
    assert!(!publication.verified);
}

#[tokio::test]
async fn a_refused_token_is_not_tried_twice() {
    let settings = Settings { token: Some("another-token".to_owned()), ..Settings::default() };
    let bench = Bench::with(settings, Some(TOKEN));
    let publication = bench.publish(&[file(wheel("py3")), file(sdist(""))]).await;
    let (kind, text) = failure(&publication);
    assert_eq!(kind, ErrorKind::Refused);
    assert!(text.contains("status 403: 403 Invalid or non-existent authentication information."), "{text}");
    assert_eq!(bench.index.count("POST"), 1);
    assert_eq!(outcomes(&publication), [(FileOutcome::Failed, 1), (FileOutcome::Skipped, 0)]);
}

/// A server that refuses at once and closes the connection leaves the client with a broken pipe.
#[tokio::test]
async fn a_refusal_that_came_early_is_understood() {
    let settings = Settings { token: Some("another-token".to_owned()), ..Settings::default() };
    let bench = Bench::with(settings, Some(TOKEN));
    bench.index.fail_uploads([Fault::Early(403)]);
    let mut noise = String::new();
    let mut state = 1_u32;
    while noise.len() < 8 << 20 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.push_str(&state.to_string());
    }
    let publication = bench.publish(&[file(sdist(&noise))]).await;
    assert_eq!(failure(&publication).0, ErrorKind::Refused);
    assert_eq!(outcomes(&publication), [(FileOutcome::Failed, 1)]);
}

#[tokio::test]
async fn a_rejected_file_says_why() {
    let bench = Bench::new();
    bench.index.fail_uploads([Fault::Status(400)]);
    let (kind, text) = failure(&bench.publish(&[file(sdist(""))]).await);
    assert_eq!(kind, ErrorKind::Rejected);
    assert_eq!(text, "the index rejected sample_package-1.0.0.tar.gz with status 400: 400 told to fail");
    assert_eq!(bench.waits(), 0);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let bench = Bench::new();
    bench.index.fail_uploads([Fault::Status(308)]);
    assert_eq!(failure(&bench.publish(&[file(sdist(""))]).await).0, ErrorKind::Usage);
}

#[tokio::test]
async fn other_bytes_of_the_same_name_stop_before_the_first_byte() {
    let bench = Bench::new();
    let (name, other) = sdist("x = 1\n");
    bench.index.put("sample-package", name, &other);
    let files = [file(wheel("py3")), file(sdist(""))];
    let plan = bench.plan(&files).await;
    assert_eq!(plan.files.iter().map(|file| file.action).collect::<Vec<_>>(), [Action::Upload, Action::Conflict]);
    let publication = bench.carry_out(&plan, &files).await;
    let (kind, text) = failure(&publication);
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(
        text.contains(&files[1].distribution.sha256().to_string()) && text.contains(&Sha256::of(&other).to_string()),
        "{text}"
    );
    assert_eq!(outcomes(&publication), [(FileOutcome::Skipped, 0), (FileOutcome::Failed, 0)]);
    assert_eq!(bench.index.count("POST"), 0);
}

#[tokio::test]
async fn another_runner_between_plan_and_upload() {
    let (name, ours) = sdist("");
    for (theirs, outcome) in [(ours, FileOutcome::AlreadyThere), (sdist("x").1, FileOutcome::Failed)] {
        let bench = Bench::new();
        let files = [file(sdist(""))];
        let plan = bench.plan(&files).await;
        bench.index.put("sample-package", name, &theirs);
        // As pypiserver, which refuses identical files too.
        bench.index.fail_uploads([Fault::Status(409)]);
        let publication = bench.carry_out(&plan, &files).await;
        assert_eq!(outcomes(&publication), [(outcome, 1)]);
        assert_eq!(publication.verified, outcome == FileOutcome::AlreadyThere);
        if outcome == FileOutcome::Failed {
            assert_eq!(failure(&publication).0, ErrorKind::Conflict);
        }
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_judged_is_no_success() {
    let bench = Bench::new();
    let files = [file(sdist(""))];
    let plan = bench.plan(&files).await;
    bench.index.fail_uploads([Fault::Status(409)]);
    bench.index.fail_pages([Fault::Status(500); 6]);
    let publication = bench.carry_out(&plan, &files).await;
    assert_eq!(failure(&publication).0, ErrorKind::Outside);
    assert_eq!(outcomes(&publication), [(FileOutcome::Failed, 1)]);
}

#[tokio::test]
async fn bytes_that_changed_after_the_check_are_not_published() {
    let (name, bytes) = sdist("");
    let checked = file((name, bytes.clone())).distribution;
    let mut longer = bytes.clone();
    longer.push(0);
    let mut other = bytes.clone();
    other[20] ^= 1;
    for content in [other, longer, bytes[..50].to_vec(), Vec::new()] {
        let bench = Bench::new();
        let files = [Parcel::new(checked.clone(), Content::new(Cursor::new(content)))];
        let publication = bench.publish(&files).await;
        assert_eq!(failure(&publication).0, ErrorKind::Changed);
        assert!(bench.index.files().is_empty());
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_not_published() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk on fire"))
        }
    }
    impl std::io::Seek for Broken {
        fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
            Ok(0)
        }
    }
    let bench = Bench::new();
    let files = [Parcel::new(file(sdist("")).distribution, Content::new(Broken))];
    let (kind, text) = failure(&bench.publish(&files).await);
    assert_eq!(kind, ErrorKind::Outside);
    assert!(text.ends_with("to send it / disk on fire"), "{text}");
}

#[tokio::test]
async fn verification_waits_for_a_slow_index_and_no_longer() {
    let bench = Bench::new();
    let files = [file(sdist(""))];
    let plan = bench.plan(&files).await;
    bench.index.serve_stale_pages(3);
    assert!(bench.carry_out(&plan, &files).await.verified);
    assert_eq!(*bench.waits.lock().unwrap(), [1, 2, 4].map(Duration::from_secs));

    bench.index.serve_stale_pages(1000);
    bench.waits.lock().unwrap().clear();
    let sleep = async |wait| bench.waits.lock().unwrap().push(wait);
    let patience = Patience { policy: bench.policy, seed: 1, sleep };
    let error = verify(&bench.client, &[&files[0].distribution], &patience).await.failure.unwrap();
    assert_eq!(error.to_string(), "the index does not list sample_package-1.0.0.tar.gz");
    assert_eq!(error.kind(), ErrorKind::Outside);
    assert_eq!(bench.waits.lock().unwrap().iter().sum::<Duration>(), Duration::from_mins(5));
}

#[tokio::test]
async fn an_index_that_was_read_before_is_asked_again_whatever_it_answers() {
    let bench = Bench::new();
    let files = [file(sdist(""))];
    let plan = bench.plan(&files).await;
    bench.index.fail_pages([Fault::Status(403), Fault::Html(200), Fault::Status(418)]);
    assert!(bench.carry_out(&plan, &files).await.verified);
    assert_eq!(*bench.waits.lock().unwrap(), [1, 2, 4].map(Duration::from_secs));

    let ever = Bench::new();
    let plan = ever.plan(&files).await;
    ever.index.fail_pages([Fault::Status(403); 100]);
    let publication = ever.carry_out(&plan, &files).await;
    assert_eq!(outcomes(&publication), [(FileOutcome::Uploaded, 1)]);
    let (kind, text) = failure(&publication);
    assert_eq!(kind, ErrorKind::Outside);
    assert!(text.starts_with("the index does not answer any more as it did before / "), "{text}");

    // Where nothing was read before, the set-up may be wrong, and no wait mends it.
    for (fault, kind) in [(Fault::Status(403), ErrorKind::Refused), (Fault::Html(200), ErrorKind::Usage)] {
        let fresh = Bench::new();
        fresh.index.fail_pages([fault]);
        let patience = Patience { policy: fresh.policy, seed: 1, sleep: async |_| () };
        let verification = verify(&fresh.client, &[&files[0].distribution], &patience).await;
        assert_eq!((verification.looks, verification.failure.unwrap().kind()), (1, kind));
    }
}

#[tokio::test]
async fn a_name_that_the_index_has_used_up_is_told_so() {
    for (fault, word) in [(Fault::Status(409), "never taken again"), (Fault::Status(501), "upload address")] {
        let bench = Bench::new();
        bench.index.fail_uploads([fault]);
        let publication = bench.publish(&[file(sdist(""))]).await;
        let hint = publication.failure.unwrap().hint();
        assert!(hint.contains(word), "{hint}");
    }
}

#[tokio::test]
async fn every_kind_of_page_gives_digests() {
    for pages in [Pages::JsonAndHtml, Pages::Html, Pages::HtmlWithoutDigests] {
        let bench = Bench::with(Settings { pages, ..Settings::default() }, None);
        let (name, other) = sdist("other");
        let (wheel_name, wheel_bytes) = wheel("py3");
        bench.index.put("sample-package", name, &other);
        bench.index.put("sample-package", &wheel_name, &wheel_bytes);
        let plan = bench.plan(&[file(wheel("py3")), file(sdist("")), file(wheel("py2"))]).await;
        let actions: Vec<Action> = plan.files.iter().map(|file| file.action).collect();
        assert_eq!(actions, [Action::Identical, Action::Conflict, Action::Upload], "{pages:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_fetched_for_its_digest_is_tried_again() {
    let bench = Bench::with(Settings { pages: Pages::HtmlWithoutDigests, ..Settings::default() }, None);
    let (name, bytes) = sdist("");
    bench.index.put("sample-package", name, &bytes);
    bench.index.fail_files([Fault::Status(503), Fault::Hangup]);
    assert_eq!(bench.plan(&[file(sdist(""))]).await.files[0].action, Action::Identical);
}

#[tokio::test]
async fn a_private_index_gets_the_token_only_when_it_asks() {
    let settings = Settings { token: Some(TOKEN.to_owned()), private: true, ..Settings::default() };
    let bench = Bench::with(settings.clone(), Some(TOKEN));
    assert!(bench.publish(&[file(sdist(""))]).await.verified);

    let open = Bench::new();
    assert!(open.publish(&[file(sdist(""))]).await.verified);
    assert!(open.index.asked().iter().all(|asked| asked.with_credentials == (asked.method == "POST")));

    let without = Bench::with(settings, None);
    let patience = Patience { policy: without.policy, seed: 1, sleep: async |_| () };
    let error = plan(&without.client, &[&file(sdist("")).distribution], &IndexRules::default(), now(), &patience)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn reading_is_retried_too() {
    let bench = Bench::new();
    bench.index.fail_pages([Fault::Status(503), Fault::Hangup, Fault::Status(429)]);
    assert_eq!(bench.plan(&[file(sdist(""))]).await.files[0].action, Action::Upload);
    bench.index.fail_pages([Fault::Status(503); 6]);
    let patience = Patience { policy: bench.policy, seed: 1, sleep: async |_| () };
    let error = plan(&bench.client, &[&file(sdist("")).distribution], &IndexRules::default(), now(), &patience)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Outside, "cannot learn what the index has of sample-package")
    );
}

#[tokio::test]
async fn nobody_listens() {
    let bench = Bench::new();
    let address = IndexAddress::parse(&bench.index.url(), None).unwrap();
    drop(bench.index);
    let client = IndexClient::new(address, None).unwrap();
    let patience = Patience { policy: bench.policy, seed: 1, sleep: async |_| () };
    assert_eq!(
        plan(&client, &[&file(sdist("")).distribution], &IndexRules::default(), now(), &patience)
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Outside
    );
}

#[tokio::test]
async fn many_files_go_side_by_side_after_the_first() {
    let bench = Bench::new();
    let files: Vec<_> = ["py3", "py2", "cp39", "cp310", "cp311", "cp312"].map(|python| file(wheel(python))).into();
    bench.index.fail_uploads([Fault::Hangup, Fault::Status(500)]);
    let publication = bench.publish(&files).await;
    assert!(publication.verified, "{publication:?}");
    assert_eq!(bench.index.files().len(), 6);
    assert_eq!(outcomes(&publication)[0], (FileOutcome::Uploaded, 3));
}

#[tokio::test]
async fn releases_as_a_document() {
    for pages in [Pages::JsonAndHtml, Pages::Html] {
        let bench = Bench::with(Settings { pages, ..Settings::default() }, None);
        let project = PackageName::parse("sample-package").unwrap();
        let patience = Patience { policy: bench.policy, seed: 1, sleep: async |_| () };
        let none = releases(&bench.client, &project, &patience).await.unwrap();
        assert_eq!((&none["files"], &none["versions"]), (&serde_json::json!([]), &serde_json::json!([])));

        let (name, bytes) = sdist("");
        bench.index.put("sample-package", name, &bytes);
        let document = releases(&bench.client, &project, &patience).await.unwrap();
        assert_eq!(document["versions"], serde_json::json!(["1.0.0"]), "{pages:?}");
        assert_eq!(document["files"][0]["filename"], name);
        assert_eq!(document["files"][0]["hashes"]["sha256"], Sha256::of(&bytes).to_string());
    }
}

#[tokio::test]
async fn a_receipt_says_what_happened() {
    let bench = Bench::new();
    let publication = bench.publish(&[file(sdist(""))]).await;
    let receipt = publication.receipt(Some("abc".to_owned()), "2026-01-05T03:00:00Z".parse().unwrap());
    let json = serde_json::to_value(&receipt).unwrap();
    assert_eq!(json["project"], "sample-package");
    assert_eq!(json["version"], "1.0.0");
    assert_eq!(json["decision_id"], "abc");
    assert_eq!(json["verified"], true);
    assert_eq!(json["files"][0]["outcome"], "uploaded");
}
