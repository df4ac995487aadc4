use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use identity::IdentityKey;
use kernel::Time;
use primitives::Generator;
use wire::kamune::Metadata;

use super::{Config, End, Event, Output, Stats};
use crate::envelope::{Envelope, EnvelopeError, timestamp};
use crate::session_id::message_id;
use crate::trace::Trace;
use crate::{ExchangeError, Role, Route};

/// What every state of a channel works with.
pub(super) struct Parts {
    pub(super) role: Role,
    pub(super) config: Config,
    pub(super) key: Arc<IdentityKey>,
    pub(super) generator: Generator,
    pub(super) outputs: VecDeque<Output>,
    pub(super) stats: Stats,
    /// What was sent and heard before the handshake.
    pub(super) trace: Trace,
}

/// What metadata says beside the route.
#[derive(Clone, Copy)]
pub(super) enum Said {
    /// Nothing.
    Bare,
    /// The moment.
    Dated,
    /// The moment, an id that nobody reads, and a place.
    Placed(u64),
}

impl Parts {
    /// The bytes of a signed and padded envelope.
    pub(super) fn envelope(
        &mut self,
        now: Time,
        route: Route,
        said: Said,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, EnvelopeError> {
        let (id, sequence) = match said {
            Said::Placed(sequence) => (message_id(&mut self.generator), sequence),
            Said::Bare | Said::Dated => (String::new(), 0),
        };
        let metadata = Metadata {
            id,
            timestamp: (!matches!(said, Said::Bare)).then(|| timestamp(now)),
            sequence,
            route: route.number(),
        };
        Envelope::sign(self.key.ed25519(), metadata, data)
            .pad(self.config.padding, &mut self.generator)
    }

    pub(super) fn send(&mut self, frame: Vec<u8>) {
        self.stats.sent = self.stats.sent.saturating_add(1);
        self.outputs.push_back(Output::Send(frame));
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Tell(event));
    }
}

impl From<ExchangeError> for End {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Malformed => Self::Malformed,
            ExchangeError::Broken => Self::Broken,
        }
    }
}

impl From<EnvelopeError> for End {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Malformed => Self::Malformed,
            EnvelopeError::Forged => Self::Forged,
            // Whoever sends something long asks first whether it fits.
            EnvelopeError::TooLong { .. } => Self::Broken,
        }
    }
}
