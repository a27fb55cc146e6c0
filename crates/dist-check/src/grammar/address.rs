//! E-mail addresses: found in a field as Python's `email.utils.parseaddr` finds them, judged as `email-validator` does.

/// Domains that nobody can have mail at (IANA's list of special-use names).
const SPECIAL_DOMAINS: [&str; 6] = ["arpa", "invalid", "local", "localhost", "onion", "test"];
/// The longest address, in bytes (RFC 3696, erratum 1690).
const LONGEST_ADDRESS: usize = 254;
const LONGEST_DOMAIN: usize = 253;
const LONGEST_LABEL: usize = 63;

/// The address of the first mailbox of a field such as `Ann <ann@example.org>, bob@example.org`. Empty if there is none.
pub(crate) fn first_address(field: &str) -> String {
    if field.is_empty() {
        return String::new();
    }
    let mut reader = Reader { field: field.chars().collect(), at: 0 };
    let mut found = Vec::new();
    // Groups can be empty; the first entry counts, whatever it is.
    while reader.at < reader.field.len() && found.is_empty() {
        let before = reader.at;
        let addresses = reader.address(0);
        if addresses.is_empty() {
            found.push(String::new());
        } else {
            found.extend(addresses);
        }
        if reader.at == before {
            break;
        }
    }
    found.into_iter().next().unwrap_or_default()
}

/// Whether mail could be sent to an address, as far as its form tells.
pub(crate) fn is_address(address: &str) -> bool {
    if address.contains(['"', '<']) || address.len() > LONGEST_ADDRESS {
        return false;
    }
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    is_local_part(local) && is_domain(domain)
}

fn is_local_part(local: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_!#$%&'*+-/=?^`{|}~".contains(c) || is_letter(c);
    // A mark in front would combine with whatever stands before the address.
    !local.starts_with(is_mark) && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(fits))
}

/// Whether a character combines with the one in front of it (Unicode's category M).
fn is_mark(c: char) -> bool {
    match c {
        // These enclose, and are part of no name.
        '\u{488}'
        | '\u{489}'
        | '\u{1abe}'
        | '\u{20dd}'..='\u{20e0}'
        | '\u{20e2}'..='\u{20e4}'
        | '\u{a670}'..='\u{a672}' => true,
        // These are part of names, and are punctuation, digits or half-width vowel signs.
        '\u{b7}'
        | '\u{387}'
        | '\u{30fb}'
        | '\u{ff65}'
        | '\u{ff9e}'
        | '\u{ff9f}'
        | '\u{203f}'
        | '\u{2040}'
        | '\u{2054}'
        | '\u{fe33}'
        | '\u{fe34}'
        | '\u{fe4d}'..='\u{fe4f}'
        | '\u{ff3f}'
        | '\u{200c}'
        | '\u{200d}' => false,
        _ => !c.is_ascii() && !c.is_numeric() && unicode_ident::is_xid_continue(c) && !unicode_ident::is_xid_start(c),
    }
}

/// Whether a character beyond ASCII may stand in an address: no space, control, format or private-use character.
fn is_letter(c: char) -> bool {
    !c.is_ascii()
        && !c.is_whitespace()
        && !c.is_control()
        && !findings_model::text::is_unsafe_to_show(c)
        && !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

fn is_domain(domain: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.') || is_letter(c);
    if domain.is_empty() || domain.chars().count() > LONGEST_DOMAIN || !domain.chars().all(fits) {
        return false;
    }
    let needs_idna =
        !domain.is_ascii() || domain.to_ascii_lowercase().split('.').any(|label| label.starts_with("xn--"));
    let ascii = if needs_idna {
        // IDNA 2008 takes letters, marks and digits only; the mapping that is applied first takes more.
        let (unicode, valid) = idna::domain_to_unicode(domain);
        if valid.is_err() || !unicode.chars().all(|c| c.is_ascii() || c.is_alphanumeric()) {
            return false;
        }
        match idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::STD3) {
            Ok(ascii) => ascii.into_owned(),
            Err(_) => return false,
        }
    } else {
        domain.to_ascii_lowercase()
    };
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let reserved = bytes.len() > 3 && bytes[2..].starts_with(b"--") && !label.starts_with("xn");
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !reserved
    };
    let special =
        SPECIAL_DOMAINS.iter().any(|special| ascii.strip_suffix(special).is_some_and(|rest| rest.ends_with('.')));
    ascii.contains('.')
        && ascii.len() <= LONGEST_DOMAIN
        && ascii.split('.').all(is_label)
        && ascii.ends_with(|c: char| c.is_ascii_alphabetic())
        && !special
}

/// The most groups within each other; far beyond what anybody writes.
const DEEPEST: usize = 50;
const SPECIALS: &str = "()<>@,:;.\"[]";

/// Reads a list of mailboxes (RFC 2822) as leniently as Python does.
struct Reader {
    field: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.field.get(self.at).copied()
    }

    /// Steps over white space and comments; returns the blanks among it.
    fn skip(&mut self) -> String {
        let mut blanks = String::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' => {
                    blanks.push(c);
                    self.at += 1;
                }
                '\r' | '\n' => self.at += 1,
                '(' => drop(self.comment(0)),
                _ => break,
            }
        }
        blanks
    }

    fn address(&mut self, depth: usize) -> Vec<String> {
        self.skip();
        let start = self.at;
        let phrases = self.phrases();
        self.skip();
        let mut found = Vec::new();
        match self.peek() {
            None => found.extend(phrases.into_iter().next()),
            Some('.' | '@') => {
                self.at = start;
                found.push(self.address_spec());
            }
            Some(':') => {
                self.at += 1;
                while self.at < self.field.len() {
                    self.skip();
                    if self.peek() == Some(';') {
                        self.at += 1;
                        break;
                    }
                    let before = self.at;
                    if depth < DEEPEST {
                        found.extend(self.address(depth + 1));
                    }
                    if self.at == before {
                        self.at += 1;
                    }
                }
            }
            Some('<') => found.push(self.route_address()),
            Some(c) => {
                if let Some(phrase) = phrases.into_iter().next() {
                    found.push(phrase);
                } else if SPECIALS.contains(c) {
                    self.at += 1;
                }
            }
        }
        self.skip();
        if self.peek() == Some(',') {
            self.at += 1;
        }
        found
    }

    fn route_address(&mut self) -> String {
        self.at += 1;
        self.skip();
        let mut expects_route = false;
        let mut address = String::new();
        while let Some(c) = self.peek() {
            if expects_route {
                self.domain();
                expects_route = false;
            } else if c == '>' {
                self.at += 1;
                break;
            } else if c == '@' {
                self.at += 1;
                expects_route = true;
            } else if c == ':' {
                self.at += 1;
            } else {
                address = self.address_spec();
                self.at += 1;
                break;
            }
            self.skip();
        }
        address
    }

    fn address_spec(&mut self) -> String {
        let mut parts: Vec<String> = Vec::new();
        let drop_blanks = |parts: &mut Vec<String>| {
            if parts.last().is_some_and(|part| part.trim().is_empty()) {
                parts.pop();
            }
        };
        self.skip();
        while let Some(c) = self.peek() {
            let mut keep_blanks = true;
            if c == '.' {
                drop_blanks(&mut parts);
                parts.push(".".to_owned());
                self.at += 1;
                keep_blanks = false;
            } else if c == '"' {
                let quoted = self.quoted();
                parts.push(format!("\"{}\"", quoted.replace('\\', "\\\\").replace('"', "\\\"")));
            } else if ends_atom(c) {
                drop_blanks(&mut parts);
                break;
            } else {
                parts.push(self.atom(ends_atom));
            }
            let blanks = self.skip();
            if keep_blanks && !blanks.is_empty() {
                parts.push(blanks);
            }
        }
        if self.peek() != Some('@') {
            return parts.concat();
        }
        self.at += 1;
        self.skip();
        let domain = self.domain();
        if domain.is_empty() { String::new() } else { format!("{}@{domain}", parts.concat()) }
    }

    fn domain(&mut self) -> String {
        let mut domain = String::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' => self.at += 1,
                '(' => drop(self.comment(0)),
                '[' => {
                    let literal = self.delimited(']', false, 0);
                    domain.extend(["[", literal.as_str(), "]"]);
                }
                '.' => {
                    self.at += 1;
                    domain.push('.');
                }
                '@' => return String::new(),
                c if ends_atom(c) => break,
                _ => domain.push_str(&self.atom(ends_atom)),
            }
        }
        domain
    }

    fn phrases(&mut self) -> Vec<String> {
        let mut phrases = Vec::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' | '\n' => self.at += 1,
                '"' => phrases.push(self.quoted()),
                '(' => drop(self.comment(0)),
                c if ends_phrase(c) => break,
                _ => phrases.push(self.atom(ends_phrase)),
            }
        }
        phrases
    }

    fn atom(&mut self, ends: fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !ends(c)) {
            self.at += 1;
        }
        self.field[start..self.at].iter().collect()
    }

    fn quoted(&mut self) -> String {
        self.delimited('"', false, 0)
    }

    fn comment(&mut self, depth: usize) -> String {
        self.delimited(')', true, depth)
    }

    /// What stands between the delimiter here and its end, which may be missing.
    fn delimited(&mut self, end: char, comments: bool, depth: usize) -> String {
        let mut content = String::new();
        let mut escaped = false;
        self.at += 1;
        while let Some(c) = self.peek() {
            if escaped {
                content.push(c);
                escaped = false;
            } else if c == end || c == '\r' {
                self.at += 1;
                break;
            } else if comments && c == '(' && depth < DEEPEST {
                content.push_str(&self.comment(depth + 1));
                continue;
            } else if c == '\\' {
                escaped = true;
            } else {
                content.push(c);
            }
            self.at += 1;
        }
        content
    }
}

fn ends_atom(c: char) -> bool {
    SPECIALS.contains(c) || matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn ends_phrase(c: char) -> bool {
    c != '.' && ends_atom(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_address_of_a_field() {
        for (field, address) in [
            ("ann@example.org", "ann@example.org"),
            ("Ann <ann@example.org>", "ann@example.org"),
            ("\"A, B\" <ann@b.example.org>, x", "ann@b.example.org"),
            ("ann@example.org, bob", "ann@example.org"),
            ("Ann", "Ann"),
            ("Ann Other", "Ann"),
            ("ann at example.org", "ann"),
            ("ann@example.org (Ann)", "ann@example.org"),
            ("ann@one@example.org", ""),
            ("team: ann@example.org, bob@example.org;", "ann@example.org"),
            ("Ann <ann@example.org", "ann@example.org"),
            (", ann@example.org", ""),
            ("<>", ""),
            ("", ""),
        ] {
            assert_eq!(first_address(field), address, "{field}");
        }
    }

    #[test]
    fn addresses() {
        for good in
            ["ann@example.org", "a.b+c@d-e.example.org", "\u{e4}nn@\u{e4}.example.org", "a@xn--bcher-kva.example"]
        {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@localhost",
            "a b@example.org",
            ".a@example.org",
            "a..b@example.org",
            "a@-b.org",
            "a@b-.org",
            "a@b..org",
            "a@b.123",
            "a@[1.2.3.4]",
            "a@x.test",
            "a@ab--cd.org",
            "\"a\"@example.org",
            "a@b@c.org",
            "a@b_c.org",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
