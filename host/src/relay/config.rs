use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use kernel::Kind;
use primitives::{Zeroize, Zeroizing};
use switch::{Password, server};

/// What a relay runs.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Whether it is at `/ws` of the public HTTP listeners.
    pub web: bool,
    /// Addresses where frames come by TCP.
    pub tcp: Vec<SocketAddr>,
    /// Addresses where they come by TLS, with the certificate of the HTTP listeners.
    pub tls: Vec<SocketAddr>,
    /// File with the password that clients must know: one line.
    pub password: Option<PathBuf>,
    /// Bounds and lifetimes; its password is the one in the file.
    pub limits: server::Config,
}

impl Config {
    /// Whether there is anything to run.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.web || !self.tcp.is_empty() || !self.tls.is_empty()
    }

    /// The limits, with the password out of its file.
    ///
    /// # Errors
    ///
    /// See [`PasswordFileError`].
    pub(crate) fn load(&self) -> Result<server::Config, PasswordFileError> {
        let mut limits = self.limits.clone();
        limits.password = self.password.as_deref().map(read).transpose()?;
        Ok(limits)
    }
}

/// The password in a file: all of it, but for a line break at its end.
fn read(path: &Path) -> Result<Password, PasswordFileError> {
    let unreadable = |error: io::Error| PasswordFileError::Unreadable {
        path: path.to_owned(),
        reason: error.kind(),
    };
    let file = File::open(path).map_err(unreadable)?;
    // The room is there at once, so that no copy stays behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST.saturating_mul(2)));
    let most = u64::try_from(MOST).unwrap_or(u64::MAX);
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let mut line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
    if line.contains(&b'\n') {
        line.zeroize();
        return Err(PasswordFileError::Lines {
            path: path.to_owned(),
        });
    }
    Password::new(line).map_err(|error| PasswordFileError::Length {
        path: path.to_owned(),
        bytes: error.bytes,
    })
}

/// Bytes that are read: a password, its line break, and one that is too many.
const MOST: usize = Password::MAX + 3;

/// Why there is no password in the file that should have one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordFileError {
    /// The file cannot be read.
    #[error("the relay's password {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: io::ErrorKind,
    },
    /// It has more than one line.
    #[error("the relay's password {} has more than one line", path.display())]
    Lines {
        /// The file.
        path: PathBuf,
    },
    /// The line is empty or too long.
    #[error("the relay's password {} has {bytes} bytes, not 1 to {}", path.display(), Password::MAX)]
    Length {
        /// The file.
        path: PathBuf,
        /// How many it has, or more.
        bytes: usize,
    },
}

impl PasswordFileError {
    /// Always the operator's to correct.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_of_a_file() {
        let path = std::env::temp_dir().join(format!("host-password-{}", std::process::id()));
        let read_of = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read(&path)
        };
        let word = Password::new(b"open sesame".to_vec()).unwrap();
        for text in ["open sesame", "open sesame\n", "open sesame\r\n"] {
            assert_eq!(read_of(text.as_bytes()), Ok(word.clone()));
        }
        let longest = [&[b'a'; 1024][..], b"\r\n"].concat();
        assert!(read_of(&longest).is_ok());
        let length = |bytes| PasswordFileError::Length {
            path: path.clone(),
            bytes,
        };
        assert_eq!(read_of(&[b'a'; 1025]), Err(length(1025)));
        assert_eq!(read_of(&[b'a'; 5000]), Err(length(1027)));
        assert_eq!(read_of(b"\n"), Err(length(0)));
        let lines = PasswordFileError::Lines { path: path.clone() };
        assert_eq!(read_of(b"a\nb\n"), Err(lines));
        std::fs::remove_file(&path).unwrap();
        let gone = PasswordFileError::Unreadable {
            path: path.clone(),
            reason: io::ErrorKind::NotFound,
        };
        assert_eq!(read(&path), Err(gone));
    }
}
