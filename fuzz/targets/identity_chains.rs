//! Any statements, signed by anybody: nothing happens to an account that its owner, or its identity
//! key together with its home, did not sign; and what happened replays.
#![no_main]

use fuzz::Script;
use identity::{Change, DeviceChain, DeviceKey, Home, IdentityChain, IdentityKey, RecoveryKey};
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use primitives::{Secret, SigningKey};

fuzz_target!(|bytes: &[u8]| {
    let mut world = World::new();
    let mut script = Script::new(bytes);
    // a chain keeps 256 statements, and each costs some signatures
    for _ in 0..24 {
        if world.step(&mut script).is_none() {
            break;
        }
    }
    let chain = IdentityChain::replay(&world.chain.to_bytes());
    assert_eq!(chain.as_ref(), Ok(&world.chain));
    let devices = DeviceChain::replay(&world.devices.to_bytes(), &world.chain);
    assert_eq!(devices, Ok(world.devices));
});

/// An account, four keys of each kind, and which of them are the account's.
struct World {
    chain: IdentityChain,
    devices: DeviceChain,
    identity: u8,
    home: Option<u8>,
    recovery: Option<u8>,
    live: Vec<u8>,
    ever: Vec<u8>,
    closed: bool,
}

impl World {
    fn new() -> Self {
        let chain = IdentityChain::found(&identity(0), Some(&paper(0)), Some(home(0)), Time::ZERO);
        Self {
            devices: DeviceChain::new(chain.user_id()),
            chain,
            identity: 0,
            home: Some(0),
            recovery: Some(0),
            live: Vec::new(),
            ever: Vec::new(),
            closed: false,
        }
    }

    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        if script.byte()? & 1 == 0 {
            self.identity_step(script)
        } else {
            self.device_step(script)
        }
    }

    fn identity_step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let (op, new, paper_new) = (script.below(3)?, script.below(4)?, script.below(5)?);
        let new_recovery = (paper_new < 4).then_some(paper_new);
        let change = match op {
            0 => Change::Rotate {
                key: identity(new).public().clone(),
                recovery: new_recovery.map(|n| paper(n).hash()),
            },
            1 => Change::MoveHome(home(new)),
            _ => Change::Close,
        };
        let signers = [
            script.below(5)?,
            script.below(5)?,
            script.below(5)?,
            script.below(5)?,
        ];
        let [by, at, recovered, accepted] = signers.map(|n| (n < 4).then_some(n));
        let mut statement = self.chain.propose(change, Time::ZERO);
        if let Some(n) = by {
            statement = statement.sign(&identity(n));
        }
        if let Some(n) = at {
            statement = statement.countersign(&server(n));
        }
        if let Some(n) = recovered {
            statement = statement.recover(&paper(n));
        }
        if let Some(n) = accepted {
            statement = statement.accept(&identity(n));
        }

        let owner = recovered.is_some() && recovered == self.recovery && (by, at) == (None, None);
        let both = recovered.is_none()
            && by == Some(self.identity)
            && self.home.is_some()
            && at == self.home;
        let agreed = if op == 0 {
            accepted == Some(new)
        } else {
            accepted.is_none()
        };
        let new_thing = match op {
            0 => new != self.identity,
            1 => Some(new) != self.home,
            _ => true,
        };
        let keeps = op != 0 || owner || self.recovery.is_none() || new_recovery == self.recovery;
        let expected = (owner || both) && agreed && new_thing && keeps && !self.closed;
        assert_eq!(self.chain.append(statement).is_ok(), expected);
        if expected {
            match op {
                0 => (self.identity, self.recovery) = (new, new_recovery),
                1 => self.home = Some(new),
                _ => self.closed = true,
            }
        }
        Some(())
    }

    fn device_step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let (adds, new) = (script.byte()? & 1 == 0, script.below(4)?);
        let signers = [
            script.below(5)?,
            script.below(5)?,
            script.below(5)?,
            script.below(5)?,
        ];
        let [by, vouched, recovered, accepted] = signers.map(|n| (n < 4).then_some(n));
        let public = *device(new).public();
        let mut statement = if adds {
            let add = self
                .devices
                .propose_add(&self.chain, &public, "fuzz", b"", Time::ZERO);
            add.expect("short texts")
        } else {
            self.devices
                .propose_remove(&self.chain, public.signing(), Time::ZERO)
        };
        if let Some(n) = by {
            statement = statement.sign(&identity(n));
        }
        if let Some(n) = vouched {
            statement = statement.countersign(&device(n));
        }
        if let Some(n) = recovered {
            statement = statement.recover(&paper(n));
        }
        if let Some(n) = accepted {
            statement = statement.accept(&device(n));
        }

        let first = self.devices.statements().is_empty();
        let second = match (vouched, recovered) {
            (None, None) => first,
            (Some(n), None) => !first && n != new && self.live.contains(&n),
            (None, Some(n)) => Some(n) == self.recovery,
            (Some(_), Some(_)) => false,
        };
        let agreed = if adds {
            accepted == Some(new)
        } else {
            accepted.is_none()
        };
        let fits = if adds {
            !self.ever.contains(&new)
        } else {
            self.live.contains(&new)
        };
        let expected = by == Some(self.identity) && second && agreed && fits && !self.closed;
        assert_eq!(
            self.devices.append(statement, &self.chain).is_ok(),
            expected
        );
        if expected && adds {
            self.live.push(new);
            self.ever.push(new);
        } else if expected {
            self.live.retain(|n| *n != new);
        }
        Some(())
    }
}

fn identity(n: u8) -> IdentityKey {
    IdentityKey::from_seeds(&Secret::new([n; 32]), None)
}

fn paper(n: u8) -> RecoveryKey {
    RecoveryKey::from_secret(Secret::new([n; 32]))
}

fn device(n: u8) -> DeviceKey {
    DeviceKey::from_seed(&Secret::new([n; 32]))
}

fn server(n: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::new([n; 32]))
}

fn home(n: u8) -> Home {
    Home::new("home.example", server(n).verifying_key()).expect("an address")
}
