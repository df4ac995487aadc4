//! Who is taken, and who is asked about.

use clap::ValueEnum;
use node::call::{Admit, Introduced, Seen, Who as Known};

use super::call::{CallId, Order, Stage};
use super::desk::Daemon;
use super::hub::Asker;
use super::log::Level;
use super::protocol::{Event, Fault, Reply, Verdict, Who};

/// Whom a daemon takes without asking its clients.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Mode {
    /// Nobody.
    Strict,
    /// Those who are known by their key.
    Quick,
    /// Everybody: nothing is verified.
    Auto,
}

impl Mode {
    /// As clients write it.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Strict => 0,
            Self::Quick => 1,
            Self::Auto => 2,
        }
    }

    fn of(number: i64) -> Option<Self> {
        let mut modes = [Self::Strict, Self::Quick, Self::Auto].into_iter();
        modes.find(|mode| i64::from(mode.number()) == number)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Quick => "quick",
            Self::Auto => "auto",
        }
    }

    /// Whom the node takes by itself.
    pub(super) const fn admit(self) -> Admit {
        match self {
            Self::Strict => Admit::Nobody,
            Self::Quick | Self::Auto => Admit::Known,
        }
    }

    /// Whether somebody who is introduced is taken.
    fn takes(self, who: &Known) -> bool {
        match self {
            Self::Strict => false,
            Self::Quick => matches!(who, Known::Known(_)),
            Self::Auto => true,
        }
    }
}

impl Daemon<'_> {
    /// Somebody says to be this.
    pub(super) fn introduced(&mut self, id: CallId, who: &Introduced) {
        let mode = self.mode;
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.is_closing {
            return;
        }
        if mode.takes(&who.who) {
            call.order(Order::Accept(Seen::NotCompared));
            return self.log(Level::Info, "somebody was taken without asking");
        }
        self.next_request = self.next_request.saturating_add(1);
        let request_id = self.next_request;
        let event = verify_peer(request_id, who, mode);
        call.stage = Stage::Asked(request_id);
        self.tell_status();
        self.log(Level::Info, "somebody waits to be verified");
        self.hub.tell(&event);
    }

    pub(super) fn verify_response(&mut self, given: &Verdict, asker: &Asker) -> Result<(), Fault> {
        let mut calls = self.calls.values_mut();
        let asked = |stage: &Stage| matches!(stage, Stage::Asked(id) if *id == given.request_id);
        let call = calls.find(|call| asked(&call.stage)).ok_or_else(|| {
            Fault::new("verification_not_found", "verification request not found")
        })?;
        call.stage = Stage::Opening;
        let (order, text) = match (given.accepted, given.entrenous_compared) {
            (true, true) => (Order::Accept(Seen::Compared), "somebody was accepted"),
            (true, false) => (Order::Accept(Seen::NotCompared), "somebody was accepted"),
            (false, _) => (Order::Refuse, "somebody was refused"),
        };
        call.order(order);
        let over = Event::VerifyOver {
            request_id: given.request_id,
        };
        self.hub.tell(&over);
        self.tell_status();
        self.log(Level::Info, text);
        self.reply(asker, Reply::Done { status: "ok" })
    }

    /// Takes people otherwise from now on. Where calls are taken, they are taken anew.
    pub(super) async fn set_mode(&mut self, number: i64, asker: &Asker) -> Result<(), Fault> {
        let mode = Mode::of(number).ok_or_else(|| {
            Fault::new(
                "invalid_verification_mode",
                format_args!("invalid mode: {number}"),
            )
        })?;
        self.mode = mode;
        let (status, mode) = ("ok", number.to_string());
        self.hub.reply(asker, Reply::ModeSet { status, mode });
        // If that fails, the mode is set all the same.
        self.listen_otherwise().await;
        Ok(())
    }
}

fn verify_peer(request_id: u64, who: &Introduced, mode: Mode) -> Event {
    let (entrenous_who, known) = match &who.who {
        Known::Known(known) => (Who::Known, Some(known)),
        Known::Changed(known) => (Who::KeyChanged, Some(known)),
        Known::Unknown => (Who::Unknown, None),
    };
    Event::VerifyPeer {
        request_id,
        peer_name: who.claim.clone(),
        emoji: who.fingerprint.emoji(),
        hex: who.fingerprint.to_hex(),
        known: entrenous_who == Who::Known,
        mode: mode.name(),
        entrenous_who,
        entrenous_name: known.map(|known| known.name().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_have_the_numbers_of_kamune() {
        assert_eq!(Mode::of(0), Some(Mode::Strict));
        assert_eq!(Mode::of(1), Some(Mode::Quick));
        assert_eq!(Mode::of(2), Some(Mode::Auto));
        assert_eq!((Mode::of(-1), Mode::of(3)), (None, None));
    }

    #[test]
    fn only_auto_takes_whom_nobody_knows() {
        assert!(!Mode::Strict.takes(&Known::Unknown));
        assert!(!Mode::Quick.takes(&Known::Unknown));
        assert!(Mode::Auto.takes(&Known::Unknown));
        assert_eq!(Mode::Strict.admit(), Admit::Nobody);
    }
}
