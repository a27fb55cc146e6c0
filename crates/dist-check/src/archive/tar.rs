//! The members of a tar archive as Python's `tarfile` sees them, which is what pip unpacks and PyPI looks at.
//!
//! Python ends its reading without a word at a header that it cannot read, looks for the next header in what is the data of a
//! folder, and lets a global header rename every member. Each place where another reader would see something else is kept
//! as an ambiguity.

mod header;
mod pax;

use std::io::{self, ErrorKind, Read};

use super::path_text;
use header::{
    BLOCK, Block, FOLDER, Header, LONG_LINK, LONG_NAME, PAX, PAX_GLOBAL, PAX_SOLARIS, SPARSE, has_data, until_nul,
    without_slashes,
};
use pax::Records;

/// The largest extended header that is read, in bytes.
pub(super) const LARGEST_EXTENSION: u64 = 4 << 20;
/// The most ambiguities that are kept, and how much of a path, in characters.
const MOST_AMBIGUITIES: usize = 1000;
const LONGEST_SHOWN: usize = 200;
/// The most extended headers in front of a member; tools write three at most.
const MOST_EXTENSIONS: usize = 16;

/// Reads one tar archive from its beginning.
pub(super) struct Tar<R> {
    input: R,
    globals: Records,
    /// What is still to be read of the last member: its data, and what fills its last block.
    data: u64,
    padding: u64,
    is_first: bool,
    /// Where readers other than Python see something else.
    pub(super) ambiguities: Vec<String>,
}

/// A member as its headers describe it.
pub(super) struct Entry {
    pub(super) path: String,
    /// What a link leads to.
    pub(super) target: String,
    pub(super) kind: Kind,
    /// The size of the data, which is still to be read.
    pub(super) size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    SymbolicLink,
    HardLink,
    Special,
    Sparse,
}

/// Why an archive was not read to its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// Python says that it is no tar archive.
    NoTar(String),
    /// Python fails to read on.
    Broken(String),
    /// What readers do with it differs.
    Damaged(String),
    /// An extended header is larger than [`LARGEST_EXTENSION`].
    Extension,
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What stands behind the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    Zeros,
    /// A header, and so perhaps members.
    Header,
    Other,
}

/// An extended header, which describes the member behind it.
enum Extension {
    Name(Vec<u8>),
    Link(Vec<u8>),
    Records(Records),
    /// Records for all members, which are kept elsewhere.
    Global,
}

impl Extension {
    fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name),
            Self::Link(_) | Self::Global => None,
            Self::Records(records) => records.path.as_deref(),
        }
    }

    fn link(&self) -> Option<&[u8]> {
        match self {
            Self::Link(link) => Some(link),
            Self::Name(_) | Self::Global => None,
            Self::Records(records) => records.link.as_deref(),
        }
    }

    fn records(&self) -> Option<&Records> {
        match self {
            Self::Records(records) => Some(records),
            Self::Name(_) | Self::Link(_) | Self::Global => None,
        }
    }
}

/// How much there was of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filled {
    Wholly,
    Partly,
    Not,
}

impl<R: Read> Tar<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, globals: Records::default(), data: 0, padding: 0, is_first: true, ambiguities: Vec::new() }
    }

    pub(super) fn into_inner(self) -> R {
        self.input
    }

    /// The next member; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, Stop> {
        self.skip()?;
        let mut extensions = Vec::new();
        let header = loop {
            let is_extended = !extensions.is_empty();
            let mut block = [0; BLOCK];
            match self.block(&mut block)? {
                Filled::Wholly => {}
                Filled::Not if !is_extended && !self.is_first => return Ok(None),
                Filled::Not => return self.unreadable(is_extended, "there is no header"),
                Filled::Partly => return self.unreadable(is_extended, "a header is cut off"),
            }
            let header = match Block::parse(&block) {
                Block::Header(header) => header,
                Block::Zeros if !is_extended => return Ok(None),
                Block::Zeros => return self.unreadable(is_extended, "an extended header has no member behind it"),
                Block::Invalid(field) => {
                    return self.unreadable(is_extended, &format!("the {field} in a header is wrong or no number"));
                }
            };
            if !matches!(header.kind, LONG_NAME | LONG_LINK | PAX | PAX_SOLARIS | PAX_GLOBAL) {
                self.skip_maps(&block, header.kind)?;
                break header;
            }
            if extensions.len() == MOST_EXTENSIONS {
                return Err(self.broken("a member has too many extended headers"));
            }
            let Some(extension) = self.extension(&header)? else {
                let why = "the records of an extended header cannot be read";
                if self.is_first || is_extended {
                    // What versions of Python say to it differs.
                    return Err(Stop::Damaged(why.to_owned()));
                }
                return self.unreadable(is_extended, why);
            };
            extensions.push(extension);
        };
        let entry = self.entry(header, &extensions);
        self.is_first = false;
        Ok(Some(entry))
    }

    /// Reads data of the last member; nothing behind its end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        let want = usize::try_from(self.data).unwrap_or(usize::MAX).min(buffer.len());
        if want == 0 {
            return Ok(0);
        }
        loop {
            match self.input.read(&mut buffer[..want]) {
                Ok(0) => return Err(self.broken("it ends within a member")),
                Ok(read) => {
                    self.data -= read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads what stands behind the end.
    pub(super) fn rest(&mut self) -> io::Result<Rest> {
        let mut rest = Rest::Zeros;
        let mut block = [0; BLOCK];
        let mut filled = Filled::Wholly;
        while filled == Filled::Wholly {
            filled = self.block(&mut block)?;
            match Block::parse(&block) {
                Block::Header(_) => rest = Rest::Header,
                Block::Invalid(_) if rest == Rest::Zeros => rest = Rest::Other,
                Block::Zeros | Block::Invalid(_) => {}
            }
        }
        Ok(rest)
    }

    fn block(&mut self, block: &mut [u8; BLOCK]) -> io::Result<Filled> {
        let mut filled = 0;
        block.fill(0);
        while filled < BLOCK {
            match self.input.read(&mut block[filled..]) {
                Ok(0) => return Ok(if filled == 0 { Filled::Not } else { Filled::Partly }),
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Filled::Wholly)
    }

    /// Passes over what is left of the last member.
    fn skip(&mut self) -> Result<(), Stop> {
        let mut buffer = [0; 8 << 10];
        self.data = self.data.saturating_add(std::mem::take(&mut self.padding));
        while self.read(&mut buffer)? > 0 {}
        Ok(())
    }

    /// Passes over the blocks of an old file with holes that say where these are.
    fn skip_maps(&mut self, header: &[u8; BLOCK], kind: u8) -> Result<(), Stop> {
        let mut goes_on = kind == SPARSE && header[482] != 0;
        let mut block = [0; BLOCK];
        while goes_on {
            if self.block(&mut block)? != Filled::Wholly {
                return Err(self.broken("it ends within a member"));
            }
            goes_on = block[504] != 0;
        }
        Ok(())
    }

    /// Reads what an extended header holds; none if Python takes it for no header.
    fn extension(&mut self, header: &Header) -> Result<Option<Extension>, Stop> {
        if header.size > LARGEST_EXTENSION {
            return Err(Stop::Extension);
        }
        self.data = header.size + padding(header.size);
        let size = usize::try_from(header.size).unwrap_or(usize::MAX);
        let mut bytes = vec![0; usize::try_from(self.data).unwrap_or(usize::MAX)];
        let mut filled = 0;
        while filled < bytes.len() {
            filled += self.read(&mut bytes[filled..])?;
        }
        if let Some(why) = header.ambiguity {
            self.ambiguous(&header.name, why);
        }
        if matches!(header.kind, LONG_NAME | LONG_LINK) {
            let text = until_nul(&bytes);
            if text != bytes[..size].strip_suffix(b"\0").unwrap_or(&bytes[..size]) {
                self.ambiguous(text, "its long name does not end where it should");
            }
            let text = text.to_vec();
            return Ok(Some(if header.kind == LONG_NAME { Extension::Name(text) } else { Extension::Link(text) }));
        }
        if header.kind == PAX_SOLARIS {
            self.ambiguous(&header.name, "not every reader knows its extended header");
        }
        if header.kind == PAX_GLOBAL {
            return Ok(self.globals.add(&bytes, size).map(|()| Extension::Global));
        }
        let mut records = Records::default();
        Ok(records.add(&bytes, size).map(|()| Extension::Records(records)))
    }

    /// The member of a header, with what its extended headers say.
    fn entry(&mut self, header: Header, extensions: &[Extension]) -> Entry {
        let Header { mut name, mut link, mut size, kind, is_folder_by_name, has_odd_prefix, ambiguity } = header;
        let mut whys: Vec<&str> = ambiguity.into_iter().collect();
        // Python applies the one that stands nearest to the member first, and so the first one counts.
        let names: Vec<&[u8]> = extensions.iter().filter_map(Extension::name).collect();
        let links: Vec<&[u8]> = extensions.iter().filter_map(Extension::link).collect();
        let sizes: Vec<&[u8]> =
            extensions.iter().filter_map(Extension::records).filter_map(|records| records.size.as_deref()).collect();
        if [&names, &links, &sizes].into_iter().any(|values| values.iter().any(|value| value != &values[0])) {
            whys.push("its extended headers contradict each other");
        }
        if self.globals.change_members() {
            whys.push("a header for all members gives it a name or a size");
            if let Some(path) = &self.globals.path {
                name.clone_from(path);
            }
            if let Some(path) = &self.globals.link {
                link.clone_from(path);
            }
        }
        if let Some(given) = names.first() {
            name = given.to_vec();
        }
        if let Some(given) = links.first() {
            link = given.to_vec();
        }
        if is_folder_by_name && !extensions.is_empty() {
            whys.push("versions of Python differ in whether it is a folder");
        } else if matches!(kind, 0 | b'0' | b'7') && name.ends_with(b"/") {
            whys.push("it is a file with the name of a folder");
        }
        if has_odd_prefix && names.is_empty() {
            whys.push("only Python reads a prefix of the name in this format");
        }
        let naming = extensions.iter().find(|extension| extension.name().is_some());
        if kind == FOLDER || matches!(naming, Some(Extension::Records(_))) {
            name = without_slashes(&name).to_vec();
        }
        if let Some(given) = sizes.first() {
            let plain = pax::plain_size(given);
            if plain != Some(size) {
                whys.push("its two headers give two sizes");
            }
            size = plain.unwrap_or_default();
        }
        let records = || extensions.iter().filter_map(Extension::records);
        let is_sparse = kind == SPARSE || records().any(Records::are_sparse);
        if !is_sparse && records().any(Records::mention_holes) {
            whys.push("some readers take it for a file with holes");
        }
        if !has_data(kind) {
            if size > 0 {
                whys.push("it is not a file and has a size, so that what follows is its data or the next member");
            }
            size = 0;
        }
        for why in whys {
            self.ambiguous(&name, why);
        }
        self.data = size;
        self.padding = padding(size);
        Entry {
            path: path_text(&name),
            target: path_text(&link),
            kind: match kind {
                _ if is_sparse => Kind::Sparse,
                0 | b'0' | b'7' => Kind::File,
                FOLDER => Kind::Folder,
                b'1' => Kind::HardLink,
                b'2' => Kind::SymbolicLink,
                _ => Kind::Special,
            },
            size,
        }
    }

    fn ambiguous(&mut self, path: &[u8], why: &str) {
        if self.ambiguities.len() < MOST_AMBIGUITIES {
            let path = path_text(path);
            self.ambiguities.push(format!("{}: {why}", findings_model::text::shorten(&path, LONGEST_SHOWN)));
        }
    }

    fn broken(&self, why: &str) -> Stop {
        if self.is_first { Stop::NoTar(why.to_owned()) } else { Stop::Broken(why.to_owned()) }
    }

    /// Python reads no header here: it fails in front of the first member and behind an extended header, and else ends.
    fn unreadable(&mut self, is_extended: bool, why: &str) -> Result<Option<Entry>, Stop> {
        if self.is_first || is_extended {
            return Err(self.broken(why));
        }
        self.ambiguities.push(format!("{why}: pip and PyPI see none of what stands behind it"));
        Ok(None)
    }
}

/// Whether a file that begins so is an uncompressed tar archive.
pub(super) fn is_header(head: &[u8]) -> bool {
    let block: Option<&[u8; BLOCK]> = head.try_into().ok();
    block.is_some_and(|block| matches!(Block::parse(block), Block::Header(_)))
}

/// How many bytes fill the last block of so many.
fn padding(size: u64) -> u64 {
    const BLOCK_SIZE: u64 = BLOCK as u64;
    (BLOCK_SIZE - size % BLOCK_SIZE) % BLOCK_SIZE
}
