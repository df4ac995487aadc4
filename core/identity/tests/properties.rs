//! What holds for all inputs: every value comes back from its bytes, every other byte is refused.

use identity::{
    Card, Change, ContactToken, Contents, DeviceChain, DeviceKey, DeviceStatement, Field, Home,
    IdentityChain, IdentityKey, RecoveryKey, Statement, UserId,
};
use kernel::Time;
use primitives::{Secret, SigningKey};
use proptest::prelude::*;
use proptest::sample::Index;

use make::{account, acts, card, contents, flip, home, identity};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_card_comes_back(ml_dsa: bool, generation: u32, contents in contents(), ms: u64) {
        let card = card(ml_dsa, generation, contents.clone(), ms);
        let read = Card::decode(card.as_bytes()).unwrap();
        prop_assert_eq!((read.contents(), read.generation()), (&contents, generation));
        prop_assert_eq!(read.issued(), Time::from_ms(ms));
        prop_assert_eq!(&card.to_text().parse::<Card>().unwrap(), &card);
        prop_assert_eq!(&card.to_qr().parse::<Card>().unwrap(), &card);
    }

    #[test]
    fn one_flipped_bit_voids_a_card(contents in contents(), ml_dsa: bool, place: Index, bit in 0..8u8) {
        let card = card(ml_dsa, 1, contents, 5);
        prop_assert!(Card::decode(&flip(card.as_bytes(), place, bit)).is_err());
        let cut = place.index(card.as_bytes().len());
        prop_assert!(Card::decode(&card.as_bytes()[..cut]).is_err());
    }

    #[test]
    fn chains_come_back(acts in acts(), ml_dsa: bool, recover: u8) {
        let (chain, devices) = account(&acts, ml_dsa, recover);
        let again = IdentityChain::replay(&chain.to_bytes()).unwrap();
        prop_assert_eq!(&again, &chain);
        prop_assert_eq!(DeviceChain::replay(&devices.to_bytes(), &again), Ok(devices.clone()));
        for statement in chain.statements() {
            prop_assert_eq!(&Statement::decode(&statement.to_bytes()).unwrap(), statement);
        }
        for statement in devices.statements() {
            prop_assert_eq!(&DeviceStatement::decode(&statement.to_bytes()).unwrap(), statement);
        }
    }

    #[test]
    fn one_flipped_bit_voids_a_chain(acts in acts(), recover: u8, place: Index, bit in 0..8u8) {
        let (chain, devices) = account(&acts, false, recover);
        let bytes = chain.to_bytes();
        prop_assert!(IdentityChain::replay(&flip(&bytes, place, bit)).is_err());
        prop_assert!(IdentityChain::replay(&bytes[..place.index(bytes.len())]).is_err());
        let bytes = devices.to_bytes();
        prop_assert!(DeviceChain::replay(&flip(&bytes, place, bit), &chain).is_err());
        prop_assert!(DeviceChain::replay(&bytes[..place.index(bytes.len())], &chain).is_err());
    }

    #[test]
    fn statements_out_of_place_are_refused(acts in acts(), recover: u8, a: Index, b: Index) {
        let (chain, _) = account(&acts, false, recover);
        let mut statements = chain.statements().to_vec();
        prop_assume!(!statements.is_empty());
        let (a, b) = (a.index(statements.len()), b.index(statements.len()));
        prop_assume!(a != b);
        statements.swap(a, b);
        let paper = RecoveryKey::from_secret(Secret::new([100; 32]));
        let mut other =
            IdentityChain::found(&identity(0, false), Some(&paper), Some(home(0)), Time::ZERO);
        prop_assert_eq!(other.user_id(), chain.user_id());
        let all = statements.into_iter().try_for_each(|statement| other.append(statement));
        prop_assert!(all.is_err());
    }

    #[test]
    fn decoders_survive_anything(kind in 0..8u8, mut bytes: Vec<u8>, genesis: bool) {
        bytes.splice(..0, [kind, 1]);
        if genesis {
            bytes.splice(..0, [5, 1, 80, 0]);
        }
        let _ = Card::decode(&bytes);
        let _ = IdentityChain::replay(&bytes);
        let (chain, _) = account(&[], false, 0);
        let _ = DeviceChain::replay(&bytes, &chain);
        for statement in [Statement::decode(&bytes[2..]).ok().map(|s| s.to_bytes()),
            DeviceStatement::decode(&bytes[2..]).ok().map(|s| s.to_bytes())].into_iter().flatten() {
            prop_assert_eq!(&statement, &bytes[2..]);
        }
    }

    #[test]
    fn reading_a_card_survives_any_text(text: String, qr: bool) {
        let prefix = if qr { "ENTRENOUS:C/" } else { "entrenous:c/" };
        let _ = text.parse::<Card>();
        let _ = (prefix.to_owned() + &text).parse::<Card>();
    }
}

#[cfg(test)]
mod make {
    use super::*;

    pub(super) fn identity(seed: u8, ml_dsa: bool) -> IdentityKey {
        let seed = Secret::new([seed; 32]);
        IdentityKey::from_seeds(&seed, ml_dsa.then_some(&seed))
    }

    fn server(seed: u8) -> SigningKey {
        SigningKey::from_seed(&Secret::new([seed; 32]))
    }

    pub(super) fn home(seed: u8) -> Home {
        Home::new(
            &format!("s{seed}.example:7447"),
            server(seed).verifying_key(),
        )
        .unwrap()
    }

    prop_compose! {
        pub(super) fn contents()(
            name in "[A-Za-zÀ-ÿ'.]{1,30}",
            at_home: Option<u8>,
            token: [u8; 16],
            fields in prop::collection::btree_map(2..=255_u8, prop::collection::vec(any::<u8>(), 1..20), 0..5),
        ) -> Contents {
            let mut contents = Contents::new(name.parse().unwrap());
            contents.home = at_home.map(home);
            contents.token = ContactToken::new(token);
            let field = |(tag, bytes): (u8, Vec<u8>)| Field::new(tag, &bytes).unwrap();
            contents.fields = fields.into_iter().map(field).collect();
            contents
        }
    }

    pub(super) fn card(ml_dsa: bool, generation: u32, contents: Contents, ms: u64) -> Card {
        let key = identity(1, ml_dsa);
        let user = UserId::new([9; 32]);
        Card::issue(&key, user, generation, contents, Time::from_ms(ms)).unwrap()
    }

    /// What may be done to an account, chosen by the test.
    #[derive(Clone, Copy, Debug)]
    pub(super) enum Act {
        Rotate,
        Move,
        AddDevice,
        RemoveDevice,
    }

    pub(super) fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            Just(Act::Rotate),
            Just(Act::Move),
            Just(Act::AddDevice),
            Just(Act::RemoveDevice)
        ];
        prop::collection::vec(act, 1..8)
    }

    /// An account after `acts`, some by its identity and home, some by its recovery key.
    pub(super) fn account(acts: &[Act], ml_dsa: bool, recover: u8) -> (IdentityChain, DeviceChain) {
        let paper = RecoveryKey::from_secret(Secret::new([100; 32]));
        let (mut key, mut at) = (identity(0, ml_dsa), 0);
        let mut chain = IdentityChain::found(&key, Some(&paper), Some(home(0)), Time::ZERO);
        let mut devices = DeviceChain::new(chain.user_id());
        for (n, act) in (1..).zip(acts) {
            let now = Time::from_ms(u64::from(n));
            let by_paper = recover & (1 << n) != 0;
            let finish = |statement: Statement, key: &IdentityKey| match by_paper {
                true => statement.recover(&paper),
                false => statement.sign(key).countersign(&server(at)),
            };
            match act {
                Act::Rotate => {
                    let next = identity(n, ml_dsa);
                    let change = Change::Rotate {
                        key: next.public().clone(),
                        recovery: chain.state().recovery,
                    };
                    let statement = finish(chain.propose(change, now), &key).accept(&next);
                    chain.append(statement).unwrap();
                    key = next;
                }
                Act::Move => {
                    let change = Change::MoveHome(home(n));
                    chain
                        .append(finish(chain.propose(change, now), &key))
                        .unwrap();
                    at = n;
                }
                Act::AddDevice => {
                    let new = DeviceKey::from_seed(&Secret::new([n; 32]));
                    let add = devices
                        .propose_add(&chain, new.public(), "test", &[n], now)
                        .unwrap();
                    let add = add.sign(&key).accept(&new).recover(&paper);
                    devices.append(add, &chain).unwrap();
                }
                Act::RemoveDevice => {
                    let Some(gone) = devices.live().next().map(|one| *one.public.signing()) else {
                        continue;
                    };
                    let remove = devices.propose_remove(&chain, &gone, now);
                    devices
                        .append(remove.sign(&key).recover(&paper), &chain)
                        .unwrap();
                }
            }
        }
        (chain, devices)
    }

    pub(super) fn flip(bytes: &[u8], place: Index, bit: u8) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        bytes
    }
}
