//! A server's configuration: a text is refused for a reason, or it stands for settings that, written
//! out, stand for themselves.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    match entrenousd::settle(text) {
        Ok(all) => assert_eq!(entrenousd::settle(&all).as_ref(), Ok(&all)),
        Err(why) => assert!(!why.is_empty()),
    }
});
