use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::{BodyExt, Limited};
use rendezvous::board::{Board, BoardName, Phase, Receiver};
use tokio::time::{Instant, sleep_until, timeout};

use super::Settings;
use super::hub::Hub;
use super::live::live;
use super::reading::Room;
use super::refusal::Refusal;
use super::relay::web;
use super::rpc::rpc;
use super::stream;
use super::waiting::Waiter;
use super::well_known::well_known;
use crate::board::{Post, ReadError, Source, Span, What};
use crate::respond::Responder;

/// The public routes without sockets, for a server of one's own or for tests.
#[derive(Clone, Debug)]
pub struct Service {
    pub(super) hub: Arc<Hub>,
}

impl Service {
    /// An empty server, which keeps everything in memory.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::with(settings, None)
    }

    /// The same with accounts; the boards are in their store, and each counts as soon as it is looked at.
    #[must_use]
    pub fn with(settings: Settings, responder: Option<Arc<Responder>>) -> Self {
        let hub = Arc::new(Hub::new(settings, responder));
        Self { hub }
    }

    /// The routes for requests of one peer.
    pub fn router(&self, peer: IpAddr) -> Router {
        router(&self.hub).layer(Extension(Peer(peer)))
    }

    /// What the boards hold, as far as this process knows.
    #[must_use]
    pub fn stats(&self) -> crate::board::Stats {
        self.hub.boards.stats()
    }
}

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// All public routes; requests carry their [`Peer`].
pub(super) fn router(hub: &Arc<Hub>) -> Router {
    let mut routes = Router::new()
        .route("/", get(ABOUT))
        .route("/new", get(plain_news))
        .route("/v1/rpc", post(rpc))
        .route("/v1/live", get(live))
        .route("/ws", get(web))
        .route("/.well-known/entrenous", get(well_known))
        .route("/meet/{board}/new", get(named_news));
    for phase in Phase::ALL {
        let list = move |state, source, request| plain(state, source, phase, request);
        let take = move |state, source, path, request| named(state, source, path, phase, request);
        let name = phase.name();
        let plain_route = get(list).post(list).options(|| async { ALLOW });
        routes = routes
            .route(&format!("/{name}"), plain_route)
            .route(&format!("/meet/{{board}}/{name}"), post(take));
    }
    routes
        .layer(middleware::from_fn_with_state(Arc::clone(hub), gate))
        .with_state(Arc::clone(hub))
}

/// Lets a request through at the pace of its source, and counts it.
async fn gate(
    State(hub): State<Arc<Hub>>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let kind = kind(request.uri().path());
    let source = hub.source(peer, request.headers());
    if !hub.is_trusted(peer) {
        hub.unlisted.see(request.headers());
    }
    request.extensions_mut().insert(source);
    let response = match hub.take(source) {
        Ok(()) => next.run(request).await,
        Err(retry) => refuse(Refusal::Busy("requests", retry)),
    };
    let outcome = outcome(response.status());
    metrics::counter!("entrenous_requests_total", "kind" => kind, "outcome" => outcome)
        .increment(1);
    metrics::histogram!("entrenous_request_seconds", "kind" => kind).record(start.elapsed());
    response
}

/// A plain route: stores what is sent; lists everything, or answers as on a named board if asked.
async fn plain(
    State(hub): State<Arc<Hub>>,
    Extension(source): Extension<Source>,
    phase: Phase,
    request: Request,
) -> Response {
    let board = Board::Plain;
    let is_bare = request.headers().contains_key(CURSOR);
    let is_post = request.method() == Method::POST;
    let taken = take(&hub, &board, phase, source, request).await;
    if is_bare && is_post {
        return answer(taken);
    }
    if let Err(refusal) = taken {
        refusal.count();
    }
    match list(&hub, &board, phase).await {
        Ok(body) => ([BINARY], body).into_response(),
        Err(error) => refuse(error.into()),
    }
}

/// All records of a phase.
async fn list(hub: &Arc<Hub>, board: &Board, phase: Phase) -> Result<Body, ReadError> {
    hub.boards.look(hub.now(), board).await?;
    let span = hub.boards.whole(hub.now(), board);
    stream::body(hub, board, What::Phase(phase), span).await
}

/// A post to a named board.
async fn named(
    State(hub): State<Arc<Hub>>,
    Extension(source): Extension<Source>,
    Path(name): Path<String>,
    phase: Phase,
    request: Request,
) -> Response {
    let Ok(name) = name.parse::<BoardName>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    answer(take(&hub, &Board::Named(name), phase, source, request).await)
}

async fn plain_news(
    State(hub): State<Arc<Hub>>,
    Extension(source): Extension<Source>,
    Query(asked): Query<Asked>,
) -> Response {
    news(&hub, &Board::Plain, source, &asked).await
}

async fn named_news(
    State(hub): State<Arc<Hub>>,
    Extension(source): Extension<Source>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match name.parse::<BoardName>() {
        Ok(name) => news(&hub, &Board::Named(name), source, &asked).await,
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The query of `/new`.
#[derive(Debug, serde::Deserialize)]
struct Asked {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    wait: u64,
    to: Option<String>,
}

/// What is new after a cursor, once there is something or the wait is over.
async fn news(hub: &Arc<Hub>, board: &Board, source: Source, asked: &Asked) -> Response {
    let mut receiver: Option<Receiver> = None;
    if let Some(to) = &asked.to {
        let mut id = [0; 32];
        if hex::decode_to_slice(to, &mut id).is_err() {
            return refuse(Refusal::Malformed("to is not an id in hex"));
        }
        receiver = Some(id);
    }
    let what = What::News(receiver);
    let answer = async {
        let span = wait(hub, (board, &what), source, asked).await?;
        let cursor = HeaderValue::from(span.until);
        let body = stream::body(hub, board, what, span).await?;
        Ok(([BINARY, (CURSOR, cursor)], body).into_response())
    };
    answer.await.unwrap_or_else(refuse)
}

/// The first stretch with something in it, or an empty one when the wait is over.
async fn wait(
    hub: &Arc<Hub>,
    which: (&Board, &What),
    source: Source,
    asked: &Asked,
) -> Result<Span, Refusal> {
    let wait = Duration::from_secs(asked.wait).min(MAX_WAIT);
    let until = Instant::now().checked_add(wait);
    let mut after = asked.after;
    let mut waiter: Option<Waiter> = None;
    let mut draining = hub.draining.subscribe();
    hub.boards.look(hub.now(), which.0).await?;
    loop {
        let span = hub.boards.span(hub.now(), which, after, MAX_ANSWER).await?;
        let is_over = until.is_none_or(|until| until <= Instant::now());
        if span.bytes > 0 || is_over || *draining.borrow() {
            return Ok(span);
        }
        after = span.until;
        let Some(waiter) = &mut waiter else {
            let share = hub.settings().waiting;
            let new = Waiter::begin(hub, which.0, source, share).await;
            waiter = Some(new.ok_or(Refusal::Busy("waiting", RETRY_WAIT))?);
            // Look again: something may have come before the bell was there.
            continue;
        };
        tokio::select! {
            () = waiter.rung() => {}
            _ = draining.changed() => {}
            () = sleep_until(until.unwrap_or_else(Instant::now)) => {}
        }
    }
}

/// Reads the body of `request` and stores its records.
async fn take(
    hub: &Arc<Hub>,
    board: &Board,
    phase: Phase,
    source: Source,
    request: Request,
) -> Result<(), Refusal> {
    // A long one keeps its room until it is stored.
    let (body, _room) = receive(hub, source, request, hub.settings().body).await?;
    let post = Post {
        board,
        phase,
        body: &body,
        source,
    };
    hub.boards.post(hub.now(), &post).await?;
    Ok(())
}

/// The whole body, if it is within the limit and there is room for it among those on their way.
pub(super) async fn read(
    hub: &Arc<Hub>,
    source: Source,
    request: Request,
    max: usize,
) -> Result<Bytes, Refusal> {
    receive(hub, source, request, max)
        .await
        .map(|(body, _)| body)
}

/// The same, with the room that a long one takes.
async fn receive(
    hub: &Arc<Hub>,
    source: Source,
    request: Request,
    max: usize,
) -> Result<(Bytes, Option<Room>), Refusal> {
    let body = request.into_body();
    let promised = body.size_hint().upper();
    let promised = promised.map_or(max, |length| usize::try_from(length).unwrap_or(usize::MAX));
    if promised > max {
        return Err(Refusal::TooLarge);
    }
    let room = hub.reading.take(source, promised, hub.reading_share());
    let room = room.ok_or(Refusal::Busy("uploads", RETRY_WAIT))?;
    let whole = Limited::new(body, max).collect();
    match timeout(MAX_UPLOAD, whole).await {
        Ok(Ok(whole)) => Ok((whole.to_bytes(), room)),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(Refusal::TooLarge),
        Ok(Err(_)) => Err(Refusal::Malformed("the body broke off")),
        Err(_) => Err(Refusal::Slow),
    }
}

/// 204, or the refusal.
fn answer(taken: Result<(), Refusal>) -> Response {
    match taken {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refuse(refusal),
    }
}

fn refuse(refusal: Refusal) -> Response {
    refusal.count();
    refusal.into_response()
}

/// The kind of a request in metrics; never the board.
fn kind(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("t1") => "t1",
        Some("t2") => "t2",
        Some("t3") => "t3",
        Some("new") => "new",
        Some("rpc") => "rpc",
        Some("live") => "live",
        Some("ws") => "relay",
        _ => "other",
    }
}

fn outcome(status: StatusCode) -> &'static str {
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::PAYLOAD_TOO_LARGE => "exhausted",
        StatusCode::SWITCHING_PROTOCOLS => "ok",
        status if status.is_success() => "ok",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_client_error() => "bad_input",
        _ => "bug",
    }
}

const CURSOR: HeaderName = HeaderName::from_static("entrenous-cursor");
const BINARY: (HeaderName, HeaderValue) = (
    header::CONTENT_TYPE,
    HeaderValue::from_static("application/octet-stream"),
);
const ALLOW: [(HeaderName, HeaderValue); 1] = [(
    header::ALLOW,
    HeaderValue::from_static("GET, HEAD, OPTIONS, POST"),
)];
const ABOUT: &str =
    "This is an Entrenous board. Meet here with: entrenous meet --at <this address>\n";
const MAX_WAIT: Duration = Duration::from_secs(30);
const MAX_ANSWER: usize = 1 << 20;
const MAX_UPLOAD: Duration = Duration::from_secs(30);
const RETRY_WAIT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
