//! What a person types as the address of a server or a proxy.
#![no_main]

use libfuzzer_sys::fuzz_target;
use net::board::{Address, Proxy};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(address) = text.parse::<Address>() {
        assert!((1..=255).contains(&address.host().len()));
        assert_eq!(address.to_string().parse().as_ref(), Ok(&address));
    }
    if let Ok(proxy) = text.parse::<Proxy>() {
        assert!(!format!("{proxy:?}").contains('@'), "it shows the login");
    }
});
