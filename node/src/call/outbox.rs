use std::collections::VecDeque;

use bytes::Bytes;

use super::speaker::Speaker;

/// What was said and no connection has taken yet.
///
/// # Spec
///
/// `spec/20-channel.md` 17.4.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Bytes>,
    bytes: usize,
}

impl Outbox {
    /// Whether there is room for any message.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < MESSAGES && self.bytes.saturating_add(Speaker::MOST) <= BYTES
    }

    pub(super) fn push(&mut self, text: Bytes) {
        self.bytes = self.bytes.saturating_add(text.len());
        self.waiting.push_back(text);
    }

    /// What is to be sent next.
    pub(super) fn first(&self) -> Option<&Bytes> {
        self.waiting.front()
    }

    /// A connection has taken the first.
    pub(super) fn pop(&mut self) {
        if let Some(text) = self.waiting.pop_front() {
            self.bytes = self.bytes.saturating_sub(text.len());
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

const MESSAGES: usize = 256;
const BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_many_messages_and_so_many_bytes() {
        let mut outbox = Outbox::default();
        for _ in 0..MESSAGES {
            assert!(outbox.has_room());
            outbox.push(Bytes::from_static(b"short"));
        }
        assert!(!outbox.has_room());
        outbox.pop();
        assert!(outbox.has_room());
        while outbox.first().is_some() {
            outbox.pop();
        }
        let long = Bytes::from(vec![0; Speaker::MOST]);
        let fit = std::iter::from_fn(|| outbox.has_room().then(|| outbox.push(long.clone())));
        assert_eq!(fit.count(), BYTES / Speaker::MOST);
        assert_eq!(outbox.len(), 17);
    }
}
