use alloc::string::String;
use alloc::vec::Vec;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};

use super::Card;

const TEXT: &str = "entrenous:c/";
const QR: &str = "ENTRENOUS:C/";

pub(super) fn to_text(bytes: &[u8]) -> String {
    let mut text = String::from(TEXT);
    BASE64URL_NOPAD.encode_append(bytes, &mut text);
    text
}

pub(super) fn to_qr(bytes: &[u8]) -> String {
    let mut text = String::from(QR);
    BASE32_NOPAD.encode_append(bytes, &mut text);
    text
}

/// The bytes behind either form; both refuse padding and bits left over.
pub(super) fn from_text(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let (encoding, code) = match text.strip_prefix(TEXT) {
        Some(code) => (BASE64URL_NOPAD, code),
        None => (BASE32_NOPAD, text.strip_prefix(QR)?),
    };
    if code.len() > Card::MAX_ML_DSA.saturating_mul(2) {
        return None;
    }
    encoding.decode(code.as_bytes()).ok()
}
