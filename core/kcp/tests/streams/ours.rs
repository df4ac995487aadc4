//! Our machine as an end of a [`Network`](crate::network::Network).

use kcp::{Config, Connection, Conv, Input, Output};
use kernel::Time;

use crate::network::End;

pub(crate) struct Ours {
    pub(crate) connection: Connection,
    config: Config,
}

impl Ours {
    pub(crate) fn new(config: Config, conv: u32, now: u64) -> Self {
        let connection = Connection::new(config, Conv::new(conv), Time::from_ms(now));
        Self { connection, config }
    }
}

impl End for Ours {
    fn write(&mut self, now: u64, bytes: &[u8]) -> usize {
        self.connection.write(Time::from_ms(now), bytes)
    }

    fn read(&mut self, now: u64) -> Vec<u8> {
        let mut all = Vec::new();
        let mut bytes = [0; 1000];
        loop {
            let count = self.connection.read(Time::from_ms(now), &mut bytes);
            if count == 0 {
                return all;
            }
            all.extend(&bytes[..count]);
        }
    }

    fn hear(&mut self, now: u64, datagram: &[u8]) {
        let input = Input::Datagram(datagram);
        self.connection.handle(Time::from_ms(now), input);
    }

    fn tick(&mut self, now: u64) {
        self.connection.handle(Time::from_ms(now), Input::Tick);
    }

    fn drain(&mut self, now: u64) -> (Vec<Vec<u8>>, Option<u64>) {
        let mut datagrams = Vec::new();
        loop {
            match self.connection.poll() {
                Output::Send(datagram) => datagrams.push(datagram),
                Output::Wait(until) => {
                    let until = until.map(Time::as_ms);
                    assert!(until.is_none_or(|at| at > now), "it does not wait");
                    assert!(self.connection.room() <= self.config.send_queue);
                    assert!(datagrams.len() <= self.config.outgoing);
                    return (datagrams, until);
                }
            }
        }
    }

    fn is_done(&self) -> bool {
        self.connection.unacknowledged() == 0
    }
}
