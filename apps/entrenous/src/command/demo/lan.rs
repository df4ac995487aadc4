//! The chapter without a server: three people on the loopback network, and a listener.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

use net::lan::{Event, Interfaces, Meeting, Options};
use rendezvous::{Salt, lan};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::time::timeout;

use super::cast::{ANA, BEN, CLEO, Person};
use super::observer::{announced, contains};
use super::story::Story;
use super::{Got, no_leak, stretch, tell_results, too_slow};
use crate::failure::Failure;

pub(super) async fn tell(story: &mut Story<'_>) -> Result<(), Failure> {
    story.chapter("lan", "On a local network, without a server")?;
    let listener = Listener::open().map_err(|error| {
        Failure::unavailable("loopback does not carry multicast here").because(&error)
    })?;
    story.says(&format!(
        "The three again, with fresh keys. This machine's loopback network stands for a Wi-Fi. Each announces itself \
         to the group {}; answers go from one to the other. Dora has no passphrase at all; she \
         listens to the group.",
        listener.group
    ))?;
    story.waits("Ana, Ben and Cleo meet");
    let got = meet(listener.group).await?;
    story.waited();
    tell_results(story, &got)?;
    let heard = listener.heard();
    story.says("What Dora has heard:")?;
    let rows: Vec<_> = heard
        .iter()
        .map(|(id, heard)| {
            [
                format!("announcement {id}"),
                format!("{} bytes", heard.bytes.len()),
                match heard.times {
                    1 => "once".to_owned(),
                    times => format!("{times} times"),
                },
            ]
        })
        .collect();
    story.rows([20, 10, 0], &rows)?;
    let secrets = [ANA, BEN, CLEO].map(|person| [person.passphrase, person.message]);
    let leaked = heard.values().any(|heard| {
        secrets
            .as_flattened()
            .iter()
            .any(|secret| contains(&heard.bytes, secret))
    });
    no_leak(leaked)?;
    story.says(
        "No passphrase and no message is in these bytes (we have just searched them). She does \
         learn that three take part, from which addresses, and how long each message is. A \
         stronger listener than Dora would also hear what goes from one to another, which is not \
         counted here: announcements again, and answers of 34 bytes each, at least two in each \
         direction between any two of the three, alike for those who met and those who did not.",
    )
}

/// Lets the three meet, and returns what each of them got.
async fn meet(group: SocketAddrV4) -> Result<Got, Failure> {
    let mut options = Options::default();
    options.interfaces = Interfaces::Named(vec![Ipv4Addr::LOCALHOST.to_string()]);
    options.group = group;
    options.machine.linger = LINGER;
    let begin = async |person: Person| {
        let passkey = stretch(person, Salt::ZERO).await?;
        let message = person.message.as_bytes().to_vec();
        Meeting::start(options.clone(), passkey, message)
            .map_err(|error| Failure::new(error.kind(), error.to_string()).because(&error))
    };
    let (ana, ben, cleo) = tokio::join!(begin(ANA), begin(BEN), begin(CLEO));
    let mut meetings = [ana?, ben?, cleo?];
    timeout(PATIENCE, gather(&mut meetings))
        .await
        .map_err(|_| too_slow())
}

/// Waits until Ana and Ben have met and everybody has seen everybody, and then until all that
/// was begun is finished.
async fn gather(meetings: &mut [Meeting; 3]) -> Got {
    let stops = meetings.each_ref().map(Meeting::stopper);
    let [ana, ben, cleo] = meetings;
    let mut seen = [Seen::default(), Seen::default(), Seen::default()];
    let [by_ana, by_ben, by_cleo] = &mut seen;
    loop {
        tokio::select! {
            event = ana.next(), if !by_ana.over => by_ana.take(event),
            event = ben.next(), if !by_ben.over => by_ben.take(event),
            event = cleo.next(), if !by_cleo.over => by_cleo.take(event),
            else => break,
        }
        let met = !by_ana.got.is_empty() && !by_ben.got.is_empty();
        if met && [by_ana.others, by_ben.others, by_cleo.others] == [2; 3] {
            stops.iter().for_each(net::Stop::stop);
        }
    }
    seen.map(|seen| seen.got)
}

/// What one of the three has seen so far.
#[derive(Default)]
struct Seen {
    got: Vec<Vec<u8>>,
    others: usize,
    over: bool,
}

impl Seen {
    fn take(&mut self, event: Option<Event>) {
        match event {
            Some(Event::Lan(lan::Event::Match { payload, .. })) => self.got.push(payload),
            Some(Event::Lan(lan::Event::Room { others, .. })) => self.others = others,
            Some(_) => {}
            None => self.over = true,
        }
    }
}

/// Somebody who only listens to the group.
struct Listener {
    socket: UdpSocket,
    group: SocketAddrV4,
}

/// What came from one source.
struct Heard {
    bytes: Vec<u8>,
    times: usize,
}

impl Listener {
    /// Listens on a port that nobody else uses.
    fn open() -> io::Result<Self> {
        let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let group = SocketAddrV4::new(GROUP, free);
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_reuse_address(true)?;
        #[cfg(all(unix, not(target_os = "linux")))]
        socket.set_reuse_port(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, free).into())?;
        socket.join_multicast_v4(&GROUP, &Ipv4Addr::LOCALHOST)?;
        let socket = socket.into();
        Ok(Self { socket, group })
    }

    /// All that has come, by the name that a listener can give to its sender.
    fn heard(&self) -> BTreeMap<String, Heard> {
        let mut heard = BTreeMap::new();
        let mut buffer = [0; 2048];
        while let Ok((length, SocketAddr::V4(_))) = self.socket.recv_from(&mut buffer) {
            let bytes = buffer.get(..length).unwrap_or_default();
            if let Some(id) = announced(bytes) {
                let bytes = bytes.to_vec();
                let entry = heard.entry(id).or_insert(Heard { bytes, times: 0 });
                entry.times = entry.times.saturating_add(1);
            }
        }
        heard
    }
}

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 3, 29, 71);
const LINGER: Duration = Duration::from_millis(1_500);
const PATIENCE: Duration = Duration::from_secs(120);
