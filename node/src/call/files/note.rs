//! What is kept of a transfer beside what the machine keeps: where the file is, or belongs.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use transfer::Kept;

use super::FileError;
use crate::now::random;

/// A file that is sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::call) struct Source {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    /// When it was changed last, in nanoseconds since 1970; 0: nobody knows.
    modified: u128,
}

impl Source {
    /// The file at `path`, if it can be read. Blocks.
    pub(in crate::call) fn find(path: &Path) -> Result<Self, FileError> {
        let path = std::path::absolute(path).map_err(|error| FileError::reading(&error))?;
        let reading = |error| FileError::reading(&error);
        // To open a pipe would wait for whoever writes to it.
        check(&fs::metadata(&path).map_err(reading)?)?;
        let file = fs::File::open(&path).map_err(reading)?;
        let metadata = file.metadata().map_err(reading)?;
        check(&metadata)?;
        let source = Self {
            path,
            size: metadata.len(),
            modified: modified(&metadata),
        };
        if source.to_note()?.len() > Kept::NOTE {
            return Err(FileError::Path);
        }
        Ok(source)
    }

    /// Whether `metadata` are those of the file that was offered.
    pub(super) fn is_the_same(&self, metadata: &Metadata) -> bool {
        self.size == metadata.len() && self.modified == modified(metadata)
    }

    pub(super) fn to_note(&self) -> Result<Vec<u8>, FileError> {
        let path = to_bytes(&self.path).ok_or(FileError::Path)?;
        Ok([&[VERSION][..], &self.modified.to_be_bytes(), path].concat())
    }

    /// `None`: a note of another program.
    pub(super) fn read(note: &[u8], size: u64) -> Option<Self> {
        let (version, rest) = note.split_first()?;
        let (modified, path) = rest.split_first_chunk()?;
        (*version == VERSION).then_some(())?;
        Some(Self {
            path: from_bytes(path)?,
            size,
            modified: u128::from_be_bytes(*modified),
        })
    }

    /// What the file is called.
    pub(in crate::call) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    pub(in crate::call) const fn size(&self) -> u64 {
        self.size
    }
}

fn check(metadata: &Metadata) -> Result<(), FileError> {
    match metadata {
        metadata if metadata.is_dir() => Err(FileError::Folder),
        metadata if !metadata.is_file() => Err(FileError::Odd),
        _ => Ok(()),
    }
}

fn modified(metadata: &Metadata) -> u128 {
    let since = metadata.modified().ok();
    let since = since.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos())
}

/// Where a file of theirs belongs, and where it is until it is whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Target {
    pub(super) path: PathBuf,
    /// Ours: of an id of their choice two could be alike.
    tag: [u8; 8],
}

impl Target {
    /// A new one for `path`, which is absolute.
    pub(super) fn new(path: PathBuf) -> Result<Self, FileError> {
        let tag = random()?;
        let target = Self { path, tag };
        match target.to_note()?.len() > Kept::NOTE {
            true => Err(FileError::Path),
            false => Ok(target),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or_else(|| Path::new("."))
    }

    /// Beside where it belongs, so that it can be put there without being copied.
    pub(super) fn partial(&self) -> PathBuf {
        let tag = u64::from_be_bytes(self.tag);
        self.folder().join(format!(".entrenous-{tag:016x}.part"))
    }

    pub(super) fn to_note(&self) -> Result<Vec<u8>, FileError> {
        let path = to_bytes(&self.path).ok_or(FileError::Path)?;
        Ok([&[VERSION][..], &self.tag, path].concat())
    }

    /// `None`: a note of another program.
    pub(super) fn read(note: &[u8]) -> Option<Self> {
        let (version, rest) = note.split_first()?;
        let (tag, path) = rest.split_first_chunk()?;
        (*version == VERSION).then_some(())?;
        let path = from_bytes(path)?;
        Some(Self { path, tag: *tag })
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there may be none")]
fn to_bytes(path: &Path) -> Option<&[u8]> {
    Some(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there may be none")]
fn from_bytes(bytes: &[u8]) -> Option<PathBuf> {
    let path: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(bytes);
    Some(path.into())
}

#[cfg(not(unix))]
fn to_bytes(path: &Path) -> Option<&[u8]> {
    path.to_str().map(str::as_bytes)
}

#[cfg(not(unix))]
fn from_bytes(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote_and_nothing_else() {
        let target = Target::new("/there/name.txt".into()).unwrap();
        let note = target.to_note().unwrap();
        assert_eq!(Target::read(&note), Some(target));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("here");
        fs::write(&path, "four").unwrap();
        let source = Source::find(&path).unwrap();
        let note = source.to_note().unwrap();
        assert_eq!(Source::read(&note, 4), Some(source));
        for note in [&[][..], &[1], &[2; 40], &[1; 8]] {
            assert_eq!((Target::read(note), Source::read(note, 4)), (None, None));
        }
    }

    #[test]
    fn only_an_ordinary_file_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = folder.path().join("nothing");
        assert_eq!(Source::find(&nothing), Err(FileError::NoFile));
        assert_eq!(Source::find(folder.path()), Err(FileError::Folder));
        #[cfg(unix)]
        assert_eq!(Source::find(Path::new("/dev/null")), Err(FileError::Odd));
        let long = PathBuf::from("/".to_owned() + &"a/".repeat(2_100));
        assert_eq!(Target::new(long).unwrap_err(), FileError::Path);
    }
}
