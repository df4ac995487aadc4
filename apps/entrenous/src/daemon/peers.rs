//! Those whose keys are known: contacts, by their cards, and pins.

use ::identity::{Fingerprint, IdentityPublic, Name, spki};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use node::call::Known;
use node::{FindError, Node};
use primitives::VerifyingKey;

use super::desk::Daemon;
use super::hub::Asker;
use super::log::Level;
use super::protocol::{AddPeer, Fault, Peer, PeerInfo, RenamePeer, Reply, moment};

impl Daemon<'_> {
    pub(super) async fn list_peers(&mut self, asker: &Asker) -> Result<(), Fault> {
        let everyone = everyone(&*self.node()?).await?;
        let peers = everyone.iter().map(|known| info(known, Form::Padded));
        let peers = peers.collect();
        self.reply(asker, Reply::Peers { peers })
    }

    pub(super) async fn get_peer(&mut self, given: &Peer, asker: &Asker) -> Result<(), Fault> {
        let known = find(&*self.node()?, &given.public_key).await?;
        self.reply(asker, Reply::Peer(info(&known, Form::Short)))
    }

    pub(super) async fn add_peer(&mut self, given: &AddPeer, asker: &Asker) -> Result<(), Fault> {
        let (key, fingerprint) = key_of(&given.public_key)?;
        let node = self.node()?;
        if fingerprint.to_base64() == node.fingerprint_in_calls().await.to_base64() {
            return Err(no_key("it is your own"));
        }
        let name = name(&given.name, &fingerprint)?;
        let added = node
            .pin(key, name)
            .await
            .map_err(|error| not_stored(&error))?;
        let pin = added.ok_or_else(|| {
            Fault::new(
                "peer_already_exists",
                format_args!("peer already exists: {}", given.public_key),
            )
        })?;
        self.log(Level::Info, "a peer was added");
        let (status, name) = ("added", pin.name.to_string());
        self.reply(asker, Reply::Called { status, name })
    }

    pub(super) async fn rename_peer(
        &mut self,
        given: &RenamePeer,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let node = self.node()?;
        let known = find(&node, &given.public_key).await?;
        let name = name(&given.name, &known.fingerprint())?;
        let renamed = rename(&node, &known, name.clone()).await;
        renamed.map_err(|error| not_stored(&error))?;
        self.log(Level::Info, "a peer was renamed");
        let (status, name) = ("renamed", name.to_string());
        self.reply(asker, Reply::Called { status, name })
    }

    pub(super) async fn delete_peer(&mut self, given: &Peer, asker: &Asker) -> Result<(), Fault> {
        let node = self.node()?;
        let known = find(&node, &given.public_key).await?;
        let deleted = match &known {
            Known::Contact(contact) => node.forget(contact).await,
            Known::Pin(pin) => node.unpin(pin).await,
        };
        deleted.map_err(|error| {
            Fault::new(
                "peer_delete_failed",
                format_args!("failed to delete peer: {error}"),
            )
        })?;
        self.log(Level::Info, "a peer was deleted");
        self.reply(asker, Reply::Done { status: "deleted" })
    }
}

/// How a key is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Standard base64 with padding, in lists.
    Padded,
    /// Base64url without, elsewhere.
    Short,
}

/// Everyone whose key is known.
pub(super) async fn everyone(node: &Node) -> Result<Vec<Known>, Fault> {
    node.everyone().await.map_err(|error| {
        Fault::new(
            "peer_list_failed",
            format_args!("failed to list peers: {error}"),
        )
    })
}

/// Calls somebody so from now on.
pub(super) async fn rename(node: &Node, known: &Known, name: Name) -> Result<(), FindError> {
    match known {
        Known::Contact(contact) => node.rename(contact, name).await.map(drop),
        Known::Pin(pin) => node.rename_pin(pin, name).await.map(drop),
    }
}

async fn find(node: &Node, key: &str) -> Result<Known, Fault> {
    let (wanted, _) = key_of(key)?;
    let everyone = everyone(node).await?;
    let known = everyone.into_iter().find(|known| *known.key() == wanted);
    known.ok_or_else(|| Fault::new("peer_not_found", format_args!("peer not found: {key}")))
}

fn info(known: &Known, form: Form) -> PeerInfo {
    let key = spki::encode(known.key());
    let (since, seen) = match known {
        // When a contact was last talked to is not kept.
        Known::Contact(contact) => (contact.since, contact.since),
        Known::Pin(pin) => (pin.since, pin.seen),
    };
    PeerInfo {
        name: known.name().to_string(),
        app_version: "",
        first_seen: moment(since),
        last_seen: moment(seen),
        public_key: match form {
            Form::Padded => STANDARD.encode(key),
            Form::Short => URL_SAFE_NO_PAD.encode(key),
        },
        entrenous_contact: matches!(known, Known::Contact(_)),
        entrenous_verified: known.compared().is_some(),
    }
}

/// The key that a client names, in any form of base64, and what people compare of it.
pub(super) fn key_of(text: &str) -> Result<(VerifyingKey, Fingerprint), Fault> {
    let short = text.trim().trim_end_matches('=');
    if short.is_empty() {
        return Err(no_key("public key is required"));
    }
    let short = short.replace('+', "-").replace('/', "_");
    let bytes = URL_SAFE_NO_PAD.decode(short).map_err(no_key)?;
    let bytes = bytes.as_slice().try_into().map_err(|_| {
        no_key(format_args!(
            "public key must be {} bytes (PKIX), got {}",
            spki::LEN,
            bytes.len()
        ))
    })?;
    let key = spki::decode(bytes).map_err(no_key)?;
    Ok((key, Fingerprint::of(&IdentityPublic::from(key))))
}

/// What a client calls somebody, or the pseudonym of their key.
fn name(given: &str, fingerprint: &Fingerprint) -> Result<Name, Fault> {
    let name = match given {
        "" => fingerprint.to_pseudonym(),
        given => given.to_owned(),
    };
    let name = name.parse();
    name.map_err(|error| Fault::new("invalid_name", format_args!("no name: {error}")))
}

fn no_key(why: impl std::fmt::Display) -> Fault {
    Fault::new("invalid_peer_key", format_args!("no public key: {why}"))
}

fn not_stored(error: &FindError) -> Fault {
    Fault::new("peer_store_failed", format_args!("store peer: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_in_every_form_of_base64() {
        let bytes = [
            &[
                0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
            ][..],
            // The base point: its text has characters of which the two alphabets differ.
            &[0x58][..],
            &[0x66; 31][..],
        ]
        .concat();
        let forms = [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)];
        let keys = forms.map(|form| key_of(&form).unwrap());
        assert_eq!(keys[0].0, keys[1].0);
        assert_eq!(keys[0].1.to_base64(), URL_SAFE_NO_PAD.encode(&bytes));
        for wrong in ["", "=", "!", "AAAA", &STANDARD.encode([0; 44])] {
            assert_eq!(key_of(wrong).unwrap_err().code(), "invalid_peer_key");
        }
    }
}
