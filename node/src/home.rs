use identity::{Change, Home, IdentityChain, RecoveryKey};
use kernel::Kind;
use net::server::{CallError, Rpc};
use primitives::VerifyingKey;
use rendezvous::bucket::Host;
use wire::v1::operation::Operation as Op;
use wire::v1::{Challenge, Register, answer};

use crate::keep::KeepError;
use crate::node::Node;
use crate::now::now;
use crate::profile::AtHome;

impl Node {
    /// Makes the server at `host` the account's home: says so in the identity chain, and registers there
    /// with `pin`, where the server wants one. If that was cut, the same call again finishes it; at a server
    /// that keeps the account already nothing changes. An account that has another home comes to
    /// this one only with `recovery`, also one that asked another server and got no answer.
    ///
    /// # Errors
    ///
    /// See [`HomeError`]. The home is then what it was; after an error of which nobody knows whether the
    /// server did it, the same call has to be made again.
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
        let before = self.profile().await.home.clone();
        let mut rpc = Rpc::new(self.network.to(host.clone())).map_err(CallError::from)?;
        let key = server_key(&mut rpc).await?;
        let chain = self.chain_for(host, key, recovery).await?;
        let is_new = before
            .as_ref()
            .is_none_or(|home| home.asked.as_ref() != Some(&chain));
        if is_new {
            self.ask_for(host, key, chain).await?;
        }
        match self.ask_to_register(&mut rpc, pin).await {
            Ok(()) => Ok(self.settle().await?),
            // Nothing of this chain stands there, so nothing keeps the owner from going elsewhere.
            Err(error) if is_refusal(&error) || (is_new && error.is_certain()) => {
                let before = before.filter(|home| home.is_registered);
                self.update(|profile| profile.home = before).await?;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The chain that names the server as home, made longer if need be.
    async fn chain_for(
        &self,
        host: &Host,
        key: VerifyingKey,
        recovery: Option<&RecoveryKey>,
    ) -> Result<IdentityChain, HomeError> {
        let profile = self.profile().await;
        let asked = profile.home.as_ref().and_then(|home| home.asked.as_ref());
        let mut chain = asked.unwrap_or(&profile.identity).clone();
        let home = Home::new(host.as_str(), key).map_err(|_| HomeError::Address)?;
        if chain.state().home.as_ref() == Some(&home) {
            return Ok(chain);
        }
        let statement = chain.propose(Change::MoveHome(home), now());
        let signed = match (&chain.state().home, recovery, &profile.home) {
            (None, ..) => statement.sign(&profile.key),
            (Some(_), Some(paper), _) => statement.recover(paper),
            (Some(_), None, Some(at)) if asked.is_some() => {
                let host = at.host.clone();
                return Err(HomeError::Unfinished { host });
            }
            (Some(at), None, _) => {
                let address = at.address().to_owned();
                return Err(HomeError::Settled { address });
            }
        };
        chain.append(signed).map_err(|_| HomeError::Recovery)?;
        Ok(chain)
    }

    /// Remembers what is going to be asked for: so it is asked for in the same words after a crash.
    async fn ask_for(
        &self,
        host: &Host,
        key: VerifyingKey,
        chain: IdentityChain,
    ) -> Result<(), KeepError> {
        self.update(|profile| {
            profile.home = Some(AtHome {
                host: host.clone(),
                key,
                asked: Some(chain),
                is_registered: false,
                event: 0,
            });
        })
        .await
    }

    async fn ask_to_register(&self, rpc: &mut Rpc, pin: &str) -> Result<(), CallError> {
        let (operation, asker) = {
            let profile = self.profile().await;
            let asked = profile.home.as_ref().and_then(|home| home.asked.as_ref());
            let operation = Op::Register(Register {
                pin: pin.to_owned(),
                identity: asked.unwrap_or(&profile.identity).to_bytes(),
                devices: profile.devices.to_bytes(),
            });
            (operation, profile.asker())
        };
        match rpc.prove(asker.prover(), operation, None).await? {
            answer::Result::Registered(_) => Ok(()),
            _ => Err(CallError::Malformed),
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

/// Whether the server has said that it does not keep the account.
fn is_refusal(error: &CallError) -> bool {
    matches!(error, CallError::Refused(_)) && error.is_certain() && error.again().is_none()
}

/// Why an account has no home, or not this one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// It has another one.
    #[error("your account is kept at {address}")]
    Settled {
        /// Where.
        address: String,
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
