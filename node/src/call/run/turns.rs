//! What a talk makes of what happens.

use std::time::Duration;

use channel::{End, Event, SendError};
use net::call::Call;
use tokio::time::sleep;

use super::super::held::Arrived;
use super::super::talk::{Ending, Order, Retry, Told};
use super::{Back, Happened, Line, Run};

impl Run {
    /// # Errors
    ///
    /// How the talk ends.
    pub(super) async fn take(&mut self, happened: Happened) -> Result<(), Ending> {
        match happened {
            Happened::Event(Some(event)) => self.event(event).await,
            // What ends without a word has ended before.
            Happened::Event(None) => self.ended(End::Lost).await,
            Happened::Dialed(Ok(call)) => {
                self.line = Line::Up(call);
                Ok(())
            }
            Happened::Dialed(Err(_)) => self.lost(End::Lost).await,
            Happened::Alone => Err(Ending::NotBack),
            Happened::Sent(sent) => {
                self.sent(sent);
                self.finish().await
            }
            Happened::Said(Some(text)) => {
                self.outbox.push(text);
                Ok(())
            }
            Happened::Order(Some(order)) => self.obey(order).await,
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
                session, resumed, ..
            } => self.established(session, resumed).await,
            Event::Message(message) => {
                self.tell(Told::from(message)).await;
                Ok(())
            }
            Event::Ended(end) => self.ended(end).await,
            _ => Ok(()),
        }
    }

    async fn obey(&mut self, order: Order) -> Result<(), Ending> {
        match order {
            Order::Accept(seen) => {
                if let Some(candidate) = self.candidate.as_mut().filter(|one| one.waits) {
                    candidate.waits = false;
                    candidate.seen = seen;
                    self.accept().await;
                }
                Ok(())
            }
            Order::Refuse => match &self.candidate {
                Some(candidate) if candidate.waits => {
                    self.reject().await;
                    Ok(())
                }
                _ => Ok(()),
            },
            Order::Finish => {
                self.is_finishing = true;
                // What was said before, but is not taken yet, counts.
                while let Ok(text) = self.wires.said.try_recv() {
                    self.outbox.push(text);
                }
                self.finish().await
            }
            Order::Close => self.close().await,
        }
    }

    /// Ends the talk if that is wanted and nothing is left to be sent.
    pub(super) async fn finish(&mut self) -> Result<(), Ending> {
        let is_done = self.outbox.first().is_none() && self.sending.is_none();
        match self.is_finishing && is_done && (self.is_open || self.with.is_some()) {
            true => self.close().await,
            false => Ok(()),
        }
    }

    async fn close(&mut self) -> Result<(), Ending> {
        self.leave().await;
        Err(End::Left.into())
    }

    fn sent(&mut self, sent: Result<(), SendError>) {
        match sent {
            // What no connection takes would stand in the way of the rest.
            Ok(()) | Err(SendError::TooLong { .. }) => self.outbox.pop(),
            // The next connection takes it.
            Err(_) => {}
        }
    }

    /// The channel is over.
    async fn ended(&mut self, end: End) -> Result<(), Ending> {
        let was_open = std::mem::take(&mut self.is_open);
        if let Some(sending) = self.sending.take() {
            // It was taken or not; which, is known now that nobody takes it any more.
            let sent = sending.await;
            self.sent(sent);
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
        let Back::Redial(_) = &self.back else {
            self.line = Line::down();
            self.tell(Told::Lost { why, retry: None }).await;
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
        })
        .await;
        Ok(())
    }

    fn redial(&mut self, after: Duration, resumes: bool) {
        let (Back::Redial(link), Some(with)) = (&self.back, &self.with) else {
            return;
        };
        let sessions = self.desk.sessions(None);
        let (link, setup, session) = (link.clone(), self.desk.setup(None), with.session);
        let proxy = self.desk.proxy.clone();
        self.line = Line::Dialing(Box::pin(async move {
            sleep(after).await;
            // Without a record, or with one that cannot be read, it begins anew.
            let kept = match resumes {
                true => sessions.kept(session).await.ok().flatten(),
                false => None,
            };
            Call::dial(link.host(), link.port(), proxy, setup, kept).await
        }));
    }

    /// They came back.
    async fn newer(&mut self, arrived: Arrived) -> Result<(), Ending> {
        if self.is_open {
            let why = End::Lost;
            self.tell(Told::Lost { why, retry: None }).await;
        }
        // What the earlier connection had not taken, the new one will.
        self.sending = None;
        self.is_open = false;
        self.line = Line::Up(arrived.call);
        self.event(arrived.first).await
    }
}

/// Seconds before each attempt.
const PAUSES_S: [u64; 10] = [0, 1, 2, 4, 8, 16, 30, 30, 30, 30];
