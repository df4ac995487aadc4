//! What commands are given. As in Kamune, what is missing is empty, `null` is as good as missing, and what
//! nobody knows is ignored.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// What may be a secret: erased, and never shown.
#[derive(Clone, Default, Eq, PartialEq)]
pub(in crate::daemon) struct Text(Zeroizing<String>);

impl Text {
    pub(in crate::daemon) fn as_str(&self) -> &str {
        &self.0
    }

    pub(in crate::daemon) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text")
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Zeroizing::new(text)))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl From<Zeroizing<String>> for Text {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

macro_rules! params {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* })+) => {
        $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
        pub(in crate::daemon) struct $name {$(
            $(#[$about])*
            #[serde(default, deserialize_with = "lax")]
            pub(in crate::daemon) $field: $type,
        )*}
    )+

        /// The fields of each.
        #[cfg(test)]
        pub(super) const FIELDS: &[(&str, &[&str])] =
            &[$((stringify!($name), &[$(stringify!($field)),*]),)+];
    };
}

params! {
    /// `open_storage`.
    OpenStorage {
        storage_path: String,
        db_no_passphrase: bool,
        /// Ours: a key file that opens the profile.
        entrenous_key_file: String,
    }
    /// `submit_passphrase`.
    SubmitPassphrase { passphrase: Text, }
    /// `start_server`; each transport looks at what it needs.
    StartServer {
        addr: String,
        transport: String,
        name: String,
        relay_addr: String,
        password: Text,
        broker_addr: String,
        peer_pub_b64: String,
        direct_peer_addr: String,
    }
    /// `dial`; the same.
    Dial {
        addr: String,
        transport: String,
        name: String,
        relay_addr: String,
        token: Text,
        password: Text,
        broker_addr: String,
        peer_pub_b64: String,
        p2p_token: Text,
        direct_peer_addr: String,
    }
    /// `send_message`.
    Send { session_id: String, data_base64: String, }
    /// What is done with a session, live or past.
    Session { session_id: String, }
    /// `rename_session`.
    Rename { session_id: String, name: String, }
    /// `generate_relay_token`.
    RelayToken { peer_pub_b64: String, }
    /// `generate_p2p_token`.
    P2pToken { broker_addr: String, peer_pub_b64: String, }
    /// `remove_relay_token` and `remove_p2p_token`.
    Token { token: Text, }
    /// `get_history_messages`.
    Messages {
        session_id: String,
        /// Ours: only lines before the one of this number.
        entrenous_before: u64,
    }
    /// `verify_response`.
    Verdict {
        request_id: u64,
        accepted: bool,
        /// Ours: a person has compared the fingerprints.
        entrenous_compared: bool,
    }
    /// `set_verification_mode`.
    SetMode { mode: i64, }
    /// `get_peer` and `delete_peer`.
    Peer { public_key: String, }
    /// `add_peer`.
    AddPeer { public_key: String, name: String, }
    /// `rename_peer`.
    RenamePeer { public_key: String, name: String, }
    /// `set_fingerprint_format`.
    SetFormat { format: String, }
    /// `set_my_name`.
    SetName { name: String, }
    /// `set_incognito`.
    SetEnabled { enabled: bool, }
    /// `export_logs`.
    ExportLogs { file_path: String, }
    /// `set_log_level`.
    SetLevel { level: String, }
    /// Ours: `entrenous_send_file`.
    SendFile { session_id: String, path: String, }
    /// Ours: `entrenous_accept_file`.
    AcceptFile { session_id: String, file_id: String, into: String, }
    /// Ours: `entrenous_cancel_file`.
    File { session_id: String, file_id: String, }
}

/// A value, or what is there without one.
pub(super) fn lax<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// What only an object says, never a list of the same values; nothing, or `null`, is empty.
#[derive(Debug, Default)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Default + Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader(PhantomData)).map(Self)
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Default + Deserialize<'de>> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
}
