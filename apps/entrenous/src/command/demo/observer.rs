//! What somebody sees who watches without the passphrase. Everything here is counted from bytes
//! that really travelled or are really stored.

use rendezvous::Id;

/// Whether `secret` stands anywhere in `bytes`.
pub(super) fn contains(bytes: &[u8], secret: &str) -> bool {
    bytes
        .windows(secret.len())
        .any(|window| window == secret.as_bytes())
}

/// The name an observer may give to a visitor.
pub(super) fn short(id: &[u8; 32]) -> String {
    let mut text = hex::encode(id);
    text.truncate(6);
    text
}

/// The id of the T1 in an announcement on a network.
pub(super) fn announced(datagram: &[u8]) -> Option<String> {
    let t1 = datagram.strip_prefix(b"t1")?.get(1..)?;
    Some(short(Id::of_t1(t1).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_wherever_they_stand() {
        assert!(contains(b"xxsecret", "secret"));
        assert!(!contains(b"xxsecre", "secret"));
    }
}
