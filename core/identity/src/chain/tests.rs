use primitives::{Secret, SigningKey};

use super::*;

fn identity(seed: u8) -> IdentityKey {
    IdentityKey::from_seeds(&Secret::new([seed; 32]), None)
}

fn strong(seed: u8) -> IdentityKey {
    let seed = Secret::new([seed; 32]);
    IdentityKey::from_seeds(&seed, Some(&seed))
}

fn server(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::new([seed; 32]))
}

fn home(seed: u8) -> Home {
    Home::new("home.example:7447", server(seed).verifying_key()).unwrap()
}

fn paper(seed: u8) -> RecoveryKey {
    RecoveryKey::from_secret(Secret::new([seed; 32]))
}

fn at(ms: u64) -> Time {
    Time::from_ms(ms)
}

/// Identity key 1, recovery key 2, home 3.
fn account() -> IdentityChain {
    IdentityChain::found(&identity(1), Some(&paper(2)), Some(home(3)), at(0))
}

fn rotate(key: &IdentityKey, recovery: Option<RecoveryHash>) -> Change {
    Change::Rotate {
        key: key.public().clone(),
        recovery,
    }
}

/// To identity key `to`, by the recovery key.
fn recovered(chain: &IdentityChain, to: &IdentityKey) -> Statement {
    let change = rotate(to, chain.state().recovery);
    chain.propose(change, at(1)).recover(&paper(2)).accept(to)
}

/// To home `to`, by identity key 1 and home 3.
fn moved(chain: &IdentityChain, to: u8) -> Statement {
    let statement = chain.propose(Change::MoveHome(home(to)), at(1));
    statement.sign(&identity(1)).countersign(&server(3))
}

fn refused(chain: &IdentityChain, statement: Statement) -> ChainError {
    let mut changed = chain.clone();
    let error = changed.append(statement).unwrap_err();
    assert_eq!(&changed, chain, "an error leaves the chain as it was");
    error
}

#[test]
fn a_chain_comes_back_from_its_bytes() {
    let mut chain = account();
    chain.append(moved(&chain, 4)).unwrap();
    chain.append(recovered(&chain, &strong(5))).unwrap();
    let close = chain.propose(Change::Close, at(9));
    let close = close.sign(&strong(5)).countersign(&server(4));
    chain.append(close).unwrap();
    assert_eq!((chain.generation(), chain.state().closed), (3, true));
    assert_eq!(chain.state().key, *strong(5).public());
    assert_eq!(chain.state_at(0).unwrap().key, *identity(1).public());
    assert_eq!(chain.state_at(3), Some(chain.state()));
    assert_eq!(chain.state_at(4), None);
    assert_eq!(IdentityChain::replay(&chain.to_bytes()), Ok(chain));
}

#[test]
fn the_identity_key_alone_does_nothing() {
    let chain = account();
    let key = identity(1);
    let next = identity(5);
    let changes = [
        Change::MoveHome(home(4)),
        Change::Close,
        rotate(&next, chain.state().recovery),
    ];
    for change in changes {
        let statement = chain.propose(change, at(1)).sign(&key);
        let statement = match statement.change() {
            Change::Rotate { .. } => statement.accept(&next),
            _ => statement,
        };
        assert_eq!(refused(&chain, statement.clone()), ChainError::Signers);
        // countersigned by a server that is not the home
        let elsewhere = refused(&chain, statement.clone().countersign(&server(4)));
        assert_eq!(elsewhere, ChainError::Signature(SignatureError));
        chain
            .clone()
            .append(statement.countersign(&server(3)))
            .unwrap();
    }
}

#[test]
fn a_statement_is_known_again_with_the_home_s_signature_and_without() {
    let chain = account();
    let asked = chain.propose(Change::Close, at(1)).sign(&identity(1));
    let done = asked.clone().countersign(&server(3));
    assert!(asked.is_signed() && !asked.is_countersigned());
    assert!(done.is_signed() && done.is_countersigned());
    assert_ne!(asked, done);
    for (one, other) in [(&asked, &done), (&done, &asked), (&done, &done)] {
        assert!(one.equals_but_for_home(other));
    }
    let others = [
        chain.propose(Change::Close, at(1)),
        chain.propose(Change::Close, at(1)).recover(&paper(2)),
        chain.propose(Change::Close, at(2)).sign(&identity(1)),
    ];
    for other in others {
        assert!(!done.equals_but_for_home(&other));
    }
}

#[test]
fn the_home_alone_does_nothing() {
    let chain = account();
    let statement = chain.propose(Change::Close, at(1)).countersign(&server(3));
    assert_eq!(refused(&chain, statement), ChainError::Signers);
    let forged = chain.propose(Change::Close, at(1)).sign(&identity(9));
    let forged = refused(&chain, forged.countersign(&server(3)));
    assert_eq!(forged, ChainError::Signature(SignatureError));
}

#[test]
fn the_recovery_key_alone_does_everything() {
    let chain = account();
    for change in [Change::MoveHome(home(4)), Change::Close] {
        let statement = chain.propose(change, at(1));
        chain
            .clone()
            .append(statement.clone().recover(&paper(2)))
            .unwrap();
        let other = refused(&chain, statement.clone().recover(&paper(7)));
        assert_eq!(other, ChainError::OtherRecoveryKey);
        let both = statement.recover(&paper(2)).sign(&identity(1));
        assert_eq!(refused(&chain, both), ChainError::Signers);
    }
    chain
        .clone()
        .append(recovered(&chain, &identity(5)))
        .unwrap();
}

#[test]
fn only_the_recovery_key_replaces_itself() {
    let chain = account();
    let next = identity(5);
    for recovery in [None, Some(paper(6).hash())] {
        let statement = chain.propose(rotate(&next, recovery), at(1)).accept(&next);
        let stolen = statement.clone().sign(&identity(1)).countersign(&server(3));
        assert_eq!(refused(&chain, stolen), ChainError::RecoveryChanged);
        chain.clone().append(statement.recover(&paper(2))).unwrap();
    }
    // where there was none, identity and home may set one
    let bare = IdentityChain::found(&identity(1), None, Some(home(3)), at(0));
    let set = bare
        .propose(rotate(&next, Some(paper(2).hash())), at(1))
        .accept(&next);
    let set = set.sign(&identity(1)).countersign(&server(3));
    bare.clone().append(set).unwrap();
}

#[test]
fn a_new_key_must_agree_and_be_new() {
    let chain = account();
    let next = identity(5);
    let change = rotate(&next, chain.state().recovery);
    let statement = chain.propose(change, at(1)).recover(&paper(2));
    assert_eq!(refused(&chain, statement.clone()), ChainError::Signers);
    let other = refused(&chain, statement.accept(&identity(6)));
    assert_eq!(other, ChainError::Signature(SignatureError));
    assert_eq!(
        refused(&chain, recovered(&chain, &identity(1))),
        ChainError::NothingNew
    );
    assert_eq!(refused(&chain, moved(&chain, 3)), ChainError::NothingNew);
    let close = chain.propose(Change::Close, at(1)).recover(&paper(2));
    assert_eq!(refused(&chain, close.accept(&next)), ChainError::Signers);
}

#[test]
fn a_first_home_needs_no_countersignature() {
    let chain = IdentityChain::found(&identity(1), Some(&paper(2)), None, at(0));
    let first = chain
        .propose(Change::MoveHome(home(3)), at(1))
        .sign(&identity(1));
    chain.clone().append(first).unwrap();
    let close = chain.propose(Change::Close, at(1)).sign(&identity(1));
    assert_eq!(refused(&chain, close.clone()), ChainError::Signers);
    assert_eq!(
        refused(&chain, close.countersign(&server(3))),
        ChainError::Signers
    );
}

#[test]
fn a_statement_fits_one_place() {
    let mut chain = account();
    let (first, again) = (moved(&chain, 4), recovered(&chain, &identity(5)));
    chain.append(first.clone()).unwrap();
    assert_eq!(refused(&chain, first), ChainError::NotNext);
    assert_eq!(refused(&chain, again), ChainError::NotNext);
    // the right number in another history, and in another account
    let mut fork = account();
    fork.append(recovered(&fork, &identity(5))).unwrap();
    let strange = refused(&chain, recovered(&fork, &identity(6)));
    assert_eq!(strange, ChainError::NotNext);
    let other = IdentityChain::found(&identity(1), Some(&paper(2)), Some(home(3)), at(1));
    assert_eq!(
        refused(&account(), recovered(&other, &identity(5))),
        ChainError::NotNext
    );
}

#[test]
fn nothing_follows_a_close() {
    let mut chain = account();
    let close = chain.propose(Change::Close, at(1)).recover(&paper(2));
    chain.append(close).unwrap();
    let late = recovered(&chain, &identity(5));
    assert_eq!(refused(&chain, late), ChainError::Closed);
}

#[test]
fn half_a_strong_key_cannot_sign() {
    let chain = IdentityChain::found(&strong(1), None, Some(home(3)), at(0));
    let statement = chain.propose(Change::Close, at(1)).countersign(&server(3));
    let half = refused(&chain, statement.clone().sign(&identity(1)));
    assert_eq!(half, ChainError::Signature(SignatureError));
    chain.clone().append(statement.sign(&strong(1))).unwrap();
}

#[test]
fn two_hundred_and_fifty_six_statements_are_the_most() {
    let mut chain = account();
    for n in 0..256 {
        let to = home(if n % 2 == 0 { 4 } else { 3 });
        let statement = chain.propose(Change::MoveHome(to), at(n));
        chain.append(statement.recover(&paper(2))).unwrap();
    }
    let late = chain.propose(Change::Close, at(1)).recover(&paper(2));
    assert_eq!(refused(&chain, late), ChainError::TooLong);
    let bytes = chain.to_bytes();
    assert_eq!(chain.len, bytes.len());
    assert_eq!(IdentityChain::replay(&bytes), Ok(chain));
    let long = alloc::vec![0; IdentityChain::MAX_LEN + 1];
    assert_eq!(IdentityChain::replay(&long), Err(ChainError::TooLong));
}

#[test]
fn recovery_wins_over_a_thief() {
    let mut held = account();
    held.append(moved(&held, 4)).unwrap();
    let mut owner = account();
    owner.append(recovered(&owner, &identity(5))).unwrap();

    let mut victim = held.clone();
    assert_eq!(victim.merge(owner.clone()), Ok(Merge::Recovered));
    assert_eq!(victim, owner);
    // and not the other way round
    assert_eq!(owner.clone().merge(held), Err(ForkError::Fork { after: 0 }));
}

#[test]
fn a_longer_chain_is_taken_and_a_shorter_one_is_not_news() {
    let mut chain = account();
    let mut longer = chain.clone();
    longer.append(moved(&longer, 4)).unwrap();
    assert_eq!(longer.merge(chain.clone()), Ok(Merge::Unchanged));
    assert_eq!(chain.merge(longer.clone()), Ok(Merge::Extended));
    assert_eq!(chain, longer);
    assert_eq!(chain.merge(longer), Ok(Merge::Unchanged));
}

#[test]
fn two_recovered_histories_are_a_fork() {
    let mut held = account();
    held.append(moved(&held, 4)).unwrap();
    held.append(recovered(&held, &identity(5))).unwrap();
    let mut other = account();
    other.append(recovered(&other, &identity(6))).unwrap();
    let before = held.clone();
    assert_eq!(held.merge(other), Err(ForkError::Fork { after: 0 }));
    assert_eq!(held, before);
    let stranger = IdentityChain::found(&identity(1), None, None, at(0));
    assert_eq!(held.merge(stranger), Err(ForkError::OtherAccount));
}
