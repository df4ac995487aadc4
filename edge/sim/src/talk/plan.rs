use channel::Mode;

use crate::Rng;

/// What carries a channel.
#[expect(clippy::exhaustive_enums, reason = "tests name every way")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// Frames in their order, as over TCP.
    Pipe,
    /// KCP, over datagrams that are lost, repeated, late and altered.
    Datagrams,
    /// A relay between two pipes.
    Relay,
}

/// What two devices say to each other in a run, and what goes wrong meanwhile.
#[expect(clippy::exhaustive_structs, reason = "tests name every fault")]
#[derive(Clone, Debug)]
pub struct TalkPlan {
    /// What carries it.
    pub way: Way,
    /// What both speak.
    pub mode: Mode,
    /// The shortest and longest way of a packet, in milliseconds.
    pub delay_ms: (u64, u64),
    /// Of a hundred datagrams, how many are lost.
    pub loss_percent: u64,
    /// Of a hundred datagrams, how many come twice.
    pub duplicate_percent: u64,
    /// Of a thousand datagrams, how many come with another bit.
    pub altered_permille: u64,
    /// After how many packets each of the first connections is cut.
    pub cuts: Vec<u64>,
    /// Of a hundred pipes that are cut, how many only seem so to the caller, while what was sent comes
    /// seconds later.
    pub late_percent: u64,
    /// For each side, caller first: the numbers of its records, from 0 in the order in which it saves
    /// them, at which its process dies.
    pub crashes: [Vec<Crash>; 2],
    /// For each side, how many messages it has to say.
    pub messages: [u64; 2],
    /// Within how many milliseconds they are said.
    pub within_ms: u64,
}

/// A process dies.
#[expect(clippy::exhaustive_structs, reason = "tests name every field")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Crash {
    /// At which record.
    pub record: u64,
    /// What becomes of the record.
    pub how: Dies,
}

/// How a process dies at a record.
#[expect(clippy::exhaustive_enums, reason = "there are three ways")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dies {
    /// Before it is kept.
    Before,
    /// Once it is kept, and before anything that follows.
    After,
    /// Not at all: it cannot be kept, and the channel is told so.
    NotKept,
}

impl TalkPlan {
    /// A run without faults.
    #[must_use]
    pub const fn calm(way: Way, mode: Mode) -> Self {
        Self {
            way,
            mode,
            delay_ms: (5, 5),
            loss_percent: 0,
            duplicate_percent: 0,
            altered_permille: 0,
            cuts: Vec::new(),
            late_percent: 0,
            crashes: [Vec::new(), Vec::new()],
            messages: [8, 8],
            within_ms: 4000,
        }
    }

    /// A run in which anything may go wrong, all from `seed`.
    #[must_use]
    pub fn wild(way: Way, mode: Mode, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x7a1c_0de5);
        let crash = |rng: &mut Rng| Crash {
            record: rng.below(8),
            how: match rng.below(3) {
                0 => Dies::Before,
                1 => Dies::After,
                _ => Dies::NotKept,
            },
        };
        let mut crashes = [Vec::new(), Vec::new()];
        for side in &mut crashes {
            for _ in 0..rng.below(2) {
                side.push(crash(&mut rng));
            }
        }
        // Each packet of an opening, and of what follows it, is the last one in some run.
        let most = match way {
            Way::Pipe => 30,
            Way::Datagrams => 90,
            Way::Relay => 70,
        };
        let cuts = (0..rng.below(4)).map(|_| rng.below(most)).collect();
        Self {
            way,
            mode,
            delay_ms: (rng.within((0, 5)), rng.within((5, 150))),
            loss_percent: rng.within((0, 25)),
            duplicate_percent: rng.within((0, 20)),
            altered_permille: rng.within((0, 3)),
            cuts,
            late_percent: 0,
            crashes,
            messages: [rng.below(12), rng.below(12)],
            within_ms: rng.within((100, 8000)),
        }
    }
}
