/// How much of a file is read at most. An archive beyond a limit is a problem, never an exhausted machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, in bytes. PyPI's default is 100 MiB; a project can be granted more.
    pub file_bytes: u64,
    /// The most members of an archive.
    pub members: usize,
    /// Unpacked size, in bytes, below which the ratio does not count. PyPI's is 64 MiB.
    pub unpacked_bytes: u64,
    /// How many times larger than the file its unpacked contents may be above `unpacked_bytes`. PyPI's is 50.
    pub unpacked_ratio: u64,
    /// Unpacked size of a source archive, in bytes, beyond which it is not read on. PyPI has no limit for it.
    pub sdist_bytes: u64,
    /// The largest single metadata file (METADATA, RECORD, …) that is kept, in bytes.
    pub metadata_bytes: u64,
}

impl Limits {
    /// The most bytes that the contents of a wheel of this size may have.
    pub fn unpacked(&self, file_size: u64) -> u64 {
        self.unpacked_bytes.max(file_size.saturating_mul(self.unpacked_ratio))
    }

    /// The most bytes that are unpacked of a source archive of this size.
    pub fn unpacked_sdist(&self, file_size: u64) -> u64 {
        self.sdist_bytes.max(self.unpacked(file_size))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 100 << 20,
            members: 100_000,
            unpacked_bytes: 64 << 20,
            unpacked_ratio: 50,
            sdist_bytes: 1 << 30,
            metadata_bytes: 32 << 20,
        }
    }
}

/// Whose rules apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// PyPI and TestPyPI.
    #[default]
    PyPi,
    /// An index of one's own: local versions, platform tags and classifiers are that index's affair.
    OtherIndex,
}

/// What to check against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// Whose rules apply.
    pub target: Target,
    /// How much is read.
    pub limits: Limits,
}
