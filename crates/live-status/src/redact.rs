//! What must not be published, taken out of a report's words.

/// Rules about passwords in code quote the password.
pub(crate) fn speaks_of_credentials(rule: &str, description: &str) -> bool {
    let said = format!("{rule} {description}").to_ascii_lowercase();
    ["b105", "b106", "b107", "password", "passwd", "secret", "token", "credential", "api key"]
        .iter()
        .any(|word| said.contains(word))
}

/// The text with what stands between quotes replaced by `***`, to the end where a quote never closes.
pub(crate) fn without_literals(said: &str) -> String {
    let mut out = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(open) = rest.find(['\'', '"', '`']) {
        let (before, quoted) = rest.split_at(open);
        let mut characters = quoted.chars();
        let Some(quote) = characters.next() else {
            break;
        };
        let inner = characters.as_str();
        out.push_str(before);
        out.push(quote);
        out.push_str("***");
        out.push(quote);
        // The last quote of that kind ends it: the literal itself may hold some.
        rest = inner.rfind(quote).map_or("", |end| &inner[end + quote.len_utf8()..]);
    }
    out.push_str(rest);
    out
}

/// The text with absolute paths cut down to their last part: they tell about the machine.
pub(crate) fn without_absolute_paths(said: &str) -> String {
    let shown = |word: &str| -> String {
        let start = word.find(['/', '\\']).unwrap_or(0);
        let (head, path) = word.split_at(start);
        let is_drive = head.len() >= 2 && head.ends_with(':') && path.starts_with('\\');
        let is_root = path.starts_with('/')
            && !path.starts_with("//")
            && path.matches('/').count() > 1
            && head.chars().all(|c| !c.is_alphanumeric() && c != '.' && c != '<');
        if !is_drive && !is_root {
            return word.to_owned();
        }
        let head = if is_drive { "" } else { head };
        let last = path.rsplit(['/', '\\']).find(|part| !part.is_empty());
        format!("{head}\u{2026}/{}", last.unwrap_or_default())
    };
    said.split(' ').map(shown).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_password_is_not_repeated() {
        assert_eq!(
            without_literals("Possible hardcoded password: 'it's hunter2'"),
            "Possible hardcoded password: '***'"
        );
        assert_eq!(without_literals("password = \"abc"), "password = \"***\"");
        assert!(speaks_of_credentials("B105", ""));
    }

    #[test]
    fn the_machine_is_not_described() {
        for (said, shown) in [
            ("cannot read /home/runner/work/a.json: gone", "cannot read \u{2026}/a.json: gone"),
            ("(/srv/x/y.py)", "(\u{2026}/y.py)"),
            ("C:\\Users\\me\\a.py", "\u{2026}/a.py"),
            ("see https://osv.dev/x/y", "see https://osv.dev/x/y"),
            ("in src/a/b.py", "in src/a/b.py"),
            ("either and/or both", "either and/or both"),
            ("</script></b>", "</script></b>"),
        ] {
            assert_eq!(without_absolute_paths(said), shown);
        }
    }
}
