//! Whatever somebody calls a file, its name is one.

use proptest::prelude::*;
use transfer::File;

/// Text of what is not harmless, and of anything.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("."),
        Just(" "),
        Just("/"),
        Just("\\"),
        Just(".."),
        Just("con"),
        Just("NUL"),
        Just("COM"),
        Just("lpt1"),
        Just("\u{b2}"),
        Just("\u{202e}"),
        Just("\0"),
        Just("\n"),
        Just(":"),
        Just("*"),
        Just("\u{65e5}"),
        Just("x"),
        Just(
            "a name that is rather long, as names of files that people send to each other often are"
        ),
    ];
    prop_oneof![
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn a_name_is_a_bare_one_on_every_system(said in text()) {
        let file = File::new(&said, 0, "");
        let name = file.name();
        prop_assert!((1..=255).contains(&name.len()));
        let is_bad = |letter: char| letter.is_control() || "/\\<>:\"|?*\u{202e}".contains(letter);
        prop_assert!(!name.contains(is_bad), "{name:?}");
        prop_assert!(!name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']), "{name:?}");
        let stem = name.split('.').next().unwrap().trim_end().to_lowercase();
        let devices = ["con", "nul", "lpt1", "com\u{b2}"];
        prop_assert!(!devices.contains(&&*stem), "{name:?}");
        // one that is made already stays as it is
        let again = File::new(name, 0, "");
        prop_assert_eq!(again.name(), name);
    }
}
