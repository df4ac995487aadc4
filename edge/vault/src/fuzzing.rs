//! What a fuzzer cannot reach from outside: the decoders behind checksum and cryptography.

use std::path::Path;

use primitives::{Secret, sha256};

use crate::{
    backup::format::{Started, Writer, start},
    build::{DEFAULT_COST, new_wrap},
    header::Header,
    key::{Key, KeyFile},
    record::{MAX_BODY_LEN, MAX_NAME_LEN},
};

/// Decodes `bytes` as a header: as they are, and with the right checksum behind or at their end. What
/// decodes must encode to the same bytes.
pub fn header(bytes: &[u8]) {
    let sum = |bytes: &[u8]| [bytes, &sha256(&[bytes])[..16]].concat();
    let cut = &bytes[..bytes.len().saturating_sub(16)];
    for bytes in [bytes, &sum(bytes), &sum(cut)] {
        if let Some(header) = Header::decode(bytes) {
            assert_eq!(
                header.encode().as_deref(),
                Some(bytes),
                "two forms of one header"
            );
        }
    }
}

/// Reads `bytes` as a backup, and as the text of one. What reads must be written as the same bytes.
pub fn backup(bytes: &[u8]) {
    let key = Secret::new([1; 32]);
    let read = |bytes: &[u8], key: &Secret<32>| {
        let mut records = Vec::new();
        let mut items = Started::read(bytes, Path::new(""))
            .ok()?
            .with_key(key)
            .ok()?;
        let summary = items.finish(|plain| {
            assert!(plain.name.len() <= MAX_NAME_LEN && plain.body.len() <= MAX_BODY_LEN);
            records.push((plain.revision, plain.name.len(), plain.body.len()));
            Ok(())
        });
        let summary = summary.ok()?;
        assert_eq!(usize::try_from(summary.records), Ok(records.len()));
        Some(summary)
    };
    let _ = read(bytes, &key);

    let mut header = Header::new([2; 16]);
    let file = KeyFile::from_secret(Secret::new([3; 32]));
    if let Ok(wrap) = new_wrap(&header, 1, &key, (&Key::KeyFile(&file), DEFAULT_COST)) {
        header.add(wrap);
    }
    let Some(start) = start(&header, &[4; 32]) else {
        return;
    };
    let sealed = Writer::new(Vec::new(), &start, &key).and_then(|writer| writer.finish_with(bytes));
    if let Ok(sealed) = sealed {
        let _ = read(&sealed, &key);
    }
}
