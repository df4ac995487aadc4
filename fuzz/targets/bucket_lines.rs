//! What a person pastes: a host, a line, a line joined with its words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendezvous::bucket::{Host, Line, Passphrase};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(host) = Host::typed(text) {
        assert!(host.as_str().len() <= Host::MAX && host.port() > 0);
        assert_eq!(host.as_str().parse(), Ok(host.clone()));
        let _ = host.is_local();
    }
    if let Ok(host) = text.parse::<Host>() {
        assert_eq!(host.as_str(), text);
    }
    if let Ok((line, words)) = Line::read(text) {
        let printed = line.to_string();
        assert_eq!(Line::read(&printed), Ok((line.clone(), None)));
        if let Some(words) = words {
            assert_eq!(Line::read(&line.joined(&words)), Ok((line, Some(words))));
        }
    }
    // Any words come back, whatever is in them.
    if let Ok(words) = Passphrase::new(text) {
        let hash = rendezvous::bucket::Id::new(7, 7).hash();
        let line = Line::new(Host::typed("meet.example").expect("a host"), hash);
        assert_eq!(Line::read(&line.joined(&words)), Ok((line, Some(words))));
    }
});
