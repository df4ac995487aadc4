//! Speaks to the running server over the socket that only its owner can reach.

use std::path::PathBuf;
use std::time::Duration;

use kernel::Kind;
use serde_json::Value;
use tokio::time::timeout;

use crate::cli::File;
use crate::config::Values;
use crate::failure::Failure;
use crate::service;

/// The answer to one request.
pub(crate) fn ask(file: &File, method: &str, path: &str) -> Result<Value, Failure> {
    let values = Values::load(file.config.as_deref())?;
    let Some(directory) = values.control() else {
        let failure = Failure::new(Kind::BadInput, "this configuration keeps nothing");
        return Err(failure.hint("set `data = \"/var/lib/entrenous\"` and restart the server"));
    };
    let asked = async { timeout(PATIENCE, send(directory, method, path)).await };
    let answer = service::runtime()?.block_on(asked);
    let answer = answer.map_err(|_| away("no answer in 30 s"))??;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| away("no HTTP"))?;
    let body: Value = serde_json::from_str(body).map_err(|_| away("no JSON"))?;
    if head.starts_with("HTTP/1.1 200") {
        return Ok(body);
    }
    let text = body.get("text").and_then(Value::as_str);
    let kinds = [
        Kind::BadInput,
        Kind::Unavailable,
        Kind::PeerMisbehaved,
        Kind::Exhausted,
    ];
    let kind = body.get("kind").and_then(Value::as_str);
    let kind = kinds.into_iter().find(|one| Some(one.name()) == kind);
    Err(Failure::new(
        kind.unwrap_or(Kind::Bug),
        text.unwrap_or("the server refused"),
    ))
}

#[cfg(unix)]
async fn send(directory: PathBuf, method: &str, path: &str) -> Result<String, Failure> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixStream;

    let failed = |error: std::io::Error| away(&error.kind().to_string());
    let socket = host::http::control_path(&directory);
    let mut stream = UnixStream::connect(socket).await.map_err(failed)?;
    let request = format!("{method} {path} HTTP/1.1\r\nhost: control\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut answer = String::new();
    let read = stream.take(MAX_ANSWER).read_to_string(&mut answer).await;
    read.map_err(failed)?;
    Ok(answer)
}

#[cfg(not(unix))]
async fn send(_: PathBuf, _: &str, _: &str) -> Result<String, Failure> {
    std::future::ready(()).await;
    Err(Failure::new(Kind::BadInput, "this works on Unix only"))
}

fn away(why: &str) -> Failure {
    let failure = Failure::new(
        Kind::Unavailable,
        format!("the server does not answer: {why}"),
    );
    failure.hint("start it with `entrenousd run`, with the same configuration, as the same user")
}

const PATIENCE: Duration = Duration::from_secs(30);
#[cfg(unix)]
const MAX_ANSWER: u64 = 1 << 20;
