//! The identity chain of an account that is there.
//!
//! Spec: `spec/40-server.md` section 4.4.

use wire::v1::StoredAccount;
use wire::{Code, Refusal};

use super::{Accounts, GONE, MAX_CHAIN, Name, key};
use crate::keep::Step;

/// An identity chain that has grown, its statements verified.
#[derive(Clone, Debug)]
pub(crate) struct Longer {
    /// As it was.
    pub(crate) before: Vec<u8>,
    /// As it is to be.
    pub(crate) after: Vec<u8>,
    pub(crate) is_closed: bool,
}

impl Accounts {
    /// Puts the longer chain in the place of the one it goes on from, if that is there still and
    /// `device` is a live one of the account. Returns whether it did.
    ///
    /// # Errors
    ///
    /// `REFUSED`: the account or the device has gone. `QUOTA`: longer than a stored chain may be.
    /// The store could not.
    pub(crate) async fn change_identity(
        &self,
        name: &Name,
        device: &[u8; 32],
        longer: &Longer,
    ) -> Result<bool, Refusal> {
        if longer.after.len() > MAX_CHAIN {
            return Err(Refusal::new(Code::Quota, "the identity chain is full"));
        }
        let step = |record: Option<StoredAccount>| {
            let mut record = record.ok_or(GONE)?;
            if !record.keys.iter().any(|key| key == device) {
                return Err(GONE);
            }
            if record.identity != longer.before {
                return Ok(Step::Leave(false));
            }
            record.identity.clone_from(&longer.after);
            record.closed = longer.is_closed.into();
            Ok(Step::Put(record, None, true))
        };
        self.keep.change(&key(name)?, step).await
    }

    /// Forgets all invitations of an account that is closed, which gets no new ones.
    pub(crate) async fn disown_all(&self, name: &Name) -> Result<(), Refusal> {
        let step = |record: Option<StoredAccount>| {
            Ok(match record {
                Some(record) if !record.invitations.is_empty() => {
                    let record = StoredAccount {
                        invitations: Vec::new(),
                        ..record
                    };
                    Step::Put(record, None, ())
                }
                _ => Step::Leave(()),
            })
        };
        self.keep.change(&key(name)?, step).await
    }
}

/// How many bytes of an identity chain come before the number of its statements: kind, version,
/// genesis with its length, and its signature, which says by its first byte whether it has an
/// ML-DSA-65 half (chapter 15, sections 1.2 and 3.3). `None` for what is no such chain.
pub(super) fn head(chain: &[u8]) -> Option<usize> {
    let (length, rest) = chain.get(2..)?.split_first_chunk()?;
    let genesis = usize::from(u16::from_le_bytes(*length));
    let others = match rest.get(genesis)? {
        0 => 2 + 2 + 1 + ED25519,
        _ => 2 + 2 + 1 + ED25519 + ML_DSA,
    };
    genesis.checked_add(others)
}

/// What an account hears that is closed.
pub(crate) const CLOSED: Refusal = Refusal::new(Code::Conflict, "the account is closed");

const ED25519: usize = 64;
const ML_DSA: usize = 3309;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use identity::{Change, IdentityChain, IdentityKey, RecoveryKey};
    use journal::{Limits, ManualClock, Memory};
    use kernel::Time;
    use primitives::Secret;
    use wire::v1::StoredOwned;

    use super::*;
    use crate::accounts::begins_with;
    use crate::keep::Keep;

    const NOW: Time = Time::from_ms(1_800_000_000_000);
    const NAME: Name = [1; 32];
    const DEVICE: [u8; 32] = [2; 32];

    /// A server with one account.
    async fn accounts() -> Accounts {
        let store = Memory::new(Limits::default(), Arc::new(ManualClock::new(NOW)));
        let keep = Keep::new(Arc::new(store));
        let account = StoredAccount {
            identity: vec![5],
            devices: vec![6],
            keys: vec![DEVICE.to_vec()],
            invitations: vec![StoredOwned {
                id: vec![7; 24],
                ..StoredOwned::default()
            }],
            closed: 0,
        };
        let make = |_| Ok(Step::Put(account.clone(), None, ()));
        keep.change(&key(&NAME).unwrap(), make).await.unwrap();
        Accounts::open(keep).await.unwrap()
    }

    fn to(before: u8, length: usize, is_closed: bool) -> Longer {
        Longer {
            before: vec![before],
            after: vec![9; length],
            is_closed,
        }
    }

    fn code(result: Result<bool, Refusal>) -> Result<bool, Code> {
        result.map_err(|refusal| refusal.code.unwrap())
    }

    #[tokio::test]
    async fn a_chain_is_taken_up_to_its_bound_and_not_one_byte_more() {
        for (length, expected) in [(114_688, Ok(true)), (114_689, Err(Code::Quota))] {
            let accounts = accounts().await;
            let longer = to(5, length, false);
            let done = accounts.change_identity(&NAME, &DEVICE, &longer).await;
            assert_eq!(code(done), expected);
        }
    }

    #[tokio::test]
    async fn a_chain_is_put_only_in_the_place_of_the_one_it_goes_on_from_and_for_a_live_device() {
        let accounts = accounts().await;
        let change = async |device, before| {
            let longer = to(before, 1, false);
            let done = accounts.change_identity(&NAME, device, &longer).await;
            code(done)
        };
        assert_eq!(change(&[3; 32], 5).await, Err(Code::Refused));
        assert_eq!(change(&DEVICE, 4).await, Ok(false));
        assert_eq!(change(&DEVICE, 5).await, Ok(true));
        let longer = to(5, 1, false);
        let unknown = accounts.change_identity(&[8; 32], &DEVICE, &longer).await;
        assert_eq!(code(unknown), Err(Code::Refused));
    }

    #[tokio::test]
    async fn an_account_that_is_closed_owns_no_new_invitations() {
        let accounts = accounts().await;
        let new = StoredOwned {
            id: vec![8; 24],
            until_s: 1_900_000_000,
            uses: 1,
        };
        accounts.own(NOW, &NAME, &new).await.unwrap();
        let closed = to(5, 1, true);
        let done = accounts.change_identity(&NAME, &DEVICE, &closed).await;
        assert_eq!(done, Ok(true));
        for _ in 0..2 {
            accounts.disown_all(&NAME).await.unwrap();
            let record = accounts.get(&NAME).await.unwrap().unwrap();
            assert_eq!((record.closed, record.invitations.len()), (1, 0));
        }
        assert_eq!(accounts.own(NOW, &NAME, &new).await, Err(CLOSED));
    }

    #[test]
    fn a_chain_begins_with_what_it_was_before() {
        let (one, two) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let paper = RecoveryKey::from_secret(Secret::new([3; 32]));
        for strong in [None, Some(&two)] {
            let key = IdentityKey::from_seeds(&one, strong);
            let mut chain = IdentityChain::found(&key, Some(&paper), None, NOW);
            let first = chain.to_bytes();
            let next = IdentityKey::from_seeds(&two, strong);
            let rotate = Change::Rotate {
                key: next.public().clone(),
                recovery: Some(paper.hash()),
            };
            let rotate = chain.propose(rotate, NOW).recover(&paper).accept(&next);
            chain.append(rotate).unwrap();
            let longer = chain.to_bytes();
            let head = head(&first).unwrap();
            assert_eq!(head + 2, first.len(), "no statements follow");
            assert!(begins_with(head, &longer, &first));
            assert!(begins_with(head, &longer, &longer));
            assert!(!begins_with(head, &first, &longer));
            for cut in [0, 3, 40] {
                assert_eq!(super::head(&first[..cut]), None);
            }
        }
    }
}
