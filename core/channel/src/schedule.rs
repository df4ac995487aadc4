use alloc::vec::Vec;

use kernel::Label;
use primitives::{Secret, hkdf_sha512, sha256};

use crate::ratchet::Chain;
use crate::{Resumption, Role, Token, Tunnel};

/// What an agreement gives two of ours.
///
/// # Spec
///
/// `spec/20-channel.md` 14.
#[derive(Debug)]
pub(crate) struct Schedule {
    transcript: [u8; 32],
    master: Secret<32>,
}

impl Schedule {
    /// From the secret of the ML-KEM ciphertext, the tunnel, what was seen before, and the data of both
    /// handshakes.
    pub(crate) fn derive(
        secret: &Secret<32>,
        (tunnel, role): (&Tunnel, Role),
        binding: &[u8; 32],
        handshakes: [&[u8]; 2],
    ) -> Self {
        Self::of(secret, &tunnel.exports(role), binding, handshakes)
    }

    /// The same, from what the contexts of the tunnel export.
    pub(crate) fn of(
        secret: &Secret<32>,
        [one, other]: &[Secret<32>; 2],
        binding: &[u8; 32],
        [request, accept]: [&[u8]; 2],
    ) -> Self {
        let transcript = sha256(&[
            Label::ChannelTranscript.bytes(),
            binding,
            &sha256(&[request]),
            &sha256(&[accept]),
        ]);
        let mut secrets = [0; 96];
        let parts = [secret, one, other];
        for (to, from) in secrets.as_chunks_mut::<32>().0.iter_mut().zip(parts) {
            *to = *from.expose();
        }
        let secrets = Secret::new(secrets);
        let label = Label::ChannelMaster.bytes();
        Self {
            master: hkdf_sha512(secrets.expose(), &transcript, &[label]),
            transcript,
        }
    }

    /// What a side signs.
    pub(crate) fn signed(&self, by: Role) -> [u8; 33] {
        let mut signed = [by.number(); 33];
        for (to, from) in signed.iter_mut().zip(&self.transcript) {
            *to = *from;
        }
        signed
    }

    /// Under which it hides the signature.
    pub(crate) fn confirm_key(&self, by: Role) -> Secret<32> {
        let label = Label::ChannelConfirmKey.bytes();
        hkdf_sha512(
            self.master.expose(),
            &self.transcript,
            &[label, &[by.number()]],
        )
    }

    /// How its direction begins.
    pub(crate) fn chain(&self, by: Role) -> Chain {
        let label = Label::ChannelChain.bytes();
        let info = [label, &[by.number()]];
        Chain::new(
            &hkdf_sha512(self.master.expose(), &self.transcript, &info),
            by,
        )
    }

    pub(crate) fn tokens(&self) -> Vec<Token> {
        let label = Label::ChannelResumption.bytes();
        let root: Secret<32> = hkdf_sha512(self.master.expose(), &self.transcript, &[label]);
        Resumption::tokens_of(&root)
    }
}
