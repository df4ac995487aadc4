//! What a server sends a client: entries, and the payload in a record that opens.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendezvous::board::{Board, Entries, Fit, Phase, pack, unpack};

fuzz_target!(|bytes: &[u8]| {
    let Ok(name) = "fuzz".parse() else { return };
    for board in [Board::Plain, Board::Named(name)] {
        let mut entries = Entries::new(&board, bytes);
        let mut used = 0;
        for entry in entries.by_ref() {
            assert_eq!(entry.record.len(), board.record_len(entry.phase));
            used += 1 + entry.record.len();
            let _ = entry.is_for(&board, &[7; 32]);
        }
        assert_eq!(entries.is_done(), used == bytes.len());

        for phase in Phase::ALL {
            let whole = bytes.len() % board.record_len(phase) == 0;
            assert_eq!(board.is_whole(phase, bytes), whole);
        }

        if let Ok(message) = unpack(&board, bytes) {
            assert!(message.len() <= bytes.len());
            if bytes.len() == board.payload_len() {
                assert_eq!(pack(&board, message, Fit::Refuse).as_deref(), Ok(bytes));
            }
        }
        let cut = pack(&board, bytes, Fit::Cut).expect("a message is cut to fit");
        assert_eq!(cut.len(), board.payload_len());
        let fits = bytes.len() <= board.message_max();
        assert_eq!(pack(&board, bytes, Fit::Refuse).is_ok(), fits);
    }
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(name) = text.parse::<rendezvous::board::BoardName>()
    {
        assert_eq!(name.as_str(), text);
    }
});
