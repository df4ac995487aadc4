use alloc::vec::Vec;

use primitives::{
    Generator, NONCE_LEN, Secret, TAG_LEN, hkdf_sha512, open_in_place, seal_in_place, sha256,
};
use wire::kamune::Handshake;

use crate::{Resumption, Role, SessionId, Token};

/// What an agreement gives both sides.
///
/// # Spec
///
/// `spec/20-channel.md` 6.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Encrypts what the caller says.
    c2s: Secret<32>,
    /// Encrypts what the called side says.
    s2c: Secret<32>,
    /// What the caller sends, to have it back.
    caller_challenge: Secret<32>,
    /// What the called side sends.
    called_challenge: Secret<32>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) session: SessionId,
}

impl Keys {
    /// From the secret of the ML-KEM ciphertext, and the two bodies that carried it, as they came.
    pub(crate) fn derive(
        secret: &Secret<32>,
        request: &Handshake,
        accept: &Handshake,
        session: SessionId,
    ) -> Self {
        let transcript = transcript(request, accept);
        let name = session.as_str().as_bytes();
        let key = |salt, label| hkdf_sha512(secret.expose(), salt, &[label, name]);
        let challenge = |label| {
            let info = [name, b"|", label, b"|", &transcript];
            hkdf_sha512(secret.expose(), &[], &info)
        };
        let root: Secret<32> = hkdf_sha512(secret.expose(), name, &[RESUMPTION_ROOT]);
        Self {
            c2s: key(&request.salt, C2S),
            s2c: key(&accept.salt, S2C),
            caller_challenge: challenge(C2S),
            called_challenge: challenge(S2C),
            tokens: Resumption::tokens_of(&root),
            session,
        }
    }

    /// What somebody in this role sends, to have it back.
    pub(crate) const fn challenge(&self, role: Role) -> &Secret<32> {
        match role {
            Role::Caller => &self.caller_challenge,
            Role::Called => &self.called_challenge,
        }
    }

    /// Seals a frame: 24 bytes of nonce, as many of ciphertext as `plain` has, 16 of tag.
    pub(crate) fn seal(&self, role: Role, plain: &[u8], generator: &mut Generator) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = generator.bytes();
        let room = plain
            .len()
            .saturating_add(NONCE_LEN)
            .saturating_add(TAG_LEN);
        let mut frame = Vec::with_capacity(room);
        frame.extend_from_slice(&nonce);
        frame.extend_from_slice(plain);
        let body = frame.get_mut(NONCE_LEN..).unwrap_or_default();
        let tag = seal_in_place(self.of(role), &nonce, body, &[]);
        frame.extend_from_slice(&tag);
        frame
    }

    /// Opens a frame of the other side. `None`: it is none.
    pub(crate) fn open(&self, role: Role, frame: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = frame.split_first_chunk::<NONCE_LEN>()?;
        let (body, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        let mut body = body.to_vec();
        open_in_place(self.of(role.other()), nonce, &mut body, tag, &[]).ok()?;
        Some(body)
    }

    /// The key under which somebody in this role speaks.
    const fn of(&self, role: Role) -> &Secret<32> {
        match role {
            Role::Caller => &self.c2s,
            Role::Called => &self.s2c,
        }
    }
}

#[cfg(test)]
impl Keys {
    pub(crate) fn shown(&self) -> (Secret<32>, Secret<32>) {
        (self.c2s.clone(), self.s2c.clone())
    }
}

/// The hash over both bodies of an agreement.
fn transcript(request: &Handshake, accept: &Handshake) -> [u8; 32] {
    let mut bytes = Vec::from(TRANSCRIPT);
    for handshake in [request, accept] {
        let fields = [
            &handshake.key[..],
            &handshake.salt,
            handshake.session_key.as_bytes(),
        ];
        for field in fields {
            let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field);
        }
    }
    sha256(&[&bytes])
}

const C2S: &[u8] = b"kamune/handshake/client-to-server/v1/";
const S2C: &[u8] = b"kamune/handshake/server-to-client/v1/";
const TRANSCRIPT: &[u8] = b"kamune/handshake/v1";
const RESUMPTION_ROOT: &[u8] = b"kamune/resumption-root/v1";

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// Salts 0a and 0b, a secret of 77: computed by two other programs from the text of the spec.
    fn keys() -> Keys {
        let request = Handshake {
            key: vec![0xa1; 1184],
            salt: vec![0x0a; 16],
            session_key: "ABCDEFGHIJKL".into(),
            binding: vec![],
        };
        let accept = Handshake {
            key: vec![0xb2; 1088],
            salt: vec![0x0b; 16],
            session_key: "MNOPQRSTUVWX".into(),
            binding: vec![],
        };
        let session = SessionId::parse("ABCDEFGHIJKLMNOPQRSTUVWX").unwrap();
        Keys::derive(&Secret::new([0x77; 32]), &request, &accept, session)
    }

    #[test]
    fn keys_challenges_and_tokens_are_those_of_the_spec() {
        let keys = keys();
        let shown = [
            &keys.c2s,
            &keys.s2c,
            &keys.caller_challenge,
            &keys.called_challenge,
            keys.tokens[0].secret(),
            keys.tokens[19].secret(),
        ]
        .map(|secret| hex::encode(secret.expose()));
        assert_eq!(
            shown,
            [
                "dff7fbc9fbbf5ffbe04a42a28b1b29bcc386680a9129b81121d7bad527259573",
                "f647cfaa55b5349a42d468be4e04d62248213dbacf5df789228972e66102ef24",
                "4fbfc540043f935c85d2a340cd9ca2406140205570952c18dce66122e019b768",
                "18d6c6ce169e230fe8ca7bac1e4cd5b677278a4bff854cdb4da68fb6b7d155ed",
                "1449de03f86a335f892bcbce64c192bb7bdab32a47f756b4e10e1f9ab9127af2",
                "21c0ee4ca6c34454c8f67dc0826d904c45eb39d8dd315ab0ba22f5f0e7f7ab03",
            ]
        );
        assert_eq!(keys.tokens.len(), 20);
    }

    #[test]
    fn a_frame_opens_at_the_other_side_only_and_unaltered_only() {
        let keys = keys();
        let mut generator = Generator::new(Secret::new([1; 32]));
        let frame = keys.seal(Role::Caller, b"kamune", &mut generator);
        assert_eq!(frame.len(), 6 + 40);
        assert_eq!(keys.open(Role::Called, &frame).unwrap(), b"kamune");
        assert_eq!(keys.open(Role::Caller, &frame), None);
        for place in [0, 24, 45] {
            let mut altered = frame.clone();
            altered[place] ^= 1;
            assert_eq!(keys.open(Role::Called, &altered), None);
        }
        for length in 0..40 {
            assert_eq!(keys.open(Role::Called, &frame[..length]), None);
        }
    }
}
