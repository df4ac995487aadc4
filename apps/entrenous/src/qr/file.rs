use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::Qr;
use crate::failure::Failure;

/// What to do with a file that is there already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Existing {
    Keep,
    Replace,
}

/// Writes `text` as a QR code to the PNG file `path`, which only its owner may read.
///
/// # Errors
///
/// There is such a file and it is to be kept, it cannot be written, or `text` is longer than a QR code
/// holds. Nothing half-written is left.
pub(crate) fn save(text: &str, path: &Path, existing: Existing) -> Result<(), Failure> {
    let picture = Qr::new(text)?.picture()?;
    let cannot = |error: &io::Error| {
        let place = path.display();
        match error.kind() {
            io::ErrorKind::AlreadyExists => Failure::input(format!("{place} is there already"))
                .hint("choose another name, or remove it first"),
            kind => Failure::input(format!("cannot write {place}: {kind}")).because(error),
        }
    };
    if existing == Existing::Replace {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot(&error)),
            _ => {}
        }
    }
    let mut file = create(path).map_err(|error| cannot(&error))?;
    file.write_all(&picture).map_err(|error| {
        // A part of a picture is of no use.
        let _ = std::fs::remove_file(path);
        cannot(&error)
    })
}

/// A new file for its owner alone.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
