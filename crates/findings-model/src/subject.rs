use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::{AdvisoryId, AdvisoryIds, Package, order};

/// The three kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingKind {
    /// A known flaw in a dependency.
    Vulnerability,
    /// A rule that fired on the project's own code or configuration.
    Code,
    /// A credential in a file.
    Secret,
}

impl FindingKind {
    /// The word: `vulnerability`, `code` or `secret`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vulnerability => "vulnerability",
            Self::Code => "code",
            Self::Secret => "secret",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A known flaw in a dependency.
    Vulnerability(Vulnerability),
    /// A rule that fired at a place in the code.
    Code(CodeSpot),
    /// A credential at a place in a file.
    Secret(SecretSpot),
}

impl Subject {
    /// The kind of the finding.
    pub fn kind(&self) -> FindingKind {
        match self {
            Self::Vulnerability(_) => FindingKind::Vulnerability,
            Self::Code(_) => FindingKind::Code,
            Self::Secret(_) => FindingKind::Secret,
        }
    }

    /// The file of a code or secret finding.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Vulnerability(_) => None,
            Self::Code(spot) => Some(&spot.path),
            Self::Secret(spot) => Some(&spot.path),
        }
    }

    /// The line of a code or secret finding, counted from 1.
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::Vulnerability(_) => None,
            Self::Code(spot) => spot.line,
            Self::Secret(spot) => spot.line,
        }
    }

    /// The package of a vulnerability.
    pub fn package(&self) -> Option<&Package> {
        match self {
            Self::Vulnerability(v) => Some(&v.package),
            _ => None,
        }
    }

    /// Every advisory id, the printed one first, then the others in order.
    pub fn advisory_ids(&self) -> impl Iterator<Item = &AdvisoryId> {
        let (printed, of_flaw, of_code) = match self {
            Self::Vulnerability(v) => (Some(&v.id), Some(&v.aliases), None),
            Self::Code(spot) => (None, None, Some(&spot.aliases)),
            Self::Secret(_) => (None, None, None),
        };
        let others = of_flaw.into_iter().flatten().filter(move |id| Some(*id) != printed);
        printed.into_iter().chain(others).chain(of_code.into_iter().flatten())
    }
}

/// A known flaw in a dependency. The version and the ids are attributes: they change while the flaw stays the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vulnerability {
    /// The package, normalised.
    pub package: Package,
    /// The installed version, as the scanner prints it.
    pub version: Option<SmolStr>,
    /// The id that the scanner prints today.
    pub id: AdvisoryId,
    /// The other ids of the same flaw, without [`Self::id`].
    pub aliases: AdvisoryIds,
    /// Every id that a scanner ever printed as the id of this flaw.
    pub printed: AdvisoryIds,
    /// The versions that fix it, as the scanner or the advisory lists them, of all branches.
    pub fix_versions: Vec<SmolStr>,
}

impl Vulnerability {
    /// The CVE numbers among id and aliases.
    pub fn cves(&self) -> BTreeSet<&AdvisoryId> {
        order::set(std::iter::once(&self.id).chain(&self.aliases).filter(|id| id.is_cve()))
    }

    /// The id and the aliases together.
    pub fn all_ids(&self) -> BTreeSet<&AdvisoryId> {
        order::set(std::iter::once(&self.id).chain(&self.aliases))
    }
}

/// What the advisory records say about a package at a version, asked for a finding that a scan no longer reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdvisoryVerdict {
    /// No record, or none that can tell.
    Unknown,
    /// What can be read of the records does not hold the version, and not all of them can be read.
    Unreadable,
    /// A source was asked for a record of the flaw and gave no answer, and the others do not say that the version is affected.
    Unanswered,
    /// Every record of the flaw is withdrawn.
    Withdrawn,
    /// The version is in an affected range.
    Affected,
    /// The version is in no affected range.
    NotAffected,
}

/// A rule that fired at a place in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSpot {
    /// The rule's id as the scanner prints it (`B602`, `python.lang.security…`), one line.
    pub rule: String,
    /// Earlier ids of the same rule (SARIF `deprecatedIds`, bandit's moved tests).
    pub former_rules: Vec<String>,
    /// The file, relative to the project, with `/` between its parts and no leading `./`.
    pub path: String,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// What the line says, as a digest.
    pub text: Option<CodeText>,
    /// Advisory ids, where a rule's id is one (SARIF of dependency scanners).
    pub aliases: BTreeSet<AdvisoryId>,
}

const QUOTES: [char; 2] = ['"', '\''];

/// What a line of code says: a digest of its text without its white space, so that neither moving nor re-indenting changes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeText(SmolStr);

/// Whether what stands before a quote is a name that is given a value, or nothing: no word of it can be a value itself.
fn names_only(head: &str) -> bool {
    let head = head.trim_end();
    // As in f"…" and rb'…'.
    let head = head.trim_end_matches(['b', 'f', 'r', 'u', 'B', 'F', 'R', 'U']);
    let Some(name) = head.trim_end().strip_suffix(['=', ':', '(', '[', '{', ',']) else {
        return head.trim().is_empty();
    };
    let is_plain = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.' | '(' | '[' | '{' | ' ' | '\t');
    name.chars().all(is_plain) && name.split_whitespace().count() <= 2
}

/// Whether a character behind a quote only ends what was begun before.
fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, ')' | ']' | '}' | ',' | ';')
}

/// The most parts of a line that are digested.
const LONGEST_ASKED: usize = 1000;

impl CodeText {
    /// Digests a line without the credentials that can be told in it ([`crate::text::hide_credentials`]); none for a blank one.
    ///
    /// `secretive` rules (hard-coded passwords) get their string literals masked too, because a digest of a line with a weak password
    /// could be guessed; a line of theirs without quotes is digested as [`Self::of_secret`] does, or not at all.
    pub fn of(line: &str, secretive: bool) -> Option<Self> {
        let hidden = crate::text::hide_credentials(line);
        // From the first quote to the last: where a literal ends inside, escapes and prefixes decide, and a slip would digest it.
        let masked = secretive.then(|| line.find(QUOTES).zip(line.rfind(QUOTES))).flatten();
        let kept = match masked {
            Some((first, last)) => {
                [&*crate::text::hide_credentials(&line[..=first]), &*crate::text::hide_credentials(&line[last..])]
            }
            None if secretive && hidden == line && !names_only(line) => return Self::of_secret(line),
            None => [&*hidden, ""],
        };
        let mut words = kept.into_iter().flat_map(str::split_whitespace).peekable();
        words.peek()?;
        let digest = words.fold(Sha256::new(), Sha256::chain_update).finalize();
        Some(Self(crate::text::hex(&digest[..10]).into()))
    }

    /// Digests a line that holds a secret, without it; none where the secret cannot be told from the rest of the line for sure.
    ///
    /// Kept are the name before the first quote and the signs behind the last, or the name before a `=` or `:`, and of the value
    /// whether it is empty, short or long: a secret that gave way to a placeholder is another line. What stands bare beside quotes or in
    /// a comment may be a secret as well: in front of them it makes the line one that cannot be told, behind them it is left out.
    pub fn of_secret(line: &str) -> Option<Self> {
        const COMMENTS: [&str; 3] = ["#", "//", "/*"];
        const LONG: usize = 16;
        let size = |value: &str| match value.trim().chars().count() {
            0 => "empty",
            n if n < LONG => "short",
            _ => "long",
        };
        let (head, size, tail) = match line.find(QUOTES).zip(line.rfind(QUOTES)) {
            // Anything bare in front of the quotes may be the secret itself, and so may what stands behind their end.
            Some((first, last)) if first < last && names_only(&line[..first]) => {
                let end = last + 1 + line[last + 1..].find(|c| !is_end(c)).unwrap_or(line.len() - last - 1);
                (&line[..=first], size(&line[first + 1..last]), &line[last..end])
            }
            Some(_) => return None,
            None => {
                let (name, value) = line.split_at(line.find(['=', ':'])?);
                let is_name = name.split_whitespace().last().is_some_and(|word| word.len() <= 40)
                    && name.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.' | ' ' | '\t'));
                let value = value[1..].trim();
                // A value with blanks, or that refers to another one, is no bare secret.
                if !is_name || value.contains(char::is_whitespace) || value.starts_with(['$', '{', '<', '%', '!', '&'])
                {
                    return None;
                }
                (name, size(value), "")
            }
        };
        let is_comment = |part: &str| COMMENTS.iter().any(|mark| part.contains(mark));
        if is_comment(head) || is_comment(tail) {
            return None;
        }
        let mut digest = Sha256::new().chain_update("secret").chain_update([0]);
        for part in [head, tail] {
            digest = part.split_whitespace().fold(digest, Sha256::chain_update).chain_update([0]);
        }
        let digest = digest.chain_update(size).finalize();
        Some(Self(crate::text::hex(&digest[..10]).into()))
    }

    /// What stands for a line's text where a report gives none: a fingerprint that its scanner computed from the code.
    pub fn of_fingerprint(name: &str, value: &str) -> Option<Self> {
        let value = value.trim();
        let digest = Sha256::new().chain_update(name).chain_update([0]).chain_update(value).finalize();
        (!value.is_empty()).then(|| Self(format!("~{}", crate::text::hex(&digest[..10])).into()))
    }

    /// Digests what may be only a part of a line, and notes how long it is, so that it can be looked for in lines; none for a blank one.
    pub fn of_part(quote: &str) -> Option<Self> {
        let whole = Self::of(quote, false)?;
        let length = quote.chars().filter(|c| !c.is_whitespace()).count();
        let is_as_quoted = crate::text::hide_credentials(quote) == quote;
        Some(if is_as_quoted { Self(format!("{}/{length}", whole.0).into()) } else { whole })
    }

    /// The digest of each part of a line that has so many characters beside white space; none of a line that is too long to be asked.
    pub fn parts(line: &str, length: usize) -> Option<impl Iterator<Item = [u8; 10]>> {
        let line: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
        let digests = (length..ends.len()).map(move |end| {
            let digest = Sha256::digest(&line[ends[end - length]..ends[end]]);
            std::array::from_fn(|at| digest[at])
        });
        (digests.len() <= LONGEST_ASKED).then_some(digests)
    }

    /// What may be a part of a line: its digest, and how many characters it has beside white space.
    pub fn part(&self) -> Option<([u8; 10], usize)> {
        let (hex, length) = self.0.split_once('/')?;
        let mut digest = [0; 10];
        for (at, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        Some((digest, length.parse().ok()?))
    }

    /// A fingerprint or a part of a line with what its line says beside it: what it is known by stays.
    #[must_use]
    pub fn beside(&self, line: &Self) -> Self {
        if self.is_of_line() { self.clone() } else { Self(format!("{}+{}", self.known_by(), line.0).into()) }
    }

    /// Whether it is of a line's text, and neither a scanner's fingerprint nor what may be a part of a line.
    pub fn is_of_line(&self) -> bool {
        !self.0.contains(['~', '+', '/'])
    }

    /// What the line says, where that is known: a fingerprint alone cannot be compared with a line, nor can a part.
    pub fn line(&self) -> Option<Self> {
        if self.is_of_line() {
            return Some(self.clone());
        }
        self.0.split_once('+').map(|(_, line)| Self(line.into()))
    }

    /// What tells it from others, by which a finding is known again.
    pub fn known_by(&self) -> &str {
        self.0.split_once(['+', '/']).map_or(&*self.0, |(known, _)| known)
    }

    /// The digest, 20 hexadecimal digits. In front of it stands a `~` where it is of a fingerprint, behind it a `/` and the length of a part
    /// of a line, or a `+` and the digest of the line that a fingerprint or a part belongs to.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A credential at a place in a file. Neither the credential nor a plain hash of it is ever kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSpot {
    /// The detector's name (`AWS Access Key`, `generic-api-key`), one line.
    pub rule: String,
    /// The file, relative to the project, with `/` between its parts and no leading `./`.
    pub path: String,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// What the line says without the secret, as a digest, where it is a line that can be told without it.
    pub text: Option<CodeText>,
    /// A keyed digest of the secret, where the project has a key.
    pub mark: Option<SecretMark>,
}

/// A keyed digest (HMAC-SHA256) of a secret: nobody without the key can test a guess against it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretMark(String);

impl SecretMark {
    /// Takes the digest as hexadecimal digits; whoever makes it holds the key.
    pub fn from_hex(hex: String) -> Self {
        Self(hex)
    }

    /// The digest as hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::CodeText;

    #[test]
    fn moving_and_indenting_say_the_same() {
        let a = CodeText::of("    return  hashlib.md5(x)", false);
        assert_eq!(a, CodeText::of("return hashlib.md5(x)\n", false));
        assert_ne!(a, CodeText::of("return hashlib.md5(y)", false));
        assert_eq!(CodeText::of("  \n", false), None);
    }

    #[test]
    fn a_part_is_found_in_its_line() {
        let part = CodeText::of_part(" hashlib.md5 (").unwrap();
        let (digest, length) = part.part().unwrap();
        let is_in = |line: &str| CodeText::parts(line, length).unwrap().any(|other| other == digest);
        assert!(is_in("    h = hashlib.md5(x)") && is_in("hashlib.md5("));
        assert!(!is_in("h = hashlib.sha256(x)") && !is_in("md5(") && !is_in(""));
        assert_eq!(part.known_by(), CodeText::of("hashlib.md5(", false).unwrap().as_str());
        assert!(part.line().is_none() && !part.is_of_line());

        let line = CodeText::of("h = hashlib.md5(x)", false).unwrap();
        let beside = part.beside(&line);
        assert_eq!((beside.line(), beside.known_by(), beside.part()), (Some(line), part.known_by(), None));
        assert_eq!(CodeText::of_part("  "), None);
        assert_eq!(CodeText::of_part("é").and_then(|part| part.part()).map(|(_, length)| length), Some(1));
        assert!(CodeText::parts(&"x".repeat(100_000), 5).is_none(), "that would take too long");
    }

    #[test]
    fn of_a_line_with_a_secret_everything_else_is_kept() {
        let of = |line: &str| CodeText::of_secret(line);
        for (line, same) in [
            ("password = 'hunter2'", "  password =  'letmein'"),
            ("    \"key\": \"abc\",", "\"key\": \"xyz\","),
            ("connect(password=b'hunter2')", "connect(password=b'letmein')"),
            ("const KEY: \"abc\";", "const KEY: \"xyz\";"),
            ("PASSWORD=hunter2", "PASSWORD=letmein"),
            ("  password: hunter2", "password: letmein"),
            // What stands behind may be a secret, too.
            ("password = 'hunter2'", "password = 'hunter2'  # pragma: allowlist secret"),
            ("token = 'hunter2';  # letmein", "token = 'letmein'; x = 1"),
        ] {
            assert!(of(line).is_some(), "{line}");
            assert_eq!(of(line), of(same), "{line}");
        }
        for (line, other) in [
            ("password = 'hunter2'", "password = os.environ['PW']"),
            ("password = 'hunter2'", "password = ''"),
            ("key = 'AKIAIOSFODNN7EXAMPLE'", "key = 'changeme'"),
            ("PASSWORD=hunter2", "PASSWORD=${PASSWORD}"),
            ("PASSWORD=hunter2", "PASSWORD="),
        ] {
            assert_ne!(of(line), of(other), "{line}");
        }
        for untold in [
            "# password: 'hunter2'",
            "curl -u admin:hunter2 'https://a.example'",
            "login 'admin' hunter2",
            "export TOKEN=hunter2 'x'",
            "my password is hunter 'x'",
            "password hunter 'x'",
            "AKIAIOSFODNN7EXAMPLE",
            "AKIA4: x",
            "it's hunter2",
            "",
            "a b c hunter2",
        ] {
            assert_eq!(of(untold), None, "{untold}");
        }
    }

    #[test]
    fn a_password_in_the_line_is_not_in_the_digest() {
        assert_eq!(CodeText::of("password = 'hunter2'", true), CodeText::of("password = 'letmein'", true));
        assert_eq!(CodeText::of(r"password = 'hun\'ter2'", true), CodeText::of(r"password = 'let\'mein'", true));
        assert_ne!(CodeText::of("password = 'hunter2'", true), CodeText::of("passwd = 'hunter2'", true));
        for (line, other) in [
            ("ENV DB_PASSWORD=hunter2", "ENV DB_PASSWORD=letmein"),
            ("  POSTGRES_PASSWORD: hunter2", "POSTGRES_PASSWORD: letmein"),
            ("ENV DB_PASSWORD=hunter2 NAME=\"x\"", "ENV DB_PASSWORD=letmein NAME=\"y\""),
            ("pull https://bot:hunter2@example.org/a", "pull https://bot:letmein@example.org/a"),
        ] {
            assert_eq!(CodeText::of(line, true), CodeText::of(other, true), "{line}");
        }
        for (line, other) in [
            ("ENV DB_PASSWORD=hunter2 USER=jo", "ENV DB_PASSWORD=letmein USER=jo"),
            ("pull https://bot:hunter2@example.org/a", "pull https://bot:letmein@example.org/a"),
        ] {
            let text = CodeText::of(line, false);
            assert!(text.is_some() && text == CodeText::of(other, false), "{line}");
        }
        // Nothing tells the secret from the rest of the line.
        assert_eq!(CodeText::of("hunter2", true), None);
        assert_eq!(CodeText::of("RUN login admin hunter2", true), None);
        assert!(CodeText::of("connect(", true).is_some());
    }
}
