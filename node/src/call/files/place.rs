//! Where files of theirs are put: never over another one.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::FileError;
use super::note::Target;

/// Makes an empty partial file for a file of `size` bytes, called `name`, which is to be at `into`, or in
/// it if that is a folder.
pub(super) fn prepare(into: &Path, name: &str, size: u64) -> Result<Target, FileError> {
    let into = std::path::absolute(into).map_err(|error| FileError::writing(&error))?;
    let is_folder = fs::metadata(&into).is_ok_and(|metadata| metadata.is_dir());
    let ends_open = into.as_os_str().as_encoded_bytes().last();
    let path = match is_folder {
        true => into.join(name),
        // Somebody meant a folder that is not there.
        false if ends_open.is_some_and(|last| std::path::is_separator(char::from(*last))) => {
            return Err(FileError::NoFolder);
        }
        false => into,
    };
    let target = Target::new(path)?;
    if !fs::metadata(target.folder()).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(FileError::NoFolder);
    }
    if room(target.folder()).is_some_and(|room| room < size) {
        return Err(FileError::NoRoom);
    }
    let made = private().create_new(true).open(target.partial());
    made.and_then(|_| sync_folder(target.folder()))
        .map_err(|error| FileError::writing(&error))?;
    Ok(target)
}

/// Opens the partial file, which is made anew if it is gone.
pub(super) fn open(target: &Target) -> io::Result<File> {
    private()
        .create(true)
        .truncate(false)
        .open(target.partial())
}

/// How much of a file of `size` bytes is in its partial file, durably.
pub(super) fn there(target: &Target, size: u64) -> u64 {
    let measure = || {
        let file = private().open(target.partial())?;
        let length = file.metadata()?.len();
        if length > size {
            file.set_len(size)?;
        }
        file.sync_all()?;
        Ok::<_, io::Error>(length.min(size))
    };
    // What cannot be read is begun anew, or fails then.
    measure().unwrap_or(0)
}

/// Puts a whole file where it belongs, or beside it if there is another one. Gives the place.
pub(super) fn place(target: &Target) -> Result<PathBuf, FileError> {
    let partial = target.partial();
    if let Err(error) = fs::symlink_metadata(&partial) {
        return match error.kind() {
            // That was done already.
            io::ErrorKind::NotFound if target.folder().is_dir() => Ok(target.path.clone()),
            _ => Err(FileError::writing(&error)),
        };
    }
    for number in 1..=NUMBERS {
        let path = numbered(&target.path, number);
        match put(&partial, &path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(FileError::writing(&error)),
        }
    }
    let reason = io::ErrorKind::AlreadyExists;
    Err(FileError::Unwritable { reason })
}

/// Makes of the partial file the one at `path`, durably, if there is none.
fn put(partial: &Path, path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    match fs::hard_link(partial, path) {
        Ok(()) => sync_folder(folder)?,
        // This was interrupted.
        Err(_) if are_one(partial, path) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) => {
            // Not every disk has links: take the name, then replace what is ours.
            private().create_new(true).open(path)?;
            fs::rename(partial, path)?;
            return sync_folder(folder);
        }
    }
    fs::remove_file(partial)?;
    sync_folder(folder)
}

/// `path`, or with a number in its name.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default();
    let mut end = OsString::from(format!(" ({number})"));
    if let Some(extension) = path.extension() {
        end.push(".");
        end.push(extension);
    }
    let mut name = stem.to_owned();
    if name.len().saturating_add(end.len()) > NAME {
        let mut short = stem.to_string_lossy().into_owned();
        while short.len().saturating_add(end.len()) > NAME && short.pop().is_some() {}
        name = short.into();
    }
    name.push(end);
    path.with_file_name(name)
}

/// How files are opened for writing: for their owner alone from the first instant.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "folders cannot be flushed there")]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether both are names of one file.
#[cfg(unix)]
fn are_one(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let (Ok(one), Ok(other)) = (fs::symlink_metadata(one), fs::symlink_metadata(other)) else {
        return false;
    };
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn are_one(_: &Path, _: &Path) -> bool {
    false // a second copy is the worst
}

/// Bytes that are free for us there, if that is known.
#[cfg(unix)]
fn room(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
const fn room(_: &Path) -> Option<u64> {
    None
}

/// How many names are tried.
const NUMBERS: u32 = 1_000;
/// Bytes of a name.
const NAME: usize = 255;

#[cfg(test)]
mod tests;
