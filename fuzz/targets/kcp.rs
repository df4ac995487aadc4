//! Two ends of a stream. The fuzzer is the network between them: it delays, loses, repeats and
//! changes datagrams, adds its own, writes, reads, and moves the clock.
#![no_main]

use fuzz::Script;
use kcp::{Command, Config, Connection, Conv, Input, Output, Segment, route};
use kernel::Time;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut script = Script::new(bytes);
    if let Some(mut pair) = Pair::new(&mut script) {
        while pair.step(&mut script).is_some() {}
    }
});

struct Pair {
    now: u64,
    ends: [Connection; 2],
    config: Config,
    /// Datagrams on the way, and to which end.
    wire: Vec<(usize, Vec<u8>)>,
    /// What each end wrote, and how much of it the other has read.
    written: [Vec<u8>; 2],
    read: [usize; 2],
    /// Until then the network only did what networks do.
    is_honest: bool,
}

impl Pair {
    fn new(script: &mut Script<'_>) -> Option<Self> {
        let mut config = match script.below(2)? {
            0 => Config::default(),
            _ => Config::own(),
        };
        // Small bounds, so that they are reached.
        config.send_window = 12;
        config.receive_window = u16::from(script.below(8)?) + 1;
        config.send_queue = 4000;
        config.outgoing = 40;
        let end = || Connection::new(config, CONV, Time::ZERO);
        Some(Self {
            now: 0,
            ends: [end(), end()],
            config,
            wire: Vec::new(),
            written: [Vec::new(), Vec::new()],
            read: [0; 2],
            is_honest: true,
        })
    }

    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let end = usize::from(script.below(2)?);
        match script.below(9)? {
            0 => {
                self.now += u64::from(script.byte()?) * 8;
                self.hear(end, Input::Tick);
            }
            1 => {
                if let Some(number) = self.pick(script)? {
                    let (to, bytes) = self.wire.remove(number);
                    self.hear(to, Input::Datagram(&bytes));
                }
            }
            2 => {
                if let Some(number) = self.pick(script)? {
                    let (to, bytes) = self.wire[number].clone();
                    self.hear(to, Input::Datagram(&bytes));
                }
            }
            3 => {
                if let Some(number) = self.pick(script)? {
                    self.wire.remove(number);
                }
            }
            4 => self.write(end, script.short()?),
            5 => self.read(end, script.byte()?),
            6 => {
                let (place, change) = (usize::from(script.byte()?), script.byte()?);
                if let Some(number) = self.pick(script)? {
                    let (to, mut bytes) = self.wire[number].clone();
                    let place = place % bytes.len();
                    bytes[place] ^= change;
                    self.forge(to, &bytes);
                }
            }
            7 => {
                let bytes = script.long()?;
                self.forge(end, bytes);
            }
            _ => {
                let mut bytes = Vec::new();
                segment(script)?.encode(&mut bytes);
                self.forge(end, &bytes);
            }
        }
        Some(())
    }

    fn pick(&self, script: &mut Script<'_>) -> Option<Option<usize>> {
        let number = usize::from(script.byte()?) % self.wire.len().max(1);
        Some((number < self.wire.len()).then_some(number))
    }

    fn write(&mut self, end: usize, bytes: &[u8]) {
        // Long enough to fill windows.
        let bytes = bytes.repeat(20);
        let room = self.ends[end].room();
        let taken = self.ends[end].write(Time::from_ms(self.now), &bytes);
        assert_eq!(taken, room.min(bytes.len()));
        self.written[end].extend(&bytes[..taken]);
        self.drain(end);
    }

    fn read(&mut self, end: usize, count: u8) {
        let readable = self.ends[end].readable();
        let mut bytes = vec![0; usize::from(count) * 16];
        let taken = self.ends[end].read(Time::from_ms(self.now), &mut bytes);
        assert!(taken >= readable.min(bytes.len()));
        if self.is_honest {
            let text = &self.written[1 - end][self.read[end]..];
            assert!(text.starts_with(&bytes[..taken]), "other bytes were read");
        }
        self.read[end] += taken;
        self.drain(end);
    }

    fn forge(&mut self, to: usize, bytes: &[u8]) {
        self.is_honest = false;
        let _ = route(bytes, &[CONV]);
        let _ = route(bytes, &[]);
        self.hear(to, Input::Datagram(bytes));
    }

    fn hear(&mut self, end: usize, input: Input<'_>) {
        self.ends[end].handle(Time::from_ms(self.now), input);
        self.drain(end);
    }

    fn drain(&mut self, end: usize) {
        let machine = &mut self.ends[end];
        let mut count = 0;
        loop {
            match machine.poll() {
                Output::Send(bytes) => {
                    assert!((24..=self.config.mtu).contains(&bytes.len()));
                    self.wire.push((1 - end, bytes));
                    count += 1;
                }
                Output::Wait(until) => {
                    let now = Time::from_ms(self.now);
                    assert!(until.is_none_or(|until| until > now), "it does not wait");
                    break;
                }
            }
        }
        assert!(count <= self.config.outgoing);
        assert!(machine.room() <= self.config.send_queue);
        assert!(machine.unacknowledged() <= self.config.send_queue + 12 * 1376);
        assert!(machine.readable() <= usize::from(self.config.receive_window) * 1476);
        self.wire.truncate(64);
    }
}

/// One that is nearly right.
fn segment<'a>(script: &mut Script<'a>) -> Option<Segment<'a>> {
    let commands = [Command::Push, Command::Ack, Command::Ask, Command::Tell];
    Some(Segment {
        conv: CONV,
        command: commands[usize::from(script.below(4)?)],
        fragment: 0,
        window: script.byte()?.into(),
        number: script.byte()?.into(),
        next: script.byte()?.into(),
        time: script.byte()?.into(),
        data: script.short()?,
    })
}

const CONV: Conv = Conv::new(7);
