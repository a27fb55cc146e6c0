//! Licence expressions (PEP 639, SPDX), as `packaging.licenses` reads them.

use crate::data;

/// Why a text is no licence expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LicenseError {
    #[error("it is not a valid SPDX expression: identifiers joined by AND, OR and WITH")]
    Syntax,
    #[error("{0:?} is not a licence of the SPDX list")]
    Unknown(String),
    #[error("{0:?} is not an exception of the SPDX list")]
    UnknownException(String),
    #[error("{0:?}: a reference of one's own is `LicenseRef-` with letters, digits, `.` and `-`")]
    Reference(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Operator,
    With,
    Open,
    Close,
}

/// The deepest nesting of parentheses that Python reads.
const DEEPEST: usize = 200;

/// Whether a text is a licence expression. Letters may be of any case, and deprecated identifiers are good.
pub(crate) fn check(text: &str) -> Result<(), LicenseError> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ").to_lowercase();
    let tokens: Vec<Token<'_>> = spaced
        .split(super::scan::is_space)
        .filter(|word| !word.is_empty())
        .map(|word| match word {
            "and" | "or" => Token::Operator,
            "with" => Token::With,
            "(" => Token::Open,
            ")" => Token::Close,
            word => Token::Word(word),
        })
        .collect();
    let mut rest = tokens.as_slice();
    if !expression(&mut rest, DEEPEST) || !rest.is_empty() {
        return Err(LicenseError::Syntax);
    }
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| tokens[before]);
        match token {
            // An exception belongs to one licence.
            Token::With if !matches!((before, tokens.get(index + 1)), (Some(Token::Word(_)), Some(Token::Word(_)))) => {
                return Err(LicenseError::Syntax);
            }
            Token::With if index >= 2 && tokens[index - 2] == Token::With => return Err(LicenseError::Syntax),
            Token::Word(word) if before == Some(Token::With) => exception(word)?,
            Token::Word(word) => license(word)?,
            _ => {}
        }
    }
    Ok(())
}

fn exception(word: &str) -> Result<(), LicenseError> {
    if data::spdx_exceptions().contains(word) { Ok(()) } else { Err(LicenseError::UnknownException(word.to_owned())) }
}

fn license(word: &str) -> Result<(), LicenseError> {
    let bare = word.strip_suffix('+').unwrap_or(word);
    if let Some(reference) = bare.strip_prefix("licenseref-") {
        let fits = !reference.is_empty()
            && reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        return if fits && bare == word { Ok(()) } else { Err(LicenseError::Reference(word.to_owned())) };
    }
    if data::spdx_licenses().contains(bare) { Ok(()) } else { Err(LicenseError::Unknown(bare.to_owned())) }
}

/// `WITH` joins as the other operators do; what it joins is looked at later.
fn expression(rest: &mut &[Token<'_>], depth: usize) -> bool {
    if !operand(rest, depth) {
        return false;
    }
    while let [Token::Operator | Token::With, behind @ ..] = rest {
        *rest = behind;
        if !operand(rest, depth) {
            return false;
        }
    }
    true
}

fn operand(rest: &mut &[Token<'_>], depth: usize) -> bool {
    match rest {
        [Token::Word(_), behind @ ..] => {
            *rest = behind;
            true
        }
        [Token::Open, behind @ ..] if depth > 0 => {
            *rest = behind;
            if !expression(rest, depth - 1) {
                return false;
            }
            let [Token::Close, behind @ ..] = rest else {
                return false;
            };
            *rest = behind;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        for good in [
            "MIT",
            "mit and (Apache-2.0 or bsd-2-clause)",
            "GPL-2.0+",
            "GPL-3.0-only WITH Classpath-exception-2.0",
            "LicenseRef-My.Own-1",
            "(MIT)",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", LicenseError::Syntax),
            ("MIT Apache-2.0", LicenseError::Syntax),
            ("MIT/Apache-2.0", LicenseError::Unknown("mit/apache-2.0".into())),
            ("MIT OR", LicenseError::Syntax),
            ("(MIT", LicenseError::Syntax),
            ("()", LicenseError::Syntax),
            ("MIT WITH", LicenseError::Syntax),
            ("(MIT) WITH Classpath-exception-2.0", LicenseError::Syntax),
            ("MIT WITH MIT", LicenseError::UnknownException("mit".into())),
            ("BSD", LicenseError::Unknown("bsd".into())),
            ("LicenseRef-a_b", LicenseError::Reference("licenseref-a_b".into())),
            ("LicenseRef-a+", LicenseError::Reference("licenseref-a+".into())),
        ] {
            assert_eq!(check(bad), Err(why), "{bad}");
        }
    }
}
