//! What must hold, and what did not.

use std::collections::{BTreeMap, BTreeSet};

use channel::{End, Mode, Resumption, SessionId};

use super::net::Side;

/// What a side was told of a session: its name, its mode, and whether it is an earlier one.
type Session = (SessionId, Mode, bool);

/// What was seen of a run, as somebody would who sees both sides.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) wrong: Vec<String>,
    mode: Option<Mode>,
    /// Whether something may come altered.
    is_altered: bool,
    /// Tokens that were sent, and those that were taken.
    tokens: [BTreeSet<[u8; 32]>; 2],
    /// Messages that one side was told are kept, not compared yet.
    claims: Vec<(Side, u64)>,
    /// Connections over which a session was asked for, and whether it was kept.
    asked: BTreeMap<u64, bool>,
    sessions: BTreeMap<u64, [Option<Session>; 2]>,
    ends: BTreeMap<String, u64>,
    most_held: usize,
}

impl Book {
    pub(crate) fn new(mode: Mode, is_altered: bool) -> Self {
        Self {
            mode: Some(mode),
            is_altered,
            ..Self::default()
        }
    }

    pub(crate) fn wrong(&mut self, what: String) {
        self.wrong.push(what);
    }

    /// The body of a message: its number, and as many bytes as the number says.
    pub(crate) fn body(message: u64) -> Vec<u8> {
        let length = match message.checked_rem(17) {
            Some(0) => 20_000,
            rest => usize::try_from(rest.unwrap_or(0))
                .unwrap_or(0)
                .saturating_mul(90),
        };
        let mut body = message.to_le_bytes().to_vec();
        body.resize(body.len().saturating_add(length), message.to_le_bytes()[0]);
        body
    }

    /// The message whose body this is.
    pub(crate) fn read(&self, body: &[u8]) -> Option<u64> {
        let message = u64::from_le_bytes(*body.first_chunk()?);
        (Self::body(message) == body).then_some(message)
    }

    /// A record takes the place of one that had one token more.
    pub(crate) fn spent(&mut self, side: Side, before: &Resumption, after: &Resumption) {
        let (before, after) = (tokens(before), tokens(after));
        let spent: Vec<_> = before.difference(&after).copied().collect();
        match (spent.as_slice(), after.is_subset(&before)) {
            ([token], true) => {
                let is_new = self
                    .tokens
                    .get_mut(side)
                    .is_some_and(|all| all.insert(*token));
                if !is_new {
                    self.wrong(format!("side {side} used a token twice"));
                }
            }
            _ => self.wrong(format!("side {side} spent {} tokens", spent.len())),
        }
    }

    pub(crate) fn acknowledged(&mut self, side: Side, message: u64) {
        self.claims.push((side, message));
    }

    /// What each side was told of since the last time.
    pub(crate) fn claims(&mut self) -> Vec<(Side, u64)> {
        std::mem::take(&mut self.claims)
    }

    pub(crate) fn asked(&mut self, link: u64, is_kept: bool) {
        self.asked.insert(link, is_kept);
    }

    pub(crate) fn established(
        &mut self,
        side: Side,
        link: u64,
        (session, mode): (SessionId, Mode),
        resumed: bool,
    ) {
        let sides = self.sessions.entry(link).or_default();
        if let Some(place) = sides.get_mut(side) {
            *place = Some((session, mode, resumed));
        }
        if let [Some(one), Some(other)] = *sides
            && one != other
        {
            self.wrong(format!("one has {one:?}, the other {other:?}"));
        }
    }

    pub(crate) fn ended(&mut self, side: Side, link: u64, end: End) {
        let count = self.ends.entry(format!("{end:?}")).or_default();
        *count = count.saturating_add(1);
        let is_kept = self.asked.get(&link) == Some(&true);
        let is_fine = match end {
            // A session that both keep goes on. In Kamune the caller may know of it alone.
            End::NotResumed => self.mode == Some(Mode::Kamune) || !is_kept,
            End::Forged | End::Malformed | End::OutOfOrder => self.is_altered,
            End::Broken | End::Incompatible { .. } | End::Rejected => false,
            _ => true,
        };
        if !is_fine {
            self.wrong(format!("side {side}: {end:?} over connection {link}"));
        }
    }

    pub(crate) fn bound(&mut self, held: usize) {
        self.most_held = self.most_held.max(held);
    }

    /// How channels ended, and how often.
    pub(crate) fn ends(&self) -> &BTreeMap<String, u64> {
        &self.ends
    }

    pub(crate) fn resumed(&self) -> usize {
        let sides = self.sessions.values().flatten().flatten();
        sides.filter(|(_, _, resumed)| *resumed).count()
    }

    pub(crate) const fn most_held(&self) -> usize {
        self.most_held
    }
}

/// The tokens of a record, whose other side has a key of one half.
fn tokens(record: &Resumption) -> BTreeSet<[u8; 32]> {
    let bytes = record.to_bytes();
    let (tokens, _) = bytes.get(RECORD_HEAD..).unwrap_or_default().as_chunks();
    tokens.iter().copied().collect()
}

/// Version, mode, name, moment, key.
const RECORD_HEAD: usize = 2 + 24 + 8 + 33;
