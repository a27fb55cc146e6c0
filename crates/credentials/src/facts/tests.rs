use findings_model::{PackageName, Timestamp};

use super::*;

/// 2026-01-05T03:00:00Z
const NOW: i64 = 1_767_582_000;

fn now() -> Timestamp {
    Timestamp::from_unix(NOW).unwrap()
}

fn project() -> PackageName {
    PackageName::parse("sample-package").unwrap()
}

/// A token with these caveats, in the layout that PyPI's have; its signature is worth nothing.
fn token(location: &str, caveats: &[&str]) -> PypiToken {
    let mut bytes = vec![2, 1, u8::try_from(location.len()).unwrap()];
    bytes.extend_from_slice(location.as_bytes());
    bytes.extend_from_slice(&[2, 36]);
    bytes.extend_from_slice(b"00000000-0000-4000-8000-000000000000");
    bytes.push(0);
    for caveat in caveats {
        bytes.extend_from_slice(&[2, u8::try_from(caveat.len()).unwrap()]);
        bytes.extend_from_slice(caveat.as_bytes());
        bytes.push(0);
    }
    bytes.extend_from_slice(&[0, 6, 32]);
    bytes.extend_from_slice(&[9; 32]);
    PypiToken::parse(format!("pypi-{}", BASE64_OUT.encode(bytes)), TokenShape::Pypi).unwrap()
}

fn judge(location: &str, caveats: &[&str], index: &str) -> Result<(), TokenMisfit> {
    let index = IndexIdentity::of_host(index);
    let (project, facts) = (project(), TokenFacts::read(&token(location, caveats)).unwrap());
    facts.judge(TokenUse { index: &index, project: &project, now: now() })
}

#[test]
fn the_scope_is_what_all_caveats_leave() {
    let scope = |caveats: &[&str]| TokenFacts::read(&token("pypi.org", caveats)).unwrap().scope().to_string();
    assert_eq!(scope(&[]), "every project of an account");
    assert_eq!(scope(&["[3,\"u\"]"]), "every project of an account");
    assert_eq!(scope(&["{\"version\":1,\"permissions\":\"user\"}"]), "every project of an account");
    assert_eq!(scope(&["[1,[\"a\",\"b\"]]"]), "the project a or b");
    assert_eq!(scope(&["[1,[\"a\",\"b\"]]", "[1,[\"b\",\"c\"]]"]), "the project b");
    assert_eq!(scope(&["[1,[\"a\"]]", "[1,[\"b\"]]"]), "no project");
    assert_eq!(scope(&["{\"version\":1,\"permissions\":{\"projects\":[\"a\"]}}"]), "the project a");
    assert_eq!(scope(&["[2,[\"7\"]]"]), "one project, which it names by an id");
    assert_eq!(scope(&["[4,\"p\"]", "[0,1767582900,1767582000]"]), "the projects of a trusted publisher");
    assert!(TokenFacts::read(&token("pypi.org", &["[9,1]"])).unwrap().has_unknown_caveat());
}

#[test]
fn a_token_is_judged_for_its_use() {
    assert_eq!(judge("pypi.org", &["[1,[\"sample-package\"]]"], "upload.pypi.org"), Ok(()));
    assert_eq!(judge("test.pypi.org", &[], "test.pypi.org"), Ok(()));
    assert_eq!(judge("pypi.org", &[], "127.0.0.1"), Ok(()), "a server on this machine plays another index's part");
    for (location, index) in [
        ("pypi.org", "test.pypi.org"),
        ("test.pypi.org", "upload.pypi.org"),
        ("pypi.org", "pypi.example.org"),
        ("pypi.example.org", "upload.pypi.org"),
    ] {
        let wrong = judge(location, &[], index).unwrap_err();
        assert!(matches!(wrong, TokenMisfit::WrongIndex { .. }), "{location} {index}: {wrong}");
    }
    let (past, future) = (format!("[0,{NOW},0]"), format!("[0,{},{}]", NOW + 9, NOW + 1));
    assert_eq!(judge("pypi.org", &[&past], "pypi.org"), Err(TokenMisfit::Expired(now())));
    assert!(matches!(judge("pypi.org", &[&future], "pypi.org"), Err(TokenMisfit::NotYet(_))));
    let other = judge("pypi.org", &["[1,[\"other\"]]"], "pypi.org").unwrap_err();
    insta::assert_snapshot!(other, @"the token is for the project other, not for sample-package");
    insta::assert_snapshot!(other.hint(), @"make a token for sample-package on the index and store it with `publish-pypi rotate`");
    let wrong = judge("test.pypi.org", &[], "pypi.org").unwrap_err();
    insta::assert_snapshot!(wrong, @"the token was made by TestPyPI, and is not sent to PyPI");
    insta::assert_snapshot!(wrong.hint(), @"store a token that PyPI made, or publish with --index testpypi");
}

#[test]
fn a_narrowed_token_is_for_one_project_and_fifteen_minutes() {
    let wide = token("pypi.org", &["[3,\"u\"]"]);
    let narrow = wide.narrowed(&project(), now()).unwrap();
    assert_ne!(narrow.expose(), wide.expose());
    let facts = TokenFacts::read(&narrow).unwrap();
    assert_eq!(facts.scope(), TokenScope::Projects(["sample-package".to_owned()].into()));
    assert_eq!(facts.expires(), Timestamp::from_unix(NOW + 900));
    assert_eq!(facts.valid_from(), Timestamp::from_unix(NOW - 60));
}

#[test]
fn a_part_of_a_token_is_none() {
    let whole = token("pypi.org", &["[3,\"00000000-0000-4000-8000-000000000000\"]"]);
    for cut in 1..20 {
        let part = &whole.expose()[..whole.expose().len() - cut];
        let part = PypiToken::parse(part.to_owned(), TokenShape::Pypi).unwrap();
        assert_eq!(TokenFacts::read(&part), Err(MacaroonError::Truncated), "without the last {cut} characters");
    }
    let opaque = PypiToken::parse("a-password".to_owned(), TokenShape::Opaque).unwrap();
    assert_eq!(TokenFacts::read(&opaque), Err(MacaroonError::Version));
}

#[test]
fn an_index_is_called_by_its_own_name() {
    for (host, audience, may) in [
        ("upload.pypi.org", "pypi", true),
        ("upload.pypi.org", "testpypi", false),
        ("upload.pypi.org", "sts.amazonaws.com", false),
        ("test.pypi.org", "testpypi", true),
        ("test.pypi.org", "pypi", false),
        ("pypi.example.org", "example-index", true),
        ("pypi.example.org", "https://pypi.example.org", true),
        ("pypi.example.org", "pypi", false),
        ("pypi.example.org", " PyPI", false),
        ("pypi.example.org", "sts.amazonaws.com", false),
        ("pypi.example.org", "sts.amazonaws.com.cn", false),
        ("pypi.example.org", "sigstore", false),
        ("pypi.example.org", "api://AzureADTokenExchange", false),
        ("pypi.example.org", "https://github.com/octo", false),
        ("pypi.example.org", "", false),
        ("127.0.0.1", "pypi", true),
    ] {
        assert_eq!(IndexIdentity::of_host(host).may_be_called(audience), may, "{host}: {audience}");
    }
}
