//! What must not be published, taken out of a report's words.

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
    }
}
