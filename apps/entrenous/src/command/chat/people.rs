//! Who is known, as the screen shows it.

use std::collections::BTreeMap;

use node::call::Known;
use node::{KeepError, Node};

use crate::chat::{EntryNumber, Person, PersonKey, Standing};

/// Everybody who is known.
#[derive(Debug, Default)]
pub(super) struct People(BTreeMap<PersonKey, Somebody>);

#[derive(Debug)]
struct Somebody {
    known: Known,
    unread: u32,
    /// The number of the last line, and what came after it that is no line.
    last: (u64, u64),
}

impl People {
    /// Looks again at who is known. How much is unread is counted of those who are new here. If that fails, it is as
    /// before.
    pub(super) async fn refresh(&mut self, node: &Node) -> Result<(), KeepError> {
        let mut present = BTreeMap::new();
        for known in node.everyone().await? {
            let key = key_of(&known);
            let (unread, last) = match self.0.get(&key) {
                Some(somebody) => (somebody.unread, somebody.last),
                None => {
                    let summary = node.summary(&known).await?;
                    let unread = u32::try_from(summary.unseen).unwrap_or(u32::MAX);
                    (unread, (summary.lines.1.saturating_sub(1), 0))
                }
            };
            let somebody = Somebody {
                known,
                unread,
                last,
            };
            present.insert(key, somebody);
        }
        self.0 = present;
        Ok(())
    }

    /// Everybody, by name.
    pub(super) fn list(&self) -> Vec<Person> {
        let people = self.0.iter().map(|(key, somebody)| Person {
            key: *key,
            name: somebody.known.name().to_string(),
            standing: standing(&somebody.known),
            unread: somebody.unread,
        });
        let mut people: Vec<_> = people.collect();
        people.sort_by_cached_key(|person| person.name.to_lowercase());
        people
    }

    pub(super) fn get(&self, key: PersonKey) -> Option<&Known> {
        self.0.get(&key).map(|somebody| &somebody.known)
    }

    /// They said the line of this number.
    pub(super) fn spoke(&mut self, key: PersonKey, line: u64) {
        if let Some(somebody) = self.0.get_mut(&key) {
            somebody.unread = somebody.unread.saturating_add(1);
            somebody.reached(line);
        }
    }

    /// The owner said it.
    pub(super) fn said(&mut self, key: PersonKey, line: u64) {
        if let Some(somebody) = self.0.get_mut(&key) {
            somebody.reached(line);
        }
    }

    /// The owner has seen all there is.
    pub(super) fn seen(&mut self, key: PersonKey) {
        if let Some(somebody) = self.0.get_mut(&key) {
            somebody.unread = 0;
        }
    }

    /// A number for something that is no line, behind all that is there.
    pub(super) fn number(&mut self, key: PersonKey) -> Option<EntryNumber> {
        let (line, after) = &mut self.0.get_mut(&key)?.last;
        *after = after.saturating_add(1);
        Some(EntryNumber(
            first_at(*line).0.saturating_add((*after).min(BESIDE - 1)),
        ))
    }
}

impl Somebody {
    fn reached(&mut self, line: u64) {
        if line > self.last.0 {
            self.last = (line, 0);
        }
    }
}

pub(super) fn key_of(known: &Known) -> PersonKey {
    PersonKey(known.key().to_bytes())
}

pub(super) fn standing(known: &Known) -> Standing {
    match known.compared() {
        Some(_) => Standing::Verified,
        None => Standing::NotVerified,
    }
}

/// The entry that a line is.
pub(super) const fn first_at(line: u64) -> EntryNumber {
    EntryNumber(line.saturating_mul(BESIDE))
}

/// The line that an entry is, or that it comes behind; and whether it is that.
pub(super) const fn line_at(entry: EntryNumber) -> (u64, bool) {
    (entry.0 / BESIDE, entry.0.is_multiple_of(BESIDE))
}

/// How many entries there may be behind a line, with it.
const BESIDE: u64 = 1 << 20;
