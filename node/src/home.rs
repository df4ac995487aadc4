use identity::{Change, Home, RecoveryKey};
use kernel::Kind;
use net::server::{CallError, Prover, Rpc};
use primitives::VerifyingKey;
use rendezvous::bucket::Host;
use wire::v1::operation::Operation as Op;
use wire::v1::{Challenge, IdentityGet, Register, answer};

use crate::keep::KeepError;
use crate::node::Node;
use crate::now::now;
use crate::profile::AtHome;

impl Node {
    /// Makes the server at `host` the account's home: says so in the identity chain, and registers there
    /// with `pin`, where the server wants one. If that was cut, the same call again finishes it; a server that
    /// is the home already is fine. An account that has another home comes to this one only with
    /// `recovery`.
    ///
    /// # Errors
    ///
    /// See [`HomeError`]. The home is then what it was; after an error of which nobody knows whether the
    /// server did it, it is this server that has to be asked again.
    ///
    /// # Spec
    ///
    /// `spec/40-server.md` 4.2, `spec/15-identity.md` 3.2.
    pub async fn register(
        &self,
        host: &Host,
        pin: &str,
        recovery: Option<&RecoveryKey>,
    ) -> Result<(), HomeError> {
        let _turn = self.turn.lock().await;
        let present = self.profile().await.home.clone();
        let is_asked = match &present {
            Some(home) if home.is_registered && home.host == *host => return Ok(()),
            Some(home) if home.is_registered && recovery.is_none() => {
                let host = home.host.clone();
                return Err(HomeError::Settled { host });
            }
            Some(home) if !home.is_registered && home.host != *host => {
                let host = home.host.clone();
                return Err(HomeError::Unfinished { host });
            }
            Some(home) => !home.is_registered,
            None => false,
        };
        let mut rpc = Rpc::new(self.network.to(host.clone())).map_err(CallError::from)?;
        if !is_asked {
            let key = server_key(&mut rpc).await?;
            self.ask_for_home(host, key, recovery).await?;
        }
        let registered = self.ask_to_register(&mut rpc, pin).await;
        match registered {
            Ok(()) => Ok(self.settle().await?),
            // Nothing stands there, so nothing keeps the owner from going elsewhere.
            Err(HomeError::Call(error)) if error.is_certain() && !is_asked => {
                self.update(|profile| profile.home = present).await?;
                Err(error.into())
            }
            Err(error) => Err(error),
        }
    }

    /// Remembers what is going to be asked for: so it is asked for in the same words after a crash.
    async fn ask_for_home(
        &self,
        host: &Host,
        key: VerifyingKey,
        recovery: Option<&RecoveryKey>,
    ) -> Result<(), HomeError> {
        let home = Home::new(host.as_str(), key).map_err(|_| HomeError::Address)?;
        let chain = {
            let profile = self.profile().await;
            let mut chain = profile.identity.clone();
            if chain.state().home.as_ref() != Some(&home) {
                let statement = chain.propose(Change::MoveHome(home), now());
                let signed = match (recovery, &chain.state().home) {
                    (Some(paper), Some(_)) => statement.recover(paper),
                    _ => statement.sign(&profile.key),
                };
                let taken = chain.append(signed);
                taken.map_err(|_| HomeError::Recovery)?;
            }
            chain
        };
        self.update(|profile| {
            profile.home = Some(AtHome {
                host: host.clone(),
                key,
                asked: Some(chain),
                is_registered: false,
                event: 0,
            });
        })
        .await?;
        Ok(())
    }

    async fn ask_to_register(&self, rpc: &mut Rpc, pin: &str) -> Result<(), HomeError> {
        let profile = self.profile().await;
        let asked = profile.home.as_ref().and_then(|home| home.asked.as_ref());
        let identity = asked.unwrap_or(&profile.identity).to_bytes();
        let operation = Op::Register(Register {
            pin: pin.to_owned(),
            identity,
            devices: profile.devices.to_bytes(),
        });
        let prover = Prover::new(profile.user_id(), &profile.device);
        match rpc.prove(prover, operation, None).await? {
            answer::Result::Registered(_) => Ok(()),
            _ => Err(CallError::Malformed.into()),
        }
    }

    async fn settle(&self) -> Result<(), KeepError> {
        self.update(|profile| {
            let Some(home) = &mut profile.home else {
                return;
            };
            home.is_registered = true;
            if let Some(chain) = home.asked.take() {
                profile.identity = chain;
            }
        })
        .await
    }
}

/// The key that a server says it countersigns with.
async fn server_key(rpc: &mut Rpc) -> Result<VerifyingKey, CallError> {
    let said = rpc.call(Op::Challenge(Challenge {}), None).await?;
    let answer::Result::Challenged(challenged) = said else {
        return Err(CallError::Malformed);
    };
    let key = challenged.key.as_slice().try_into();
    let key = key.map_err(|_| CallError::Malformed)?;
    VerifyingKey::from_bytes(key).map_err(|_| CallError::Malformed)
}

/// The identity chain of an account, as its home says it: not checked.
pub(crate) async fn fetch_chain(
    node: &Node,
    home: &Home,
    account: &identity::UserId,
) -> Result<Vec<u8>, CallError> {
    let host = Host::typed(home.address()).map_err(|_| CallError::Malformed)?;
    let mut rpc = Rpc::new(node.network.to(host))?;
    let operation = Op::Identity(IdentityGet {
        account: account.as_bytes().to_vec(),
    });
    match rpc.call(operation, None).await? {
        answer::Result::Identity(identity) => Ok(identity.chain),
        _ => Err(CallError::Malformed),
    }
}

/// Why an account has no home, or not this one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// It has another one.
    #[error("your account is kept at {host}")]
    Settled {
        /// Where.
        host: Host,
    },
    /// Another server was asked, and may have said yes.
    #[error("your account may be kept at {host} already: the answer was lost")]
    Unfinished {
        /// Where.
        host: Host,
    },
    /// No server keeps the account.
    #[error("no server keeps your account")]
    None,
    /// The server's name is too long for a chain.
    #[error("a server's name and port have at most {max} bytes", max = Home::ADDRESS_MAX)]
    Address,
    /// The recovery key is not the account's.
    #[error("these are not the recovery words of this account")]
    Recovery,
    /// The server did not do it.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It could not be kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl HomeError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Settled { .. }
            | Self::Unfinished { .. }
            | Self::None
            | Self::Address
            | Self::Recovery => Kind::BadInput,
            Self::Call(error) => error.kind(),
            Self::Keep(error) => error.kind(),
        }
    }
}
