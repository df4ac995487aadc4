use alloc::vec::Vec;

use crate::codec::{DecodeError, Object, Reader};
use crate::ids::{Head, UserId};
use crate::key::Signature;

use super::{DeviceChain, DeviceStatement};

/// Where the statements of a device chain stand in its bytes, found without looking at a key or a
/// signature: says what a new statement repeats or follows, and nothing of whether it may.
///
/// # Spec
///
/// `spec/15-identity.md` 4.
#[derive(Clone, Debug)]
pub struct DeviceOutline<'a> {
    user_id: UserId,
    statements: Vec<&'a [u8]>,
    head: Head,
}

/// Where a statement stands to a device chain.
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever forgets one must not compile"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChainPlace {
    /// It is one of the chain's.
    There,
    /// Its number and link are those of the next one.
    Next,
    /// Another one is in its place, or it is not the next one, or it is about another account.
    Elsewhere,
}

impl<'a> DeviceOutline<'a> {
    /// Finds the statements in `bytes`, a chain that was [replayed](DeviceChain::replay) before.
    ///
    /// # Errors
    ///
    /// See [`DecodeError`]. Bytes that pass are not thereby a valid chain.
    pub fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::object(bytes, Object::DeviceChain)?;
        let user_id = UserId::read(&mut reader)?;
        let count = usize::from(reader.le16()?);
        if count > DeviceChain::MAX {
            return Err(DecodeError::Length { len: count });
        }
        let mut statements = Vec::new();
        let mut head = Head::NONE;
        for _ in 0..count {
            let (statement, body) = skip(&mut reader)?;
            statements.push(statement);
            head = Head::of_device_statement(body);
        }
        reader.end()?;
        Ok(Self {
            user_id,
            statements,
            head,
        })
    }

    /// Where `statement`, which may be anyone's, stands.
    #[must_use]
    pub fn place(&self, statement: &DeviceStatement) -> ChainPlace {
        let before = usize::try_from(statement.seq())
            .ok()
            .and_then(|seq| seq.checked_sub(1));
        let is_next = before == Some(self.statements.len()) && statement.prev == self.head;
        let there = before.and_then(|before| self.statements.get(before));
        match there {
            _ if statement.user_id() != self.user_id => ChainPlace::Elsewhere,
            Some(there) if *there == statement.to_bytes() => ChainPlace::There,
            None if is_next => ChainPlace::Next,
            _ => ChainPlace::Elsewhere,
        }
    }

    /// How many statements the chain has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether the chain has no statement.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

/// The bytes of the next statement, and those of its body.
fn skip<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8], &'a [u8]), DecodeError> {
    let from = reader.rest();
    let body = reader.bytes16(0..=usize::from(u16::MAX))?;
    let signers = reader.flags(0b1111)?;
    if signers & 1 != 0 {
        Signature::read(reader)?;
    }
    for bit in [2, 4] {
        if signers & bit != 0 {
            reader.array::<32>()?;
            reader.array::<64>()?;
        }
    }
    if signers & 8 != 0 {
        reader.array::<64>()?;
    }
    let length = from.len().saturating_sub(reader.left());
    let statement = from.get(..length).ok_or(DecodeError::Cut)?;
    Ok((statement, body))
}
