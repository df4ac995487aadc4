//! Twenty thousand connections at the door of a relay, most of which say nothing, and the others nonsense.
#![expect(clippy::arithmetic_side_effects, reason = "a test from end to end")]

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use kernel::Time;
use primitives::Secret;
use sim::Rng;
use switch::server::{Cause, Framing, Id};
use switch::{Switch, server};

const START: Time = Time::from_ms(1_800_000_000_000);

/// A relay, and connections that a test is.
struct Door {
    switch: Switch,
    now: Time,
    next: u64,
    ends: BTreeMap<Id, Cause>,
    until: Option<Time>,
}

impl Door {
    fn tell(&mut self, input: server::Input<'_>) {
        self.switch.handle(self.now, input);
        loop {
            match self.switch.poll() {
                server::Output::Close { id, cause } => drop(self.ends.insert(id, cause)),
                server::Output::Wait(until) => {
                    self.until = until;
                    return;
                }
                _ => {}
            }
        }
    }

    fn connect(&mut self, host: u32) -> Id {
        self.next += 1;
        let id = Id::new(self.next);
        let from = Ipv4Addr::from_bits(host).into();
        let framing = Framing::Message;
        self.tell(server::Input::Connected { id, from, framing });
        id
    }
}

#[test]
fn a_flood_of_connections_that_say_nothing_or_nonsense_stays_within_the_limits_of_a_relay() {
    let limits = server::Config::default();
    let secret = Secret::new([5; 32]);
    let mut door = Door {
        switch: Switch::new(START, limits.clone(), secret),
        now: START,
        next: 0,
        ends: BTreeMap::new(),
        until: None,
    };
    let mut rng = Rng::new(1);
    let mut open = Vec::new();
    for number in 0..20_000_u32 {
        // most from few places, some from anywhere
        let host = match rng.chance(70) {
            true => number % 8,
            false => u32::try_from(rng.below(1 << 32)).unwrap(),
        };
        let id = door.connect(host);
        if !door.ends.contains_key(&id) {
            open.push(id);
        }
        // some say something, of any length
        if rng.chance(20) && !open.is_empty() {
            let place = usize::try_from(rng.below(open.len() as u64)).unwrap();
            let length = [0, 100, 1216, 65_535, 65_600, 65_601, 200_000];
            let length = length[usize::try_from(rng.below(7)).unwrap()];
            let (id, bytes) = (open.swap_remove(place), vec![0xff; length]);
            door.tell(server::Input::Frame { id, bytes: &bytes });
            assert!(door.ends.contains_key(&id), "{length}");
        }
        door.now = door.now.after(Duration::from_millis(10));
        door.tell(server::Input::Tick);
        open.retain(|id| !door.ends.contains_key(id));
        let load = door.switch.load();
        assert_eq!(load.opening, open.len());
        assert!(load.opening <= limits.opening && load.waiting + load.paired == 0);
    }
    let stats = door.switch.stats().clone();
    assert_eq!(stats.connected, 20_000);
    let counted: u64 = Cause::ALL.iter().map(|cause| stats.ended(*cause)).sum();
    assert_eq!(counted, 20_000 - open.len() as u64);
    for cause in [
        Cause::Rate,
        Cause::Full,
        Cause::Late,
        Cause::Malformed,
        Cause::TooLong,
    ] {
        assert!(stats.ended(cause) > 10, "{cause:?}: {}", stats.ended(cause));
    }
    // and when it is over, there is room again
    door.now = door.now.after(limits.within);
    door.tell(server::Input::Tick);
    assert_eq!(door.switch.load(), server::Load::default());
    assert_eq!(door.until, None);
    let id = door.connect(0x0909_0909);
    assert!(!door.ends.contains_key(&id));
}
