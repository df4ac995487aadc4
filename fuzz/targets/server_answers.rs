//! What a server answers to a request over HTTP: status, headers and message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::v1::answer;

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    match runtime.block_on(net::server::answered(bytes)) {
        Ok(result) => assert!(!matches!(result, answer::Result::Error(_))),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
