//! The files of a wheel's `.dist-info` folder besides METADATA.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// One row of RECORD (PEP 376, PEP 427).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordRow {
    /// Algorithm and urlsafe base64 without padding, as `sha256=…`; none for RECORD itself.
    pub(crate) hash: Option<String>,
    /// Size in bytes; may be left out.
    pub(crate) size: Option<u64>,
}

/// Why RECORD cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("RECORD is not UTF-8 text")]
    Encoding,
    #[error("RECORD line {0} is not a path, a hash and a size")]
    Row(usize),
    #[error("RECORD line {0} names a file a second time")]
    Duplicate(usize),
}

/// Reads RECORD: comma-separated values, three a line.
pub(crate) fn parse_record(bytes: &[u8]) -> Result<BTreeMap<String, RecordRow>, RecordError> {
    let text = std::str::from_utf8(bytes).map_err(|_| RecordError::Encoding)?;
    let mut rows = BTreeMap::new();
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        if line.is_empty() {
            continue;
        }
        let fields = split_csv(line).ok_or(RecordError::Row(number))?;
        let [path, hash, size] = fields.try_into().map_err(|_| RecordError::Row(number))?;
        let size = match size.as_str() {
            "" => None,
            digits => Some(digits.parse().map_err(|_| RecordError::Row(number))?),
        };
        let row = RecordRow { hash: Some(hash).filter(|hash| !hash.is_empty()), size };
        if rows.insert(path.replace('\\', "/"), row).is_some() {
            return Err(RecordError::Duplicate(number));
        }
    }
    Ok(rows)
}

/// One line of comma-separated values, with `"` around values that hold a comma or a doubled `"`.
fn split_csv(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut value = String::new();
            let mut quoted = quoted;
            loop {
                let (part, behind) = quoted.split_once('"')?;
                value.push_str(part);
                let Some(more) = behind.strip_prefix('"') else {
                    rest = behind;
                    break;
                };
                value.push('"');
                quoted = more;
            }
            fields.push(value);
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            fields.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        if rest.is_empty() {
            return Some(fields);
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// The text of `sha256=…` in RECORD for a digest: urlsafe base64 without padding.
pub(crate) fn record_hash(digest: &crate::Sha256) -> String {
    format!("sha256={}", BASE64_URL_SAFE_NO_PAD.encode(digest.as_bytes()))
}

/// The fields of WHEEL that are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WheelFile {
    pub(crate) wheel_version: Option<String>,
    pub(crate) root_is_purelib: Option<String>,
    pub(crate) build: Option<String>,
    pub(crate) tags: Vec<String>,
}

/// Reads WHEEL: `Key: value` lines.
pub(crate) fn parse_wheel(bytes: &[u8]) -> Option<WheelFile> {
    let metadata = crate::Metadata::parse(bytes).ok()?;
    let value = |name| metadata.first(name).map(|value| value.trim().to_owned());
    let mut tags: Vec<String> = metadata.all("Tag").map(|tag| tag.trim().to_owned()).collect();
    tags.sort_unstable();
    tags.dedup();
    Some(WheelFile {
        wheel_version: value("Wheel-Version"),
        root_is_purelib: value("Root-Is-Purelib"),
        build: value("Build"),
        tags,
    })
}

/// Why entry_points.txt cannot be used; the number is the line's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EntryPointsError {
    #[error("entry_points.txt is not UTF-8 text")]
    Encoding,
    #[error("entry_points.txt line {0} is neither a group nor name = object")]
    Line(usize),
    #[error("entry_points.txt line {0} repeats a name")]
    Duplicate(usize),
    #[error("entry_points.txt line {0}: a script's name may hold letters, digits, `.`, `-` and `_` only")]
    ScriptName(usize),
}

/// Checks entry_points.txt: groups in brackets, `name = object` below them.
pub(crate) fn check_entry_points(bytes: &[u8]) -> Result<(), EntryPointsError> {
    let text = std::str::from_utf8(bytes).map_err(|_| EntryPointsError::Encoding)?;
    let mut group: Option<&str> = None;
    let mut names = std::collections::BTreeSet::new();
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            group = Some(name.trim());
            continue;
        }
        if line.starts_with([' ', '\t']) {
            // A continuation of the value above.
            continue;
        }
        let (Some(group), Some((name, _))) = (group, content.split_once('=')) else {
            return Err(EntryPointsError::Line(number));
        };
        let name = name.trim();
        if name.is_empty() {
            return Err(EntryPointsError::Line(number));
        }
        if !names.insert((group, name)) {
            return Err(EntryPointsError::Duplicate(number));
        }
        let is_script = matches!(group, "console_scripts" | "gui_scripts");
        if is_script && !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')) {
            return Err(EntryPointsError::ScriptName(number));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_rows() {
        let rows = parse_record(b"a.py,sha256=x,3\r\n\"b,\"\"c\"\"\",,\n").unwrap();
        assert_eq!(rows["a.py"], RecordRow { hash: Some("sha256=x".into()), size: Some(3) });
        assert_eq!(rows["b,\"c\""], RecordRow { hash: None, size: None });
        assert_eq!(parse_record(b"a,b"), Err(RecordError::Row(1)));
        assert_eq!(parse_record(b"a,,x"), Err(RecordError::Row(1)));
        assert_eq!(parse_record(b"\"a,,"), Err(RecordError::Row(1)));
        assert_eq!(parse_record(b"a,,\na,,\n"), Err(RecordError::Duplicate(2)));
        assert_eq!(parse_record(b"\xff"), Err(RecordError::Encoding));
    }

    #[test]
    fn record_hash_is_what_pip_writes() {
        // hashlib.sha256(b"").digest() through base64.urlsafe_b64encode().rstrip(b"=")
        assert_eq!(record_hash(&crate::Sha256::of(b"")), "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }

    #[test]
    fn entry_points() {
        assert_eq!(check_entry_points(b"[console_scripts]\na = b:c\n# x\n[x.y]\nz=w\n"), Ok(()));
        assert_eq!(check_entry_points(b"a = b"), Err(EntryPointsError::Line(1)));
        assert_eq!(check_entry_points(b"[g]\na"), Err(EntryPointsError::Line(2)));
        assert_eq!(check_entry_points(b"[g]\na=b\na=c"), Err(EntryPointsError::Duplicate(3)));
        assert_eq!(check_entry_points(b"[gui_scripts]\na/b=c"), Err(EntryPointsError::ScriptName(2)));
    }
}
