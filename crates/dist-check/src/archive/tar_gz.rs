use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::bufread::GzDecoder;
use tar::EntryType;

use super::{
    Archive, FlawKind, Hit, Member, MemberKind, ReadFailure, Source, Unreadable, content::Content, is_metadata,
    path_text, source::Verdict, zip,
};
use crate::Limits;

/// Reads a `.tar.gz` member by member.
pub(super) fn read<R: Read + Seek>(input: &mut R, size: u64, limits: &Limits) -> Result<Archive, ReadFailure> {
    if zip::is_zip(input, size)? {
        return Err(Unreadable::Both.into());
    }
    input.seek(SeekFrom::Start(0))?;
    let cap = limits.unpacked(size);
    let file = BufReader::with_capacity(64 << 10, Source::new(input, u64::MAX));
    let mut tar = tar::Archive::new(Source::new(GzDecoder::new(file), cap));
    let mut archive = Archive::default();
    let read = members(&mut tar, limits, &mut archive);
    let mut unpacked = tar.into_inner();
    let outcome = match read {
        // The checksum stands behind the last block, which the tar reader does not ask for.
        Ok(()) => std::io::copy(&mut unpacked, &mut std::io::sink()).map(|_| ()).map_err(Failure::Format),
        failed => failed,
    };
    if let Verdict::BeyondLimit = unpacked.verdict() {
        return Err(Unreadable::TooLarge(cap).into());
    }
    let file = unpacked.get_mut().get_mut();
    if let Verdict::Failed(error) = file.get_mut().verdict() {
        return Err(ReadFailure::Io(error));
    }
    match outcome {
        Ok(()) => {}
        Err(Failure::Limit(why)) => return Err(why.into()),
        Err(Failure::Format(error)) => {
            return Err(Unreadable::NoTar(findings_model::text::one_line(&error.to_string())).into());
        }
    }
    if archive.members.is_empty() {
        return Err(Unreadable::NoTar("it has no members".to_owned()).into());
    }
    if !file.fill_buf()?.is_empty() {
        archive.flaw(FlawKind::TrailingBytes, "there are bytes behind the end of the compressed archive");
    }
    Ok(archive)
}

enum Failure {
    Limit(Unreadable),
    Format(std::io::Error),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Format(error)
    }
}

fn members<R: Read>(tar: &mut tar::Archive<R>, limits: &Limits, archive: &mut Archive) -> Result<(), Failure> {
    let mut buffer = vec![0; 64 << 10];
    for entry in tar.entries()? {
        let mut entry = entry?;
        if archive.members.len() == limits.members {
            return Err(Failure::Limit(Unreadable::TooManyMembers(limits.members)));
        }
        let path = path_text(&entry.path_bytes());
        let target = entry.link_name_bytes().map(|raw| path_text(&raw)).unwrap_or_default();
        let mut kind = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => MemberKind::File,
            EntryType::Directory => MemberKind::Folder,
            EntryType::Symlink => MemberKind::SymbolicLink { target },
            EntryType::Link => MemberKind::HardLink { target },
            EntryType::GNUSparse => MemberKind::Sparse,
            // A global extended header is no member.
            EntryType::XGlobalHeader => continue,
            _ => MemberKind::Special,
        };
        if let Some(extensions) = entry.pax_extensions()? {
            for extension in extensions {
                if extension?.key_bytes().starts_with(b"GNU.sparse") {
                    kind = MemberKind::Sparse;
                }
            }
        }
        let mut member = Member { path, kind, size: 0, sha256: None, machine: None };
        if member.kind == MemberKind::File {
            let keep = is_metadata(&member.path) && !archive.texts.contains_key(&member.path);
            if keep && entry.size() > limits.metadata_bytes {
                let limit = limits.metadata_bytes;
                return Err(Failure::Limit(Unreadable::MetadataTooLarge { path: member.path, limit }));
            }
            let mut content = Content::new(&member.path, entry.size(), keep);
            loop {
                match entry.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(read) => content.add(&buffer[..read]),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let known = content.known(&member.path, keep);
            if known.size != entry.size() {
                return Err(Failure::Format(std::io::ErrorKind::UnexpectedEof.into()));
            }
            (member.size, member.sha256, member.machine) = (known.size, Some(known.sha256), known.machine);
            archive.hits.extend(known.hits.into_iter().map(|(kind, line)| Hit {
                kind,
                path: member.path.clone(),
                line,
            }));
            if let Some(kept) = known.kept {
                archive.texts.insert(member.path.clone(), kept);
            }
        }
        archive.members.push(member);
    }
    Ok(())
}
