//! Three visits of one board: two friends and a stranger. The fuzzer is the server: it answers
//! late, never, or with anything, keeps an honest board beside that, and moves the clock.
#![no_main]

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock},
    time::Duration,
};

use fuzz::{Script, jobs, passkeys};
use host::board::{Boards, Limits, Post, Source, What};
use journal::{ManualClock, Memory};
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use rendezvous::{
    Id, Job, Passkey, Seed,
    board::{Board, Config, Event, Input, Output, Phase, Reply, Trouble, Visit},
};
use tokio::runtime::Runtime;

fuzz_target!(|bytes: &[u8]| {
    let mut script = Script::new(bytes);
    let Some(place) = script.below(2) else { return };
    let mut town = Town::new(&PLACES[usize::from(place)]);
    while town.step(&mut script).is_some() {}
});

struct Town {
    now: u64,
    board: Board,
    boards: Arc<Boards>,
    runtime: Runtime,
    nodes: Vec<Node>,
}

struct Node {
    visit: Visit,
    jobs: VecDeque<Job>,
    posting: Option<(Phase, Vec<u8>)>,
    reading: Option<(u64, Option<Id>)>,
    may_hear: &'static [&'static [u8]],
}

impl Town {
    fn new((board, [same, other]): &(Board, [Passkey; 2])) -> Self {
        let node = |passkey: &Passkey, message: &str, seed, may_hear| {
            let (place, seed) = ((board.clone(), passkey.clone()), Seed::new([seed; 32]));
            let visit = Visit::new(config(), place, message.as_bytes(), seed, Time::ZERO);
            let visit = visit.expect("a short message");
            Node {
                visit,
                jobs: VecDeque::new(),
                posting: None,
                reading: None,
                may_hear,
            }
        };
        let nodes = vec![
            node(same, "from one", 1, &[b"from two"]),
            node(same, "from two", 2, &[b"from one"]),
            node(other, "from a stranger", 3, &[]),
        ];
        let clock = Arc::new(ManualClock::default());
        let store = Memory::new(journal::Limits::default(), clock);
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let mut town = Self {
            now: 0,
            board: board.clone(),
            boards: Arc::new(Boards::new(Arc::new(store), Limits::default())),
            runtime: runtime.expect("a runtime"),
            nodes,
        };
        for node in 0..3 {
            town.feed(node, Input::Tick);
            town.work(node);
        }
        town
    }

    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let node = usize::from(script.below(3)?);
        match script.below(8)? {
            0 => {
                self.now += u64::from(script.byte()?) * 64;
                self.feed(node, Input::Tick);
            }
            1 => self.work(node),
            2 => self.take_post(node),
            3 => self.give_news(node),
            4 => {
                let (kind, bytes) = (script.byte()?, script.long()?);
                if self.nodes[node].posting.take().is_some() {
                    let reply = match kind % 3 {
                        0 => Ok(Reply::Taken),
                        1 => Ok(Reply::List(bytes)),
                        _ => Err(trouble(kind)),
                    };
                    self.feed(node, Input::Posted(reply));
                }
            }
            5 => {
                let (kind, bytes) = (script.byte()?, script.long()?);
                if let Some((after, _)) = self.nodes[node].reading.take() {
                    let news = match kind % 3 {
                        0 => Ok((bytes, u64::MAX)),
                        1 => Ok((bytes, after.saturating_add(kind.into()))),
                        _ => Err(trouble(kind)),
                    };
                    self.feed(node, Input::News(news));
                }
            }
            6 => {
                // Somebody posts: a record that begins with these bytes.
                let phase = Phase::ALL[usize::from(script.below(3)?)];
                let mut body = script.long()?.to_vec();
                body.resize(self.board.record_len(phase), 0);
                self.store(phase, &body);
            }
            _ => {
                if script.byte()? == 0 {
                    self.nodes[node].visit.finish(Time::from_ms(self.now));
                }
                self.feed(node, Input::Tick);
            }
        }
        Some(())
    }

    fn store(&mut self, phase: Phase, body: &[u8]) {
        let (board, source) = (&self.board, Source::new(1));
        let post = Post {
            board,
            phase,
            body,
            source,
        };
        // A full store refuses; the honest answer is then the list without it.
        let posted = self.boards.post(Time::from_ms(self.now), &post);
        let _ = self.runtime.block_on(posted);
    }

    /// As a server does: ours on a named board, the reference's on the plain one.
    fn take_post(&mut self, node: usize) {
        let Some((phase, body)) = self.nodes[node].posting.take() else {
            return;
        };
        self.store(phase, &body);
        let list = self.read(&What::Phase(phase), 0).0;
        let reply = match self.board {
            Board::Plain => Reply::List(&list),
            Board::Named(_) => Reply::Taken,
        };
        self.feed(node, Input::Posted(Ok(reply)));
    }

    fn give_news(&mut self, node: usize) {
        let Some((after, to)) = self.nodes[node].reading.take() else {
            return;
        };
        let to = to.map(|id| *id.as_bytes());
        let (news, cursor) = self.read(&What::News(to), after);
        self.feed(node, Input::News(Ok((&news, cursor))));
    }

    fn read(&mut self, what: &What, after: u64) -> (Vec<u8>, u64) {
        let (now, which) = (Time::from_ms(self.now), (&self.board, what));
        self.runtime.block_on(async {
            let span = self.boards.span(now, which, after, 1 << 20).await;
            let span = span.expect("a store that cannot fail");
            let read = self.boards.read(which, span, usize::MAX).await;
            (read.expect("a store that cannot fail").0, span.until)
        })
    }

    /// Does the node's oldest job.
    fn work(&mut self, node: usize) {
        if let Some(done) = jobs::run_oldest(&mut self.nodes[node].jobs) {
            self.feed(node, Input::Done(done));
        }
    }

    fn feed(&mut self, number: usize, input: Input<'_>) {
        let time = Time::from_ms(self.now);
        let node = &mut self.nodes[number];
        node.visit.handle(time, input);
        for _ in 0..10_000 {
            match node.visit.poll() {
                Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > time), "it does not wait");
                    return;
                }
                Output::Work(job) => node.jobs.push_back(job),
                Output::Post { phase, body } => {
                    assert!(self.board.is_whole(phase, &body));
                    assert!(body.len() <= 1 << 20);
                    assert!(
                        node.posting.replace((phase, body)).is_none(),
                        "two posts at once"
                    );
                }
                Output::Read { after, to, .. } => {
                    assert!(
                        node.reading.replace((after, to)).is_none(),
                        "two reads at once"
                    );
                }
                Output::Tell(Event::Match { message, .. }) => {
                    assert!(node.may_hear.contains(&&message[..]), "heard {message:?}");
                }
                Output::Tell(_) => {}
            }
        }
        panic!("it never waits");
    }
}

fn trouble(kind: u8) -> Trouble {
    match kind % 7 {
        0 => Trouble::Busy { retry: None },
        1 => Trouble::Busy {
            retry: Some(Duration::from_secs(u64::from(kind) << 32)),
        },
        2 => Trouble::NotFound,
        3 => Trouble::TooLarge,
        4 => Trouble::Refused,
        _ => Trouble::Away,
    }
}

/// Small bounds, so that they are reached.
fn config() -> Config {
    let mut config = Config::default();
    config.peers = 6;
    config.records = 24;
    config.waiting = 6;
    config
}

/// Either kind of board, and on it the keys of two passphrases.
static PLACES: LazyLock<[(Board, [Passkey; 2]); 2]> = LazyLock::new(|| {
    [Board::Plain, Board::Named("fuzz".parse().expect("a name"))].map(|board| {
        let passkeys = passkeys(board.salt());
        (board, passkeys)
    })
});
