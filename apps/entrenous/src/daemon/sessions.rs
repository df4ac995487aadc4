//! Calls that begin, go on and end, as sessions of clients.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use node::call::{Ending, Known, Link, Message, Retry, SayError, Talk, Target, Told};

use super::call::{Call, CallId, Happened, Live, Order, Stage, hold};
use super::desk::Daemon;
use super::hub::Asker;
use super::log::Level;
use super::peers::key_of;
use super::protocol::{Dial, Event, Fault, Rename, Reply, Send, Status, moment};
use super::server::{only_tcp, place};
use crate::event::{reason, time};

impl Daemon<'_> {
    /// Takes what happened in a call.
    pub(super) fn happened(&mut self, happened: Happened) {
        while self.tasks.try_join_next().is_some() {}
        match happened {
            Happened::Dialed(id, Ok(talk)) => self.hold(id, talk),
            Happened::Dialed(id, Err(error)) => {
                if let Some(call) = self.calls.remove(&id) {
                    self.not_reached(&call, &error);
                }
            }
            Happened::Called(talk) => self.called(talk),
            Happened::Said(id, asker, said) => self.said(id, &asker, said),
            Happened::Told(id, told) => self.told(id, told),
        }
    }

    pub(super) async fn dial(&mut self, given: Dial, asker: &Asker) -> Result<(), Fault> {
        let node = self.node()?;
        only_tcp(&given.transport)?;
        if self.calls.len() >= CALLS {
            return Err(too_many());
        }
        let mut link = link(&given.addr)?;
        if !given.peer_pub_b64.is_empty() {
            link = link.to(&key_of(&given.peer_pub_b64)?.1);
        }
        self.take_name(&given.name).await?;
        self.set_status(
            Status::Connecting,
            format!("Connecting to {}...", given.addr),
        );
        let id = self.add(Call {
            asker: Some(asker.clone()),
            is_server: false,
            remote: given.addr,
            stage: Stage::Opening,
            closing: None,
            is_closing: false,
            wires: None,
        });
        // A fingerprint in the link is compared by that.
        let has_sum = link.sum().is_some();
        let mut target = Target::new(link);
        if !has_sum {
            target.admit = self.mode.admit();
        }
        let happens = self.happens.clone();
        self.tasks.spawn(async move {
            let talk = node.call(target).await;
            drop(node);
            // A daemon that is over wants to know nothing.
            drop(happens.send(Happened::Dialed(id, talk)).await);
        });
        Ok(())
    }

    /// Somebody calls.
    fn called(&mut self, talk: Talk) {
        let is_waiting = |call: &&Call| call.is_server && call.live().is_none();
        let waiting = self.calls.values().filter(is_waiting).count();
        if self.calls.len() >= CALLS || waiting >= WAITING || !self.server.is_running() {
            return self.log(Level::Warn, "a call was hung up on: there are too many");
        }
        let remote = talk.source().map(|source| source.to_string());
        let id = self.add(Call {
            asker: None,
            is_server: true,
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
            Told::Established { with, .. } => self.established(id, &with),
            Told::Message(message) => self.message(id, &message),
            Told::Lost { why, retry } => self.lost(id, &why.to_string(), retry),
            Told::Back { resumed, .. } => {
                if let Some(session_id) = self.session(id) {
                    let entrenous_resumed = resumed;
                    self.hub.tell(&Event::SessionReconnected {
                        session_id,
                        entrenous_resumed,
                    });
                }
            }
            Told::Ended { how, waiting } => self.ended(id, &how, waiting),
            _ => {}
        }
    }

    /// What clients call a session, if they know it.
    fn session(&self, id: CallId) -> Option<String> {
        let live = self.calls.get(&id)?.live()?;
        Some(live.id.clone())
    }

    fn established(&mut self, id: CallId, with: &Known) {
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
            id: session_id,
            name: with.name().to_string(),
            is_verified: with.compared().is_some(),
            started: now.clone(),
            last: now,
            messages: 0,
        }));
        let asker = call.asker.take();
        let remote = (!call.is_server).then(|| call.remote.clone());
        if let Some(info) = call.live().map(|live| call.info(live)) {
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
            Stage::Opening => self.not_reached(&call, how),
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

    pub(super) fn send_message(&mut self, given: &Send, asker: &Asker) -> Result<(), Fault> {
        let (_, call) = self.find(&given.session_id)?;
        let text = STANDARD.decode(&given.data_base64).map_err(|error| {
            Fault::new(
                "invalid_base64",
                format_args!("invalid base64 data: {error}"),
            )
        })?;
        match call.say(text, asker) {
            true => Ok(()),
            false => Err(not_sent("too much waits to be sent already")),
        }
    }

    fn said(&mut self, id: CallId, asker: &Asker, said: Result<u64, SayError>) {
        if let Err(error) = said {
            return self.hub.fault(asker, not_sent(error));
        }
        let call = self.calls.get_mut(&id);
        let Some(Stage::Live(live)) = call.map(|call| &mut call.stage) else {
            return;
        };
        live.count();
        let session_id = live.id.clone();
        let sent = Event::MessageSent {
            session_id: session_id.clone(),
            timestamp: moment(time()),
        };
        self.hub.tell_of(&sent, Some(asker));
        self.hub.tell(&Event::SessionUpdated { session_id });
    }

    pub(super) fn list_sessions(&mut self, asker: &Asker) -> Result<(), Fault> {
        let calls = self.calls.values();
        let sessions = calls.filter_map(|call| Some(call.info(call.live()?)));
        let sessions = sessions.collect();
        self.reply(asker, Reply::Sessions { sessions })
    }

    pub(super) fn session_info(&mut self, session: &str, asker: &Asker) -> Result<(), Fault> {
        let (_, call) = self.find(session)?;
        let info = call.live().map(|live| call.info(live));
        let info = info.ok_or_else(|| not_found(session))?;
        self.reply(
            asker,
            Reply::Live {
                kind: "live",
                session_id: info.session_id,
                peer_name: info.peer_name,
                is_server: info.is_server,
                msg_count: info.msg_count,
                last_activity: info.last_activity,
                transport_type: info.transport_type,
                remote_version: "",
                cause: info.cause,
                session_ttl_ns: info.session_ttl_ns,
                started_at: info.session_started_at,
                remote_addr: info.remote_addr,
            },
        )
    }

    /// Closes a session; the answer comes when it is closed.
    pub(super) fn close_session(&mut self, session: &str, asker: &Asker) -> Result<(), Fault> {
        let (id, _) = self.find(session)?;
        if let Some(call) = self.calls.get_mut(&id) {
            call.closing = Some(asker.clone());
            call.is_closing = true;
            call.order(Order::Close);
        }
        Ok(())
    }

    /// Begins to close all calls.
    pub(super) fn close_all(&mut self) {
        for call in self.calls.values_mut() {
            call.is_closing = true;
            call.order(Order::Close);
        }
    }

    /// Calls a session otherwise, as long as it goes on.
    pub(super) fn rename_session(&mut self, given: Rename, asker: &Asker) -> Result<(), Fault> {
        if given.name.len() > LONGEST_NAME {
            let text = format!("invalid params: a name has at most {LONGEST_NAME} bytes");
            return Err(Fault::new("invalid_params", text));
        }
        let (id, _) = self.find(&given.session_id)?;
        if let Some(call) = self.calls.get_mut(&id)
            && let Stage::Live(live) = &mut call.stage
        {
            live.name = given.name;
        }
        let session_id = given.session_id;
        self.hub.tell(&Event::SessionUpdated { session_id });
        self.reply(asker, Reply::Done { status: "ok" })
    }

    fn find(&self, session: &str) -> Result<(CallId, &Call), Fault> {
        let mut calls = self.calls.iter();
        let is_it = |call: &Call| call.live().is_some_and(|live| live.id == session);
        let found = calls.find(|(_, call)| is_it(call));
        let (id, call) = found.ok_or_else(|| not_found(session))?;
        Ok((*id, call))
    }
}

/// Where a client wants to call: `HOST:PORT`, or a link.
fn link(addr: &str) -> Result<Link, Fault> {
    let wrong = |why: &dyn std::fmt::Display| {
        Fault::new("create_dialer_failed", format_args!("create dialer: {why}"))
    };
    if addr.contains("://") {
        return addr.parse().map_err(|error| wrong(&error));
    }
    let (host, port) = place(addr).map_err(|why| wrong(&why))?;
    let host = match host.is_empty() {
        true => "127.0.0.1",
        false => host,
    };
    Link::new(host, port).map_err(|error| wrong(&error))
}

/// A name for a session that nobody else has; `None` if this system gives no random bytes.
fn session_id() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(hex::encode(bytes))
}

fn not_found(session: &str) -> Fault {
    Fault::new(
        "session_not_found",
        format_args!("session not found: {session}"),
    )
}

fn not_sent(why: impl std::fmt::Display) -> Fault {
    Fault::new(
        "send_message_failed",
        format_args!("failed to send message: {why}"),
    )
}

fn too_many() -> Fault {
    Fault::new(
        "too_many_sessions",
        format_args!("there are {CALLS} sessions already"),
    )
}

/// Calls at a time, with those that are not established yet.
const CALLS: usize = 256;
/// Those of them with people who called and are not taken yet.
const WAITING: usize = 64;
/// Bytes of what a client calls a session.
const LONGEST_NAME: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_in_kamune_or_as_links() {
        for (addr, wanted) in [
            ("127.0.0.1:9000", "tcp://127.0.0.1:9000"),
            (":9000", "tcp://127.0.0.1:9000"),
            ("example.org:1", "tcp://example.org:1"),
            ("[2001:db8::1]:7", "tcp://[2001:db8::1]:7"),
            ("tcp://example.org:1", "tcp://example.org:1"),
            ("udp://example.org:1", "udp://example.org:1"),
        ] {
            assert_eq!(link(addr).unwrap().to_string(), wanted);
        }
        for addr in [
            "",
            "x",
            "x:0",
            "x:65536",
            "a b:1",
            "http://x:1",
            "2001:db8::1:7x",
        ] {
            assert_eq!(
                link(addr).unwrap_err().code(),
                "create_dialer_failed",
                "{addr}"
            );
        }
    }

    #[test]
    fn no_two_sessions_have_one_name() {
        let one = session_id().unwrap();
        assert_eq!(one.len(), 32);
        assert_ne!(one, session_id().unwrap());
    }
}
