//! Every operation on secrets, with the secrets marked. Valgrind does the checking.

use anyhow::{Result, ensure};
use ctidh::{
    Backend, PublicKey, SecretKey, Set, Set511, Set1024,
    hazmat::valgrind::{hide, is_watching, show},
};

/// Runs both sets.
pub(crate) fn check(backend: Backend) -> Result<()> {
    ensure!(is_watching(), "this only makes sense under Valgrind");
    meet::<Set511>(backend)?;
    meet::<Set1024>(backend)
}

/// Two people make keys and agree; one key goes through its encoding.
fn meet<S: Set>(backend: Backend) -> Result<()> {
    let (alice, bob) = (secret::<S>(1), secret::<S>(2));
    let alice = reread(&alice)?;
    let (for_bob, for_alice) = (public(&alice, backend)?, public(&bob, backend)?);
    let one = alice.agree_with(backend, &for_alice, &hidden(3));
    let other = bob.agree_with(backend, &for_bob, &hidden(4));
    let (one, other) = (one.digest(), other.digest());
    show(&one);
    show(&other);
    ensure!(one == other, "the keys do not agree");
    println!(
        "{} on the {} back end: two keys, two agreements",
        S::NAME,
        backend.name()
    );
    Ok(())
}

fn secret<S: Set>(number: u8) -> SecretKey<S> {
    SecretKey::from_seed(&hidden(number))
}

/// Encodes a secret key and decodes it again.
fn reread<S: Set>(key: &SecretKey<S>) -> Result<SecretKey<S>> {
    let bytes = key.to_bytes();
    hide(&bytes);
    Ok(SecretKey::from_bytes(&bytes)?)
}

/// The public key, through its encoding: validation is no secret.
fn public<S: Set>(key: &SecretKey<S>, backend: Backend) -> Result<PublicKey<S>> {
    let public = key.public_key_with(backend, &hidden(5));
    show(public.as_bytes());
    Ok(PublicKey::from_bytes_with(backend, public.as_bytes())?)
}

/// 32 secret bytes.
fn hidden(number: u8) -> [u8; 32] {
    let seed = [number; 32];
    hide(&seed);
    seed
}
