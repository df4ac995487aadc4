use super::*;
use crate::broker::echo;

const BROKER: SocketAddrV4 = SocketAddrV4::new(core::net::Ipv4Addr::new(203, 0, 113, 1), 4788);

fn token() -> Secret<16> {
    Secret::new([7; 16])
}

/// A client that has registered.
fn client() -> Client {
    let wish = Wish::Create(Some(Token::from(token())));
    let seed = Secret::new([1; 32]);
    let mut client = Client::new(Time::ZERO, ClientConfig::default(), BROKER, &wish, seed).unwrap();
    hear(
        &mut client,
        &echo::<SocketAddrV4>("192.0.2.1:1000".parse().unwrap()),
    );
    client
}

fn hear(client: &mut Client, bytes: &[u8]) -> Vec<Event> {
    let from = BROKER;
    client.handle(Time::ZERO, ClientInput::Datagram { from, bytes });
    let mut events = Vec::new();
    loop {
        match client.poll() {
            ClientOutput::Tell(event) => events.push(event),
            ClientOutput::Send { .. } => {}
            ClientOutput::Wait(_) => return events,
        }
    }
}

fn matched(client: &mut Client, token: Secret<16>, key: u8, address: &str) -> Vec<Event> {
    let notice = Notice::<SocketAddrV4>::Matched {
        token,
        key: PeerKey::from_bytes([key; 32]),
        address: address.parse().unwrap(),
    };
    let mut generator = Generator::new(Secret::new([key; 32]));
    let packet = notice.seal(&client.key, &mut generator).unwrap();
    hear(client, &packet)
}

#[test]
fn so_many_are_knocked_at_at_a_time() {
    let mut client = client();
    for key in 1..=17 {
        let told = matched(&mut client, token(), key, "192.0.2.9:9");
        assert_eq!(told.len(), usize::from(key <= 16), "{key}");
    }
    // told once, unless they are elsewhere
    assert!(matched(&mut client, token(), 1, "192.0.2.9:9").is_empty());
    assert_eq!(matched(&mut client, token(), 1, "192.0.2.9:10").len(), 1);
    // and done after half a second
    for ms in [100, 200, 300, 400, 500] {
        client.handle(Time::from_ms(ms), ClientInput::Tick);
    }
    assert_eq!(matched(&mut client, token(), 17, "192.0.2.9:9").len(), 1);
}

#[test]
fn a_match_under_another_token_is_none() {
    let mut client = client();
    let other = Secret::new([8; 16]);
    assert!(matched(&mut client, other, 2, "192.0.2.9:9").is_empty());
    assert_eq!(client.stats().dropped, 1);
}

#[test]
fn a_token_is_assigned_to_who_asked_for_one() {
    let mut client = client();
    let notice = Notice::<SocketAddrV4>::Assigned {
        token: Secret::new([8; 16]),
        lasts_s: 60,
    };
    let mut generator = Generator::new(Secret::new([2; 32]));
    let packet = notice.seal(&client.key, &mut generator).unwrap();
    assert!(hear(&mut client, &packet).is_empty());
    assert_eq!(client.token, Some(token()));
}
