use alloc::string::ToString;

use primitives::{Secret, SigningKey};

use super::*;
use crate::chain::Change;
use crate::device::DeviceKey;
use crate::home::Home;
use crate::key::{IdentityKey, SignatureError};
use crate::recovery::RecoveryKey;

fn identity(seed: u8) -> IdentityKey {
    IdentityKey::from_seeds(&Secret::new([seed; 32]), None)
}

fn device(seed: u8) -> DeviceKey {
    DeviceKey::from_seed(&Secret::new([seed; 32]))
}

fn paper() -> RecoveryKey {
    RecoveryKey::from_secret(Secret::new([2; 32]))
}

fn at(ms: u64) -> Time {
    Time::from_ms(ms)
}

/// Identity key 1, recovery key 2, home 3.
fn account() -> IdentityChain {
    let server = SigningKey::from_seed(&Secret::new([3; 32]));
    let home = Home::new("home.example", server.verifying_key()).unwrap();
    IdentityChain::found(&identity(1), Some(&paper()), Some(home), at(0))
}

/// To identity key 5, by the recovery key.
fn rotated(mut account: IdentityChain) -> IdentityChain {
    let change = Change::Rotate {
        key: identity(5).public().clone(),
        recovery: account.state().recovery,
    };
    let statement = account.propose(change, at(1));
    let statement = statement.recover(&paper()).accept(&identity(5));
    account.append(statement).unwrap();
    account
}

/// Adds device `seed`; signed by it and identity key 1, and not yet by a second key.
fn add(chain: &DeviceChain, seed: u8) -> DeviceStatement {
    let new = device(seed);
    chain
        .propose_add(&account(), new.public(), "entrenous 1", b"sealed", at(7))
        .unwrap()
        .sign(&identity(1))
        .accept(&new)
}

fn remove(chain: &DeviceChain, seed: u8) -> DeviceStatement {
    let gone = device(seed);
    chain
        .propose_remove(&account(), gone.public().signing(), at(8))
        .sign(&identity(1))
}

/// Devices 11 and 12.
fn two() -> DeviceChain {
    let mut chain = DeviceChain::new(account().user_id());
    chain.append(add(&chain, 11), &account()).unwrap();
    let second = add(&chain, 12).countersign(&device(11));
    chain.append(second, &account()).unwrap();
    chain
}

fn refused(chain: &DeviceChain, statement: DeviceStatement) -> ChainError {
    let mut changed = chain.clone();
    let error = changed.append(statement, &account()).unwrap_err();
    assert_eq!(&changed, chain, "an error leaves the chain as it was");
    error
}

#[test]
fn a_chain_comes_back_from_its_bytes() {
    let mut chain = two();
    chain
        .append(remove(&chain, 11).countersign(&device(12)), &account())
        .unwrap();
    let live = chain.live().map(|one| one.public).next();
    assert_eq!(live, Some(*device(12).public()));
    assert_eq!((chain.live().count(), chain.devices().len()), (1, 2));
    assert_eq!(chain.devices()[0].app, "entrenous 1");
    assert_eq!(chain.devices()[0].sealed_label, b"sealed");
    assert!(chain.live_device(device(11).public().signing()).is_none());
    let bytes = chain.to_bytes();
    assert_eq!(chain.len, bytes.len());
    assert_eq!(DeviceChain::replay(&bytes, &account()), Ok(chain));
}

#[test]
fn an_outline_says_where_a_statement_stands_without_a_key() {
    let chain = two();
    let bytes = chain.to_bytes();
    let outline = DeviceOutline::read(&bytes).unwrap();
    assert_eq!((outline.len(), outline.is_empty()), (2, false));
    for there in chain.statements() {
        assert_eq!(outline.place(there), ChainPlace::There);
    }
    let next = remove(&chain, 11).countersign(&device(12));
    assert_eq!(outline.place(&next), ChainPlace::Next);
    // whoever signed it, or nobody
    assert_eq!(outline.place(&add(&chain, 13)), ChainPlace::Next);

    let other = add(&DeviceChain::new(account().user_id()), 13);
    assert_eq!(outline.place(&other), ChainPlace::Elsewhere, "a fork");
    let mut ahead = chain.clone();
    ahead.append(next, &account()).unwrap();
    let late = add(&ahead, 13);
    assert_eq!(
        outline.place(&late),
        ChainPlace::Elsewhere,
        "one is missing"
    );
    let stranger = add(&DeviceChain::new(UserId::new([9; 32])), 13);
    let empty = DeviceChain::new(account().user_id()).to_bytes();
    let empty = DeviceOutline::read(&empty).unwrap();
    assert_eq!(
        empty.place(&stranger),
        ChainPlace::Elsewhere,
        "another account"
    );
    assert_eq!(empty.place(&other), ChainPlace::Next);
    for length in 0..bytes.len() {
        assert!(DeviceOutline::read(&bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_stolen_identity_key_enrols_nothing() {
    let chain = two();
    assert_eq!(refused(&chain, add(&chain, 13)), ChainError::Signers);
    // nor with the new device's own signature, nor with a stranger's
    let own = add(&chain, 13).countersign(&device(13));
    assert_eq!(refused(&chain, own), ChainError::Signers);
    let stranger = add(&chain, 13).countersign(&device(14));
    assert_eq!(refused(&chain, stranger), ChainError::DeviceUnknown);
    let live = add(&chain, 13).countersign(&device(12));
    chain.clone().append(live, &account()).unwrap();
    let recovered = add(&chain, 13).recover(&paper());
    chain.clone().append(recovered, &account()).unwrap();
}

#[test]
fn a_live_device_alone_enrols_nothing() {
    let chain = two();
    let new = device(13);
    let statement = chain
        .propose_add(&account(), new.public(), "", b"", at(7))
        .unwrap();
    let statement = statement.accept(&new).countersign(&device(11));
    assert_eq!(refused(&chain, statement.clone()), ChainError::Signers);
    let forged = refused(&chain, statement.sign(&identity(9)));
    assert_eq!(forged, ChainError::Signature(SignatureError));
}

#[test]
fn a_device_does_not_vouch_for_its_own_removal() {
    let mut chain = two();
    let own = remove(&chain, 11).countersign(&device(11));
    assert_eq!(refused(&chain, own), ChainError::Signers);
    assert_eq!(refused(&chain, remove(&chain, 11)), ChainError::Signers);
    chain
        .append(remove(&chain, 11).countersign(&device(12)), &account())
        .unwrap();
    // the last one goes by the recovery key, and then only that key brings another
    let by_removed = remove(&chain, 12).countersign(&device(11));
    assert_eq!(refused(&chain, by_removed), ChainError::DeviceUnknown);
    chain
        .append(remove(&chain, 12).recover(&paper()), &account())
        .unwrap();
    assert_eq!(refused(&chain, add(&chain, 13)), ChainError::Signers);
    chain
        .append(add(&chain, 13).recover(&paper()), &account())
        .unwrap();
}

#[test]
fn a_device_comes_once_and_must_agree() {
    let chain = two();
    let again = add(&chain, 12).countersign(&device(11));
    assert_eq!(refused(&chain, again), ChainError::DeviceKnown);
    let new = device(13);
    let silent = chain
        .propose_add(&account(), new.public(), "", b"", at(7))
        .unwrap();
    let silent = silent.sign(&identity(1)).countersign(&device(11));
    assert_eq!(refused(&chain, silent.clone()), ChainError::Signers);
    let other = refused(&chain, silent.accept(&device(14)));
    assert_eq!(other, ChainError::Signature(SignatureError));
    let unknown = remove(&chain, 13).countersign(&device(11));
    assert_eq!(refused(&chain, unknown), ChainError::DeviceUnknown);
}

#[test]
fn a_rotated_key_signs_nothing_new_and_its_old_statements_stay() {
    let (chain, later) = (two(), rotated(account()));
    let stale = add(&chain, 13).countersign(&device(11));
    let mut changed = chain.clone();
    assert_eq!(changed.append(stale, &later), Err(ChainError::Generation));
    assert_eq!(
        DeviceChain::replay(&chain.to_bytes(), &later),
        Ok(chain.clone())
    );

    let new = device(13);
    let fresh = chain
        .propose_add(&later, new.public(), "", b"", at(9))
        .unwrap();
    let fresh = fresh.accept(&new).countersign(&device(11));
    let by_old = changed.append(fresh.clone().sign(&identity(1)), &later);
    assert_eq!(by_old, Err(ChainError::Signature(SignatureError)));
    changed.append(fresh.sign(&identity(5)), &later).unwrap();
    // an older generation after a newer one, and one that is not there yet
    let old = add(&changed, 15).countersign(&device(11));
    let mut bytes = changed.to_bytes();
    bytes[34] += 1;
    bytes.extend_from_slice(&old.to_bytes());
    assert_eq!(
        DeviceChain::replay(&bytes, &later),
        Err(ChainError::Generation)
    );
    let unknown = DeviceChain::replay(&changed.to_bytes(), &account());
    assert_eq!(unknown, Err(ChainError::Generation));
}

#[test]
fn a_statement_fits_one_place() {
    let chain = two();
    let first = chain.statements()[0].clone();
    assert_eq!(refused(&chain, first), ChainError::NotNext);
    let other = DeviceChain::new(UserId::new([9; 32]));
    assert_eq!(refused(&other, add(&other, 11)), ChainError::NotNext);
    let elsewhere = DeviceChain::replay(&other.to_bytes(), &account());
    assert_eq!(elsewhere, Err(ChainError::NotNext));
}

#[test]
fn sixteen_devices_are_the_most() {
    let mut chain = two();
    for seed in 13..=26 {
        let next = add(&chain, seed).countersign(&device(11));
        chain.append(next, &account()).unwrap();
    }
    assert_eq!(chain.live().count(), DeviceChain::MAX_LIVE);
    let late = add(&chain, 27).countersign(&device(11));
    assert_eq!(refused(&chain, late), ChainError::TooManyDevices);
    let bytes = chain.to_bytes();
    assert_eq!(DeviceChain::replay(&bytes, &account()), Ok(chain));
}

#[test]
fn texts_of_an_add_are_bounded() {
    let chain = two();
    let add = |app: &str, label: &[u8]| {
        chain
            .propose_add(&account(), device(13).public(), app, label, at(1))
            .map(|_| ())
    };
    assert_eq!(add(&"a".repeat(32), &[0; 128]), Ok(()));
    assert_eq!(add(&"a".repeat(33), b""), Err(TextError::Length));
    assert_eq!(add("", &[0; 129]), Err(TextError::Length));
    let error = add("a\n", b"").unwrap_err();
    assert!(error.to_string().contains("not allowed"));
}
