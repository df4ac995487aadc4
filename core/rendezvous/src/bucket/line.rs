use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::Kind;
use primitives::Zeroizing;

use super::{Hash, Host, Passphrase};

/// What is passed to the joiner, perhaps watched: which bucket of which rendezvous server.
///
/// `Display` prints it without the words.
///
/// # Spec
///
/// `spec/11-buckets.md` section 2.4.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    host: Host,
    hash: Hash,
}

impl Line {
    /// Most bytes of a line, with its words.
    pub const MAX: usize = 2048;

    /// The bucket `hash` at `host`.
    #[must_use]
    pub const fn new(host: Host, hash: Hash) -> Self {
        Self { host, hash }
    }

    /// The rendezvous server.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The bucket.
    #[must_use]
    pub const fn hash(&self) -> &Hash {
        &self.hash
    }

    /// The line and the words in one text, as secret as the words.
    #[must_use]
    pub fn joined(&self, passphrase: &Passphrase) -> Zeroizing<String> {
        let line = alloc::format!("{self}#");
        // Room for every byte escaped, so that no copy is left behind by growing.
        let words = passphrase.expose();
        let room = line.len().saturating_add(words.len().saturating_mul(3));
        let mut text = Zeroizing::new(String::with_capacity(room));
        text.push_str(&line);
        for byte in words.bytes() {
            match byte {
                b' ' => text.push('+'),
                plain if is_plain(plain) => text.push(plain.into()),
                other => {
                    text.push('%');
                    text.extend([other >> 4, other & 15].map(hex_digit));
                }
            }
        }
        text
    }

    /// Reads what a person pasted: a line, alone or joined with its words.
    ///
    /// # Errors
    ///
    /// See [`LineError`].
    pub fn read(text: &str) -> Result<(Self, Option<Passphrase>), LineError> {
        if text.len() > Self::MAX {
            return Err(LineError::Length { got: text.len() });
        }
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        let scheme = text.split_at_checked(SCHEME.len());
        let (_, rest) = scheme
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
            .ok_or(LineError::Scheme)?;
        let rest = rest.strip_prefix(PATH).ok_or(LineError::Scheme)?;
        let (line, words) = match rest.split_once('#') {
            Some((line, words)) => (line, Some(words)),
            None => (rest, None),
        };
        let (host, hash) = line.split_once('/').ok_or(LineError::Hash)?;
        let host = Host::typed(host).map_err(|_| LineError::Host)?;
        let hash = URL_SAFE_NO_PAD.decode(hash).ok();
        let hash = hash.and_then(|hash| Hash::from_bytes(&hash));
        let hash = hash.ok_or(LineError::Hash)?;
        Ok((Self { host, hash }, words.map(read_words).transpose()?))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = URL_SAFE_NO_PAD.encode(self.hash.as_bytes());
        write!(f, "{SCHEME}{PATH}{}/{hash}", self.host)
    }
}

fn read_words(words: &str) -> Result<Passphrase, LineError> {
    let mut text = Zeroizing::new(Vec::with_capacity(words.len()));
    let mut bytes = words.bytes();
    while let Some(byte) = bytes.next() {
        let read = match byte {
            b'+' => Some(b' '),
            b'%' => bytes.next().and_then(hex_value).and_then(|high| {
                let low = bytes.next().and_then(hex_value)?;
                Some(high << 4 | low)
            }),
            plain => is_plain(plain).then_some(plain),
        };
        text.push(read.ok_or(LineError::Words)?);
    }
    let text = str::from_utf8(&text).map_err(|_| LineError::Words)?;
    Passphrase::new(text).map_err(|_| LineError::Words)
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hex_digit(value: u8) -> char {
    let digit = char::from_digit(value.into(), 16).unwrap_or('0');
    digit.to_ascii_uppercase()
}

fn hex_value(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Why a text is no line. A person most likely copied it in part.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Too long.
    #[error("line has {got} bytes, at most {max} are possible", max = Line::MAX)]
    Length {
        /// Its length in bytes.
        got: usize,
    },
    /// Something else.
    #[error("line does not begin with {SCHEME}{PATH}")]
    Scheme,
    /// The part between the slashes names no server.
    #[error("line names no server")]
    Host,
    /// The part behind the last slash is no hash of a bucket.
    #[error("line is cut or mistyped: its last part is not 43 letters and digits")]
    Hash,
    /// The part behind `#` is no passphrase.
    #[error("words of the line are cut or mistyped")]
    Words,
}

impl LineError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }

    /// The name of the refusal in the spec.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Length { .. } => "length",
            Self::Scheme => "scheme",
            Self::Host => "host",
            Self::Hash => "hash",
            Self::Words => "words",
        }
    }
}

const SCHEME: &str = "entrenous:";
const PATH: &str = "r/";
