use identity::{DeviceKey, UserId};
use wire::v1::Proof;
use wire::{Binding, Signed, signed};

use super::CallError;

/// Who asks: an account, and the key of one of its devices, which signs.
///
/// # Spec
///
/// `spec/40-server.md` section 3.
#[derive(Clone, Copy, Debug)]
pub struct Prover<'a> {
    account: UserId,
    device: &'a DeviceKey,
}

impl<'a> Prover<'a> {
    /// Asks as `device` of `account`.
    #[must_use]
    pub const fn new(account: UserId, device: &'a DeviceKey) -> Self {
        Self { account, device }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &UserId {
        &self.account
    }

    /// The proof that it asks for `operation`, which are the bytes as sent.
    pub(super) fn prove(
        &self,
        binding: Binding<'_>,
        server_nonce: &[u8; 32],
        operation: &[u8],
    ) -> Result<Proof, CallError> {
        let mut client_nonce = [0; 32];
        getrandom::fill(&mut client_nonce).map_err(|_| CallError::NoRandomness)?;
        let signing = self.device.signing();
        let device = signing.verifying_key().to_bytes();
        let message = signed(&Signed {
            binding,
            server_nonce,
            client_nonce: &client_nonce,
            account: self.account.as_bytes(),
            device: &device,
            operation,
        });
        // A host has at most 156 bytes, so there is always a message to sign.
        let message = message.ok_or(CallError::Malformed)?;
        Ok(Proof {
            account: self.account.as_bytes().to_vec(),
            device: device.to_vec(),
            server_nonce: server_nonce.to_vec(),
            client_nonce: client_nonce.to_vec(),
            binding: binding.kind().into(),
            signature: signing.sign(&message).to_vec(),
        })
    }
}
