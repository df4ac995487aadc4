use identity::{
    Change, DeviceChain, DeviceKey, DeviceStatement, Home, IdentityChain, IdentityKey,
    RecoveryHash, RecoveryKey, Statement,
};
use kernel::Time;
use primitives::Secret;
use wire::v1::operation::Operation as Op;
use wire::v1::{DeviceChange, IdentityChange, Operation, Proof, Register};
use wire::{Binding, Signed, encode, signed};

/// Someone with an identity and devices.
pub(crate) struct Person {
    pub(crate) number: u8,
    pub(crate) key: IdentityKey,
    pub(crate) identity: IdentityChain,
    pub(crate) devices: DeviceChain,
    pub(crate) first: DeviceKey,
}

impl Person {
    /// The person of this number, with one device.
    pub(crate) fn new(number: u8) -> Self {
        Self::at_home(number, None)
    }

    /// The same with a home and the paper of this number.
    pub(crate) fn at_home(number: u8, home: Option<Home>) -> Self {
        Self::with(number, identity_key(number), home)
    }

    /// The same with any identity key.
    pub(crate) fn with(number: u8, key: IdentityKey, home: Option<Home>) -> Self {
        let identity = IdentityChain::found(&key, Some(&paper(number)), home, NOW);
        let mut person = Self {
            devices: DeviceChain::new(identity.user_id()),
            number,
            first: device(number, 0),
            key,
            identity,
        };
        let add =
            person
                .devices
                .propose_add(&person.identity, person.first.public(), "test", b"", NOW);
        let add = add.unwrap().sign(&person.key).accept(&person.first);
        person.devices.append(add, &person.identity).unwrap();
        person
    }

    pub(crate) fn account(&self) -> [u8; 32] {
        *self.identity.user_id().as_bytes()
    }

    /// The next statement of the identity chain, signed by the identity key; by the new one as well
    /// if it brings one, which is that of number `next`.
    pub(crate) fn sign(&self, change: Change, next: u8) -> Statement {
        let statement = self.identity.propose(change, NOW).sign(&self.key);
        match statement.change() {
            Change::Rotate { .. } => statement.accept(&identity_key(next)),
            _ => statement,
        }
    }

    /// The statement that rotates to the identity key of this number.
    pub(crate) fn rotate(&self, next: u8) -> Statement {
        self.sign(rotation(next, self.identity.state().recovery), next)
    }

    /// The statement that adds a device, signed by all who must.
    pub(crate) fn propose_add(&self, device: &DeviceKey) -> DeviceStatement {
        let add = self
            .devices
            .propose_add(&self.identity, device.public(), "test", b"", NOW);
        let add = add.unwrap().sign(&self.key);
        add.countersign(&self.first).accept(device)
    }

    /// The same, also taken here.
    pub(crate) fn add(&mut self, device: &DeviceKey) -> DeviceStatement {
        let add = self.propose_add(device);
        self.devices.append(add.clone(), &self.identity).unwrap();
        add
    }

    /// The statement that removes a device, also taken here.
    pub(crate) fn remove(&mut self, device: &DeviceKey) -> DeviceStatement {
        let remove = self
            .devices
            .propose_remove(&self.identity, device.public().signing(), NOW);
        let remove = remove.sign(&self.key).countersign(&self.first);
        self.devices.append(remove.clone(), &self.identity).unwrap();
        remove
    }

    pub(crate) fn register(&self, pin: &str) -> Op {
        Op::Register(Register {
            pin: pin.into(),
            identity: self.identity.to_bytes(),
            devices: self.devices.to_bytes(),
        })
    }

    /// The proof that `device` asks for `operation`.
    pub(crate) fn proof(
        &self,
        device: &DeviceKey,
        binding: Binding<'_>,
        nonce: &[u8; 32],
        operation: &Op,
    ) -> Proof {
        let account = self.account();
        let key = device.signing().verifying_key().to_bytes();
        let message = signed(&Signed {
            binding,
            server_nonce: nonce,
            client_nonce: &[7; 32],
            account: &account,
            device: &key,
            operation: &bytes(operation),
        });
        Proof {
            account: account.to_vec(),
            device: key.to_vec(),
            server_nonce: nonce.to_vec(),
            client_nonce: vec![7; 32],
            binding: binding.kind().into(),
            signature: device.signing().sign(&message.unwrap()).to_vec(),
        }
    }
}

/// The identity key of this number.
pub(crate) fn identity_key(number: u8) -> IdentityKey {
    IdentityKey::from_seeds(&Secret::new([number; 32]), None)
}

/// The recovery key of this number.
pub(crate) fn paper(number: u8) -> RecoveryKey {
    RecoveryKey::from_secret(Secret::new([number; 32]))
}

/// A change to the identity key of this number.
pub(crate) fn rotation(next: u8, recovery: Option<RecoveryHash>) -> Change {
    Change::Rotate {
        key: identity_key(next).public().clone(),
        recovery,
    }
}

/// A device of a person, by numbers.
pub(crate) fn device(person: u8, number: u8) -> DeviceKey {
    let mut seed = [person; 32];
    seed[0] = number;
    DeviceKey::from_seed(&Secret::new(seed))
}

pub(crate) fn change(statement: &DeviceStatement) -> Op {
    Op::DeviceChange(DeviceChange {
        statement: statement.to_bytes(),
    })
}

pub(crate) fn identity_change(statement: &Statement) -> Op {
    Op::IdentityChange(IdentityChange {
        statement: statement.to_bytes(),
    })
}

/// An operation as it is sent and signed.
pub(crate) fn bytes(operation: &Op) -> Vec<u8> {
    encode(&Operation {
        operation: Some(operation.clone()),
    })
}

pub(crate) const NOW: Time = Time::from_ms(1_800_000_000_000);
