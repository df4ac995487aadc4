use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderMap, HeaderName};
use hyper::{Method, Request, StatusCode};
use rendezvous::Id;
use rendezvous::board::{Board, Phase};
use tokio::time::timeout;

use super::Address;
use crate::RequestError;
use crate::dial::Dialer;
use crate::http::{Open, refused};

/// One connection to a server, made when needed and kept; one request at a time.
#[derive(Debug)]
pub(super) struct Line {
    at: Address,
    dialer: Dialer,
    board: Board,
    open: Option<Open>,
}

/// One request.
#[derive(Debug)]
pub(super) enum Ask {
    Post {
        phase: Phase,
        body: Vec<u8>,
    },
    Read {
        after: u64,
        wait: Duration,
        to: Option<Id>,
    },
}

/// Its answer.
#[derive(Debug)]
pub(super) enum Answer {
    Taken,
    List(Bytes),
    News(Bytes, u64),
}

impl Line {
    pub(super) const fn new(at: Address, dialer: Dialer, board: Board) -> Self {
        Self {
            at,
            dialer,
            board,
            open: None,
        }
    }

    /// Sends one request.
    pub(super) async fn ask(&mut self, ask: &Ask) -> Result<Answer, RequestError> {
        let is_kept = self.open.is_some();
        match self.ask_once(ask).await {
            // A kept connection may have been closed since; repeating does no harm.
            Err(RequestError::Broken) if is_kept => self.ask_once(ask).await,
            result => result,
        }
    }

    /// Sends it on the kept connection or a new one, which is kept if there is an answer.
    async fn ask_once(&mut self, ask: &Ask) -> Result<Answer, RequestError> {
        let request = self.request(ask)?;
        let mut open = match self.open.take().filter(|open| !open.is_closed()) {
            Some(open) => open,
            None => self.connect().await?,
        };
        let (limit, max) = match ask {
            Ask::Post { .. } => (PATIENCE, MAX_LIST),
            Ask::Read { wait, .. } => (PATIENCE.saturating_add(*wait), MAX_NEWS),
        };
        let answered = timeout(limit, open.exchange(request, max)).await;
        let (head, body) = answered.unwrap_or(Err(RequestError::Slow { after: limit }))?;
        self.open = Some(open);
        answer(ask, head.status, &head.headers, body)
    }

    async fn connect(&self) -> Result<Open, RequestError> {
        Open::over(self.dialer.dial().await?.stream).await
    }

    fn request(&self, ask: &Ask) -> Result<Request<Full<Bytes>>, RequestError> {
        let at = &self.at;
        let mut target = at.path.clone();
        if let Board::Named(name) = &self.board {
            target.push_str("/meet/");
            target.push_str(name.as_str());
        }
        let request = Request::builder().header(HOST, at.authority());
        let (method, body) = match ask {
            Ask::Post { phase, body } => {
                target.push('/');
                target.push_str(phase.name());
                (Method::POST, body.clone())
            }
            Ask::Read { after, wait, to } => {
                let wait = wait.as_secs();
                target.push_str(&format!("/new?after={after}&wait={wait}"));
                if let Some(to) = to {
                    target.push_str(&format!("&to={}", hex::encode(to.as_bytes())));
                }
                (Method::GET, Vec::new())
            }
        };
        request
            .method(method)
            .uri(target)
            .header(CURSOR, "0")
            .body(Full::from(body))
            .map_err(|_| RequestError::Broken)
    }
}

fn answer(
    ask: &Ask,
    status: StatusCode,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Answer, RequestError> {
    let number = |name: &HeaderName| -> Option<u64> {
        headers.get(name)?.to_str().ok()?.trim().parse().ok()
    };
    match (ask, status) {
        (Ask::Post { .. }, StatusCode::NO_CONTENT) => Ok(Answer::Taken),
        (Ask::Post { .. }, StatusCode::OK) => Ok(Answer::List(body)),
        (Ask::Read { .. }, StatusCode::OK) => match number(&CURSOR) {
            Some(cursor) => Ok(Answer::News(body, cursor)),
            None => Err(RequestError::Status {
                code: StatusCode::NOT_FOUND.as_u16(),
                retry: None,
            }),
        },
        (_, status) => Err(refused(status, headers)),
    }
}

/// What a client makes of `bytes` from a server, as the answer to a post and to a read: how long
/// the list or the news in it are. For the fuzzer, which takes the place of the server.
#[cfg(fuzzing)]
pub async fn answers(bytes: &[u8]) -> [Result<usize, RequestError>; 2] {
    let post = Ask::Post {
        phase: Phase::One,
        body: Vec::new(),
    };
    let read = Ask::Read {
        after: 0,
        wait: Duration::ZERO,
        to: None,
    };
    [length(&post, bytes).await, length(&read, bytes).await]
}

#[cfg(fuzzing)]
async fn length(ask: &Ask, bytes: &[u8]) -> Result<usize, RequestError> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    let (client, mut server) = duplex(64 << 10);
    let serve = async move {
        // Before the request nothing is an answer. Then the connection ends.
        let _ = server.read(&mut [0; 1024]).await;
        let _ = server.write_all(bytes).await;
    };
    let receive = async {
        let mut open = Open::over(client).await?;
        let request = Request::builder().header(HOST, "fuzz");
        let request = request.body(Full::default());
        let request = request.map_err(|_| RequestError::Broken)?;
        let (head, body) = open.exchange(request, MAX_NEWS).await?;
        answer(ask, head.status, &head.headers, body)
    };
    let ((), answer) = tokio::join!(serve, receive);
    Ok(match answer? {
        Answer::Taken => 0,
        Answer::List(body) | Answer::News(body, _) => body.len(),
    })
}

const CURSOR: HeaderName = HeaderName::from_static("entrenous-cursor");
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answers of a server: a list, news; spec 5.3.
const MAX_LIST: usize = 16 << 20;
const MAX_NEWS: usize = 2 << 20;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What comes of `ask` when the server answers `status` and as many bytes.
    async fn answered(ask: &Ask, status: u16, bytes: usize) -> Result<Answer, RequestError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let serve = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // the request, which comes in one piece
            let asked = stream.read(&mut [0; 4096]).await.unwrap();
            assert!(asked > 0);
            let head = format!(
                "HTTP/1.1 {status} x\r\nentrenous-cursor: 1\r\ncontent-length: {bytes}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            // who reads no more closes
            let _ = stream.write_all(&vec![0; bytes]).await;
            stream
        });
        let at: Address = at.parse().unwrap();
        let dialer = Dialer::new(at.host.clone(), at.port, None);
        let answer = Line::new(at, dialer, Board::Plain).ask(ask).await;
        serve.abort();
        answer
    }

    #[tokio::test]
    async fn an_answer_may_have_its_limit_and_not_a_byte_more() {
        let post = Ask::Post {
            phase: Phase::One,
            body: Vec::new(),
        };
        let read = Ask::Read {
            after: 0,
            wait: Duration::ZERO,
            to: None,
        };
        for (ask, status, max) in [
            (&post, 200, 16 << 20),
            (&read, 200, 2 << 20),
            (&post, 429, 64 << 10),
            (&read, 429, 64 << 10),
        ] {
            let whole = match answered(ask, status, max).await {
                Ok(Answer::List(body) | Answer::News(body, 1)) => body.len() == max,
                Err(RequestError::Status { code: 429, .. }) => status == 429,
                _ => false,
            };
            assert!(whole, "{ask:?} {status}");
            let longer = answered(ask, status, max + 1).await;
            let error = RequestError::TooLong { max };
            assert_eq!(longer.map(drop), Err(error), "{ask:?} {status}");
        }
    }
}
