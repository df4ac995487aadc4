//! What was said in calls. A session of Kamune's history is here all that was said with one person, who is
//! named by their key, or by a session that goes on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::spki;
use node::call::Known;
use node::{KeepError, Line, Node, Page, Side, Standing};

use super::desk::Daemon;
use super::hub::Asker;
use super::log::Level;
use super::peers::{everyone, key_of, rename};
use super::protocol::{Event, Fault, HistoryInfo, MessageInfo, Messages, Rename, Reply, moment};
use super::sessions::asked::not_found;

impl Daemon<'_> {
    pub(super) async fn list_histories(&mut self, asker: &Asker) -> Result<(), Fault> {
        let node = self.node()?;
        let mut found = Vec::new();
        for known in everyone(&node).await? {
            found.extend(self.history(&node, &known).await.map_err(not_read)?);
        }
        found.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
        let sessions = found.into_iter().map(|(_, info)| info).collect();
        self.reply(asker, Reply::Histories { sessions })
    }

    /// What was said with somebody, as a session that is over.
    pub(super) async fn history_info(&mut self, session: &str, asker: &Asker) -> Result<(), Fault> {
        let known = match self.open {
            Some(_) => self.conversation(session).await?,
            None => return Err(not_found(session)),
        };
        let found = self.history(&*self.node()?, &known).await;
        let (_, info) = found.map_err(not_read)?.ok_or_else(|| not_found(session))?;
        self.reply(
            asker,
            Reply::Past {
                kind: "history",
                session_id: info.id,
                name: info.name,
                msg_count: info.message_count,
                first_message: info.first_message,
                last_message: info.last_message,
                loaded: info.loaded,
            },
        )
    }

    pub(super) async fn load_history(
        &mut self,
        session_id: String,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let known = self.conversation(&session_id).await?;
        self.loaded.insert(known.key().to_bytes());
        self.hub.tell(&Event::HistoryLoaded { session_id });
        self.reply(asker, Reply::Done { status: "loaded" })
    }

    /// The last of what was said, or the last before a line, as much as fits into an answer.
    pub(super) async fn history_messages(
        &mut self,
        given: &Messages,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let node = self.node()?;
        let known = self.conversation(&given.session_id).await?;
        if !self.loaded.contains(&known.key().to_bytes()) {
            return Err(Fault::new(
                "history_not_loaded",
                "history session not loaded: load_history comes first",
            ));
        }
        let before = match given.entrenous_before {
            0 => u64::MAX,
            line => line,
        };
        let (messages, entrenous_more) =
            messages(&node, &known, before).await.map_err(|error| {
                let text = format_args!("failed to get chat history: {error}");
                Fault::new("history_fetch_failed", text)
            })?;
        if let Some(last) = messages.last() {
            let seen = node.seen(&known, last.entrenous_line).await;
            seen.map_err(not_read)?;
        }
        self.reply(
            asker,
            Reply::Messages {
                messages,
                entrenous_more,
            },
        )
    }

    /// Calls somebody otherwise: what was said with them has no name of its own.
    pub(super) async fn rename_history(
        &mut self,
        given: Rename,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let known = self.conversation(&given.session_id).await?;
        let failed = |why: &dyn std::fmt::Display| {
            Fault::new("rename_failed", format_args!("failed to rename: {why}"))
        };
        let name = given.name.parse().map_err(|error| failed(&error))?;
        let renamed = rename(&*self.node()?, &known, name).await;
        renamed.map_err(|error| failed(&error))?;
        self.hub.tell(&Event::HistoryUpdated {});
        self.log(Level::Info, "a peer was renamed");
        self.reply(asker, Reply::Done { status: "ok" })
    }

    pub(super) async fn delete_history(
        &mut self,
        session: &str,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let known = self.conversation(session).await?;
        let forgotten = self.node()?.forget_lines(&known).await;
        forgotten.map_err(|error| {
            Fault::new("delete_failed", format_args!("failed to delete: {error}"))
        })?;
        self.loaded.remove(&known.key().to_bytes());
        self.hub.tell(&Event::HistoryUpdated {});
        self.log(Level::Info, "what was said with somebody was forgotten");
        self.reply(asker, Reply::Done { status: "deleted" })
    }

    /// It is read each time: there is nothing to be read again.
    pub(super) fn refresh_history(&mut self, asker: &Asker) -> Result<(), Fault> {
        self.node()?;
        self.hub.tell(&Event::HistoryUpdated {});
        let status = "refreshed";
        self.reply(asker, Reply::Done { status })
    }

    /// With whom something was said.
    async fn conversation(&self, session: &str) -> Result<Known, Fault> {
        let node = self.node()?;
        let key = match self.find(session) {
            Ok((_, call)) => call.live().map(|live| live.key),
            Err(_) => key_of(session).ok().map(|(key, _)| key),
        };
        let everyone = everyone(&node).await?;
        let known = everyone.into_iter().find(|known| Some(*known.key()) == key);
        known.ok_or_else(|| not_found(session))
    }

    /// How much was said with somebody, and when the last of it was; `None`: nothing.
    async fn history(
        &self,
        node: &Node,
        known: &Known,
    ) -> Result<Option<(kernel::Time, HistoryInfo)>, KeepError> {
        let (first, next) = node.summary(known).await?.lines;
        let last = node.lines(known, Page::Last(1)).await?.pop();
        let Some(last) = last else { return Ok(None) };
        let oldest = node.lines(known, Page::From(first, 1)).await?.pop();
        let oldest = oldest.map_or(last.known, |line| line.known);
        let info = HistoryInfo {
            id: URL_SAFE_NO_PAD.encode(spki::encode(known.key())),
            name: known.name().to_string(),
            message_count: next.saturating_sub(first),
            first_message: moment(oldest),
            last_message: moment(last.known),
            loaded: self.loaded.contains(&known.key().to_bytes()),
        };
        Ok(Some((last.known, info)))
    }
}

/// The last lines before one, in their order, and whether there are older ones.
async fn messages(
    node: &Node,
    known: &Known,
    mut before: u64,
) -> Result<(Vec<MessageInfo>, bool), KeepError> {
    let (mut messages, mut bytes) = (Vec::new(), 0_usize);
    loop {
        let page = node.lines(known, Page::Before(before, AT_A_TIME)).await?;
        let Some(first) = page.first() else {
            messages.reverse();
            return Ok((messages, false));
        };
        before = first.number;
        for line in page.iter().rev() {
            let message = message(line);
            bytes = bytes.saturating_add(message.text.len());
            if bytes > BYTES || messages.len() >= LINES {
                messages.reverse();
                return Ok((messages, true));
            }
            messages.push(message);
        }
    }
}

fn message(line: &Line) -> MessageInfo {
    MessageInfo {
        text: String::from_utf8_lossy(&line.text).into_owned(),
        timestamp: moment(line.written),
        is_local: line.side == Side::Own,
        entrenous_line: line.number,
        entrenous_standing: match line.standing {
            Standing::Waiting => "waiting",
            Standing::Sent => "sent",
            Standing::Delivered => "delivered",
        },
    }
}

fn not_read(error: impl std::fmt::Display) -> Fault {
    let text = format_args!("cannot read what was said: {error}");
    Fault::new("history_fetch_failed", text)
}

/// Lines that are read at a time.
const AT_A_TIME: usize = 200;
/// Lines of an answer.
const LINES: usize = 5000;
/// Bytes of their text; six times as many, if all are escaped, fit into the queue of a client.
const BYTES: usize = 1 << 20;
