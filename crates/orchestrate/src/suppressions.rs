//! Comments in code by which a scanner is told to leave a line, the next one or the whole file out.
//!
//! What each scanner takes for one was tried with ruff 0.17, semgrep 1.182, bandit 1.9, pylint 4 and detect-secrets 1.5.

use findings_model::ScannerName;

/// Whose comments they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Ruff,
    Flake8,
    Semgrep,
    Bandit,
    DetectSecrets,
    Gitleaks,
    Trufflehog,
    Pylint,
}

impl Dialect {
    /// The one that a scanner follows, if it follows any.
    pub(crate) fn of(scanner: &ScannerName) -> Option<Self> {
        let name = scanner.as_str().to_ascii_lowercase();
        let known = [
            ("ruff", Self::Ruff),
            ("flake8", Self::Flake8),
            ("semgrep", Self::Semgrep),
            ("opengrep", Self::Semgrep),
            ("bandit", Self::Bandit),
            ("detect-secrets", Self::DetectSecrets),
            ("gitleaks", Self::Gitleaks),
            ("trufflehog", Self::Trufflehog),
            ("pylint", Self::Pylint),
        ];
        known.into_iter().find_map(|(front, dialect)| name.starts_with(front).then_some(dialect))
    }

    fn is_same_rule(self, named: &str, rule: &str) -> bool {
        let (named, rule) = (named.to_ascii_lowercase(), rule.to_ascii_lowercase());
        match self {
            // One formatter writes the tool's name before each rule.
            Self::Flake8 => rule.strip_prefix("flake8/").unwrap_or(&rule).starts_with(&named),
            // A rule has an id and a name, and a report may have the other one.
            Self::Pylint => rule == named || is_code(&rule) != is_code(&named),
            Self::Semgrep => rule == named || rule.strip_suffix(&named).is_some_and(|front| front.ends_with('.')),
            _ => rule == named,
        }
    }
}

/// What a comment reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The line that it stands in.
    Line,
    /// The line behind its own.
    Next,
    /// All lines behind it, until it is taken back.
    Region,
    /// Every line of its file.
    File,
}

/// A comment that suppresses.
#[derive(Debug)]
pub(crate) struct Suppression {
    pub(crate) dialect: Dialect,
    pub(crate) reach: Reach,
    /// The rules that it names; none where it speaks of all.
    rules: Option<Vec<String>>,
    /// What its line may have said before it was there.
    pub(crate) without: Vec<String>,
}

impl Suppression {
    pub(crate) fn covers(&self, rule: &str) -> bool {
        self.rules.as_ref().is_none_or(|named| named.iter().any(|named| self.dialect.is_same_rule(named, rule)))
    }
}

/// What ends what [`Reach::Region`] began.
pub(crate) fn takes_back(line: &str) -> bool {
    let is_end = |said: &str| front(said.trim_start(), "enable").is_some();
    let of_region = |words| front(words, "ruff:").or_else(|| front(words, "pylint:"));
    words_after_sign(line).any(|words| of_region(words).is_some_and(is_end))
}

/// The comments of a line that suppress.
pub(crate) fn in_line(line: &str) -> Vec<Suppression> {
    const MARKS: [&str; 8] =
        ["noqa", "nosem", "nosec", "listsecret", "listnextlinesecret", "gitleaks:allow", "ruff:", "pylint:"];
    let letters: String = line.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    if letters.len() > LONGEST
        || !MARKS.iter().any(|mark| letters.contains(mark)) && !letters.contains("trufflehog:ignore")
    {
        return Vec::new();
    }
    let all = [noqa(line), ruff(line), semgrep(line), bandit(line), pylint(line), of_secrets(line)];
    all.into_iter().flatten().flatten().collect()
}

/// Longer lines are no code that a person comments.
pub(crate) const LONGEST: usize = 4096;

/// The most comment signs of a line, from its end, in front of which it is looked at without its comment.
const SIGNS: usize = 4;

/// The line without its last comments, as far as signs of comments tell: up to each sign, the last first.
pub(crate) fn uncommented(line: &str) -> impl Iterator<Item = &str> {
    let signs = line.char_indices().rev().filter(|(at, _)| {
        let rest = &line[*at..];
        ["#", "//", "/*", "--", "<!--"].iter().any(|sign| rest.starts_with(sign))
    });
    signs.take(SIGNS).map(|(at, _)| &line[..at]).filter(|front| !front.trim().is_empty())
}

/// What stands behind each `#` of a line.
fn words_after_sign(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices('#').map(|(at, _)| line[at + 1..].trim_start())
}

/// What stands behind a word in any case, if a text begins with it.
fn front<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    text.get(..word.len()).filter(|own| own.eq_ignore_ascii_case(word)).map(|_| &text[word.len()..])
}

fn suppression(line: &str, dialect: Dialect, reach: Reach, named: Option<Vec<&str>>) -> Suppression {
    let mut without: Vec<String> = uncommented(line).map(str::to_owned).collect();
    // A rule may have been added to a comment that was there.
    let named_rules = named.iter().flatten();
    without.extend(named_rules.take(SIGNS * 2).filter_map(|rule| without_word(line, rule)));
    let rules = named.map(|named| named.into_iter().map(str::to_owned).collect());
    Suppression { dialect, reach, rules, without }
}

/// A line without a word of the list in its comment, and without the comma that is then too many.
fn without_word(line: &str, word: &str) -> Option<String> {
    let (before, behind) = line.split_at(line.rfind(word)?);
    let (before, behind) = (before.trim_end(), &behind[word.len()..]);
    Some(match before.strip_suffix(',') {
        Some(before) => [before, behind].concat(),
        None => [before, behind.trim_start().trim_start_matches(',')].concat(),
    })
}

/// The codes at the beginning of a text, up to the first word that is none.
fn codes(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    words.take_while(|word| is_code(word)).collect()
}

/// Whether a word is letters with digits behind them, or letters that all such codes of a group begin with.
fn is_code(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    digits.len() < word.len() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `# noqa`, `# noqa: S324`; for the whole file `# ruff: noqa`, `# flake8: noqa: S324`.
fn noqa(line: &str) -> Option<Vec<Suppression>> {
    let (said, is_file) = words_after_sign(line).find_map(|words| {
        let of_file = front(words, "ruff:").or_else(|| front(words, "flake8:")).map(str::trim_start);
        front(of_file.unwrap_or(words), "noqa").map(|said| (said, of_file.is_some()))
    })?;
    if said.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let named = said.trim_start().strip_prefix(':').map(codes);
    let is_own_line = uncommented(line).next().is_none();
    let reach = match (is_file, is_own_line) {
        (false, _) => Reach::Line,
        (true, true) => Reach::File,
        (true, false) => return None,
    };
    let each = [Dialect::Ruff, Dialect::Flake8];
    Some(each.into_iter().map(|dialect| suppression(line, dialect, reach, named.clone())).collect())
}

/// `# ruff: ignore[S324]`, `# ruff: disable[S324]`, `# ruff: file-ignore[S324]`.
fn ruff(line: &str) -> Option<Vec<Suppression>> {
    let said = words_after_sign(line).find_map(|words| front(words, "ruff:"))?.trim_start();
    let is_own_line = uncommented(line).next().is_none();
    let (rest, reach) = if let Some(rest) = front(said, "ignore") {
        (rest, if is_own_line { Reach::Next } else { Reach::Line })
    } else if let Some(rest) = front(said, "disable") {
        (rest, Reach::Region)
    } else {
        (front(said, "file-ignore")?, Reach::File)
    };
    let named = codes(rest.trim_start().strip_prefix('[')?.split_once(']')?.0);
    Some(vec![suppression(line, Dialect::Ruff, reach, Some(named))])
}

/// `# nosemgrep`, `// nosem: rule, other`, in the line or the one above.
fn semgrep(line: &str) -> Option<Vec<Suppression>> {
    let lower = line.to_ascii_lowercase();
    let at = lower.find("nosem")?;
    let sign = comment_before(line, at)?;
    let said = line[at..].get("nosem".len()..)?;
    let said = front(said, "grep").unwrap_or(said);
    let first_word = |part| str::split_whitespace(part).next();
    let named = said.strip_prefix(':').map(|list| list.split(',').filter_map(first_word).collect::<Vec<_>>());
    let named = named.filter(|named| !named.is_empty());
    let reach = if line[..sign].trim().is_empty() { Reach::Next } else { Reach::Line };
    Some(vec![suppression(line, Dialect::Semgrep, reach, named)])
}

/// `# nosec`, `# nosec B602`. Words that are no ids are a person's, or names of tests: of those it cannot be told which test has it.
fn bandit(line: &str) -> Option<Vec<Suppression>> {
    let said = words_after_sign(line).find_map(|words| words.strip_prefix("nosec"))?;
    let tests = said.trim_start_matches(':').split('#').next().unwrap_or_default();
    let is_id =
        |word: &&str| word.strip_prefix('B').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let ids: Vec<&str> = tests.split(|c: char| c == ',' || c.is_whitespace()).filter(is_id).collect();
    let is_told = !ids.is_empty() && !tests.contains('_');
    Some(vec![suppression(line, Dialect::Bandit, Reach::Line, is_told.then_some(ids))])
}

/// `# pylint: disable=exec-used`, in the line or above lines that it holds for; `# pylint: disable-next=W0122`, `# pylint: skip-file`.
fn pylint(line: &str) -> Option<Vec<Suppression>> {
    let said = words_after_sign(line).find_map(|words| front(words, "pylint:"))?.trim_start();
    if front(said, "skip-file").is_some() {
        return Some(vec![suppression(line, Dialect::Pylint, Reach::File, None)]);
    }
    let rest = front(said, "disable")?;
    let (rest, reach) = match front(rest, "-next") {
        Some(rest) => (rest, Reach::Next),
        None if uncommented(line).next().is_none() => (rest, Reach::Region),
        None => (rest, Reach::Line),
    };
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let named = rest.trim_start().strip_prefix('=')?.split(',').map(str::trim);
    let named: Vec<&str> = named.map(|name| name.split(|c: char| !is_of_name(c)).next().unwrap_or(name)).collect();
    let is_all = named.iter().any(|name| name.eq_ignore_ascii_case("all"));
    Some(vec![suppression(line, Dialect::Pylint, reach, (!is_all).then_some(named))])
}

/// `pragma: allowlist secret`, `pragma: allowlist nextline secret`, `gitleaks:allow`, `trufflehog:ignore`.
fn of_secrets(line: &str) -> Option<Vec<Suppression>> {
    let lower = line.to_ascii_lowercase();
    for (mark, dialect) in [("gitleaks:allow", Dialect::Gitleaks), ("trufflehog:ignore", Dialect::Trufflehog)] {
        if lower.contains(mark) {
            return Some(vec![suppression(line, dialect, Reach::Line, None)]);
        }
    }
    let said = line[line.find("pragma:")? + "pragma:".len()..].trim_start();
    let said = said.strip_prefix("allowlist").or_else(|| said.strip_prefix("whitelist"))?.trim_start();
    let (said, reach) = match said.strip_prefix("nextline") {
        Some(said) => (said.trim_start(), Reach::Next),
        None => (said, Reach::Line),
    };
    said.starts_with("secret").then(|| vec![suppression(line, Dialect::DetectSecrets, reach, None)])
}

/// Where the comment begins that a place of a line is in.
fn comment_before(line: &str, at: usize) -> Option<usize> {
    ["#", "//", "/*", "--", "<!--"].iter().filter_map(|sign| line[..at].find(sign)).min()
}

#[cfg(test)]
mod tests;
