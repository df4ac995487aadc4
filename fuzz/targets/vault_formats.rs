//! A vault's header and its backups, as anyone may hand them over.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    vault::fuzzing::header(bytes);
    vault::fuzzing::backup(bytes);
});
