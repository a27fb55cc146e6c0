//! The ledger's document, in the layout of this program and in others.

use serde_json::{Value, json};

use super::{project::Project, *};
use crate::Ledger;

fn ledger() -> Ledger {
    let mut p = Project::new();
    let audit =
        ["a 1.0 X-a CVE-2026-1", "b 2.0 X-b"].into_iter().fold(scan("pip-audit"), |s, said| s.finds(flaw(said)));
    p.take(5, &[audit, scan("bandit").finds(code("B101 a.py 3 say(\"x\")"))]);
    p.ledger
}

fn read(text: &str) -> Result<Ledger, String> {
    Ledger::from_json(text.as_bytes()).map_err(|e| format!("{e}: {}", std::error::Error::source(&e).unwrap()))
}

#[test]
fn every_layout_of_one_document_is_one_ledger() {
    let ledger = ledger();
    let text = String::from_utf8(ledger.to_json()).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    for other in [&text, &value.to_string(), &pretty, text.trim_end(), &text.replace(",\"kind\"", ", \"kind\"")] {
        assert_eq!(read(other).unwrap(), ledger, "{other}");
    }
    assert_eq!(String::from_utf8(read(&pretty).unwrap().to_json()).unwrap(), text);
    assert_eq!(Ledger::from_lines(text.as_bytes()).unwrap(), Some(ledger));
    assert_eq!(Ledger::from_lines(pretty.as_bytes()).unwrap(), None);
}

#[test]
fn what_is_no_ledger_in_one_layout_is_none_in_the_other() {
    let text = String::from_utf8(ledger().to_json()).unwrap();
    let twice = text.replacen("\n    {", "\n    {}\n    {", 1);
    for bad in [&twice, &text.replacen("},\n", "}\n", 1), &text.replacen("},\n", "},,\n", 1), &format!("{text}x")] {
        assert!(read(bad).unwrap_err().starts_with("the findings ledger cannot be read"), "{bad}");
        assert_eq!(Ledger::from_lines(bad.as_bytes()).unwrap(), None, "{bad}");
    }
    let id_twice = text.replacen("X-b", "X-a", 1);
    assert!(matches!(Ledger::from_json(id_twice.as_bytes()), Err(crate::LedgerError::Duplicate(_))));
    assert_eq!(Ledger::from_lines(id_twice.as_bytes()).unwrap(), None, "from_json says what is wrong");
}

#[test]
fn findings_are_those_of_the_document_itself() {
    let ledger = ledger();
    let text = String::from_utf8(ledger.to_json()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("    {\"finding_id\"")).collect();
    // Another list of findings stands in a field of a newer writer, in front and as the document's own would.
    let nested = format!("{{\n  \"newer\": {{\"a\": 1,\n  \"findings\": [\n{}\n  ]}},", lines.join("\n"));
    let within = read(&text.replacen('{', &nested, 1)).unwrap();
    assert_eq!(within.findings, ledger.findings);
    assert_eq!(within.extra["newer"]["findings"], json!(ledger.findings));
}
