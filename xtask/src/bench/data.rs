//! Reports of any size in the shapes that the tools write: pip-audit 2.x, bandit 1.9 and detect-secrets 1.5.
//!
//! Of N findings 70 % are pip-audit's, 25 % bandit's and the rest detect-secrets'. Lengths of advisory texts follow the PyPA
//! advisory database (median 374 characters, a tenth below 135, a tenth above 892, none above 3241). The same arguments give
//! the same bytes; records are written as they are made, so that a million of them need no memory.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// How the second scan of a project differs from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drift {
    /// The first scan.
    None,
    /// In each hundred findings two are gone, two are new in their place, and two of bandit's have moved by three lines.
    TwoPercent,
}

/// The files of a folder of reports.
pub(crate) const FILES: [&str; 3] = ["pip-audit.json", "bandit.json", "secrets-scan.json"];

const WORDS: [&str; 40] = [
    "the",
    "a",
    "of",
    "in",
    "to",
    "is",
    "and",
    "allows",
    "attacker",
    "remote",
    "arbitrary",
    "code",
    "execution",
    "crafted",
    "request",
    "header",
    "parser",
    "before",
    "version",
    "vulnerable",
    "package",
    "denial",
    "service",
    "memory",
    "regular",
    "expression",
    "path",
    "traversal",
    "validation",
    "certificate",
    "deserialization",
    "when",
    "untrusted",
    "input",
    "`load`",
    "function",
    "because",
    "properly",
    "issue",
    "workaround",
];

/// bandit's tests: id, name, severity.
const TESTS: [(&str, &str, &str); 9] = [
    ("B101", "assert_used", "LOW"),
    ("B105", "hardcoded_password_string", "LOW"),
    ("B108", "hardcoded_tmp_directory", "MEDIUM"),
    ("B301", "blacklist", "MEDIUM"),
    ("B324", "hashlib", "HIGH"),
    ("B404", "blacklist", "LOW"),
    ("B501", "request_with_no_cert_validation", "HIGH"),
    ("B602", "subprocess_popen_with_shell_equals_true", "HIGH"),
    ("B608", "hardcoded_sql_expressions", "MEDIUM"),
];

const SECRETS: [&str; 5] =
    ["AWS Access Key", "GitHub Token", "Private Key", "Basic Auth Credentials", "JSON Web Token"];

/// The findings in one file of bandit's, and in one of detect-secrets'.
const IN_FILE: (u64, u64) = (8, 50);

/// Writes the three reports of `n` findings into a folder, which is made if it is not there.
pub(crate) fn write(folder: &Path, n: u64, drift: Drift) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let pip = n * 70 / 100;
    let bandit = n * 25 / 100;
    let make = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
    let mut out = make(FILES[0])?;
    pip_audit(&mut out, pip, drift)?;
    out.flush()?;
    let mut out = make(FILES[1])?;
    bandit_report(&mut out, bandit, drift)?;
    out.flush()?;
    let mut out = make(FILES[2])?;
    baseline(&mut out, n - pip - bandit, drift)?;
    out.flush()
}

fn pip_audit(out: &mut impl Write, n: u64, drift: Drift) -> io::Result<()> {
    out.write_all(b"{\"dependencies\": [")?;
    let mut done = 0;
    let mut package = 0_u64;
    while done < n {
        let mut chance = Chance::of("package", package);
        let count = chance.pick(&[1, 1, 2, 3, 5, 8]).min(n - done);
        let comma = if package == 0 { "" } else { ", " };
        let (major, minor, patch) = (chance.below(10), chance.below(30), chance.below(10));
        write!(
            out,
            "{comma}{{\"name\": \"package-{package}\", \"version\": \"{major}.{minor}.{patch}\", \"vulns\": ["
        )?;
        for j in done..done + count {
            if j > done {
                out.write_all(b", ")?;
            }
            vuln(out, j, drift)?;
        }
        out.write_all(b"]}")?;
        // Dependencies without a flaw stand around them, as in real reports.
        for clean in 0..2 {
            write!(out, ", {{\"name\": \"clean-{package}-{clean}\", \"version\": \"1.0.0\", \"vulns\": []}}")?;
        }
        done += count;
        package += 1;
    }
    out.write_all(b"], \"fixes\": []}\n")
}

fn vuln(out: &mut impl Write, j: u64, drift: Drift) -> io::Result<()> {
    let mut chance = Chance::of("vuln", j);
    let year = 2015 + j % 11;
    let replaced = drift.takes("vuln", j);
    let id = match j % 3 {
        _ if replaced => format!("CVE-2026-{}", 9_000_000 + j),
        0 => format!("PYSEC-{year}-{}", j + 1),
        1 => format!("CVE-{year}-{}", 100_000 + j),
        _ => chance.ghsa(),
    };
    write!(out, "{{\"id\": \"{id}\", \"fix_versions\": [")?;
    for fix in 0..chance.pick(&[0, 1, 1, 2, 3]) {
        let comma = if fix == 0 { "" } else { ", " };
        write!(out, "{comma}\"{}.{}.{}\"", chance.below(10), chance.below(21), chance.below(10))?;
    }
    out.write_all(b"], \"aliases\": [")?;
    if replaced {
        write!(out, "\"{}\"", chance.ghsa())?;
    } else if j % 3 != 1 {
        write!(out, "\"CVE-{year}-{}\"", 5_000_000 + j)?;
    }
    out.write_all(b"], \"description\": \"")?;
    let length = chance.length();
    chance.text(out, length)?;
    out.write_all(b"\"}")
}

fn bandit_report(out: &mut impl Write, n: u64, drift: Drift) -> io::Result<()> {
    out.write_all(b"{\n  \"errors\": [],\n  \"generated_at\": \"2026-01-05T03:00:00Z\",\n  \"metrics\": {\n")?;
    write!(
        out,
        "    \"_totals\": {{\n      \"loc\": {},\n      \"nosec\": 0,\n      \"skipped_tests\": 0\n    }}",
        40 * n + 1
    )?;
    for file in 0..n.div_ceil(IN_FILE.0) {
        let name = module(file * IN_FILE.0);
        write!(
            out,
            ",\n    \"{name}\": {{\n      \"loc\": 320,\n      \"nosec\": 0,\n      \"skipped_tests\": 0\n    }}"
        )?;
    }
    out.write_all(b"\n  },\n  \"results\": [")?;
    for i in 0..n {
        issue(out, i, drift)?;
    }
    out.write_all(b"\n  ]\n}\n")
}

fn module(i: u64) -> String {
    format!("src/pkg_{}/module_{}.py", i / 400, i / IN_FILE.0)
}

fn issue(out: &mut impl Write, i: u64, drift: Drift) -> io::Result<()> {
    let mut chance = Chance::of("issue", i);
    let (test, name, severity) = TESTS[chance.index(TESTS.len())];
    let confidence = ["LOW", "MEDIUM", "HIGH"][chance.index(3)];
    let mut line = 10 + 25 * (i % IN_FILE.0);
    let mut call = i;
    if drift.takes("issue", i) {
        (line, call) = (line + 1000, i + 10_000_000);
    } else if drift.takes("moved issue", i) {
        line += 3;
    }
    let comma = if i == 0 { "" } else { "," };
    write!(
        out,
        "{comma}\n    {{\n      \"code\": \"{before} def step_{i}(y):\\n{line}     x = call({call})\\n{after}     y = other(x)\\n\",\n      \
         \"col_offset\": 8,\n      \"end_col_offset\": 30,\n      \"filename\": \"{file}\",\n      \"issue_confidence\": \"{confidence}\",\n      \
         \"issue_cwe\": {{\n        \"id\": 78,\n        \"link\": \"https://cwe.mitre.org/data/definitions/78.html\"\n      }},\n      \
         \"issue_severity\": \"{severity}\",\n      \"issue_text\": \"",
        before = line - 1,
        after = line + 1,
        file = module(i),
    )?;
    let length = 40 + chance.below(101);
    chance.text(out, length)?;
    write!(
        out,
        "\",\n      \"line_number\": {line},\n      \"line_range\": [\n        {line}\n      ],\n      \
         \"more_info\": \"https://bandit.readthedocs.io/en/1.9.1/plugins/{}_{name}.html\",\n      \"test_id\": \"{test}\",\n      \
         \"test_name\": \"{name}\"\n    }}",
        test.to_lowercase(),
    )
}

fn baseline(out: &mut impl Write, n: u64, drift: Drift) -> io::Result<()> {
    out.write_all(
        b"{\n  \"version\": \"1.5.0\",\n  \"plugins_used\": [\n    {\n      \"name\": \"AWSKeyDetector\"\n    },\n    {\n      \
          \"name\": \"Base64HighEntropyString\",\n      \"limit\": 4.5\n    }\n  ],\n  \"filters_used\": [\n    {\n      \
          \"path\": \"detect_secrets.filters.allowlist.is_line_allowlisted\"\n    }\n  ],\n  \"results\": {",
    )?;
    let mut at = 0;
    while at < n {
        let file = format!("conf/env_{}.cfg", at / IN_FILE.1);
        write!(out, "{}\n    \"{file}\": [", if at == 0 { "" } else { "," })?;
        let end = (at + IN_FILE.1).min(n);
        for i in at..end {
            let mut chance = Chance::of("secret", i);
            let moved = if drift.takes("secret", i) { 1000 } else { 0 };
            let digits = [chance.next(), chance.next() ^ moved, chance.next() & 0xffff_ffff];
            write!(
                out,
                "{}\n      {{\n        \"type\": \"{}\",\n        \"filename\": \"{file}\",\n        \"hashed_secret\": \"{:016x}{:016x}{:08x}\",\n        \
                 \"is_verified\": false,\n        \"line_number\": {}\n      }}",
                if i == at { "" } else { "," },
                SECRETS[usize::try_from(i % 5).unwrap_or(0)],
                digits[0],
                digits[1],
                digits[2],
                5 + i % IN_FILE.1 + moved,
            )?;
        }
        out.write_all(b"\n    ]")?;
        at = end;
    }
    out.write_all(b"\n  },\n  \"generated_at\": \"2026-01-05T03:00:00Z\"\n}\n")
}

impl Drift {
    fn takes(self, kind: &str, index: u64) -> bool {
        self == Self::TwoPercent && Chance::of(kind, index ^ 0x5bd1_e995_0000_0000).below(50) == 0
    }
}

/// A sequence of numbers that looks like chance (splitmix64) and depends on nothing but what it is for.
struct Chance(u64);

impl Chance {
    fn of(kind: &str, index: u64) -> Self {
        let kind = kind
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(kind ^ index.wrapping_mul(0xff51_afd7_ed55_8ccd))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    fn pick(&mut self, of: &[u64]) -> u64 {
        of[self.index(of.len())]
    }

    fn ghsa(&mut self) -> String {
        const DIGITS: &[u8; 20] = b"23456789cfghjmpqrvwx";
        let mut part = || -> String { (0..4).map(|_| char::from(DIGITS[self.index(20)])).collect() };
        format!("GHSA-{}-{}-{}", part(), part(), part())
    }

    /// The length of an advisory's text, in characters: log-normal around 374.
    fn length(&mut self) -> u64 {
        // Twelve even chances add up to nearly a normal one.
        let sum: u32 = (0..12).map(|_| u32::try_from(self.below(1001)).unwrap_or(0)).sum();
        let normal = f64::from(sum) / 1000.0 - 6.0;
        let length = (374.0_f64.ln() + 0.70 * normal).exp().clamp(40.0, 3241.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 40 and 3241")]
        let length = length as u64;
        length
    }

    /// Words, at least `length` characters of them.
    fn text(&mut self, out: &mut impl Write, length: u64) -> io::Result<()> {
        let mut written = 0;
        while written < length {
            let word = WORDS[self.index(WORDS.len())];
            if written > 0 {
                out.write_all(b" ")?;
            }
            out.write_all(word.as_bytes())?;
            written += word.len() as u64 + 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(drift: Drift, file: &str) -> Vec<u8> {
        let folder = std::env::temp_dir().join(format!("bench-data-{}-{drift:?}-{file}", std::process::id()));
        write(&folder, 5000, drift).unwrap();
        let bytes = fs::read(folder.join(file)).unwrap();
        fs::remove_dir_all(folder).unwrap();
        bytes
    }

    #[test]
    fn the_same_arguments_give_the_same_reports() {
        for file in FILES {
            let first = bytes(Drift::None, file);
            assert!(first == bytes(Drift::None, file), "{file} is another one each time");
            assert!(first != bytes(Drift::TwoPercent, file), "{file} does not drift");
            serde_json::from_slice::<serde_json::Value>(&first).unwrap();
        }
    }
}
