//! What somebody sees who watches without the passphrase: counted from the bytes that a server
//! really stores, and from those that really came to a group. What goes from one to another on a
//! network is not heard here, so the story describes it and says that it is not counted.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use rendezvous::Id;
use rendezvous::board::{Board, Entries, Phase};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// All that a server holds of one board.
#[derive(Debug)]
pub(super) struct Holdings {
    /// Number and size of the records of each kind.
    pub(super) kinds: [Kind; 3],
    /// For each two visitors, how many records and bytes name both.
    pub(super) pairs: Vec<Pair>,
    /// Every byte.
    pub(super) bytes: Vec<u8>,
}

/// Records of one kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Kind {
    pub(super) records: usize,
    pub(super) bytes_each: usize,
}

/// What went between two visitors, in both directions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Pair {
    /// The beginnings of both ids, in hexadecimal.
    pub(super) who: [String; 2],
    pub(super) records: usize,
    pub(super) bytes: usize,
}

impl Holdings {
    /// Asks the server for everything, as anybody can.
    pub(super) async fn read(server: SocketAddr, board: &Board) -> io::Result<Self> {
        let Board::Named(name) = board else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let body = get(server, &format!("/meet/{name}/new?after=0")).await?;
        Ok(Self::of(board, body))
    }

    fn of(board: &Board, bytes: Vec<u8>) -> Self {
        let mut kinds = [Kind::default(); 3];
        let mut pairs = BTreeMap::new();
        for entry in Entries::new(board, &bytes) {
            let kind = match entry.phase {
                Phase::One => &mut kinds[0],
                Phase::Two => &mut kinds[1],
                Phase::Three => &mut kinds[2],
            };
            kind.records = kind.records.saturating_add(1);
            kind.bytes_each = entry.record.len();
            if let (Phase::Two | Phase::Three, Some((from, rest))) =
                (entry.phase, entry.record.split_first_chunk::<32>())
                && let Some(to) = rest.first_chunk::<32>()
            {
                let key = if from < to {
                    [*from, *to]
                } else {
                    [*to, *from]
                };
                let (records, bytes) = pairs.entry(key).or_insert((0_usize, 0_usize));
                *records = records.saturating_add(1);
                *bytes = bytes.saturating_add(entry.record.len());
            }
        }
        let pairs = pairs.into_iter().map(|(ids, (records, bytes))| Pair {
            who: ids.map(|id| short(&id)),
            records,
            bytes,
        });
        Self {
            kinds,
            pairs: pairs.collect(),
            bytes,
        }
    }

    /// Whether the exchange is complete: an answer and a closing answer each way for each two of
    /// `people`.
    pub(super) fn is_complete(&self, people: usize) -> bool {
        let [t1, t2, t3] = self.kinds.map(|kind| kind.records);
        let ordered_pairs = people.saturating_mul(people.saturating_sub(1));
        t1 == people && t2 == ordered_pairs && t3 == ordered_pairs
    }
}

/// Whether `secret` stands anywhere in `bytes`.
pub(super) fn contains(bytes: &[u8], secret: impl AsRef<[u8]>) -> bool {
    let secret = secret.as_ref();
    bytes.windows(secret.len()).any(|window| window == secret)
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

/// The body of one answer; plain HTTP, so that nothing of ours is between.
async fn get(server: SocketAddr, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let body = head.and_then(|end| answer.get(end.saturating_add(4)..));
    body.map(<[u8]>::to_vec)
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

const MAX_ANSWER: u64 = 1 << 21;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted_by_kind_and_by_pair() {
        let board = Board::Named("garden".parse().unwrap());
        let mut bytes = [&[1][..], &[0; 768]].concat();
        for (kind, from, to) in [(2, 7, 9), (2, 9, 7), (3, 7, 9), (2, 7, 8)] {
            bytes.extend([&[kind][..], &[from; 32], &[to; 32], &[0; 32]].concat());
        }
        let holdings = Holdings::of(&board, bytes);
        assert_eq!(holdings.kinds.map(|kind| kind.records), [1, 3, 1]);
        assert_eq!(holdings.kinds.map(|kind| kind.bytes_each), [768, 96, 96]);
        let pairs: Vec<_> = holdings
            .pairs
            .iter()
            .map(|pair| (pair.records, pair.bytes))
            .collect();
        assert_eq!(pairs, [(1, 96), (3, 288)]);
        assert_eq!(holdings.pairs[1].who, ["070707", "090909"]);
        assert!(!holdings.is_complete(2));
    }

    #[test]
    fn secrets_are_found_wherever_they_stand() {
        assert!(contains(b"xxsecret", "secret"));
        assert!(!contains(b"xxsecre", "secret"));
    }
}
