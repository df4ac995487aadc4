use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use kernel::Kind;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::cli::File;
use crate::config::Values;
use crate::failure::Failure;
use crate::service;
use crate::ui::Ui;

/// `health`
pub(crate) fn run(file: &File, ui: &Ui) -> Result<(), Failure> {
    let values = Values::load(file.config.as_deref())?;
    let Some(admin) = values.admin else {
        let failure = Failure::new(Kind::BadInput, "this configuration has no admin listener");
        return Err(failure.hint("set `admin = \"127.0.0.1:7440\"` and restart the server"));
    };
    let asked = service::runtime()?.block_on(async { timeout(PATIENCE, ask(admin)).await });
    let status = match asked {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => return Err(away(admin, &error.kind().to_string())),
        Err(_) => return Err(away(admin, "no answer in 5 s")),
    };
    match status {
        200 => ui.show("serving\n", &json!({"event": "health", "serving": true})),
        503 => Err(Failure::new(Kind::Unavailable, "the server is stopping")),
        _ => Err(Failure::new(
            Kind::Unavailable,
            format!("{admin} is not an Entrenous server"),
        )),
    }
}

fn away(admin: SocketAddr, why: &str) -> Failure {
    let failure = Failure::new(Kind::Unavailable, format!("no server at {admin}: {why}"));
    failure.hint("start it with `entrenousd run`, with the same configuration")
}

/// The status of `/readyz`; 0 if the answer is none of HTTP.
async fn ask(admin: SocketAddr) -> io::Result<u16> {
    let mut stream = TcpStream::connect(admin).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    let head = String::from_utf8_lossy(&answer);
    let status = head
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    Ok(status.and_then(|status| status.parse().ok()).unwrap_or(0))
}

const PATIENCE: Duration = Duration::from_secs(5);
const MAX_ANSWER: u64 = 4096;
