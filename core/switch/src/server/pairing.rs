//! Places: created, joined, and what is carried between two of them.

use alloc::vec::Vec;
use core::time::Duration;

use primitives::hmac_sha256;
use wire::relay::Message;

use super::census::Standing;
use super::connection::{Place, TokenName};
use super::{Cause, Id, Output, Switch, count};
use crate::frame::{self, Kind};
use crate::{Source, Token};

impl Switch {
    /// Gives a place that waits, under `token` of anyone's, or under a random one if it is empty.
    pub(super) fn create(&mut self, id: Id, token: &[u8]) -> Result<(), Cause> {
        let token = match token {
            [] => Token::from(self.generator.secret::<16>()),
            own => Token::from_bytes(own).map_err(|_| Cause::Refused)?,
        };
        if token.as_bytes().len() == 32 && !token.may_be_own() {
            return Err(Cause::Refused);
        }
        let source = self.source(id)?;
        if self.census.all.waiting >= self.config.unpaired
            || self.census.of(source).waiting >= self.config.unpaired_per_source
        {
            return Err(Cause::Full);
        }
        let name = self.name(&token);
        if self.tokens.contains_key(&name) {
            return Err(Cause::Refused);
        }
        self.tokens.insert(name, id);
        let until = self.now.after(self.config.token_lasts);
        self.settle(id, Place::Waiting, Some(until))?;
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.token = Some(name);
        }
        count(&mut self.stats.created);
        let waits = seconds(self.config.token_lasts);
        self.registered(id, &token, waits)
    }

    /// Gives the place beside whoever waits under `token`, of anyone's.
    pub(super) fn join(&mut self, id: Id, token: &[u8]) -> Result<(), Cause> {
        let token = Token::from_bytes(token).map_err(|_| Cause::Refused)?;
        let found = self.tokens.get(&self.name(&token)).copied();
        let with = found.filter(|with| {
            let waiting = self.connections.get(with);
            waiting.is_some_and(|waiting| waiting.counted == Standing::Waiting)
        });
        let with = with.ok_or(Cause::Refused)?;
        if self.census.all.paired / 2 >= self.config.pairs {
            return Err(Cause::Full);
        }
        let until = self.config.session_lasts.map(|lasts| self.now.after(lasts));
        self.settle(with, Place::Paired(id), until)?;
        self.settle(id, Place::Paired(with), until)?;
        count(&mut self.stats.joined);
        self.registered(id, &token, 0)
    }

    /// Has a message of `id` sent to its partner.
    pub(super) fn carry(&mut self, id: Id, with: Id, message: Message) -> Result<(), Cause> {
        let bytes = u64::try_from(message.data.len()).unwrap_or(u64::MAX);
        self.spend(id, with, bytes)?;
        self.seal(with, &frame::say(Kind::Msg(message)))?;
        count(&mut self.stats.messages);
        self.stats.bytes = self.stats.bytes.saturating_add(bytes);
        let until = self.now.after(self.config.stalled);
        let partner = self.connections.get_mut(&with).ok_or(Cause::Broken)?;
        if partner.out > self.config.queued && partner.stalls.is_none() {
            partner.stalls = Some(until);
            partner.arm(with, &mut self.timers);
            self.outputs.push_back(Output::Pause(id));
        }
        Ok(())
    }

    /// The driver has written bytes of a connection.
    pub(super) fn sent(&mut self, id: Id, bytes: usize) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        connection.out = connection.out.saturating_sub(bytes);
        if connection.stalls.is_none() || connection.out > self.config.queued / 2 {
            return;
        }
        connection.stalls = None;
        connection.arm(id, &mut self.timers);
        if let Some(with) = connection.partner() {
            self.outputs.push_back(Output::Resume(with));
        }
    }

    fn spend(&mut self, id: Id, with: Id, bytes: u64) -> Result<(), Cause> {
        let theirs = self.connections.get(&with).map_or(0, |other| other.carried);
        let connection = self.connections.get_mut(&id).ok_or(Cause::Broken)?;
        connection.carried = connection.carried.saturating_add(bytes);
        if connection.carried.saturating_add(theirs) > self.config.pair_bytes {
            return Err(Cause::Spent);
        }
        let (source, most) = (connection.source, self.config.source_bytes);
        let within = self.config.source_bytes_within;
        let may = self
            .sources
            .may_spend(self.now, source, bytes, most, within);
        may.then_some(()).ok_or(Cause::Spent)
    }

    /// Puts a connection in its place until a moment.
    fn settle(&mut self, id: Id, place: Place, until: Option<kernel::Time>) -> Result<(), Cause> {
        self.place(id, place)?;
        let connection = self.connections.get_mut(&id).ok_or(Cause::Broken)?;
        let standing = match place {
            Place::Waiting => Standing::Waiting,
            _ => Standing::Paired,
        };
        self.census.leave(connection.source, connection.counted);
        self.census.enter(connection.source, standing);
        connection.counted = standing;
        connection.lasts = until;
        connection.arm(id, &mut self.timers);
        Ok(())
    }

    fn registered(&mut self, id: Id, token: &Token, waits: u32) -> Result<(), Cause> {
        let lasts = self.config.session_lasts.map_or(0, seconds);
        let token: Vec<u8> = token.as_bytes().to_vec();
        self.say(id, frame::registered(token, waits, lasts))
    }

    fn source(&self, id: Id) -> Result<Source, Cause> {
        let connection = self.connections.get(&id).ok_or(Cause::Broken)?;
        Ok(connection.source)
    }

    /// What is kept of a token: nobody who reads memory or measures time learns others.
    fn name(&self, token: &Token) -> TokenName {
        hmac_sha256(self.key.expose(), &[token.as_bytes()])
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}
