use alloc::vec::Vec;

use kernel::Label;

/// What ties a proof to one server, so that nobody can forward it to another.
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever forgets a binding must not compile"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binding<'a> {
    /// The TLS 1.3 exporter of the connection.
    Exporter(&'a [u8; 32]),
    /// The name the client dialled: lower case, no port, 1 to 253 bytes.
    Name(&'a str),
}

impl<'a> Binding<'a> {
    /// How a proof names it.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Exporter(_) => 1,
            Self::Name(_) => 2,
        }
    }

    fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Exporter(exporter) => *exporter,
            Self::Name(name) => name.as_bytes(),
        }
    }
}

/// What a proof says.
#[expect(clippy::exhaustive_structs, reason = "the fields of the signed bytes")]
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Where.
    pub binding: Binding<'a>,
    /// From the server, for one connection or 60 s.
    pub server_nonce: &'a [u8; 32],
    /// From the client, random.
    pub client_nonce: &'a [u8; 32],
    /// The account.
    pub account: &'a [u8; 32],
    /// The device's Ed25519 key.
    pub device: &'a [u8; 32],
    /// The bytes of the operation, as sent.
    pub operation: &'a [u8],
}

/// The bytes that a device key signs to prove that it asks for an operation.
///
/// `None` if the name is empty or longer than 253 bytes.
///
/// # Spec
///
/// `spec/40-server.md` section 3.
#[must_use]
pub fn signed(what: &Signed<'_>) -> Option<Vec<u8>> {
    let binding = what.binding.bytes();
    let length = u8::try_from(binding.len()).ok()?;
    if length == 0 || length > NAME_MAX {
        return None;
    }
    let head = [what.binding.kind(), length];
    let parts: [&[u8]; 8] = [
        Label::ServerProof.bytes(),
        &head,
        binding,
        what.server_nonce,
        what.client_nonce,
        what.account,
        what.device,
        what.operation,
    ];
    Some(parts.concat())
}

const NAME_MAX: u8 = 253;
