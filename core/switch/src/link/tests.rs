use alloc::string::ToString;
use alloc::vec::Vec;

use primitives::{Secret, SigningKey};

use super::*;

const TOKEN: &str = "000102030405060708090a0b0c0d0e0f";

fn read(text: &str) -> Result<Link, LinkError> {
    text.parse()
}

fn meeting(text: &str) -> Meeting {
    match read(text).unwrap() {
        Link::Relay(meeting) => *meeting,
        other => panic!("{other:?}"),
    }
}

#[test]
fn links_are_written_as_they_are_read() {
    let sum = "fp=_RENMB0vB33hQUuPmfRBsUA_qyB7IFL70sBl5O6OfcI";
    let peer = "MCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w";
    for text in [
        "tcp://192.0.2.1:9000",
        "udp://example.org:1",
        "udp://[2001:db8::1]:65535",
        "quic://[2001:db8::1]:7448",
        &format!("tcp://192.0.2.1:9000?{sum}"),
        &format!("quic://example.org:7448?{sum}"),
        &format!("broker://broker.example.org:7449?token={TOKEN}"),
        &format!("broker://[2001:db8::1]:1?token={TOKEN}&{sum}"),
        &format!("relay://relay.example.org?token={TOKEN}&scheme=wss"),
        &format!("relay://192.0.2.1:8889?token={TOKEN}{TOKEN}&scheme=tcp&password=1"),
        &format!(
            "relay://[::1]:1?token={TOKEN}&scheme=tls&password=1&insecure=true&peer={peer}&{sum}"
        ),
    ] {
        assert_eq!(read(text).unwrap().to_text(), text);
    }
}

#[test]
fn what_does_not_matter_is_forgiven() {
    let plain = meeting(&format!("relay://example.org?token={TOKEN}"));
    assert_eq!((plain.relay.scheme, plain.relay.port()), (Scheme::Ws, 80));
    for text in [
        format!("  RELAY://Example.ORG/?token={TOKEN}&scheme=WS#part\n"),
        format!(
            "relay://example.org?scheme=&utm=1&&=&token={}",
            TOKEN.to_uppercase()
        ),
        format!("relay://example.org?token={TOKEN}&token=ff&password=0&insecure=1&%zz=1"),
        format!("relay://example.org?tok%65n={TOKEN}"),
    ] {
        assert_eq!(meeting(&text), plain, "{text}");
    }
    assert_eq!(read(" QUIC://A:1/?x=y#z "), read("quic://a:1"));
    let key = SigningKey::from_seed(&Secret::new([1; 32])).verifying_key();
    let padded = format!(
        "relay://a?token={TOKEN}&insecure=true&peer=MCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w%3D"
    );
    let found = meeting(&padded);
    assert_eq!((found.peer, found.relay.is_insecure), (Some(key), true));
    assert_eq!(
        Sum::of(&key).to_string(),
        "_RENMB0vB33hQUuPmfRBsUA_qyB7IFL70sBl5O6OfcI"
    );
}

#[test]
fn what_matters_is_not_guessed() {
    let relay = |rest: &str| format!("relay://example.org?token={TOKEN}{rest}");
    for (text, error) in [
        ("", LinkError::Scheme),
        ("example.org:9000", LinkError::Scheme),
        ("http://example.org:9000", LinkError::Scheme),
        ("tcp://example.org", LinkError::Address),
        ("tcp://example.org:", LinkError::Address),
        ("tcp://example.org:0", LinkError::Address),
        ("tcp://example.org:65536", LinkError::Address),
        ("tcp://example.org:+80", LinkError::Address),
        ("tcp://user@example.org:80", LinkError::Address),
        ("tcp://example.org:80/path", LinkError::Address),
        ("tcp://2001:db8::1:80", LinkError::Address),
        ("tcp://[2001:db8::1:80", LinkError::Address),
        ("tcp://[2001:db8::1]80", LinkError::Address),
        ("tcp://1.2.3:80", LinkError::Address),
        ("tcp://1.2.3.256:80", LinkError::Address),
        ("tcp://:80", LinkError::Address),
        ("tcp://a..b:80", LinkError::Address),
        ("tcp://a b:80", LinkError::Address),
        ("tcp://ä:80", LinkError::Address),
        ("tcp://a:80?fp=short", LinkError::Key),
        ("quic://example.org", LinkError::Address),
        ("quics://example.org:80", LinkError::Scheme),
        ("quic://a:80?fp=short", LinkError::Key),
        ("broker://example.org:1", LinkError::Token),
        (
            "broker://example.org?token=00010203040506070809",
            LinkError::Address,
        ),
        ("relay://example.org", LinkError::Token),
        ("relay://example.org?token=", LinkError::Token),
        ("relay://example.org?token=00", LinkError::Token),
        (
            "relay://example.org?token=zz0102030405060708090a0b0c0d0e0f",
            LinkError::Token,
        ),
        (&relay("&scheme=http"), LinkError::Scheme),
        (&relay("&peer=AAAA"), LinkError::Key),
        (&relay("&fp="), LinkError::Key),
    ] {
        assert_eq!(read(text), Err(error), "{text}");
    }
}

#[test]
fn a_key_and_a_fingerprint_that_disagree_are_neither() {
    let keys = [1, 2].map(|seed| SigningKey::from_seed(&Secret::new([seed; 32])).verifying_key());
    for (other, agrees) in [(0, true), (1, false)] {
        let mut one = meeting(&format!("relay://a?token={TOKEN}"));
        one.peer = Some(keys[0]);
        one.sum = Some(Sum::of(&keys[other]));
        let read = read(&Link::Relay(Box::new(one)).to_text());
        assert_eq!(read.is_ok(), agrees);
    }
}

#[test]
fn a_link_has_a_longest_length() {
    let text = format!("relay://example.org?token={TOKEN}&x=");
    for (length, fits) in [(1024, true), (1025, false)] {
        let text = format!("{text:x<length$}");
        assert_eq!(read(&text).is_ok(), fits);
    }
    // what we write is never longer
    let name: Vec<_> = (0..4).map(|_| "x".repeat(62)).collect();
    let mut longest = meeting(&format!(
        "relay://{}:65535?token={TOKEN}{TOKEN}",
        name.join(".")
    ));
    let key = SigningKey::from_seed(&Secret::new([1; 32])).verifying_key();
    longest.sum = Some(Sum::of(&key));
    (
        longest.peer,
        longest.has_password,
        longest.relay.is_insecure,
    ) = (Some(key), true, true);
    assert!(read(&Link::Relay(Box::new(longest)).to_text()).is_ok());
}

#[test]
fn values_have_a_last_one() {
    for (before, counts) in [(30, true), (31, false)] {
        let text = format!("relay://a?token={TOKEN}{}&password=1", "&x".repeat(before));
        assert_eq!(meeting(&text).has_password, counts, "{before}");
    }
}

#[test]
fn relays_are_read_as_programs_name_them() {
    for (text, written, port) in [
        ("example.org:8888", "ws://example.org:8888", 8888),
        ("wss://example.org/ws", "wss://example.org", 443),
        (
            "tls://192.0.2.1?insecure=true",
            "tls://192.0.2.1?insecure=true",
            8890,
        ),
        ("TCP://[::1]:5?insecure=false", "tcp://[::1]:5", 5),
    ] {
        let relay: Relay = text.parse().unwrap();
        assert_eq!((relay.to_string().as_str(), relay.port()), (written, port));
        assert_eq!(written.parse::<Relay>().unwrap(), relay);
    }
    for text in ["", "ftp://a", "ws://", "ws://a/b", "ws://a:0"] {
        assert!(text.parse::<Relay>().is_err(), "{text}");
    }
}
