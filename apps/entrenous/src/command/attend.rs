//! Being there for calls, one after the other, in line mode.

use std::path::PathBuf;

use identity::Fingerprint;
use node::Node;
use node::call::{Calls, End, Ending, Heard, Link, Password, Relay, Talk};

use super::call::{Callee, dial};
use super::listen::{not_outside, title};
use super::place::{KnownRelay, outside, password_at};
use super::talk::{Chat, Line, Lines, Outcome, QUIT, Takes, caller};
use crate::event::{Incoming, Listening, ServerWaits};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;

/// How somebody is there for calls, in line mode.
pub(crate) struct Attend {
    /// Stop after one call.
    pub(crate) once: bool,
    pub(crate) inbox: Option<PathBuf>,
    pub(crate) takes: Takes,
    /// Whether `/call` calls somebody, and the relay whose password it may use.
    pub(crate) dials: Option<KnownRelay>,
}

impl Attend {
    /// One call after the other.
    pub(crate) async fn hold_all(
        &self,
        node: &Node,
        mut calls: Option<&mut Calls>,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<(), Failure> {
        let own = node.fingerprint_in_calls().await;
        let mut lines = Lines::open();
        let mut is_read = false;
        let mut held = 0_usize;
        loop {
            match (&calls, &self.dials) {
                (Some(_), None) => ui.wait(format_args!("waiting for calls (Ctrl-C stops)")),
                (Some(_), Some(_)) => ui.wait(format_args!(
                    "waiting for calls; /call LINK or NAME calls somebody ({QUIT} ends)"
                )),
                (None, _) => {
                    ui.wait(format_args!(
                        "/call LINK or NAME calls somebody ({QUIT} ends)"
                    ));
                }
            }
            // Through a pipe, what is said waits for somebody to say it to.
            let reads = ui.can_ask() || self.dials.is_some();
            let mut is_mine = false;
            let heard = tokio::select! {
                biased;
                () = stop.wanted() => {
                    return match held {
                        0 => Err(Failure::interrupted()),
                        _ => Ok(()),
                    };
                }
                heard = next(&mut calls) => heard,
                line = lines.next(), if reads => match (line, &self.dials) {
                    (Some(Line::Text(text)), Some(relay)) if text.starts_with(CALL) => {
                        let whom = text.get(CALL.len()..).unwrap_or_default().trim();
                        match self.dial(whom, relay.as_ref(), node, ui, stop).await {
                            Ok(talk) => {
                                is_mine = true;
                                Some(Heard::Talk(talk))
                            }
                            Err(failure) => {
                                tell_failure(failure, ui)?;
                                continue;
                            }
                        }
                    }
                    (Some(Line::Text(text)), _) if text != QUIT => {
                        ui.note(format_args!("nobody is here: not sent"));
                        continue;
                    }
                    (Some(Line::TooLong(_) | Line::NoText), _) => continue,
                    (Some(Line::Text(_)) | None, _) => return Ok(()),
                },
            };
            let talk = match heard {
                Some(Heard::Talk(talk)) => talk,
                Some(news) => {
                    tell_news(news, &own, ui)?;
                    continue;
                }
                None => return Ok(()),
            };
            if !is_mine {
                tell_incoming(&talk, ui)?;
            }
            let mut chat = Chat {
                node,
                ui,
                stop,
                lines: &mut lines,
                is_read,
                inbox: self.inbox.clone(),
                takes: self.takes,
                to_send: Vec::new(),
            };
            let among = calls.as_deref_mut();
            let outcome = match self.once {
                true => chat.hold_only(talk, among).await?,
                false => chat.hold(talk, among).await?,
            };
            is_read = chat.is_read;
            let began = outcome.began;
            if began && (self.once || is_read) {
                return outcome.judge();
            }
            tell(outcome, ui)?;
            if began {
                held = held.saturating_add(1);
            }
        }
    }

    async fn dial(
        &self,
        whom: &str,
        relay: Option<&(Relay, Password)>,
        node: &Node,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Talk, Failure> {
        let callee = Callee {
            whom,
            at: &[],
            more: &[],
            called: None,
        };
        let mut target = callee.target_without(callee.links("call")?, node).await?;
        target.password = password_at(&target.links, relay)?;
        dial(node, target, ui, stop).await
    }
}

async fn next(calls: &mut Option<&mut Calls>) -> Option<Heard> {
    match calls {
        Some(calls) => calls.next().await,
        None => std::future::pending().await,
    }
}

/// Says that a server waits with us for callers, or does not.
fn tell_news(news: Heard, own: &Fingerprint, ui: &mut Ui) -> Result<(), Failure> {
    ui.waited();
    match news {
        Heard::Placed(path) => {
            ui.note(format_args!("ready for calls, by {path}"));
            ui.event(&ServerWaits {
                path: path.to_string(),
                waits: true,
                text: None,
                again_s: None,
            })
        }
        Heard::Unplaced(unplaced) => {
            let (path, seconds) = (&unplaced.path, unplaced.again.as_secs());
            ui.event(&ServerWaits {
                path: path.to_string(),
                waits: false,
                text: Some(unplaced.reason.to_string()),
                again_s: Some(seconds),
            })?;
            ui.warn(&format!(
                "no calls by {path} now: {}; asked again in {seconds} s",
                unplaced.reason
            ))
        }
        Heard::Outside { transport, at } => {
            let link = outside(transport, at, own);
            let event = Listening {
                path: format!("{}, by the router", title(transport)),
                address: Some(at.to_string()),
                link: link.as_ref().map(Link::to_string),
            };
            let shown = link.map(|link| format!("{link}\n")).unwrap_or_default();
            ui.show(&shown, &event)?;
            ui.note(format_args!(
                "the router lets callers in at {at}, by {}",
                title(transport)
            ));
            Ok(())
        }
        Heard::NotOutside { transport, why } => ui.warn(&not_outside(transport, why.as_ref())),
        _ => Ok(()),
    }
}

fn tell_incoming(talk: &Talk, ui: &mut Ui) -> Result<(), Failure> {
    ui.waited();
    ui.note(format_args!("a call from {}", caller(talk)));
    ui.event(&Incoming {
        path: talk.path().to_string(),
        from: talk.source().map(|source| source.to_string()),
    })
}

/// Says how a call ended: that one goes wrong is no reason to stop listening.
fn tell(outcome: Outcome, ui: &mut Ui) -> Result<(), Failure> {
    let has_gone = matches!(
        outcome.how,
        Ending::Channel(End::Left | End::Closed | End::Lost)
    );
    if !outcome.began && outcome.refused.is_none() && has_gone {
        ui.note(format_args!("they hung up before the call began"));
        return Ok(());
    }
    match outcome.judge() {
        Ok(()) => {
            ui.note(format_args!("the call is over"));
            Ok(())
        }
        Err(failure) => tell_failure(failure, ui),
    }
}

fn tell_failure(failure: Failure, ui: &mut Ui) -> Result<(), Failure> {
    let hint = failure.hint.map(|hint| format!(": {hint}"));
    ui.warn(&format!("{}{}", failure.text, hint.unwrap_or_default()))
}

/// Calls somebody when it is typed, where that is wanted.
const CALL: &str = "/call ";
