//! What one's own message is made of, and how much of it fits.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::prompt;
use crate::stop::Stop;
use crate::ui::Ui;

/// How much a meeting place carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) bytes: usize,
    /// Completes "at most N bytes fit: ".
    pub(crate) reason: &'static str,
}

/// Gets the message from where it is: `given` as an argument, `-` for stdin, or by asking.
pub(crate) async fn read(
    given: Option<&str>,
    ui: &mut Ui,
    stop: &mut Stop,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match given {
        Some("-") => read_source(Path::new("-"), "message", MAX_BYTES, stop).await,
        Some(text) => Ok(Zeroizing::new(text.as_bytes().to_vec())),
        None => {
            let line = prompt::line(ui, stop, "Message", "--message -").await?;
            Ok(Zeroizing::new(line.as_bytes().to_vec()))
        }
    }
}

impl Limit {
    /// Refuses a message that does not fit.
    pub(crate) fn check(&self, message: &[u8]) -> Result<(), Failure> {
        let length = message.len();
        if length <= self.bytes {
            return Ok(());
        }
        Err(Failure::input(format!(
            "the message has {length} bytes; at most {} fit: {}",
            self.bytes, self.reason
        )))
    }

    /// The longest beginning of `message` that fits and does not end inside a character.
    pub(crate) fn cut<'a>(&self, message: &'a [u8]) -> &'a [u8] {
        let Some(head) = message.get(..self.bytes) else {
            return message;
        };
        let valid = match std::str::from_utf8(head) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => head.len(),
        };
        head.get(..valid).unwrap_or(head)
    }
}

/// Reads a file, or stdin if `path` is `-`, without one line end at its end. `what` names it.
pub(crate) async fn read_source(
    path: &Path,
    what: &str,
    max_bytes: usize,
    stop: &mut Stop,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let owned = path.to_owned();
    let read = tokio::task::spawn_blocking(move || match owned.to_str() {
        Some("-") => read_bounded(io::stdin().lock(), max_bytes),
        _ => read_bounded(File::open(&owned)?, max_bytes),
    });
    let read = tokio::select! {
        () = stop.wanted() => return Err(Failure::interrupted()),
        read = read => read,
    };
    let place = match path.to_str() {
        Some("-") => "stdin".to_owned(),
        _ => path.display().to_string(),
    };
    let mut bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(unreadable(what, &place, &error)),
        Err(_) => return Err(Failure::interrupted()),
    };
    if bytes.len() > max_bytes {
        return Err(Failure::input(format!(
            "the {what} from {place} has more than {max_bytes} bytes"
        )));
    }
    for end in [b'\n', b'\r'] {
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
    }
    Ok(bytes)
}

fn unreadable(what: &str, place: &str, error: &io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    };
    Failure::input(format!("cannot read the {what} from {place}: {why}")).because(error)
}

fn read_bounded(from: impl Read, max_bytes: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room for everything at once: a vector that grows leaves copies behind.
    let room = max_bytes.saturating_add(3);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    from.take(u64::try_from(room).unwrap_or(u64::MAX))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// More than any meeting place carries; its own limit says how much.
const MAX_BYTES: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: Limit = Limit {
        bytes: 4,
        reason: "because",
    };

    #[test]
    fn a_message_at_the_limit_fits_and_one_above_does_not() {
        assert!(FOUR.check(b"1234").is_ok());
        let failure = FOUR.check(b"12345").unwrap_err();
        assert_eq!(
            failure.text,
            "the message has 5 bytes; at most 4 fit: because"
        );
    }

    #[test]
    fn cutting_never_splits_a_character() {
        assert_eq!(FOUR.cut("abcé".as_bytes()), b"abc");
        assert_eq!(FOUR.cut("abé".as_bytes()), "abé".as_bytes());
        assert_eq!(FOUR.cut(b"abcdef"), b"abcd");
        assert_eq!(FOUR.cut(b"ab"), b"ab");
        assert_eq!(FOUR.cut(&[0xff; 9]), [0xff; 4]);
    }
}
