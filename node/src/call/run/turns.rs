//! What a talk makes of what happens.

use std::time::Duration;

use channel::{End, Event, Message, SendError};
use tokio::time::sleep;

use super::super::held::Arrived;
use super::super::talk::{Ending, Order, Retry, Told};
use super::{Back, Happened, Line, Opened, Run};
use crate::keep::KeepError;

impl Run {
    /// # Errors
    ///
    /// How the talk ends.
    pub(super) async fn take(&mut self, happened: Happened) -> Result<(), Ending> {
        match happened {
            Happened::Event(Some(event)) => self.event(event).await,
            // What ends without a word has ended before.
            Happened::Event(None) => self.ended(End::Lost).await,
            Happened::Dialed(Ok(won)) => {
                self.line = Line::Up(won.call);
                self.path = won.path;
                // To go on with a session takes no other yes.
                self.is_opening = true;
                Ok(())
            }
            Happened::Dialed(Err(_)) => self.lost(End::Lost).await,
            Happened::Alone => Err(Ending::NotBack),
            Happened::Told => Ok(()),
            Happened::Sent(sent) => {
                self.sent(sent).await?;
                self.finish().await
            }
            Happened::Said(Some(said)) => {
                self.said(said).await;
                Ok(())
            }
            Happened::Beside => self.beside().await,
            Happened::Order(Some(order)) => self.obey(order).await,
            Happened::File(happened) => {
                self.files.take(happened);
                Ok(())
            }
            Happened::Newer(Some(arrived)) => self.newer(*arrived).await,
            Happened::Said(None)
            | Happened::Order(None)
            | Happened::Newer(None)
            | Happened::Unheard => self.close().await,
        }
    }

    pub(super) async fn event(&mut self, event: Event) -> Result<(), Ending> {
        match event {
            Event::Introduced(peer) => self.introduced(*peer).await,
            Event::Established {
                session,
                resumed,
                mode,
            } => {
                let opened = Opened {
                    session,
                    resumed,
                    mode,
                };
                self.established(opened).await
            }
            Event::Message(message) => self.heard(message).await,
            Event::Delivered(number) => self.delivered(number).await,
            Event::Aside(bytes) => {
                self.files.aside(bytes);
                Ok(())
            }
            Event::Ended(end) => self.ended(end).await,
            _ => Ok(()),
        }
    }

    /// Keeps what they said, with as much as has come meanwhile, then acknowledges and tells it.
    async fn heard(&mut self, first: Message) -> Result<(), Ending> {
        let (mut messages, mut then) = (vec![first], None);
        if let Line::Up(call) = &mut self.line {
            while messages.len() < AT_A_TIME && then.is_none() {
                match call.try_next() {
                    Some(Event::Message(message)) => messages.push(message),
                    Some(other) => then = Some(other),
                    None => break,
                }
            }
        }
        let last = messages.last().map_or(0, |message| message.sequence);
        let outbox = self.outbox.as_ref();
        let outbox = outbox.ok_or(KeepError::Bug("whoever speaks is known"))?;
        let lines = outbox.store.heard(outbox.session(), messages).await?;
        if let (Line::Up(call), Some(_)) = (&self.line, outbox.session()) {
            call.handle().keep(last).await;
        }
        for line in lines {
            self.tell(Told::from(line));
        }
        match then {
            Some(event) => Box::pin(self.event(event)).await,
            None => Ok(()),
        }
    }

    async fn beside(&mut self) -> Result<(), Ending> {
        match &mut self.outbox {
            Some(outbox) => Ok(outbox.catch_up().await?),
            None => Ok(()),
        }
    }

    async fn delivered(&mut self, number: u64) -> Result<(), Ending> {
        if let Some(outbox) = &mut self.outbox {
            let lines = outbox.delivered(number).await?;
            if !lines.is_empty() {
                self.tell(Told::Delivered(lines));
            }
        }
        self.finish().await
    }

    async fn obey(&mut self, order: Order) -> Result<(), Ending> {
        match order {
            Order::Accept(seen) => {
                if let Some(candidate) = self.candidate.as_mut().filter(|one| one.waits) {
                    candidate.waits = false;
                    candidate.seen = seen;
                    match self.opened.take() {
                        Some(opened) => self.established(opened).await?,
                        None => self.accept().await,
                    }
                }
                Ok(())
            }
            Order::Refuse if self.candidate.as_ref().is_none_or(|one| !one.waits) => Ok(()),
            Order::Refuse => {
                self.reject().await;
                // Of whom was dialled the channel may be open by now.
                self.leave().await;
                Err(End::Rejected.into())
            }
            Order::File(want) => {
                self.files.want(want);
                Ok(())
            }
            Order::Finish => {
                self.is_finishing = true;
                // What was said before, but is not taken yet, counts.
                self.said_before().await;
                self.finish().await
            }
            Order::Close => self.close().await,
        }
    }

    /// Ends the talk if that is wanted and nothing is left to be sent.
    pub(super) async fn finish(&mut self) -> Result<(), Ending> {
        let is_empty = self.outbox.as_ref().is_none_or(|outbox| outbox.len() == 0);
        let is_done = is_empty && self.sending.is_none() && self.files.is_settled();
        match self.is_finishing && is_done && (self.is_open || self.with.is_some()) {
            true => self.close().await,
            false => Ok(()),
        }
    }

    async fn close(&mut self) -> Result<(), Ending> {
        self.leave().await;
        Err(End::Left.into())
    }

    async fn sent(&mut self, sent: Result<(), SendError>) -> Result<(), Ending> {
        let Some(outbox) = &mut self.outbox else {
            return Ok(());
        };
        if sent.is_err() {
            // What this connection did not take, the next one will.
            outbox.disconnected();
        } else if let Some(line) = outbox.taken().await? {
            self.tell(Told::Sent(line));
        }
        Ok(())
    }

    /// The channel is over.
    async fn ended(&mut self, end: End) -> Result<(), Ending> {
        let was_open = std::mem::take(&mut self.is_open);
        self.is_opening = false;
        self.files.lost();
        if let Some(sending) = self.sending.take() {
            // It was taken or not; which, is known now that nobody takes it any more.
            let sent = sending.await;
            self.sent(sent).await?;
        }
        if let Some(outbox) = &mut self.outbox {
            outbox.disconnected();
        }
        let may_come_back = match end {
            End::Lost | End::Silent => true,
            // Of an attempt to come back.
            End::Late => !was_open,
            _ => false,
        };
        match (&self.with, end) {
            // They may take a call all the same.
            (Some(_), End::NotResumed) => {
                self.redial(Duration::ZERO, false);
                Ok(())
            }
            // Whoever is there now cannot sign as they did.
            (Some(_), End::Forged) if !was_open => Err(Ending::OtherKey),
            (Some(_), _) if may_come_back => self.lost(end).await,
            _ => Err(end.into()),
        }
    }

    /// There is no connection any more, or none yet again.
    pub(super) async fn lost(&mut self, why: End) -> Result<(), Ending> {
        self.finish().await?;
        let Back::Redial { .. } = &self.back else {
            self.line = Line::down();
            self.tell(Told::Lost { why, retry: None });
            return Ok(());
        };
        let pause = usize::try_from(self.attempts).ok();
        let pause = pause.and_then(|number| PAUSES_S.get(number));
        let after = Duration::from_secs(*pause.ok_or(Ending::NotBack)?);
        self.attempts = self.attempts.saturating_add(1);
        self.redial(after, true);
        let retry = Retry {
            number: self.attempts,
            of: u32::try_from(PAUSES_S.len()).unwrap_or(u32::MAX),
            after,
        };
        self.tell(Told::Lost {
            why,
            retry: Some(retry),
        });
        Ok(())
    }

    fn redial(&mut self, after: Duration, resumes: bool) {
        let (Back::Redial { ways, .. }, Some(with)) = (&self.back, &self.with) else {
            return;
        };
        let sessions = self.desk.sessions(None);
        let (ways, desk, session) = (ways.clone(), self.desk.clone(), with.session);
        self.line = Line::Dialing(Box::pin(async move {
            sleep(after).await;
            // Without a record, or with one that cannot be read, it begins anew.
            let kept = match resumes {
                true => sessions.kept(session).await.ok().flatten(),
                false => None,
            };
            desk.call(ways, kept).await
        }));
    }

    /// They came back.
    async fn newer(&mut self, arrived: Arrived) -> Result<(), Ending> {
        if self.is_open {
            let why = End::Lost;
            self.tell(Told::Lost { why, retry: None });
        }
        // What the earlier connection had not taken, the new one will.
        self.sending = None;
        self.files.lost();
        (self.is_open, self.is_opening) = (false, false);
        if let Some(outbox) = &mut self.outbox {
            outbox.disconnected();
        }
        self.line = Line::Up(arrived.call);
        self.path = arrived.path;
        self.event(arrived.first).await
    }
}

/// How many messages are kept at a time.
const AT_A_TIME: usize = 64;
/// Seconds before each attempt.
const PAUSES_S: [u64; 10] = [0, 1, 2, 4, 8, 16, 30, 30, 30, 30];
