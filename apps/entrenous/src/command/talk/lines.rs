//! What is typed, or comes through a pipe, line by line.

use std::io::{self, BufRead};
use std::time::Duration;

use node::call::Speaker;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// One line of input.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Line {
    Text(String),
    /// More bytes than a message has.
    TooLong(usize),
    /// No UTF-8.
    NoText,
}

/// The lines of stdin, read as they are wanted, but for two.
#[derive(Debug)]
pub(crate) struct Lines(mpsc::Receiver<Line>);

impl Lines {
    /// Begins to read. The thread that reads ends with the input, or the process.
    pub(crate) fn open() -> Self {
        let (sender, receiver) = mpsc::channel(1);
        std::thread::spawn(move || {
            let mut stdin = io::stdin().lock();
            while let Ok(Some(line)) = read(&mut stdin) {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self(receiver)
    }

    /// The next line; `None` at the end. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        self.0.recv().await
    }

    /// Whether there is a line already. Takes it; does not wait for one that is not written yet.
    pub(crate) async fn is_more(&mut self) -> bool {
        matches!(timeout(AT_ONCE, self.next()).await, Ok(Some(_)))
    }

    /// Forgets what was typed before it was asked for.
    pub(crate) fn forget(&mut self) {
        while self.0.try_recv().is_ok() {}
    }
}

/// Reads a line, and keeps no more of it than a message may have.
fn read(from: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let mut bytes = 0_usize;
    loop {
        let piece = from.fill_buf()?;
        let end = piece.iter().position(|byte| *byte == b'\n');
        let taken = piece.get(..end.unwrap_or(piece.len())).unwrap_or(piece);
        if piece.is_empty() && bytes == 0 {
            return Ok(None);
        }
        bytes = bytes.saturating_add(taken.len());
        let room = ROOM.saturating_sub(line.len());
        line.extend(taken.iter().take(room));
        let is_end = end.is_some() || piece.is_empty();
        let used = taken.len().saturating_add(usize::from(end.is_some()));
        from.consume(used);
        if is_end {
            break;
        }
    }
    if line.last() == Some(&b'\r') && line.len() == bytes {
        line.pop();
        bytes = bytes.saturating_sub(1);
    }
    if bytes > Speaker::MOST {
        return Ok(Some(Line::TooLong(bytes)));
    }
    let text = String::from_utf8(line);
    Ok(Some(text.map_or(Line::NoText, Line::Text)))
}

/// How long the thread may take to read what is there.
const AT_ONCE: Duration = Duration::from_millis(100);
/// A message, and the line end that is not part of it.
const ROOM: usize = Speaker::MOST + 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_at_the_limit_and_longer_ones_are_counted() {
        let most = "x".repeat(Speaker::MOST);
        let input = format!("one\r\n\n{most}\r\n{most}x\nlast");
        for buffer in [1, 7, 8192] {
            let mut from = io::BufReader::with_capacity(buffer, input.as_bytes());
            let lines: Vec<_> = std::iter::from_fn(|| read(&mut from).unwrap()).collect();
            let text = |text: &str| Line::Text(text.to_owned());
            let long = Line::TooLong(Speaker::MOST + 1);
            assert_eq!(
                lines,
                [text("one"), text(""), text(&most), long, text("last")]
            );
        }
        let read = read(&mut &b"\xff\n"[..]).unwrap();
        assert_eq!(read, Some(Line::NoText));
    }
}
