//! A server's boards under any history of posts, reads, restarts and time: their bounds hold, their cursors
//! grow.
#![no_main]

use std::{sync::Arc, time::Duration};

use fuzz::Script;
use host::board::{Boards, Limits, Post, Quota, Source, What, Which};
use journal::{ManualClock, Memory};
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use rendezvous::board::{Board, Entries, Phase};

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut world = World::new();
        let boards = ["a", "b", "c"].map(|name| Board::Named(name.parse().expect("a name")));
        let boards = [&[Board::Plain][..], &boards].concat();
        let mut script = Script::new(bytes);
        let _ = run(&mut script, &mut world, &boards).await;
        world.boards.expire(Time::from_ms(world.now + 2_000));
        assert_eq!(
            world.boards.stats().held,
            Quota::default(),
            "something outlived its time"
        );
    });
});

/// A store, and the process that serves it.
struct World {
    now: u64,
    clock: Arc<ManualClock>,
    store: Arc<Memory>,
    boards: Arc<Boards>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let store = Arc::new(Memory::new(journal::Limits::default(), clock.clone()));
        let boards = Arc::new(Boards::new(store.clone(), limits()));
        Self {
            now: 0,
            clock,
            store,
            boards,
        }
    }

    /// Another process, which finds what the one before left.
    async fn restart(&mut self) {
        let before = self.boards.stats().held;
        self.boards = Arc::new(Boards::new(self.store.clone(), limits()));
        let learned = self.boards.learn(Time::from_ms(self.now), Which::All);
        learned.await.expect("a store that cannot fail");
        assert_eq!(self.boards.stats().held, before, "a restart lost something");
    }
}

/// Until the script ends.
async fn run(script: &mut Script<'_>, world: &mut World, boards: &[Board]) -> Option<()> {
    let limits = limits();
    loop {
        world.now += u64::from(script.byte()?);
        let at = Time::from_ms(world.now);
        world.clock.set(at);
        world.boards.expire(at);
        let board = &boards[usize::from(script.below(4)?)];
        let phase = Phase::ALL[usize::from(script.below(3)?)];
        let choice = script.byte()?;
        if choice == 1 {
            world.restart().await;
        } else if choice < 128 {
            // A few bytes stand for records, so that a short input fills a store.
            let length = board.record_len(phase);
            let ids = script.short()?;
            let mut body: Vec<u8> = ids.iter().flat_map(|&id| vec![id; length]).collect();
            body.truncate(body.len() - usize::from(choice == 0 && !body.is_empty()));
            let source = Source::new(u64::from(choice % 3));
            let before = world.boards.stats();
            let post = Post {
                board,
                phase,
                body: &body,
                source,
            };
            match world.boards.post(at, &post).await {
                Ok(new) => assert!(new <= ids.len()),
                Err(_) => assert_eq!(world.boards.stats().held, before.held),
            }
        } else {
            let after = u64::from(script.byte()?) << 16;
            let receiver = (choice % 2 == 0).then_some([choice; 32]);
            let which = (board, &What::News(receiver));
            let span = world
                .boards
                .span(at, which, after, usize::from(choice) * 16);
            let span = span.await.expect("a store that cannot fail");
            assert!(span.after <= span.until);
            let answer = world.boards.read(which, span, usize::MAX).await;
            let (answer, _) = answer.expect("a store that cannot fail");
            assert_eq!(answer.len(), span.bytes);
            let mut entries = Entries::new(board, &answer);
            entries.by_ref().for_each(drop);
            assert!(entries.is_done(), "an answer that a client cannot read");
        }
        let held = world.boards.stats();
        assert!(held.boards <= limits.boards);
        assert!(held.held.records <= limits.server.records);
        assert!(held.held.bytes <= limits.server.bytes);
    }
}

fn limits() -> Limits {
    let quota = |records, bytes| Quota { records, bytes };
    let mut limits = Limits::default();
    limits.lifetime = Duration::from_secs(1);
    limits.board = quota(40, 16_000);
    limits.source = quota(50, 20_000);
    limits.server = quota(80, 30_000);
    limits.boards = 3;
    limits
}
