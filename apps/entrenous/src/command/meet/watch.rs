//! A meeting as the person sees it: who is there, what comes, how long it still takes.

use std::time::Duration;

use kernel::Kind;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::Meeting;
use super::lan::named;
use crate::event::{self, Event, Interface, Place, Reason};
use crate::failure::Failure;
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
    place: Place,
    until: Until,
    ui: &mut Ui,
    stop: &mut Stop,
) -> Result<(), Failure> {
    let mut seen = Seen {
        alone: match place {
            Place::Lan { .. } => "some networks keep guests apart; a server does not: `--at URL`",
            Place::Board { .. } => "do the others use the same address and board?",
        },
        place: Some(place),
        timeout: until.timeout,
        others: 0,
        matches: 0,
        dropped: 0,
        ends: Instant::now().checked_add(until.timeout),
    };
    let result = seen.run(meeting, until, ui, stop).await;
    ui.waited();
    seen.conclude(result?, ui)
}

struct Seen {
    /// Where we meet, until that is told.
    place: Option<Place>,
    /// What may be the reason if nobody else is there.
    alone: &'static str,
    timeout: Duration,
    others: usize,
    matches: usize,
    dropped: u64,
    ends: Option<Instant>,
}

impl Seen {
    async fn run(
        &mut self,
        meeting: &mut Meeting,
        until: Until,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Reason, Failure> {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut leaving = false;
        loop {
            tokio::select! {
                biased;
                () = stop.wanted() => return Ok(Reason::Interrupted),
                happening = meeting.next() => match happening {
                    Some(_) if leaving => {}
                    Some(happening) => self.show(happening?, ui)?,
                    None if leaving => return Ok(Reason::FirstMatch),
                    None => return Err(Failure::new(Kind::Bug, "the meeting ended by itself")),
                },
                () = ends(self.ends) => return Ok(Reason::Timeout),
                _ = second.tick() => {}
            }
            if until.first_match && self.matches > 0 && !leaving {
                leaving = true;
                meeting.leave();
                ui.detail(format_args!(
                    "staying a moment, so that they get the message too"
                ));
            }
            self.wait(ui);
        }
    }

    fn show(&mut self, happening: Happening, ui: &mut Ui) -> Result<(), Failure> {
        match happening {
            Happening::Begun => self.begin(ui),
            Happening::Room { others } if others != self.others => {
                self.others = others;
                if !ui.shows_waiting() {
                    ui.note(format_args!("{} in the room", counted(others, "other")));
                }
                ui.event(&Event::Room { others })
            }
            Happening::Room { .. } => Ok(()),
            Happening::Match { payload } => {
                self.matches = self.matches.saturating_add(1);
                let who = if self.matches == 1 {
                    "someone"
                } else {
                    "someone else"
                };
                ui.note(format_args!(
                    "met {who} with the same passphrase, who says:"
                ));
                ui.message(self.matches, &payload)
            }
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
        }
    }

    fn begin(&mut self, ui: &mut Ui) -> Result<(), Failure> {
        let Some(place) = self.place.take() else {
            return Ok(());
        };
        let lasts = lasts::show(self.timeout);
        ui.note(format_args!(
            "waiting {lasts} for others who give the same passphrase; Ctrl-C stops"
        ));
        ui.event(&Event::Started {
            place,
            at: event::now(),
            timeout_s: self.timeout.as_secs(),
        })
    }

    fn wait(&self, ui: &mut Ui) {
        let left = self
            .ends
            .map_or(Duration::ZERO, |ends| ends.duration_since(Instant::now()));
        ui.wait(format_args!(
            "{} in the room, {} met; {} left, Ctrl-C stops",
            counted(self.others, "other"),
            self.matches,
            lasts::show(left),
        ));
    }

    fn conclude(&self, reason: Reason, ui: &mut Ui) -> Result<(), Failure> {
        if self.matches > 0 {
            let met = match self.matches {
                1 => "met one person".to_owned(),
                many => format!("met {many} people"),
            };
            match reason {
                Reason::FirstMatch => ui.note(format_args!("done: {met}")),
                Reason::Timeout => ui.note(format_args!("time is up: {met}")),
                Reason::Interrupted => ui.note(format_args!("stopped: {met}")),
            }
            return ui.event(&Event::Done {
                reason,
                matches: self.matches,
            });
        }
        match reason {
            Reason::Interrupted => Err(Failure::interrupted().text("stopped; nobody was met")),
            _ => Err(self.nobody()),
        }
    }

    fn nobody(&self) -> Failure {
        let lasted = lasts::show(self.timeout);
        let there = match self.others {
            0 => {
                return Failure::unavailable(format!(
                    "nobody was met in {lasted}: no one else was there"
                ))
                .hint(self.alone);
            }
            1 => "1 other was".to_owned(),
            others => format!("{others} others were"),
        };
        Failure::unavailable(format!(
            "nobody was met in {lasted}: {there} there, with another passphrase"
        ))
        .hint("compare the passphrase letter by letter; capitals and spaces count")
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
