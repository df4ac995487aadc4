//! How clients come in: over stdin and stdout, or over a Unix socket.

#[cfg(unix)]
pub(super) mod socket;
mod stdio;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::mpsc;

use super::hub::{ClientId, Outlet, Written, queue};
use super::protocol::{Line, Lines};
pub(super) use stdio::stdio;

/// What comes from clients.
#[derive(Debug)]
pub(super) enum Input {
    Joined(ClientId, Outlet),
    Line(ClientId, Line),
    Left(ClientId),
    /// The only client there will ever be has left; because it did not read?
    Over {
        is_too_slow: bool,
    },
}

/// Serves a client until it has left, or is not told anything any more.
async fn serve(
    client: ClientId,
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
    inputs: &mpsc::Sender<Input>,
) -> Written {
    let (outlet, inlet) = queue();
    if inputs.send(Input::Joined(client, outlet)).await.is_err() {
        return Written::Nobody;
    }
    let mut writing = std::pin::pin!(inlet.write(to));
    let written = tokio::select! {
        written = &mut writing => Some(written),
        () = read(client, from, inputs) => None,
    };
    match written {
        Some(written) => {
            drop(inputs.send(Input::Left(client)).await);
            written
        }
        None => {
            let end = match client == STDIO {
                true => Input::Over { is_too_slow: false },
                false => Input::Left(client),
            };
            drop(inputs.send(end).await);
            writing.await
        }
    }
}

/// Hears a client until it says no more.
async fn read(client: ClientId, mut from: impl AsyncRead + Unpin, inputs: &mpsc::Sender<Input>) {
    let mut lines = Lines::default();
    let mut buffer = vec![0; AT_A_TIME];
    loop {
        let bytes = from.read(&mut buffer).await.unwrap_or(0);
        let mut piece = buffer.get(..bytes).unwrap_or(&[]);
        while !piece.is_empty() {
            let (taken, line) = lines.take(piece);
            piece = piece.get(taken..).unwrap_or(&[]);
            if let Some(line) = line
                && inputs.send(Input::Line(client, line)).await.is_err()
            {
                return;
            }
        }
        if bytes == 0 {
            if lines.has_begun()
                && let Some(line) = lines.end()
            {
                drop(inputs.send(Input::Line(client, line)).await);
            }
            return;
        }
    }
}

/// Whoever runs this program.
const STDIO: ClientId = ClientId(0);
/// Bytes that are read at a time.
const AT_A_TIME: usize = 16_384;
