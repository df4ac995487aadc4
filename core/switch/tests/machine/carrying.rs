//! A pipe, and what is at its ends.

use std::sync::Arc;
use std::time::Duration;

use channel::{Channel, Config, Mode, Padding};
use identity::IdentityKey;
use primitives::Secret;
use switch::client::{self, SendError};
use switch::server::{Cause, Framing, Id};

use crate::world::World;

#[test]
fn only_what_gets_through_every_relay_is_sealed() {
    let mut world = World::new();
    let [creator, joiner] = world.pair([Framing::Length; 2]);
    for bytes in [0, 32_745, 65_535] {
        let refused = world.say(creator, &vec![1; bytes]);
        assert_eq!(refused, Err(SendError::Length { bytes }));
    }
    world.say(creator, &[1; 32_744]).unwrap();
    assert_eq!(world.side(creator).out[0].len(), 32_768);
    world.settle();
    assert_eq!(world.side(joiner).frames(), [&[1; 32_744][..]]);
}

#[test]
fn a_slow_reader_holds_its_partner_up_and_loses_nothing() {
    let mut world = World::new();
    let [creator, joiner] = world.pair([Framing::Message; 2]);
    for number in 0..20_u8 {
        world.say(joiner, &[number; 10_000]).unwrap();
    }
    // 6 of 10,024 fit into 65,536; the seventh is one too many
    let read = (0..20).take_while(|_| world.read(joiner)).count();
    assert_eq!(read, 7);
    assert_eq!(world.paused, [joiner]);
    // not yet half of it
    for _ in 0..3 {
        world.deliver(creator);
        assert_eq!(world.paused, [joiner]);
    }
    world.deliver(creator);
    assert!(world.paused.is_empty());
    world.settle();
    let frames = world.side(creator).frames();
    assert_eq!(frames.len(), 21);
    for (number, frame) in (0..20).zip(&frames[1..]) {
        assert_eq!(*frame, [number; 10_000]);
    }
}

#[test]
fn what_comes_in_spite_of_a_pause_has_a_bound() {
    let mut world = World::new();
    let [creator, joiner] = world.pair([Framing::Message; 2]);
    for _ in 0..20 {
        world.say(joiner, &[1; 32_744]).unwrap();
    }
    // 65,536 and two of 65,600: six of 32,768 fit
    for number in 1..=6 {
        let frame = world.side(joiner).out.pop_front().unwrap();
        world.give(joiner, &frame);
        assert_eq!(world.paused.len(), usize::from(number > 2));
        assert!(world.ends.is_empty(), "{number}");
    }
    let frame = world.side(joiner).out.pop_front().unwrap();
    world.give(joiner, &frame);
    assert_eq!(world.ends[&joiner], Cause::Slow);
    assert_eq!(world.ends[&creator], Cause::Left);
}

#[test]
fn whoever_does_not_read_for_a_minute_is_given_up() {
    let mut world = World::new();
    let [creator, joiner] = world.pair([Framing::Message; 2]);
    for _ in 0..3 {
        world.say(joiner, &[1; 32_744]).unwrap();
        world.read(joiner);
    }
    assert_eq!(world.until, Some(world.now.after(Duration::from_secs(60))));
    world.now = world.now.after(Duration::from_millis(59_999));
    world.tell(switch::server::Input::Tick);
    assert!(world.ends.is_empty());
    world.now = world.now.after(Duration::from_millis(1));
    world.tell(switch::server::Input::Tick);
    assert_eq!(world.ends[&creator], Cause::Slow);
    assert_eq!(world.ends[&joiner], Cause::Left);
}

#[test]
fn an_altered_frame_ends_both_connections() {
    for from in [0, 1] {
        let mut world = World::new();
        let pair = world.pair([Framing::Message; 2]);
        world.say(pair[from], b"text").unwrap();
        let mut frame = world.side(pair[from]).out.pop_front().unwrap();
        frame[0] ^= 1;
        world.give(pair[from], &frame);
        assert_eq!(world.ends[&pair[from]], Cause::Malformed);
        assert_eq!(world.ends[&pair[1 - from]], Cause::Left);
    }
}

#[test]
fn an_altered_frame_of_the_relay_ends_the_client() {
    let mut world = World::new();
    let [creator, joiner] = world.pair([Framing::Message; 2]);
    world.say(joiner, b"text").unwrap();
    world.read(joiner);
    world.inbox.get_mut(&creator).unwrap()[0][5] ^= 1;
    world.settle();
    assert_eq!(world.end_of(creator), Some(client::End::Malformed));
    assert_eq!(world.end_of(joiner), Some(client::End::Lost));
}

/// Somebody with a channel over their client.
struct Talker {
    id: Id,
    channel: Channel,
    events: Vec<channel::Event>,
    longest: usize,
    taken: usize,
}

impl Talker {
    fn drain(&mut self, world: &mut World) {
        let now = world.now;
        loop {
            match self.channel.poll() {
                channel::Output::Send(frame) => {
                    self.longest = self.longest.max(frame.len());
                    let said = world.say(self.id, &frame);
                    assert_eq!(said, Ok(()), "{:?} {:?}", world.ends, self.events.last());
                }
                channel::Output::Tell(channel::Event::Introduced(_)) => self.channel.accept(now),
                channel::Output::Tell(event) => self.events.push(event),
                channel::Output::Save(_) => {}
                channel::Output::Close => {
                    world.side(self.id).client.close();
                    world.side(self.id).drain();
                }
                channel::Output::Wait(_) => return,
            }
        }
    }

    /// Hands over what came through the relay.
    fn hear(&mut self, world: &mut World) -> bool {
        let frames: Vec<_> = world
            .side(self.id)
            .frames()
            .iter()
            .map(|f| f.to_vec())
            .collect();
        let new = &frames[self.taken..];
        for frame in new {
            self.channel.handle(world.now, channel::Input::Frame(frame));
            self.drain(world);
        }
        self.taken = frames.len();
        !new.is_empty()
    }
}

fn talk(world: &mut World, talkers: &mut [Talker; 2]) {
    for talker in talkers.iter_mut() {
        talker.channel.handle(world.now, channel::Input::Tick);
        talker.drain(world);
    }
    loop {
        world.settle();
        let heard = talkers.each_mut().map(|talker| talker.hear(world));
        if heard == [false; 2] {
            return;
        }
    }
}

#[test]
fn a_whole_channel_goes_through_a_relay() {
    for (framings, mode, most) in [
        ([Framing::Message, Framing::Length], Mode::Kamune, 32_500),
        ([Framing::Length, Framing::Message], Mode::Ours, 30_000),
    ] {
        let mut world = World::new();
        let [creator, joiner] = world.pair(framings);
        let key = |seed| Arc::new(IdentityKey::from_seeds(&Secret::new([seed; 32]), None));
        let config = |name: &str| {
            let mut config = Config::new(name.parse().unwrap());
            (config.padding, config.mode) = (Padding::Relayed, mode);
            config
        };
        let now = world.now;
        let talker = |id, channel, taken| Talker {
            id,
            channel,
            events: Vec::new(),
            longest: 0,
            taken,
        };
        let dial = Channel::dial(now, config("Alice"), key(1), None, Secret::new([3; 32]));
        let answer = Channel::answer(now, config("Bob"), key(2), Secret::new([4; 32]));
        // the greeting of the pair is none of theirs
        let mut talkers = [talker(joiner, dial, 0), talker(creator, answer, 1)];
        talk(&mut world, &mut talkers);
        world.wait(Duration::from_secs(2));
        for number in 0..60_usize {
            for talker in &mut talkers {
                let text = vec![7; (number * 551).min(most)];
                talker.channel.send(world.now, &text).unwrap();
            }
            talk(&mut world, &mut talkers);
        }
        talkers[0].channel.close(world.now);
        talk(&mut world, &mut talkers);
        for talker in &talkers {
            let is_message = |event: &&channel::Event| matches!(event, channel::Event::Message(_));
            assert_eq!(talker.events.iter().filter(is_message).count(), 60);
            assert!(talker.longest <= 32_744 && talker.longest > most);
        }
        let last = talkers[1].events.last();
        assert_eq!(last, Some(&channel::Event::Ended(channel::End::Closed)));
        assert_eq!(world.switch.load(), Default::default());
    }
}
