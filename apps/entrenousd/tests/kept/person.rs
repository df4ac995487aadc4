use identity::{DeviceChain, DeviceKey, IdentityChain, IdentityKey};
use kernel::Time;
use primitives::Secret;
use wire::v1::operation::Operation as Op;
use wire::v1::{AccountGet, Challenge, Proof, Register, Request, answer};
use wire::{Binding, Refusal, Signed, signed};

use crate::rpc::{bytes, rpc};

/// Someone with an identity and one device.
pub(crate) struct Person {
    identity: IdentityChain,
    devices: DeviceChain,
    device: DeviceKey,
}

impl Person {
    pub(crate) fn new(number: u32) -> Self {
        let mut seed = [9; 32];
        seed[..4].copy_from_slice(&number.to_le_bytes());
        let now = Time::from_ms(1_800_000_000_000);
        let key = IdentityKey::from_seeds(&Secret::new(seed), None);
        let identity = IdentityChain::found(&key, None, None, now);
        seed[31] = 1;
        let device = DeviceKey::from_seed(&Secret::new(seed));
        let mut devices = DeviceChain::new(identity.user_id());
        let add = devices
            .propose_add(&identity, device.public(), "test", b"", now)
            .unwrap();
        devices
            .append(add.sign(&key).accept(&device), &identity)
            .unwrap();
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

    /// An operation of this person.
    pub(crate) fn call(
        &self,
        address: &str,
        operation: &Op,
    ) -> Option<Result<answer::Result, Refusal>> {
        let challenge = Request {
            operation: bytes(&Op::Challenge(Challenge {})),
            ..Request::default()
        };
        let Ok(answer::Result::Challenged(challenged)) = rpc(address, &challenge)? else {
            panic!("no nonce");
        };
        let nonce: [u8; 32] = challenged.nonce.try_into().unwrap();
        rpc(address, &self.request(&nonce, operation))
    }

    /// A request of this person where the server gave `nonce`.
    pub(crate) fn request(&self, nonce: &[u8; 32], operation: &Op) -> Request {
        let account = *self.identity.user_id().as_bytes();
        let device = self.device.signing().verifying_key().to_bytes();
        let operation = bytes(operation);
        let message = signed(&Signed {
            binding: Binding::Name("here"),
            server_nonce: nonce,
            client_nonce: &[1; 32],
            account: &account,
            device: &device,
            operation: &operation,
        });
        let proof = Proof {
            account: account.to_vec(),
            device: device.to_vec(),
            server_nonce: nonce.to_vec(),
            client_nonce: vec![1; 32],
            binding: 2,
            signature: self.device.signing().sign(&message.unwrap()).to_vec(),
        };
        Request {
            proof: Some(proof),
            operation,
            ..Request::default()
        }
    }

    pub(crate) fn has_account(&self, address: &str) -> bool {
        self.call(address, &Op::Account(AccountGet {}))
            .unwrap()
            .is_ok()
    }
}
