//! Any bytes are refused or understood, and what is understood is what was said.

use std::net::{IpAddr, SocketAddrV4, SocketAddrV6};

use kernel::Time;
use primitives::{Secret, SigningKey};
use proptest::prelude::*;
use switch::broker::{self, PeerKey, Register, Request, echo, read_echo};
use switch::link::{Direct, Meeting, Relay, Scheme, Sum};
use switch::{Client, Link, Switch, Token, Wish, client, server};

fn token() -> impl Strategy<Value = Token> {
    prop_oneof![
        any::<[u8; 16]>().prop_map(|bytes| Token::from(Secret::new(bytes))),
        any::<[u8; 32]>().prop_map(|bytes| Token::from(Secret::new(bytes))),
    ]
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9_-]{1,20}(\\.[a-z][a-z0-9-]{0,20}){1,3}",
        any::<std::net::Ipv4Addr>().prop_map(|ip| ip.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|ip| format!("[{ip}]")),
    ]
}

fn address() -> impl Strategy<Value = SocketAddrV4> {
    (any::<[u8; 4]>(), any::<u16>()).prop_map(|(ip, port)| SocketAddrV4::new(ip.into(), port))
}

proptest! {
    #[test]
    fn a_link_to_a_relay_comes_back(
        host in host(),
        port in proptest::option::of(1_u16..),
        token in token(),
        scheme in proptest::sample::select(&Scheme::ALL[..]),
        flags in any::<[bool; 4]>(),
        seed in any::<u8>(),
    ) {
        let text = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let mut relay = Relay::new(scheme, text.parse().map_err(|e| TestCaseError::fail(format!("{e} {text}")))?);
        let [has_password, is_insecure, has_peer, has_sum] = flags;
        relay.is_insecure = is_insecure;
        prop_assert_eq!(relay.to_string().parse(), Ok(relay.clone()));
        let mut meeting = Meeting::new(relay, token);
        let key = SigningKey::from_seed(&Secret::new([seed; 32])).verifying_key();
        meeting.has_password = has_password;
        meeting.peer = has_peer.then_some(key);
        meeting.sum = has_sum.then(|| Sum::of(&key));
        let link = Link::Relay(Box::new(meeting));
        prop_assert!(link.to_text().len() <= Link::MAX && link.to_text().is_ascii());
        prop_assert_eq!(link.to_text().parse(), Ok(link));
    }

    #[test]
    fn a_link_to_an_address_comes_back(host in host(), port in 1_u16.., kind in 0..3) {
        let address = format!("{host}:{port}").parse().map_err(|e| TestCaseError::fail(format!("{e}")))?;
        let direct = Direct::new(address);
        let link = match kind {
            0 => Link::Tcp(direct),
            1 => Link::Udp(direct),
            _ => Link::Quic(direct),
        };
        prop_assert_eq!(link.to_text().parse(), Ok(link));
    }

    #[test]
    fn any_text_is_no_link_or_one(text in "\\PC{0,200}", start in "(|tcp://|udp://|quic://|relay://a?)") {
        if let Ok(link) = format!("{start}{text}").parse::<Link>() {
            prop_assert_eq!(link.to_text().parse(), Ok(link));
        }
        let _ = text.parse::<Relay>();
    }

    #[test]
    fn a_link_with_a_changed_character_is_none_or_one(at in any::<proptest::sample::Index>(), to in any::<char>()) {
        let text = "relay://a.example:80?token=000102030405060708090a0b0c0d0e0f&scheme=wss&password=1";
        let at = at.index(text.len());
        let changed: String = text.chars().enumerate().map(|(n, c)| if n == at { to } else { c }).collect();
        if let Ok(link) = changed.parse::<Link>() {
            prop_assert_eq!(link.to_text().parse(), Ok(link));
        }
    }

    #[test]
    fn a_registration_comes_back(token in any::<[u8; 16]>(), key in any::<[u8; 32]>(), claimed in address()) {
        let register = Register::new(Some(Secret::new(token)), PeerKey::from_bytes(key), claimed);
        let request = Request::Register(register);
        let can_be = claimed.port() != 0 && !claimed.ip().is_unspecified() && key != [0; 32];
        prop_assert_eq!(Request::decode(&request.encode()), can_be.then_some(request));
        prop_assert_eq!(read_echo(&echo(claimed)), Some(claimed));
    }

    #[test]
    fn any_bytes_at_a_broker_are_answered_or_not(
        packets in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..70), 0..4_u8, address()), 0..40),
    ) {
        let mut server = broker::Server::new(Time::ZERO, broker::ServerConfig::default(), Secret::new([1; 32]));
        for (bytes, code, from) in packets {
            let header: &[u8] = if code == 0 { b"" } else { b"KBRK\x01" };
            let bytes = [header, &[code], &bytes].concat();
            server.handle(Time::ZERO, broker::ServerInput::Datagram { from, bytes: &bytes });
            let mut answers = Vec::new();
            while let broker::ServerOutput::Send { bytes, .. } = server.poll() {
                answers.push(bytes.len());
            }
            prop_assert!(answers.len() <= 2 && answers.iter().all(|length| *length <= 133));
            let _ = (read_echo::<SocketAddrV4>(&bytes), read_echo::<SocketAddrV6>(&bytes));
        }
    }

    #[test]
    fn any_frames_end_a_client_and_a_connection(frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 1..5)) {
        let config = client::Config::default();
        let mut client = Client::new(Time::ZERO, config, Wish::Create(None), None, Secret::new([1; 32]));
        let mut switch = Switch::new(Time::ZERO, server::Config::default(), Secret::new([2; 32]));
        let id = server::Id::new(1);
        let connected = server::Input::Connected {
            id,
            from: IpAddr::from([192, 0, 2, 1]),
            framing: server::Framing::Message,
        };
        switch.handle(Time::ZERO, connected);
        for bytes in &frames {
            client.handle(Time::ZERO, client::Input::Frame(bytes));
            switch.handle(Time::ZERO, server::Input::Frame { id, bytes });
        }
        let mut ended = false;
        loop {
            match client.poll() {
                client::Output::Tell(client::Event::Ended(end)) => ended = end == client::End::Malformed,
                client::Output::Wait(_) => break,
                _ => {}
            }
        }
        prop_assert!(ended);
        prop_assert_eq!(switch.load(), server::Load::default());
    }
}
