//! Calls that begin, go on and end, as sessions of clients.

pub(super) mod asked;
mod dial;

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use node::call::{End, Ending, Known, Message, Path, Retry, Talk, Told, Version};

use super::call::{Call, CallId, Happened, Live, Order, Stage, hold};
use super::desk::Daemon;
use super::log::Level;
use super::protocol::{Event, Fault, Reply, Status, moment};
use super::server::WaitId;
use crate::event::{reason, time};

impl Daemon<'_> {
    /// Takes what happened.
    pub(super) async fn happened(&mut self, happened: Happened) {
        while self.tasks.try_join_next().is_some() {}
        match happened {
            Happened::Dialed(id, Ok(talk)) => self.hold(id, talk),
            Happened::Dialed(id, Err(error)) => {
                if let Some(call) = self.calls.remove(&id) {
                    self.not_reached(&call, &error);
                }
            }
            Happened::Called(at, talk) => self.called(at, talk),
            Happened::Placed(at) => self.placed(at).await,
            Happened::Unplaced(at, why) => self.unplaced(at, &why),
            Happened::Said(id, asker, said) => self.said(id, &asker, said),
            Happened::Handed(id, asker, handed) => self.handed(id, &asker, handed),
            Happened::Told(id, told) => self.told(id, told),
        }
    }

    /// Somebody calls.
    fn called(&mut self, at: WaitId, talk: Talk) {
        let is_waiting = |call: &&Call| call.is_server && call.live().is_none();
        let waiting = self.calls.values().filter(is_waiting).count();
        let Some(asked) = self.server.waits.transport(at) else {
            return;
        };
        if self.calls.len() >= CALLS || waiting >= WAITING {
            return self.log(Level::Warn, "a call was hung up on: there are too many");
        }
        let remote = talk.source().map(|source| source.to_string());
        let id = self.add(Call {
            asker: None,
            is_server: true,
            asked,
            way: asked.name(),
            remote: remote.unwrap_or_default(),
            stage: Stage::Opening,
            closing: None,
            is_closing: false,
            wires: None,
        });
        self.hold(id, talk);
    }

    fn add(&mut self, call: Call) -> CallId {
        self.next_call = self.next_call.saturating_add(1);
        let id = CallId(self.next_call);
        self.calls.insert(id, call);
        id
    }

    fn hold(&mut self, id: CallId, talk: Talk) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.way = call.asked.of(talk.path());
        let (wires, holding) = hold(id, talk, self.happens.clone());
        call.wires = Some(wires);
        if call.is_closing {
            call.order(Order::Close);
        }
        self.tasks.spawn(holding);
    }

    fn told(&mut self, id: CallId, told: Told) {
        match told {
            Told::Introduced(who) => self.introduced(id, &who),
            Told::Established { with, version, .. } => self.established(id, &with, version),
            Told::Message(message) => self.message(id, &message),
            Told::File(file) => self.file(id, file),
            Told::Lost { why, retry } => self.lost(id, &why.to_string(), retry),
            Told::Back { resumed, path } => self.back(id, resumed, &path),
            Told::Ended { how, waiting } => self.ended(id, &how, waiting),
            _ => {}
        }
    }

    /// What clients call a session, if they know it.
    fn session(&self, id: CallId) -> Option<String> {
        let live = self.calls.get(&id)?.live()?;
        Some(live.id.clone())
    }

    fn established(&mut self, id: CallId, with: &Known, version: Option<Version>) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.is_closing {
            return;
        }
        let Some(session_id) = session_id() else {
            return call.order(Order::Close);
        };
        let now = moment(time());
        call.stage = Stage::Live(Box::new(Live {
            id: session_id.clone(),
            key: *with.key(),
            name: with.name().to_string(),
            is_verified: with.compared().is_some(),
            version: version.map(|it| it.to_string()).unwrap_or_default(),
            files: BTreeSet::new(),
            started: now.clone(),
            last: now,
            messages: 0,
        }));
        let asker = call.asker.take();
        let remote = (!call.is_server).then(|| call.remote.clone());
        let info = call.live().map(|live| call.info(live));
        if let Some(message) = version.and_then(differs) {
            self.hub.tell(&Event::VersionWarning {
                session_id,
                message,
            });
        }
        if let Some(info) = info {
            self.hub
                .tell_of(&Event::SessionStarted(info), asker.as_ref());
        }
        if let Some(remote) = remote {
            self.set_status(Status::Connected, format!("Connected to {remote}"));
        }
        self.log(Level::Info, "a session began");
    }

    fn message(&mut self, id: CallId, message: &Message) {
        let call = self.calls.get_mut(&id);
        let Some(Stage::Live(live)) = call.map(|call| &mut call.stage) else {
            return;
        };
        live.count();
        let session_id = live.id.clone();
        self.hub.tell(&Event::MessageReceived {
            session_id: session_id.clone(),
            data_base64: STANDARD.encode(&message.text),
            timestamp: moment(message.sent),
        });
        self.hub.tell(&Event::SessionUpdated { session_id });
    }

    fn lost(&mut self, id: CallId, why: &str, retry: Option<Retry>) {
        let Some(session_id) = self.session(id) else {
            return;
        };
        let event = match retry {
            Some(retry) => Event::SessionReconnecting {
                session_id,
                attempt: retry.number,
                max_attempts: retry.of,
            },
            None => Event::SessionLost {
                session_id,
                reason: why.to_owned(),
            },
        };
        self.hub.tell(&event);
        self.log(Level::Warn, "a connection broke");
    }

    fn back(&mut self, id: CallId, entrenous_resumed: bool, path: &Path) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.way = call.asked.of(path);
        }
        if let Some(session_id) = self.session(id) {
            self.hub.tell(&Event::SessionReconnected {
                session_id,
                entrenous_resumed,
            });
        }
    }

    fn ended(&mut self, id: CallId, how: &Ending, unsent: usize) {
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        match &call.stage {
            Stage::Asked(request_id) => {
                let request_id = *request_id;
                self.hub.tell(&Event::VerifyOver { request_id });
                self.tell_status();
                self.not_reached(&call, how);
            }
            Stage::Opening => {
                if let Some(message) = incompatible(how) {
                    let session_id = String::new();
                    self.hub.tell(&Event::VersionWarning {
                        session_id,
                        message,
                    });
                }
                self.not_reached(&call, how);
            }
            Stage::Live(live) => {
                let info = call.info(live);
                let session_id = info.session_id.clone();
                self.hub.tell(&Event::SessionClosed {
                    info,
                    entrenous_reason: reason(how),
                    entrenous_waiting: unsent,
                });
                self.log(Level::Info, "a session ended");
                if let Some(asker) = &call.closing {
                    let status = "closed";
                    self.hub.reply(asker, Reply::Closed { status, session_id });
                }
                self.hub.tell(&Event::HistoryUpdated {});
            }
        }
        let is_alone = !self.calls.values().any(|call| call.live().is_some());
        let idle = self.idle();
        if is_alone && self.status.0 == Status::Connected && self.status != idle {
            self.set_status(idle.0, idle.1);
        }
    }

    /// A call ended before it was a session.
    fn not_reached(&mut self, call: &Call, why: &dyn std::fmt::Display) {
        if call.is_server {
            return self.log(Level::Info, "a call ended before it began");
        }
        self.set_status(Status::Error, "Connection failed");
        self.log(Level::Error, "a call did not come about");
        if let Some(asker) = &call.asker {
            let fault = Fault::new("dial_failed", format_args!("dial: {why}"));
            self.hub.fault(asker, fault);
        }
    }
}

/// What Kamune says of a program of another minor version: one that talks to us all the same.
fn differs(theirs: Version) -> Option<String> {
    let minor = |version: Version| version.to_string().split('.').nth(1).map(ToOwned::to_owned);
    let is_so = theirs.talks_to(Version::OURS) && minor(theirs) != minor(Version::OURS);
    is_so.then(|| {
        let ours = Version::OURS;
        format!("Minor version mismatch (v{theirs} vs v{ours}): things may not work as expected")
    })
}

/// The same of one that does not talk to us.
fn incompatible(how: &Ending) -> Option<String> {
    let Ending::Channel(End::Incompatible { theirs }) = how else {
        return None;
    };
    let ours = Version::OURS;
    Some(format!(
        "Version mismatch (v{theirs} vs v{ours}): they do not talk to each other"
    ))
}

/// A name for a session that nobody else has; `None` if this system gives no random bytes.
fn session_id() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(hex::encode(bytes))
}

/// Calls at a time, with those that are not established yet.
const CALLS: usize = 256;
/// Those of them with people who called and are not taken yet.
const WAITING: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_sessions_have_one_name() {
        let one = session_id().unwrap();
        assert_eq!(one.len(), 32);
        assert_ne!(one, session_id().unwrap());
    }

    #[test]
    fn other_versions_are_warned_of_in_the_words_of_kamune() {
        // Below 1.0 whoever has another minor version is not talked to.
        for version in ["0.7.0", "0.7.9", "0.6.0"] {
            assert_eq!(Version::parse(version).and_then(differs), None);
        }
        let theirs = Version::parse("0.6.2").unwrap();
        let how = Ending::Channel(End::Incompatible { theirs });
        assert_eq!(
            incompatible(&how).unwrap(),
            "Version mismatch (v0.6.2 vs v0.7.0): they do not talk to each other"
        );
        assert_eq!(incompatible(&Ending::OtherKey), None);
    }
}
