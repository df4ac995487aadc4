use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use host::bucket;
use host::http::{Config, Server, Share};
use host::pace::Rate;
use host::respond::{Responder, Rules};
use journal::Store;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use wire::v1::operation::Operation as Op;
use wire::v1::{Answer, BucketLeave, Operation, Request, answer};
use wire::{SERVER_FRAME_MAX, decode, encode};

use super::{Result, Step, Work, entry};

/// A server for as many clients of this machine as there are, as fast as they come.
pub(super) async fn serve(store: Arc<dyn Store>, buckets: bucket::Config) -> Result<Server> {
    let responder = Responder::open_with(store, "localhost", Rules::default(), buckets).await;
    let responder = responder.map_err(|refusal| refusal.text)?;
    let mut config = Config::default();
    config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    config.settings.requests = Rate {
        per_second: u32::MAX,
        burst: u32::MAX,
    };
    config.settings.connections = Share {
        total: 10_000,
        per_source: 10_000,
    };
    Ok(Server::start_with(config, Some(Arc::new(responder)), None).await?)
}

/// Leaves the entry of a number over any of `clients` connections that nobody uses just then.
pub(super) async fn work(address: SocketAddr, clients: usize) -> Result<Work> {
    let mut lines = Vec::with_capacity(clients);
    for _ in 0..clients {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        lines.push(Line(BufReader::new(stream)));
    }
    let lines = Arc::new(Mutex::new(lines));
    Ok(Arc::new(move |number| -> Step {
        let lines = Arc::clone(&lines);
        Box::pin(async move {
            let line = lines.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut line = line.ok_or("more clients than connections")?;
            line.leave(number).await?;
            lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
            Ok(())
        })
    }))
}

/// An HTTP connection that is kept.
struct Line(BufReader<TcpStream>);

impl Line {
    async fn leave(&mut self, number: u64) -> Result<()> {
        let operation = Operation {
            operation: Some(Op::BucketLeave(BucketLeave {
                entry: entry(number).to_vec(),
            })),
        };
        let body = encode(&Request {
            id: number,
            within_ms: 0,
            key: Vec::new(),
            proof: None,
            operation: encode(&operation),
        });
        let answer: Answer = decode(&self.post(&body).await?, SERVER_FRAME_MAX)?;
        match answer.result {
            Some(answer::Result::BucketLeft(_)) if answer.id == number => Ok(()),
            other => Err(format!("not left: {other:?}").into()),
        }
    }

    /// The body of the answer to `POST /v1/rpc`.
    async fn post(&mut self, body: &[u8]) -> Result<Vec<u8>> {
        let length = body.len();
        let head = format!("POST /v1/rpc HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        let request = [head.as_bytes(), body].concat();
        self.0.get_mut().write_all(&request).await?;
        let (mut line, mut length) = (String::new(), None);
        loop {
            line.clear();
            self.0.read_line(&mut line).await?;
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = Some(value.parse()?),
                Some(_) => {}
                // the first line, the last one, or the end
                None if line.starts_with("HTTP/1.1 200 ") => {}
                None if line == "\r\n" => break,
                None => return Err(format!("no answer: {line:?}").into()),
            }
        }
        let mut body = vec![0; length.ok_or("an answer without a length")?];
        self.0.read_exact(&mut body).await?;
        Ok(body)
    }
}
