//! Records of a pax extended header, read as Python's `tarfile` reads them.

/// What records say about members that changes which there are or what they hold; later records count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<Vec<u8>>,
    sparse: Sparse,
}

/// The records of GNU tar for files with holes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sparse {
    any: bool,
    map: bool,
    size: bool,
    major: Option<Vec<u8>>,
    minor: Option<Vec<u8>>,
}

impl Records {
    /// Adds the records in these bytes, of which `size` are the header's. None if they cannot be read, or end elsewhere.
    pub(super) fn add(&mut self, bytes: &[u8], size: usize) -> Option<()> {
        let mut at = 0;
        while bytes.get(at).is_some_and(|byte| *byte != 0) {
            let rest = &bytes[at..];
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let length: usize = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
            let record = rest.get(..length).filter(|_| rest.get(digits) == Some(&b' '))?;
            let record = record.get(digits + 1..)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=').filter(|equals| *equals > 0)?;
            self.set(&record[..equals], &record[equals + 1..]);
            at += length;
        }
        (at == size).then_some(())
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        let value = value.to_vec();
        match key {
            b"path" => self.path = Some(value),
            b"linkpath" => self.link = Some(value),
            b"size" => self.size = Some(value),
            _ if key.starts_with(b"GNU.sparse.") => {
                self.sparse.any = true;
                match &key[11..] {
                    b"name" => self.path = Some(value),
                    b"map" => self.sparse.map = true,
                    b"size" => self.sparse.size = true,
                    b"major" => self.sparse.major = Some(value),
                    b"minor" => self.sparse.minor = Some(value),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Whether they change what a member is called or how long it is.
    pub(super) fn change_members(&self) -> bool {
        *self != Self::default()
    }

    pub(super) fn mention_holes(&self) -> bool {
        self.sparse.any
    }

    /// Whether Python takes a member with these records for a file with holes.
    pub(super) fn are_sparse(&self) -> bool {
        let Sparse { map, size, major, minor, .. } = &self.sparse;
        *map || *size || (major.as_deref() == Some(b"1") && minor.as_deref() == Some(b"0"))
    }
}

/// A `size` that every reader reads alike.
pub(super) fn plain_size(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        let read = |bytes: &[u8]| {
            let mut records = Records::default();
            records.add(bytes, bytes.len()).map(|()| records)
        };
        let good = read(b"12 path=a/b\n11 size=12\n13 comment==\n").unwrap();
        assert_eq!((good.path.as_deref(), good.size.as_deref()), (Some(&b"a/b"[..]), Some(&b"12"[..])));
        assert!(!read(b"13 comment=a\n").unwrap().change_members());
        for bad in [&b"13 path=a/b\n"[..], b"x", b"4 =\n", b"10 path a\n", b"99 path=a\n", b"0 a=b\n", b"9 path=a\n\0"]
        {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn holes_are_those_of_python() {
        let sparse = |bytes: &[u8]| {
            let mut records = Records::default();
            records.add(bytes, bytes.len()).unwrap();
            (records.mention_holes(), records.are_sparse())
        };
        assert_eq!(sparse(b"20 GNU.sparse.foo=1\n"), (true, false));
        assert_eq!(sparse(b"22 GNU.sparse.major=1\n"), (true, false));
        assert_eq!(sparse(b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"), (true, true));
        assert_eq!(sparse(b"21 GNU.sparse.size=5\n"), (true, true));
    }
}
