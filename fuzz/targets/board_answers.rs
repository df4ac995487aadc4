//! What a server answers to a client's requests: status, headers and body.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    for answer in runtime.block_on(net::board::answers(bytes)) {
        match answer {
            Ok(length) => assert!(length <= bytes.len()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
