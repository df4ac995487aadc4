//! Who is known, and who of them is chosen.

use super::happened::{Person, PersonKey, Standing};
use super::text;

/// Everybody, in the order that was told.
#[derive(Debug, Default)]
pub(super) struct People {
    list: Vec<Person>,
    /// Who is chosen, by place.
    at: usize,
}

impl People {
    /// Replaces everybody; whoever was chosen stays it.
    pub(super) fn set(&mut self, mut list: Vec<Person>) {
        list.truncate(MOST);
        for person in &mut list {
            person.name = text::name(&person.name);
        }
        let chosen = self.chosen().map(|person| person.key);
        self.list = list;
        self.at = chosen.and_then(|key| self.place(key)).unwrap_or(0);
    }

    /// Learns of somebody, or of their name and standing.
    pub(super) fn met(&mut self, key: PersonKey, name: &str, standing: Standing) {
        let name = text::name(name);
        if let Some(person) = self.get_mut(key) {
            person.name = name;
            person.standing = standing;
        } else if self.list.len() < MOST {
            let unread = 0;
            self.list.push(Person {
                key,
                name,
                standing,
                unread,
            });
        }
    }

    pub(super) fn list(&self) -> &[Person] {
        &self.list
    }

    pub(super) fn get(&self, key: PersonKey) -> Option<&Person> {
        self.list.iter().find(|person| person.key == key)
    }

    pub(super) fn get_mut(&mut self, key: PersonKey) -> Option<&mut Person> {
        self.list.iter_mut().find(|person| person.key == key)
    }

    /// Who has this name, or alone one that begins with it; whatever the case.
    pub(super) fn named(&self, name: &str) -> Option<&Person> {
        let wanted = name.to_lowercase();
        let is_it = |person: &&Person| person.name.to_lowercase() == wanted;
        if let Some(person) = self.list.iter().find(is_it) {
            return Some(person);
        }
        let mut fit = self.beginning(&wanted);
        fit.next().filter(|_| fit.next().is_none())
    }

    /// Everybody whose name begins so.
    pub(super) fn beginning(&self, name: &str) -> impl Iterator<Item = &Person> {
        let wanted = name.to_lowercase();
        let fits = move |person: &&Person| person.name.to_lowercase().starts_with(&wanted);
        self.list.iter().filter(fits)
    }

    pub(super) fn chosen(&self) -> Option<&Person> {
        self.list.get(self.at)
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn choose(&mut self, key: PersonKey) {
        self.at = self.place(key).unwrap_or(self.at);
    }

    /// Chooses whoever is `by` places further down; at the ends it stays.
    pub(super) fn go(&mut self, by: isize) {
        let last = self.list.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
    }

    /// How much of what came has not been seen, but for what came from `key`.
    pub(super) fn unread_but(&self, key: Option<PersonKey>) -> u32 {
        let others = self.list.iter().filter(|person| Some(person.key) != key);
        others.fold(0, |sum, person| sum.saturating_add(person.unread))
    }

    fn place(&self, key: PersonKey) -> Option<usize> {
        self.list.iter().position(|person| person.key == key)
    }
}

/// How many people are shown: more than a node knows.
const MOST: usize = 20_000;
