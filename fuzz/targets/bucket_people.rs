//! An inviter and a joiner, told anything by a server, at any time.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use fuzz::Script;
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use rendezvous::Seed;
use rendezvous::bucket::invite::{self, Invite};
use rendezvous::bucket::join::{self, Join};
use rendezvous::bucket::server::Secret;
use rendezvous::bucket::{
    Entry, EntryKey, Host, Id, KeyError, Line, Link, LinkId, LinkKey, Passphrase, Trouble,
};

const START: Id = Id::new(1_795_219_200, 0);

static KEY: LazyLock<EntryKey> =
    LazyLock::new(|| EntryKey::derive(&words(), &host("one")).expect("a key"));

fuzz_target!(|bytes: &[u8]| {
    let mut script = Script::new(bytes);
    let Some(kind) = script.byte() else { return };
    match kind % 2 {
        0 => inviter(kind, &mut script),
        _ => joiner(&mut script),
    }
});

fn inviter(kind: u8, script: &mut Script<'_>) {
    let mut config = invite::Config::default();
    config.cohort = u32::from(kind / 2 % 64);
    let link = Link::new(host("msg"), LinkId::new([1; 24]), LinkKey::new([2; 32]));
    let servers = vec![host("one"), host("two")];
    let seed = Seed::new([7; 32]);
    let mut now = START.opened();
    let mut machine = Invite::new(config, (link, words()), servers, seed, now).expect("a start");
    let mut entry = None;
    let (mut is_over, mut ready, mut asked) = (false, 0, 0);
    let mut steps = 0_u32;
    while let Some(step) = script.byte() {
        steps += 1;
        loop {
            match machine.poll() {
                invite::Output::Wait(until) => {
                    assert!(!is_over || until.is_none());
                    break;
                }
                invite::Output::Leave { entry: left, .. } => {
                    entry = Some(*left);
                    asked += 1;
                }
                invite::Output::Fetch { .. } => asked += 1,
                invite::Output::Stretch(_) => {}
                invite::Output::Tell(invite::Event::Ready(line)) => {
                    assert!(entry.is_some() && line.to_string().len() <= 212);
                    (is_over, ready) = (true, ready + 1);
                }
                invite::Output::Tell(invite::Event::Failed(_)) => is_over = true,
                invite::Output::Tell(_) => assert!(!is_over),
            }
        }
        assert!(ready <= 1 && asked <= 1 + 2 * steps);
        let answer = answer(script, entry);
        let Some(input) = (match step % 8 {
            0 => Some(invite::Input::Stretched(Ok(KEY.clone()))),
            1 => Some(invite::Input::Left(Ok(&answer))),
            2 | 3 => Some(invite::Input::Fetched(Ok(&answer))),
            4 => Some(invite::Input::Left(Err(trouble(step)))),
            5 => Some(invite::Input::Fetched(Err(trouble(step)))),
            6 => Some(invite::Input::Tick),
            _ if step > 250 => Some(invite::Input::Stretched(Err(KeyError::Memory))),
            _ => None,
        }) else {
            now = wait(now, step);
            continue;
        };
        machine.handle(now, input);
    }
}

fn joiner(script: &mut Script<'_>) {
    let line = Line::new(host("one"), START.hash());
    let mut now = START.opened();
    let mut machine = Join::new(join::Config::default(), line, words(), now);
    let mut is_over = false;
    while let Some(step) = script.byte() {
        loop {
            match machine.poll() {
                join::Output::Wait(until) => {
                    assert!(!is_over || until.is_none());
                    break;
                }
                join::Output::Tell(join::Event::Found(_) | join::Event::Failed(_)) => {
                    assert!(!is_over);
                    is_over = true;
                }
                join::Output::Tell(_) | join::Output::Fetch { .. } => assert!(!is_over),
                join::Output::Stretch(_) => {}
            }
        }
        let link = Link::new(host("msg"), LinkId::new([1; 24]), LinkKey::new([2; 32]));
        let answer = answer(script, Some(KEY.seal(&link, [step; 24])));
        let input = match step % 6 {
            0 => join::Input::Stretched(Ok(KEY.clone())),
            1 => join::Input::Fetched(Ok(&answer)),
            2 => join::Input::Fetched(Err(trouble(step))),
            3 => join::Input::Tick,
            4 if step > 250 => join::Input::Stretched(Err(KeyError::Memory)),
            _ => {
                now = wait(now, step);
                continue;
            }
        };
        machine.handle(now, input);
    }
}

/// A bucket with or without the entry, an id near or far, or bytes of the script.
fn answer(script: &mut Script<'_>, entry: Option<Entry>) -> Vec<u8> {
    let Some(kind) = script.byte() else {
        return Vec::new();
    };
    let secret = Secret::new([5; 32]);
    let others = (0..kind / 4).map(|n| Entry::from_bytes(&[n; 256]).expect("an entry"));
    match kind % 4 {
        0 => {
            let entries: Vec<Entry> = entry.into_iter().chain(others).collect();
            secret.answer(&START.hash(), &entries).into_bytes()
        }
        1 => {
            let entries: Vec<Entry> = others.collect();
            secret.answer(&START.hash(), &entries).into_bytes()
        }
        2 => {
            let seconds = START.seconds() + u64::from(kind / 4) * 30;
            Id::new(seconds, u32::from(kind / 16)).to_bytes().to_vec()
        }
        _ => script.short().unwrap_or_default().to_vec(),
    }
}

fn trouble(step: u8) -> Trouble {
    match step / 8 % 4 {
        0 => Trouble::Away,
        1 => Trouble::Busy { retry: None },
        2 => Trouble::Busy {
            retry: Some(Duration::from_secs(u64::from(step))),
        },
        _ => Trouble::Declined,
    }
}

fn wait(now: Time, step: u8) -> Time {
    now.after(Duration::from_secs(u64::from(step)))
}

fn host(name: &str) -> Host {
    Host::typed(name).expect("a host")
}

fn words() -> Passphrase {
    Passphrase::new("words").expect("words")
}
