use kernel::{Label, Time};
use primitives::{ConstantTimeEq, Secret, VerifyingKey};
use wire::v1::Proof;
use wire::{Binding, Code, Refusal, Signed, signed};

use super::Caller;
use crate::accounts::Name;

/// A device of an account, proven.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Session {
    pub(crate) account: Name,
    pub(crate) device: [u8; 32],
}

/// Where a request came in, as far as proofs are bound to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The exporter, if this server ended TLS 1.3 itself.
    pub(crate) exporter: Option<&'a [u8; 32]>,
    /// The nonce of the connection, on `/v1/live`.
    pub(crate) nonce: Option<&'a [u8; 32]>,
}

impl<'a> Place<'a> {
    /// Whether the connection stays after the request.
    pub(crate) const fn is_lasting(&self) -> bool {
        self.nonce.is_some()
    }

    /// The only binding that is taken here.
    pub(crate) const fn binding(&self, name: &'a str) -> Binding<'a> {
        match self.exporter {
            Some(exporter) => Binding::Exporter(exporter),
            None => Binding::Name(name),
        }
    }
}

/// Gives out nonces and knows them again, without keeping any.
#[derive(Debug)]
pub(super) struct Nonces {
    secret: Secret<32>,
}

impl Nonces {
    pub(super) const fn new(secret: Secret<32>) -> Self {
        Self { secret }
    }

    /// A nonce that is good for 60 s.
    pub(super) fn issue(&self, now: Time, random: [u8; 8]) -> [u8; 32] {
        self.nonce(now.as_ms().to_be_bytes(), random)
    }

    /// # Spec
    ///
    /// `spec/40-server.md` section 3.
    fn nonce(&self, time: [u8; 8], random: [u8; 8]) -> [u8; 32] {
        let label = Label::ServerNonce.bytes();
        let mac = primitives::hash(&[label, self.secret.expose(), &time, &random]);
        let mut nonce = [0; 32];
        let parts = time.iter().chain(&random).chain(&mac);
        for (to, from) in nonce.iter_mut().zip(parts) {
            *to = *from;
        }
        nonce
    }

    fn is_good(&self, now: Time, nonce: &[u8; 32]) -> bool {
        let [time, random, ..] = nonce.as_chunks::<8>().0 else {
            return false;
        };
        let is_ours: bool = self.nonce(*time, *random).ct_eq(nonce).into();
        let issued = Time::from_ms(u64::from_be_bytes(*time));
        let age = now.since(issued).as_millis();
        is_ours && issued <= now && age <= u128::from(VALID_MS)
    }

    /// Whose proof it is, as far as its signature goes: that the device is a live one of the
    /// account is still to be seen.
    pub(super) fn verify(
        &self,
        caller: &Caller<'_>,
        name: &str,
        proof: &Proof,
        operation: &[u8],
    ) -> Result<Session, Refusal> {
        let session = self.checked(caller, name, proof, operation);
        session.ok_or(REFUSED)
    }

    fn checked(
        &self,
        caller: &Caller<'_>,
        name: &str,
        proof: &Proof,
        operation: &[u8],
    ) -> Option<Session> {
        let server_nonce: &[u8; 32] = proof.server_nonce.as_slice().try_into().ok()?;
        let is_good = match caller.place.nonce {
            Some(nonce) => nonce == server_nonce,
            None => self.is_good(caller.now, server_nonce),
        };
        let binding = caller.place.binding(name);
        if !is_good || proof.binding != u32::from(binding.kind()) {
            return None;
        }
        let session = Session {
            account: proof.account.as_slice().try_into().ok()?,
            device: proof.device.as_slice().try_into().ok()?,
        };
        let message = signed(&Signed {
            binding,
            server_nonce,
            client_nonce: proof.client_nonce.as_slice().try_into().ok()?,
            account: &session.account,
            device: &session.device,
            operation,
        })?;
        let key = VerifyingKey::from_bytes(&session.device).ok()?;
        let signature: &[u8; 64] = proof.signature.as_slice().try_into().ok()?;
        key.verify(&message, signature).ok()?;
        Some(session)
    }
}

/// Whatever is wrong with a proof.
pub(super) const REFUSED: Refusal = Refusal::new(Code::Refused, "the proof is not accepted");
pub(super) const VALID_MS: u32 = 60_000;

#[cfg(test)]
mod tests {
    use primitives::SigningKey;

    use super::*;
    use crate::board::Source;

    const NOW: Time = Time::from_ms(1_800_000_000_000);

    fn proof(name: &str, nonce: [u8; 32], operation: &[u8]) -> Proof {
        let key = SigningKey::from_seed(&Secret::new([1; 32]));
        let device = key.verifying_key().to_bytes();
        let message = signed(&Signed {
            binding: Binding::Name(name),
            server_nonce: &nonce,
            client_nonce: &[5; 32],
            account: &[6; 32],
            device: &device,
            operation,
        });
        Proof {
            account: vec![6; 32],
            device: device.to_vec(),
            server_nonce: nonce.to_vec(),
            client_nonce: vec![5; 32],
            binding: 2,
            signature: key.sign(&message.unwrap()).to_vec(),
        }
    }

    fn verify(nonces: &Nonces, place: Place<'_>, now_ms: u64, proof: &Proof) -> bool {
        let caller = Caller {
            source: Source::new(1),
            place,
            session: None,
            now: Time::from_ms(now_ms),
        };
        nonces.verify(&caller, "here", proof, b"operation").is_ok()
    }

    #[test]
    fn a_nonce_is_good_for_a_minute_and_only_where_it_was_issued() {
        let nonces = Nonces::new(Secret::new([1; 32]));
        let place = Place {
            exporter: None,
            nonce: None,
        };
        let good = proof("here", nonces.issue(NOW, [9; 8]), b"operation");
        let start = NOW.as_ms();
        assert!(verify(&nonces, place, start, &good));
        assert!(verify(&nonces, place, start + 60_000, &good));
        assert!(!verify(&nonces, place, start + 60_001, &good));
        assert!(!verify(&nonces, place, start - 1, &good), "from the future");
        assert!(!verify(
            &Nonces::new(Secret::new([2; 32])),
            place,
            start,
            &good
        ));
        let own = proof("here", [9; 32], b"operation");
        assert!(!verify(&nonces, place, start, &own), "the client's own");
    }

    #[test]
    fn a_proof_is_for_one_name_one_operation_and_one_kind_of_place() {
        let nonces = Nonces::new(Secret::new([1; 32]));
        let start = NOW.as_ms();
        let live = Place {
            exporter: None,
            nonce: Some(&[7; 32]),
        };
        let good = proof("here", [7; 32], b"operation");
        assert!(verify(&nonces, live, start, &good));
        assert!(!verify(
            &nonces,
            live,
            start,
            &proof("elsewhere", [7; 32], b"operation")
        ));
        assert!(!verify(
            &nonces,
            live,
            start,
            &proof("here", [7; 32], b"other")
        ));
        assert!(!verify(
            &nonces,
            live,
            start,
            &proof("here", [8; 32], b"operation")
        ));
        let tls = Place {
            exporter: Some(&[3; 32]),
            ..live
        };
        assert!(
            !verify(&nonces, tls, start, &good),
            "a name where there is an exporter"
        );
        let mut other = good.clone();
        other.account = vec![7; 32];
        assert!(!verify(&nonces, live, start, &other));
        let mut other = good;
        other.signature[0] ^= 1;
        assert!(!verify(&nonces, live, start, &other));
    }
}
