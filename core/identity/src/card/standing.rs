use super::Card;
use crate::chain::IdentityChain;

/// What an identity chain says of a card.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Standing {
    /// The card's key is the account's.
    Current,
    /// The card's key was the account's, and is no longer, or the account is closed.
    Old,
    /// The card was made under a longer chain: its missing statements are needed to tell.
    Ahead,
    /// The card's key was not the account's, or the account is another.
    Foreign,
}

impl Card {
    /// How this card stands to `chain`.
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 5.
    #[must_use]
    pub fn standing(&self, chain: &IdentityChain) -> Standing {
        if self.user_id != chain.user_id() {
            return Standing::Foreign;
        }
        let Some(then) = chain.state_at(self.generation) else {
            return Standing::Ahead;
        };
        let now = chain.state();
        if then.key != self.key {
            Standing::Foreign
        } else if now.key != self.key || now.closed {
            Standing::Old
        } else {
            Standing::Current
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Time;
    use primitives::Secret;

    use super::*;
    use crate::card::Contents;
    use crate::chain::Change;
    use crate::key::IdentityKey;
    use crate::recovery::RecoveryKey;

    fn key(seed: u8) -> IdentityKey {
        IdentityKey::from_seeds(&Secret::new([seed; 32]), None)
    }

    fn card(chain: &IdentityChain, generation: u32, seed: u8) -> Card {
        let contents = Contents::new("Alice".parse().unwrap());
        Card::issue(
            &key(seed),
            chain.user_id(),
            generation,
            contents,
            Time::ZERO,
        )
        .unwrap()
    }

    #[test]
    fn a_card_ages_with_its_key() {
        let paper = RecoveryKey::from_secret(Secret::new([9; 32]));
        let start = IdentityChain::found(&key(1), Some(&paper), None, Time::ZERO);
        let mut chain = start.clone();
        let rotate = Change::Rotate {
            key: key(2).public().clone(),
            recovery: chain.state().recovery,
        };
        let rotate = chain.propose(rotate, Time::ZERO).recover(&paper);
        chain.append(rotate.accept(&key(2))).unwrap();

        let (old, new) = (card(&chain, 0, 1), card(&chain, 1, 2));
        assert_eq!(old.standing(&start), Standing::Current);
        assert_eq!(old.standing(&chain), Standing::Old);
        assert_eq!(new.standing(&start), Standing::Ahead);
        assert_eq!(new.standing(&chain), Standing::Current);
        // a key signs for its own time only
        assert_eq!(card(&chain, 1, 1).standing(&chain), Standing::Foreign);
        assert_eq!(card(&chain, 0, 3).standing(&chain), Standing::Foreign);
        let other = IdentityChain::found(&key(1), None, None, Time::ZERO);
        assert_eq!(old.standing(&other), Standing::Foreign);

        let close = chain.propose(Change::Close, Time::ZERO).recover(&paper);
        chain.append(close).unwrap();
        assert_eq!(new.standing(&chain), Standing::Old);
    }
}
