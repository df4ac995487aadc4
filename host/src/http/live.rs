//! `GET /v1/live`: a WebSocket with pipelined requests, and pushes by credit.
//!
//! Spec: `spec/40-server.md` section 2.2.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use journal::{Subject, Wake, Watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use wire::v1::{
    Answer, ClientFrame, Hello, Leaving, Push, Request, ServerFrame, client_frame, server_frame,
};
use wire::{FRAME_MAX, decode, encode};

use super::hub::Hub;
use super::listen::Line;
use super::rpc::refused;
use crate::board::Source;
use crate::random::random;
use crate::respond::{Answered, Caller, Place, Responder, Session, Then, too_fast};

/// Makes a connection a live one.
pub(super) async fn live(
    State(hub): State<Arc<Hub>>,
    Extension(source): Extension<Source>,
    line: Option<Extension<Line>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let (Some(responder), Ok(nonce)) = (hub.responder.clone(), random()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let line = line.map(|Extension(line)| line).unwrap_or_default();
    let live = Live {
        responder,
        source,
        place: Arc::new(Bound {
            exporter: line.exporter,
            nonce,
        }),
        line,
        hub,
        session: None,
        tasks: JoinSet::new(),
        events: None,
        credit: 0,
        watch: None,
    };
    upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(FRAME_MAX)
        .max_frame_size(FRAME_MAX)
        .on_upgrade(|socket| live.run(socket))
}

/// One live connection.
#[derive(Debug)]
struct Live {
    hub: Arc<Hub>,
    responder: Arc<Responder>,
    source: Source,
    place: Arc<Bound>,
    /// Keeps the connection counted.
    #[expect(dead_code, reason = "held until the connection ends")]
    line: Line,
    session: Option<Session>,
    /// Requests in hand.
    tasks: JoinSet<Answered>,
    /// The number of the last event that was pushed, once events are wanted.
    events: Option<u64>,
    credit: u32,
    watch: Option<Watched>,
}

/// What proofs of the connection are bound to.
#[derive(Debug)]
struct Bound {
    exporter: Option<[u8; 32]>,
    nonce: [u8; 32],
}

/// The account's record, and its events.
#[derive(Debug)]
struct Watched {
    watch: Box<dyn Watch>,
    events: Subject,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// The client has gone, or takes nothing.
    Gone,
    /// We say why, with a code of RFC 6455.
    Close(u16),
}

impl Live {
    async fn run(mut self, mut socket: WebSocket) {
        let End::Close(code) = self.serve(&mut socket).await else {
            return;
        };
        let frame = CloseFrame {
            code,
            reason: "".into(),
        };
        // If it is not taken, the client has gone: no matter.
        drop(socket.send(Message::Close(Some(frame))).await);
    }

    async fn serve(&mut self, socket: &mut WebSocket) -> End {
        if send(socket, self.hello()).await.is_err() {
            return End::Gone;
        }
        let mut draining = self.hub.draining.subscribe();
        let mut silent = deadline(SILENCE);
        let mut look = deadline(LOOK);
        loop {
            if *draining.borrow() {
                return self.leave(socket).await;
            }
            let done = tokio::select! {
                Some(answered) = self.tasks.join_next() => match answered {
                    Ok(answered) => self.answered(socket, answered).await,
                    Err(_) => Err(End::Close(1011)),
                },
                message = socket.recv(), if self.tasks.len() < IN_FLIGHT => {
                    silent = deadline(SILENCE);
                    match message {
                        Some(Ok(message)) => self.message(socket, message).await,
                        _ => Err(End::Gone),
                    }
                }
                woken = wake(&mut self.watch) => match woken {
                    Some(_) => self.look(socket).await,
                    None => Err(End::Close(1001)),
                },
                () = sleep_until(look) => {
                    look = deadline(LOOK);
                    self.look(socket).await
                }
                () = sleep_until(silent) => Err(End::Close(1001)),
                _ = draining.changed() => Ok(()),
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    fn hello(&self) -> server_frame::Frame {
        let place = self.bound();
        server_frame::Frame::Hello(Hello {
            name: self.responder.name().to_owned(),
            nonce: self.place.nonce.to_vec(),
            binding: place.binding(self.responder.name()).kind().into(),
            now_ms: self.responder.now().as_ms(),
            in_flight: u32::try_from(IN_FLIGHT).unwrap_or(u32::MAX),
            frame_bytes: u32::try_from(FRAME_MAX).unwrap_or(u32::MAX),
        })
    }

    fn bound(&self) -> Place<'_> {
        Place {
            exporter: self.place.exporter.as_ref(),
            nonce: Some(&self.place.nonce),
        }
    }

    async fn message(&mut self, socket: &mut WebSocket, message: Message) -> Result<(), End> {
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Text(_) => return Err(End::Close(1003)),
            Message::Close(_) => return Err(End::Gone),
            // The library answers pings of the WebSocket itself.
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        let frame: ClientFrame = decode(&bytes, FRAME_MAX).map_err(|_| End::Close(1002))?;
        match frame.frame {
            Some(client_frame::Frame::Request(request)) => self.request(socket, request).await,
            Some(client_frame::Frame::Credit(credit)) => {
                self.credit = self.credit.saturating_add(credit.pushes).min(CREDIT_MAX);
                self.push(socket).await
            }
            Some(client_frame::Frame::Ping(ping)) => {
                send(socket, server_frame::Frame::Pong(ping)).await
            }
            None => Err(End::Close(1002)),
        }
    }

    /// Starts to work on a request.
    async fn request(&mut self, socket: &mut WebSocket, request: Request) -> Result<(), End> {
        if let Err(retry) = self.hub.take(self.source) {
            let answer = refused(request.id, &too_fast(retry));
            return send(socket, server_frame::Frame::Answer(answer)).await;
        }
        let (responder, place) = (Arc::clone(&self.responder), Arc::clone(&self.place));
        let (source, session, now) = (self.source, self.session, self.responder.now());
        self.tasks.spawn(async move {
            let place = Place {
                exporter: place.exporter.as_ref(),
                nonce: Some(&place.nonce),
            };
            let caller = Caller {
                source,
                place,
                session,
                now,
            };
            responder.answer(&caller, request).await
        });
        Ok(())
    }

    /// Says an answer, and does what it means for the connection.
    async fn answered(&mut self, socket: &mut WebSocket, answered: Answered) -> Result<(), End> {
        let Answered { answer, then } = answered;
        match then {
            // Two at once: the first one counts.
            Some(Then::Become(_)) if self.session.is_some() => {
                let refusal =
                    wire::Refusal::new(wire::Code::Conflict, "it is authenticated already");
                let answer = refused(answer.id, &refusal);
                return send(socket, server_frame::Frame::Answer(answer)).await;
            }
            Some(Then::Become(session)) => {
                let watched = self.responder.watch(&session.account);
                let (watch, events) = watched.map_err(|_| End::Close(1011))?;
                self.watch = Some(Watched { watch, events });
                self.session = Some(session);
                // It may have been removed before the watch was there.
                self.look(socket).await?;
            }
            Some(Then::Subscribe(_)) if self.session.is_none() => {
                let refusal = wire::Refusal::new(wire::Code::Unproven, "authenticate first");
                let answer = refused(answer.id, &refusal);
                return send(socket, server_frame::Frame::Answer(answer)).await;
            }
            Some(Then::Subscribe(after)) => {
                self.events = Some(after);
                if let Some(watched) = &mut self.watch {
                    watched.watch.add(watched.events.clone());
                }
            }
            None => {}
        }
        say(socket, answer).await?;
        self.push(socket).await
    }

    /// Looks whether the device is still one of the account, and for events.
    async fn look(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        let Some(session) = self.session else {
            return Ok(());
        };
        // If the store is away, a later look tells.
        if let Ok(None) = self.responder.live(&session).await {
            return Err(End::Close(1008));
        }
        self.push(socket).await
    }

    /// Pushes the events there are, as far as the credit goes.
    async fn push(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        while let (Some(session), Some(after)) = (self.session, self.events)
            && self.credit > 0
        {
            let limit = self.credit.min(BATCH);
            let events = self.responder.events(&session.account, after, limit).await;
            let events = events.unwrap_or_default();
            if events.is_empty() {
                return Ok(());
            }
            for event in events {
                self.events = Some(event.number);
                self.credit = self.credit.saturating_sub(1);
                let push = server_frame::Frame::Push(Push { event: Some(event) });
                send(socket, push).await?;
            }
        }
        Ok(())
    }

    /// Says that the server stops, answers what is in hand, and ends.
    async fn leave(&mut self, socket: &mut WebSocket) -> End {
        let drawn = random().map_or(0, u16::from_le_bytes);
        let come_back_ms = COME_BACK_MS.saturating_add(drawn.into());
        let leaving = server_frame::Frame::Leaving(Leaving { come_back_ms });
        if let Err(end) = send(socket, leaving).await {
            return end;
        }
        while let Some(answered) = self.tasks.join_next().await {
            let Ok(answered) = answered else { continue };
            if let Err(end) = say(socket, answered.answer).await {
                return end;
            }
        }
        End::Close(1001)
    }
}

/// Sends a frame. The listener cuts a client that does not take it in time.
async fn send(socket: &mut WebSocket, frame: server_frame::Frame) -> Result<(), End> {
    let frame = ServerFrame { frame: Some(frame) };
    let message = Message::Binary(encode(&frame).into());
    socket.send(message).await.map_err(|_| End::Gone)
}

async fn say(socket: &mut WebSocket, answer: Answer) -> Result<(), End> {
    send(socket, server_frame::Frame::Answer(answer)).await
}

/// Until something happens to the account; `None` if the store is closed.
async fn wake(watched: &mut Option<Watched>) -> Option<Wake> {
    match watched {
        Some(watched) => watched.watch.next().await,
        None => std::future::pending().await,
    }
}

fn deadline(after: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(after).unwrap_or(now)
}

/// Unanswered requests; no more are read.
const IN_FLIGHT: usize = 32;
const CREDIT_MAX: u32 = 1000;
/// Events that are read from the store at once.
const BATCH: u32 = 16;
const BUFFER: usize = 4 << 10;
const SILENCE: Duration = Duration::from_secs(300);
/// A wake is a hint that can be lost.
const LOOK: Duration = Duration::from_secs(45);
/// And up to 65 s more, drawn for every client.
const COME_BACK_MS: u32 = 1000;
