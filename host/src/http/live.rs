//! `GET /v1/live`: a WebSocket with pipelined requests, and pushes by credit.
//!
//! Spec: `spec/40-server.md` section 2.2.

mod socket;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Request as HttpRequest, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use journal::{Subject, Wake, Watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use wire::v1::{ClientFrame, Hello, Leaving, Push, Request, client_frame, server_frame};
use wire::{FRAME_MAX, decode};

use super::hub::Hub;
use super::listen::Line;
use super::rpc::{draining, refused};
use crate::board::Source;
use crate::random::random;
use crate::respond::{Answered, Caller, Place, Responder, Roll, Session, Then, too_fast};

use socket::{End, Socket, ended, say, send};

/// Makes a connection a live one.
pub(super) async fn live(
    State(hub): State<Arc<Hub>>,
    Extension(source): Extension<Source>,
    line: Option<Extension<Line>>,
    mut request: HttpRequest,
) -> Response {
    let (Some(responder), Ok(nonce)) = (hub.responder.clone(), random()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(response) = create_response_with_body(&request, Body::empty) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return StatusCode::UPGRADE_REQUIRED.into_response();
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
        fast: None,
    };
    tokio::spawn(async move {
        // Otherwise the client has gone.
        if let Ok(upgraded) = upgrade.await {
            live.run(upgraded).await;
        }
    });
    response
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
    /// Until when no frame is read, because they came too fast.
    fast: Option<Instant>,
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
    record: Subject,
    events: Subject,
    roll: Arc<Roll>,
}

impl Live {
    async fn run(mut self, upgraded: Upgraded) {
        let mut socket = socket::open(&self.hub, self.source, upgraded).await;
        let End::Close(code) = self.serve(&mut socket).await else {
            return;
        };
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        // If it is not taken, the client has gone: no matter.
        drop(socket.send(Message::Close(Some(frame))).await);
    }

    async fn serve(&mut self, socket: &mut Socket) -> End {
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
            let is_reading = self.tasks.len() < IN_FLIGHT && self.fast.is_none();
            let done = tokio::select! {
                Some(answered) = self.tasks.join_next() => match answered {
                    Ok(answered) => self.answered(socket, answered).await,
                    Err(_) => Err(End::Close(1011)),
                },
                message = socket.next(), if is_reading => {
                    silent = deadline(SILENCE);
                    match message {
                        Some(Ok(message)) => self.message(socket, message).await,
                        Some(Err(error)) => Err(ended(&error)),
                        None => Err(End::Gone),
                    }
                }
                woken = wake(&mut self.watch) => match woken {
                    Some(wake) => self.woken(socket, &wake).await,
                    None => Err(End::Close(1001)),
                },
                () = sleep_until(look) => {
                    look = deadline(LOOK);
                    self.look(socket).await
                }
                () = until(self.fast) => {
                    self.slow_down();
                    Ok(())
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
            key: self.responder.key().to_bytes().to_vec(),
        })
    }

    fn bound(&self) -> Place<'_> {
        Place {
            exporter: self.place.exporter.as_ref(),
            nonce: Some(&self.place.nonce),
        }
    }

    async fn message(&mut self, socket: &mut Socket, message: Message) -> Result<(), End> {
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Text(_) => return Err(End::Close(1003)),
            Message::Close(_) => return Err(End::Gone),
            // The library answers pings of the WebSocket itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
                self.slow_down();
                return Ok(());
            }
        };
        let frame: ClientFrame = decode(&bytes, FRAME_MAX).map_err(|_| End::Close(1002))?;
        match frame.frame {
            Some(client_frame::Frame::Request(request)) => self.request(socket, request).await,
            Some(client_frame::Frame::Credit(credit)) => {
                self.slow_down();
                self.credit = self.credit.saturating_add(credit.pushes).min(CREDIT_MAX);
                self.push(socket).await
            }
            Some(client_frame::Frame::Ping(ping)) => {
                self.slow_down();
                send(socket, server_frame::Frame::Pong(ping)).await
            }
            None => Err(End::Close(1002)),
        }
    }

    /// Counts a frame that cannot be refused as one request of its source: if there are too many,
    /// none is read until it may be counted.
    fn slow_down(&mut self) {
        self.fast = self.hub.take(self.source).err().map(deadline);
    }

    /// Starts to work on a request.
    async fn request(&mut self, socket: &mut Socket, request: Request) -> Result<(), End> {
        if let Err(retry) = self.hub.take(self.source) {
            let answer = refused(request.id, &too_fast(retry));
            return say(socket, answer).await;
        }
        if self.hub.is_draining() {
            return say(socket, refused(request.id, &draining())).await;
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
    async fn answered(&mut self, socket: &mut Socket, answered: Answered) -> Result<(), End> {
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
                let (watch, [record, events]) = watched.map_err(|_| End::Close(1011))?;
                self.watch = Some(Watched {
                    watch,
                    record,
                    events,
                    roll: self.responder.roll(&session.account),
                });
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

    /// Looks at what may have changed.
    async fn woken(&mut self, socket: &mut Socket, wake: &Wake) -> Result<(), End> {
        let record = self.watch.as_ref().map(|watched| &watched.record);
        match wake {
            // The record can be long: events do not change it.
            Wake::Subject(subject) if Some(subject) != record => self.push(socket).await,
            Wake::Subject(_) | Wake::All => self.look(socket).await,
        }
    }

    /// Looks whether the device is still one of the account, and for events.
    async fn look(&mut self, socket: &mut Socket) -> Result<(), End> {
        let (Some(session), Some(watched)) = (self.session, &self.watch) else {
            return Ok(());
        };
        let present = self.responder.is_present(&watched.roll, &session.device);
        // If the store is away, a later look tells.
        if let Ok(false) = present.await {
            return Err(End::Close(1008));
        }
        self.push(socket).await
    }

    /// Pushes the events there are, as far as the credit goes.
    async fn push(&mut self, socket: &mut Socket) -> Result<(), End> {
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
    async fn leave(&mut self, socket: &mut Socket) -> End {
        let drawn = random().map_or(0, u16::from_le_bytes);
        let come_back_ms = COME_BACK_MS.saturating_add(drawn.into());
        let leaving = server_frame::Frame::Leaving(Leaving { come_back_ms });
        if let Err(end) = send(socket, leaving).await {
            return end;
        }
        loop {
            let is_reading = self.fast.is_none();
            let done = tokio::select! {
                answered = self.tasks.join_next() => match answered {
                    Some(Ok(answered)) => say(socket, answered.answer).await,
                    Some(Err(_)) => Ok(()),
                    None => Err(End::Close(1001)),
                },
                // What still comes is told so.
                message = socket.next(), if is_reading => match message {
                    Some(Ok(message)) => self.message(socket, message).await,
                    Some(Err(error)) => Err(ended(&error)),
                    None => Err(End::Gone),
                },
                () = until(self.fast) => {
                    self.slow_down();
                    Ok(())
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }
}

/// Until something happens to the account; `None` if the store is closed.
async fn wake(watched: &mut Option<Watched>) -> Option<Wake> {
    match watched {
        Some(watched) => watched.watch.next().await,
        None => std::future::pending().await,
    }
}

/// Until then; without a time for ever.
async fn until(then: Option<Instant>) {
    match then {
        Some(then) => sleep_until(then).await,
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
const SILENCE: Duration = Duration::from_secs(300);
/// A wake is a hint that can be lost.
const LOOK: Duration = Duration::from_secs(45);
/// And up to 65 s more, drawn for every client.
const COME_BACK_MS: u32 = 1000;

#[cfg(test)]
mod tests;
