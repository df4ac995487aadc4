use std::io::{self, Read};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{AT_A_TIME, Input, STDIO, serve};
use crate::daemon::hub::Written;
use crate::ui;

/// Serves whoever runs this program: the end of its input is the end.
pub(in crate::daemon) async fn stdio(inputs: mpsc::Sender<Input>) {
    let (input, from) = duplex(AT_A_TIME);
    let (to, output) = duplex(AT_A_TIME);
    // A thread that waits for input ends with the process.
    spawn_blocking(move || drop(take(input)));
    let giving = spawn_blocking(move || drop(give(output)));
    let written = serve(STDIO, from, to, &inputs).await;
    // Whoever reads nothing keeps nobody waiting.
    drop(timeout(LINGER, giving).await);
    let is_too_slow = written == Written::TooSlow;
    // If nobody hears it, it is over already.
    drop(inputs.send(Input::Over { is_too_slow }).await);
}

/// Reads stdin to its end.
fn take(mut to: DuplexStream) -> io::Result<()> {
    let runtime = Handle::current();
    let mut stdin = io::stdin().lock();
    let mut buffer = vec![0; AT_A_TIME];
    loop {
        let bytes = stdin.read(&mut buffer)?;
        let Some(piece) = buffer.get(..bytes).filter(|piece| !piece.is_empty()) else {
            return Ok(());
        };
        runtime.block_on(to.write_all(piece))?;
    }
}

/// Writes to stdout what comes, as long as it is read there.
fn give(mut from: DuplexStream) -> io::Result<()> {
    let runtime = Handle::current();
    let mut buffer = vec![0; AT_A_TIME];
    loop {
        let bytes = runtime.block_on(from.read(&mut buffer))?;
        let Some(piece) = buffer.get(..bytes).filter(|piece| !piece.is_empty()) else {
            return Ok(());
        };
        ui::write(piece)?;
    }
}

/// How long what is written last may take.
const LINGER: Duration = Duration::from_secs(2);
