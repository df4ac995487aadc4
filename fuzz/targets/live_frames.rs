//! What a server sends on a live connection, from its first frame after the handshake.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let (end, events) = runtime.block_on(net::server::frames(bytes));
    assert!(!end.to_string().is_empty());
    assert!(events <= 64, "{events} events, without credit");
});
