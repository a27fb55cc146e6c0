//! What the contents of a member tell: machine code, protected source, credentials.

use memchr::memmem;
use sha2::Digest as _;

use crate::Sha256;

/// The largest file that is looked through, in bytes: PyPI's own limit.
const LARGEST: u64 = 5 << 20;
/// How much of a file's beginning is kept to tell what it is.
const HEAD: usize = 4096;

/// What was found in a file. Its text is never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HitKind {
    PyArmor,
    SourceDefender,
    /// A token of PyPI or TestPyPI.
    PypiToken,
    PrivateKey,
    /// Another service's credential.
    Credential(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) kind: HitKind,
    pub(crate) path: String,
    /// From 1.
    pub(crate) line: usize,
}

/// What a program or library of machine code is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// ELF, with the machine's number in its header.
    Elf(u16),
    /// Windows, with the machine's number in its header.
    Windows(u16),
    /// macOS and iOS; for several machines in one file, zero.
    Apple(u32),
}

/// Digests that RECORD may give instead of SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strong {
    pub(crate) sha384: [u8; 48],
    pub(crate) sha512: [u8; 64],
}

/// Collects what is to be known of one file's content while it is unpacked.
pub(super) struct Content {
    hasher: sha2::Sha256,
    strong: Option<(sha2::Sha384, sha2::Sha512)>,
    size: u64,
    head: Vec<u8>,
    kept: Option<Vec<u8>>,
}

/// What became known of a file's content.
pub(super) struct Known {
    pub(super) size: u64,
    pub(super) sha256: Sha256,
    pub(super) strong: Option<Box<Strong>>,
    pub(super) machine: Option<Machine>,
    pub(super) hits: Vec<(HitKind, usize)>,
    /// The content, if it was asked for.
    pub(super) kept: Option<Vec<u8>>,
}

/// Whether a file of this name and size is looked through.
fn is_searched(path: &str, size: u64) -> bool {
    const EXTENSIONS: [&str; 34] = [
        "bat",
        "cfg",
        "conf",
        "crt",
        "csv",
        "env",
        "html",
        "in",
        "ini",
        "ipynb",
        "js",
        "json",
        "key",
        "md",
        "pem",
        "ps1",
        "properties",
        "pub",
        "py",
        "pye",
        "pyi",
        "pyx",
        "rb",
        "rst",
        "sh",
        "sql",
        "tf",
        "toml",
        "ts",
        "tsv",
        "txt",
        "xml",
        "yaml",
        "yml",
    ];
    let file = path.rsplit('/').next().unwrap_or_default();
    size <= LARGEST
        && match file.rsplit_once('.') {
            Some((_, extension)) => {
                EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)) || file.starts_with('.')
            }
            None => true,
        }
}

impl Content {
    /// For a file that the archive says has `size` bytes; `keep` asks for its content.
    pub(super) fn new(path: &str, size: u64, keep: bool) -> Self {
        let kept = (keep || is_searched(path, size)).then(Vec::new);
        Self { hasher: sha2::Sha256::new(), strong: None, size: 0, head: Vec::new(), kept }
    }

    /// With the stronger digests too.
    pub(super) fn strong(mut self) -> Self {
        self.strong = Some((sha2::Sha384::new(), sha2::Sha512::new()));
        self
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.hasher.update(bytes);
        if let Some((sha384, sha512)) = &mut self.strong {
            sha384.update(bytes);
            sha512.update(bytes);
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        } else if self.head.len() < HEAD {
            let more = bytes.len().min(HEAD - self.head.len());
            self.head.extend_from_slice(&bytes[..more]);
        }
    }

    pub(super) fn known(self, path: &str, keep: bool) -> Known {
        let beginning = self.kept.as_deref().unwrap_or(&self.head);
        let searched = self.kept.as_deref().filter(|_| is_searched(path, self.size));
        Known {
            size: self.size,
            machine: machine(&beginning[..beginning.len().min(HEAD)]),
            hits: searched.map(|content| search(path, content)).unwrap_or_default(),
            sha256: Sha256::from_hasher(self.hasher),
            strong: self.strong.map(|(sha384, sha512)| {
                Box::new(Strong { sha384: sha384.finalize().into(), sha512: sha512.finalize().into() })
            }),
            kept: self.kept.filter(|_| keep),
        }
    }
}

fn machine(head: &[u8]) -> Option<Machine> {
    let u16_at = |at: usize| head.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let u32_at =
        |at: usize| head.get(at..at + 4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    match head {
        [0x7f, b'E', b'L', b'F', _, order, ..] => {
            let machine = u16_at(18)?;
            Some(Machine::Elf(if *order == 2 { machine.swap_bytes() } else { machine }))
        }
        [b'M', b'Z', ..] => {
            let header = usize::try_from(u32_at(0x3c)?).ok()?;
            (head.get(header..header + 4)? == b"PE\0\0").then_some(Machine::Windows(u16_at(header + 4)?))
        }
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] => Some(Machine::Apple(u32_at(4)?)),
        // Java classes begin alike; their version is far above the number of machines in one file.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, count, ..] if *count < 20 => Some(Machine::Apple(0)),
        _ => None,
    }
}

/// A kind of credential: how it begins, and how long it goes on at least in which characters.
struct Shape {
    begins: &'static str,
    least: usize,
    goes_on: fn(u8) -> bool,
    kind: HitKind,
}

const fn shape(begins: &'static str, least: usize, goes_on: fn(u8) -> bool, what: &'static str) -> Shape {
    Shape { begins, least, goes_on, kind: HitKind::Credential(what) }
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

const fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

const SHAPES: [Shape; 12] = [
    Shape { begins: "pypi-AgE", least: 85, goes_on: is_token, kind: HitKind::PypiToken },
    shape("AKIA", 16, is_upper, "an access key of AWS"),
    shape("ASIA", 16, is_upper, "an access key of AWS"),
    shape("ghp_", 36, is_plain, "a token of GitHub"),
    shape("gho_", 36, is_plain, "a token of GitHub"),
    shape("ghs_", 36, is_plain, "a token of GitHub"),
    shape("ghu_", 36, is_plain, "a token of GitHub"),
    shape("github_pat_", 60, is_token, "a token of GitHub"),
    shape("glpat-", 20, is_token, "a token of GitLab"),
    shape("npm_", 36, is_plain, "a token of npm"),
    shape("xoxb-", 24, is_token, "a token of Slack"),
    shape("sk_live_", 24, is_plain, "a key of Stripe"),
];

fn search(path: &str, content: &[u8]) -> Vec<(HitKind, usize)> {
    let line_of = |at: usize| memchr::memchr_iter(b'\n', &content[..at]).count() + 1;
    let mut hits = Vec::new();
    let is_source =
        path.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("py") || end.eq_ignore_ascii_case("pye"));
    if is_source {
        let markers: [&[u8]; 5] = [
            b"__pyarmor__(__name__, __file__,",
            b"__pyarmor_enter__",
            b"__pyarmor_exit__",
            b"__pyarmor_assert__",
            b"__pyarmor_bcc__",
        ];
        // All of them share this, which is searched once.
        if memmem::find(content, b"__pyarmor_").is_some()
            && let Some(at) = markers.iter().find_map(|marker| memmem::find(content, marker))
        {
            hits.push((HitKind::PyArmor, line_of(at)));
        }
        if let Some(at) = memmem::find(content, b"---BEGIN PYE FILE---")
            && memmem::find(content, b"---END PYE FILE---").is_some()
        {
            hits.push((HitKind::SourceDefender, line_of(at)));
        }
    }
    for Shape { begins, least, goes_on, kind } in &SHAPES {
        let found = memmem::find_iter(content, begins).find(|at| {
            let behind = &content[at + begins.len()..];
            let length = behind.iter().take_while(|byte| goes_on(**byte)).count();
            let alone = *at == 0 || !content[at - 1].is_ascii_alphanumeric();
            let example = memmem::find(&behind[..length], b"EXAMPLE").is_some();
            let fits = if goes_on(b'a') { length >= *least } else { length == *least };
            alone && fits && !example
        });
        if let Some(at) = found {
            hits.push((*kind, line_of(at)));
        }
    }
    if let Some(at) = private_key(content) {
        hits.push((HitKind::PrivateKey, line_of(at)));
    }
    hits
}

/// Where a block with a private key begins that is more than the mention of one.
fn private_key(content: &[u8]) -> Option<usize> {
    memmem::find_iter(content, b"-----BEGIN ").find(|at| {
        let behind = &content[*at..content.len().min(at + 64)];
        memmem::find(behind, b"PRIVATE KEY-----").is_some_and(|end| {
            let body = &content[at + end + 16..content.len().min(at + end + 16 + 200)];
            body.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() > 100
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(path: &str, content: &str) -> Vec<(HitKind, usize)> {
        search(path, content.as_bytes())
    }

    #[test]
    fn credentials_are_found_by_their_shape() {
        let token = format!("x = 1\ntoken = 'pypi-AgEIcHlwaS5vcmc{}'", "a".repeat(120));
        assert_eq!(kinds("a.py", &token), [(HitKind::PypiToken, 2)]);
        assert_eq!(
            kinds("a.txt", concat!("key AKIA", "ABCDEFGHIJKLMNOP.")),
            [(HitKind::Credential("an access key of AWS"), 1)]
        );
        assert_eq!(kinds("a.txt", "key AKIAIOSFODNN7EXAMPLE, AKIAABC, pypi-AgEIcHlwaS5vcmc"), []);
        let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n", "Ab1".repeat(60));
        assert_eq!(kinds("a.pem", &key), [(HitKind::PrivateKey, 1)]);
        assert_eq!(kinds("a.py", "if '-----BEGIN PRIVATE KEY-----' in text:"), []);
    }

    #[test]
    fn protected_source_is_found_in_source_only() {
        assert_eq!(kinds("a.py", "\n__pyarmor_enter__(1)"), [(HitKind::PyArmor, 2)]);
        assert_eq!(kinds("a.pye", "---BEGIN PYE FILE---\n---END PYE FILE---"), [(HitKind::SourceDefender, 1)]);
        assert_eq!(kinds("a.txt", "__pyarmor_enter__ ---BEGIN PYE FILE------END PYE FILE---"), []);
    }

    #[test]
    fn machine_code_is_known_by_its_first_bytes() {
        let mut elf = [0; 64];
        elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
        elf[18] = 62;
        assert_eq!(machine(&elf), Some(Machine::Elf(62)));
        assert_eq!(machine(&[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2]), Some(Machine::Apple(0)));
        assert_eq!(machine(&[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61]), None);
        assert_eq!(machine(b"import os"), None);
    }
}
