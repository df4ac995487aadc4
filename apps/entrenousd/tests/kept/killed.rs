//! The server is killed in the midst of a thousand requests, a hundred times.
//!
//! Each round is a storm on 32 live connections, all its requests in hand at once: 20 registrations
//! (4 pins, 5 accounts for each), 320 invitations left (by 16 accounts), 360 takes (3 claims for each of 120
//! invitations of the round before), and 300 bucket entries. Pins cost an Argon2id at each try, so
//! they are few. The server is killed at another number of answers in each round, started again on what
//! it has kept, and asked for all of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rendezvous::bucket::Id;
use wire::v1::operation::Operation as Op;
use wire::v1::{
    Authenticate, BucketFetch, BucketLeave, InvitationLeave, InvitationTake, InvitationsGet,
    Request, answer,
};
use wire::{Code, Refusal};

use crate::home::{Home, Running};
use crate::live::Live;
use crate::person::{Person, bytes};

const ROUNDS: usize = 100;
const CONNECTIONS: usize = 32;
/// Connections that are an account's, the first ones.
const OWNERS: usize = 16;
const PINS: usize = 4;
const NEWCOMERS: usize = 5;
const LEFT: usize = 320;
const TAKEN: usize = 120;
const CLAIMS: usize = 3;
const ENTRIES: usize = 300;
/// Rounds of one set of accounts: each may have 64 invitations open.
const ROUNDS_OF_SET: usize = 3;

#[test]
fn killed_amid_a_thousand_requests_it_keeps_what_it_acknowledged_and_nothing_twice() {
    let rounds = std::env::var("ENTRENOUS_KILLS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(all(rounds));
}

async fn all(rounds: usize) {
    let home = Home::new("kill");
    home.configure("registration = \"open\"\ntrusted_proxies = [\"127.0.0.1\"]\n");
    let sets = rounds / ROUNDS_OF_SET + 1;
    let server = home.start();
    found(&server.address, sets).await;
    server.stop();
    home.configure("trusted_proxies = [\"127.0.0.1\"]\n");

    let mut server = home.start();
    let first: Vec<Wish> = (0..LEFT).map(|number| Wish::Leave { number }).collect();
    let told = ask(&server.address, 0, &first, None).await;
    assert!(told.iter().all(|one| *one == Some(Told::Done)), "{told:?}");
    let mut unknown = BTreeMap::new();
    for round in 1..=rounds {
        let pins: Vec<String> = (0..PINS).map(|_| home.pin()).collect();
        let wishes = storm(&pins);
        let kill = Kill {
            // From the first answers to the last.
            at: 1 + round * 989 / rounds,
            heard: AtomicUsize::new(0),
            server: Mutex::new(Some(server)),
        };
        let address = kill.address();
        let before = ask(&address, round, &wishes, Some(Arc::new(kill))).await;
        for (wish, told) in wishes.iter().zip(&before) {
            let unknown: &mut (u32, u32) = unknown.entry(wish.name()).or_default();
            match told {
                Some(_) => unknown.0 += 1,
                None => unknown.1 += 1,
            }
        }
        server = home.start();
        check(&server.address, round, &wishes, &before).await;
    }
    // The kills came in the midst of each kind of request.
    assert!(
        unknown.len() == 4 && unknown.values().all(|(told, not)| *told > 0 && *not > 0),
        "{unknown:?}"
    );
    let status = home.ask(&["status"]);
    assert_eq!(status["accounts"], sets * OWNERS + rounds * PINS);
    assert_eq!(status["pins"], 0);
    server.stop();
}

/// Makes the accounts that leave invitations.
async fn found(address: &str, sets: usize) {
    for set in 0..sets {
        let mut live = Live::connect(address, set).await;
        let nonce = live.nonce;
        let register = |number| {
            let person = owner(set * ROUNDS_OF_SET, number);
            person.request(&nonce, &person.register(""))
        };
        let requests = (0..OWNERS).map(register).collect();
        let heard = |_, said: Result<_, _>| assert!(said.is_ok(), "{said:?}");
        live.ask_all(requests, heard).await;
    }
}

fn owner(round: usize, number: usize) -> Person {
    let set = round / ROUNDS_OF_SET;
    Person::new(u32::try_from(set * OWNERS + number).unwrap())
}

/// Something asked for in a round.
enum Wish {
    Register { pin: String, number: usize },
    Leave { number: usize },
    Take { number: usize, claim: usize },
    Entry { number: usize },
}

/// What the server said of it.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Told {
    Done,
    Sealed(Vec<u8>),
    Bucket(Vec<u8>),
    Refused,
}

/// The requests of a round, mixed.
fn storm(pins: &[String]) -> Vec<Wish> {
    let registers = (0..PINS * NEWCOMERS).map(|number| Wish::Register {
        pin: pins[number / NEWCOMERS].clone(),
        number,
    });
    let leaves = (0..LEFT).map(|number| Wish::Leave { number });
    let takes = (0..TAKEN * CLAIMS).map(|claim| Wish::Take {
        number: claim / CLAIMS,
        claim,
    });
    let entries = (0..ENTRIES).map(|number| Wish::Entry { number });
    let all = registers.chain(leaves).chain(takes).chain(entries);
    let all: Vec<Wish> = all.collect();
    assert_eq!(all.len(), 1000);
    all
}

impl Wish {
    const fn name(&self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::Leave { .. } => "leave",
            Self::Take { .. } => "take",
            Self::Entry { .. } => "entry",
        }
    }

    /// The connection that asks for it, where it is the wish of this number.
    const fn connection(&self, place: usize) -> usize {
        match self {
            Self::Leave { number } => *number % OWNERS,
            // So that each has at most 32.
            _ if place % 38 < 10 => place % OWNERS,
            _ => OWNERS + place % (CONNECTIONS - OWNERS),
        }
    }

    fn request(&self, round: usize, nonce: &[u8; 32]) -> Request {
        let plain = |operation: &Op| Request {
            operation: bytes(operation),
            ..Request::default()
        };
        match self {
            Self::Register { pin, number } => {
                let number = 1_000_000 + round * PINS * NEWCOMERS + number;
                let person = Person::new(u32::try_from(number).unwrap());
                person.request(nonce, &person.register(pin))
            }
            Self::Leave { number } => plain(&Op::InvitationLeave(InvitationLeave {
                id: id(round, *number),
                sealed: sealed(round, *number),
                until_s: until(),
                uses: 1,
            })),
            Self::Take { number, claim } => {
                let id = id(round - 1, *number);
                Request {
                    key: word(round, *claim)[..16].to_vec(),
                    ..plain(&Op::InvitationTake(InvitationTake { id }))
                }
            }
            Self::Entry { number } => plain(&Op::BucketLeave(BucketLeave {
                entry: entry(round, *number),
            })),
        }
    }

    /// What an answer says, if it says for certain.
    fn told(&self, said: Result<answer::Result, Refusal>) -> Option<Told> {
        let refusal = match said {
            Ok(answer::Result::Sealed(sealed)) => return Some(Told::Sealed(sealed.sealed)),
            Ok(answer::Result::BucketLeft(left)) => return Some(Told::Bucket(left.bucket)),
            Ok(_) => return Some(Told::Done),
            Err(refusal) => refusal,
        };
        match (self, refusal.code) {
            (Self::Register { .. }, Ok(Code::Pin)) => Some(Told::Refused),
            (Self::Take { .. }, Ok(Code::NotFound)) => Some(Told::Refused),
            (_, Ok(Code::Busy | Code::Deadline)) => None,
            _ => panic!("{}: {refusal:?}", self.name()),
        }
    }
}

/// A number of its own for each pair.
fn word(round: usize, number: usize) -> [u8; 24] {
    let mut word = [7; 24];
    word[..8].copy_from_slice(&round.to_be_bytes());
    word[8..16].copy_from_slice(&number.to_be_bytes());
    word
}

fn id(round: usize, number: usize) -> Vec<u8> {
    word(round, number).to_vec()
}

fn sealed(round: usize, number: usize) -> Vec<u8> {
    word(number, round).repeat(20)
}

fn entry(round: usize, number: usize) -> Vec<u8> {
    let mut entry = word(round, number).repeat(11);
    entry.truncate(256);
    entry
}

/// The same in every round, so that a request can be repeated in the next.
fn until() -> u64 {
    static UNTIL: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    *UNTIL.get_or_init(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_secs() + 86_400
    })
}

/// Kills the server once so many answers have been heard.
struct Kill {
    at: usize,
    heard: AtomicUsize,
    server: Mutex<Option<Running>>,
}

impl Kill {
    fn address(&self) -> String {
        let server = self.server.lock().unwrap();
        server.as_ref().unwrap().address.clone()
    }

    fn heard(&self) {
        if self.heard.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            let server = self.server.lock().unwrap().take();
            server.unwrap().kill();
        }
    }
}

/// Connections of a round: the first are those of its owners.
async fn connect(address: &str, round: usize) -> Vec<Live> {
    let mut all = Vec::new();
    for number in 0..CONNECTIONS {
        let mut live = Live::connect(address, number).await;
        if number < OWNERS {
            let authenticate = Op::Authenticate(Authenticate {});
            let request = owner(round, number).request(&live.nonce, &authenticate);
            live.ask(request).await.unwrap();
        }
        all.push(live);
    }
    all
}

/// Asks for all wishes of a round at once; returns what was told of each, if anything was.
async fn ask(
    address: &str,
    round: usize,
    wishes: &[Wish],
    kill: Option<Arc<Kill>>,
) -> Vec<Option<Told>> {
    let connections = connect(address, round).await;
    let mut requests: Vec<Vec<Request>> = (0..CONNECTIONS).map(|_| Vec::new()).collect();
    for (place, wish) in wishes.iter().enumerate() {
        let connection = wish.connection(place);
        let mut request = wish.request(round, &connections[connection].nonce);
        request.id = place.try_into().unwrap();
        requests[connection].push(request);
    }
    let tasks = connections.into_iter().zip(requests);
    let tasks = tasks.map(|(mut live, requests)| {
        let kill = kill.clone();
        tokio::spawn(async move {
            assert!(requests.len() <= 32, "all are to be in hand at once");
            let mut heard = Vec::new();
            let hear = |id, said| {
                heard.push((id, said));
                if let Some(kill) = &kill {
                    kill.heard();
                }
            };
            live.ask_all(requests, hear).await;
            heard
        })
    });
    let mut told: Vec<Option<Told>> = wishes.iter().map(|_| None).collect();
    for task in tasks.collect::<Vec<_>>() {
        for (id, said) in task.await.unwrap() {
            let place = usize::try_from(id).unwrap();
            told[place] = wishes[place].told(said);
        }
    }
    told
}

/// Looks for all that was acknowledged before the kill, and asks for the rest again.
async fn check(address: &str, round: usize, wishes: &[Wish], before: &[Option<Told>]) {
    let pairs = || wishes.iter().zip(before);
    left_is_there(address, round, pairs()).await;
    entries_are_there(address, round, pairs()).await;

    let again: Vec<Wish> = wishes.iter().filter_map(Wish::again).collect();
    let after = ask(address, round, &again, None).await;
    let told = pairs().filter(|(wish, _)| wish.again().is_some());
    for ((wish, before), after) in told.zip(&after) {
        assert!(after.is_some(), "round {round}: {}", wish.name());
        if before.is_some() {
            assert_eq!(before, after, "round {round}: {}", wish.name());
        }
    }
    let won = |from: usize, each: usize| {
        let groups = after[from..].chunks(each);
        groups.map(|group| {
            group
                .iter()
                .filter(|told| **told != Some(Told::Refused))
                .count()
        })
    };
    for (number, winners) in won(0, NEWCOMERS).take(PINS).enumerate() {
        assert_eq!(winners, 1, "round {round}: accounts of pin {number}");
    }
    let takes = PINS * NEWCOMERS + LEFT;
    for (number, winners) in won(takes, CLAIMS).take(TAKEN).enumerate() {
        assert_eq!(winners, 1, "round {round}: claims of invitation {number}");
        let claims = &after[takes + number * CLAIMS..][..CLAIMS];
        let sealed = Some(Told::Sealed(sealed(round - 1, number)));
        assert!(claims.contains(&sealed), "round {round}: {number}");
    }
}

impl Wish {
    /// The same again, if that is the same: an entry goes into the bucket that is open then.
    fn again(&self) -> Option<Self> {
        match self {
            Self::Register { pin, number } => Some(Self::Register {
                pin: pin.clone(),
                number: *number,
            }),
            Self::Leave { number } => Some(Self::Leave { number: *number }),
            Self::Take { number, claim } => Some(Self::Take {
                number: *number,
                claim: *claim,
            }),
            Self::Entry { .. } => None,
        }
    }
}

type Pair<'a> = (&'a Wish, &'a Option<Told>);

/// Every invitation that was acknowledged can be taken.
async fn left_is_there(address: &str, round: usize, pairs: impl Iterator<Item = Pair<'_>>) {
    let mut acknowledged: Vec<Vec<Vec<u8>>> = (0..OWNERS).map(|_| Vec::new()).collect();
    for (wish, told) in pairs {
        if let (Wish::Leave { number }, Some(_)) = (wish, told) {
            acknowledged[number % OWNERS].push(id(round, *number));
        }
    }
    for (number, ids) in acknowledged.into_iter().enumerate() {
        let mut live = Live::connect(address, number).await;
        let list = Op::Invitations(InvitationsGet {});
        let request = owner(round, number).request(&live.nonce, &list);
        let Ok(answer::Result::Invitations(listed)) = live.ask(request).await else {
            panic!("no list");
        };
        for id in ids {
            let one = listed.invitations.iter().find(|one| one.id == id);
            assert_eq!(one.unwrap().uses_left, 1, "round {round}");
        }
    }
}

/// Every entry that was acknowledged is in the bucket that was named.
async fn entries_are_there(address: &str, round: usize, pairs: impl Iterator<Item = Pair<'_>>) {
    let mut buckets: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
    for (wish, told) in pairs {
        if let (Wish::Entry { number }, Some(Told::Bucket(id))) = (wish, told) {
            buckets.entry(id.clone()).or_default().push(*number);
        }
    }
    let mut live = Live::connect(address, 0).await;
    for (id, numbers) in buckets {
        let hash = Id::from_bytes(&id).unwrap().hash().as_bytes().to_vec();
        let fetch = Request {
            operation: bytes(&Op::BucketFetch(BucketFetch { hash })),
            ..Request::default()
        };
        let Ok(answer::Result::Bucket(bucket)) = live.ask(fetch).await else {
            panic!("no bucket");
        };
        let slots: Vec<&[u8]> = bucket.slots.chunks(256).collect();
        for number in numbers {
            assert!(slots.contains(&&entry(round, number)[..]), "round {round}");
        }
    }
}
