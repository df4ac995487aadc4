//! A meeting as the person sees it: who is there, what comes, how long it still takes.

use std::time::Duration;

use kernel::Kind;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::Meeting;
use super::cards::{self, Cards};
use super::lan::named;
use crate::event::{self, Event, Interface, Place, Reason};
use crate::failure::{Failure, Why};
use crate::lasts;
use crate::stop::Stop;
use crate::ui::Ui;

/// What a meeting place tells.
#[derive(Debug)]
pub(super) enum Happening {
    /// We can be found; told again with fresh keys.
    Begun,
    /// So many others take part, whatever their passphrase.
    Room { others: usize },
    /// Somebody with the same passphrase sent this.
    Match { payload: Vec<u8> },
    /// So much more was dropped, because it was too much.
    Overloaded { dropped: u64 },
    /// Something the person may want to change.
    Warning(String),
    /// Something good to know.
    Note(&'static str),
    /// A network came or went; these interfaces are used now.
    Interfaces(Vec<Interface>),
    /// We are leaving, but still answer others for so long at most.
    Leaving { lasts: Duration },
}

/// When to stop by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    pub(super) timeout: Duration,
    pub(super) first_match: bool,
}

/// Shows what happens until it is over; returns why it is over, or the error that ended it.
pub(super) async fn watch(
    meeting: &mut Meeting,
    (place, cards): (Place, Option<&Cards>),
    until: Until,
    ui: &mut Ui,
    stop: &mut Stop,
) -> Result<(), Failure> {
    let mut seen = Seen {
        cards,
        is_lan: matches!(place, Place::Lan { .. }),
        place: Some(place),
        until,
        leaving: None,
        others: 0,
        matches: 0,
        dropped: 0,
        ends: Instant::now().checked_add(until.timeout),
    };
    let result = seen.run(meeting, ui, stop).await;
    ui.waited();
    seen.conclude(result?, ui)
}

pub(super) struct Seen<'a> {
    /// The profile that takes the cards of others, if one does.
    cards: Option<&'a Cards>,
    /// Where we meet, until that is told.
    place: Option<Place>,
    pub(super) is_lan: bool,
    pub(super) until: Until,
    /// Why we are leaving, once we do.
    leaving: Option<Reason>,
    pub(super) others: usize,
    pub(super) matches: usize,
    dropped: u64,
    ends: Option<Instant>,
}

impl Seen<'_> {
    /// Meets, then leaves; both as long as it takes, unless the person will not wait.
    async fn run(
        &mut self,
        meeting: &mut Meeting,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Reason, Failure> {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let reason = loop {
            tokio::select! {
                biased;
                () = stop.wanted() => break Reason::Interrupted,
                happening = meeting.next() => match happening {
                    Some(happening) => self.show(happening?, ui).await?,
                    None => return Err(Failure::new(Kind::Bug, "the meeting ended by itself")),
                },
                () = ends(self.ends) => break Reason::Timeout,
                _ = second.tick() => {}
            }
            if self.until.first_match && self.matches > 0 {
                break Reason::FirstMatch;
            }
            self.wait(ui);
        };
        meeting.leave();
        self.leaving = Some(reason);
        loop {
            let enough = async {
                match reason {
                    Reason::Interrupted => stop.again().await,
                    Reason::FirstMatch | Reason::Timeout => stop.wanted().await,
                }
            };
            tokio::select! {
                biased;
                () = enough => return Ok(reason),
                happening = meeting.next() => match happening {
                    Some(happening) => self.show_leaving(happening, ui).await?,
                    None => return Ok(reason),
                },
                _ = second.tick() => {}
            }
            self.wait(ui);
        }
    }

    /// What happens once we are leaving: only messages still matter, and no
    /// trouble but our own does.
    async fn show_leaving(
        &mut self,
        happening: Result<Happening, Failure>,
        ui: &mut Ui,
    ) -> Result<(), Failure> {
        let has_enough = self.until.first_match && self.matches > 0;
        match happening {
            Ok(Happening::Match { .. }) if has_enough => Ok(()),
            Ok(told @ (Happening::Match { .. } | Happening::Leaving { .. })) => {
                self.show(told, ui).await
            }
            Err(failure) if failure.why == Why::Kind(Kind::Bug) => Err(failure),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn show(&mut self, happening: Happening, ui: &mut Ui) -> Result<(), Failure> {
        match happening {
            Happening::Begun => self.begin(ui),
            Happening::Room { others } if others != self.others => {
                self.others = others;
                self.tell_room(ui)
            }
            Happening::Room { .. } => Ok(()),
            Happening::Match { payload } => self.met(&payload, ui).await,
            Happening::Overloaded { dropped } => {
                if self.dropped == 0 && !ui.is_json() {
                    ui.warn("more arrives than can be worked on; meeting may take longer")?;
                }
                self.dropped = self.dropped.saturating_add(dropped);
                ui.detail(format_args!("dropped {} so far", self.dropped));
                ui.event(&Event::Overloaded {
                    dropped: self.dropped,
                })
            }
            Happening::Warning(text) => ui.warn(&text),
            Happening::Note(text) => {
                ui.note(format_args!("{text}"));
                ui.event(&Event::Note { text })
            }
            Happening::Interfaces(interfaces) => {
                match &interfaces[..] {
                    [] if ui.is_json() => {}
                    [] => ui.warn("the network is gone; waiting for it to come back")?,
                    some => ui.note(format_args!("now on: {}", named(some))),
                }
                ui.event(&Event::Interfaces {
                    interfaces: &interfaces,
                })
            }
            Happening::Leaving { lasts } => self.stay(lasts, ui),
        }
    }

    /// Shows what somebody sent, or takes it for a contact card.
    async fn met(&mut self, payload: &[u8], ui: &mut Ui) -> Result<(), Failure> {
        self.matches = self.matches.saturating_add(1);
        let who = match self.matches {
            1 => "someone",
            _ => "someone else",
        };
        let card = cards::read(payload);
        if let (Some(cards), Some(card)) = (self.cards, card.clone()) {
            ui.note(format_args!(
                "met {who} with the same passphrase, who gives you a contact card"
            ));
            if ui.is_json() {
                ui.message(self.matches, payload)?;
            }
            return cards.take(card, ui).await;
        }
        ui.note(format_args!(
            "met {who} with the same passphrase, who says:"
        ));
        ui.message(self.matches, payload)?;
        if card.is_some() {
            ui.note(format_args!(
                "this is a contact card; `entrenous contacts add` takes it, once you have a profile"
            ));
        }
        Ok(())
    }

    /// Tells why it does not end at once.
    fn stay(&mut self, lasts: Duration, ui: &mut Ui) -> Result<(), Failure> {
        self.ends = Instant::now().checked_add(lasts);
        // The machine ends a meeting after its first match without being told to.
        let reason = self.leaving.unwrap_or(Reason::FirstMatch);
        let again = match reason {
            Reason::Interrupted => "Ctrl-C again",
            Reason::FirstMatch | Reason::Timeout => "Ctrl-C",
        };
        let lasting = lasts::show(lasts);
        if self.is_lan {
            ui.note(format_args!(
                "answering others for {lasting} more, so that leaving does not show whether you \
                 met anybody; {again} leaves at once"
            ));
        } else {
            ui.note(format_args!(
                "posting what others still need, for up to {lasting}; {again} leaves at once"
            ));
        }
        ui.event(&Event::Leaving {
            reason,
            lasts_s: lasts.as_secs(),
        })
    }

    fn begin(&mut self, ui: &mut Ui) -> Result<(), Failure> {
        let Some(place) = self.place.take() else {
            return Ok(());
        };
        let lasts = lasts::show(self.until.timeout);
        ui.note(format_args!(
            "waiting {lasts} for others who give the same passphrase; Ctrl-C stops"
        ));
        ui.event(&Event::Started {
            place,
            at: event::now(),
            timeout_s: self.until.timeout.as_secs(),
        })?;
        match self.others {
            0 => Ok(()),
            _ => self.tell_room(ui),
        }
    }

    /// Others may be there before we can be found; they are told after that.
    fn tell_room(&self, ui: &mut Ui) -> Result<(), Failure> {
        if self.place.is_some() {
            return Ok(());
        }
        let others = self.others;
        if !ui.shows_waiting() {
            ui.note(format_args!("{} in the room", counted(others, "other")));
        }
        ui.event(&Event::Room { others })
    }

    fn wait(&self, ui: &mut Ui) {
        let left = self
            .ends
            .map_or(Duration::ZERO, |ends| ends.duration_since(Instant::now()));
        let (met, left) = (self.matches, lasts::show(left));
        match self.leaving {
            Some(_) => ui.wait(format_args!("leaving, {met} met; {left} left")),
            None => ui.wait(format_args!(
                "{} in the room, {met} met; {left} left, Ctrl-C stops",
                counted(self.others, "other"),
            )),
        }
    }
}

fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

async fn ends(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
