//! The bytes of the terminal, one at a time, so that what is typed ahead stays for the next question.

use std::io::{self, PipeReader, PipeWriter, pipe};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::task::spawn_blocking;

/// Reads stdin without its buffer. When this is dropped, a thread that waits for a byte stops waiting.
#[derive(Debug)]
pub(super) struct Bytes {
    is_over: Arc<PipeReader>,
    _open: PipeWriter,
}

impl Bytes {
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = pipe()?;
        Ok(Self {
            is_over: Arc::new(reader),
            _open: writer,
        })
    }

    /// The next byte; `None` when there is no terminal any more.
    pub(super) async fn next(&self) -> Option<u8> {
        let is_over = Arc::clone(&self.is_over);
        spawn_blocking(move || read(&is_over)).await.ok().flatten()
    }
}

fn read(is_over: &PipeReader) -> Option<u8> {
    let stdin = io::stdin();
    loop {
        let mut both = [
            PollFd::new(&stdin, PollFlags::IN),
            PollFd::new(is_over, PollFlags::IN),
        ];
        match poll(&mut both, None) {
            Err(Errno::INTR) => continue,
            Err(_) => return None,
            Ok(_) => {}
        }
        let [_, over] = &both;
        if !over.revents().is_empty() {
            return None;
        }
        let mut byte = [0];
        return match rustix::io::read(&stdin, &mut byte) {
            Ok(0) => None,
            Ok(_) => Some(byte[0]),
            Err(Errno::INTR | Errno::AGAIN) => continue,
            Err(_) => None,
        };
    }
}
