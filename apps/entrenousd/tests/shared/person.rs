//! Somebody with an account.

use identity::{DeviceChain, DeviceKey, IdentityChain, IdentityKey};
use kernel::Time;
use primitives::Secret;
use wire::v1::operation::Operation as Op;
use wire::v1::{Operation, Proof, Register};
use wire::{Binding, Signed, encode, signed};

/// An identity with one device.
pub(crate) struct Person {
    identity: IdentityChain,
    devices: DeviceChain,
    device: DeviceKey,
}

impl Person {
    /// The person of this number.
    pub(crate) fn new(number: u32) -> Self {
        let mut seed = [9; 32];
        seed[..4].copy_from_slice(&number.to_le_bytes());
        let now = Time::from_ms(1_800_000_000_000);
        let key = IdentityKey::from_seeds(&Secret::new(seed), None);
        let identity = IdentityChain::found(&key, None, None, now);
        seed[31] = 1;
        let device = DeviceKey::from_seed(&Secret::new(seed));
        let mut devices = DeviceChain::new(identity.user_id());
        let add = devices.propose_add(&identity, device.public(), "test", b"", now);
        let add = add.unwrap().sign(&key).accept(&device);
        devices.append(add, &identity).unwrap();
        Self {
            identity,
            devices,
            device,
        }
    }

    pub(crate) fn register(&self, pin: &str) -> Op {
        Op::Register(Register {
            pin: pin.into(),
            identity: self.identity.to_bytes(),
            devices: self.devices.to_bytes(),
        })
    }

    /// The proof that this person asks for the operation of these bytes, where the server
    /// gave `nonce`.
    pub(crate) fn proof(&self, binding: Binding<'_>, nonce: &[u8; 32], operation: &[u8]) -> Proof {
        let account = *self.identity.user_id().as_bytes();
        let device = self.device.signing().verifying_key().to_bytes();
        let message = signed(&Signed {
            binding,
            server_nonce: nonce,
            client_nonce: &[1; 32],
            account: &account,
            device: &device,
            operation,
        });
        Proof {
            account: account.to_vec(),
            device: device.to_vec(),
            server_nonce: nonce.to_vec(),
            client_nonce: vec![1; 32],
            binding: binding.kind().into(),
            signature: self.device.signing().sign(&message.unwrap()).to_vec(),
        }
    }
}

/// An operation as it is sent and signed.
pub(crate) fn bytes(operation: &Op) -> Vec<u8> {
    encode(&Operation {
        operation: Some(operation.clone()),
    })
}
