use switch::Token;
use vault::Batch;
use wire::v1::KeptToken;

use super::places::ListenError;
use crate::keep::{Keep, KeepError};
use crate::now::random;
use crate::records::{Kept, put, read};

/// Under which tokens relays and brokers know a node that waits there. Links have them in them.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever listens decides what servers can tell"
)]
pub enum Tokens {
    /// Each under one that is drawn: a link leads here as long as it is waited for, and nobody can tell that it
    /// is the same node as the last time.
    #[default]
    Drawn,
    /// Each under one of its own, which is drawn the first time and kept: links go on to lead here, and that
    /// server can tell that it is the same node.
    Kept,
    /// The same, but drawn anew: links of before lead nowhere.
    Renewed,
    /// All under this one, so there may be one server at most. One of one's own has 32 bytes.
    Given(Token),
}

impl Tokens {
    /// The token for `place`, as a link writes it.
    pub(super) async fn token(&self, place: &str, keep: &Keep) -> Result<Token, ListenError> {
        if let Self::Given(token) = self {
            return Ok(token.clone());
        }
        if matches!(self, Self::Kept)
            && let Some(record) = keep.get(KeptToken::KIND, place.as_bytes()).await?
        {
            let kept: KeptToken = read(&record)?;
            let token = Token::from_bytes(&kept.token);
            return token.map_err(|_| {
                KeepError::Record {
                    title: KeptToken::TITLE,
                }
                .into()
            });
        }
        let token = drawn()?;
        if !matches!(self, Self::Drawn) {
            let mut batch = Batch::new();
            let kept = KeptToken {
                token: token.as_bytes().to_vec(),
            };
            put(&mut batch, place.as_bytes(), &kept);
            keep.commit(batch).await?;
        }
        Ok(token)
    }
}

/// A token that may be one's own. Of random bytes nearly all may; it is drawn until one does.
fn drawn() -> Result<Token, ListenError> {
    for _ in 0..TRIES {
        let bytes: [u8; 32] = random().map_err(|_| ListenError::NoRandomness)?;
        if let Ok(token) = Token::from_bytes(&bytes)
            && token.may_be_own()
        {
            return Ok(token);
        }
    }
    Err(ListenError::NoRandomness)
}

const TRIES: u32 = 16;
