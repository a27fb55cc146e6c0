//! What a text tells of the machine that it comes from.

/// The text with absolute paths cut down to their last part: they tell about the machine.
pub fn without_absolute_paths(said: &str) -> String {
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
