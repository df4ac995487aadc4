//! What clients want of sessions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use node::call::SayError;

use crate::daemon::call::{Call, CallId, Order, Stage};
use crate::daemon::desk::Daemon;
use crate::daemon::hub::Asker;
use crate::daemon::protocol::{Event, Fault, Rename, Reply, Send, moment};
use crate::event::time;

impl Daemon<'_> {
    pub(in crate::daemon) fn send_message(
        &mut self,
        given: &Send,
        asker: &Asker,
    ) -> Result<(), Fault> {
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

    pub(super) fn said(&mut self, id: CallId, asker: &Asker, said: Result<u64, SayError>) {
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

    pub(in crate::daemon) fn list_sessions(&mut self, asker: &Asker) -> Result<(), Fault> {
        let calls = self.calls.values();
        let sessions = calls.filter_map(|call| Some(call.info(call.live()?)));
        let sessions = sessions.collect();
        self.reply(asker, Reply::Sessions { sessions })
    }

    /// Of a session that goes on, or of what was said with somebody before.
    pub(in crate::daemon) async fn session_info(
        &mut self,
        session: &str,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let info = self.find(session).ok();
        let info = info.and_then(|(_, call)| call.live().map(|live| call.info(live)));
        let Some(info) = info else {
            return self.history_info(session, asker).await;
        };
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
                remote_version: info.remote_version,
                cause: info.cause,
                session_ttl_ns: info.session_ttl_ns,
                started_at: info.session_started_at,
                remote_addr: info.remote_addr,
            },
        )
    }

    /// Closes a session; the answer comes when it is closed.
    pub(in crate::daemon) fn close_session(
        &mut self,
        session: &str,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let (id, _) = self.find(session)?;
        if let Some(call) = self.calls.get_mut(&id) {
            call.closing = Some(asker.clone());
            call.is_closing = true;
            call.order(Order::Close);
        }
        Ok(())
    }

    /// Begins to close all calls.
    pub(in crate::daemon) fn close_all(&mut self) {
        for call in self.calls.values_mut() {
            call.is_closing = true;
            call.order(Order::Close);
        }
    }

    /// Calls a session otherwise, as long as it goes on.
    pub(in crate::daemon) fn rename_session(
        &mut self,
        given: Rename,
        asker: &Asker,
    ) -> Result<(), Fault> {
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

    pub(in crate::daemon) fn find(&self, session: &str) -> Result<(CallId, &Call), Fault> {
        let mut calls = self.calls.iter();
        let is_it = |call: &Call| call.live().is_some_and(|live| live.id == session);
        let found = calls.find(|(_, call)| is_it(call));
        let (id, call) = found.ok_or_else(|| not_found(session))?;
        Ok((*id, call))
    }
}

pub(in crate::daemon) fn not_found(session: &str) -> Fault {
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

/// Bytes of what a client calls a session.
const LONGEST_NAME: usize = 1024;
