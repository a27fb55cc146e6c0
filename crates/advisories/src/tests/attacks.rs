//! The KEV catalogue and the EPSS scores.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::Write as _,
};

use findings_model::{
    AdvisoryId, Exploitation, Finding, FindingId, Rating, ReportFormat, ResolvedReason, Scope, Status, Subject,
    date_text,
};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use time::macros::date;

use super::vulnerability;
use crate::{Attacks, EpssError, EpssScores, KevCatalogue, KevError};

const KEV: &str = r#"{
  "title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "2026.01.02", "count": 3,
  "dateReleased": "2026-01-02T18:00:01.0Z",
  "vulnerabilities": [
    {"cveID": "CVE-2021-44228", "vendorProject": "Apache", "product": "Log4j2", "dateAdded": "2021-12-10",
     "dueDate": "2021-12-24", "knownRansomwareCampaignUse": "Known", "notes": "", "cwes": ["CWE-20"]},
    {"cveID": "CVE-2023-1", "dateAdded": "2023-02-01", "dueDate": "2023-02-20", "knownRansomwareCampaignUse": "Unknown"},
    {"cveID": "soon", "dateAdded": "2023-02-01", "dueDate": "2023-02-20"}
  ]
}"#;

const EPSS: &str = "#model_version:v2025.03.14,score_date:2026-01-02T12:55:00Z\ncve,epss,percentile\n\
    CVE-2021-44228,0.94358,0.99957\nCVE-2023-1,0.00043,0.1021\nCVE-2023-2,0.5,0.9\nCVE-2023-3,NaN,0.9\n";

fn ids(texts: &[&str]) -> BTreeSet<AdvisoryId> {
    texts.iter().map(|text| AdvisoryId::parse(text).unwrap()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn finding(ids: &[&str]) -> Finding {
    Finding {
        finding_id: FindingId::parse(ids[0]).unwrap(),
        subject: Subject::Vulnerability(vulnerability("pkg", "1.0", ids)),
        scope: Scope::Unknown,
        rating: Rating::unknown(),
        rated_on: None,
        memory: None,
        exploitation: Exploitation::default(),
        source_scanner: ReportFormat::PipAudit.scanner(),
        scanners: findings_model::Attributions::new(),
        status: Status::Open,
        discovered: date!(2023 - 02 - 05),
        last_seen: date!(2023 - 02 - 05),
        fix_version: None,
        description: "".into(),
        reference_url: None,
        extra: BTreeMap::new(),
    }
}

#[test]
fn a_flaw_is_found_in_the_catalogue_by_any_of_its_cve_numbers() {
    for bytes in [KEV.as_bytes().to_vec(), gzip(KEV.as_bytes()), [b"\xef\xbb\xbf", KEV.as_bytes()].concat()] {
        let kev = KevCatalogue::read(&bytes).unwrap();
        assert_eq!((kev.len(), kev.unreadable()), (2, 1));
        let listing = kev.listing(&ids(&["GHSA-jfh8-c2jp-5v3q", "CVE-2021-44228"])).unwrap();
        assert_eq!(date_text(listing.date_added), "2021-12-10");
        assert_eq!((listing.due_date, listing.known_ransomware), (Some(date!(2021 - 12 - 24)), true));
        assert_eq!(kev.listing(&ids(&["CVE-2020-1"])), None);
        let both = kev.listing(&ids(&["CVE-2021-44228", "CVE-2023-1"])).unwrap();
        assert_eq!((both.date_added, both.known_ransomware), (date!(2021 - 12 - 10), true));
    }
}

#[test]
fn a_catalogue_that_cannot_be_whole_is_not_used() {
    let read = |text: &str| KevCatalogue::read(text.as_bytes());
    assert!(matches!(read("<html>"), Err(KevError::Json(_))));
    assert!(matches!(read("{}"), Err(KevError::Json(_))));
    let Err(KevError::Json(list)) = read("[3, []]") else { panic!("a list is no catalogue") };
    assert!(list.to_string().starts_with("invalid type: sequence, expected an object with a list"), "{list}");
    assert!(matches!(read(r#"{"vulnerabilities":[]}"#), Err(KevError::Empty)));
    assert!(matches!(
        read(&KEV.replace("\"count\": 3", "\"count\": 1400")),
        Err(KevError::Short { listed: 3, count: 1400 })
    ));
    let packed = gzip(KEV.as_bytes());
    assert!(matches!(KevCatalogue::read(&packed[..packed.len() - 9]), Err(KevError::Unpack(_))));
}

#[test]
fn the_highest_score_of_a_flaw_counts() {
    let marked = format!("\u{feff}{EPSS}").into_bytes();
    for bytes in [EPSS.as_bytes().to_vec(), gzip(EPSS.as_bytes()), EPSS.replace('\n', "\r\n").into_bytes(), marked] {
        let scores = EpssScores::read(&bytes, &ids(&["CVE-2021-44228", "CVE-2023-1", "CVE-2023-9"])).unwrap();
        assert_eq!((scores.date(), scores.unreadable()), (date!(2026 - 01 - 02), 1));
        let score = scores.score(&ids(&["PYSEC-1", "CVE-2023-1", "CVE-2021-44228"])).unwrap();
        assert_eq!(
            serde_json::to_string(&score).unwrap(),
            r#"{"score":0.94358,"percentile":0.99957,"date":"2026-01-02"}"#
        );
        assert_eq!(scores.score(&ids(&["CVE-2023-9"])), None);
        assert_eq!(scores.score(&ids(&["CVE-2023-2"])), None, "nobody asked for it");
    }
}

#[test]
fn scores_that_cannot_be_whole_are_not_used() {
    let read = |text: &[u8]| EpssScores::read(text, &BTreeSet::new());
    assert!(matches!(read(b""), Err(EpssError::NoDate)));
    assert!(matches!(read(b"cve,epss,percentile\nCVE-2023-1,0.1,0.1\n"), Err(EpssError::NoDate)));
    assert!(matches!(read(b"#score_date:2026-01-02\nCVE-2023-1,0.1,0.1\n"), Err(EpssError::NoColumns)));
    assert!(matches!(read(b"#score_date:2026-01-02\ncve,epss,percentile\n"), Err(EpssError::CutOff(_))));
    assert!(matches!(read(EPSS.trim_end().as_bytes()), Err(EpssError::CutOff(_))));
    let long = format!("#score_date:2026-01-02\ncve,epss,percentile\n{}\n", "1".repeat(5000));
    assert!(matches!(read(long.as_bytes()), Err(EpssError::CutOff(_))));
    let packed = gzip(EPSS.as_bytes());
    assert!(matches!(read(&packed[..packed.len() - 9]), Err(EpssError::Unpack(_))));
}

#[test]
fn a_gzip_bomb_ends_at_the_limit() {
    let bomb = gzip(&vec![b'\n'; 80 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(KevCatalogue::read(&bomb), Err(KevError::Unpack(_))));
    let scores = [EPSS.as_bytes(), &vec![b'\n'; 80 << 20]].concat();
    assert!(matches!(EpssScores::read(&gzip(&scores), &BTreeSet::new()), Err(EpssError::Unpack(_))));
}

#[test]
fn a_source_that_is_there_has_the_last_word_and_one_that_is_not_changes_nothing() {
    let kev = KevCatalogue::read(KEV.as_bytes()).unwrap();
    let epss = EpssScores::read(EPSS.as_bytes(), &ids(&["CVE-2023-1"])).unwrap();
    let mut findings = [finding(&["PYSEC-1", "CVE-2023-1"]), finding(&["CVE-2023-7"]), finding(&["CVE-2023-1"])];
    findings[2].status = Status::Resolved { on: date!(2023 - 03 - 01), reason: ResolvedReason::Upgraded };
    Attacks { kev: Some(&kev), epss: Some(&epss) }.tell(&mut findings);
    let known = findings[0].exploitation;
    assert!(known.kev.is_some() && known.epss.is_some());
    assert_eq!(findings[1].exploitation, Exploitation::default());
    assert_eq!(findings[2].exploitation, Exploitation::default(), "what is over is left as it was");

    Attacks::default().tell(&mut findings);
    assert_eq!(findings[0].exploitation, known);
    let other =
        KevCatalogue::read(br#"{"vulnerabilities":[{"cveID":"CVE-1999-1","dateAdded":"2021-11-03"}]}"#).unwrap();
    Attacks { kev: Some(&other), epss: None }.tell(&mut findings);
    assert_eq!(findings[0].exploitation, Exploitation { kev: None, ..known });
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(KevCatalogue::read(&bytes));
        drop(EpssScores::read(&bytes, &BTreeSet::new()));
        drop(KevCatalogue::read(&[&[0x1f, 0x8b, 8, 0], bytes.as_slice()].concat()));
        drop(EpssScores::read(&[b"#score_date:2026-01-02\ncve,epss,percentile\n", bytes.as_slice()].concat(), &BTreeSet::new()));
    }

    #[test]
    fn every_score_comes_back(rows in prop::collection::btree_map(1_u32..9999, (0.0_f64..=1.0, 0.0_f64..=1.0), 1..40)) {
        let mut text = "#model_version:v1,score_date:2026-01-02T00:00:00+0000\ncve,epss,percentile\n".to_owned();
        let mut wanted = BTreeSet::new();
        for (number, (score, percentile)) in &rows {
            writeln!(text, "CVE-2023-{number},{score},{percentile}").unwrap();
            wanted.insert(AdvisoryId::parse(&format!("CVE-2023-{number}")).unwrap());
        }
        let scores = EpssScores::read(text.as_bytes(), &wanted).unwrap();
        for (id, (score, _)) in wanted.iter().map(|id| (id, &rows[&id.as_str()[9..].parse().unwrap()])) {
            let read = scores.score([id]).unwrap().score.value();
            prop_assert!((read - score).abs() < f64::EPSILON);
        }
    }
}
