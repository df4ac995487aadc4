//! A link or a relay that somebody pasted or scanned: refused, or written as it reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switch::Link;
use switch::link::Relay;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(link) = text.parse::<Link>() {
        let written = link.to_text();
        assert!(written.len() <= Link::MAX && written.is_ascii());
        assert_eq!(written.parse(), Ok(link));
    }
    if let Ok(relay) = text.parse::<Relay>() {
        assert_eq!(relay.to_string().parse(), Ok(relay));
    }
});
