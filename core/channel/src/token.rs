//! By what two people find each other at a relay.

use core::fmt;

use primitives::{Generator, Secret, VerifyingKey, hmac_sha512, sha256, x25519, x25519_public};

/// The token of two people that needs no exchange. Anyone who knows both keys can compute it.
///
/// # Spec
///
/// `spec/20-channel.md` 10.1.
#[must_use]
pub fn fixed(one: &VerifyingKey, other: &VerifyingKey) -> [u8; 32] {
    let (one, other) = (one.to_bytes(), other.to_bytes());
    sha256(&[&one.min(other), &one.max(other)])
}

/// One side's half of the tokens that the two of a session share.
pub(crate) struct Pool(Secret<32>);

impl Pool {
    pub(crate) fn draw(generator: &mut Generator) -> Self {
        Self(generator.secret())
    }

    #[cfg(test)]
    pub(crate) const fn of(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// What the other side needs.
    pub(crate) fn public(&self) -> [u8; 32] {
        x25519_public(&self.0)
    }

    /// The tokens, with the other side's half, of anyone's choice.
    pub(crate) fn tokens(&self, theirs: &[u8; 32]) -> [Secret<32>; 3] {
        tokens(&x25519(&self.0, theirs))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

/// The first block of HKDF-Expand with SHA-512, with the shared secret as it is for the key.
fn tokens(shared: &Secret<32>) -> [Secret<32>; 3] {
    [0_u32, 1, 2].map(|number| {
        let block = hmac_sha512(shared.expose(), &[RECONNECT, &number.to_be_bytes(), &[1]]);
        let (token, _) = block.expose().as_chunks();
        Secret::new(token.first().copied().unwrap_or_default())
    })
}

const RECONNECT: &[u8] = b"kamune/relay-reconnect/v1/";

#[cfg(test)]
mod tests {
    use primitives::SigningKey;

    use super::*;

    #[test]
    fn tokens_of_a_shared_secret_are_those_of_the_spec() {
        let shown = tokens(&Secret::new([0x66; 32])).map(|token| hex::encode(token.expose()));
        assert_eq!(
            shown,
            [
                "5965e44b6fc86df0eb6cbdd4f428a7041de9126741fb3d14bcdd7826cea96837",
                "a4ff92363a83f6a24b1ee16196d84469c02c30b5a25f5c1a942a45ed46c2bfc2",
                "2e25d7a9ed050a7c7d3edac102fae497305e8af0133c984b63087f574d8663de",
            ]
        );
    }

    #[test]
    fn both_sides_derive_the_same_tokens() {
        let mut generator = Generator::new(Secret::new([1; 32]));
        let [one, other] = [(); 2].map(|()| Pool::draw(&mut generator));
        assert_eq!(one.tokens(&other.public()), other.tokens(&one.public()));
    }

    #[test]
    fn the_fixed_token_is_the_same_from_both_sides() {
        let [a, b] = [1, 2].map(|seed| SigningKey::from_seed(&Secret::new([seed; 32])));
        let (a, b) = (a.verifying_key(), b.verifying_key());
        assert_eq!(fixed(&a, &b), fixed(&b, &a));
        assert_eq!(
            hex::encode(fixed(&a, &b)),
            "071021128b34a2248ceb9ab15cb1c900426b6ef2038fe322b463673933e1c9e7"
        );
    }
}
